"""Soft cascades of boosted trees on the CPU."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange


@helper(allocates=False)
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
def window_scores(channels, window, feature, threshold, leaf, cascade, step, out):
    """Score the window at every ``step``-th cell; -inf where the sum falls to ``cascade`` or below.

    ``channels`` is (channel, row, column), ``window`` the shape of the part of it that is one window;
    ``feature`` is a flat index into that.
    """
    _, height, width = channels.shape
    trees, inner = feature.shape
    depth = 0
    while (1 << depth) <= inner:
        depth += 1
    offset = np.empty(trees * inner, np.int64)
    flat = feature.reshape(trees * inner)
    for node in range(trees * inner):
        column = flat[node] % window[2]
        row = flat[node] // window[2] % window[1]
        offset[node] = (flat[node] // (window[1] * window[2]) * height + row) * width + column
    values = channels.reshape(channels.size)
    thresholds, leaves = threshold.reshape(trees * inner), leaf.reshape(leaf.size)
    for row in prange(out.shape[0]):
        for column in range(out.shape[1]):
            start = row * step * width + column * step
            out[row, column] = _window_score(values, start, offset, thresholds, leaves, depth, cascade)
