"""Smaller versions of an image of four floats a pixel, on CUDA."""

import numpy as np

from cvkit._jit import cuda, cuda_kernel


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
    """Average neighbouring rows and columns of an (H, W, 4) image.

    For each row and column of the result, the tables give the first of the source's and the weights of it
    and its successors.
    """
    _shrink[out.shape[:2]](source, y_first, y_weights, x_first, x_weights, out)
