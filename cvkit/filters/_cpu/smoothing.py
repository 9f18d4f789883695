"""Box sums on the CPU, in a time that does not grow with the box's height, and with the log of its width."""

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit.filters._cpu.linear import STRIP, extended_rows, finish_row, stretch
from cvkit.filters._cpu.sliding import slide_window
from cvkit.filters._math import finish


@helper
def _add(sums, row):
    number = sums.dtype.type
    for x in range(sums.shape[0]):
        sums[x] = number(sums[x] + number(row[x]))


@helper
def _exchange(sums, leaving, entering):
    number = sums.dtype.type
    for x in range(sums.shape[0]):
        sums[x] = number(number(sums[x] + number(entering[x])) - number(leaving[x]))


@helper
def _add_pairs(near, far, pairs):
    number = pairs.dtype.type
    for x in range(far.shape[0]):
        pairs[x] = number(number(near[x]) + number(far[x]))


@helper
def _average_three(a, b, c, sums, rounding, out):
    number = sums.dtype.type
    for x in range(out.shape[0]):
        total = number(number(number(a[x]) + number(b[x])) + number(c[x]))
        out[x] = finish(total, sums, rounding)


@helper
def _average_five(a, b, c, d, e, sums, rounding, out):
    number = sums.dtype.type
    for x in range(out.shape[0]):
        outer = number(number(number(a[x]) + number(b[x])) + number(number(d[x]) + number(e[x])))
        out[x] = finish(number(outer + number(c[x])), sums, rounding)


@helper
def _average_windows(column, size, channels, spans, total, rounding, out):
    """Average ``size`` neighbors, an odd number; beyond five, from sums of 1, 2, 4... of them.

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


@helper(allocates=True)
def _are_whole(sums):
    """Whether sums are whole numbers; the compiler knows, and drops the branch that is not taken."""
    return sums.dtype.type(0.5) == 0


@helper(inline=True)
def _row(rows, outside, y, border):
    """Return row ``y``, which may lie beyond the image."""
    return stretch(rows, outside, border_index(y, rows.shape[0], border), 0, rows.shape[1])


@helper
def _sum_few(rows, outside, first, size, border, sums):
    """Sum three or five rows of floats afresh, which takes less than to move a window."""
    number = sums.dtype.type
    a, b = _row(rows, outside, first, border), _row(rows, outside, first + 1, border)
    c = _row(rows, outside, first + 2, border)
    if size == 3:
        for x in range(sums.shape[0]):
            sums[x] = number(a[x]) + number(b[x]) + number(c[x])
        return
    d, e = _row(rows, outside, first + 3, border), _row(rows, outside, first + 4, border)
    for x in range(sums.shape[0]):
        sums[x] = number(a[x]) + number(b[x]) + number(c[x]) + (number(d[x]) + number(e[x]))


@helper
def _start_window(rows, outside, first, size, border, block, sums):
    """Begin with the rows before the last one of the window from row ``first`` on; see :func:`_slide`."""
    held, beginning = block
    if _are_whole(sums):
        sums[:] = 0
        for y in range(first - 1, first - 1 + size):
            _add(sums, _row(rows, outside, y, border))
    elif size not in (3, 5):
        for position in range(size - 1):
            slide_window(_row(rows, outside, first + position, border), held, position, beginning, sums)


@helper
def _slide(rows, outside, first, step, size, border, block, sums):
    """Move a window of rows, which began with row ``first``, down by the ``step``-th step.

    Whole numbers lose the row that leaves; floats are summed by ``block``: rows held and a block's beginning.
    """
    held, beginning = block
    entering = _row(rows, outside, first + step + size - 1, border)
    if _are_whole(sums):
        _exchange(sums, _row(rows, outside, first + step - 1, border), entering)
    elif size in (3, 5):
        _sum_few(rows, outside, first + step, size, border, sums)
    else:
        slide_window(entering, held, (step + size - 1) % size, beginning, sums)


@helper
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
    block,
    column,
    spans,
    total,
    out,
):
    """Filter the rows from ``top`` to ``bottom``; the last arrays before ``out`` are scratch space."""
    length = rows.shape[1]
    first = top - size_y // 2
    margin = (column.shape[0] - length) // 2
    sums = column[margin : margin + length]
    _start_window(rows, outside, first, size_y, border, block, sums)
    for y in range(top, bottom):
        _slide(rows, outside, first, y - top, size_y, border, block, sums)
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
        block = np.empty((0 if _are_whole(column) else size_y, length), column.dtype), np.empty_like(column)
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
            block,
            column,
            spans,
            total,
            out_rows[image],
        )
