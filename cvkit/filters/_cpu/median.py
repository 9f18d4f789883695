"""Median on the CPU: sorting networks for 3 x 3 and 5 x 5 pixels; ``median_large`` has all other sizes.

Beyond its edges the image repeats its outermost pixels.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.memory import read_apart, write_apart
from cvkit._tiles import parts_of, strip
from cvkit.filters._cpu.median_large import median_histogram, median_ranks
from cvkit.filters._median_math import (
    insert,
    maximum,
    median_of_five_columns,
    minimum,
    sort_five,
    two_medians_of_three_rows,
)

__all__ = ["median_3", "median_5", "median_histogram", "median_ranks"]

# Rows of one task of the networks; a multiple of the four rows whose 3 x 3 pixels share their work.
STRIP = 64

# Bytes of a cache line, and of a vector.
LINE = 64


@helper(inline=True)
def _repeat_ends(row, margin, channels):
    """Fill ``margin`` values at both ends of a row by copies of its first and of its last pixel."""
    last = row.shape[0] - margin - channels
    for value in range(margin):
        row[value] = row[margin + value % channels]
        row[last + channels + value] = row[last + value % channels]


@helper(inline=True)
def _sort_three(row, x, step):
    """Sort the value at ``x`` and its neighbors ``step`` values away."""
    first, second = read_apart(row, x - step), read_apart(row, x)
    return insert(minimum(first, second), maximum(first, second), read_apart(row, x + step))


@helper(inline=True)
def _sort_pixel_twice(row, x, neighbor):
    """Sort the pixel at ``x`` of the border, its repetition beyond it and its neighbor."""
    return minimum(row[x], row[neighbor]), row[x], maximum(row[x], row[neighbor])


@helper(inline=True)
def _four_medians(triples):
    """Return four medians of three neighbors each of six sorted rows of three values."""
    first, second = two_medians_of_three_rows(triples[0], triples[1], triples[2], triples[3])
    third, fourth = two_medians_of_three_rows(triples[2], triples[3], triples[4], triples[5])
    return first, second, third, fourth


@helper
def _span_of_three(rows, step, first, stop, outs):
    """Medians of a part of four rows; nothing is stored in between, which costs more than sorting more."""
    row0, row1, row2, row3, row4, row5 = rows
    out0, out1, out2, out3 = outs
    step = np.uintp(step)
    for x in range(np.uintp(first), np.uintp(stop)):
        medians = _four_medians(
            (
                _sort_three(row0, x, step),
                _sort_three(row1, x, step),
                _sort_three(row2, x, step),
                _sort_three(row3, x, step),
                _sort_three(row4, x, step),
                _sort_three(row5, x, step),
            )
        )
        write_apart(out0, x, medians[0])
        write_apart(out1, x, medians[1])
        write_apart(out2, x, medians[2])
        write_apart(out3, x, medians[3])


@helper
def _ends_of_three(rows, step, outs):
    """Medians of the first and of the last pixel of four rows."""
    row0, row1, row2, row3, row4, row5 = rows
    out0, out1, out2, out3 = outs
    last = out0.shape[0] - step
    for channel in range(step):
        for x, neighbor in (
            (channel, min(step, last) + channel),
            (last + channel, max(last - step, 0) + channel),
        ):
            out0[x], out1[x], out2[x], out3[x] = _four_medians(
                (
                    _sort_pixel_twice(row0, x, neighbor),
                    _sort_pixel_twice(row1, x, neighbor),
                    _sort_pixel_twice(row2, x, neighbor),
                    _sort_pixel_twice(row3, x, neighbor),
                    _sort_pixel_twice(row4, x, neighbor),
                    _sort_pixel_twice(row5, x, neighbor),
                )
            )


@helper
def _four_rows_of_three(rows, step, outs):
    """Medians of four rows from six, in vectors that the output's rows hold on one cache line each.

    What lies before and behind goes through full vectors, too, if they fit; some medians are found twice.
    """
    last = outs[0].shape[0] - step
    lanes = LINE // outs[0].itemsize
    if last - step < 2 * lanes:
        _span_of_three(rows, step, step, max(last, step), outs)
    else:
        skipped = (-outs[0].ctypes.data // outs[0].itemsize - step) % lanes
        first = step + skipped
        if skipped:
            _span_of_three(rows, step, step, step + lanes, outs)
        after_full_vectors = first + (last - first) // lanes * lanes
        _span_of_three(rows, step, first, after_full_vectors, outs)
        if after_full_vectors < last:
            _span_of_three(rows, step, last - lanes, last, outs)
    _ends_of_three(rows, step, outs)


@helper
def _strip_of_three(rows, top, bottom, step, spare, out):
    height = rows.shape[0]
    below = height - 1
    for y in range(top, bottom, 4):
        _four_rows_of_three(
            (
                rows[max(y - 1, 0)],
                rows[y],
                rows[min(y + 1, below)],
                rows[min(y + 2, below)],
                rows[min(y + 3, below)],
                rows[min(y + 4, below)],
            ),
            step,
            (
                out[y],
                out[y + 1] if y + 1 < height else spare,
                out[y + 2] if y + 2 < height else spare,
                out[y + 3] if y + 3 < height else spare,
            ),
        )


@cpu_kernel
def median_3(source, out):
    """Median of 3 x 3 pixels."""
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    out_rows = out.reshape(count, height, width * channels)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        spare = np.empty(width * channels, source.dtype)  # for rows below the last one
        _strip_of_three(rows[image], top, bottom, channels, spare, out_rows[image])


@helper(inline=True)
def _sort_columns_of_five(rows, sorted_rows):
    row0, row1, row2, row3, row4 = rows
    sorted0, sorted1, sorted2, sorted3, sorted4 = sorted_rows
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


@helper
def _strip_of_five(rows, top, bottom, step, columns, out):
    height = rows.shape[0]
    inner = slice(2 * step, columns.shape[1] - 2 * step)
    for y in range(top, bottom):
        _sort_columns_of_five(
            (
                rows[max(y - 2, 0)],
                rows[max(y - 1, 0)],
                rows[y],
                rows[min(y + 1, height - 1)],
                rows[min(y + 2, height - 1)],
            ),
            (
                columns[0, inner],
                columns[1, inner],
                columns[2, inner],
                columns[3, inner],
                columns[4, inner],
            ),
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
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        columns = np.empty((5, (width + 4) * channels), source.dtype)
        _strip_of_five(rows[image], top, bottom, channels, columns, out_rows[image])
