"""Growing a forest, and what its trees tell together: what classification and regression forests share."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, compute_sample_weight
from sklearn.utils._param_validation import Interval, RealNotInt
from sklearn.utils.validation import check_is_fitted

from cvkit import _jit
from cvkit.ml._samples import as_dense
from cvkit.ml.ensemble.bootstrap import Bootstrap, copies_in_order, seeded
from cvkit.ml.tree._cpu import prediction as kernels
from cvkit.ml.tree.builder import TreeBuilder
from cvkit.ml.tree.decision_tree import DecisionTreeClassifier, DecisionTreeRegressor
from cvkit.ml.tree.parameters import (
    GROWTH_CONSTRAINTS,
    LARGEST_SEED,
    check_weights,
    make_limits,
    n_features_to_draw,
)
from cvkit.ml.tree.prediction import FlatTrees
from cvkit.ml.tree.pruning import prune_tree
from cvkit.ml.tree.structure import Tree

FOREST_CONSTRAINTS: dict[str, list[Any]] = {
    **GROWTH_CONSTRAINTS,
    "n_estimators": [Interval(Integral, 1, None, closed="left")],
    "bootstrap": ["boolean"],
    "oob_score": ["boolean", callable],
    "n_jobs": [Integral, None],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "frequency_weights": ["boolean"],
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


def _balance(y: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weight each sample so that the classes of a bootstrap weigh the same."""
    drawn = np.repeat(np.arange(len(y)), counts.astype(np.int64))
    return compute_sample_weight("balanced", y, indices=drawn)


class BaseForest(FlatTrees, BaseEstimator):
    """What classification and regression forests share."""

    nodes_: np.ndarray
    node_values_: np.ndarray

    _bootstrap: Bootstrap | None = None
    _n_samples: int | None = None
    _seeds: np.ndarray

    def _grow(
        self,
        X: np.ndarray,
        y: np.ndarray,
        n_classes: int,
        sample_weight: npt.ArrayLike | None,
        class_weight: np.ndarray | None = None,
        balances_draws: bool = False,
    ) -> None:
        """Grow the trees on validated data; either kind of weights, one for each sample, may be None."""
        if not self.bootstrap and self.max_samples is not None:
            raise ValueError(
                "`max_sample` cannot be set if `bootstrap=False`. Either switch to `bootstrap=True` or set "
                f"`max_sample=None`; got max_samples={self.max_samples!r}"
            )
        if not self.bootstrap and self.oob_score:
            raise ValueError("Out of bag estimation only available if bootstrap=True")
        weights = check_weights(sample_weight, X, class_weight)
        builder = TreeBuilder(X, y, n_classes, self.criterion, make_limits(self, X))
        bootstrap = None
        if self.bootstrap and self.frequency_weights:
            copies = copies_in_order(check_weights(sample_weight, X), X, y)
            bootstrap = Bootstrap(len(X), class_weight, self.max_samples, copies)
        elif self.bootstrap:
            # Without weights scikit-learn draws from another stream than with equal ones.
            is_weighted = sample_weight is not None or class_weight is not None
            bootstrap = Bootstrap(len(X), weights if is_weighted else None, self.max_samples)
        kept = self._kept_trees()
        random = check_random_state(self.random_state)
        seeds = np.array([random.randint(LARGEST_SEED) for _ in range(self.n_estimators)])
        if kept:
            seeds[: len(kept)] = self._seeds
        self._seeds = seeds

        def grow_one(seed: int) -> tuple[np.ndarray, np.ndarray]:
            tree_weights = weights
            if bootstrap is not None:
                tree_weights = bootstrap.count(seed)
                if balances_draws:
                    tree_weights = tree_weights * _balance(y, tree_weights)
            # As scikit-learn's trees do: each makes a generator from its seed, and draws once from it.
            nodes, values = builder.build(tree_weights, seeded(seed).randint(0, LARGEST_SEED))
            return prune_tree(nodes, values, self.ccp_alpha) if self.ccp_alpha > 0 else (nodes, values)

        self._bootstrap, self._n_samples = bootstrap, len(X)
        grown = _map(grow_one, seeds[len(kept) :], n_threads(self.n_jobs))
        if self.verbose:
            print(f"{len(grown)} trees grown")
        self._concatenate(kept + grown)
        self._renew_steps()

    def _kept_trees(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the trees of the previous fit that ``warm_start`` keeps."""
        if not (self.warm_start and hasattr(self, "nodes_")):
            return []
        if self.n_estimators < len(self._roots):
            raise ValueError(
                f"n_estimators={self.n_estimators} must be larger or equal to "
                f"len(estimators_)={len(self._roots)} when warm_start==True"
            )
        if self.n_estimators == len(self._roots):
            warnings.warn(
                "Warm-start fitting without increasing n_estimators does not fit new trees.", stacklevel=4
            )
        return [(tree.nodes, tree.value[:, 0, :]) for tree in self._trees()]

    def _concatenate(self, trees: list[tuple[np.ndarray, np.ndarray]]) -> None:
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
        estimator.max_features_ = n_features_to_draw(self.max_features, self.n_features_in_)
        return estimator

    def __len__(self) -> int:
        """Return the number of trees."""
        return len(self._roots)

    def __getitem__(self, index: int) -> Any:
        """Return a tree as an estimator of its own."""
        return self.estimators_[index]

    def __iter__(self) -> Iterator[Any]:
        """Walk over the trees, as estimators of their own."""
        return iter(self.estimators_)

    @property
    def estimators_samples_(self) -> list[np.ndarray]:
        """For each tree, the training samples in the order in which they were drawn."""
        check_is_fitted(self)
        if self._n_samples is not None and not self.bootstrap:
            return [np.arange(self._n_samples, dtype=np.int32) for _ in self._seeds]
        bootstrap = self._known_bootstrap()
        return [bootstrap.draw(seed).astype(np.int32) for seed in self._seeds]

    def _known_bootstrap(self) -> Bootstrap:
        if self._bootstrap is None:
            raise ValueError("the samples of each tree are known only after fit with bootstrap=True")
        return self._bootstrap

    def _out_of_bags(self) -> Iterator[np.ndarray]:
        """Yield, for each tree, the training samples that were not drawn."""
        bootstrap = self._known_bootstrap()
        for seed in self._seeds:
            yield np.flatnonzero(bootstrap.count(seed) == 0)

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
        for tree, outside in enumerate(self._out_of_bags()):
            sums[outside] += self.node_values_[self._roots[tree] + leaves[outside, tree]]
            n_trees[outside] += 1
        if (n_trees == 0).any():
            warnings.warn(
                "Some inputs do not have OOB scores. This probably means too few trees were used to compute "
                "any reliable OOB estimates.",
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

    def decision_path(self, X: npt.ArrayLike) -> tuple[csr_matrix, np.ndarray]:
        """Return the nodes that each row passes, of all trees.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        indicator : scipy.sparse.csr_matrix of shape (n_samples, n_nodes)
            1 for each node on the way from a root to the row's leaf.
        n_nodes_ptr : numpy.ndarray of shape (n_estimators + 1,)
            Columns ``[n_nodes_ptr[i]:n_nodes_ptr[i + 1]]`` are the nodes of tree i.
        """
        leaves = self.apply(X)
        paths = [tree.path_to(leaves[:, i]) for i, tree in enumerate(self._trees())]
        return hstack(paths).tocsr(), np.append(self._roots, len(self.nodes_))

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
        rows = as_dense(self._check_rows(X))
        if self._bootstrap is None or len(rows) != self._bootstrap.n_samples:
            raise ValueError("X must be the data that the forest was fitted to, with bootstrap=True")
        y = np.asarray(y)
        random = check_random_state(random_state)
        increases = np.zeros(self.n_features_in_)
        for tree, outside in zip(self.estimators_, self._out_of_bags(), strict=True):
            if len(outside) == 0:
                continue
            outside_rows = rows[outside]
            error = self._error(y[outside], tree._mean_values(outside_rows))
            for feature in np.unique(tree.tree_.feature[tree.tree_.feature >= 0]):
                shuffled = outside_rows.copy()
                shuffled[:, feature] = random.permutation(shuffled[:, feature])
                increases[feature] += self._error(y[outside], tree._mean_values(shuffled)) - error
        return increases / len(self._roots)
