"""Linear scores of all windows on CUDA, straight from the features of their blocks."""

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel


@cuda_kernel
def _window_scores(features, weights, bias, out):
    """One thread for each window; neighboring threads read neighboring blocks."""
    window_column, window_row = cuda.grid(2)
    if window_row >= out.shape[0] or window_column >= out.shape[1]:
        return
    size, rows, columns = weights.shape
    # The filling of the weights would reach past the last block.
    columns = min(columns, features.shape[2] - window_column)
    score = np.float32(bias)
    for index in range(size):
        for row in range(rows):
            for column in range(columns):
                block = features[index, window_row + row, window_column + column]
                score += block * weights[index, row, column]
    out[window_row, window_column] = score


def window_scores(features, weights, bias, out):
    """Score the window that starts at each block.

    ``features`` is (feature, block row, block column), ``weights`` (feature, block row, block column) of a
    window, ``out`` (window row, window column).
    """
    _window_scores[out.shape](features, weights, bias, out)


@cuda_kernel
def _append_hits(scores, threshold, level, lattice, hits, hit_scores, count):
    """One thread for each window; the order of the hits is the order in which threads arrive."""
    column, row = cuda.grid(2)
    if row >= scores.shape[0] or column >= scores.shape[1]:
        return
    origin_y, origin_x, cell_height, cell_width, stride = lattice
    y, x = origin_y + row * cell_height, origin_x + column * cell_width
    if scores[row, column] >= threshold and y % stride == 0 and x % stride == 0:
        position = cuda.atomic.add(count, 0, 1)
        hits[position, 0], hits[position, 1], hits[position, 2] = level, y, x
        hit_scores[position] = scores[row, column]


def append_hits(scores, threshold, level, lattice, hits, hit_scores, count):
    """Append (level, y, x) and score of each window on the stride's grid that scores at least ``threshold``.

    ``lattice`` is (y, x) of the first window in the padded level, (y, x) between neighbors, and the stride.
    """
    _append_hits[scores.shape](scores, threshold, level, lattice, hits, hit_scores, count)
