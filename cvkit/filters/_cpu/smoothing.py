"""Box sums on the CPU, in a time that does not grow with the box's height, and with the log of its width."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import parts_of, strip
from cvkit.filters._cpu.linear import STRIP, Image, extended_rows, round_and_store, row_segment
from cvkit.filters._cpu.sliding import slide_window
from cvkit.filters._math import holds_integers, rounded


class _Scratch(NamedTuple):
    """What a task writes on its way."""

    held: Any  # the rows of a window of floats; see cvkit.filters._cpu.sliding
    beginning: Any  # and the sum of those before a position
    column: Any  # sums down the columns, extended to both sides
    spans: Any  # sums of 1, 2, 4... of them side by side, two rows in turn
    total: Any  # sums of boxes


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
        out[x] = rounded(total, rounding)


@helper
def _average_five(a, b, c, d, e, sums, rounding, out):
    number = sums.dtype.type
    for x in range(out.shape[0]):
        outer = number(number(number(a[x]) + number(b[x])) + number(number(d[x]) + number(e[x])))
        out[x] = rounded(number(outer + number(c[x])), rounding)


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
    round_and_store(total, rounding, out)


@helper(inline=True)
def _row(image, y):
    """Return row ``y``, which may lie beyond the image."""
    height, length = image.rows.shape
    return row_segment(image.rows, image.outside, border_index(y, height, image.border), 0, length)


@helper
def _sum_few(image, first, size, sums):
    """Sum three or five rows of floats afresh, which takes less than to move a window."""
    number = sums.dtype.type
    a, b, c = _row(image, first), _row(image, first + 1), _row(image, first + 2)
    if size == 3:
        for x in range(sums.shape[0]):
            sums[x] = number(a[x]) + number(b[x]) + number(c[x])
        return
    d, e = _row(image, first + 3), _row(image, first + 4)
    for x in range(sums.shape[0]):
        sums[x] = number(a[x]) + number(b[x]) + number(c[x]) + (number(d[x]) + number(e[x]))


@helper
def _start_window(image, first, size, scratch, sums):
    """Begin with the rows before the last one of the window from row ``first`` on; see :func:`_slide`."""
    if holds_integers(sums):
        sums[:] = 0
        for y in range(first - 1, first - 1 + size):
            _add(sums, _row(image, y))
    elif size not in (3, 5):
        for position in range(size - 1):
            slide_window(_row(image, first + position), scratch.held, position, scratch.beginning, sums)


@helper
def _slide(image, first, step, size, scratch, sums):
    """Move a window of rows, which began with row ``first``, down by the ``step``-th step.

    Whole numbers lose the row that leaves; of floats, few are summed afresh and many by blocks.
    """
    if holds_integers(sums):
        _exchange(sums, _row(image, first + step - 1), _row(image, first + step + size - 1))
    elif size in (3, 5):
        _sum_few(image, first + step, size, sums)
    else:
        entering = _row(image, first + step + size - 1)
        slide_window(entering, scratch.held, (step + size - 1) % size, scratch.beginning, sums)


@helper
def _box_strip(image, size, outside_column, rounding, bounds, scratch, out):
    """Average the boxes around the rows between ``bounds``."""
    size_y, size_x = size
    column = scratch.column
    length = image.rows.shape[1]
    margin = (column.shape[0] - length) // 2
    sums = column[margin : margin + length]
    first = bounds[0] - size_y // 2
    _start_window(image, first, size_y, scratch, sums)
    for y in range(bounds[0], bounds[1]):
        _slide(image, first, y - bounds[0], size_y, scratch, sums)
        extend_row(column, margin // image.channels, image.channels, image.border, outside_column)
        _average_windows(column, size_x, image.channels, scratch.spans, scratch.total, rounding, out[y])


@cpu_kernel
def box(source, size, border, border_value, outside_column, outside_box, rounding, out):
    """Sum down the columns, in the dtype of ``outside_column``, and along the rows, in ``outside_box``'s.

    Both hold one number: the sum of a column, and of a box, that lies beyond the image.
    """
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height, length)
    outside = np.full(length, border_value, source.dtype)
    size_y, size_x = size
    reach = size_x // 2 * channels
    # Each task sums its first box afresh, so that a task of few rows would do little else.
    strip_height = max(STRIP, 4 * size_y)
    strips = parts_of(height, strip_height)
    for task in prange(count * strips):
        position, top, bottom = strip(task, strips, strip_height, height)
        columns, begin = extended_rows(1, reach, length, outside_column.dtype)
        column = columns[0, begin - reach : begin + length + reach]
        scratch = _Scratch(
            np.empty((0 if holds_integers(column) else size_y, length), column.dtype),
            np.empty_like(column),
            column,
            np.empty((2, column.size), outside_box.dtype),
            np.empty(length, outside_box.dtype),
        )
        image = Image(rows[position], channels, border, outside)
        _box_strip(image, size, outside_column[0], rounding, (top, bottom), scratch, out_rows[position])
