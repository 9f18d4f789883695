"""A KD-tree on the CPU: nearest neighbors where features are few.

The tree is complete: node ``i`` has the children ``2 i + 1`` and ``2 i + 2``, and every node halves its
samples at the median of its widest feature. J. L. Bentley, "Multidimensional binary search trees used for
associative searching", Communications of the ACM 18(9), 1975.
"""

from collections import namedtuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.ml.neighbors._math import add_column, add_term, replace_last

# Queries that share scratch memory.
QUERIES = 64

Tree = namedtuple("Tree", "columns order starts stops lower upper")
"""Samples feature by feature, as the leaves hold them; their indices; each node's run of them and box."""

Scratch = namedtuple("Scratch", "stack bounds values")
"""Nodes that wait, the distances to their boxes, and the distances to the samples of a leaf."""


@helper
def _select(keys, order, start, stop, middle):
    """Reorder so that position ``middle`` holds what sorting would put there, smaller keys before it."""
    first, last = start, stop - 1
    while first < last:
        pivot = keys[(first + last) // 2]
        left, right = first, last
        while left <= right:
            while keys[left] < pivot:
                left += 1
            while keys[right] > pivot:
                right -= 1
            if left <= right:
                keys[left], keys[right] = keys[right], keys[left]
                order[left], order[right] = order[right], order[left]
                left += 1
                right -= 1
        if middle <= right:
            last = right
        elif middle >= left:
            first = left
        else:
            return


@helper
def _fit_box(X, order, start, stop, lower, upper):
    """Write the box around some samples; return its widest feature."""
    for feature in range(X.shape[1]):
        lower[feature] = np.inf
        upper[feature] = -np.inf
    for position in range(start, stop):
        for feature in range(X.shape[1]):
            value = X[order[position], feature]
            lower[feature] = min(lower[feature], value)
            upper[feature] = max(upper[feature], value)
    widest = 0
    for feature in range(1, X.shape[1]):
        if upper[feature] - lower[feature] > upper[widest] - lower[widest]:
            widest = feature
    return widest


@cpu_kernel
def build(X, order, starts, stops, lower, upper):
    """Reorder ``order`` so that every node holds a run of it; write each node's run and box.

    The number of nodes, one less than a power of two, decides the depth.
    """
    nodes = starts.shape[0]
    keys = np.empty(X.shape[0], X.dtype)
    starts[0], stops[0] = 0, X.shape[0]
    first, width = 0, 1
    while first < nodes:
        for offset in prange(width):
            node = first + offset
            start, stop = starts[node], stops[node]
            widest = _fit_box(X, order, start, stop, lower[node], upper[node])
            if 2 * node + 2 < nodes:
                middle = (start + stop) // 2
                for position in range(start, stop):
                    keys[position] = X[order[position], widest]
                _select(keys, order, start, stop, middle)
                starts[2 * node + 1], stops[2 * node + 1] = start, middle
                starts[2 * node + 2], stops[2 * node + 2] = middle, stop
        first += width
        width *= 2


@helper(inline=True)
def _distance_to_box(metric, p, query, lower, upper):
    """Reduced distance from a query to the nearest point of a box."""
    total = 0.0
    for feature in range(query.shape[0]):
        value = query[feature]
        gap = max(max(lower[feature] - value, value - upper[feature]), 0.0)
        total = add_term(metric, p, total, gap)
    return total


@helper(inline=True)
def _visit_leaf(tree, node, query, metric, p, values, distances, indices):
    """Offer the samples of a leaf to the candidates of a query."""
    start, stop = tree.starts[node], tree.stops[node]
    for j in range(stop - start):
        values[j] = 0.0
    for feature in range(query.shape[0]):
        add_column(metric, p, tree.columns[feature, start:stop], query[feature], values)
    for j in range(stop - start):
        if values[j] <= distances[0]:
            index = tree.order[start + j]
            if values[j] < distances[0] or index < indices[0]:
                replace_last(values[j], index, distances, indices)


@helper
def _search(tree, query, metric, p, scratch, distances, indices):
    """Visit the nodes that may hold a neighbor, the nearer child first."""
    nodes = tree.starts.shape[0]
    stack, bounds = scratch.stack, scratch.bounds
    depth = 1
    stack[0], bounds[0] = 0, 0.0
    while depth > 0:
        depth -= 1
        node = stack[depth]
        # A box as far as the last candidate may still hold an equally distant sample of smaller index.
        if bounds[depth] > distances[0]:
            continue
        while 2 * node + 2 < nodes:
            near, far = 2 * node + 1, 2 * node + 2
            near_bound = _distance_to_box(metric, p, query, tree.lower[near], tree.upper[near])
            far_bound = _distance_to_box(metric, p, query, tree.lower[far], tree.upper[far])
            if far_bound < near_bound:
                near, far = far, near
                near_bound, far_bound = far_bound, near_bound
            if far_bound <= distances[0]:
                stack[depth], bounds[depth] = far, far_bound
                depth += 1
            node = near
        _visit_leaf(tree, node, query, metric, p, scratch.values, distances, indices)


@helper(allocates=True)
def _search_block(tree, queries, metric, p, distances, indices):
    """Search for some queries, which share the scratch memory."""
    largest_leaf = tree.stops[-1] - tree.starts[-1] + 1
    scratch = Scratch(np.empty(64, np.int64), np.empty(64), np.empty(largest_leaf))
    for q in range(queries.shape[0]):
        _search(tree, queries[q], metric, p, scratch, distances[q], indices[q])


@cpu_kernel
def search(tree, queries, metric, p, distances, indices):
    """Keep for each query the samples of least reduced distance, as a heap."""
    for block in prange((queries.shape[0] + QUERIES - 1) // QUERIES):
        first = block * QUERIES
        end = min(first + QUERIES, queries.shape[0])
        _search_block(tree, queries[first:end], metric, p, distances[first:end], indices[first:end])
