"""Separable kernels of three or five taps a side on the CPU, over gray images, in one pass.

Each loop runs along a segment of memory, sums the column of every pixel and keeps the sums of the columns
before in variables. The compiler turns these into vectors that it shifts by a lane, so that sums of columns
never go through memory. That holds across the ends of rows, too: what comes out there is wrong and is done
again, from copies of the columns around the ends.

Weights come in tuples, whose length chooses the arithmetic while a kernel is compiled:

three taps: ``()`` is the difference of the outer ones; ``(middle,)`` has outer weights of 1 and
``(outer, middle)`` is symmetric, too; else all three weights
five taps: ``()`` is the sum; ``(inner, middle)`` has outer weights of 1 and ``(outer, inner, middle)`` is
symmetric, too; else all five weights

The tuple ``reach`` holds the offsets of the taps behind the middle one: its length tells three from five.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.numbers import multiply_add
from cvkit._tiles import parts_of, strip
from cvkit.filters._cpu.linear import Image, row_segment
from cvkit.filters._math import holds_integers, rounded

# Rows of output that one task makes.
STRIP = 128

# Stores of vectors that straddle two cache lines are slower: segments begin at a multiple of this in memory.
LINE = 64


class _Arithmetic(NamedTuple):
    """What becomes of the pixels around one: all that is known while this is compiled."""

    reach: Any
    y_weights: Any
    x_weights: Any
    y_sums: Any  # an empty array of the dtype of sums down the columns
    x_sums: Any  # and one of the dtype of sums of these
    rounding: Any


class _Scratch(NamedTuple):
    """What a task writes on its way."""

    taps: Any  # for each tap, its row and where it begins there
    columns: Any  # the columns around both ends of the rows
    ends: Any  # the pixels there
    filtered: Any  # and what becomes of them


@helper(contract=False)
def _three(before, here, after, weights):
    number = type(here)
    if len(weights) == 0:
        return number(after - before)
    if len(weights) == 1:
        return multiply_add(here, weights[0], number(before + after))
    if len(weights) == 2:
        return multiply_add(number(before + after), weights[0], number(here * weights[1]))
    total = multiply_add(here, weights[1], number(before * weights[0]))
    return multiply_add(after, weights[2], total)


@helper(contract=False)
def _five(first, second, third, fourth, fifth, weights):
    number = type(third)
    if len(weights) == 0:
        return number(number(number(first + fifth) + number(second + fourth)) + third)
    if len(weights) == 2:
        total = multiply_add(number(second + fourth), weights[0], number(first + fifth))
        return multiply_add(third, weights[1], total)
    if len(weights) == 3:
        total = multiply_add(number(second + fourth), weights[1], number(third * weights[2]))
        return multiply_add(number(first + fifth), weights[0], total)
    total = multiply_add(second, weights[1], number(first * weights[0]))
    total = multiply_add(third, weights[2], total)
    total = multiply_add(fourth, weights[3], total)
    return multiply_add(fifth, weights[4], total)


@helper
def _column_of_three(a, b, c, x, arithmetic):
    number = arithmetic.y_sums.dtype.type
    return _three(number(a[x]), number(b[x]), number(c[x]), arithmetic.y_weights)


@helper
def _column_of_five(a, b, c, d, e, x, arithmetic):
    number = arithmetic.y_sums.dtype.type
    return _five(number(a[x]), number(b[x]), number(c[x]), number(d[x]), number(e[x]), arithmetic.y_weights)


@helper
def _row_of_three(before, here, after, arithmetic):
    number = arithmetic.x_sums.dtype.type
    total = _three(number(before), number(here), number(after), arithmetic.x_weights)
    return rounded(total, arithmetic.rounding)


@helper
def _row_of_five(first, second, third, fourth, fifth, arithmetic):
    number = arithmetic.x_sums.dtype.type
    total = _five(
        number(first), number(second), number(third), number(fourth), number(fifth), arithmetic.x_weights
    )
    return rounded(total, arithmetic.rounding)


@helper
def _filter_three_rows(a, b, c, arithmetic, out):
    """Filter segments of three rows; each begins one value before ``out`` and ends one behind."""
    length = out.shape[0]
    before = _column_of_three(a, b, c, 0, arithmetic)
    here = _column_of_three(a, b, c, 1, arithmetic)
    if not holds_integers(arithmetic.y_sums):
        for x in range(length):
            after = _column_of_three(a, b, c, x + 2, arithmetic)
            out[x] = _row_of_three(before, here, after, arithmetic)
            before, here = here, after
        return
    # Two at a time, because the even and the odd bytes of a vector are taken apart faster than its halves.
    for pair in range(length // 2):
        even = _column_of_three(a, b, c, 2 * pair + 2, arithmetic)
        odd = _column_of_three(a, b, c, 2 * pair + 3, arithmetic)
        out[2 * pair] = _row_of_three(before, here, even, arithmetic)
        out[2 * pair + 1] = _row_of_three(here, even, odd, arithmetic)
        before, here = even, odd
    if length % 2:
        after = _column_of_three(a, b, c, length + 1, arithmetic)
        out[length - 1] = _row_of_three(before, here, after, arithmetic)


@helper
def _filter_five_rows(a, b, c, d, e, arithmetic, out):
    """Filter segments of five rows; each begins two values before ``out`` and ends two behind."""
    length = out.shape[0]
    first = _column_of_five(a, b, c, d, e, 0, arithmetic)
    second = _column_of_five(a, b, c, d, e, 1, arithmetic)
    third = _column_of_five(a, b, c, d, e, 2, arithmetic)
    fourth = _column_of_five(a, b, c, d, e, 3, arithmetic)
    if not holds_integers(arithmetic.y_sums):
        for x in range(length):
            fifth = _column_of_five(a, b, c, d, e, x + 4, arithmetic)
            out[x] = _row_of_five(first, second, third, fourth, fifth, arithmetic)
            first, second, third, fourth = second, third, fourth, fifth
        return
    for pair in range(length // 2):
        even = _column_of_five(a, b, c, d, e, 2 * pair + 4, arithmetic)
        odd = _column_of_five(a, b, c, d, e, 2 * pair + 5, arithmetic)
        out[2 * pair] = _row_of_five(first, second, third, fourth, even, arithmetic)
        out[2 * pair + 1] = _row_of_five(second, third, fourth, even, odd, arithmetic)
        first, second, third, fourth = third, fourth, even, odd
    if length % 2:
        fifth = _column_of_five(a, b, c, d, e, length + 3, arithmetic)
        out[length - 1] = _row_of_five(first, second, third, fourth, fifth, arithmetic)


@helper
def _filter_segment(rows, outside, reach, arithmetic, taps, out):
    """Filter a segment; the row of tap t begins at ``rows[taps[t, 0], taps[t, 1]]``, -1 is ``outside``.

    Of ``reach``, the length is known while this is compiled; of a part of ``arithmetic`` it is not.
    """
    length = out.shape[0] + 2 * len(reach)
    a = row_segment(rows, outside, taps[0, 0], taps[0, 1], length)
    b = row_segment(rows, outside, taps[1, 0], taps[1, 1], length)
    c = row_segment(rows, outside, taps[2, 0], taps[2, 1], length)
    if len(reach) == 1:
        _filter_three_rows(a, b, c, arithmetic, out)
    else:
        d = row_segment(rows, outside, taps[3, 0], taps[3, 1], length)
        e = row_segment(rows, outside, taps[4, 0], taps[4, 1], length)
        _filter_five_rows(a, b, c, d, e, arithmetic, out)


@helper
def _filter_across_rows(rows, first, last, arithmetic, taps, out):
    """Filter the flat values from ``first`` to ``last`` as if rows had no ends."""
    if first >= last:
        return
    radius = len(arithmetic.reach)
    values, out_values = rows.reshape(1, rows.size), out.reshape(out.size)
    for tap in range(taps.shape[0]):
        taps[tap, 0] = 0
        taps[tap, 1] = first + (tap - radius) * rows.shape[1] - radius
    _filter_segment(values, values[0], arithmetic.reach, arithmetic, taps, out_values[first:last])


@helper
def _load_ends(image, top, radius, columns, ends):
    """Copy the pixels around both ends of rows from ``top`` on: left from -r to 2r, right from -2r to r."""
    height, width = image.rows.shape
    for position in range(3 * radius):
        columns[position] = border_index(position - radius, width, image.border)
        columns[3 * radius + position] = border_index(width - 2 * radius + position, width, image.border)
    for y in range(ends.shape[0]):
        row = border_index(top + y, height, image.border)
        if row < 0:
            ends[y] = image.outside[0]
        else:
            for position in range(6 * radius):
                ends[y, position] = image.rows[row, columns[position]]
    for position in range(6 * radius):
        if columns[position] < 0:
            ends[:, position] = image.outside[0]


@helper
def _filter_ends(image, arithmetic, bounds, scratch, out):
    """Filter the pixels at both ends of the rows: an image of few columns, which is one segment."""
    taps, columns, ends, filtered = scratch
    top, bottom = bounds
    radius, width = len(arithmetic.reach), image.rows.shape[1]
    _load_ends(image, top - radius, radius, columns, ends)
    length = ends.shape[1]
    first, last = radius * length + radius, (bottom - top + radius) * length - radius
    _filter_across_rows(ends, first, last, arithmetic, taps, filtered)
    for y in range(bottom - top):
        for x in range(radius):
            inside = min(x, width - 1)  # narrower images get the same value more than once
            out[top + y, inside] = filtered[radius + y, radius + inside]
            out[top + y, width - 1 - inside] = filtered[radius + y, 5 * radius - 1 - inside]


@helper
def _filter_strip(image, arithmetic, bounds, misplaced, scratch, out):
    """Filter the rows between ``bounds``; ``misplaced`` is the place in memory of ``out``, in values."""
    top, bottom = bounds
    taps = scratch.taps
    height, width = image.rows.shape
    radius = len(arithmetic.reach)
    inner_top, inner_bottom = max(top, radius), min(bottom, height - radius)
    if inner_bottom <= inner_top:
        inner_top = inner_bottom = bottom
    for y in range(top, bottom):
        if (y < inner_top or y >= inner_bottom) and width > 2 * radius:
            for tap in range(taps.shape[0]):
                taps[tap, 0] = border_index(y + tap - radius, height, image.border)
                taps[tap, 1] = 0
            inner = out[y, radius : width - radius]
            _filter_segment(image.rows, image.outside, arithmetic.reach, arithmetic, taps, inner)
    first, last = inner_top * width + radius, inner_bottom * width - radius
    begin = min(last, first + (-first - misplaced) % LINE)
    _filter_across_rows(image.rows, first, begin, arithmetic, taps, out)
    _filter_across_rows(image.rows, begin, last, arithmetic, taps, out)
    _filter_ends(image, arithmetic, bounds, scratch, out)


@cpu_kernel
def separable_in_one_pass(
    source, reach, y_weights, x_weights, y_sums, x_sums, border, border_value, rounding, out
):
    """Filter down the columns and along the rows, over the offsets ``reach`` to either side.

    ``y_sums`` and ``x_sums`` are empty arrays of the dtypes of sums of columns and of these. All but the
    image and its border is what ``_Arithmetic`` holds, one by one: a parallel loop takes no tuples of tuples.
    """
    count, height, width, _ = source.shape
    rows = source.reshape(count, height, width)
    out_rows = out.reshape(count, height, width)
    outside = np.full(width, border_value, source.dtype)
    address = out.ctypes.data // out.itemsize
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        position, top, bottom = strip(task, strips, STRIP, height)
        arithmetic = _Arithmetic(reach, y_weights, x_weights, y_sums, x_sums, rounding)
        ends = np.empty((bottom - top + 2 * len(reach), 6 * len(reach)), source.dtype)
        scratch = _Scratch(
            np.empty((2 * len(reach) + 1, 2), np.intp),
            np.empty(6 * len(reach), np.intp),
            ends,
            np.empty(ends.shape, out.dtype),
        )
        image = Image(rows[position], 1, border, outside)
        misplaced = address + position * height * width
        _filter_strip(image, arithmetic, (top, bottom), misplaced, scratch, out_rows[position])
