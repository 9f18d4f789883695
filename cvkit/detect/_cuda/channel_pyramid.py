"""Levels of a pyramid on CUDA: one thread for each pixel or cell."""

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel


@cuda_kernel
def _shrink(source, y_first, y_weights, x_first, x_weights, out):
    """One thread for each pixel of the result."""
    x, y = cuda.grid(2)
    if y >= out.shape[0] or x >= out.shape[1]:
        return
    for channel in range(4):
        total = np.float32(0)
        for tap_x in range(x_weights.shape[1]):
            blend = np.float32(0)
            for tap_y in range(y_weights.shape[1]):
                blend += y_weights[y, tap_y] * source[y_first[y] + tap_y, x_first[x] + tap_x, channel]
            total += x_weights[x, tap_x] * blend
        out[y, x, channel] = total


def shrink(source, y_first, y_weights, x_first, x_weights, out):
    """Average neighboring rows and columns of an (H, W, 4) image.

    For each row and column of the result, the tables give the first of the source's and the weights of it
    and its successors.
    """
    _shrink[out.shape[:2]](source, y_first, y_weights, x_first, x_weights, out)


@cuda_kernel
def _interpolate_cells(cells, y_first, y_weight, x_first, x_weight, gain, out):
    """One thread for each cell of the result."""
    x, y, channel = cuda.grid(3)
    if channel >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    above, below = gain[channel] * (np.float32(1) - y_weight[y]), gain[channel] * y_weight[y]
    upper, lower = y_first[y], min(y_first[y] + 1, cells.shape[1] - 1)
    near, far = x_first[x], min(x_first[x] + 1, cells.shape[2] - 1)
    left = above * cells[channel, upper, near] + below * cells[channel, lower, near]
    right = above * cells[channel, upper, far] + below * cells[channel, lower, far]
    out[channel, y, x] = left + x_weight[x] * (right - left)


def interpolate_cells(cells, y_first, y_weight, x_first, x_weight, gain, out):
    """Interpolate (channel, row, column) cells, each channel times its gain.

    For each row and column of the result, the tables give the first of two of the source's and the weight of
    the second.
    """
    _interpolate_cells[out.shape](cells, y_first, y_weight, x_first, x_weight, gain, out)
