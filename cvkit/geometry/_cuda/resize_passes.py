"""Resizing bytes on CUDA by two passes, each of which rounds: one thread for each value."""

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.geometry._math import weighed_bytes


@cuda_kernel
def _along_rows(source, first, weights, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    out[image, y, x, channel] = weighed_bytes(source[image, y, :, channel], np.uint64(first[x]), weights[x])


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
    out[image, y, x, channel] = weighed_bytes(source[image, :, x, channel], np.uint64(first[y]), weights[y])


def along_columns(source, first, weights, out):
    """Weigh neighboring rows, those of row y from ``first[y]`` on with the weights ``weights[y]``."""
    count, height, width, channels = out.shape
    _along_columns[count, height, width * channels](source, first, weights, out)
