"""Sums of channels over cells on CUDA: a kernel for each stage, a thread for each pixel, then each cell."""

import math
from typing import Any, NamedTuple

import numpy as np

from cvkit._border import REFLECT, border_index
from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.features._channel_math import HALF, NORMALIZER, QUARTER, RADIUS, bin_share, orientation, triangle

# Rows of a thread's strip.
_ROWS = 4
# Rows that their averages depend on.
_NEAR_ROWS = 2 * RADIUS + _ROWS
_FIRST, _SECOND, _THIRD = (np.uint64(channel) for channel in range(3))


@cuda_kernel
def _find_nan(images, found):
    x, y, index = pixel_of_thread()
    if index >= images.shape[0] or y >= images.shape[1] or x >= images.shape[2]:
        return
    pixel = images[index, y, x]
    for channel in range(np.uint32(pixel.shape[0])):
        if math.isnan(pixel[channel]):
            found[0] = 1


def find_nan(images, found):
    """Set ``found[0]`` to 1 if a value is NaN."""
    _find_nan[images.shape[:3]](images, found)


@helper
def _clamped(index, size):
    return np.uint32(min(max(index, np.int32(0)), np.int32(size - 1)))


@helper
def _blend(above, here, below, channel):
    """Blend three pixels of a column by 1 2 1."""
    return QUARTER * (above[channel] + below[channel]) + HALF * here[channel]


@helper
def _smoothed(columns, channel):
    """Blend three columns of pixels by 1 2 1."""
    left, middle, right = columns
    total = np.float32(0)
    total += QUARTER * _blend(left[0], left[1], left[2], channel)
    total += HALF * _blend(middle[0], middle[1], middle[2], channel)
    total += QUARTER * _blend(right[0], right[1], right[2], channel)
    return total


@cuda_kernel
def _smooth_pixels(images, top, left, shape, smooth):
    """Smooth the padded image, of (image, y, x) ``shape``, by 1 2 1 along both axes; ``smooth`` is flat.

    It starts at (top, left) of the image.
    """
    x, y, index = pixel_of_thread()
    if index >= shape[0] or y >= shape[1] or x >= shape[2]:
        return
    number, one = np.int32, np.int32(1)
    image = images[index]
    height, width = image.shape[0], image.shape[1]
    row, column = number(number(y) + top), number(number(x) + left)
    before, middle = _clamped(number(column - one), width), _clamped(column, width)
    behind = _clamped(number(column + one), width)
    above, here = image[_clamped(number(row - one), height)], image[_clamped(row, height)]
    below = image[_clamped(number(row + one), height)]
    columns = (
        (above[before], here[before], below[before]),
        (above[middle], here[middle], below[middle]),
        (above[behind], here[behind], below[behind]),
    )
    place = np.uint64(3) * _place(index, y, x, shape)
    # A loop over so few channels takes longer.
    smooth[place] = _smoothed(columns, _FIRST)
    smooth[place + _SECOND] = _smoothed(columns, _SECOND)
    smooth[place + _THIRD] = _smoothed(columns, _THIRD)


@helper
def _place(index, y, x, shape):
    """Return the place of a pixel in flat arrays of (image, y, x) ``shape``."""
    number = np.uint64
    return (number(index) * number(shape[1]) + number(y)) * number(shape[2]) + number(x)


class _Gradient(NamedTuple):
    """A gradient and the square of its length."""

    square: Any
    x: Any
    y: Any


class _Neighbors(NamedTuple):
    """Places of values in a flat array, and what their differences are divided by."""

    before: Any
    after: Any
    above: Any
    below: Any
    step_x: Any
    step_y: Any


@helper
def _stronger(best, smooth, near, channel):
    """Return the gradient of a channel if it is stronger than the best."""
    across = near.step_x * (smooth[near.after + channel] - smooth[near.before + channel])
    along = near.step_y * (smooth[near.below + channel] - smooth[near.above + channel])
    square = across * across + along * along
    if square > best.square:
        return _Gradient(square, across, along)
    return best


@cuda_kernel
def _gradients(smooth, bins, shape, magnitude, position):
    """Magnitude and orientation of the strongest channel's gradient; all arrays are flat."""
    x, y, index = pixel_of_thread()
    if index >= shape[0] or y >= shape[1] or x >= shape[2]:
        return
    number, half, one = np.uint64, np.float32(0.5), np.float32(1)
    place, last_row, last_column = _place(index, y, x, shape), number(shape[1]), number(shape[2])
    last_row, last_column = last_row - number(1), last_column - number(1)
    row, pixel = number(3) * number(shape[2]), number(3)
    here = pixel * place
    above, below = here, here
    if number(y) > number(0):
        above = here - row
    if number(y) < last_row:
        below = here + row
    before, after = here, here
    if number(x) > number(0):
        before = here - pixel
    if number(x) < last_column:
        after = here + pixel
    near = _Neighbors(
        before,
        after,
        above,
        below,
        half if after - before == pixel + pixel else one,
        half if below - above == row + row else one,
    )
    best = _Gradient(np.float32(-1), np.float32(0), np.float32(0))
    best = _stronger(best, smooth, near, _FIRST)
    best = _stronger(best, smooth, near, _SECOND)
    best = _stronger(best, smooth, near, _THIRD)
    magnitude[place] = math.sqrt(best.square)
    position[place] = orientation(best.x, best.y, bins)


@helper
def _average(values, place, step, along, size):
    """Average values around one by a triangle, mirrored at the border.

    It is ``along`` from the first of ``size`` that lie ``step`` apart.
    """
    total = np.float32(0)
    if np.int32(RADIUS) <= along < np.int32(size - np.int32(RADIUS)):
        near = place - np.uint64(RADIUS) * step
        for offset in range(-RADIUS, RADIUS + 1):
            total += triangle(offset) * values[near]
            near += step
    else:
        first = place - np.uint64(along) * step
        for offset in range(-RADIUS, RADIUS + 1):
            mirrored = border_index(np.int32(along + np.int32(offset)), size, REFLECT)
            total += triangle(offset) * values[first + np.uint64(mirrored) * step]
    return total


@helper
def _average_loaded(values, row):
    """Average around a row of a strip, of which values are those from RADIUS rows before it on."""
    total = np.float32(0)
    for offset in range(-RADIUS, RADIUS + 1):
        total += triangle(offset) * values[row + RADIUS + offset]
    return total


@cuda_kernel
def _average_rows(magnitude, shape, average):
    """Average the rows around each of some by a triangle; all arrays are flat."""
    x, strip, index = pixel_of_thread()
    height, y = np.int32(shape[1]), np.int32(np.int32(strip) * np.int32(_ROWS))
    if index >= shape[0] or y >= height or x >= shape[2]:
        return
    place, step = _place(index, y, x, shape), np.uint64(shape[2])
    if np.int32(RADIUS) <= y < np.int32(height - np.int32(RADIUS + _ROWS)):
        values = cuda.local.array(_NEAR_ROWS, np.float32)
        near = place - np.uint64(RADIUS) * step
        for row in range(_NEAR_ROWS):
            values[row] = magnitude[near]
            near += step
        for row in range(_ROWS):
            average[place] = _average_loaded(values, row)
            place += step
        return
    end = min(np.int32(y + np.int32(_ROWS)), height)
    while y < end:
        average[place] = _average(magnitude, place, step, y, height)
        place += step
        y = np.int32(y + np.int32(1))


@cuda_kernel
def _normalize(magnitude, average, area, shape, votes):
    """Divide each magnitude by the average of its surroundings; all arrays are flat."""
    x, y, index = pixel_of_thread()
    if index >= shape[0] or y >= shape[1] or x >= shape[2]:
        return
    place = _place(index, y, x, shape)
    total = _average(average, place, np.uint64(1), np.int32(x), np.int32(shape[2]))
    votes[place] = magnitude[place] * area / (total + NORMALIZER)


@cuda_kernel
def _sum_cells(smooth, votes, position, size, shape, area, out):
    """One thread for each channel of each cell of ``size`` pixels a side."""
    column, row, part = pixel_of_thread()
    number = np.uint64
    count, channels, rows, columns = out.shape
    if part >= count * channels or row >= rows or column >= columns:
        return
    index, channel = number(part // np.uint32(channels)), number(part % np.uint32(channels))
    width = number(shape[2])
    place = (index * number(shape[1]) + number(row) * number(size)) * width + number(column) * number(size)
    end = place + number(size) * width
    total, bins = np.float32(0), np.uint32(number(channels) - number(4))
    while place < end:
        end_of_row = place + number(size)
        if channel < number(3):
            while place < end_of_row:
                total += smooth[number(3) * place + channel] * area
                place += number(1)
        elif channel == number(3):
            while place < end_of_row:
                total += votes[place]
                place += number(1)
        else:
            orientation_bin = np.uint32(channel - number(4))
            while place < end_of_row:
                total += votes[place] * bin_share(position[place], orientation_bin, bins)
                place += number(1)
        place += width - number(size)
    out[index, channel, number(row), number(column)] = total


def cell_sums(images, padding, cell, out):
    """Average the channels of each cell: ``out`` is (image, channel, cell row, cell column).

    ``images`` is (image, y, x, 4) of L, u, v; the cells lie on the image with its outermost pixels repeated
    by ``padding`` (rows, columns) on every side.
    """
    count, height, width, _ = images.shape
    pixels = (count, height + 2 * padding[0], width + 2 * padding[1])
    area = np.float32(1 / (cell * cell))
    values = math.prod(pixels)
    smooth = temporary((3 * values,), np.float32, out)
    magnitude, position, average, votes = (temporary((values,), np.float32, out) for _ in range(4))
    _smooth_pixels[pixels](images, np.int32(-padding[0]), np.int32(-padding[1]), pixels, smooth)
    _gradients[pixels](smooth, out.shape[1] - 4, pixels, magnitude, position)
    _average_rows[count, -(-pixels[1] // _ROWS), pixels[2]](magnitude, pixels, average)
    _normalize[pixels](magnitude, average, area, pixels, votes)
    _sum_cells[count * out.shape[1], out.shape[2], out.shape[3]](
        smooth, votes, position, cell, pixels, area, out
    )
