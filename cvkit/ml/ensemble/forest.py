"""Random forests (Breiman, Random Forests, 2001): trees on bootstraps, each split on a few drawn features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.utils import compute_class_weight, compute_sample_weight
from sklearn.utils._param_validation import StrOptions

from cvkit.ml.ensemble.base_forest import FOREST_CONSTRAINTS, BaseForest
from cvkit.ml.tree.decision_tree import DecisionTreeClassifier, DecisionTreeRegressor
from cvkit.ml.tree.parameters import CLASSIFIER_CRITERIA
from cvkit.ml.tree.prediction import TreesClassifier, TreesRegressor
from cvkit.ml.tree.structure import Tree
from cvkit.typing import ClassifierCriterion, ForestBalanced, MaxFeatures, RegressorCriterion


class RandomForestClassifier(TreesClassifier, BaseForest):
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
    oob_score : bool or callable
        Whether to estimate the accuracy, or what a function of labels and predictions returns, from the trees
        that did not draw a sample.
    n_jobs : int, optional
        Number of threads for growing; None means ``cvkit.get_num_threads()``, -1 every core.
    random_state : int, RandomState, optional
        Decides the bootstraps and the drawn features.
    verbose : int
        Above 0, prints how many trees have grown.
    warm_start : bool
        Whether ``fit`` keeps the trees that there are, and grows only what is missing of ``n_estimators``.
    class_weight : dict, "balanced" or "balanced_subsample", optional
        Weight of each class; "balanced_subsample" weights each bootstrap by itself.
    max_samples : int or float, optional
        How many samples a bootstrap draws; a float is a fraction of the samples' weight. By default as many
        as there are, whatever they weigh.
    frequency_weights : bool
        Whether sample weights are whole numbers that count copies: the forest then equals the one grown with
        this option on copied samples, in whatever order these come, and each bootstrap draws as many samples
        as there are copies. By default a weight is how likely a sample is drawn, as in scikit-learn.

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
    The bootstraps are scikit-learn's, but with ``frequency_weights=True``, where they are drawn in an order
    that depends on the samples alone. With ``class_weight="balanced_subsample"`` rounding decides between
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
        **FOREST_CONSTRAINTS,
        "criterion": [CLASSIFIER_CRITERIA],
        "class_weight": [dict, StrOptions({"balanced", "balanced_subsample"}), None],
    }

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: ClassifierCriterion = "gini",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: float | MaxFeatures | None = "sqrt",
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = True,
        oob_score: bool | Callable[..., float] = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        warm_start: bool = False,
        class_weight: dict[Any, Any] | ForestBalanced | None = None,
        ccp_alpha: float = 0.0,
        max_samples: float | None = None,
        frequency_weights: bool = False,
    ) -> None:
        self.n_estimators: int = n_estimators
        self.criterion: ClassifierCriterion = criterion
        self.max_depth: int | None = max_depth
        self.min_samples_split: float = min_samples_split
        self.min_samples_leaf: float = min_samples_leaf
        self.min_weight_fraction_leaf: float = min_weight_fraction_leaf
        self.max_features: float | MaxFeatures | None = max_features
        self.max_leaf_nodes: int | None = max_leaf_nodes
        self.min_impurity_decrease: float = min_impurity_decrease
        self.bootstrap: bool = bootstrap
        self.oob_score: bool | Callable[..., float] = oob_score
        self.n_jobs: int | None = n_jobs
        self.random_state: Any = random_state
        self.verbose: int = verbose
        self.warm_start: bool = warm_start
        self.class_weight: dict[Any, Any] | ForestBalanced | None = class_weight
        self.ccp_alpha: float = ccp_alpha
        self.max_samples: float | None = max_samples
        self.frequency_weights: bool = frequency_weights

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
            Not negative, with a finite sum. Bootstraps draw samples in proportion to their weights, and each
            tree counts how often a sample was drawn; with ``bootstrap=False`` the trees grow on the weights.

        Returns
        -------
        self
        """
        self._validate_params()
        rows, labels, codes = self._check_training(X, y)
        balances_draws = self.class_weight == "balanced_subsample" and self.bootstrap
        of_classes = None
        if self.class_weight is not None and not balances_draws:
            of_classes = self._weight_of_classes(labels, sample_weight)
        self._grow(rows, codes, self.n_classes_, sample_weight, of_classes, balances_draws)
        if self.oob_score:
            from sklearn.metrics import accuracy_score  # takes a tenth of a second to import

            self.oob_decision_function_: np.ndarray = self._out_of_bag(rows)
            score = self.oob_score if callable(self.oob_score) else accuracy_score
            self.oob_score_: float = score(codes, self.oob_decision_function_.argmax(axis=1))
        return self

    def _weight_of_classes(self, y: np.ndarray, sample_weight: npt.ArrayLike | None) -> np.ndarray:
        """Return for each sample the weight of its class."""
        if isinstance(self.class_weight, dict):
            return compute_sample_weight(self.class_weight, y)
        with np.errstate(divide="ignore"):
            of_class = compute_class_weight(
                "balanced", classes=self.classes_, y=y, sample_weight=sample_weight
            )
        # Of a class whose samples all weigh nothing no weight can be balanced.
        of_class[~np.isfinite(of_class)] = 0.0
        return of_class[np.searchsorted(self.classes_, y)]

    def _as_estimator(self, tree: Tree, seed: int) -> DecisionTreeClassifier:
        estimator = super()._as_estimator(tree, seed)
        estimator.classes_ = self.classes_
        estimator.n_classes_ = self.n_classes_
        return estimator

    def _error(self, y: np.ndarray, values: np.ndarray) -> float:
        return float(np.mean(self._most_frequent(values) != y))


class RandomForestRegressor(TreesRegressor, BaseForest):
    """A random forest for regression.

    Parameters
    ----------
    n_estimators : int
        Number of trees.
    criterion : {"squared_error"}
        What a split should improve.
    max_depth, min_samples_split, min_samples_leaf, min_weight_fraction_leaf, max_features, \
max_leaf_nodes, min_impurity_decrease, bootstrap, oob_score, n_jobs, random_state, verbose, \
warm_start, ccp_alpha, max_samples, frequency_weights
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
        **FOREST_CONSTRAINTS,
        "criterion": [StrOptions({"squared_error"})],
    }

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: RegressorCriterion = "squared_error",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: float | MaxFeatures | None = 1.0,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = True,
        oob_score: bool | Callable[..., float] = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        warm_start: bool = False,
        ccp_alpha: float = 0.0,
        max_samples: float | None = None,
        frequency_weights: bool = False,
    ) -> None:
        self.n_estimators: int = n_estimators
        self.criterion: RegressorCriterion = criterion
        self.max_depth: int | None = max_depth
        self.min_samples_split: float = min_samples_split
        self.min_samples_leaf: float = min_samples_leaf
        self.min_weight_fraction_leaf: float = min_weight_fraction_leaf
        self.max_features: float | MaxFeatures | None = max_features
        self.max_leaf_nodes: int | None = max_leaf_nodes
        self.min_impurity_decrease: float = min_impurity_decrease
        self.bootstrap: bool = bootstrap
        self.oob_score: bool | Callable[..., float] = oob_score
        self.n_jobs: int | None = n_jobs
        self.random_state: Any = random_state
        self.verbose: int = verbose
        self.warm_start: bool = warm_start
        self.ccp_alpha: float = ccp_alpha
        self.max_samples: float | None = max_samples
        self.frequency_weights: bool = frequency_weights

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
            Not negative, with a finite sum. Bootstraps draw samples in proportion to their weights, and each
            tree counts how often a sample was drawn; with ``bootstrap=False`` the trees grow on the weights.

        Returns
        -------
        self
        """
        self._validate_params()
        rows, responses = self._check_training(X, y)
        self._grow(rows, responses, 0, sample_weight)
        if self.oob_score:
            from sklearn.metrics import r2_score

            self.oob_prediction_: np.ndarray = self._out_of_bag(rows)[:, 0]
            score = self.oob_score if callable(self.oob_score) else r2_score
            self.oob_score_: float = score(responses, self.oob_prediction_)
        return self

    def _error(self, y: np.ndarray, values: np.ndarray) -> float:
        return float(np.mean((values[:, 0] - y) ** 2))
