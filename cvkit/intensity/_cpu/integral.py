"""Sums over all that is above and to the left, on the CPU: each row adds its own sums to the row above."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import split_channels
from cvkit._simd.sums import LANES, running_squares, running_sums
from cvkit._tiles import parts_of, strip


class _Scratch(NamedTuple):
    """A row taken apart into channels, their sums, and zeros."""

    planes: Any
    sums: Any
    zeros: Any


@helper
def _sum_row(row, is_squared, above, out):
    """Add the sums of a row up to each value to the row above."""
    number = out.dtype.type
    total = number(0)
    whole = row.shape[0] // LANES * LANES
    if is_squared:
        for start in range(0, whole, LANES):
            total = running_squares(row, start, above, out, total)
    else:
        for start in range(0, whole, LANES):
            total = running_sums(row, start, above, out, total)
    for x in range(whole, row.shape[0]):
        value = number(row[x])
        total = number(total + (number(value * value) if is_squared else value))
        out[x] = number(above[x] + total)


@helper
def _merge_three(first, second, third, above, out):
    for x in range(first.shape[0]):
        out[3 * x] = above[3 * x] + first[x]
        out[3 * x + 1] = above[3 * x + 1] + second[x]
        out[3 * x + 2] = above[3 * x + 2] + third[x]


@helper
def _merge(sums, above, out):
    channels, width = sums.shape
    if channels == 3:
        _merge_three(sums[0], sums[1], sums[2], above, out)
        return
    for channel in range(channels):
        for x in range(width):
            out[x * channels + channel] = above[x * channels + channel] + sums[channel, x]


@helper
def _sum_pixels(row, is_squared, scratch, above, out):
    channels = scratch.planes.shape[0]
    if channels == 1:
        _sum_row(row, is_squared, above, out)
        return
    split_channels(row, scratch.planes)
    for channel in range(channels):
        _sum_row(scratch.planes[channel], is_squared, scratch.zeros, scratch.sums[channel])
    _merge(scratch.sums, above, out)


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
        scratch = _Scratch(
            np.empty((channels, width if channels > 1 else 0), source.dtype),
            np.empty((channels, width if channels > 1 else 0), out.dtype),
            np.zeros(width, out.dtype),
        )
        start = np.empty(length, out.dtype)
        _start(columns, task - task % strips, task, channels, start)
        sums = out_rows[image]
        if top == 0:
            sums[0] = 0
        for y in range(top, bottom):
            sums[y + 1, :channels] = 0
            above = start if y == top else sums[y, channels:]
            _sum_pixels(rows[image, y], is_squared, scratch, above, sums[y + 1, channels:])
