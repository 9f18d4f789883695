"""Soft cascades of boosted trees on CUDA."""

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel


@cuda_kernel
def _window_scores(channels, width, offset, threshold, leaf, cascade, step, out):
    """One thread for each window; neighboring threads read neighboring cells."""
    column, row = cuda.grid(2)
    if row >= out.shape[0] or column >= out.shape[1]:
        return
    trees, inner = offset.shape
    start = (row * width + column) * step
    score = np.float32(0)
    for tree in range(trees):
        node = 0
        while node < inner:
            value = channels[start + offset[tree, node]]
            node = 2 * node + (1 if value < threshold[tree, node] else 2)
        score += leaf[tree, node - inner]
        if score <= cascade:
            out[row, column] = np.float32(-np.inf)
            return
    out[row, column] = score


def window_scores(channels, width, offset, threshold, leaf, cascade, step, out):
    """Score the window at every ``step``-th cell; -inf where the sum falls to ``cascade`` or below.

    ``channels`` is flat, of rows of ``width`` cells; ``offset`` tells for each node of each tree how far
    behind the window's first cell its feature lies.
    """
    _window_scores[out.shape](channels, width, offset, threshold, leaf, cascade, step, out)
