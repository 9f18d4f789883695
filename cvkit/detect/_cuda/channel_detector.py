"""Soft cascades of boosted trees on CUDA."""

import numpy as np

from cvkit._jit import cuda, cuda_kernel


@cuda_kernel
def _window_scores(channels, rows, columns, feature, threshold, leaf, cascade, step, out):
    """One thread for each window; neighbouring threads read neighbouring cells."""
    x, y = cuda.grid(2)
    if y >= out.shape[0] or x >= out.shape[1]:
        return
    trees, inner = feature.shape
    score = np.float32(0)
    for tree in range(trees):
        node = 0
        while node < inner:
            index = feature[tree, node]
            row, column = index // columns % rows, index % columns
            value = channels[index // (rows * columns), y * step + row, x * step + column]
            node = 2 * node + (1 if value < threshold[tree, node] else 2)
        score += leaf[tree, node - inner]
        if score <= cascade:
            out[y, x] = np.float32(-np.inf)
            return
    out[y, x] = score


def window_scores(channels, window, feature, threshold, leaf, cascade, step, out):
    """Score the window at every ``step``-th cell; -inf where the sum falls to ``cascade`` or below.

    ``channels`` is (channel, row, column), ``window`` the shape of the part of it that is one window;
    ``feature`` is a flat index into that.
    """
    _window_scores[out.shape](channels, window[1], window[2], feature, threshold, leaf, cascade, step, out)
