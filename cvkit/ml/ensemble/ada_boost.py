"""AdaBoost: discrete, real and gentle boosting of shallow trees."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from cvkit._dispatch import contiguous
from cvkit.ml.ensemble._cpu import boosted_trees as kernels
from cvkit.ml.ensemble.boosted_trees import CRITERIA, BoostedTrees, BoostingParameters, boost
from cvkit.ml.ensemble.quantization import quantization_thresholds, quantize
from cvkit.ml.svm.platt import sigmoid
from cvkit.ml.tree.parameters import LARGEST_SEED, MAX_FEATURES_CONSTRAINT, check_weights, n_features_to_draw
from cvkit.typing import BoostingCriterion, BoostingKind, MaxFeatures

# A histogram of a heap of this depth still fits into the cache.
_LARGEST_DEPTH = 8


class AdaBoostClassifier(ClassifierMixin, BaseEstimator):
    """A sum of shallow trees, each grown on samples weighted by how the trees before it did; for two classes.

    Features of more than 256 values are quantized to 256. With few-valued features, stumps and
    ``kind="discrete"``, the model is that of ``sklearn.ensemble.AdaBoostClassifier``.

    Parameters
    ----------
    n_estimators : int
        Largest number of trees. Discrete boosting of all features ends with a tree that makes no error.
    learning_rate : float
        Factor of what each tree adds. Where it is so large that the samples' weights run away, boosting ends
        early, with a warning.
    kind : {"discrete", "real", "gentle"}
        What a leaf adds to the score: the class of its majority, times the tree's weight (AdaBoost.M1); half
        the logarithm of the classes' odds; or the difference of the classes' shares.
    criterion : {"gini", "error", "exponential"}
        What a split lessens: the Gini index, the misclassified weight, or the exponential loss.
    max_depth : int
        Depth of the trees, at most 8; 1 makes stumps.
    max_features : int, float, {"sqrt", "log2"}, optional
        How many features are drawn for each level of each tree; all of them by default.
    trimming : float
        Share of all weight: the lightest samples that have no more together are left out when splits are
        looked for.
    random_state : int, RandomState, optional
        Decides the features that are drawn.

    Attributes
    ----------
    classes_ : array of shape (2,)
        The labels.
    tree_features_, tree_thresholds_ : arrays of shape (n_trees, 2^max_depth - 1)
        What each node looks at; a sample goes left where its value is at most the threshold. The children of
        node j are 2j + 1 and 2j + 2, and the leaves come last.
    tree_leaves_ : array of shape (n_trees, 2^max_depth)
        What each leaf adds to the score.
    estimator_weights_ : array of shape (n_trees,)
        Weight of each tree's vote; with ``kind="discrete"`` twice the size of its leaves.
    estimator_errors_ : array of shape (n_trees,)
        Share of the weight that each tree by itself misclassifies.
    feature_importances_ : array of shape (n_features,)
        Decrease of the Gini index that each feature brought, averaged over the trees with their weights.
    n_features_in_ : int
        Number of features.

    References
    ----------
    Freund, Schapire: A decision-theoretic generalization of on-line learning and an application to boosting.
    JCSS 55, 1997. Friedman, Hastie, Tibshirani: Additive logistic regression. Annals of Statistics 28, 2000.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from cvkit.ml import AdaBoostClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = AdaBoostClassifier(100, max_depth=2).fit(X[:400], y[:400])
    >>> round(model.score(X[400:], y[400:]), 2)
    0.97
    """

    classes_: np.ndarray

    _stored: ClassVar[tuple[str, ...]] = (
        "classes_",
        "n_features_in_",
        "tree_features_",
        "tree_thresholds_",
        "tree_leaves_",
        "estimator_weights_",
        "estimator_errors_",
        "feature_importances_",
    )
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0.0, None, closed="neither")],
        "kind": [StrOptions({"discrete", "real", "gentle"})],
        "criterion": [StrOptions(set(CRITERIA))],
        "max_depth": [Interval(Integral, 1, _LARGEST_DEPTH, closed="both")],
        "max_features": MAX_FEATURES_CONSTRAINT,
        "trimming": [Interval(Real, 0.0, 1.0, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_estimators: int = 50,
        *,
        learning_rate: float = 1.0,
        kind: BoostingKind = "discrete",
        criterion: BoostingCriterion = "gini",
        max_depth: int = 1,
        max_features: float | MaxFeatures | None = None,
        trimming: float = 0.0,
        random_state: Any = None,
    ) -> None:
        self.n_estimators: int = n_estimators
        self.learning_rate: float = learning_rate
        self.kind: BoostingKind = kind
        self.criterion: BoostingCriterion = criterion
        self.max_depth: int = max_depth
        self.max_features: float | MaxFeatures | None = max_features
        self.trimming: float = trimming
        self.random_state: Any = random_state

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> AdaBoostClassifier:
        """Boost the trees.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Converted to float32.
        y : array_like of shape (n_samples,)
            Labels of two classes.
        sample_weight : array_like of shape (n_samples,), optional
            Not negative; a sample of weight 0 is left out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is one class, or more than two.
        """
        self._validate_params()
        rows, labels = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(labels)
        weights = check_weights(sample_weight, rows)
        kept = weights > 0
        rows, labels, weights = rows[kept], labels[kept], weights[kept]
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self._check_two_classes(labels)
        n_drawn = n_features_to_draw(self.max_features, rows.shape[1])
        parameters = BoostingParameters(
            depth=self.max_depth,
            kind=self.kind,
            criterion=self.criterion,
            max_features=n_drawn if n_drawn < rows.shape[1] else None,
            learning_rate=self.learning_rate,
            trimming=self.trimming,
            seed=int(check_random_state(self.random_state).randint(0, LARGEST_SEED)),
        )
        thresholds = quantization_thresholds(rows, kernels.BINS)
        features = quantize(rows, thresholds)
        trees = boost(features, codes == 1, weights, self.n_estimators, parameters)
        self._keep(trees, thresholds)
        return self

    def _check_two_classes(self, labels: np.ndarray) -> None:
        if len(self.classes_) == 1:
            raise ValueError(
                f"{type(self).__name__} needs samples of two classes, but the data contains only one class: "
                f"{self.classes_[0]}"
            )
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(labels)}; sklearn.multiclass.OneVsRestClassifier takes this learner."
            )

    def _keep(self, trees: BoostedTrees, thresholds: list[np.ndarray]) -> None:
        self.tree_features_: np.ndarray = trees.feature
        self.tree_thresholds_: np.ndarray = np.array(
            [
                thresholds[feature][value - 1] if value > 0 else -np.inf
                for feature, value in zip(trees.feature.flat, trees.threshold.flat, strict=True)
            ]
        ).reshape(trees.feature.shape)
        self.tree_leaves_: np.ndarray = trees.leaf
        self.estimator_errors_: np.ndarray = trees.error
        discrete = self.kind == "discrete"
        self.estimator_weights_: np.ndarray = (
            2.0 * np.abs(trees.leaf[:, 0]) if discrete else np.full(len(trees.leaf), self.learning_rate)
        )
        gains = trees.gain / np.maximum(trees.gain.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        importances = np.bincount(
            trees.feature.ravel(),
            (gains * self.estimator_weights_[:, np.newaxis]).ravel(),
            minlength=self.n_features_in_,
        )
        self.feature_importances_: np.ndarray = importances / max(importances.sum(), np.finfo(float).tiny)

    def decision_function(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the score of each row, positive for the second class.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Converted to float32.

        Returns
        -------
        numpy.ndarray of shape (n_samples,)
            With ``kind="discrete"`` the votes for the second class less those for the first, as shares, and
            doubled as in scikit-learn: from -2 to 2. Else the sum of the leaves, an estimate of half the
            logarithm of the classes' odds.
        """
        rows = self._check_rows(X)
        return self._scale(self._sum(rows, slice(None)), len(self.tree_leaves_))

    def staged_decision_function(self, X: npt.ArrayLike) -> Iterator[np.ndarray]:
        """Yield ``decision_function`` after each tree.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Converted to float32.

        Yields
        ------
        numpy.ndarray of shape (n_samples,)
        """
        rows = self._check_rows(X)
        sums = np.zeros(len(rows))
        for tree in range(len(self.tree_leaves_)):
            sums += self._sum(rows, slice(tree, tree + 1))
            yield self._scale(sums, tree + 1)

    def predict(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the label of each row.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Converted to float32.

        Returns
        -------
        numpy.ndarray of shape (n_samples,)
        """
        return self._labels(self.decision_function(X))

    def staged_predict(self, X: npt.ArrayLike) -> Iterator[np.ndarray]:
        """Yield ``predict`` after each tree; see ``staged_decision_function``."""
        return map(self._labels, self.staged_decision_function(X))

    def predict_proba(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Converted to float32.

        Returns
        -------
        numpy.ndarray of shape (n_samples, 2)
            The logistic function of the decision, as in scikit-learn, with ``kind="discrete"``; else of
            the estimated logarithm of the odds.
        """
        return self._probabilities(self.decision_function(X))

    def staged_predict_proba(self, X: npt.ArrayLike) -> Iterator[np.ndarray]:
        """Yield ``predict_proba`` after each tree; see ``staged_decision_function``."""
        return map(self._probabilities, self.staged_decision_function(X))

    def predict_log_proba(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the logarithm of ``predict_proba``."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def staged_score(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> Iterator[float]:
        """Yield the accuracy after each tree.

        Parameters
        ----------
        X, y, sample_weight
            As for ``score``.

        Yields
        ------
        float
        """
        from sklearn.metrics import accuracy_score  # takes a tenth of a second to import

        for labels in self.staged_predict(X):
            yield accuracy_score(y, labels, sample_weight=sample_weight)

    def _check_rows(self, X: npt.ArrayLike) -> np.ndarray:
        check_is_fitted(self)
        return contiguous(validate_data(self, X, dtype=np.float32, order="C", reset=False))

    def _sum(self, rows: np.ndarray, trees: slice) -> np.ndarray:
        """Add up the leaves of some trees that each row reaches."""
        sums = np.empty(len(rows))
        arrays = (self.tree_features_[trees], self.tree_thresholds_[trees], self.tree_leaves_[trees])
        kernels.sum_leaves(rows, *map(contiguous, arrays), sums)
        return sums

    def _scale(self, sums: np.ndarray, n_trees: int) -> np.ndarray:
        if self.kind != "discrete":
            return sums.copy()
        # The leaves hold half the trees' weights.
        return 4.0 * sums / max(self.estimator_weights_[:n_trees].sum(), np.finfo(float).tiny)

    def _labels(self, decision: np.ndarray) -> np.ndarray:
        return self.classes_[(decision > 0).astype(np.intp)]

    def _probabilities(self, decision: np.ndarray) -> np.ndarray:
        slope = -1.0 if self.kind == "discrete" else -2.0
        positive = sigmoid(decision, slope, 0.0)
        return np.stack([sigmoid(decision, -slope, 0.0), positive], axis=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
