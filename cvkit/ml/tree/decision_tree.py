"""Decision trees: CART with the Gini index, information gain, C4.5's gain ratio, or squared error."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy.typing as npt
from sklearn.utils import compute_sample_weight
from sklearn.utils._param_validation import StrOptions

from cvkit.ml.tree.base_tree import BaseDecisionTree
from cvkit.ml.tree.parameters import CLASSIFIER_CRITERIA, GROWTH_CONSTRAINTS, check_weights
from cvkit.ml.tree.prediction import TreesClassifier, TreesRegressor
from cvkit.typing import Balanced, ClassifierCriterion, MaxFeatures, RegressorCriterion


class DecisionTreeClassifier(TreesClassifier, BaseDecisionTree):
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
        Least weight in a leaf, as a fraction of the weight of all training samples.
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
        criterion: ClassifierCriterion = "gini",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: float | MaxFeatures | None = None,
        random_state: Any = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        class_weight: dict[Any, Any] | Balanced | None = None,
        ccp_alpha: float = 0.0,
    ) -> None:
        self.criterion: ClassifierCriterion = criterion
        self.max_depth: int | None = max_depth
        self.min_samples_split: float = min_samples_split
        self.min_samples_leaf: float = min_samples_leaf
        self.min_weight_fraction_leaf: float = min_weight_fraction_leaf
        self.max_features: float | MaxFeatures | None = max_features
        self.random_state: Any = random_state
        self.max_leaf_nodes: int | None = max_leaf_nodes
        self.min_impurity_decrease: float = min_impurity_decrease
        self.class_weight: dict[Any, Any] | Balanced | None = class_weight
        self.ccp_alpha: float = ccp_alpha

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
        rows, labels, codes = self._check_training(X, y)
        of_classes = None if self.class_weight is None else compute_sample_weight(self.class_weight, labels)
        weights = check_weights(sample_weight, rows, of_classes)
        self._grow(rows, codes, self.n_classes_, weights)
        return self


class DecisionTreeRegressor(TreesRegressor, BaseDecisionTree):
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
        criterion: RegressorCriterion = "squared_error",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: float | MaxFeatures | None = None,
        random_state: Any = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
    ) -> None:
        self.criterion: RegressorCriterion = criterion
        self.max_depth: int | None = max_depth
        self.min_samples_split: float = min_samples_split
        self.min_samples_leaf: float = min_samples_leaf
        self.min_weight_fraction_leaf: float = min_weight_fraction_leaf
        self.max_features: float | MaxFeatures | None = max_features
        self.random_state: Any = random_state
        self.max_leaf_nodes: int | None = max_leaf_nodes
        self.min_impurity_decrease: float = min_impurity_decrease
        self.ccp_alpha: float = ccp_alpha

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
        rows, responses = self._check_training(X, y)
        self._grow(rows, responses, 0, check_weights(sample_weight, rows))
        return self
