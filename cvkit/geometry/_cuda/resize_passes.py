"""Resizing bytes on CUDA by two passes, each of which rounds: one thread for each value."""

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.geometry._math import WEIGHT_BITS


@helper
def _weighed(total, value, weight):
    """Add a product in 32 bits, which Numba would widen."""
    return np.int32(total + np.int32(np.int32(value) * weight))


@helper
def _rounded(total):
    return min(max(np.int32(total >> np.int32(WEIGHT_BITS)), np.int32(0)), np.int32(255))


@cuda_kernel
def _along_rows(source, first, weights, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    total = np.int32(1 << (WEIGHT_BITS - 1))
    for tap in range(weights.shape[1]):
        total = _weighed(total, source[image, y, first[x] + tap, channel], weights[x, tap])
    out[image, y, x, channel] = _rounded(total)


def along_rows(source, first, weights, out):
    """Weigh neighboring columns, those of column x from ``first[x]`` on with the weights ``weights[x]``."""
    count, height, width, channels = out.shape
    _along_rows[count, height, width * channels](source, first, weights, out)


@cuda_kernel
def _along_columns(source, first, weights, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    total = np.int32(1 << (WEIGHT_BITS - 1))
    for tap in range(weights.shape[1]):
        total = _weighed(total, source[image, first[y] + tap, x, channel], weights[y, tap])
    out[image, y, x, channel] = _rounded(total)


def along_columns(source, first, weights, out):
    """Weigh neighboring rows, those of row y from ``first[y]`` on with the weights ``weights[y]``."""
    count, height, width, channels = out.shape
    _along_columns[count, height, width * channels](source, first, weights, out)
