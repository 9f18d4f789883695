"""Sums over all that is above and to the left, on the CPU: each row adds its own sums to the row above."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.sums import BLOCK, running_sums
from cvkit._tiles import parts_of, strip


@helper
def _sum_row(row, is_squared, totals, above, out):
    """Add the sums of a row up to each value, of its channel, to the row above; ``totals`` are zeros."""
    number = out.dtype.type
    whole = row.shape[0] // BLOCK * BLOCK
    for start in range(0, whole, BLOCK):
        totals = running_sums(row, start, is_squared, above, out, totals)
    for x in range(whole, row.shape[0]):
        value = number(row[x])
        total = number(totals[0] + (number(value * value) if is_squared else value))
        out[x] = number(above[x] + total)
        totals = totals[1:] + (total,)  # noqa: RUF005  the next channel comes first; Numba has no other way


@helper
def _sum_pixels(row, is_squared, channels, above, out):
    zero = out.dtype.type(0)
    if channels == 1:
        _sum_row(row, is_squared, (zero,), above, out)
    elif channels == 2:
        _sum_row(row, is_squared, (zero, zero), above, out)
    elif channels == 3:
        _sum_row(row, is_squared, (zero, zero, zero), above, out)
    else:
        _sum_row(row, is_squared, (zero, zero, zero, zero), above, out)


@helper
def _add_row(row, is_squared, columns):
    number = columns.dtype.type
    if is_squared:
        for x in range(row.shape[0]):
            columns[x] = number(columns[x] + number(number(row[x]) * number(row[x])))
        return
    for x in range(row.shape[0]):
        columns[x] = number(columns[x] + number(row[x]))


@helper
def _sum_columns(rows, is_squared, columns):
    for y in range(rows.shape[0]):
        _add_row(rows[y], is_squared, columns)


@helper
def _start(columns, strips, last, channels, start):
    """Sum the columns of all strips before the ``last`` up to each value: the row above that strip."""
    start[:] = 0
    for part in range(strips, last):
        for x in range(start.shape[0]):
            start[x] += columns[part, x]
    for x in range(channels, start.shape[0]):
        start[x] += start[x - channels]


@cpu_kernel
def integrate(source, strip_height, is_squared, out):
    """Sum values, or their squares, over all rows above and columns before; ``out`` begins with zeros.

    A strip of rows needs what is above it: the sums of the columns of each strip are found beforehand, where
    there is more than one.
    """
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height + 1, length + channels)
    strips = parts_of(height, strip_height)
    columns = np.zeros((count * strips if strips > 1 else 0, length), out.dtype)
    for task in prange(columns.shape[0]):
        image, top, bottom = strip(task, strips, strip_height, height)
        _sum_columns(rows[image][top:bottom], is_squared, columns[task])
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, strip_height, height)
        start = np.empty(length, out.dtype)
        _start(columns, task - task % strips, task, channels, start)
        sums = out_rows[image]
        if top == 0:
            sums[0] = 0
        for y in range(top, bottom):
            sums[y + 1, :channels] = 0
            above = start if y == top else sums[y, channels:]
            _sum_pixels(rows[image, y], is_squared, channels, above, sums[y + 1, channels:])
