"""Optical flow on CUDA: a block for each point, whose threads share out the pixels of the window.

All sums over windows are whole numbers, and the same in every order.
"""

import math

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, reshaped, temporary
from cvkit.features._flow_math import (
    VALUE_BITS,
    WEIGHT_BITS,
    corner,
    determinant,
    half,
    is_near,
    is_short,
    is_trackable,
    mean_error,
    middle,
    neighbor_weights,
    oscillates,
    scaled_sum,
    step,
)

_THREADS = 64
_HALF_GRADIENT, _HALF_VALUE = np.int32(1 << (WEIGHT_BITS - 1)), np.int32(1 << (WEIGHT_BITS - VALUE_BITS - 1))
_GRADIENT_SHIFT, _VALUE_SHIFT = np.int32(WEIGHT_BITS), np.int32(WEIGHT_BITS - VALUE_BITS)
_THREE, _TEN, _ONE, _TWO = np.int32(3), np.int32(10), np.int32(1), np.float32(2)


@helper
def _place(index, size):
    return np.uint32(border_index(np.int32(index), np.int32(size), REFLECT101))


@helper
def _pixel(image, y, x, channels, channel):
    """Read a pixel of an image (H, W * C), mirrored where it is beyond the image."""
    row = image[_place(y, image.shape[0])]
    column = _place(x, np.int32(np.uint32(image.shape[1]) // channels))
    return np.int32(row[np.uint32(np.uint32(column * channels) + channel)])


@helper
def _gradient(image, y, x, channels, channel):
    """Differentiate an image by Scharr's operators; beyond it, it is flat."""
    height, width = np.int32(image.shape[0]), np.int32(np.uint32(image.shape[1]) // channels)
    if not (0 <= y < height and 0 <= x < width):
        return np.int32(0), np.int32(0)
    above, below = np.int32(y - _ONE), np.int32(y + _ONE)
    before, after = np.int32(x - _ONE), np.int32(x + _ONE)
    first = _pixel(image, above, before, channels, channel)
    third = _pixel(image, above, after, channels, channel)
    seventh = _pixel(image, below, before, channels, channel)
    ninth = _pixel(image, below, after, channels, channel)
    across = np.int32(
        _pixel(image, y, after, channels, channel) - _pixel(image, y, before, channels, channel)
    )
    down = np.int32(_pixel(image, below, x, channels, channel) - _pixel(image, above, x, channels, channel))
    dx = np.int32(np.int32(np.int32(third - first) + np.int32(ninth - seventh)) * _THREE)
    dy = np.int32(np.int32(np.int32(seventh - first) + np.int32(ninth - third)) * _THREE)
    return np.int32(dx + np.int32(across * _TEN)), np.int32(dy + np.int32(down * _TEN))


@helper
def _weighted(first, second, third, fourth, weights):
    upper = np.int32(np.int32(first * weights[0]) + np.int32(second * weights[1]))
    lower = np.int32(np.int32(third * weights[2]) + np.int32(fourth * weights[3]))
    return np.int32(upper + lower)


@helper
def _value(image, y, x, channels, channel, weights):
    """Interpolate an image."""
    below, after = np.int32(y + _ONE), np.int32(x + _ONE)
    total = _weighted(
        _pixel(image, y, x, channels, channel),
        _pixel(image, y, after, channels, channel),
        _pixel(image, below, x, channels, channel),
        _pixel(image, below, after, channels, channel),
        weights,
    )
    return np.int32(np.int32(total + _HALF_VALUE) >> _VALUE_SHIFT)


@helper
def _slope(image, y, x, channels, channel, weights):
    """Interpolate the gradient of an image."""
    below, after = np.int32(y + _ONE), np.int32(x + _ONE)
    first_x, first_y = _gradient(image, y, x, channels, channel)
    second_x, second_y = _gradient(image, y, after, channels, channel)
    third_x, third_y = _gradient(image, below, x, channels, channel)
    fourth_x, fourth_y = _gradient(image, below, after, channels, channel)
    dx = _weighted(first_x, second_x, third_x, fourth_x, weights)
    dy = _weighted(first_y, second_y, third_y, fourth_y, weights)
    return (
        np.int32(np.int32(dx + _HALF_GRADIENT) >> _GRADIENT_SHIFT),
        np.int32(np.int32(dy + _HALF_GRADIENT) >> _GRADIENT_SHIFT),
    )


@helper
def _where(place, level, channels):
    """Return row, column and channel of a value of a window."""
    pixel = np.uint32(place // channels)
    columns = np.uint32(level.columns)
    return np.int32(pixel // columns), np.int32(pixel % columns), np.uint32(place % channels)


@helper
def _summed(partial, total):
    """Return the sum of what the threads of a block have, to each of them."""
    thread = np.uint32(cuda.threadIdx.x)
    cuda.syncthreads()
    partial[thread] = total
    others = np.uint32(_THREADS // 2)
    while others > np.uint32(0):
        cuda.syncthreads()
        if thread < others:
            partial[thread] += partial[np.uint32(thread + others)]
        others = np.uint32(others >> np.uint32(1))
    cuda.syncthreads()
    return partial[np.uint32(0)]


@helper
def _describe(image, left, top, weights, level, window):
    """Fill values and gradients of a window, three numbers for each; return a thread's sums of products."""
    channels = np.uint32(np.uint32(window.shape[0]) // np.uint32(level.rows * level.columns))
    xx, xy, yy = np.int64(0), np.int64(0), np.int64(0)
    for place in range(np.uint32(cuda.threadIdx.x), np.uint32(window.shape[0]), np.uint32(_THREADS)):
        place = np.uint32(place)
        row, column, channel = _where(place, level, channels)
        y, x = np.int32(top + row), np.int32(left + column)
        values = window[place]
        dx, dy = _slope(image, y, x, channels, channel, weights)
        values[np.uint32(0)] = _value(image, y, x, channels, channel, weights)
        values[np.uint32(1)], values[np.uint32(2)] = dx, dy
        xx += np.int32(dx * dx)
        xy += np.int32(dx * dy)
        yy += np.int32(dy * dy)
    return xx, xy, yy


@helper
def _mismatch(image, left, top, weights, level, window):
    """Return this thread's sums: differences times the gradients, in x and y, and the differences' sizes."""
    channels = np.uint32(np.uint32(window.shape[0]) // np.uint32(level.rows * level.columns))
    total_x, total_y, total = np.int64(0), np.int64(0), np.int64(0)
    for place in range(np.uint32(cuda.threadIdx.x), np.uint32(window.shape[0]), np.uint32(_THREADS)):
        place = np.uint32(place)
        row, column, channel = _where(place, level, channels)
        values = window[place]
        value = _value(image, np.int32(top + row), np.int32(left + column), channels, channel, weights)
        difference = np.int32(value - values[np.uint32(0)])
        total_x += np.int32(difference * values[np.uint32(1)])
        total_y += np.int32(difference * values[np.uint32(2)])
        total += abs(difference)
    return total_x, total_y, total


@helper
def _compare(image, level, window, partial, x, y):
    """Return whether a window is near the image, and how far its values are off."""
    left, top = np.float32(math.floor(x)), np.float32(math.floor(y))
    channels = np.int32(np.int32(window.shape[0]) // np.int32(level.rows * level.columns))
    if not is_near(left, top, level, image.shape[0], np.int32(image.shape[1]) // channels):
        return False, np.float32(0)
    weights = neighbor_weights(x - left, y - top)
    _, _, total = _mismatch(image, np.int32(left), np.int32(top), weights, level, window)
    return True, mean_error(_summed(partial, total), level, channels)


@helper
def _follow(image, gradients, level, window, partial, start):
    """Move a point step by step to where the window looks the same; return where, and if it stayed near."""
    xx, xy, yy, inverse = gradients
    channels = np.int32(np.int32(window.shape[0]) // np.int32(level.rows * level.columns))
    height, width = np.int32(image.shape[0]), np.int32(np.int32(image.shape[1]) // channels)
    found_x, found_y = start
    x, y = corner(found_x, level.columns), corner(found_y, level.rows)
    last_x, last_y = np.float32(0), np.float32(0)
    for iteration in range(level.max_iterations):
        left, top = np.float32(math.floor(x)), np.float32(math.floor(y))
        if not is_near(left, top, level, height, width):
            return False, found_x, found_y
        weights = neighbor_weights(x - left, y - top)
        total_x, total_y, _ = _mismatch(image, np.int32(left), np.int32(top), weights, level, window)
        mismatch_x = scaled_sum(_summed(partial, total_x))
        mismatch_y = scaled_sum(_summed(partial, total_y))
        step_x, step_y = step(xx, xy, yy, inverse, mismatch_x, mismatch_y)
        x, y = x + step_x, y + step_y
        found_x, found_y = middle(x, level.columns), middle(y, level.rows)
        if is_short(step_x, step_y, level):
            break
        if iteration > 0 and oscillates(step_x, step_y, last_x, last_y):
            found_x -= half(step_x)
            found_y -= half(step_y)
            break
        last_x, last_y = step_x, step_y
    return True, found_x, found_y


@helper
def _track_point(images, point, level, window, partial, start):
    """Track a point on one level; return status, error and where it is."""
    previous, following = images
    found_x, found_y = start
    channels = np.int32(np.int32(window.shape[0]) // np.int32(level.rows * level.columns))
    x, y = corner(point[0] * level.scale, level.columns), corner(point[1] * level.scale, level.rows)
    left, top = np.float32(math.floor(x)), np.float32(math.floor(y))
    width = np.int32(np.int32(previous.shape[1]) // channels)
    if not is_near(left, top, level, previous.shape[0], width):
        return False, np.float32(0), found_x, found_y
    weights = neighbor_weights(x - left, y - top)
    xx, xy, yy = _describe(previous, np.int32(left), np.int32(top), weights, level, window)
    xx = scaled_sum(_summed(partial, xx))
    xy = scaled_sum(_summed(partial, xy))
    yy = scaled_sum(_summed(partial, yy))
    size = determinant(xx, xy, yy)
    if not is_trackable(xx, xy, yy, size, level):
        return False, np.float32(0), found_x, found_y
    gradients = xx, xy, yy, np.float32(1) / size
    state, found_x, found_y = _follow(following, gradients, level, window, partial, (found_x, found_y))
    error = np.float32(0)
    if state and level.is_finest:
        x, y = corner(found_x, level.columns), corner(found_y, level.rows)
        state, error = _compare(following, level, window, partial, x, y)
    return state, error, found_x, found_y


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _track(previous, following, points, first, level, windows, tracked):
    partial = cuda.shared.array(_THREADS, np.int64)
    found, status, error = tracked
    place = np.uint32(cuda.blockIdx.x)
    image = np.uint32(place // np.uint32(np.uint32(found.shape[0]) // np.uint32(previous.shape[0])))
    if level.is_coarsest:
        start = first[np.uint32(place % np.uint32(first.shape[0]))]
        at = start[0] * level.scale, start[1] * level.scale
    else:
        at = found[place, 0] * _TWO, found[place, 1] * _TWO
    images, source = (
        (previous[image], following[image]),
        points[np.uint32(place % np.uint32(points.shape[0]))],
    )
    state, distance, x, y = _track_point(images, source, level, windows[place], partial, at)
    if cuda.threadIdx.x == 0:
        found[place, 0], found[place, 1] = x, y
        # What the finest level finds stays.
        status[place], error[place] = state, distance


def track(previous, following, points, first, level, tracked):
    """Track points from images to those that follow them, on one level of their pyramids.

    ``points`` are the same (M, 2) for all images or others (N * M, 2); so is where to look ``first``, which
    the coarsest level reads. ``tracked``, of N * M points, comes from the level before and goes to the next.
    """
    count, height, width, channels = previous.shape
    rows, rows_after = (
        reshaped(images, (count, height, width * channels)) for images in (previous, following)
    )
    size = int(level.rows) * int(level.columns) * channels
    windows = temporary((tracked.found.shape[0], size, 3), np.int16, previous)
    _track[tracked.found.shape[0] * _THREADS](rows, rows_after, points, first, level, windows, tracked)
