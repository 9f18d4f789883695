"""Median on the CPU: sorting networks for 3 x 3 and 5 x 5 pixels, sliding histograms and ranks beyond.

Beyond its edges the image repeats its outermost pixels.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.filters._cpu.networks import median_of_five_columns, median_of_three_columns, sort_five, sort_three

# Rows of one task of the networks.
STRIP = 64


@helper(inline=True)
def _row(rows, y):
    """Return row ``y``, or the outermost one on that side."""
    return rows[min(max(y, 0), rows.shape[0] - 1)]


@helper(inline=True)
def _repeat_ends(row, margin, channels):
    """Fill ``margin`` values at both ends of a row by copies of its first and of its last pixel."""
    last = row.shape[0] - margin - channels
    for value in range(margin):
        row[value] = row[margin + value % channels]
        row[last + channels + value] = row[last + value % channels]


@helper(inline=True)
def _sort_columns_of_three(above, here, below, low, middle, high):
    for x in range(here.shape[0]):
        low[x], middle[x], high[x] = sort_three(above[x], here[x], below[x])


@helper(inline=True)
def _join_columns_of_three(low, middle, high, step, out):
    low1, low2 = low[step:], low[2 * step :]
    middle1, middle2 = middle[step:], middle[2 * step :]
    high1, high2 = high[step:], high[2 * step :]
    for x in range(out.shape[0]):
        out[x] = median_of_three_columns(
            (low[x], low1[x], low2[x]), (middle[x], middle1[x], middle2[x]), (high[x], high1[x], high2[x])
        )


@cpu_kernel
def median_3(source, out):
    """Median of 3 x 3 pixels."""
    count, height, width, channels = source.shape
    size = width * channels
    rows = source.reshape(count, height, size)
    out_rows = out.reshape(count, height, size)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        columns = np.empty((3, size + 2 * channels), source.dtype)
        inner = slice(channels, channels + size)
        for y in range(top, min(top + STRIP, height)):
            _sort_columns_of_three(
                _row(rows[image], y - 1),
                rows[image, y],
                _row(rows[image], y + 1),
                columns[0, inner],
                columns[1, inner],
                columns[2, inner],
            )
            for row in range(3):
                _repeat_ends(columns[row], channels, channels)
            _join_columns_of_three(columns[0], columns[1], columns[2], channels, out_rows[image, y])


@helper(inline=True)
def _sort_columns_of_five(row0, row1, row2, row3, row4, sorted0, sorted1, sorted2, sorted3, sorted4):
    for x in range(row0.shape[0]):
        sorted0[x], sorted1[x], sorted2[x], sorted3[x], sorted4[x] = sort_five(
            (row0[x], row1[x], row2[x], row3[x], row4[x])
        )


@helper(inline=True)
def _five(row, step):
    """Five views of a row, each one pixel further."""
    return row, row[step:], row[2 * step :], row[3 * step :], row[4 * step :]


@helper(inline=True)
def _at(views, x):
    return views[0][x], views[1][x], views[2][x], views[3][x], views[4][x]


@helper(inline=True)
def _join_columns_of_five(columns, step, out):
    row0, row1, row2 = _five(columns[0], step), _five(columns[1], step), _five(columns[2], step)
    row3, row4 = _five(columns[3], step), _five(columns[4], step)
    for x in range(out.shape[0]):
        out[x] = median_of_five_columns(_at(row0, x), _at(row1, x), _at(row2, x), _at(row3, x), _at(row4, x))


@cpu_kernel
def median_5(source, out):
    """Median of 5 x 5 pixels."""
    count, height, width, channels = source.shape
    size = width * channels
    rows = source.reshape(count, height, size)
    out_rows = out.reshape(count, height, size)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        columns = np.empty((5, size + 4 * channels), source.dtype)
        inner = slice(2 * channels, 2 * channels + size)
        for y in range(top, min(top + STRIP, height)):
            _sort_columns_of_five(
                _row(rows[image], y - 2),
                _row(rows[image], y - 1),
                rows[image, y],
                _row(rows[image], y + 1),
                _row(rows[image], y + 2),
                columns[0, inner],
                columns[1, inner],
                columns[2, inner],
                columns[3, inner],
                columns[4, inner],
            )
            for row in range(5):
                _repeat_ends(columns[row], 2 * channels, channels)
            _join_columns_of_five(columns, channels, out_rows[image, y])
