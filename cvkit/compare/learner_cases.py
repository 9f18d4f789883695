"""The table of learners: data, cvkit's estimator, scikit-learn's, how they must agree, and the speed bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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


LEARNER_CASES: list[LearnerCase] = []


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
