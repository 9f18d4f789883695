"""Canny on the CPU: gradients and suppression in one pass over strips, then candidates linked to edges."""

import math

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row, split_channels
from cvkit.filters._cpu.hysteresis import (
    NONE,
    STRONG,
    WEAK,
    draw_row,
    empty_marks,
    framed_planes,
    link,
    pack_marks,
)

# tan(22.5 degrees), and the same in units of 1 / 65536; twice OpenCV's 13573 / 32768.
TANGENT = math.sqrt(2) - 1
TANGENT_IN_16_BITS = np.uint32(27146)

# Rows of one task. The tasks share no gradients: two rows of each are computed twice.
STRIP = 64


@helper
def _smooth_and_difference(above, here, below, smooth, difference):
    """Weigh columns of three pixels 1 2 1, for dx, and -1 0 1, for dy."""
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
    """Weigh rows of three of those sums -1 0 1, for dx, and 1 2 1, for dy."""
    smooth_before, smooth_after = smooth[:-2], smooth[2:]
    before, here, after = difference[:-2], difference[1:-1], difference[2:]
    for x in range(dx.shape[0]):
        dx[x] = np.int16(smooth_after[x] - smooth_before[x])
        dy[x] = np.int16(np.int16(before[x] + after[x]) + np.int16(here[x] + here[x]))


@helper
def _sobel_row(above, here, below, smooth, difference, dx, dy):
    """Sobel derivatives of one channel of a row; beyond its ends it repeats its outermost pixels."""
    _smooth_and_difference(above, here, below, smooth[1:-1], difference[1:-1])
    _repeat_ends(smooth)
    _repeat_ends(difference)
    _difference_and_smooth(smooth, difference, dx, dy)


@helper
def _measure(dx, dy, squared, magnitude):
    """Magnitudes of gradients, in the type of ``magnitude``: squared lengths, or sums of absolute values."""
    number = magnitude.dtype.type
    if squared:
        for x in range(dx.shape[0]):
            gx, gy = number(dx[x]), number(dy[x])
            magnitude[x] = number(number(gx * gx) + number(gy * gy))
    else:
        for x in range(dx.shape[0]):
            magnitude[x] = number(number(abs(number(dx[x]))) + number(abs(number(dy[x]))))


@helper
def _keep_stronger(other_dx, other_dy, other_magnitude, dx, dy, magnitude):
    """Take of each pixel the gradient of another channel where its magnitude is larger, or NaN.

    All is loaded before anything is decided, so that decisions are selections and the loop runs in vectors.
    """
    for x in range(magnitude.shape[0]):
        gx, gy, strength = dx[x], dy[x], magnitude[x]
        other_gx, other_gy, other_strength = other_dx[x], other_dy[x], other_magnitude[x]
        larger = (other_strength > strength) | (other_strength != other_strength)
        dx[x] = other_gx if larger else gx
        dy[x] = other_gy if larger else gy
        magnitude[x] = other_strength if larger else strength


@helper(force_inline=True, allocates=True)
def _direction(gx, gy):
    """Tell whether a gradient is within 22.5 degrees of the x axis, and whether of the y axis."""
    across, along = abs(gx), abs(gy)
    number = type(across)
    return along < across * number(TANGENT), along > across * number(TANGENT + 2)


@helper(force_inline=True, allocates=True)
def _direction_in_16_bits(gx, gy):
    """Tell the same in lanes of 16 bits, as OpenCV rounds it."""
    # Clamped, -32768 has an absolute value in 16 bits, and no decision below changes.
    across = np.int16(abs(max(np.int16(gx), np.int16(-32767))))
    along = np.int16(abs(max(np.int16(gy), np.int16(-32767))))
    tangent = np.int16(np.uint32(np.uint32(np.uint16(across)) * TANGENT_IN_16_BITS) >> np.uint32(16))
    # tan(67.5 degrees) is tan(22.5 degrees) + 2. Where 2 * across would overflow, nothing is steep.
    twice = np.int16(min(across, np.int16(16383)) << np.int16(1))
    return along <= tangent, np.int16(along - twice) > tangent


@helper
def _suppress(dx, dy, above, here, below, thresholds, marks):
    """Mark a row: weak or strong where the magnitude is a maximum along the gradient, none elsewhere.

    Rows of magnitudes hold one more pixel at either end. Every neighbor is loaded before anything is
    decided, and decisions are selections: so the loop runs in vectors, of 16-bit lanes if magnitudes are.
    """
    size = dx.shape[0]
    low, high = thresholds[0], thresholds[1]
    above_left, above_middle, above_right = above[:size], above[1:], above[2:]
    left, middle, right = here[:size], here[1:], here[2:]
    below_left, below_middle, below_right = below[:size], below[1:], below[2:]
    for x in range(size):
        gx, gy, magnitude = dx[x], dy[x], middle[x]
        horizontal = (magnitude > left[x]) & (magnitude >= right[x])
        vertical = (magnitude > above_middle[x]) & (magnitude >= below_middle[x])
        falling = (magnitude > above_left[x]) & (magnitude > below_right[x])
        rising = (magnitude > above_right[x]) & (magnitude > below_left[x])
        if dx.itemsize == 2:
            flat, steep = _direction_in_16_bits(gx, gy)
        else:
            flat, steep = _direction(gx, gy)
        diagonal = rising if (gx < 0) != (gy < 0) else falling
        maximum = horizontal if flat else (vertical if steep else diagonal)
        candidate = maximum & (magnitude > low)
        mark = STRONG if magnitude > high else WEAK
        marks[x] = mark if candidate else NONE


@helper
def _suppress_row(dx, dy, magnitude, y, thresholds, marks):
    """Mark row ``y`` of gradients that lie in slot y % 3."""
    above, here, below = (y - 1) % 3, y % 3, (y + 1) % 3
    inner = marks[: dx.shape[1]]
    _suppress(dx[here], dy[here], magnitude[above], magnitude[here], magnitude[below], thresholds, inner)


@helper
def _load_planes(rows, y, planes):
    """Take row ``y`` apart, into slot y % 3; beyond its edges the image repeats its outermost rows."""
    split_channels(rows[min(max(y, 0), rows.shape[0] - 1)], planes[y % 3])


@helper
def _measure_image_row(
    above, here, below, squared, smooth, difference, other_dx, other_dy, other_magnitude, dx, dy, magnitude
):
    """Find the strongest gradients of a row, given its channels; what is before ``dx`` is scratch space."""
    _sobel_row(above[0], here[0], below[0], smooth, difference, dx, dy)
    _measure(dx, dy, squared, magnitude)
    for channel in range(1, here.shape[0]):
        _sobel_row(above[channel], here[channel], below[channel], smooth, difference, other_dx, other_dy)
        _measure(other_dx, other_dy, squared, other_magnitude)
        _keep_stronger(other_dx, other_dy, other_magnitude, dx, dy, magnitude)


@cpu_kernel
def edges_of_image(source, thresholds, squared, out):
    """Draw edges of images by Sobel derivatives of 3 x 3 pixels; magnitudes have the thresholds' dtype."""
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    drawn = out.reshape(count * height, width)
    candidates, edges = framed_planes(count, height, width)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        bottom = min(top + STRIP, height)
        smooth, difference = np.empty(width + 2, np.int16), np.empty(width + 2, np.int16)
        other_dx, other_dy = np.empty(width, np.int16), np.empty(width, np.int16)
        other_magnitude = np.empty(width, thresholds.dtype)
        marks = empty_marks(width)
        # Three rows of each are held, row y in slot y % 3.
        planes = np.empty((3, channels, width), np.uint8)
        dx, dy = np.empty((3, width), np.int16), np.empty((3, width), np.int16)
        magnitude = np.zeros((3, width + 2), thresholds.dtype)
        _load_planes(rows[image], top - 2, planes)
        _load_planes(rows[image], top - 1, planes)
        for y in range(top - 1, bottom + 1):
            _load_planes(rows[image], y + 1, planes)
            slot = y % 3
            inner = magnitude[slot, 1 : width + 1]
            if y < 0 or y == height:
                inner[:] = 0
            else:
                _measure_image_row(
                    planes[(y - 1) % 3],
                    planes[slot],
                    planes[(y + 1) % 3],
                    squared,
                    smooth,
                    difference,
                    other_dx,
                    other_dy,
                    other_magnitude,
                    dx[slot],
                    dy[slot],
                    inner,
                )
            if y > top:
                _suppress_row(dx, dy, magnitude, y - 1, thresholds, marks)
                pack_marks(marks, candidates[image, y], edges[image, y])
    for image in prange(count):
        link(candidates[image], edges[image])
    for y in prange(count * height):
        draw_row(edges[y // height, y % height + 1], drawn[y])


@helper
def _measure_gradient_row(
    every_dx, every_dy, squared, dx_planes, dy_planes, other_magnitude, dx, dy, magnitude
):
    """Keep the strongest gradients of a row; what stands before ``dx`` is scratch space."""
    split_channels(every_dx, dx_planes)
    split_channels(every_dy, dy_planes)
    copy_row(dx_planes[0], dx)
    copy_row(dy_planes[0], dy)
    _measure(dx, dy, squared, magnitude)
    for channel in range(1, dx_planes.shape[0]):
        _measure(dx_planes[channel], dy_planes[channel], squared, other_magnitude)
        _keep_stronger(dx_planes[channel], dy_planes[channel], other_magnitude, dx, dy, magnitude)


@cpu_kernel
def edges_of_gradients(every_dx, every_dy, thresholds, squared, out):
    """Draw edges of images whose derivatives are given; magnitudes have the thresholds' dtype."""
    count, height, width, channels = every_dx.shape
    dx_rows = every_dx.reshape(count, height, width * channels)
    dy_rows = every_dy.reshape(count, height, width * channels)
    drawn = out.reshape(count * height, width)
    candidates, edges = framed_planes(count, height, width)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        bottom = min(top + STRIP, height)
        dx_planes = np.empty((channels, width), every_dx.dtype)
        dy_planes = np.empty((channels, width), every_dy.dtype)
        other_magnitude = np.empty(width, thresholds.dtype)
        marks = empty_marks(width)
        dx, dy = np.empty((3, width), every_dx.dtype), np.empty((3, width), every_dy.dtype)
        magnitude = np.zeros((3, width + 2), thresholds.dtype)
        for y in range(top - 1, bottom + 1):
            slot = y % 3
            inner = magnitude[slot, 1 : width + 1]
            if y < 0 or y == height:
                inner[:] = 0
            else:
                _measure_gradient_row(
                    dx_rows[image, y],
                    dy_rows[image, y],
                    squared,
                    dx_planes,
                    dy_planes,
                    other_magnitude,
                    dx[slot],
                    dy[slot],
                    inner,
                )
            if y > top:
                _suppress_row(dx, dy, magnitude, y - 1, thresholds, marks)
                pack_marks(marks, candidates[image, y], edges[image, y])
    for image in prange(count):
        link(candidates[image], edges[image])
    for y in prange(count * height):
        draw_row(edges[y // height, y % height + 1], drawn[y])
