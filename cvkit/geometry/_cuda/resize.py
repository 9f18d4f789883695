"""Resizing on CUDA by copies and in integers: one thread for each output pixel, or some."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel

# Rows of a thread's strip where weights are bilinear: what belongs to its column is looked up once.
_ROWS = 4


@helper
def _blend(left, right, before, after):
    """Blend two bytes; 32 bits hold what Numba would take 64 for."""
    number = np.int32
    return number(number(number(left) * before) + number(number(right) * after))


@helper
def _behind(index, size):
    """Return the next index, or the last one of ``size`` itself."""
    return min(np.uint32(index + np.uint32(1)), np.uint32(size - 1))


@cuda_kernel
def _bilinear_exact(source, y_first, y_weight, x_first, x_weight, out):
    x, strip, index = pixel_of_thread()
    number = np.int32
    if index >= out.shape[0] or x >= out.shape[2]:
        return
    image, result, height = source[index], out[index], np.uint32(out.shape[1])
    left = x_first[x]
    right, after = _behind(left, image.shape[1]), number(x_weight[x])
    before = number(number(256) - after)
    first = np.uint32(strip * np.uint32(_ROWS))
    for y in range(first, min(np.uint32(first + np.uint32(_ROWS)), height)):
        top, lower = y_first[y], number(y_weight[y])
        above, below, pixel = image[top], image[_behind(top, image.shape[0])], result[y, x]
        upper_left, upper_right, lower_left, lower_right = (
            above[left],
            above[right],
            below[left],
            below[right],
        )
        upper = number(number(256) - lower)
        for channel in range(np.uint64(pixel.shape[0])):
            total = number(_blend(upper_left[channel], upper_right[channel], before, after) * upper)
            total += number(_blend(lower_left[channel], lower_right[channel], before, after) * lower)
            pixel[channel] = number(total + number(32768)) >> number(16)


def bilinear_exact(source, y_first, y_weight, x_first, x_weight, out):
    """Resize by two-tap blends in fixed point; the tables give the first tap and the second's weight."""
    strips = -(-out.shape[1] // _ROWS)
    _bilinear_exact[out.shape[0], strips, out.shape[2]](source, y_first, y_weight, x_first, x_weight, out)


@cuda_kernel
def _bilinear(source, y_index, y_weights, x_first, x_weights, out):
    x, strip, index = pixel_of_thread()
    number = np.int32
    if index >= out.shape[0] or x >= out.shape[2]:
        return
    image, result, height = source[index], out[index], np.uint32(out.shape[1])
    left = x_first[x]
    right = _behind(left, image.shape[1])
    before, after = number(x_weights[0, x]), number(x_weights[1, x])
    first = np.uint32(strip * np.uint32(_ROWS))
    for y in range(first, min(np.uint32(first + np.uint32(_ROWS)), height)):
        above, below = image[y_index[0, y]], image[y_index[1, y]]
        upper_left, upper_right, lower_left, lower_right = (
            above[left],
            above[right],
            below[left],
            below[right],
        )
        upper, lower, pixel = number(y_weights[0, y]), number(y_weights[1, y]), result[y, x]
        for channel in range(np.uint64(pixel.shape[0])):
            # Each product loses its low bits before the sum, as in OpenCV's vector code.
            top = _blend(upper_left[channel], upper_right[channel], before, after) >> number(4)
            bottom = _blend(lower_left[channel], lower_right[channel], before, after) >> number(4)
            total = number((number(top * upper) >> number(16)) + (number(bottom * lower) >> number(16)))
            pixel[channel] = number(total + number(2)) >> number(2)


@cuda_kernel
def _halve(source, to_even, out):
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    number, one = np.uint32, np.uint32(1)
    left, top, pixel = number(x << one), number(y << one), out[index, y, x]
    above, below, right = source[index, top], source[index, number(top | one)], number(left | one)
    for channel in range(np.uint64(pixel.shape[0])):
        total = number(number(above[left, channel]) + number(above[right, channel]))
        total = number(total + number(number(below[left, channel]) + number(below[right, channel])))
        half = number(one + (total >> number(2) & one)) if to_even else number(2)
        pixel[channel] = number(total + half) >> number(2)


@cuda_kernel
def _nearest(source, y_index, x_index, out):
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    near, pixel = source[index, y_index[y], x_index[x]], out[index, y, x]
    for channel in range(np.uint64(pixel.shape[0])):
        pixel[channel] = near[channel]


def nearest(source, y_index, x_index, out):
    """Copy one pixel for each."""
    _nearest[out.shape[:3]](source, y_index, x_index, out)


def bilinear(source, y_index, y_weights, x_first, x_weights, out):
    """Resize bytes by two-tap blends in fixed point; tables of two rows and the first of two columns."""
    strips = -(-out.shape[1] // _ROWS)
    _bilinear[out.shape[0], strips, out.shape[2]](source, y_index, y_weights, x_first, x_weights, out)


def halve(source, to_even, out):
    """Average 2 x 2 bytes; halves are rounded up, or to even."""
    _halve[out.shape[:3]](source, to_even, out)
