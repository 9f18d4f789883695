"""Resizing on CUDA by sums of floats: one thread for each output pixel."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel
from cvkit.geometry._math import rounded

# That a thread sums at once.
_CHANNELS = 4


@helper
def _near(first, offset, size):
    """Return the index of a neighbor, or of the outermost one that there is."""
    return np.uint32(min(max(np.int32(np.int32(first) + np.int32(offset)), np.int32(0)), np.int32(size - 1)))


@helper
def _sum_of_gray(image, y_first, y_weights, x_first, x_weights):
    """Sum weighted values; a weight of 0 is left out, as times infinity it were NaN."""
    real = type(y_weights[0])
    total = real(0)
    for down in range(np.uint32(y_weights.shape[0])):
        if y_weights[down] == real(0):
            continue
        row = image[_near(y_first, down, image.shape[0])]
        along = real(0)
        for right in range(np.uint32(x_weights.shape[0])):
            if x_weights[right] == real(0):
                continue
            along += x_weights[right] * real(row[_near(x_first, right, image.shape[1]), np.uint32(0)])
        total += y_weights[down] * along
    return total


@helper
def _sums_of_color(image, y_first, y_weights, x_first, x_weights):
    """Sum weighted pixels of two to four channels; what a channel beyond the last has, does not count."""
    real = type(y_weights[0])
    third, fourth = np.uint32(min(2, image.shape[2] - 1)), np.uint32(image.shape[2] - 1)
    a, b, c, d = real(0), real(0), real(0), real(0)
    for down in range(np.uint32(y_weights.shape[0])):
        if y_weights[down] == real(0):
            continue
        row = image[_near(y_first, down, image.shape[0])]
        along_a, along_b, along_c, along_d = real(0), real(0), real(0), real(0)
        for right in range(np.uint32(x_weights.shape[0])):
            weight = x_weights[right]
            if weight == real(0):
                continue
            pixel = row[_near(x_first, right, image.shape[1])]
            along_a += weight * real(pixel[np.uint32(0)])
            along_b += weight * real(pixel[np.uint32(1)])
            along_c += weight * real(pixel[third])
            along_d += weight * real(pixel[fourth])
        weight = y_weights[down]
        a += weight * along_a
        b += weight * along_b
        c += weight * along_c
        d += weight * along_d
    return a, b, c, d


@cuda_kernel
def _weigh_gray(source, y_first, y_weights, x_first, x_weights, limits, out):
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    total = _sum_of_gray(source[index], y_first[y], y_weights[:, y], x_first[x], x_weights[:, x])
    out[index, y, x, np.uint32(0)] = rounded(total, limits)


@cuda_kernel
def _weigh_color(source, y_first, y_weights, x_first, x_weights, limits, out):
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    totals = _sums_of_color(source[index], y_first[y], y_weights[:, y], x_first[x], x_weights[:, x])
    pixel = out[index, y, x]
    for channel in range(np.uint32(pixel.shape[0])):
        pixel[channel] = rounded(totals[channel], limits)


def weighted(source, y_first, y_weights, x_first, x_weights, limits, out):
    """Sum some neighboring rows and columns in the float type of the weights; see the CPU's."""
    for first in range(0, out.shape[3], _CHANNELS):
        group = slice(first, first + _CHANNELS)
        values, sums = (source, out) if out.shape[3] <= _CHANNELS else (source[..., group], out[..., group])
        kernel = _weigh_gray if sums.shape[3] == 1 else _weigh_color
        kernel[sums.shape[:3]](values, y_first, y_weights, x_first, x_weights, limits, sums)
