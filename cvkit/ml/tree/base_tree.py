"""What classification and regression trees share: growing one, its structure, and its pruning path."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, clone
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted

from cvkit.ml.tree.builder import TreeBuilder
from cvkit.ml.tree.parameters import LARGEST_SEED, make_limits
from cvkit.ml.tree.prediction import FlatTrees
from cvkit.ml.tree.pruning import prune_tree, pruning_path
from cvkit.ml.tree.structure import Tree


class BaseDecisionTree(FlatTrees, BaseEstimator):
    """What classification and regression trees share."""

    _roots = np.zeros(1, np.int64)

    def _grow(self, X: np.ndarray, y: np.ndarray, n_classes: int, weights: np.ndarray) -> None:
        """Grow the tree on validated data, and prune it."""
        seed = check_random_state(self.random_state).randint(0, LARGEST_SEED)
        limits = make_limits(self, X)
        nodes, values = TreeBuilder(X, y, n_classes, self.criterion, limits).build(weights, seed)
        if self.ccp_alpha > 0:
            nodes, values = prune_tree(nodes, values, self.ccp_alpha)
        self.max_features_: int = limits.max_features
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
        """Decrease of impurity that each feature brought, as shares of their sum: (n_features,)."""
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
        return self.tree_.path_to(self.apply(X))

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
        unpruned = clone(self).set_params(ccp_alpha=0.0).fit(X, y, sample_weight)
        alphas, impurities = pruning_path(unpruned.nodes_)
        return Bunch(ccp_alphas=alphas, impurities=impurities)
