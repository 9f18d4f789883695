"""Grown trees as flat arrays, and walking rows down to their leaves: what trees and forests share."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.utils.validation import check_is_fitted, validate_data

from cvkit._dispatch import contiguous
from cvkit.ml.tree._cpu import structure as kernels
from cvkit.ml.tree._cpu.records import NODE_DTYPE


class Tree:
    """The structure of a grown tree, with the attributes of scikit-learn's ``tree_``.

    Parameters
    ----------
    nodes : structured array of shape (node_count,)
        One record a node, parents before their children: ``threshold``, ``impurity``,
        ``weighted_n_node_samples``, ``left_child``, ``right_child``, ``feature``, ``n_node_samples``,
        ``missing_go_to_left``, and ``unused``, zeros that fill up the record.
    values : array of shape (node_count, n_values)
        The share of each class, or the mean response.
    n_features : int
        Number of features the tree was grown on.
    """

    def __init__(self, nodes: np.ndarray, values: np.ndarray, n_features: int) -> None:
        self.nodes = nodes
        self.value = values[:, np.newaxis, :]
        self.n_features = n_features

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @property
    def children_left(self) -> np.ndarray:
        """Left child of each node, -1 for a leaf."""
        return self.nodes["left_child"]

    @property
    def children_right(self) -> np.ndarray:
        """Right child of each node, -1 for a leaf."""
        return self.nodes["right_child"]

    @property
    def feature(self) -> np.ndarray:
        """Feature that each node splits on, -2 for a leaf."""
        return self.nodes["feature"]

    @property
    def threshold(self) -> np.ndarray:
        """Largest value that goes left, -2 for a leaf."""
        return self.nodes["threshold"]

    @property
    def impurity(self) -> np.ndarray:
        """Impurity of each node."""
        return self.nodes["impurity"]

    @property
    def n_node_samples(self) -> np.ndarray:
        """Number of training samples in each node."""
        return self.nodes["n_node_samples"]

    @property
    def weighted_n_node_samples(self) -> np.ndarray:
        """Weight of the training samples in each node."""
        return self.nodes["weighted_n_node_samples"]

    @property
    def missing_go_to_left(self) -> np.ndarray:
        """Whether a missing value goes left, for each node."""
        return self.nodes["missing_go_to_left"]

    @property
    def n_outputs(self) -> int:
        """Number of labels or responses of a sample: always 1."""
        return 1

    @property
    def max_n_classes(self) -> int:
        """Number of classes, 1 for regression."""
        return self.value.shape[2]

    @property
    def n_classes(self) -> np.ndarray:
        """Number of classes of each output: (1,)."""
        return np.array([self.max_n_classes])

    @property
    def n_leaves(self) -> int:
        """Number of leaves."""
        return int(np.count_nonzero(self.children_left < 0))

    @cached_property
    def depths(self) -> np.ndarray:
        """Distance of each node from the root."""
        depths = np.zeros(self.node_count, np.int64)
        for node in np.flatnonzero(self.children_left >= 0):  # parents come first
            depths[[self.children_left[node], self.children_right[node]]] = depths[node] + 1
        return depths

    @property
    def max_depth(self) -> int:
        """Distance of the deepest leaf from the root."""
        return int(self.depths.max())

    def compute_feature_importances(self) -> np.ndarray:
        """Return the decrease of impurity that each feature brought, as shares of the whole."""
        inner = np.flatnonzero(self.children_left >= 0)
        mass = self.weighted_n_node_samples * self.impurity
        decrease = mass[inner] - mass[self.children_left[inner]] - mass[self.children_right[inner]]
        importances = np.bincount(self.feature[inner], weights=decrease, minlength=self.n_features)
        total = importances.sum()
        return importances / total if total > 0 else importances

    def decision_path(self, leaves: np.ndarray) -> csr_matrix:
        """Mark the nodes on the way from the root to each of ``leaves``; a row for each leaf."""
        parent = np.full(self.node_count, -1)
        inner = np.flatnonzero(self.children_left >= 0)
        parent[self.children_left[inner]] = inner
        parent[self.children_right[inner]] = inner
        rows, nodes = [], []
        row, node = np.arange(len(leaves)), leaves
        while len(node):
            rows.append(row)
            nodes.append(node)
            above = parent[node]
            row, node = row[above >= 0], above[above >= 0]
        where = (np.concatenate(rows), np.concatenate(nodes))
        path = csr_matrix((np.ones(len(where[0])), where), shape=(len(leaves), self.node_count))
        path.sort_indices()
        return path


def as_nodes(records: np.ndarray) -> np.ndarray:
    """Return nodes as kernels take them; those of a file may be older, or of the other byte order."""
    if records.dtype == NODE_DTYPE:
        return records.view(NODE_DTYPE)  # a file does not tell that fields are aligned
    nodes = np.zeros(records.shape, NODE_DTYPE)
    for name in records.dtype.names or ():
        nodes[name] = records[name]
    return nodes


def pack_steps(nodes: np.ndarray, roots: np.ndarray) -> np.ndarray:
    """Reduce nodes to what a walk needs: 16 bytes each, children counted from the start of the forest."""
    steps = np.empty(len(nodes), kernels.STEP_DTYPE)
    kernels.pack_steps(contiguous(nodes), contiguous(roots), steps)
    return steps


class FlatTrees:
    """Mixin of an estimator whose fitted state is ``nodes_``, ``node_values_`` and ``_roots``."""

    nodes_: np.ndarray
    node_values_: np.ndarray
    n_features_in_: int
    _roots: np.ndarray  # where each tree starts among the nodes, int64

    @cached_property
    def _steps(self) -> np.ndarray:
        return pack_steps(self.nodes_, self._roots)

    def _renew_steps(self) -> None:
        """Pack the steps again, in ``fit`` already, so that ``predict`` leaves the estimator as it was."""
        self.__dict__.pop("_steps", None)
        _ = self._steps

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: not the steps, which are packed again where they are loaded."""
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {name: value for name, value in state.items() if name != "_steps"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what was pickled or saved."""
        super().__setstate__(state)  # type: ignore[misc]
        if "nodes_" in state:
            self.nodes_ = as_nodes(self.nodes_)
            self._renew_steps()

    @property
    def n_outputs_(self) -> int:
        """Number of labels or responses of a sample: always 1."""
        check_is_fitted(self)
        return 1

    def _check_rows(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, order="C", reset=False, ensure_all_finite="allow-nan")
        return contiguous(X)

    def _leaves(self, rows: np.ndarray) -> np.ndarray:
        """Find the leaf of each row in each tree: (n_rows, n_trees) int64."""
        leaves = np.empty((len(rows), len(self._roots)), np.int64)
        kernels.apply(*self._walk(rows), rows, leaves)
        return leaves

    def _sum_values(self, rows: np.ndarray) -> np.ndarray:
        """Add up the values of each row's leaves over the trees: (n_rows, n_values)."""
        sums = np.empty((len(rows), self.node_values_.shape[1]))
        kernels.sum_values(*self._walk(rows), contiguous(self.node_values_), rows, sums)
        return sums

    def _walk(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool, np.ndarray]:
        missing_go_to_left = contiguous(self.nodes_["missing_go_to_left"])
        return contiguous(self._steps), missing_go_to_left, self._has_missing(rows), self._roots

    @staticmethod
    def _has_missing(rows: np.ndarray) -> bool:
        # A sum is cheaper than a mask; values of both signs cannot hide a NaN.
        with np.errstate(over="ignore", invalid="ignore"):
            return bool(np.isnan(rows.sum()))
