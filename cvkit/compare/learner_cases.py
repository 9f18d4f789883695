"""The table of learners: data, cvkit's estimator, scikit-learn's, how they must agree, and the speed bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import sklearn.datasets
import sklearn.ensemble
import sklearn.tree

from cvkit import ml

Data = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class LearnerCase:
    """One row: a learner on one data set.

    Parameters
    ----------
    learner : str
        Public name in ``cvkit.ml``.
    name : str
        What is particular about this row.
    data : callable
        Returns (X, y); deterministic.
    ours, theirs : callable
        Return an unfitted cvkit estimator and scikit-learn's, with equal parameters.
    agree : callable
        Takes (ours fitted, theirs fitted, X, y) and returns measured differences by name.
    tolerances : dict
        The largest accepted value of each difference.
    predict : str
        The method that the prediction timing calls on X.
    fit_bar, predict_bar : float or None
        Largest accepted ratio of cvkit's time to scikit-learn's on one thread.
    small : callable or None
        Smaller data for the test suite; ``data`` itself where it is None.
    """

    learner: str
    name: str
    data: Callable[[], Data]
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    agree: Callable[[Any, Any, np.ndarray, np.ndarray], dict[str, float]]
    tolerances: dict[str, float]
    predict: str = "predict"
    fit_bar: float | None = None
    predict_bar: float | None = None
    small: Callable[[], Data] | None = field(default=None)

    @property
    def operation(self) -> str:
        """The learner's name, as rows of the other tables have it."""
        return self.learner

    @property
    def label(self) -> str:
        """Learner and data in one string, unique in the table."""
        return f"{self.learner}[{self.name}]"


LEARNER_CASES: list[LearnerCase] = []


# Support vector machines and linear models


def _two_clouds(count: int, features: int, dtype: type = np.float64, overlap: float = 1.0) -> Data:
    """Two Gaussian clouds of unit variance whose means lie ``2 / overlap`` apart."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, count)
    direction = rng.standard_normal(features)
    direction /= np.linalg.norm(direction)
    X = rng.standard_normal((count, features)) + np.outer(2 * y - 1, direction / overlap)
    return X.astype(dtype), y


def _descriptors(count: int, features: int) -> Data:
    """Non-negative float32 rows such as HOG descriptors, two classes that nearly separate."""
    rng = np.random.default_rng(0)
    X = 0.3 * rng.random((count, features), dtype=np.float32)
    scores = X @ rng.standard_normal(features).astype(np.float32)
    noisy = scores + 0.05 * scores.std() * rng.standard_normal(count)
    return X, (noisy > np.median(noisy)).astype(np.int64)


def _standard_cancer() -> Data:
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def _small_digits() -> Data:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X / 16.0, y


def _linear_agreement(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Differences of coefficients, intercepts and labels."""
    return {
        "coefficients": float(np.abs(ours.coef_ - theirs.coef_).max()),
        "intercept": float(np.abs(ours.intercept_ - theirs.intercept_).max()),
        "labels": float(np.mean(ours.predict(X) != theirs.predict(X))),
    }


def _linear_svc(ours: bool, **parameters: Any) -> Any:
    from sklearn import svm

    from cvkit import ml

    return (ml.LinearSVC if ours else svm.LinearSVC)(random_state=0, max_iter=100_000, **parameters)


def _linear_svc_case(name: str, data: Callable[[], Data], tolerance: float, **options: Any) -> LearnerCase:
    fields = ("fit_bar", "predict_bar", "small")
    row = {key: options.pop(key) for key in fields if key in options}
    return LearnerCase(
        "LinearSVC",
        name,
        data,
        lambda: _linear_svc(True, **options),
        lambda: _linear_svc(False, **{"dual": True, **options}),
        _linear_agreement,
        {"coefficients": tolerance, "intercept": tolerance, "labels": 0.0},
        "decision_function",
        **row,
    )


LEARNER_CASES += [
    _linear_svc_case(
        "10,000 x 3,780 float32",
        lambda: _descriptors(10_000, 3_780),
        1e-3,
        C=0.01,
        tol=1e-4,
        fit_bar=0.3,
        small=lambda: _descriptors(400, 500),
    ),
    _linear_svc_case("breast cancer, squared hinge", _standard_cancer, 1e-5, C=0.05, tol=1e-9),
    _linear_svc_case("breast cancer, hinge", _standard_cancer, 1e-3, C=0.05, tol=1e-6, loss="hinge"),
    _linear_svc_case("digits, squared hinge, ten classes", _small_digits, 1e-5, C=0.1, tol=1e-8),
]


def _svc(ours: bool, **parameters: Any) -> Any:
    from sklearn import svm

    from cvkit import ml

    return (ml.SVC if ours else svm.SVC)(**parameters)


def _svc_agreement(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Differences of pair decisions (those of classes jump where a vote tips) and of labels."""
    pairs = [model.set_params(decision_function_shape="ovo").decision_function(X) for model in (ours, theirs)]
    labels = [model.set_params(decision_function_shape="ovr").predict(X) for model in (ours, theirs)]
    return {
        "decision": float(np.abs(pairs[0] - pairs[1]).max()),
        "labels": float(np.mean(labels[0] != labels[1])),
    }


def _svc_case(name: str, data: Callable[[], Data], **options: Any) -> LearnerCase:
    fields = ("fit_bar", "predict_bar", "small")
    row = {key: options.pop(key) for key in fields if key in options}
    return LearnerCase(
        "SVC",
        name,
        data,
        lambda: _svc(True, **options),
        lambda: _svc(False, **options),
        _svc_agreement,
        # Two solutions within tol of the optimum differ by a few tol where decisions are made.
        {"decision": 5 * options.get("tol", 1e-3), "labels": 5e-4},
        "decision_function",
        **row,
    )


LEARNER_CASES += [
    _svc_case(
        "RBF, 5,000 x 64",
        lambda: _two_clouds(5_000, 64),
        fit_bar=0.4,
        predict_bar=0.25,
        small=lambda: _two_clouds(400, 64),
    ),
    _svc_case(
        "RBF, 10,000 x 20",
        lambda: _two_clouds(10_000, 20),
        fit_bar=0.4,
        predict_bar=0.25,
        small=lambda: _two_clouds(400, 20),
    ),
    _svc_case("breast cancer, linear", _standard_cancer, kernel="linear", tol=1e-6),
    _svc_case("breast cancer, polynomial", _standard_cancer, kernel="poly", coef0=1.0, tol=1e-6),
    _svc_case("digits, RBF, 45 pairs", _small_digits, tol=1e-5),
]

# K-means and nearest neighbours


def _blobs(samples: int, features: int, centers: int, spread: float) -> Data:
    from sklearn.datasets import make_blobs

    X, y = make_blobs(samples, features, centers=centers, cluster_std=spread, random_state=0)[:2]
    return np.ascontiguousarray(X), y


def _uniform(samples: int, features: int) -> Data:
    random = np.random.RandomState(0)
    X = random.rand(samples, features)
    return X, (X[:, 0] > X[:, -1]).astype(np.int64)


def _bundled(name: str) -> Data:
    from sklearn import datasets

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return np.ascontiguousarray(X), y


def first_samples(X: np.ndarray, n_clusters: int, random_state: Any) -> np.ndarray:
    """Start k-means at the first samples, for two implementations alike."""
    return X[:n_clusters].copy()  # scikit-learn writes to what it is given


def _k_means_agreement(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    scale = float(np.abs(theirs.cluster_centers_).max())
    distances = ours.transform(X) - theirs.transform(X)
    return {
        "labels": float((ours.labels_ != theirs.labels_).mean()),
        "predictions": float((ours.predict(X) != theirs.predict(X)).mean()),
        "inertia": abs(ours.inertia_ / theirs.inertia_ - 1),
        "centers": float(np.abs(ours.cluster_centers_ - theirs.cluster_centers_).max()) / scale,
        "iterations": float(abs(ours.n_iter_ - theirs.n_iter_)),
        "distances": float(np.abs(distances).max()) / scale,
    }


_K_MEANS_TOLERANCES = {
    "labels": 0.0,
    "predictions": 0.0,
    "inertia": 1e-12,
    "centers": 1e-12,
    "iterations": 0.0,
    # scikit-learn's own distances cancel where a sample lies near a center.
    "distances": 1e-7,
}


def _k_means(
    name: str, data: Callable[[], Data], small: Callable[[], Data], bar: float | None, **parameters: Any
) -> LearnerCase:
    def ours() -> Any:
        from cvkit.ml import KMeans

        return KMeans(random_state=0, **parameters)

    def theirs() -> Any:
        from sklearn.cluster import KMeans, MiniBatchKMeans

        known = MiniBatchKMeans if "batch_size" in parameters else KMeans
        return known(random_state=0, **parameters)

    return LearnerCase(
        "KMeans",
        name,
        data,
        ours,
        theirs,
        _k_means_agreement,
        _K_MEANS_TOLERANCES,
        "predict",
        bar,
        small=small,
    )


def _neighbor_agreement(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare neighbours where distances decide: scikit-learn defines no order of equally distant samples.

    The queries are new points: a sample's distance to itself is 0 in cvkit and rounding in scikit-learn.
    """
    step = max(1, len(X) // 500)
    queries = 0.5 * (X[:-1:step] + X[1::step])
    k = ours.n_neighbors
    our_distances, our_indices = ours.kneighbors(queries)
    distances, indices = theirs.kneighbors(queries, k + 1)
    rounding = 1e-9 * (1 + distances[:, 1:])
    tied_with_next = np.diff(distances, axis=1) <= rounding
    tied = tied_with_next.copy()
    tied[:, 1:] |= tied_with_next[:, :-1]
    untied_rows = ~tied.any(axis=1)
    predictions = ours.predict(queries), theirs.predict(queries)
    gap = np.abs(np.subtract(*[values.astype(np.float64) for values in predictions]))
    return {
        "distances": float((np.abs(our_distances - distances[:, :k]) / rounding).max()) * 1e-9,
        "neighbours": float(((our_indices != indices[:, :k]) & ~tied).mean()),
        "predictions": float(gap[untied_rows].max(initial=0.0)),
    }


def _neighbors(
    learner: str,
    name: str,
    data: Callable[[], Data],
    small: Callable[[], Data] | None,
    bar: float | None,
    tolerance: float = 1e-9,
    **parameters: Any,
) -> LearnerCase:
    def ours() -> Any:
        from cvkit import ml

        return getattr(ml, learner)(**parameters)

    def theirs() -> Any:
        from sklearn import neighbors

        return getattr(neighbors, learner)(**parameters)

    return LearnerCase(
        learner,
        name,
        data,
        ours,
        theirs,
        _neighbor_agreement,
        {"distances": tolerance, "neighbours": 0.0, "predictions": tolerance},
        "predict",
        predict_bar=bar,
        small=small,
    )


def _few_digits() -> Data:
    X, y = _bundled("digits")
    return X[:600], y[:600]


LEARNER_CASES += [
    _k_means(
        "20,000 x 16 in 32 blobs, given start",
        lambda: _blobs(20000, 16, 32, 3.0),
        lambda: _blobs(1500, 16, 32, 3.0),
        0.6,
        n_clusters=32,
        init=first_samples,
        n_init=1,
    ),
    _k_means(
        "20,000 x 16 uniform, 32 clusters, given start",
        lambda: _uniform(20000, 16),
        lambda: _uniform(1000, 16),
        0.6,
        n_clusters=32,
        init=first_samples,
        n_init=1,
    ),
    _k_means(
        "20,000 x 64 in 50 blobs, 100 clusters, given start",
        lambda: _blobs(20000, 64, 50, 6.0),
        lambda: _blobs(1000, 64, 50, 6.0),
        0.6,
        n_clusters=100,
        init=first_samples,
        n_init=1,
    ),
    _k_means(
        "20,000 x 16 in 32 blobs, k-means++ and one iteration",
        lambda: _blobs(20000, 16, 32, 3.0),
        lambda: _blobs(1500, 16, 32, 3.0),
        1.05,
        n_clusters=32,
        max_iter=1,
    ),
    _k_means("digits", lambda: _bundled("digits"), _few_digits, None, n_clusters=10, n_init=4),
    _k_means(
        "breast cancer",
        lambda: _bundled("breast_cancer"),
        lambda: _bundled("breast_cancer"),
        None,
        n_clusters=8,
        n_init=4,
    ),
    _k_means(
        "20,000 x 16 in 32 blobs, mini-batches",
        lambda: _blobs(20000, 16, 32, 3.0),
        lambda: _blobs(1500, 16, 32, 3.0),
        None,
        n_clusters=32,
        batch_size=1024,
        max_iter=100,
        tol=0.0,
        n_init=1,
    ),
    *(
        _neighbors(
            "KNeighborsClassifier",
            f"10,000 x 64 uniform, {metric}",
            lambda: _uniform(10000, 64),
            lambda: _uniform(1000, 64),
            bar,
            metric=metric,
        )
        for metric, bar in [("euclidean", 0.7), ("manhattan", 0.3), ("cosine", 0.3)]
    ),
    *(
        _neighbors(
            "KNeighborsClassifier",
            f"50,000 x {features} uniform, weighted by distance",
            partial(_uniform, 50000, features),
            partial(_uniform, 1000, features),
            1.0,
            weights="distance",
        )
        for features in [2, 3, 5]
    ),
    _neighbors("KNeighborsClassifier", "digits", lambda: _bundled("digits"), _few_digits, None),
    # scikit-learn's squared distances here cancel from 1e7.
    _neighbors(
        "KNeighborsClassifier",
        "breast cancer",
        lambda: _bundled("breast_cancer"),
        None,
        None,
        tolerance=1e-6,
    ),
    _neighbors(
        "KNeighborsRegressor", "diabetes", lambda: _bundled("diabetes"), None, None, weights="distance", p=3
    ),
    _neighbors(
        "KNeighborsRegressor",
        "20,000 x 4 uniform, manhattan",
        lambda: _uniform(20000, 4),
        lambda: _uniform(1000, 4),
        1.0,
        p=1,
    ),
]

# Logistic regression


def _logistic(ours: bool, **parameters: Any) -> Any:
    from sklearn import linear_model

    from cvkit import ml

    return (ml if ours else linear_model).LogisticRegression(max_iter=100_000, **parameters)


def _logistic_case(
    name: str, data: Callable[[], Data], tolerance: float = 1e-3, **options: Any
) -> LearnerCase:
    fields = ("fit_bar", "predict_bar", "small")
    row = {key: options.pop(key) for key in fields if key in options}
    # Only SAGA knows the L1 norm.
    solver = {"solver": "saga"} if options.get("l1_ratio") else {}
    return LearnerCase(
        "LogisticRegression",
        name,
        data,
        lambda: _logistic(True, **options),
        lambda: _logistic(False, **solver, **options),
        _linear_agreement,
        {"coefficients": tolerance, "intercept": tolerance, "labels": 0.0},
        "predict_proba",
        **row,
    )


LEARNER_CASES += [
    _logistic_case(
        "two classes, 50,000 x 30",
        lambda: _two_clouds(50_000, 30),
        1e-5,
        fit_bar=0.75,
        small=lambda: _two_clouds(500, 30),
    ),
    _logistic_case("digits, ten classes", _small_digits, tol=1e-8, fit_bar=0.75),
    _logistic_case("breast cancer, L2", _standard_cancer, tol=1e-6, fit_bar=0.75),
    _logistic_case("breast cancer, L1", _standard_cancer, C=0.2, l1_ratio=1.0, tol=1e-7),
    _logistic_case("breast cancer, elastic net", _standard_cancer, C=0.2, l1_ratio=0.3, tol=1e-7),
]


# Trees and forests


def _digits() -> Data:
    return sklearn.datasets.load_digits(return_X_y=True)


def _generated_classes(n: int = 10_000) -> Data:
    return sklearn.datasets.make_classification(n, 20, n_informative=10, n_classes=3, random_state=0)


def _generated_responses(n: int = 5_000) -> Data:
    X, y = sklearn.datasets.make_friedman1(n, n_features=10, noise=1.0, random_state=0)
    return X, y.round(2)


def _tree_differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Count the nodes that differ in feature, threshold or children; compare size and predictions."""
    counts = ours.tree_.node_count, theirs.tree_.node_count
    different = float(max(counts))
    if counts[0] == counts[1]:
        fields = ("feature", "threshold", "children_left", "children_right")
        unequal = [getattr(ours.tree_, field) != getattr(theirs.tree_, field) for field in fields]
        different = float(np.count_nonzero(np.any(unequal, axis=0)))
    return {
        "different nodes": different,
        "difference in size": abs(counts[0] - counts[1]) / counts[1],
        "different predictions": float(np.mean(ours.predict(X) != theirs.predict(X))),
    }


def _forest_differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare out-of-bag scores, importances and scores on the training data."""
    correlation = np.corrcoef(ours.feature_importances_, theirs.feature_importances_)[0, 1]
    return {
        "out-of-bag score": abs(ours.oob_score_ - theirs.oob_score_),
        "1 - correlation of importances": float(1.0 - correlation),
        "training score": abs(ours.score(X, y) - theirs.score(X, y)),
    }


_SAME_TREE = {"different nodes": 0.0, "difference in size": 0.0, "different predictions": 0.0}
# Among splits that are equally good, rounding decides in scikit-learn, the order of the features in cvkit.
_SAME_TREE_UP_TO_TIES = {"difference in size": 0.03, "different predictions": 0.0}
_ALIKE_FORESTS = {"out-of-bag score": 0.01, "1 - correlation of importances": 0.03, "training score": 0.01}

LEARNER_CASES += [
    LearnerCase(
        "DecisionTreeClassifier",
        "Gini, continuous features",
        data=_generated_classes,
        ours=lambda: ml.DecisionTreeClassifier(random_state=0),
        theirs=lambda: sklearn.tree.DecisionTreeClassifier(random_state=0),
        agree=_tree_differences,
        tolerances=_SAME_TREE,
        fit_bar=0.2,
        small=lambda: _generated_classes(1_000),
    ),
    LearnerCase(
        "DecisionTreeClassifier",
        "Gini, few-valued features",
        data=_digits,
        ours=lambda: ml.DecisionTreeClassifier(random_state=0),
        theirs=lambda: sklearn.tree.DecisionTreeClassifier(random_state=0),
        agree=_tree_differences,
        tolerances=_SAME_TREE,
        fit_bar=0.5,
    ),
    LearnerCase(
        "DecisionTreeClassifier",
        "entropy, continuous features",
        data=_generated_classes,
        ours=lambda: ml.DecisionTreeClassifier(criterion="entropy", random_state=0),
        theirs=lambda: sklearn.tree.DecisionTreeClassifier(criterion="entropy", random_state=0),
        agree=_tree_differences,
        tolerances=_SAME_TREE_UP_TO_TIES,
        fit_bar=0.2,
        small=lambda: _generated_classes(1_000),
    ),
    LearnerCase(
        "DecisionTreeRegressor",
        "continuous features",
        data=_generated_responses,
        ours=lambda: ml.DecisionTreeRegressor(random_state=0),
        theirs=lambda: sklearn.tree.DecisionTreeRegressor(random_state=0),
        agree=_tree_differences,
        tolerances=_SAME_TREE_UP_TO_TIES,
        fit_bar=0.2,
        small=lambda: _generated_responses(500),
    ),
    LearnerCase(
        "RandomForestClassifier",
        "continuous features",
        data=_generated_classes,
        ours=lambda: ml.RandomForestClassifier(50, oob_score=True, random_state=0),
        theirs=lambda: sklearn.ensemble.RandomForestClassifier(50, oob_score=True, random_state=0),
        agree=_forest_differences,
        tolerances=_ALIKE_FORESTS,
        fit_bar=0.3,
        predict_bar=0.6,
        small=lambda: _generated_classes(1_000),
    ),
    LearnerCase(
        "RandomForestClassifier",
        "few-valued features",
        data=_digits,
        ours=lambda: ml.RandomForestClassifier(50, oob_score=True, random_state=0),
        theirs=lambda: sklearn.ensemble.RandomForestClassifier(50, oob_score=True, random_state=0),
        agree=_forest_differences,
        tolerances=_ALIKE_FORESTS,
        fit_bar=0.3,
        predict_bar=0.6,
    ),
    LearnerCase(
        "RandomForestRegressor",
        "continuous features",
        data=_generated_responses,
        ours=lambda: ml.RandomForestRegressor(30, max_features=1 / 3, oob_score=True, random_state=0),
        theirs=lambda: sklearn.ensemble.RandomForestRegressor(
            30, max_features=1 / 3, oob_score=True, random_state=0
        ),
        agree=_forest_differences,
        tolerances=_ALIKE_FORESTS,
        fit_bar=0.3,
        predict_bar=0.6,
        small=lambda: _generated_responses(500),
    ),
]


# Boosting


def _cancer() -> Data:
    return sklearn.datasets.load_breast_cancer(return_X_y=True)


def _cancer_of_few_values() -> Data:
    """Breast cancer with each feature rounded to at most 200 values."""
    X, y = _cancer()
    grids = [np.quantile(column, np.linspace(0, 1, 200)) for column in X.T]
    return np.stack([np.digitize(column, grid) for column, grid in zip(X.T, grids, strict=True)], axis=1), y


def _boosting_differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Count the stumps that differ; compare weights, decisions and accuracies."""
    stumps = [stump.tree_ for stump in theirs.estimators_]
    pairs = zip(ours.tree_features_[:, 0], ours.tree_thresholds_[:, 0], stumps, strict=True)
    return {
        "different stumps": float(
            sum(
                (feature, threshold) != (stump.feature[0], stump.threshold[0])
                for feature, threshold, stump in pairs
            )
        ),
        "tree weights": float(np.abs(ours.estimator_weights_ - theirs.estimator_weights_).max()),
        "decision": float(np.abs(ours.decision_function(X) - theirs.decision_function(X)).max()),
        "training score": abs(ours.score(X, y) - theirs.score(X, y)),
    }


LEARNER_CASES += [
    LearnerCase(
        "AdaBoostClassifier",
        f"stumps, {name}",
        data=data,
        ours=partial(ml.AdaBoostClassifier, 50),
        theirs=partial(sklearn.ensemble.AdaBoostClassifier, n_estimators=50, random_state=0),
        agree=_boosting_differences,
        tolerances=tolerances,
        predict="decision_function",
    )
    for name, data, tolerances in (
        (
            "few-valued features",
            _cancer_of_few_values,
            {"different stumps": 0.0, "tree weights": 1e-12, "decision": 1e-12},
        ),
        # Of more than 256 values, cvkit splits only between groups of them.
        ("continuous features", _cancer, {"training score": 0.01}),
    )
]
