"""Walking rows down the trees of a forest; a single tree is a forest of one.

The trees lie one behind the other in one array of 16-byte steps. A leaf leads to itself, so that eight rows
can walk together, without a branch, until none of them moves any more.
"""

from __future__ import annotations

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span

STEP_DTYPE = np.dtype(
    [("threshold", np.float32), ("feature", np.uint32), ("left", np.uint32), ("right", np.uint32)]
)

_ROWS_TOGETHER = 8
# Rows of one block stay in the cache while every tree reads them.
_BLOCK = 64


@helper
def pack_tree(nodes, root, steps):
    """Pack the nodes of one tree.

    A float32 value is at most a float64 threshold exactly if it is at most that threshold rounded down.
    """
    for i in range(nodes.shape[0]):
        node = nodes[i]
        step = steps[i]
        if node["left_child"] < 0:
            step["threshold"] = np.inf
            step["feature"] = 0
            step["left"] = root + i
            step["right"] = root + i
        else:
            threshold = np.float32(node["threshold"])
            if threshold > node["threshold"]:
                threshold = np.nextafter(threshold, np.float32(-np.inf))
            step["threshold"] = threshold
            step["feature"] = node["feature"]
            step["left"] = root + node["left_child"]
            step["right"] = root + node["right_child"]


@cpu_kernel
def pack_steps(nodes, roots, steps):
    """Pack the nodes of all trees, whose children count from the root of their tree."""
    for tree in prange(roots.shape[0]):
        root = roots[tree]
        end = roots[tree + 1] if tree + 1 < roots.shape[0] else nodes.shape[0]
        pack_tree(nodes[root:end], root, steps[root:end])


@helper
def next_step(steps, at, row):
    """Go one step down; a missing value goes right."""
    step = steps[at]
    return step["left"] if row[step["feature"]] <= step["threshold"] else step["right"]


@helper
def leaf_of_row(steps, root, row):
    """Walk one row down to its leaf."""
    at = root
    below = next_step(steps, at, row)
    while below != at:
        at = below
        below = next_step(steps, at, row)
    return at


@helper
def leaf_of_row_with_missing(steps, missing_go_to_left, root, row):
    """Walk one row, which may have missing values, down to its leaf."""
    at = root
    while True:
        step = steps[at]
        value = row[step["feature"]]
        goes_left = missing_go_to_left[at] if np.isnan(value) else value <= step["threshold"]
        below = step["left"] if goes_left else step["right"]
        if below == at:
            return at
        at = below


@helper
def leaves_of_eight_rows(steps, root, rows, leaves):
    """Walk eight rows down together: their steps do not depend on each other, and overlap."""
    a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = root
    moving = True
    while moving:
        b0 = next_step(steps, a0, rows[0])
        b1 = next_step(steps, a1, rows[1])
        b2 = next_step(steps, a2, rows[2])
        b3 = next_step(steps, a3, rows[3])
        b4 = next_step(steps, a4, rows[4])
        b5 = next_step(steps, a5, rows[5])
        b6 = next_step(steps, a6, rows[6])
        b7 = next_step(steps, a7, rows[7])
        moved = (a0 ^ b0) | (a1 ^ b1) | (a2 ^ b2) | (a3 ^ b3) | (a4 ^ b4) | (a5 ^ b5) | (a6 ^ b6) | (a7 ^ b7)
        moving = moved != 0
        a0, a1, a2, a3, a4, a5, a6, a7 = b0, b1, b2, b3, b4, b5, b6, b7
    leaves[0] = a0
    leaves[1] = a1
    leaves[2] = a2
    leaves[3] = a3
    leaves[4] = a4
    leaves[5] = a5
    leaves[6] = a6
    leaves[7] = a7


@helper
def leaves_of_rows(steps, missing_go_to_left, has_missing, root, rows, leaves):
    """Find the leaf of each row in one tree, counted from the start of the forest."""
    n = rows.shape[0]
    if has_missing:
        for i in range(n):
            leaves[i] = leaf_of_row_with_missing(steps, missing_go_to_left, root, rows[i])
        return
    together = n - n % _ROWS_TOGETHER
    for i in range(0, together, _ROWS_TOGETHER):
        leaves_of_eight_rows(steps, root, rows[i : i + _ROWS_TOGETHER], leaves[i : i + _ROWS_TOGETHER])
    for i in range(together, n):
        leaves[i] = leaf_of_row(steps, root, rows[i])


@cpu_kernel
def apply(steps, missing_go_to_left, has_missing, roots, rows, out):
    """Write the leaf of each row in each tree, counted from the tree's own root."""
    n = rows.shape[0]
    for block in prange(parts_of(n, _BLOCK)):
        first, last = span(block, _BLOCK, n)
        leaves = np.empty(_BLOCK, np.uint32)
        for tree in range(roots.shape[0]):
            root = roots[tree]
            leaves_of_rows(steps, missing_go_to_left, has_missing, root, rows[first:last], leaves)
            for i in range(first, last):
                out[i, tree] = leaves[i - first] - root


@cpu_kernel
def sum_values(steps, missing_go_to_left, has_missing, roots, values, rows, out):
    """Add up the values of each row's leaves, tree by tree."""
    n = rows.shape[0]
    for block in prange(parts_of(n, _BLOCK)):
        first, last = span(block, _BLOCK, n)
        leaves = np.empty(_BLOCK, np.uint32)
        out[first:last] = 0.0
        for tree in range(roots.shape[0]):
            leaves_of_rows(steps, missing_go_to_left, has_missing, roots[tree], rows[first:last], leaves)
            for i in range(first, last):
                value = values[leaves[i - first]]
                for k in range(value.shape[0]):
                    out[i, k] += value[k]


@helper
def count_equal(a, b):
    """Count the places where two rows agree."""
    count = np.int32(0)
    for i in range(a.shape[0]):
        count += np.int32(a[i] == b[i])
    return count


@cpu_kernel
def proximities(leaves_a, leaves_b, out):
    """Write the share of trees in which a row of the first set and one of the second share a leaf."""
    n_trees = leaves_a.shape[1]
    for i in prange(leaves_a.shape[0]):
        for j in range(leaves_b.shape[0]):
            out[i, j] = count_equal(leaves_a[i], leaves_b[j]) / n_trees
