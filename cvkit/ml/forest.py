"""Random forests (Breiman, Random Forests, 2001): trees on bootstraps, each split on a few drawn features."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_random_state, compute_class_weight, compute_sample_weight
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from cvkit import _jit
from cvkit.ml._bootstrap import Bootstrap, seeded
from cvkit.ml._cpu import forest as kernels
from cvkit.ml._flat_trees import FlatTrees, Tree
from cvkit.ml._tree_growth import Grower, check_weights, make_limits
from cvkit.ml.pruning import prune_tree
from cvkit.ml.tree import (
    CLASSIFIER_CRITERIA,
    GROWTH_CONSTRAINTS,
    LARGEST_SEED,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
)

_FOREST_CONSTRAINTS: dict[str, list[Any]] = {
    **GROWTH_CONSTRAINTS,
    "n_estimators": [Interval(Integral, 1, None, closed="left")],
    "bootstrap": ["boolean"],
    "oob_score": ["boolean"],
    "n_jobs": [Integral, None],
    "max_samples": [
        None,
        Interval(RealNotInt, 0.0, None, closed="neither"),
        Interval(Integral, 1, None, closed="left"),
    ],
}


def n_threads(n_jobs: int | None) -> int:
    """Translate ``n_jobs``: None means cvkit's number of threads, -1 every core."""
    if n_jobs is None:
        return _jit.get_num_threads()
    if n_jobs == 0:
        raise ValueError("n_jobs must not be 0; None means cvkit.get_num_threads(), -1 every core")
    return n_jobs if n_jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + n_jobs)


def _map(function: Callable[[Any], Any], items: Iterable[Any], threads: int) -> list[Any]:
    """Call a function on each item, in threads; the kernels that it spends its time in release the GIL."""
    if threads == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))


class _BaseForest(FlatTrees, BaseEstimator):
    """What classification and regression forests share."""

    _bootstrap: Bootstrap | None = None
    _seeds: np.ndarray

    def _grow(
        self, X: np.ndarray, y: np.ndarray, n_classes: int, weights: np.ndarray, balances_draws: bool
    ) -> None:
        """Grow the trees on validated data; the out-of-bag estimate too."""
        if not self.bootstrap and self.max_samples is not None:
            raise ValueError(
                f"max_samples must be None where bootstrap=False, got max_samples={self.max_samples!r}"
            )
        if not self.bootstrap and self.oob_score:
            raise ValueError("oob_score=True needs bootstrap=True: every sample is in every bag without it")
        limits = make_limits(self, X, weights.sum())
        grower = Grower(X, y, n_classes, self.criterion, limits)
        bootstrap = Bootstrap(weights, self.max_samples, X, y) if self.bootstrap else None
        random = check_random_state(self.random_state)
        self._seeds = np.array([random.randint(LARGEST_SEED) for _ in range(self.n_estimators)])

        def grow_one(seed: int) -> tuple[np.ndarray, np.ndarray]:
            tree_weights = weights
            if bootstrap is not None:
                tree_weights = bootstrap.draw(seed)
                if balances_draws:
                    tree_weights = tree_weights * _balance(y, tree_weights)
            # As scikit-learn's trees do: each makes a generator from its seed, and draws once from it.
            nodes, values = grower.grow(tree_weights, seeded(seed).randint(0, LARGEST_SEED))
            return prune_tree(nodes, values, self.ccp_alpha) if self.ccp_alpha > 0 else (nodes, values)

        self._bootstrap = bootstrap
        self._put_in_a_row(_map(grow_one, self._seeds, n_threads(self.n_jobs)))
        self._renew_steps()

    def _put_in_a_row(self, trees: list[tuple[np.ndarray, np.ndarray]]) -> None:
        ends = np.cumsum([len(nodes) for nodes, _ in trees])
        self._roots = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        # As plain numbers: NumPy copies records field by field.
        numbers = [nodes.view(np.int64) for nodes, _ in trees]
        self.nodes_ = np.concatenate(numbers).view(trees[0][0].dtype)
        self.node_values_ = np.concatenate([values for _, values in trees])

    def _trees(self) -> Iterator[Tree]:
        ends = np.append(self._roots[1:], len(self.nodes_))
        for start, end in zip(self._roots, ends, strict=True):
            yield Tree(self.nodes_[start:end], self.node_values_[start:end], self.n_features_in_)

    @property
    def estimators_(self) -> list[DecisionTreeClassifier] | list[DecisionTreeRegressor]:
        """The trees, as estimators of their own."""
        check_is_fitted(self)
        return [self._as_estimator(tree, seed) for tree, seed in zip(self._trees(), self._seeds, strict=True)]

    def _as_estimator(self, tree: Tree, seed: int) -> Any:
        names = DecisionTreeRegressor._parameter_constraints
        parameters = {name: getattr(self, name) for name in names if name != "random_state"}
        estimator = self._tree_class(random_state=int(seed), **parameters)
        estimator.nodes_ = tree.nodes
        estimator.node_values_ = tree.value[:, 0, :]
        estimator.n_features_in_ = self.n_features_in_
        return estimator

    @property
    def estimators_samples_(self) -> list[np.ndarray]:
        """For each tree, the training samples that were drawn, in order, repeated as often as drawn."""
        check_is_fitted(self)
        return [np.repeat(np.arange(len(drawn)), drawn.astype(np.int64)) for drawn in self._draws()]

    def _draws(self) -> Iterator[np.ndarray]:
        """Yield, for each tree, how often each training sample was drawn."""
        if self._bootstrap is None:
            raise ValueError("the samples of each tree are known only after fit with bootstrap=True")
        for seed in self._seeds:
            yield self._bootstrap.draw(seed)

    @property
    def feature_importances_(self) -> np.ndarray:
        """Decrease of impurity that each feature brought, averaged over the trees: (n_features,)."""
        check_is_fitted(self)
        of_trees = [tree.compute_feature_importances() for tree in self._trees() if tree.node_count > 1]
        if not of_trees:
            return np.zeros(self.n_features_in_)
        mean = np.mean(of_trees, axis=0)
        return mean / mean.sum()

    def _out_of_bag(self, X: np.ndarray) -> np.ndarray:
        """Average, for each training sample, the values of the trees that did not draw it."""
        leaves = self._leaves(X)
        sums = np.zeros((len(X), self.node_values_.shape[1]))
        n_trees = np.zeros(len(X))
        for tree, drawn in enumerate(self._draws()):
            outside = np.flatnonzero(drawn == 0)
            sums[outside] += self.node_values_[self._roots[tree] + leaves[outside, tree]]
            n_trees[outside] += 1
        if (n_trees == 0).any():
            warnings.warn(
                "Some samples are in the bag of every tree and have no out-of-bag prediction",
                stacklevel=3,
            )
        return sums / np.maximum(n_trees, 1)[:, np.newaxis]

    def apply(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the index of each row's leaf in each tree.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        numpy.ndarray of shape (n_samples, n_estimators)
        """
        return self._leaves(self._check_rows(X))

    def proximity(self, X: npt.ArrayLike, other: npt.ArrayLike | None = None) -> np.ndarray:
        """Return the share of trees in which two rows end in the same leaf.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.
        other : array_like of shape (n_others, n_features), optional
            Rows to compare with; ``X`` itself by default.

        Returns
        -------
        numpy.ndarray of shape (n_samples, n_others)
            From 0 to 1.
        """
        leaves = self.apply(X).astype(np.int32)
        other_leaves = leaves if other is None else self.apply(other).astype(np.int32)
        proximities = np.empty((len(leaves), len(other_leaves)))
        kernels.proximities(leaves, other_leaves, proximities)
        return proximities

    def permutation_importances(
        self, X: npt.ArrayLike, y: npt.ArrayLike, *, random_state: Any = None
    ) -> np.ndarray:
        """Return how much worse the trees predict their out-of-bag samples once a feature is shuffled.

        Parameters
        ----------
        X, y : array_like
            The data that the forest was fitted to.
        random_state : int, RandomState, optional
            Decides the shuffles.

        Returns
        -------
        numpy.ndarray of shape (n_features,)
            Decrease of accuracy, or increase of the mean squared error, averaged over the trees.

        Raises
        ------
        ValueError
            If the forest was grown without bootstraps, or on other data.

        References
        ----------
        Breiman: Random Forests, 2001, section 10.
        """
        rows = self._check_rows(X)
        if self._bootstrap is None or len(rows) != self._bootstrap.n_samples:
            raise ValueError("X must be the data that the forest was fitted to, with bootstrap=True")
        y = np.asarray(y)
        random = check_random_state(random_state)
        increases = np.zeros(self.n_features_in_)
        for tree, drawn in zip(self.estimators_, self._draws(), strict=True):
            outside = np.flatnonzero(drawn == 0)
            if len(outside) == 0:
                continue
            outside_rows = rows[outside]
            error = self._error(y[outside], tree._sum_values(outside_rows))
            for feature in np.unique(tree.tree_.feature[tree.tree_.feature >= 0]):
                shuffled = outside_rows.copy()
                shuffled[:, feature] = random.permutation(shuffled[:, feature])
                increases[feature] += self._error(y[outside], tree._sum_values(shuffled)) - error
        return increases / len(self._roots)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _balance(y: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weight each sample so that the classes of a bootstrap weigh the same."""
    drawn = np.repeat(np.arange(len(y)), counts.astype(np.int64))
    return compute_sample_weight("balanced", y, indices=drawn)


class RandomForestClassifier(ClassifierMixin, _BaseForest):
    """A random forest for classification.

    With ``criterion="gini"`` its trees are those of scikit-learn, node for node, for the same
    ``random_state``; see the notes for the exception. The forest is the same for any number of threads.

    Parameters
    ----------
    n_estimators : int
        Number of trees.
    criterion : {"gini", "entropy", "log_loss", "gain_ratio"}
        What a split should improve; see ``DecisionTreeClassifier``.
    max_depth, min_samples_split, min_samples_leaf, min_weight_fraction_leaf, max_leaf_nodes, \
min_impurity_decrease, ccp_alpha
        As for ``DecisionTreeClassifier``.
    max_features : {"sqrt", "log2"}, int, float, or None
        How many features are drawn for each split.
    bootstrap : bool
        Whether each tree grows on a bootstrap; else each grows on all samples.
    oob_score : bool
        Whether to estimate the accuracy from the trees that did not draw a sample.
    n_jobs : int, optional
        Number of threads for growing; None means ``cvkit.get_num_threads()``, -1 every core.
    random_state : int, RandomState, optional
        Decides the bootstraps and the drawn features.
    class_weight : dict, "balanced" or "balanced_subsample", optional
        Weight of each class; "balanced_subsample" weights each bootstrap by itself.
    max_samples : int or float, optional
        How many samples a bootstrap draws; a float is a fraction of the samples' weight.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        The labels.
    estimators_ : list of DecisionTreeClassifier
        The trees.
    feature_importances_ : array of shape (n_features,)
        Decrease of impurity that each feature brought, averaged over the trees.
    oob_score_ : float
        Accuracy of the out-of-bag predictions, with ``oob_score=True``.
    oob_decision_function_ : array of shape (n_samples, n_classes)
        Out-of-bag class probabilities of the training samples, with ``oob_score=True``.
    nodes_, node_values_ : arrays
        All trees as flat arrays, one behind the other.

    Notes
    -----
    Whole-number sample weights mean copies: the forest equals the one grown on copied samples. Where there
    are such weights, or equal samples, the bootstraps are drawn in an order that depends on the samples
    alone, and differ from scikit-learn's. With ``class_weight="balanced_subsample"`` rounding decides between
    splits that are equally good, not always as in scikit-learn.

    References
    ----------
    Breiman: Random Forests. Machine Learning 45, 2001.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from cvkit.ml import RandomForestClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> RandomForestClassifier(20, random_state=0).fit(X, y).predict(X[[0, 50, 100]])
    array([0, 1, 2])
    """

    _tree_class = DecisionTreeClassifier
    _stored: ClassVar[tuple[str, ...]] = (
        "classes_",
        "n_classes_",
        "n_features_in_",
        "nodes_",
        "node_values_",
        "_roots",
        "_seeds",
    )
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_FOREST_CONSTRAINTS,
        "criterion": [CLASSIFIER_CRITERIA],
        "class_weight": [dict, StrOptions({"balanced", "balanced_subsample"}), None],
    }

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: str = "gini",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: float | str | None = "sqrt",
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = True,
        oob_score: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        class_weight: dict | str | None = None,
        ccp_alpha: float = 0.0,
        max_samples: float | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> RandomForestClassifier:
        """Grow the forest.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Converted to float32; may hold NaN.
        y : array_like of shape (n_samples,)
            Labels.
        sample_weight : array_like of shape (n_samples,), optional
            Not negative. Bootstraps draw samples in proportion to their weights.

        Returns
        -------
        self
        """
        self._validate_params()
        rows, labels = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        weights = check_weights(sample_weight, rows)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.n_classes_ = len(self.classes_)
        balances_draws = self.class_weight == "balanced_subsample" and self.bootstrap
        if self.class_weight is not None and not balances_draws:
            weights = weights * self._weight_of_classes(labels, weights)
        self._grow(rows, codes, self.n_classes_, weights, balances_draws)
        if self.oob_score:
            self.oob_decision_function_ = self._out_of_bag(rows)
            self.oob_score_ = accuracy_score(codes, self.oob_decision_function_.argmax(axis=1))
        return self

    def _weight_of_classes(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        if isinstance(self.class_weight, dict):
            return compute_sample_weight(self.class_weight, y)
        of_class = compute_class_weight("balanced", classes=self.classes_, y=y, sample_weight=weights)
        return of_class[np.searchsorted(self.classes_, y)]

    def _as_estimator(self, tree: Tree, seed: int) -> DecisionTreeClassifier:
        estimator = super()._as_estimator(tree, seed)
        estimator.classes_ = self.classes_
        estimator.n_classes_ = self.n_classes_
        return estimator

    def _error(self, y: np.ndarray, values: np.ndarray) -> float:
        return float(np.mean(self.classes_[values.argmax(axis=1)] != y))

    def predict_proba(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the class probabilities, averaged over the trees.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        numpy.ndarray of shape (n_samples, n_classes)
        """
        return self._sum_values(self._check_rows(X)) / len(self._roots)

    def predict_log_proba(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the logarithm of ``predict_proba``."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the class of highest mean probability.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        numpy.ndarray of shape (n_samples,)
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]


class RandomForestRegressor(RegressorMixin, _BaseForest):
    """A random forest for regression.

    Parameters
    ----------
    n_estimators : int
        Number of trees.
    criterion : {"squared_error"}
        What a split should improve.
    max_depth, min_samples_split, min_samples_leaf, min_weight_fraction_leaf, max_features, \
max_leaf_nodes, min_impurity_decrease, bootstrap, oob_score, n_jobs, random_state, ccp_alpha, max_samples
        As for ``RandomForestClassifier``; each split looks at every feature by default.

    Attributes
    ----------
    estimators_ : list of DecisionTreeRegressor
        The trees.
    feature_importances_ : array of shape (n_features,)
        Decrease of variance that each feature brought, averaged over the trees.
    oob_score_ : float
        R2 score of the out-of-bag predictions, with ``oob_score=True``.
    oob_prediction_ : array of shape (n_samples,)
        Out-of-bag predictions of the training samples, with ``oob_score=True``.
    nodes_, node_values_ : arrays
        All trees as flat arrays, one behind the other.

    References
    ----------
    Breiman: Random Forests. Machine Learning 45, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import RandomForestRegressor
    >>> X = np.arange(100.0)[:, np.newaxis]
    >>> forest = RandomForestRegressor(20, random_state=0).fit(X, X[:, 0] ** 2)
    >>> bool(2300 < forest.predict([[50.0]])[0] < 2700)
    True
    """

    _tree_class = DecisionTreeRegressor
    _stored: ClassVar[tuple[str, ...]] = ("n_features_in_", "nodes_", "node_values_", "_roots", "_seeds")
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_FOREST_CONSTRAINTS,
        "criterion": [StrOptions({"squared_error"})],
    }

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: str = "squared_error",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: float | str | None = 1.0,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = True,
        oob_score: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        ccp_alpha: float = 0.0,
        max_samples: float | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> RandomForestRegressor:
        """Grow the forest.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Converted to float32; may hold NaN.
        y : array_like of shape (n_samples,)
            Responses.
        sample_weight : array_like of shape (n_samples,), optional
            Not negative. Bootstraps draw samples in proportion to their weights.

        Returns
        -------
        self
        """
        self._validate_params()
        rows, responses = validate_data(
            self, X, y, dtype=np.float32, ensure_all_finite="allow-nan", y_numeric=True
        )
        self._grow(rows, responses, 0, check_weights(sample_weight, rows), balances_draws=False)
        if self.oob_score:
            self.oob_prediction_ = self._out_of_bag(rows)[:, 0]
            self.oob_score_ = r2_score(responses, self.oob_prediction_)
        return self

    def _error(self, y: np.ndarray, values: np.ndarray) -> float:
        return float(np.mean((values[:, 0] - y) ** 2))

    def predict(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the mean prediction of the trees.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        numpy.ndarray of shape (n_samples,)
        """
        return self._sum_values(self._check_rows(X))[:, 0] / len(self._roots)
