"""Canny on the CPU: gradients and suppression in one pass over strips, then one walk along the edges.

Every pixel gets a mark, in a map with a frame around the image so that its neighbours always exist.
"""

import math

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd import trailing_zeros

WEAK = np.uint8(0)  # a candidate: an edge if one is next to it
NONE = np.uint8(1)  # no edge
STRONG = np.uint8(2)  # an edge on its own
LINKED = np.uint8(4)  # a candidate next to an edge

# The bit of each of eight marks that only strong ones set.
EIGHT_STRONG = np.uint64(0x0202020202020202)

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
def _repeat_ends(row, channels):
    """Extend a row by a copy of its first and of its last pixel, which lie one pixel from its ends."""
    for channel in range(channels):
        row[channel] = row[channels + channel]
        row[row.shape[0] - channels + channel] = row[row.shape[0] - 2 * channels + channel]


@helper
def _difference_and_smooth(smooth, difference, channels, dx, dy):
    """Weigh rows of three of those sums -1 0 1, for dx, and 1 2 1, for dy."""
    size = dx.shape[0]
    smooth_before, smooth_after = smooth[:size], smooth[2 * channels :]
    before, here, after = difference[:size], difference[channels:], difference[2 * channels :]
    for x in range(size):
        dx[x] = np.int16(smooth_after[x] - smooth_before[x])
        dy[x] = np.int16(np.int16(before[x] + after[x]) + np.int16(here[x] + here[x]))


@helper
def _sobel_row(rows, y, channels, smooth, difference, dx, dy):
    """Sobel derivatives of one row; beyond its edges the image repeats its outermost pixels."""
    above, below = rows[max(y - 1, 0)], rows[min(y + 1, rows.shape[0] - 1)]
    inner = slice(channels, smooth.shape[0] - channels)
    _smooth_and_difference(above, rows[y], below, smooth[inner], difference[inner])
    _repeat_ends(smooth, channels)
    _repeat_ends(difference, channels)
    _difference_and_smooth(smooth, difference, channels, dx, dy)


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
def _strongest_of_three(dx, dy, magnitude, strongest_dx, strongest_dy, strongest):
    """Keep of each pixel the gradient of the first channel whose magnitude is largest.

    Three channels have a function of their own: spelled out, their loads become vectors, eight times as fast.
    """
    for x in range(strongest.shape[0]):
        red, green, blue = 3 * x, 3 * x + 1, 3 * x + 2
        larger = magnitude[green] > magnitude[red]
        gx = dx[green] if larger else dx[red]
        gy = dy[green] if larger else dy[red]
        largest = max(magnitude[red], magnitude[green])
        larger = magnitude[blue] > largest
        strongest_dx[x] = dx[blue] if larger else gx
        strongest_dy[x] = dy[blue] if larger else gy
        strongest[x] = max(largest, magnitude[blue])


@helper
def _keep_strongest(dx, dy, magnitude, channels, strongest_dx, strongest_dy, strongest):
    """Keep of each pixel the gradient of the first channel whose magnitude is largest."""
    if channels == 3:
        _strongest_of_three(dx, dy, magnitude, strongest_dx, strongest_dy, strongest)
        return
    for x in range(strongest.shape[0]):
        best = x * channels
        for value in range(best + 1, (x + 1) * channels):
            best = value if magnitude[value] > magnitude[best] else best
        strongest_dx[x], strongest_dy[x], strongest[x] = dx[best], dy[best], magnitude[best]


@helper(force_inline=True)
def _direction(gx, gy):
    """Tell whether a gradient is within 22.5 degrees of the x axis, and whether of the y axis."""
    across, along = abs(gx), abs(gy)
    number = type(across)
    return along < across * number(TANGENT), along > across * number(TANGENT + 2)


@helper(force_inline=True)
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

    Rows of magnitudes hold one more pixel at either end. Every neighbour is loaded before anything is
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
def _follow(marks, step, pending):
    """Link every weak pixel that a chain of weak pixels joins to a strong one; rows are ``step`` apart."""
    words = marks.view(np.uint64)
    for word in range(words.shape[0]):
        seeds = words[word] & EIGHT_STRONG
        while seeds != 0:
            pending[0] = 8 * word + np.int64(trailing_zeros(seeds) >> np.uint64(3))
            seeds &= seeds - np.uint64(1)
            count = 1
            while count > 0:
                count -= 1
                centre = pending[count]
                for row in (centre - step, centre, centre + step):
                    for neighbour in range(row - 1, row + 2):
                        if marks[neighbour] == WEAK:
                            marks[neighbour] = LINKED
                            pending[count] = neighbour
                            count += 1


@helper
def _draw(marks, pending, out):
    """Draw the edges of one image from its marks, the weak pixels that belong to them included."""
    height, width = out.shape
    _follow(marks.reshape(-1), marks.shape[1], pending)
    for y in range(height):
        row, drawn = marks[y + 1, 1 : width + 1], out[y]
        for x in range(width):
            drawn[x] = np.uint8(255) if row[x] >= STRONG else np.uint8(0)


@helper
def _framed(count, height, width):
    """Make marks with a frame of none around each image; rows are whole words, to read eight at once."""
    step = (width + 2 + 7) // 8 * 8
    marks = np.empty((count, height + 2, step), np.uint8)
    marks[:, 0] = NONE
    marks[:, height + 1] = NONE
    marks[:, :, 0] = NONE
    marks[:, :, width + 1 :] = NONE
    return marks


@cpu_kernel
def edges_of_image(source, thresholds, squared, out):
    """Draw edges of images by Sobel derivatives of 3 x 3 pixels; magnitudes have the thresholds' dtype."""
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    drawn = out.reshape(count, height, width)
    marks = _framed(count, height, width)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        bottom = min(top + STRIP, height)
        smooth = np.empty((width + 2) * channels, np.int16)
        difference = np.empty((width + 2) * channels, np.int16)
        every_dx = np.empty(width * channels, np.int16)
        every_dy = np.empty(width * channels, np.int16)
        every_magnitude = np.empty(width * channels, thresholds.dtype)
        # Three rows of each are held, row y in slot y % 3.
        dx = np.empty((3, width), np.int16)
        dy = np.empty((3, width), np.int16)
        magnitude = np.zeros((3, width + 2), thresholds.dtype)
        for y in range(top - 1, bottom + 1):
            slot = y % 3
            inner = magnitude[slot, 1 : width + 1]
            if y < 0 or y == height:
                inner[:] = 0
            elif channels == 1:
                _sobel_row(rows[image], y, channels, smooth, difference, dx[slot], dy[slot])
                _measure(dx[slot], dy[slot], squared, inner)
            else:
                _sobel_row(rows[image], y, channels, smooth, difference, every_dx, every_dy)
                _measure(every_dx, every_dy, squared, every_magnitude)
                _keep_strongest(every_dx, every_dy, every_magnitude, channels, dx[slot], dy[slot], inner)
            if y > top:
                above, here = (y - 2) % 3, (y - 1) % 3
                _suppress(
                    dx[here],
                    dy[here],
                    magnitude[above],
                    magnitude[here],
                    magnitude[slot],
                    thresholds,
                    marks[image, y, 1 : width + 1],
                )
    for image in prange(count):
        _draw(marks[image], np.empty(height * width, np.int64), drawn[image])


@cpu_kernel
def edges_of_gradients(every_dx, every_dy, thresholds, squared, out):
    """Draw edges of images whose derivatives are given; magnitudes have the thresholds' dtype."""
    count, height, width, channels = every_dx.shape
    dx_rows = every_dx.reshape(count, height, width * channels)
    dy_rows = every_dy.reshape(count, height, width * channels)
    drawn = out.reshape(count, height, width)
    marks = _framed(count, height, width)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        bottom = min(top + STRIP, height)
        every_magnitude = np.empty(width * channels, thresholds.dtype)
        dx = np.empty((3, width), every_dx.dtype)
        dy = np.empty((3, width), every_dy.dtype)
        magnitude = np.zeros((3, width + 2), thresholds.dtype)
        for y in range(top - 1, bottom + 1):
            slot = y % 3
            inner = magnitude[slot, 1 : width + 1]
            if y < 0 or y == height:
                inner[:] = 0
            else:
                _measure(dx_rows[image, y], dy_rows[image, y], squared, every_magnitude)
                _keep_strongest(
                    dx_rows[image, y], dy_rows[image, y], every_magnitude, channels, dx[slot], dy[slot], inner
                )
            if y > top:
                above, here = (y - 2) % 3, (y - 1) % 3
                _suppress(
                    dx[here],
                    dy[here],
                    magnitude[above],
                    magnitude[here],
                    magnitude[slot],
                    thresholds,
                    marks[image, y, 1 : width + 1],
                )
    for image in prange(count):
        _draw(marks[image], np.empty(height * width, np.int64), drawn[image])
