"""Median on the CPU: sorting networks for 3 x 3 and 5 x 5 pixels; ``median_large`` has all other sizes.

Beyond its edges the image repeats its outermost pixels.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.filters._cpu.median_large import median_histogram, median_ranks
from cvkit.filters._cpu.networks import (
    insert,
    larger,
    median_of_five_columns,
    median_of_three_columns,
    smaller,
    sort_five,
)

__all__ = ["median_3", "median_5", "median_histogram", "median_ranks"]

# Rows of one task of the networks; even, because two rows of 3 x 3 pixels share their work.
STRIP = 64

# Values that the vectoriser may take at once, whatever their dtype.
LANES = 64


@helper(inline=True)
def _repeat_ends(row, margin, channels):
    """Fill ``margin`` values at both ends of a row by copies of its first and of its last pixel."""
    last = row.shape[0] - margin - channels
    for value in range(margin):
        row[value] = row[margin + value % channels]
        row[last + channels + value] = row[last + value % channels]


@helper(inline=True)
def _sort_two_columns_of_three(rows, x):
    """Sort the three values of the upper and of the lower of two rows at ``x``; they share the middle two."""
    first, second = rows[1][x], rows[2][x]
    low, high = smaller(first, second), larger(first, second)
    return insert(low, high, rows[0][x]), insert(low, high, rows[3][x])


@helper(inline=True)
def _two_medians_of_three(left, middle, right):
    """Return the upper and the lower median from pairs of sorted columns."""
    upper = median_of_three_columns(left[0], middle[0], right[0])
    lower = median_of_three_columns(left[1], middle[1], right[1])
    return upper, lower


@helper(allocates=False)
def _inner_medians_of_three(rows, step, first, size, upper, lower):
    """Medians of two rows from four; nothing is stored in between, which costs more than sorting thrice."""
    row0, row1, row2, row3 = rows
    lefts = row0[first:], row1[first:], row2[first:], row3[first:]
    middles = lefts[0][step:], lefts[1][step:], lefts[2][step:], lefts[3][step:]
    rights = middles[0][step:], middles[1][step:], middles[2][step:], middles[3][step:]
    inner_upper, inner_lower = upper[first + step :], lower[first + step :]
    for x in range(size):
        inner_upper[x], inner_lower[x] = _two_medians_of_three(
            _sort_two_columns_of_three(lefts, x),
            _sort_two_columns_of_three(middles, x),
            _sort_two_columns_of_three(rights, x),
        )


@helper(inline=True)
def _two_rows_of_three(rows, step, upper, lower):
    inner = upper.shape[0] - 2 * step
    if inner < LANES:
        _inner_medians_of_three(rows, step, 0, inner, upper, lower)
    else:
        _inner_medians_of_three(rows, step, 0, inner - inner % LANES, upper, lower)
        # What is left goes through whole vectors, too: they begin earlier and repeat some medians.
        _inner_medians_of_three(rows, step, inner - LANES, LANES, upper, lower)
    last = upper.shape[0] - step
    for channel in range(step):
        for x, left, right in (
            (channel, channel, min(step, last) + channel),
            (last + channel, max(last - step, 0) + channel, last + channel),
        ):
            upper[x], lower[x] = _two_medians_of_three(
                _sort_two_columns_of_three(rows, left),
                _sort_two_columns_of_three(rows, x),
                _sort_two_columns_of_three(rows, right),
            )


@helper(allocates=False)
def _strip_of_three(rows, top, bottom, step, spare, out):
    height = rows.shape[0]
    for y in range(top, bottom, 2):
        around = rows[max(y - 1, 0)], rows[y], rows[min(y + 1, height - 1)], rows[min(y + 2, height - 1)]
        lower = out[y + 1] if y + 1 < height else spare
        _two_rows_of_three(around, step, out[y], lower)


@cpu_kernel
def median_3(source, out):
    """Median of 3 x 3 pixels."""
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    out_rows = out.reshape(count, height, width * channels)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image, strip = task // strips, task % strips
        top = strip * STRIP
        spare = np.empty(width * channels, source.dtype)  # for the row below the last one of an odd height
        _strip_of_three(rows[image], top, min(top + STRIP, height), channels, spare, out_rows[image])


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


@helper(allocates=False)
def _strip_of_five(rows, top, bottom, step, columns, out):
    height = rows.shape[0]
    inner = slice(2 * step, columns.shape[1] - 2 * step)
    for y in range(top, bottom):
        _sort_columns_of_five(
            rows[max(y - 2, 0)],
            rows[max(y - 1, 0)],
            rows[y],
            rows[min(y + 1, height - 1)],
            rows[min(y + 2, height - 1)],
            columns[0, inner],
            columns[1, inner],
            columns[2, inner],
            columns[3, inner],
            columns[4, inner],
        )
        for row in range(5):
            _repeat_ends(columns[row], 2 * step, step)
        _join_columns_of_five(columns, step, out[y])


@cpu_kernel
def median_5(source, out):
    """Median of 5 x 5 pixels."""
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    out_rows = out.reshape(count, height, width * channels)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image, strip = task // strips, task % strips
        top = strip * STRIP
        columns = np.empty((5, (width + 4) * channels), source.dtype)
        _strip_of_five(rows[image], top, min(top + STRIP, height), channels, columns, out_rows[image])
