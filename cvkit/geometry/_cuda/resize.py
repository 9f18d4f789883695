"""Resizing on CUDA by copies and in integers: one thread for each output value."""

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel


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


@cuda_kernel
def _bilinear(source, y_index, y_weights, x_first, x_weights, out):
    position, y, image = cuda.grid(3)
    count, _, source_width, channels = source.shape
    if image >= count or y >= out.shape[1] or position >= out.shape[2] * channels:
        return
    x, channel = divmod(position, channels)
    top, bottom = y_index[0, y], y_index[1, y]
    left, right = x_first[x], min(x_first[x] + 1, source_width - 1)
    before, after = np.int32(x_weights[0, x]), np.int32(x_weights[1, x])
    above = source[image, top, left, channel] * before + source[image, top, right, channel] * after
    below = source[image, bottom, left, channel] * before + source[image, bottom, right, channel] * after
    # Each product loses its low bits before the sum, as in OpenCV's vector code.
    above = ((above >> 4) * np.int32(y_weights[0, y])) >> 16
    below = ((below >> 4) * np.int32(y_weights[1, y])) >> 16
    out[image, y, x, channel] = (above + below + 2) >> 2


@cuda_kernel
def _halve(source, to_even, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    total = np.int32(0)
    for row in range(2 * y, 2 * y + 2):
        total += np.int32(source[image, row, 2 * x, channel]) + np.int32(
            source[image, row, 2 * x + 1, channel]
        )
    half = 1 + (total >> 2 & 1) if to_even else 2
    out[image, y, x, channel] = (total + half) >> 2


@cuda_kernel
def _nearest(source, y_index, x_index, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    out[image, y, x, channel] = source[image, y_index[y], x_index[x], channel]


def nearest(source, y_index, x_index, out):
    """Copy one pixel for each."""
    count, height, width, channels = out.shape
    _nearest[count, height, width * channels](source, y_index, x_index, out)


def bilinear(source, y_index, y_weights, x_first, x_weights, out):
    """Resize bytes by two-tap blends in fixed point; tables of two rows and the first of two columns."""
    count, height, width, channels = out.shape
    _bilinear[count, height, width * channels](source, y_index, y_weights, x_first, x_weights, out)


def halve(source, to_even, out):
    """Average blocks of 2 x 2 bytes, halves rounded up or ``to_even``."""
    count, height, width, channels = out.shape
    _halve[count, height, width * channels](source, to_even, out)
