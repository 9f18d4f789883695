"""Nearest neighbors in a KD-tree over samples in host memory."""

from __future__ import annotations

import numpy as np

from cvkit._dispatch import to_host
from cvkit.ml._samples import Samples
from cvkit.ml.neighbors._cpu import brute_force, kd_tree
from cvkit.ml.neighbors.search import Metric, empty_candidates


class TreeSearch:
    """A KD-tree over samples in host memory."""

    def __init__(self, X: np.ndarray, metric: Metric, leaf_size: int) -> None:
        self.X = X
        X = np.ascontiguousarray(X, np.float64)
        levels = max(0, int(np.ceil(np.log2(max(len(X) / leaf_size, 1)))))
        nodes = 2 ** (levels + 1) - 1
        self.metric = metric
        order = np.arange(len(X))
        starts, stops = np.zeros((2, nodes), np.int64)
        lower, upper = np.zeros((2, nodes, X.shape[1]))
        kd_tree.build(X, order, starts, stops, lower, upper)
        # Feature by feature, so that a leaf is measured a vector of samples at a time.
        columns = np.ascontiguousarray(X[order].T)
        self.tree: kd_tree.Tree = kd_tree.Tree(columns, order, starts, stops, lower, upper)

    def query(self, queries: Samples, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and indices of the nearest samples."""
        rows = np.ascontiguousarray(to_host(queries.array), np.float64)
        code, p = self.metric.code, self.metric.p
        distances, indices = empty_candidates(len(rows), k, np.float64)
        kd_tree.search(self.tree, rows, code, p, distances, indices)
        brute_force.finish(self.X, queries.array, code, p, distances, indices)
        return distances, indices
