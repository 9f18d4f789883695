"""Optical flow on the CPU: the windows of a point lie in short rows behind each other, as one long row.

All sums over windows are whole numbers, and the same in every order. Where a row ends, and the neighbors on
the right are those of the next row, the gradients are 0.
"""

import math
from typing import NamedTuple

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span
from cvkit.features._flow_math import (
    BLOCK,
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

# Points that one task works on.
POINTS = 16
# Values that are copied at once; buffers have room for as many more.
_LANES = 16
_HALF_GRADIENT, _GRADIENT_SHIFT = np.int32(1 << (WEIGHT_BITS - 1)), np.int32(WEIGHT_BITS)
_VALUE_SCALE = np.float32(2.0 ** (VALUE_BITS - WEIGHT_BITS))
_LOW, _SHIFT, _HALF = np.int32(0xFFFF), np.int32(16), np.float32(0.5)
_THREE, _TEN, _TWO = np.int32(3), np.int32(10), np.float32(2)


class _Rows(NamedTuple):
    """How a window of some rows and columns lies in one long row, and an array of such rows.

    ``values`` holds whole numbers as float32, whose weighted sums are exact, too. Of the others the names are
    numbers: pixels smoothed and differentiated down the columns, derivatives of the patch around the window,
    and interpolated values and derivatives of the window.
    """

    rows: int
    columns: int
    channels: int
    stride: int
    numbers: np.ndarray


_SMOOTH, _ACROSS, _PATCH_X, _PATCH_Y, _VALUE, _GRADIENT_X, _GRADIENT_Y = range(7)


@helper
def _copy(row, patch):
    for x in range(parts_of(patch.shape[0], _LANES) * _LANES):
        patch[x] = np.float32(row[x])


@helper
def _cut(image, top, left, rows, columns, place, patch):
    """Copy a part of an image (H, W * C), mirrored where it is beyond the image.

    A row is copied in whole vectors: what they hold too much, the next row replaces.
    """
    channels, stride = place.channels, place.stride
    height, width = image.shape[0], image.shape[1] // channels
    count = columns * channels
    if left >= 0 and left * channels + count + _LANES <= image.shape[1]:
        for y in range(rows):
            row = image[border_index(top + y, height, REFLECT101)]
            _copy(row[left * channels :], patch[y * stride : y * stride + count])
        return
    for y in range(rows):
        row = image[border_index(top + y, height, REFLECT101)]
        for x in range(columns):
            source = border_index(left + x, width, REFLECT101) * channels
            for channel in range(channels):
                patch[y * stride + x * channels + channel] = np.float32(row[source + channel])


@helper
def _differentiate_down(above, here, below, smooth, across):
    for x in range(smooth.shape[0]):
        first, middle, last = np.int32(above[x]), np.int32(here[x]), np.int32(below[x])
        smooth[x] = np.int32(np.int32(np.int32(first + last) * _THREE) + np.int32(middle * _TEN))
        across[x] = np.int32(last - first)


@helper
def _differentiate_along(smooth, across, channels, dx, dy):
    next_smooth, next_across, last_across = smooth[2 * channels :], across[channels:], across[2 * channels :]
    for x in range(dx.shape[0]):
        dx[x] = np.int32(next_smooth[x] - smooth[x])
        outer = np.int32(np.int32(across[x] + last_across[x]) * _THREE)
        dy[x] = np.int32(outer + np.int32(next_across[x] * _TEN))


@helper
def _scharr(patch, size, top, left, place):
    """Differentiate a patch that begins one row and column before the window; beyond the image it is flat."""
    channels, stride, numbers = place.channels, place.stride, place.numbers
    length = (place.rows + 1) * stride + channels
    smooth = numbers[_SMOOTH, : length + 2 * channels]
    across = numbers[_ACROSS, : length + 2 * channels]
    _differentiate_down(patch, patch[stride:], patch[2 * stride :], smooth, across)
    dx, dy = numbers[_PATCH_X, :length], numbers[_PATCH_Y, :length]
    _differentiate_along(smooth, across, channels, dx, dy)
    height, width = size
    if top >= 0 and left >= 0 and top + place.rows < height and left + place.columns < width:
        return
    for y in range(place.rows + 1):
        for x in range(place.columns + 1):
            if not (0 <= top + y < height and 0 <= left + x < width):
                for channel in range(channels):
                    dx[y * stride + x * channels + channel] = 0
                    dy[y * stride + x * channels + channel] = 0


@helper
def _interpolate(pixels, channels, stride, weights, values):
    """Weigh four neighbors; the sums are whole numbers of less than 24 bits, so that none is rounded."""
    first, second = np.float32(weights[0]), np.float32(weights[1])
    third, fourth = np.float32(weights[2]), np.float32(weights[3])
    right, below, last = pixels[channels:], pixels[stride:], pixels[stride + channels :]
    for x in range(values.shape[0]):
        total = pixels[x] * first + right[x] * second + below[x] * third + last[x] * fourth
        values[x] = np.int32(total * _VALUE_SCALE + _HALF)


@helper
def _interpolate_gradient(patch, channels, stride, weights, gradient):
    first, second, third, fourth = weights
    right, below, last = patch[channels:], patch[stride:], patch[stride + channels :]
    for x in range(gradient.shape[0]):
        upper = np.int32(np.int32(patch[x] * first) + np.int32(right[x] * second))
        lower = np.int32(np.int32(below[x] * third) + np.int32(last[x] * fourth))
        gradient[x] = np.int32(np.int32(np.int32(upper + lower) + _HALF_GRADIENT) >> _GRADIENT_SHIFT)


@helper
def _clear_ends(place):
    """Set the gradients between the rows of the window to 0."""
    gradient_x, gradient_y = place.numbers[_GRADIENT_X], place.numbers[_GRADIENT_Y]
    for y in range(place.rows):
        for x in range(y * place.stride + place.columns * place.channels, (y + 1) * place.stride):
            gradient_x[x] = 0
            gradient_y[x] = 0


@helper
def _joined(low, high):
    return np.int64(high) * np.int64(1 << 16) + np.int64(low)


@helper
def _products_of_block(a, b):
    """Sum products of whole numbers, the lower and the higher half of their bits apart."""
    low_a, high_a, low_b, high_b = np.int32(0), np.int32(0), np.int32(0), np.int32(0)
    low, high = np.int32(0), np.int32(0)
    for x in range(a.shape[0]):
        first, second = a[x], b[x]
        number = np.int32(first * first)
        low_a = np.int32(low_a + np.int32(number & _LOW))
        high_a = np.int32(high_a + np.int32(number >> _SHIFT))
        number = np.int32(first * second)
        low = np.int32(low + np.int32(number & _LOW))
        high = np.int32(high + np.int32(number >> _SHIFT))
        number = np.int32(second * second)
        low_b = np.int32(low_b + np.int32(number & _LOW))
        high_b = np.int32(high_b + np.int32(number >> _SHIFT))
    return _joined(low_a, high_a), _joined(low, high), _joined(low_b, high_b)


@helper
def _mismatch_of_block(pixels, channels, stride, weights, window):
    """Sum the differences of two windows times the gradients; ``window`` has values and gradients."""
    first, second = np.float32(weights[0]), np.float32(weights[1])
    third, fourth = np.float32(weights[2]), np.float32(weights[3])
    right, below, last = pixels[channels:], pixels[stride:], pixels[stride + channels :]
    values, gradient_x, gradient_y = window
    low_x, high_x, low_y, high_y = np.int32(0), np.int32(0), np.int32(0), np.int32(0)
    for x in range(values.shape[0]):
        total = pixels[x] * first + right[x] * second + below[x] * third + last[x] * fourth
        difference = np.int32(np.int32(total * _VALUE_SCALE + _HALF) - values[x])
        number = np.int32(difference * gradient_x[x])
        low_x = np.int32(low_x + np.int32(number & _LOW))
        high_x = np.int32(high_x + np.int32(number >> _SHIFT))
        number = np.int32(difference * gradient_y[x])
        low_y = np.int32(low_y + np.int32(number & _LOW))
        high_y = np.int32(high_y + np.int32(number >> _SHIFT))
    return _joined(low_x, high_x), _joined(low_y, high_y)


@helper
def _products(place):
    """Return the sums of the products of gradients: x with x, x with y, y with y."""
    length = place.rows * place.stride
    xx, xy, yy = np.int64(0), np.int64(0), np.int64(0)
    for block in range(parts_of(length, BLOCK)):
        begin, end = span(block, BLOCK, length)
        x, y = place.numbers[_GRADIENT_X, begin:end], place.numbers[_GRADIENT_Y, begin:end]
        more_xx, more_xy, more_yy = _products_of_block(x, y)
        xx, xy, yy = xx + more_xx, xy + more_xy, yy + more_yy
    return scaled_sum(xx), scaled_sum(xy), scaled_sum(yy)


@helper
def _mismatch(pixels, weights, place):
    length = place.rows * place.stride
    total_x, total_y = np.int64(0), np.int64(0)
    for block in range(parts_of(length, BLOCK)):
        begin, end = span(block, BLOCK, length)
        window = (
            place.numbers[_VALUE, begin:end],
            place.numbers[_GRADIENT_X, begin:end],
            place.numbers[_GRADIENT_Y, begin:end],
        )
        x, y = _mismatch_of_block(pixels[begin:], place.channels, place.stride, weights, window)
        total_x, total_y = total_x + x, total_y + y
    return scaled_sum(total_x), scaled_sum(total_y)


@helper
def _total_difference(pixels, weights, place):
    """Sum how far the values of two windows are apart."""
    values = place.numbers[_SMOOTH, : place.rows * place.stride]
    _interpolate(pixels, place.channels, place.stride, weights, values)
    total = np.int64(0)
    for y in range(place.rows):
        for x in range(y * place.stride, y * place.stride + place.columns * place.channels):
            total += abs(values[x] - place.numbers[_VALUE, x])
    return total


@helper
def _describe(image, x, y, patch, place):
    """Interpolate values and gradients of the window that begins at x and y."""
    channels, stride, numbers = place.channels, place.stride, place.numbers
    left, top = math.floor(x), math.floor(y)
    weights = neighbor_weights(x - np.float32(left), y - np.float32(top))
    _cut(image, top - 1, left - 1, place.rows + 3, place.columns + 3, place, patch)
    _scharr(patch, (image.shape[0], image.shape[1] // channels), top, left, place)
    length = place.rows * stride
    _interpolate(patch[stride + channels :], channels, stride, weights, numbers[_VALUE, :length])
    for source, target in ((_PATCH_X, _GRADIENT_X), (_PATCH_Y, _GRADIENT_Y)):
        _interpolate_gradient(numbers[source], channels, stride, weights, numbers[target, :length])
    _clear_ends(place)


@helper
def _follow(image, gradients, level, patch, place, found):
    """Move a point step by step to where the window looks the same; tell whether it stayed near."""
    height, width = image.shape[0], image.shape[1] // place.channels
    xx, xy, yy, inverse = gradients
    x, y = corner(found[0], level.columns), corner(found[1], level.rows)
    last_x, last_y = np.float32(0), np.float32(0)
    cut_left, cut_top = np.float32(math.inf), np.float32(math.inf)
    for iteration in range(level.max_iterations):
        left, top = np.float32(math.floor(x)), np.float32(math.floor(y))
        if not is_near(left, top, level, height, width):
            return False
        if left != cut_left or top != cut_top:
            cut_left, cut_top = left, top
            _cut(image, np.int64(top), np.int64(left), place.rows + 1, place.columns + 1, place, patch)
        mismatch_x, mismatch_y = _mismatch(patch, neighbor_weights(x - left, y - top), place)
        step_x, step_y = step(xx, xy, yy, inverse, mismatch_x, mismatch_y)
        x, y = x + step_x, y + step_y
        found[0], found[1] = middle(x, level.columns), middle(y, level.rows)
        if is_short(step_x, step_y, level):
            break
        if iteration > 0 and oscillates(step_x, step_y, last_x, last_y):
            found[0] -= half(step_x)
            found[1] -= half(step_y)
            break
        last_x, last_y = step_x, step_y
    return True


@helper
def _compare(image, level, patch, place, found):
    """Return whether the window around a point is near the image, and how far its values are off."""
    x, y = corner(found[0], level.columns), corner(found[1], level.rows)
    left, top = np.float32(math.floor(x)), np.float32(math.floor(y))
    if not is_near(left, top, level, image.shape[0], image.shape[1] // place.channels):
        return False, np.float32(0)
    _cut(image, np.int64(top), np.int64(left), place.rows + 1, place.columns + 1, place, patch)
    total = _total_difference(patch, neighbor_weights(x - left, y - top), place)
    return True, mean_error(total, level, place.channels)


@helper
def _track(images, point, level, patch, place, found):
    """Track a point on one level; return whether it is still there, and the error."""
    previous, following = images
    x, y = corner(point[0] * level.scale, level.columns), corner(point[1] * level.scale, level.rows)
    left, top = np.float32(math.floor(x)), np.float32(math.floor(y))
    height, width = previous.shape[0], previous.shape[1] // place.channels
    if not is_near(left, top, level, height, width):
        return False, np.float32(0)
    _describe(previous, x, y, patch, place)
    xx, xy, yy = _products(place)
    size = determinant(xx, xy, yy)
    if not is_trackable(xx, xy, yy, size, level):
        return False, np.float32(0)
    if not _follow(following, (xx, xy, yy, np.float32(1) / size), level, patch, place, found):
        return False, np.float32(0)
    if level.is_finest:
        return _compare(following, level, patch, place, found)
    return True, np.float32(0)


@helper
def _track_some(images, points, first, level, work, part, tracked):
    patch, place = work
    found, status, error = tracked
    for point in range(part[0], part[1]):
        if level.is_coarsest:
            start = first[point % first.shape[0]]
            found[point, 0], found[point, 1] = start[0] * level.scale, start[1] * level.scale
        else:
            found[point, 0] *= _TWO
            found[point, 1] *= _TWO
        source = points[point % points.shape[0]]
        # What the finest level finds stays.
        status[point], error[point] = _track(images, source, level, patch, place, found[point])


@helper(allocates=True)
def _track_part(images, channels, points, first, level, part, tracked):
    rows, columns = level.rows, level.columns
    stride = (columns + 3) * channels
    size = (rows + 3) * stride + 4 * channels + _LANES
    # Zeros, because sums run over what is between the rows, too.
    patch, numbers = np.zeros(size, np.float32), np.zeros((7, size), np.int32)
    place = _Rows(rows, columns, channels, stride, numbers)
    _track_some(images, points, first, level, (patch, place), part, tracked)


@cpu_kernel
def track(previous, following, points, first, level, tracked):
    """Track points from images to those that follow them, on one level of their pyramids.

    ``points`` are the same (M, 2) for all images or others (N * M, 2); so is where to look ``first``, which
    the coarsest level reads. ``tracked``, of N * M points, comes from the level before and goes to the next.
    """
    count, height, width, channels = previous.shape
    length = width * channels
    rows, rows_after = previous.reshape(count, height, length), following.reshape(count, height, length)
    each = tracked.found.shape[0] // count
    parts = parts_of(each, POINTS)
    for task in prange(count * parts):
        image = task // parts
        begin, end = span(task % parts, POINTS, each)
        part = begin + image * each, end + image * each
        images = rows[image], rows_after[image]
        _track_part(images, channels, points, first, level, part, tracked)
