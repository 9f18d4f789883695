"""Resizing on CUDA by copies and in integers: one thread for each output pixel, or some."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel

# Rows of a thread's strip where weights are bilinear: what belongs to its column is looked up once.
_ROWS = 8
_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH = (np.uint64(channel) for channel in range(5))


@helper
def _blend(left, right, weights):
    """Blend two bytes; 32 bits hold what Numba would take 64 for."""
    number = np.int32
    return number(number(number(left) * weights.before) + number(number(right) * weights.after))


@helper
def _behind(index, size):
    """Return the next index, or the last one of ``size`` itself."""
    return min(np.uint32(index + np.uint32(1)), np.uint32(size - 1))


class _Weights(NamedTuple):
    """Of the two columns and the two rows around a pixel."""

    before: Any
    after: Any
    upper: Any
    lower: Any


class _Corners(NamedTuple):
    """The four pixels around one."""

    upper_left: Any
    upper_right: Any
    lower_left: Any
    lower_right: Any


@helper
def _fill(pixel, value_of, corners, weights, channels):
    """Write all channels of a pixel; a loop over the few that most images have takes as long again."""
    pixel[_FIRST] = value_of(corners, _FIRST, weights)
    if channels > 1:
        pixel[_SECOND] = value_of(corners, _SECOND, weights)
    if channels > 2:
        pixel[_THIRD] = value_of(corners, _THIRD, weights)
    if channels > 3:
        pixel[_FOURTH] = value_of(corners, _FOURTH, weights)
        channel = _FIFTH
        while channel < np.uint64(channels):
            pixel[channel] = value_of(corners, channel, weights)
            channel += np.uint64(1)


@helper
def _exact_value(corners, channel, weights):
    number = np.int32
    total = number(_blend(corners.upper_left[channel], corners.upper_right[channel], weights) * weights.upper)
    total += number(
        _blend(corners.lower_left[channel], corners.lower_right[channel], weights) * weights.lower
    )
    return number(total + number(32768)) >> number(16)


@cuda_kernel
def _bilinear_exact(source, y_first, y_weight, x_first, x_weight, out):
    x, strip, index = pixel_of_thread()
    number = np.int32
    if index >= out.shape[0] or x >= out.shape[2]:
        return
    image, result, channels = source[index], out[index], out.shape[3]
    left, after = x_first[x], number(x_weight[x])
    right = _behind(left, image.shape[1])
    y = np.uint32(strip * np.uint32(_ROWS))
    end = min(np.uint32(y + np.uint32(_ROWS)), np.uint32(out.shape[1]))
    while y < end:
        top, lower = y_first[y], number(y_weight[y])
        above, below, pixel = image[top], image[_behind(top, image.shape[0])], result[y, x]
        corners = _Corners(above[left], above[right], below[left], below[right])
        weights = _Weights(number(number(256) - after), after, number(number(256) - lower), lower)
        _fill(pixel, _exact_value, corners, weights, channels)
        y = np.uint32(y + np.uint32(1))


def bilinear_exact(source, y_first, y_weight, x_first, x_weight, out):
    """Resize by two-tap blends in fixed point; the tables give the first tap and the second's weight."""
    strips = -(-out.shape[1] // _ROWS)
    _bilinear_exact[out.shape[0], strips, out.shape[2]](source, y_first, y_weight, x_first, x_weight, out)


@helper
def _value(corners, channel, weights):
    """Blend four bytes; each product loses its low bits before the sum, as in OpenCV's vector code."""
    number = np.int32
    top = _blend(corners.upper_left[channel], corners.upper_right[channel], weights) >> number(4)
    bottom = _blend(corners.lower_left[channel], corners.lower_right[channel], weights) >> number(4)
    total = number(number(top * weights.upper) >> number(16))
    total = number(total + (number(bottom * weights.lower) >> number(16)))
    return number(total + number(2)) >> number(2)


@cuda_kernel
def _bilinear(source, y_index, y_weights, x_first, x_weights, out):
    x, strip, index = pixel_of_thread()
    number = np.int32
    if index >= out.shape[0] or x >= out.shape[2]:
        return
    image, result, channels = source[index], out[index], out.shape[3]
    left = x_first[x]
    right = _behind(left, image.shape[1])
    before, after = number(x_weights[_FIRST, x]), number(x_weights[_SECOND, x])
    y = np.uint32(strip * np.uint32(_ROWS))
    end = min(np.uint32(y + np.uint32(_ROWS)), np.uint32(out.shape[1]))
    while y < end:
        above, below, pixel = image[y_index[_FIRST, y]], image[y_index[_SECOND, y]], result[y, x]
        corners = _Corners(above[left], above[right], below[left], below[right])
        weights = _Weights(before, after, number(y_weights[_FIRST, y]), number(y_weights[_SECOND, y]))
        _fill(pixel, _value, corners, weights, channels)
        y = np.uint32(y + np.uint32(1))


@cuda_kernel
def _halve(source, to_even, out):
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    number, one = np.uint32, np.uint32(1)
    left, top, pixel = number(x << one), number(y << one), out[index, y, x]
    upper, lower, right = source[index, top], source[index, number(top | one)], number(left | one)
    upper_left, upper_right, lower_left, lower_right = upper[left], upper[right], lower[left], lower[right]
    channel, channels = np.uint64(0), np.uint64(out.shape[3])
    while channel < channels:
        total = number(number(upper_left[channel]) + number(upper_right[channel]))
        total = number(total + number(number(lower_left[channel]) + number(lower_right[channel])))
        half = number(one + (total >> number(2) & one)) if to_even else number(2)
        pixel[channel] = number(total + half) >> number(2)
        channel += np.uint64(1)


@cuda_kernel
def _nearest(source, y_index, x_index, out):
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    near, pixel = source[index, y_index[y], x_index[x]], out[index, y, x]
    channel, channels = np.uint64(0), np.uint64(out.shape[3])
    while channel < channels:
        pixel[channel] = near[channel]
        channel += np.uint64(1)


def nearest(source, y_index, x_index, out):
    """Copy one pixel for each."""
    _nearest[out.shape[:3]](source, y_index, x_index, out)


def bilinear(source, y_index, y_weights, x_first, x_weights, out):
    """Resize bytes by two-tap blends in fixed point; tables of two rows and the first of two columns."""
    strips = -(-out.shape[1] // _ROWS)
    _bilinear[out.shape[0], strips, out.shape[2]](source, y_index, y_weights, x_first, x_weights, out)


def halve(source, to_even, units, out):
    """Average 2 x 2 unsigned values, halves rounded up or ``to_even``; the units are for the CPU."""
    _halve[out.shape[:3]](source, to_even, out)
