"""Decision trees: CART with the Gini index, information gain, C4.5's gain ratio, or squared error."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils import Bunch, check_random_state, compute_sample_weight
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from cvkit.ml.tree.growth import Grower, check_weights, make_limits
from cvkit.ml.tree.pruning import prune_tree, pruning_path
from cvkit.ml.tree.structure import FlatTrees, Tree

LARGEST_SEED = np.iinfo(np.int32).max

GROWTH_CONSTRAINTS: dict[str, list[Any]] = {
    "max_depth": [Interval(Integral, 1, None, closed="left"), None],
    "min_samples_split": [
        Interval(Integral, 2, None, closed="left"),
        Interval(RealNotInt, 0.0, 1.0, closed="right"),
    ],
    "min_samples_leaf": [
        Interval(Integral, 1, None, closed="left"),
        Interval(RealNotInt, 0.0, 1.0, closed="neither"),
    ],
    "min_weight_fraction_leaf": [Interval(Real, 0.0, 0.5, closed="both")],
    "max_features": [
        Interval(Integral, 1, None, closed="left"),
        Interval(RealNotInt, 0.0, 1.0, closed="right"),
        StrOptions({"sqrt", "log2"}),
        None,
    ],
    "max_leaf_nodes": [Interval(Integral, 2, None, closed="left"), None],
    "min_impurity_decrease": [Interval(Real, 0.0, None, closed="left")],
    "ccp_alpha": [Interval(Real, 0.0, None, closed="left")],
    "random_state": ["random_state"],
}
CLASSIFIER_CRITERIA = StrOptions({"gini", "entropy", "log_loss", "gain_ratio"})


class _BaseDecisionTree(FlatTrees, BaseEstimator):
    """What classification and regression trees share."""

    _roots = np.zeros(1, np.int64)

    def _grow(self, X: np.ndarray, y: np.ndarray, n_classes: int, weights: np.ndarray) -> None:
        """Grow the tree on validated data, and prune it."""
        seed = check_random_state(self.random_state).randint(0, LARGEST_SEED)
        limits = make_limits(self, X)
        grower = Grower(X, y, n_classes, self.criterion, limits)
        nodes, values = grower.grow(weights, seed)
        if self.ccp_alpha > 0:
            nodes, values = prune_tree(nodes, values, self.ccp_alpha)
        self.max_features_ = limits.max_features
        self.nodes_ = nodes
        self.node_values_ = values
        self._renew_steps()

    @property
    def tree_(self) -> Tree:
        """The structure of the tree, with the attributes of scikit-learn's ``tree_``."""
        check_is_fitted(self)
        return Tree(self.nodes_, self.node_values_, self.n_features_in_)

    @property
    def feature_importances_(self) -> np.ndarray:
        """Decrease of impurity that each feature brought, as shares of the whole: (n_features,)."""
        return self.tree_.compute_feature_importances()

    def get_depth(self) -> int:
        """Return the distance of the deepest leaf from the root."""
        return self.tree_.max_depth

    def get_n_leaves(self) -> int:
        """Return the number of leaves."""
        return self.tree_.n_leaves

    def apply(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the index of the leaf of each row.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        numpy.ndarray of shape (n_samples,)
        """
        return self._leaves(self._check_rows(X))[:, 0]

    def decision_path(self, X: npt.ArrayLike) -> csr_matrix:
        """Return the nodes that each row passes.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n_samples, n_nodes)
            1 for each node on the way from the root to the row's leaf.
        """
        return self.tree_.decision_path(self.apply(X))

    def cost_complexity_pruning_path(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> Bunch:
        """Grow a tree and return the values of ``ccp_alpha`` at which pruning takes another branch.

        Parameters
        ----------
        X, y, sample_weight
            As for ``fit``.

        Returns
        -------
        sklearn.utils.Bunch
            ``ccp_alphas``, from 0 up, and ``impurities``, the summed impurity of the leaves that remain.
        """
        whole = clone(self).set_params(ccp_alpha=0.0).fit(X, y, sample_weight)
        alphas, impurities = pruning_path(whole.nodes_)
        return Bunch(ccp_alphas=alphas, impurities=impurities)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class DecisionTreeClassifier(ClassifierMixin, _BaseDecisionTree):
    """A decision tree for classification.

    With ``criterion="gini"``, and weights that are whole numbers, it is scikit-learn's tree, node for node,
    for the same ``random_state``.

    Parameters
    ----------
    criterion : {"gini", "entropy", "log_loss", "gain_ratio"}
        What a split should improve: the Gini index (CART), the entropy (information gain; "log_loss" is
        another name for it), or C4.5's gain ratio, where of all features only those compete whose best split
        has at least the average gain.
    max_depth : int, optional
        Largest distance of a leaf from the root.
    min_samples_split : int or float
        Fewest samples that are split further; a float is a fraction of the training samples.
    min_samples_leaf : int or float
        Fewest samples in a leaf; a float is a fraction of the training samples.
    min_weight_fraction_leaf : float
        Least weight in a leaf, as a fraction of the whole.
    max_features : int, float, {"sqrt", "log2"}, optional
        How many features are drawn for each split; all of them by default.
    random_state : int, RandomState, optional
        Decides the order in which features are tried, and so between splits that are equally good.
    max_leaf_nodes : int, optional
        Largest number of leaves. The tree then grows best first: of all leaves, the one is split next whose
        split decreases impurity most.
    min_impurity_decrease : float
        Least decrease of impurity, weighted by the share of samples, for which a node is split.
    class_weight : dict or "balanced", optional
        Weight of each class.
    ccp_alpha : float
        Branches that save less impurity than this for each leaf are pruned.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        The labels.
    tree_ : Tree
        The structure, with the attributes of scikit-learn's ``tree_``.
    nodes_, node_values_ : arrays
        The same as flat arrays, a record and a row of class shares for each node.
    feature_importances_ : array of shape (n_features,)
        Decrease of impurity that each feature brought.
    n_classes_, n_features_in_, max_features_ : int
        Number of classes, of features, and of features drawn for each split.

    Notes
    -----
    Missing values (NaN) are allowed: each split is tried with them on either side. A split that saw none in
    training sends them where most training samples went.

    References
    ----------
    Breiman, Friedman, Olshen, Stone: Classification and Regression Trees, 1984. Quinlan: C4.5, 1993.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from cvkit.ml import DecisionTreeClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y).predict(X[[0, 50, 100]])
    array([0, 1, 2])
    """

    _stored: ClassVar[tuple[str, ...]] = (
        "classes_",
        "n_classes_",
        "n_features_in_",
        "max_features_",
        "nodes_",
        "node_values_",
    )
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **GROWTH_CONSTRAINTS,
        "criterion": [CLASSIFIER_CRITERIA],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        *,
        criterion: str = "gini",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: float | str | None = None,
        random_state: Any = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        class_weight: dict | str | None = None,
        ccp_alpha: float = 0.0,
    ) -> None:
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.random_state = random_state
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> DecisionTreeClassifier:
        """Grow the tree.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Converted to float32; may hold NaN.
        y : array_like of shape (n_samples,)
            Labels.
        sample_weight : array_like of shape (n_samples,), optional
            Not negative; a sample of weight 0 is left out.

        Returns
        -------
        self
        """
        self._validate_params()
        rows, labels = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        of_classes = None if self.class_weight is None else compute_sample_weight(self.class_weight, labels)
        weights = check_weights(sample_weight, rows, of_classes)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.n_classes_ = len(self.classes_)
        self._grow(rows, codes, self.n_classes_, weights)
        return self

    def predict_proba(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the share of each class in each row's leaf.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        numpy.ndarray of shape (n_samples, n_classes)
        """
        return self._sum_values(self._check_rows(X))

    def predict_log_proba(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the logarithm of ``predict_proba``."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the most frequent class of each row's leaf.

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


class DecisionTreeRegressor(RegressorMixin, _BaseDecisionTree):
    """A decision tree for regression by least squares.

    Parameters
    ----------
    criterion : {"squared_error"}
        What a split should improve.
    max_depth, min_samples_split, min_samples_leaf, min_weight_fraction_leaf, max_features, random_state, \
max_leaf_nodes, min_impurity_decrease, ccp_alpha
        As for ``DecisionTreeClassifier``; impurity is the variance.

    Attributes
    ----------
    tree_, nodes_, node_values_, feature_importances_, n_features_in_, max_features_
        As for ``DecisionTreeClassifier``; the value of a node is its mean.

    References
    ----------
    Breiman, Friedman, Olshen, Stone: Classification and Regression Trees, 1984.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import DecisionTreeRegressor
    >>> X = np.arange(6.0)[:, np.newaxis]
    >>> DecisionTreeRegressor(max_depth=1).fit(X, [1, 1, 1, 5, 5, 5]).predict([[1.5], [4.0]])
    array([1., 5.])
    """

    _stored: ClassVar[tuple[str, ...]] = ("n_features_in_", "max_features_", "nodes_", "node_values_")
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **GROWTH_CONSTRAINTS,
        "criterion": [StrOptions({"squared_error"})],
    }

    def __init__(
        self,
        *,
        criterion: str = "squared_error",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: float | str | None = None,
        random_state: Any = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
    ) -> None:
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.random_state = random_state
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.ccp_alpha = ccp_alpha

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> DecisionTreeRegressor:
        """Grow the tree.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Converted to float32; may hold NaN.
        y : array_like of shape (n_samples,)
            Responses.
        sample_weight : array_like of shape (n_samples,), optional
            Not negative; a sample of weight 0 is left out.

        Returns
        -------
        self
        """
        self._validate_params()
        rows, responses = validate_data(
            self, X, y, dtype=np.float32, ensure_all_finite="allow-nan", y_numeric=True
        )
        self._grow(rows, responses, 0, check_weights(sample_weight, rows))
        return self

    def predict(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the mean response of each row's leaf.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        numpy.ndarray of shape (n_samples,)
        """
        return self._sum_values(self._check_rows(X))[:, 0]
