"""Resizing on CUDA: one thread for each output value."""

import numpy as np

from cvkit._jit import cuda, cuda_kernel


@cuda_kernel
def _bilinear_exact(source, y_first, y_weight, x_first, x_weight, out):
    position, y, image = cuda.grid(3)
    count, source_height, source_width, channels = source.shape
    if image >= count or y >= out.shape[1] or position >= out.shape[2] * channels:
        return
    x, channel = divmod(position, channels)
    top, left = y_first[y], x_first[x]
    bottom, right = min(top + 1, source_height - 1), min(left + 1, source_width - 1)
    lower, after = np.int32(y_weight[y]), np.int32(x_weight[x])
    upper, before = np.int32(256) - lower, np.int32(256) - after
    above = source[image, top, left, channel] * before + source[image, top, right, channel] * after
    below = source[image, bottom, left, channel] * before + source[image, bottom, right, channel] * after
    out[image, y, x, channel] = (above * upper + below * lower + np.int32(32768)) >> 16


def bilinear_exact(source, y_first, y_weight, x_first, x_weight, out):
    """Resize by two-tap blends in fixed point; the tables give the first tap and the second's weight."""
    count, height, width, channels = out.shape
    _bilinear_exact[count, height, width * channels](source, y_first, y_weight, x_first, x_weight, out)
