"""Sums of channels over cells on the CPU: rows pass through a few buffers that stay in the cache.

The pixels of the source are (L, u, v, unused), so that a pixel is one move. All rows of a task go through a
pipeline of three stages, each a few rows behind the one before: smoothing, gradient, and the votes, which
need the magnitudes of five rows on either side.
"""

import math

import numpy as np

from cvkit._border import REFLECT, border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import equal_span, parts_of
from cvkit.features._channel_math import HALF, NORMALIZER, QUARTER, RADIUS, bin_share, orientation, triangle

# Rows of cells that one task makes, at most. Tasks share no rows of pixels: each computes six more on both
# sides.
STRIP = 16
# Rows of gradients that are kept: at least 2 * RADIUS + 1, and a power of two.
KEPT = 16


def find_nan(images, found):
    """Set ``found[0]`` to 1 if a value is NaN."""
    found[0] = np.isnan(images).any()


@helper
def smooth_rows(above, row, below, out):
    """Weigh three rows by 1 2 1."""
    for x in range(out.shape[0]):
        out[x] = QUARTER * (above[x] + below[x]) + HALF * row[x]


@helper
def _split_pixels(pixels, first, second, third, fourth):
    """Take a row of pixels apart, the unused values too: without gaps the compiler shuffles vectors."""
    for x in range(first.shape[0]):
        first[x] = pixels[4 * x]
        second[x] = pixels[4 * x + 1]
        third[x] = pixels[4 * x + 2]
        fourth[x] = pixels[4 * x + 3]


@helper
def _repeat_ends(row, before, width):
    """Repeat the outermost of ``width`` values, which start at ``before``, over the rest of the row."""
    row[:before] = row[before]
    row[before + width :] = row[before + width - 1]


@helper
def smooth_row(row, out):
    """Weigh three neighbors by 1 2 1; ``row`` has one more value at both ends."""
    count = out.shape[0]
    before, here, after = row[:count], row[1 : count + 1], row[2 : count + 2]
    for x in range(count):
        out[x] = QUARTER * (before[x] + after[x]) + HALF * here[x]


@helper
def _smooth_pixels(image, y, padding, blended, wide, smooth):
    """Smooth row ``y`` of the padded image; ``smooth`` is (channel, x), with one more value at both ends."""
    height, width, _ = image.shape
    rows = image.reshape(height, 4 * width)
    count = smooth.shape[1] - 2
    y -= padding[0]
    above, here, below = (
        rows[min(max(y - 1, 0), height - 1)],
        rows[min(max(y, 0), height - 1)],
        rows[min(max(y + 1, 0), height - 1)],
    )
    smooth_rows(above, here, below, blended)
    start, end = padding[1] + 1, padding[1] + 1 + width
    _split_pixels(blended, wide[0, start:end], wide[1, start:end], wide[2, start:end], wide[3, start:end])
    for channel in range(3):
        _repeat_ends(wide[channel], start, width)
        smooth_row(wide[channel], smooth[channel, 1 : count + 1])
        smooth[channel, 0] = smooth[channel, 1]
        smooth[channel, count + 1] = smooth[channel, count]


@helper
def _gradient_row(above, row, below, step_y, gradient_x, gradient_y, square):
    """Differences of one channel over two pixels, and the square of their length."""
    count = gradient_x.shape[0]
    before, after = row[0:count], row[2 : count + 2]
    above, below = above[1 : count + 1], below[1 : count + 1]
    for x in range(count):
        across, along = HALF * (after[x] - before[x]), step_y * (below[x] - above[x])
        gradient_x[x], gradient_y[x] = across, along
        square[x] = across * across + along * along


@helper
def _double_ends(gradient_x, gradient_y, square):
    """Differences over one pixel at both ends of a row, where a neighbor is missing."""
    for x in (0, gradient_x.shape[0] - 1):
        gradient_x[x] *= np.float32(2)
        square[x] = gradient_x[x] * gradient_x[x] + gradient_y[x] * gradient_y[x]


@helper
def _keep_stronger(other_x, other_y, other, gradient_x, gradient_y, square):
    """Replace a pixel's gradient by another channel's where that is longer; ties keep the earlier channel."""
    for x in range(square.shape[0]):
        stronger = other[x] > square[x]
        own_x, own_y, own, new_x, new_y, new = (
            gradient_x[x],
            gradient_y[x],
            square[x],
            other_x[x],
            other_y[x],
            other[x],
        )
        gradient_x[x] = new_x if stronger else own_x
        gradient_y[x] = new_y if stronger else own_y
        square[x] = new if stronger else own


@helper
def _polar_row(gradient_x, gradient_y, square, bins, magnitude, position):
    for x in range(square.shape[0]):
        magnitude[x] = np.float32(math.sqrt(square[x]))
        position[x] = orientation(gradient_x[x], gradient_y[x], bins)


@helper
def _gradients(smooth, y, height, bins, work, magnitude, position):
    """Magnitude and orientation of the strongest channel's gradient in row ``y``."""
    gradient_x, gradient_y, square, other_x, other_y, other = (
        work[0],
        work[1],
        work[2],
        work[3],
        work[4],
        work[5],
    )
    upper, lower = max(y - 1, 0), min(y + 1, height - 1)
    step_y = np.float32(1 / max(lower - upper, 1))
    above, here, below = smooth[upper % 3], smooth[y % 3], smooth[lower % 3]
    _gradient_row(above[0], here[0], below[0], step_y, gradient_x, gradient_y, square)
    _double_ends(gradient_x, gradient_y, square)
    for channel in (1, 2):
        _gradient_row(above[channel], here[channel], below[channel], step_y, other_x, other_y, other)
        _double_ends(other_x, other_y, other)
        _keep_stronger(other_x, other_y, other, gradient_x, gradient_y, square)
    _polar_row(gradient_x, gradient_y, square, bins, magnitude, position)


@helper
def _average_near(row, above, below, farther_above, farther_below, average):
    """Weigh five rows by the middle of the triangle."""
    t0, t1, t2 = triangle(0), triangle(1), triangle(2)
    for x in range(average.shape[0]):
        pairs = t1 * (above[x] + below[x]) + t2 * (farther_above[x] + farther_below[x])
        average[x] = t0 * row[x] + pairs


@helper
def _average_far(a3, b3, a4, b4, a5, b5, average):
    """Add the six rows at the triangle's ends: above (a) and below (b), three to five rows away."""
    t3, t4, t5 = triangle(3), triangle(4), triangle(5)
    for x in range(average.shape[0]):
        average[x] += t3 * (a3[x] + b3[x]) + t4 * (a4[x] + b4[x]) + t5 * (a5[x] + b5[x])


@helper
def _place(y, height):
    """Return which of the rows that are kept holds row ``y``, mirrored at the border."""
    return border_index(y, height, REFLECT) % KEPT


@helper
def _average_rows(rows, y, height, average):
    """Average the rows around row ``y`` by a triangle."""
    _average_near(
        rows[_place(y, height)],
        rows[_place(y - 1, height)],
        rows[_place(y + 1, height)],
        rows[_place(y - 2, height)],
        rows[_place(y + 2, height)],
        average,
    )
    _average_far(
        rows[_place(y - 3, height)],
        rows[_place(y + 3, height)],
        rows[_place(y - 4, height)],
        rows[_place(y + 4, height)],
        rows[_place(y - 5, height)],
        rows[_place(y + 5, height)],
        average,
    )


@helper
def _normalize_row(magnitude, wide, area, out):
    """Divide by the average along the row of ``wide``, which has RADIUS more values at both ends."""
    count = out.shape[0]
    t0, t1, t2, t3, t4, t5 = triangle(0), triangle(1), triangle(2), triangle(3), triangle(4), triangle(5)
    w0, w1, w2, w3 = wide[:count], wide[1 : count + 1], wide[2 : count + 2], wide[3 : count + 3]
    w4, w5, w6, w7 = wide[4 : count + 4], wide[5 : count + 5], wide[6 : count + 6], wide[7 : count + 7]
    w8, w9, w10 = wide[8 : count + 8], wide[9 : count + 9], wide[10 : count + 10]
    for x in range(count):
        near = t0 * w5[x] + t1 * (w4[x] + w6[x]) + t2 * (w3[x] + w7[x])
        far = t3 * (w2[x] + w8[x]) + t4 * (w1[x] + w9[x]) + t5 * (w0[x] + w10[x])
        out[x] = magnitude[x] * area / (near + far + NORMALIZER)


@helper
def _vote_row(votes, position, orientation_bin, bins, total):
    """Add to one orientation's sums the shares of the votes that it gets."""
    for x in range(total.shape[0]):
        total[x] += votes[x] * bin_share(position[x], orientation_bin, bins)


@helper
def _add_weighted(row, weight, total):
    for x in range(total.shape[0]):
        total[x] += weight * row[x]


@helper
def _add_colors(smooth, weight, totals):
    """Add a row of smoothed pixels, which has one more value at both ends, to the sums of its cells."""
    for channel in range(3):
        _add_weighted(smooth[channel, 1 : totals.shape[1] + 1], weight, totals[channel])


@helper
def _add_votes(votes, position, totals):
    """Add a row of votes to the sums of magnitude and orientations."""
    bins = totals.shape[0] - 1
    _add_weighted(votes, np.float32(1), totals[0])
    for orientation_bin in range(bins):
        _vote_row(votes, position, orientation_bin, bins, totals[1 + orientation_bin])


@helper
def _sum_columns(row, cell, out):
    """Sum ``cell`` neighbors; a literal lets the compiler shuffle vectors, not gather."""
    if cell == 4:
        for x in range(out.shape[0]):
            out[x] = row[4 * x] + row[4 * x + 1] + row[4 * x + 2] + row[4 * x + 3]
    elif cell == 2:
        for x in range(out.shape[0]):
            out[x] = row[2 * x] + row[2 * x + 1]
    else:
        for x in range(out.shape[0]):
            total = row[x * cell]
            for offset in range(1, cell):
                total += row[x * cell + offset]
            out[x] = total


@helper
def _close_cells(totals, cell, first, row, out):
    """Sum the columns of each cell to row ``row`` of the channels from ``first`` on, and begin the next."""
    for channel in range(totals.shape[0]):
        _sum_columns(totals[channel], cell, out[first + channel, row])
    totals[:] = np.float32(0)


@cpu_kernel
def cell_sums(images, padding, cell, out):
    """Average the channels of each cell: ``out`` is (image, channel, cell row, cell column).

    ``images`` is (image, y, x, 4) of L, u, v; the cells lie on the image with its outermost pixels repeated
    by ``padding`` (rows, columns) on every side.
    """
    count, height, width, _ = images.shape
    bins, cell_rows = out.shape[1] - 4, out.shape[2]
    padded_height, padded_width = height + 2 * padding[0], width + 2 * padding[1]
    area = np.float32(1 / (cell * cell))
    # As many for each of two threads.
    strips = 2 * parts_of(cell_rows, 2 * STRIP)
    for task in prange(count * strips):
        image, cells = images[task // strips], out[task // strips]
        first_cell, stop_cell = equal_span(task % strips, strips, cell_rows)
        top, bottom = first_cell * cell, stop_cell * cell
        blended = np.empty(4 * width, np.float32)
        wide = np.empty((4, padded_width + 2), np.float32)
        smooth = np.empty((3, 3, padded_width + 2), np.float32)
        work = np.empty((6, padded_width), np.float32)
        magnitudes = np.empty((KEPT, padded_width), np.float32)
        positions = np.empty((KEPT, padded_width), np.float32)
        average = np.empty(padded_width + 2 * RADIUS, np.float32)
        votes = np.empty(padded_width, np.float32)
        colors = np.zeros((3, padded_width), np.float32)
        totals = np.zeros((1 + bins, padded_width), np.float32)
        first = max(top - RADIUS, 0)
        # Smoothing is one row ahead of the gradient, and that is RADIUS rows ahead of the votes.
        for y in range(first - 1, bottom + RADIUS + 1):
            _smooth_pixels(image, y, padding, blended, wide, smooth[y % 3])
            if top <= y < bottom:
                _add_colors(smooth[y % 3], area, colors)
                if (y + 1) % cell == 0:
                    _close_cells(colors, cell, 0, y // cell, cells)
            row = y - 1
            if first <= row < padded_height:
                _gradients(
                    smooth, row, padded_height, bins, work, magnitudes[row % KEPT], positions[row % KEPT]
                )
            row -= RADIUS
            if top <= row < bottom:
                _average_rows(magnitudes, row, padded_height, average[RADIUS : RADIUS + padded_width])
                extend_row(average, RADIUS, 1, REFLECT, np.float32(0))
                _normalize_row(magnitudes[row % KEPT], average, area, votes)
                _add_votes(votes, positions[row % KEPT], totals)
                if (row + 1) % cell == 0:
                    _close_cells(totals, cell, 3, row // cell, cells)
