"""Separable kernels of three or five taps a side on the CPU, over gray images, in one pass.

Each loop runs along a stretch of memory, sums the column of every pixel and keeps the sums of the columns
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

import numpy as np

from cvkit._border import border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.numbers import multiply_add
from cvkit.filters._cpu.linear import stretch
from cvkit.filters._math import finish

# Rows of output that one task makes.
STRIP = 128

# Stores of vectors that straddle two cache lines are slower: stretches begin at a multiple of this in memory.
LINE = 64


@helper(contract=False, allocates=True)
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


@helper(contract=False, allocates=True)
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


@helper(allocates=True)
def _column_of_three(a, b, c, x, arithmetic):
    y_weights, _, sums, _ = arithmetic
    number = sums[0].dtype.type
    return _three(number(a[x]), number(b[x]), number(c[x]), y_weights)


@helper(allocates=True)
def _column_of_five(a, b, c, d, e, x, arithmetic):
    y_weights, _, sums, _ = arithmetic
    number = sums[0].dtype.type
    return _five(number(a[x]), number(b[x]), number(c[x]), number(d[x]), number(e[x]), y_weights)


@helper(allocates=True)
def _row_of_three(before, here, after, arithmetic):
    _, x_weights, sums, rounding = arithmetic
    number = sums[1].dtype.type
    return finish(_three(number(before), number(here), number(after), x_weights), sums[1], rounding)


@helper(allocates=True)
def _row_of_five(first, second, third, fourth, fifth, arithmetic):
    _, x_weights, sums, rounding = arithmetic
    number = sums[1].dtype.type
    total = _five(number(first), number(second), number(third), number(fourth), number(fifth), x_weights)
    return finish(total, sums[1], rounding)


@helper(allocates=True)
def _are_whole(arithmetic):
    """Whether sums of columns are whole numbers; the compiler knows, and drops the loop that is not taken."""
    return arithmetic[2][0].dtype.type(0.5) == 0


@helper
def _filter_three_rows(a, b, c, arithmetic, out):
    """Filter stretches of three rows; each begins one value before ``out`` and ends one behind."""
    length = out.shape[0]
    before = _column_of_three(a, b, c, 0, arithmetic)
    here = _column_of_three(a, b, c, 1, arithmetic)
    if not _are_whole(arithmetic):
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
    """Filter stretches of five rows; each begins two values before ``out`` and ends two behind."""
    length = out.shape[0]
    first = _column_of_five(a, b, c, d, e, 0, arithmetic)
    second = _column_of_five(a, b, c, d, e, 1, arithmetic)
    third = _column_of_five(a, b, c, d, e, 2, arithmetic)
    fourth = _column_of_five(a, b, c, d, e, 3, arithmetic)
    if not _are_whole(arithmetic):
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
def _filter_stretch(rows, outside, reach, taps, arithmetic, out):
    """Filter a stretch; the row of tap t begins at ``rows[taps[t, 0], taps[t, 1]]``, -1 is ``outside``."""
    length = out.shape[0] + 2 * len(reach)
    a = stretch(rows, outside, taps[0, 0], taps[0, 1], length)
    b = stretch(rows, outside, taps[1, 0], taps[1, 1], length)
    c = stretch(rows, outside, taps[2, 0], taps[2, 1], length)
    if len(reach) == 1:
        _filter_three_rows(a, b, c, arithmetic, out)
    else:
        d = stretch(rows, outside, taps[3, 0], taps[3, 1], length)
        e = stretch(rows, outside, taps[4, 0], taps[4, 1], length)
        _filter_five_rows(a, b, c, d, e, arithmetic, out)


@helper
def _filter_across_rows(values, width, first, last, reach, arithmetic, taps, out):
    """Filter flat ``values`` from ``first`` to ``last`` as if rows of ``width`` had no ends."""
    if first >= last:
        return
    radius = len(reach)
    for tap in range(taps.shape[0]):
        taps[tap, 0] = 0
        taps[tap, 1] = first + (tap - radius) * width - radius
    _filter_stretch(values, values[0], reach, taps, arithmetic, out[first:last])


@helper
def _load_ends(rows, top, border, border_value, reach, columns, ends):
    """Copy the pixels around both ends of rows from ``top`` on: left from -r to 2r, right from -2r to r."""
    height, width = rows.shape
    radius = len(reach)
    for position in range(3 * radius):
        columns[position] = border_index(position - radius, width, border)
        columns[3 * radius + position] = border_index(width - 2 * radius + position, width, border)
    for y in range(ends.shape[0]):
        row = border_index(top + y, height, border)
        if row < 0:
            ends[y] = border_value
        else:
            for position in range(6 * radius):
                ends[y, position] = rows[row, columns[position]]
    for position in range(6 * radius):
        if columns[position] < 0:
            ends[:, position] = border_value


@helper
def _filter_ends(
    rows, border, border_value, reach, arithmetic, top, bottom, taps, columns, ends, filtered, out
):
    """Filter the pixels at both ends of the rows: an image of few columns, which is one stretch."""
    radius, width = len(reach), rows.shape[1]
    _load_ends(rows, top - radius, border, border_value, reach, columns, ends)
    span = ends.shape[1]
    first, last = radius * span + radius, (bottom - top + radius) * span - radius
    values = ends.reshape(1, ends.size)
    out_values = filtered.reshape(filtered.size)
    _filter_across_rows(values, span, first, last, reach, arithmetic, taps, out_values)
    for y in range(bottom - top):
        for x in range(radius):
            inside = min(x, width - 1)  # narrower images get the same value more than once
            out[top + y, inside] = filtered[radius + y, radius + inside]
            out[top + y, width - 1 - inside] = filtered[radius + y, 5 * radius - 1 - inside]


@helper
def _filter_strip(
    rows,
    border,
    outside,
    reach,
    arithmetic,
    top,
    bottom,
    misplaced,
    taps,
    columns,
    ends,
    filtered,
    out,
):
    """Filter the rows from ``top`` to ``bottom``; ``taps`` and what follows, but for ``out``, is scratch."""
    height, width = rows.shape
    radius = len(reach)
    values, out_values = rows.reshape(1, rows.size), out.reshape(out.size)
    inner_top, inner_bottom = max(top, radius), min(bottom, height - radius)
    if inner_bottom <= inner_top:
        inner_top = inner_bottom = bottom
    for y in range(top, bottom):
        if (y < inner_top or y >= inner_bottom) and width > 2 * radius:
            for tap in range(taps.shape[0]):
                row = border_index(y + tap - radius, height, border)
                taps[tap, 0] = min(row, 0)
                taps[tap, 1] = row * width
            inner = out[y, radius : width - radius]
            _filter_stretch(values, outside, reach, taps, arithmetic, inner)
    first, last = inner_top * width + radius, inner_bottom * width - radius
    begin = min(last, first + (-first - misplaced) % LINE)
    _filter_across_rows(values, width, first, begin, reach, arithmetic, taps, out_values)
    _filter_across_rows(values, width, begin, last, reach, arithmetic, taps, out_values)
    _filter_ends(
        rows,
        border,
        outside[0],
        reach,
        arithmetic,
        top,
        bottom,
        taps,
        columns,
        ends,
        filtered,
        out,
    )


@cpu_kernel
def separable_in_one_pass(
    source, reach, y_weights, x_weights, y_sums, x_sums, border, border_value, rounding, out
):
    """Filter down the columns and along the rows, over the offsets ``reach`` to either side.

    ``y_sums`` and ``x_sums`` are arrays of the dtypes of sums of columns and of these.
    """
    count, height, width, _ = source.shape
    rows = source.reshape(count, height, width)
    out_rows = out.reshape(count, height, width)
    outside = np.full(width, border_value, source.dtype)
    address = out.ctypes.data // out.itemsize
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        bottom = min(top + STRIP, height)
        # Not outside of the loop: a parallel one takes no tuples of tuples.
        arithmetic = y_weights, x_weights, (y_sums, x_sums), rounding
        taps = np.empty((2 * len(reach) + 1, 2), np.intp)
        columns = np.empty(6 * len(reach), np.intp)
        ends = np.empty((bottom - top + 2 * len(reach), columns.size), source.dtype)
        _filter_strip(
            rows[image],
            border,
            outside,
            reach,
            arithmetic,
            top,
            bottom,
            address + image * height * width,
            taps,
            columns,
            ends,
            np.empty(ends.shape, out.dtype),
            out_rows[image],
        )
