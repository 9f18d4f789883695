"""Canny on the CPU: gradients and suppression in one pass over strips, then candidates linked to edges."""

from typing import NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row, split_channels
from cvkit._tiles import parts_of, strip
from cvkit.filters._canny_math import NONE, STRONG, WEAK, direction, direction_in_16_bits
from cvkit.filters._cpu.hysteresis import draw_edges, empty_marks, framed_planes, pack_marks

# Rows of one task. The tasks share no gradients: two rows of each are computed twice.
STRIP = 64


class Gradients(NamedTuple):
    """Derivatives and magnitudes, of a row, or of the three rows that are held: row y in slot y % 3.

    The three rows' magnitudes hold one more pixel at either end.
    """

    dx: np.ndarray
    dy: np.ndarray
    magnitude: np.ndarray


@helper
def _smooth_and_difference(above, here, below, smooth, difference):
    """Filter columns of three pixels by 1 2 1, for dx, and by -1 0 1, for dy."""
    for x in range(here.shape[0]):
        top, middle, bottom = np.int16(above[x]), np.int16(here[x]), np.int16(below[x])
        smooth[x] = np.int16(np.int16(top + bottom) + np.int16(middle + middle))
        difference[x] = np.int16(bottom - top)


@helper
def _repeat_ends(row):
    """Extend a row by a copy of its first and of its last value, which lie one from its ends."""
    row[0], row[-1] = row[1], row[-2]


@helper
def _difference_and_smooth(smooth, difference, dx, dy):
    """Filter rows of three of those sums by -1 0 1, for dx, and by 1 2 1, for dy."""
    smooth_before, smooth_after = smooth[:-2], smooth[2:]
    before, here, after = difference[:-2], difference[1:-1], difference[2:]
    for x in range(dx.shape[0]):
        dx[x] = np.int16(smooth_after[x] - smooth_before[x])
        dy[x] = np.int16(np.int16(before[x] + after[x]) + np.int16(here[x] + here[x]))


@helper
def _sobel_row(above, here, below, column_sums, row):
    """Sobel derivatives of one channel of a row; beyond its ends it repeats its outermost pixels."""
    smooth, difference = column_sums
    _smooth_and_difference(above, here, below, smooth[1:-1], difference[1:-1])
    _repeat_ends(smooth)
    _repeat_ends(difference)
    _difference_and_smooth(smooth, difference, row.dx, row.dy)


@helper
def _measure(row, squared):
    """Magnitudes of a row of gradients, in their own type: squared lengths, or sums of absolute values."""
    dx, dy, magnitude = row.dx, row.dy, row.magnitude
    number = magnitude.dtype.type
    if squared:
        for x in range(dx.shape[0]):
            gx, gy = number(dx[x]), number(dy[x])
            magnitude[x] = number(number(gx * gx) + number(gy * gy))
    else:
        for x in range(dx.shape[0]):
            magnitude[x] = number(number(abs(number(dx[x]))) + number(abs(number(dy[x]))))


@helper
def _keep_stronger(other, row):
    """Take of each pixel the gradient of another channel where its magnitude is larger, or NaN.

    All is loaded before anything is decided, so that decisions are selections and the loop runs in vectors.
    """
    dx, dy, magnitude = row.dx, row.dy, row.magnitude
    for x in range(magnitude.shape[0]):
        gx, gy, strength = dx[x], dy[x], magnitude[x]
        other_gx, other_gy, other_strength = other.dx[x], other.dy[x], other.magnitude[x]
        is_stronger = (other_strength > strength) | (other_strength != other_strength)
        dx[x] = other_gx if is_stronger else gx
        dy[x] = other_gy if is_stronger else gy
        magnitude[x] = other_strength if is_stronger else strength


@helper
def _keep_stronger_of_bytes(other, row):
    """Do the same with gradients of bytes: by masks, because selections become branches without AVX-512."""
    dx, dy, magnitude = row.dx, row.dy, row.magnitude
    for x in range(magnitude.shape[0]):
        gx, gy, strength = dx[x], dy[x], magnitude[x]
        other_gx, other_gy, other_strength = other.dx[x], other.dy[x], other.magnitude[x]
        mask = np.int16(-np.int16(other_strength > strength))
        dx[x] = np.int16(gx ^ np.int16(np.int16(gx ^ other_gx) & mask))
        dy[x] = np.int16(gy ^ np.int16(np.int16(gy ^ other_gy) & mask))
        magnitude[x] = max(other_strength, strength)


@helper
def _suppress(dx, dy, above, here, below, thresholds, marks):
    """Mark a row: weak or strong where the magnitude is a maximum along the gradient, none elsewhere.

    Rows of magnitudes hold one more pixel at either end. Every neighbor is loaded before anything is
    decided, and decisions are selections of numbers: so the loop runs in vectors, of 16-bit lanes if
    magnitudes are. Booleans chosen by booleans would leave it scalar on AVX2.
    """
    size = dx.shape[0]
    low, high = thresholds[0], thresholds[1]
    above_left, above_middle, above_right = above[:size], above[1:], above[2:]
    left, middle, right = here[:size], here[1:], here[2:]
    below_left, below_middle, below_right = below[:size], below[1:], below[2:]
    for x in range(size):
        gx, gy, magnitude = dx[x], dy[x], middle[x]
        upper_left, upper, upper_right = above_left[x], above_middle[x], above_right[x]
        lower_left, lower, lower_right = below_left[x], below_middle[x], below_right[x]
        before, after = left[x], right[x]
        if dx.itemsize == 2:
            flat, steep = direction_in_16_bits(gx, gy)
        else:
            flat, steep = direction(gx, gy)
        is_rising = (gx < 0) != (gy < 0)
        first = upper_right if is_rising else upper_left
        second = lower_left if is_rising else lower_right
        first = upper if steep else first
        second = lower if steep else second
        first = before if flat else first
        second = after if flat else second
        # Of equal pixels in a row or column the first is the maximum; on a diagonal none is.
        exceeds = (magnitude > second) | ((magnitude >= second) & (flat | steep))
        candidate = (magnitude > first) & exceeds
        mark = STRONG if magnitude > high else WEAK
        marks[x] = mark if candidate & (magnitude > low) else NONE


@helper
def _mark_row(gradients, y, thresholds, marks, candidates, edges):
    """Set the bits of row ``y``, whose neighbors are held, too."""
    dx, dy, magnitude = gradients
    above, here, below = (y - 1) % 3, y % 3, (y + 1) % 3
    inner = marks[: dx.shape[1]]
    _suppress(dx[here], dy[here], magnitude[above], magnitude[here], magnitude[below], thresholds, inner)
    pack_marks(marks, candidates, edges)


@helper(inline=True)
def _held_row(gradients, y):
    """Return row ``y`` of the three that are held."""
    slot = y % 3
    return Gradients(gradients.dx[slot], gradients.dy[slot], gradients.magnitude[slot, 1:-1])


@helper
def _load_planes(rows, y, planes):
    """Take row ``y`` apart, into slot y % 3; beyond its edges the image repeats its outermost rows."""
    split_channels(rows[min(max(y, 0), rows.shape[0] - 1)], planes[y % 3])


@helper
def _measure_image_row(planes, y, squared, column_sums, other, gradients):
    """Find the strongest gradients of row ``y``, given the channels of three rows."""
    above, here, below = planes[(y - 1) % 3], planes[y % 3], planes[(y + 1) % 3]
    row = _held_row(gradients, y)
    _sobel_row(above[0], here[0], below[0], column_sums, row)
    _measure(row, squared)
    for channel in range(1, here.shape[0]):
        _sobel_row(above[channel], here[channel], below[channel], column_sums, other)
        _measure(other, squared)
        _keep_stronger_of_bytes(other, row)


@cpu_kernel
def _mark_image(source, thresholds, squared, candidates, edges):
    """Set the bits of candidates and of strong ones among them, by Sobel derivatives of 3 x 3 pixels."""
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        column_sums = np.empty(width + 2, np.int16), np.empty(width + 2, np.int16)
        other = Gradients(
            np.empty(width, np.int16), np.empty(width, np.int16), np.empty(width, thresholds.dtype)
        )
        marks = empty_marks(width)
        planes = np.empty((3, channels, width), np.uint8)
        magnitude = np.zeros((3, width + 2), thresholds.dtype)
        gradients = Gradients(np.empty((3, width), np.int16), np.empty((3, width), np.int16), magnitude)
        _load_planes(rows[image], top - 2, planes)
        _load_planes(rows[image], top - 1, planes)
        for y in range(top - 1, bottom + 1):
            _load_planes(rows[image], y + 1, planes)
            if y < 0 or y == height:
                magnitude[y % 3] = 0
            else:
                _measure_image_row(planes, y, squared, column_sums, other, gradients)
            if y > top:
                _mark_row(gradients, y - 1, thresholds, marks, candidates[image, y], edges[image, y])


def edges_of_image(source, thresholds, squared, out):
    """Draw edges of images by Sobel derivatives of 3 x 3 pixels; magnitudes have the thresholds' dtype."""
    candidates, edges = framed_planes(*source.shape[:3])
    _mark_image(source, thresholds, squared, candidates, edges)
    draw_edges(candidates, edges, out)


@helper
def _measure_gradient_row(every_dx, every_dy, squared, planes, other_magnitude, row):
    """Keep the strongest gradients of a row; ``planes`` and ``other_magnitude`` are scratch space."""
    dx_planes, dy_planes = planes
    split_channels(every_dx, dx_planes)
    split_channels(every_dy, dy_planes)
    copy_row(dx_planes[0], row.dx)
    copy_row(dy_planes[0], row.dy)
    _measure(row, squared)
    for channel in range(1, dx_planes.shape[0]):
        other = Gradients(dx_planes[channel], dy_planes[channel], other_magnitude)
        _measure(other, squared)
        _keep_stronger(other, row)


@cpu_kernel
def _mark_gradients(every_dx, every_dy, thresholds, squared, candidates, edges):
    """Set the bits of candidates and of strong ones among them, by derivatives that are given."""
    count, height, width, channels = every_dx.shape
    dx_rows = every_dx.reshape(count, height, width * channels)
    dy_rows = every_dy.reshape(count, height, width * channels)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        planes = np.empty((channels, width), every_dx.dtype), np.empty((channels, width), every_dy.dtype)
        other_magnitude = np.empty(width, thresholds.dtype)
        marks = empty_marks(width)
        dx, dy = np.empty((3, width), every_dx.dtype), np.empty((3, width), every_dy.dtype)
        magnitude = np.zeros((3, width + 2), thresholds.dtype)
        gradients = Gradients(dx, dy, magnitude)
        for y in range(top - 1, bottom + 1):
            if y < 0 or y == height:
                magnitude[y % 3] = 0
            else:
                _measure_gradient_row(
                    dx_rows[image, y],
                    dy_rows[image, y],
                    squared,
                    planes,
                    other_magnitude,
                    _held_row(gradients, y),
                )
            if y > top:
                _mark_row(gradients, y - 1, thresholds, marks, candidates[image, y], edges[image, y])


def edges_of_gradients(every_dx, every_dy, thresholds, squared, out):
    """Draw edges of images whose derivatives are given; magnitudes have the thresholds' dtype."""
    candidates, edges = framed_planes(*every_dx.shape[:3])
    _mark_gradients(every_dx, every_dy, thresholds, squared, candidates, edges)
    draw_edges(candidates, edges, out)
