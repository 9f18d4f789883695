"""Separable kernels of three or five taps a side on the CPU in one pass: a neighbor in x is a pixel further.

The loops of :mod:`cvkit.filters._cpu.short_taps` run along segments of memory, across the ends of rows: what
comes out there is wrong and is done again, from copies of the columns around the ends.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload

from cvkit._border import border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, strip
from cvkit.filters._cpu.linear import Image, row_segment
from cvkit.filters._cpu.short_sums import Arithmetic
from cvkit.filters._cpu.short_taps import RUN, filter_five_rows, filter_three_rows

# Rows of output that one task makes.
STRIP = 128

# Loads and stores of vectors that straddle two cache lines are slower: segments begin at a multiple of this.
LINE = 64


class _Scratch(NamedTuple):
    """What a task writes on its way."""

    taps: Any  # for each tap, its row and where it begins there
    sums: Any  # of columns of even values and of odd ones
    columns: Any  # the columns around both ends of the rows
    ends: Any  # the pixels there
    filtered: Any  # and what becomes of them


@helper
def _filter_three_segments(rows, outside, arithmetic, scratch, out):
    taps, length = scratch.taps, out.shape[0] + 2 * len(arithmetic.pixel)
    a = row_segment(rows, outside, taps[0, 0], taps[0, 1], length)
    b = row_segment(rows, outside, taps[1, 0], taps[1, 1], length)
    c = row_segment(rows, outside, taps[2, 0], taps[2, 1], length)
    filter_three_rows(a, b, c, arithmetic, scratch.sums, out)


@helper
def _filter_five_segments(rows, outside, arithmetic, scratch, out):
    taps, length = scratch.taps, out.shape[0] + 4 * len(arithmetic.pixel)
    a = row_segment(rows, outside, taps[0, 0], taps[0, 1], length)
    b = row_segment(rows, outside, taps[1, 0], taps[1, 1], length)
    c = row_segment(rows, outside, taps[2, 0], taps[2, 1], length)
    d = row_segment(rows, outside, taps[3, 0], taps[3, 1], length)
    e = row_segment(rows, outside, taps[4, 0], taps[4, 1], length)
    filter_five_rows((a, b, c, d, e), arithmetic, scratch.sums, out)


def _filter_segment(rows, outside, reach, arithmetic, scratch, out):
    """Filter a segment; the row of tap t is row ``taps[t, 0]`` from ``taps[t, 1]`` on, -1 is ``outside``."""
    chosen = _filter_three_segments if len(reach) == 1 else _filter_five_segments
    chosen(rows, outside, arithmetic, scratch, out)


@overload(_filter_segment)
def _filter_segment_of(rows, outside, reach, arithmetic, scratch, out):
    """Choose by the length of ``reach`` before a kernel is compiled: not to compile both."""
    chosen = _filter_three_segments if reach.count == 1 else _filter_five_segments
    return lambda rows, outside, reach, arithmetic, scratch, out: chosen(
        rows, outside, arithmetic, scratch, out
    )


@helper
def _filter_across_rows(rows, first, last, arithmetic, scratch, out):
    """Filter the flat values from ``first`` to ``last`` as if rows had no ends."""
    if first >= last:
        return
    radius, taps = len(arithmetic.reach), scratch.taps
    values, out_values = rows.reshape(1, rows.size), out.reshape(out.size)
    for tap in range(taps.shape[0]):
        taps[tap, 0] = 0
        taps[tap, 1] = first + (tap - radius) * rows.shape[1] - radius * len(arithmetic.pixel)
    _filter_segment(values, values[0], arithmetic.reach, arithmetic, scratch, out_values[first:last])


@helper
def _load_ends(image, top, radius, columns, ends):
    """Copy the pixels around both ends of rows from ``top`` on: left from -r to 2r, right from -2r to r."""
    channels = image.channels
    height, width = image.rows.shape[0], image.rows.shape[1] // channels
    for position in range(3 * radius):
        left = border_index(position - radius, width, image.border)
        right = border_index(width - 2 * radius + position, width, image.border)
        for channel in range(channels):
            columns[position * channels + channel] = left * channels + channel
            columns[(3 * radius + position) * channels + channel] = right * channels + channel
    for y in range(ends.shape[0]):
        row = border_index(top + y, height, image.border)
        for position in range(ends.shape[1]):
            is_outside = row < 0 or columns[position] < 0
            ends[y, position] = image.outside[0] if is_outside else image.rows[row, columns[position]]


@helper
def _filter_ends(image, arithmetic, bounds, scratch, out):
    """Filter the pixels at both ends of the rows: an image of few columns, which is one segment."""
    columns, ends, filtered = scratch.columns, scratch.ends, scratch.filtered
    top, bottom = bounds
    channels, radius = image.channels, len(arithmetic.reach)
    width = image.rows.shape[1] // channels
    _load_ends(image, top - radius, radius, columns, ends)
    length = ends.shape[1]
    first = radius * (length + channels)
    last = (bottom - top + radius) * length - radius * channels
    _filter_across_rows(ends, first, last, arithmetic, scratch, filtered)
    for y in range(bottom - top):
        for x in range(radius):
            inside = min(x, width - 1)  # narrower images get the same value more than once
            left, right = radius + inside, 5 * radius - 1 - inside
            for channel in range(channels):
                value = filtered[radius + y, left * channels + channel]
                out[top + y, inside * channels + channel] = value
                value = filtered[radius + y, right * channels + channel]
                out[top + y, (width - 1 - inside) * channels + channel] = value


@helper
def _filter_strip(image, arithmetic, bounds, misplaced, scratch, out):
    """Filter the rows between ``bounds``; ``misplaced`` is where the first value is, in values."""
    top, bottom = bounds
    taps = scratch.taps
    height, length = image.rows.shape
    radius = len(arithmetic.reach)
    reach = radius * image.channels
    inner_top, inner_bottom = max(top, radius), min(bottom, height - radius)
    if inner_bottom <= inner_top:
        inner_top = inner_bottom = bottom
    for y in range(top, bottom):
        if (y < inner_top or y >= inner_bottom) and length > 2 * reach:
            for tap in range(taps.shape[0]):
                taps[tap, 0] = border_index(y + tap - radius, height, image.border)
                taps[tap, 1] = 0
            inner = out[y, reach : length - reach]
            _filter_segment(image.rows, image.outside, arithmetic.reach, arithmetic, scratch, inner)
    first, last = inner_top * length + reach, inner_bottom * length - reach
    begin = min(last, first + (-first - misplaced) % LINE)
    _filter_across_rows(image.rows, first, begin, arithmetic, scratch, out)
    _filter_across_rows(image.rows, begin, last, arithmetic, scratch, out)
    _filter_ends(image, arithmetic, bounds, scratch, out)


@cpu_kernel
def separable_in_one_pass(
    source, pixel, reach, y_weights, x_weights, y_sums, x_sums, border, border_value, rounding, out
):
    """Filter down the columns and along the rows, over the offsets ``reach`` to either side.

    ``pixel`` is a tuple of as many numbers as the image has channels: more than one only where both it and
    ``out`` are of one unsigned dtype and all sums are integers.
    ``y_sums`` and ``x_sums`` are empty arrays of the dtypes of sums of columns and of these. All but the
    image and its border is what ``Arithmetic`` holds, one by one: a parallel loop takes no tuples of tuples.
    """
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height, length)
    outside = np.full(length, border_value, source.dtype)
    # What counts is where values are loaded, of more rows than are stored, or where wider ones are stored.
    address = out.ctypes.data // out.itemsize
    if out.itemsize == source.itemsize:
        address = source.ctypes.data // source.itemsize - len(reach) * channels
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        position, top, bottom = strip(task, strips, STRIP, height)
        arithmetic = Arithmetic(reach, pixel, y_weights, x_weights, y_sums, x_sums, rounding)
        ends = np.empty((bottom - top + 2 * len(reach), 6 * len(reach) * len(pixel)), source.dtype)
        scratch = _Scratch(
            np.empty((2 * len(reach) + 1, 2), np.intp),
            np.empty((2, RUN // y_sums.itemsize + LINE), y_sums.dtype),
            np.empty(6 * len(reach) * len(pixel), np.intp),
            ends,
            np.empty(ends.shape, out.dtype),
        )
        image = Image(rows[position], len(pixel), border, outside)
        misplaced = address + position * height * length
        _filter_strip(image, arithmetic, (top, bottom), misplaced, scratch, out_rows[position])
