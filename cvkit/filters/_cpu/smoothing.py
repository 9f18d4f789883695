"""Box sums on the CPU, in a time that does not grow with the box's height, and with the log of its width."""

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit.filters._cpu.linear import STRIP, extended_rows, finish_row, stretch
from cvkit.filters._math import finish


@helper(allocates=False)
def _add(sums, row):
    number = sums.dtype.type
    for x in range(sums.shape[0]):
        sums[x] = number(sums[x] + number(row[x]))


@helper(allocates=False)
def _exchange(sums, leaving, entering):
    number = sums.dtype.type
    for x in range(sums.shape[0]):
        sums[x] = number(number(sums[x] + number(entering[x])) - number(leaving[x]))


@helper(allocates=False)
def _add_pairs(near, far, pairs):
    number = pairs.dtype.type
    for x in range(far.shape[0]):
        pairs[x] = number(number(near[x]) + number(far[x]))


@helper(allocates=False)
def _average_three(a, b, c, sums, rounding, out):
    number = sums.dtype.type
    for x in range(out.shape[0]):
        total = number(number(number(a[x]) + number(b[x])) + number(c[x]))
        out[x] = finish(total, sums, rounding)


@helper(allocates=False)
def _average_five(a, b, c, d, e, sums, rounding, out):
    number = sums.dtype.type
    for x in range(out.shape[0]):
        outer = number(number(number(a[x]) + number(b[x])) + number(number(d[x]) + number(e[x])))
        out[x] = finish(number(outer + number(c[x])), sums, rounding)


@helper(allocates=False)
def _average_windows(column, size, channels, spans, total, rounding, out):
    """Average ``size`` neighbours, an odd number; beyond five, from sums of 1, 2, 4... of them.

    ``spans`` has two rows of scratch space as long as ``column``. Three and five have loops of their own,
    because the fewer passes, the better for small boxes.
    """
    length = total.shape[0]
    if size == 3:
        a, b = column[:length], column[channels : channels + length]
        _average_three(a, b, column[2 * channels :], total, rounding, out)
        return
    if size == 5:
        a, b = column[:length], column[channels : channels + length]
        c, d = column[2 * channels : 2 * channels + length], column[3 * channels : 3 * channels + length]
        _average_five(a, b, c, d, column[4 * channels :], total, rounding, out)
        return
    copy_row(column, total)
    span, taken = 1, 1
    source = 0
    _add_pairs(column, column[channels:], spans[0])
    while 2 * span <= size:
        span *= 2
        if size & span:
            _add(total, spans[source, taken * channels : taken * channels + length])
            taken += span
        if 2 * span <= size:
            _add_pairs(spans[source], spans[source, span * channels :], spans[1 - source])
            source = 1 - source
    finish_row(total, rounding, out)


@helper(allocates=False)
def _box_strip(
    rows,
    outside,
    size_y,
    size_x,
    border,
    outside_column,
    rounding,
    channels,
    top,
    bottom,
    column,
    spans,
    total,
    out,
):
    """Filter the rows from ``top`` to ``bottom``; the last arrays before ``out`` are scratch space."""
    height, length = rows.shape
    radius = size_y // 2
    margin = (column.shape[0] - length) // 2
    sums = column[margin : margin + length]
    sums[:] = 0
    for y in range(top - 1 - radius, top + radius):
        _add(sums, stretch(rows, outside, border_index(y, height, border), 0, length))
    for y in range(top, bottom):
        leaving = stretch(rows, outside, border_index(y - 1 - radius, height, border), 0, length)
        entering = stretch(rows, outside, border_index(y + radius, height, border), 0, length)
        _exchange(sums, leaving, entering)
        extend_row(column, margin // channels, channels, border, outside_column)
        _average_windows(column, size_x, channels, spans, total, rounding, out[y])


@cpu_kernel
def box(source, size_y, size_x, border, border_value, outside_column, outside_box, rounding, out):
    """Sum down the columns, in the dtype of ``outside_column``, and along the rows, in ``outside_box``'s.

    Both hold one number: the sum of a column, and of a box, that lies beyond the image.
    """
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height, length)
    outside = np.full(length, border_value, source.dtype)
    reach = size_x // 2 * channels
    # Each task sums its first box afresh, so that a task of few rows would do little else.
    strip = max(STRIP, 4 * size_y)
    strips = (height + strip - 1) // strip
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * strip
        columns, begin = extended_rows(1, reach, length, outside_column.dtype)
        column = columns[0, begin - reach : begin + length + reach]
        spans = np.empty((2, column.size), outside_box.dtype)
        total = np.empty(length, outside_box.dtype)
        _box_strip(
            rows[image],
            outside,
            size_y,
            size_x,
            border,
            outside_column[0],
            rounding,
            channels,
            top,
            min(top + strip, height),
            column,
            spans,
            total,
            out_rows[image],
        )
