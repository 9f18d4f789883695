"""The structure of a grown tree, as scikit-learn shows it."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from cvkit._dispatch import contiguous
from cvkit.ml._samples import as_dense
from cvkit.ml.tree._cpu import prediction as kernels


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
        self.value: np.ndarray = values[:, np.newaxis, :]
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
        """Return the decrease of impurity that each feature brought, as shares of their sum."""
        inner = np.flatnonzero(self.children_left >= 0)
        mass = self.weighted_n_node_samples * self.impurity
        decrease = mass[inner] - mass[self.children_left[inner]] - mass[self.children_right[inner]]
        importances = np.bincount(self.feature[inner], weights=decrease, minlength=self.n_features)
        total = importances.sum()
        return importances / total if total > 0 else importances

    def apply(self, X: np.ndarray) -> np.ndarray:
        """Return the leaf of each float32 row."""
        rows = contiguous(as_dense(X))
        if rows.dtype != np.float32:
            raise ValueError(f"X.dtype should be np.float32, got {rows.dtype}")
        leaves = np.empty((len(rows), 1), np.int64)
        roots = np.zeros(1, np.int64)
        steps = np.empty(self.node_count, kernels.STEP_DTYPE)
        kernels.pack_steps(contiguous(self.nodes), roots, steps)
        missing = contiguous(self.missing_go_to_left)
        kernels.apply(steps, missing, bool(np.isnan(rows).any()), roots, rows, leaves)
        return leaves[:, 0]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the values of the leaf of each float32 row."""
        return self.value[self.apply(X)]

    def decision_path(self, X: np.ndarray) -> csr_matrix:
        """Mark the nodes that each float32 row passes."""
        return self.path_to(self.apply(X))

    def path_to(self, leaves: np.ndarray) -> csr_matrix:
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
