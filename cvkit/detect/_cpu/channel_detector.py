"""Soft cascades of boosted trees on the CPU."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange


@helper
def _window_score(channels, start, offset, threshold, leaf, depth, cascade):
    """Add up the trees of the window that starts at ``start``, until the sum is too small."""
    leaves = 1 << depth
    score = np.float32(0)
    for tree in range(leaf.shape[0] // leaves):
        node = 0
        root = tree * (leaves - 1)
        for _ in range(depth):
            value = channels[start + offset[root + node]]
            node = 2 * node + (1 if value < threshold[root + node] else 2)
        score += leaf[tree * leaves + node - (leaves - 1)]
        if score <= cascade:
            return np.float32(-np.inf)
    return score


@cpu_kernel
def window_scores(channels, width, offset, threshold, leaf, cascade, step, out):
    """Score the window at every ``step``-th cell; -inf where the sum falls to ``cascade`` or below.

    ``channels`` is flat, of rows of ``width`` cells; ``offset`` tells for each node of each tree how far
    behind the window's first cell its feature lies.
    """
    nodes, depth = offset.size, 0
    while (1 << depth) <= offset.shape[1]:
        depth += 1
    offsets, thresholds, leaves = offset.reshape(nodes), threshold.reshape(nodes), leaf.reshape(leaf.size)
    for row in prange(out.shape[0]):
        for column in range(out.shape[1]):
            start = (row * width + column) * step
            out[row, column] = _window_score(channels, start, offsets, thresholds, leaves, depth, cascade)
