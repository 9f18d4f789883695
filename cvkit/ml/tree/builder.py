"""From validated training data and parameters to grown trees."""

from __future__ import annotations

import numpy as np

from cvkit._dispatch import contiguous
from cvkit.ml._samples import are_counts
from cvkit.ml.tree._cpu import builder as kernels
from cvkit.ml.tree._cpu import criterion, histogram, records, sorting

CRITERIA = {
    "gini": criterion.GINI,
    "entropy": criterion.ENTROPY,
    "log_loss": criterion.ENTROPY,
    "gain_ratio": criterion.GAIN_RATIO,
    "squared_error": criterion.SQUARED_ERROR,
}

# To keep all features in order takes less time than to sort the drawn ones where at least so many are drawn.
_PRESORTED_SHARE = 0.3

# Responses within 2 to the power of this, up or down, have squares and products of sums well inside float64.
_LARGEST_EXPONENT = 300


def x_log2_x_table(largest: int) -> np.ndarray:
    """Tabulate x log2 x for x = 0, 1, ... largest."""
    table = np.arange(largest + 1, dtype=np.float64)
    table[1:] *= np.log2(table[1:])
    return table


def _exponent(responses: np.ndarray) -> int:
    """Return the power of 2 that responses are divided by: 0, but for those near the ends of the range."""
    exponent = int(np.frexp(np.abs(responses).max(initial=0.0))[1])
    return exponent if abs(exponent) > _LARGEST_EXPONENT else 0


class TreeBuilder:
    """Training data, sorted once, from which any number of trees grow, also in several threads at a time.

    Parameters
    ----------
    X : (n_samples, n_features) float32 array
        May hold NaN.
    y : (n_samples,) array
        Class codes, or responses where ``n_classes`` is 0.
    n_classes : int
        Number of classes, 0 for regression.
    criterion_name : str
        A key of ``CRITERIA``.
    limits : Limits
        When a node stays a leaf.
    """

    n_samples: int
    n_features: int

    def __init__(
        self, X: np.ndarray, y: np.ndarray, n_classes: int, criterion_name: str, limits: records.Limits
    ) -> None:
        self.n_samples, self.n_features = X.shape
        self.limits = limits
        self.criterion: int = CRITERIA[criterion_name]
        self.is_regression: bool = n_classes == 0
        self.n_sums: int = n_classes or 3
        self.n_values: int = n_classes or 1
        self.classes: np.ndarray = contiguous(np.asarray(y if n_classes else [], dtype=np.uint32))
        responses = np.asarray([] if n_classes else y, dtype=np.float64)
        self.exponent: int = _exponent(responses)
        self.responses: np.ndarray = contiguous(
            np.ldexp(responses, -self.exponent) if self.exponent else responses
        )
        self._sort(X)

    def _sort(self, X: np.ndarray) -> None:
        columns = np.array(X.T, dtype=np.float32, order="C")
        columns[np.isnan(columns)] = np.inf
        self.samples: np.ndarray = np.empty(columns.shape, np.uint32)
        self.values: np.ndarray = np.empty(columns.shape, np.float32)
        sorting.presort(columns, self.samples, self.values)
        self.presorted: bool = self.limits.max_features >= _PRESORTED_SHARE * self.n_features
        shape = (self.n_features, 0) if self.presorted else columns.shape
        self.ranks: np.ndarray = np.empty(shape, np.uint32)
        self.distinct: np.ndarray = np.empty(shape, np.float32)
        if not self.presorted:
            sorting.rank_features(self.samples, self.values, self.ranks, self.distinct)

    def _columns(self, kept: np.ndarray, n_kept: int) -> records.Columns:
        if not self.presorted:
            return records.Columns(False, self.samples, self.values, self.ranks, self.distinct)
        samples = np.empty((self.n_features, n_kept), np.uint32)
        values = np.empty((self.n_features, n_kept), np.float32)
        sorting.keep_samples(self.samples, self.values, kept, samples, values)
        return records.Columns(True, samples, values, self.ranks, self.distinct)

    def _target(self, weights: np.ndarray) -> records.Target:
        counted = are_counts(weights)
        uses_table = counted and self.criterion in (criterion.ENTROPY, criterion.GAIN_RATIO)
        table = x_log2_x_table(int(weights.sum())) if uses_table else np.empty(0)
        return records.Target(self.criterion, self.classes, self.responses, weights, counted, table)

    def _work(self, n_in_tree: int, capacity: int, seed: int) -> records.Work:
        n_waiting = capacity if self.limits.max_leaf_nodes else 0
        n_to_sort = 0 if self.presorted else n_in_tree
        return records.Work(
            samples=np.empty(n_to_sort, np.uint32),
            values=np.empty(n_to_sort, np.float32),
            keys=np.empty(n_to_sort + sorting.KEY_PADDING, np.uint64),
            other_keys=np.empty(n_to_sort + sorting.KEY_PADDING, np.uint64),
            right_samples=np.empty(n_in_tree, np.uint32),
            right_values=np.empty(n_in_tree, np.float32),
            goes_left=np.empty(self.n_samples, np.bool_),
            histogram=np.empty(1 << sorting.DIGIT_BITS, np.uint32),
            class_histogram=np.empty(0 if self.presorted else histogram.LARGEST_HISTOGRAM, np.int64),
            left_counts=np.empty(self.n_sums, np.int64),
            right_counts=np.empty(self.n_sums, np.int64),
            running=records.RunningSums(*np.empty((3, n_in_tree if self.is_regression else 0))),
            total=np.empty(self.n_sums),
            left=np.empty(self.n_sums),
            features=np.empty(self.n_features, np.int64),
            constant_features=np.empty(self.n_features, np.int64),
            splits=np.empty(self.n_features, records.SPLIT_DTYPE),
            stack=np.empty(n_in_tree + 1, records.STACK_DTYPE),
            branches=np.empty(max(n_waiting, 1), records.BRANCH_DTYPE),
            frontier=np.empty(n_waiting, np.int64),
            random_state=np.array([seed], np.uint32),
        )

    def _limits_of_tree(self, weights: np.ndarray, kept: np.ndarray) -> records.Limits:
        """Put the limits in terms of a tree's weight and of its responses, scaled as they are."""
        limits = self.limits._replace(min_weight_leaf=float(self.limits.min_weight_leaf * weights.sum()))
        if not self.is_regression:
            return limits
        variances = np.array([limits.min_impurity_decrease, 1.0])
        with np.errstate(over="ignore", under="ignore"):
            min_decrease, one = np.ldexp(variances, -2 * self.exponent)
        return limits._replace(
            min_impurity_decrease=float(min_decrease),
            # Absolute as in scikit-learn, but for responses whose variance is less than 1.
            least_impurity=limits.least_impurity * float(min(one, np.var(self.responses[kept]))),
        )

    def build(self, weights: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Grow one tree on the samples of positive weight; return its nodes and their values."""
        kept = weights > 0
        node_samples = np.flatnonzero(kept).astype(np.uint32)
        depth = min(self.limits.max_depth, 31)
        n_leaves = min(len(node_samples), 2**depth, self.limits.max_leaf_nodes or len(node_samples))
        capacity = 2 * n_leaves - 1
        nodes = np.zeros(capacity, records.NODE_DTYPE)
        node_values = np.empty((capacity, self.n_values))
        n_nodes = kernels.build(
            self._columns(kept, len(node_samples)),
            self._target(weights),
            self._limits_of_tree(weights, kept),
            node_samples,
            self._work(len(node_samples), capacity, seed),
            nodes,
            node_values,
        )
        nodes, node_values = nodes[:n_nodes], node_values[:n_nodes]
        if self.exponent:
            with np.errstate(over="ignore", under="ignore"):
                nodes["impurity"] = np.ldexp(nodes["impurity"], 2 * self.exponent)
            node_values = np.ldexp(node_values, self.exponent)
        return nodes, node_values
