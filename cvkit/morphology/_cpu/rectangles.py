"""Minima and maxima over rectangles: down the columns, then along the rows, in loops that vectors run.

Rows one below the other share what lies in the windows of all of them. Along a row, extremes of 4, 16, ...
neighbors are each found from four of those before. Three by three pixels take no rows in between at all.

``pick`` chooses the lesser or the greater of two values; as a function it costs nothing in a loop. Rows that
results need lie one below the other in one flat array: the image, or a copy where some are beyond it. A loop
that stores by ``write_apart`` writes lines; what is read by ``read_apart`` are never those.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import CONSTANT, border_index, extend_row
from cvkit._jit import helper
from cvkit._rows import copy_row
from cvkit._simd.memory import read_apart, write_apart
from cvkit._tiles import parts_of

# Rows that share their work, of elements that are not taller than that makes fast.
SHARED, TALLEST = 8, 64

# Bytes of a cache line, and of a vector.
LINE = 64


class Scratch(NamedTuple):
    """What a task writes on its way."""

    window: Any  # flat; the rows that some results need, where some of them are beyond the image
    shared: Any  # a row: the extremes of what the windows of several rows share
    lines: Any  # rows with what lies beyond their ends: as many as share their work, and two more
    held: Any  # extremes down the columns, for tall elements
    edges: Any  # what values near the ends of rows are made of, where elements have three rows


@helper
def lesser(value, other):
    """Return the smaller of two values; ``other`` if one is a NaN."""
    return value if value < other else other


@helper
def greater(value, other):
    """Return the greater of two values; ``other`` if one is a NaN."""
    return value if value > other else other


@helper
def _fill(value, out):
    for x in range(out.shape[0]):
        out[x] = value


@helper
def reach_of(rectangle):
    """Return how many pixels beyond an image are looked at on either side of its rows."""
    return max(rectangle.anchor_x, rectangle.width - 1 - rectangle.anchor_x)


@helper
def margin_of(rectangle, channels, itemsize):
    """Return how many values lines have before their inner ones, which begin on a cache line."""
    lanes = LINE // itemsize
    return parts_of(reach_of(rectangle) * channels, lanes) * lanes


@helper
def copy_window(rows, top, outside, out):
    """Copy the rows from ``top`` on, which may lie beyond the image, to the flat array ``out``."""
    height, length = rows.shape
    for row in range(out.shape[0] // length):
        inside = border_index(top + row, height, outside.border)
        target = out[row * length : (row + 1) * length]
        if inside < 0:
            _fill(outside.value, target)
        else:
            copy_row(rows[inside], target)


@helper
def _pick_of_four(first, second, third, fourth, pick, out):
    for x in range(out.shape[0]):
        out[x] = pick(pick(first[x], second[x]), pick(third[x], fourth[x]))


@helper
def _pick_four_more(first, second, third, fourth, pick, out):
    for x in range(out.shape[0]):
        out[x] = pick(pick(pick(first[x], second[x]), pick(third[x], fourth[x])), out[x])


@helper
def _pick_of_rows(flat, start, count, pick, out):
    """Write the extremes of ``count`` rows, the first of which begins at ``start``."""
    length = out.shape[0]
    last = start + (count - 1) * length
    for row in range(0, count, 4):
        first = start + row * length
        second, third = min(first + length, last), min(first + 2 * length, last)
        fourth = min(first + 3 * length, last)
        if row == 0:
            _pick_of_four(flat[first:], flat[second:], flat[third:], flat[fourth:], pick, out)
        else:
            _pick_four_more(flat[first:], flat[second:], flat[third:], flat[fourth:], pick, out)


@helper
def _share_between_two(shared, above, below, pick, first, second):
    """Write two rows of extremes from what their windows share, a row above that, and one below."""
    for x in range(np.uintp(first.shape[0])):
        value = read_apart(shared, x)
        write_apart(first, x, pick(value, read_apart(above, x)))
        write_apart(second, x, pick(value, read_apart(below, x)))


@helper
def _share_between_eight(shared, above, below, pick, outs):
    """Write eight rows of extremes from what their windows share, and seven rows above and seven below."""
    out0, out1, out2, out3, out4, out5, out6, out7 = outs
    length = np.uintp(out0.shape[0])
    for x in range(length):
        from6 = read_apart(above, x + np.uintp(6) * length)
        from5 = pick(from6, read_apart(above, x + np.uintp(5) * length))
        from4 = pick(from5, read_apart(above, x + np.uintp(4) * length))
        from3 = pick(from4, read_apart(above, x + np.uintp(3) * length))
        from2 = pick(from3, read_apart(above, x + np.uintp(2) * length))
        from1 = pick(from2, read_apart(above, x + length))
        value = read_apart(shared, x)
        write_apart(out0, x, pick(value, pick(from1, read_apart(above, x))))
        value = pick(value, read_apart(below, x))
        write_apart(out1, x, pick(value, from1))
        value = pick(value, read_apart(below, x + length))
        write_apart(out2, x, pick(value, from2))
        value = pick(value, read_apart(below, x + np.uintp(2) * length))
        write_apart(out3, x, pick(value, from3))
        value = pick(value, read_apart(below, x + np.uintp(3) * length))
        write_apart(out4, x, pick(value, from4))
        value = pick(value, read_apart(below, x + np.uintp(4) * length))
        write_apart(out5, x, pick(value, from5))
        value = pick(value, read_apart(below, x + np.uintp(5) * length))
        write_apart(out6, x, pick(value, from6))
        write_apart(out7, x, pick(value, read_apart(below, x + np.uintp(6) * length)))


@helper
def rows_together(height):
    """Return how many rows of elements of ``height`` share their work."""
    if height > TALLEST or height == 1:
        return 1
    return SHARED if height >= SHARED else 2


@helper
def _rows_down(flat, start, height, pick, shared, lines):
    """Write as many rows of extremes down columns as share their work, the first from ``start`` on."""
    length = shared.shape[0]
    below = start + height * length
    if height == 1:
        copy_row(flat[start:], lines[0])
    elif height < SHARED:
        _pick_of_rows(flat, start + length, height - 1, pick, shared)
        _share_between_two(shared, flat[start:], flat[below:], pick, lines[0], lines[1])
    else:
        _pick_of_rows(flat, start + 7 * length, height - 7, pick, shared)
        outs = (lines[0], lines[1], lines[2], lines[3], lines[4], lines[5], lines[6], lines[7])
        _share_between_eight(shared, flat[start:], flat[below:], pick, outs)


@helper
def _pick_of_three(first, second, third, pick, out):
    for x in range(out.shape[0]):
        out[x] = pick(pick(first[x], second[x]), third[x])


@helper
def _pick_two_more(first, second, pick, out):
    for x in range(out.shape[0]):
        out[x] = pick(pick(first[x], second[x]), out[x])


@helper
def _reach_down(height, pick, held):
    """Let the rows of ``held`` hold the extremes of a third of ``height`` rows or more.

    Returns of how many rows.
    """
    reached = 1
    while 3 * reached < height:
        for row in range(held.shape[0] - 3 * reached + 1):
            _pick_two_more(held[row + reached], held[row + 2 * reached], pick, held[row])
        reached *= 3
    return reached


@helper
def _pick_along(row, offsets, step, pick, out):
    """Write the extremes of each value and those that lie ``offsets`` pixels on."""
    second, third, fourth = offsets
    if second == fourth:
        _pick_of_three(row, row, row[second * step :], pick, out)
    else:
        _pick_of_four(row, row[second * step :], row[third * step :], row[fourth * step :], pick, out)


@helper
def _row_along(row, spare, width, step, pick, out):
    """Write extremes along runs of ``width`` pixels, from the first pixels of ``row`` on."""
    reached, line = 1, 0
    while 4 * reached < width:
        source = row if reached == 1 else spare[1 - line]
        offsets = reached, 2 * reached, 3 * reached
        _pick_along(source, offsets, step, pick, spare[line][: row.shape[0] - (4 * reached - 1) * step])
        reached, line = 4 * reached, 1 - line
    source = row if reached == 1 else spare[1 - line]
    last = width - reached
    _pick_along(source, (min(reached, last), min(2 * reached, last), last), step, pick, out)


@helper
def strip_of_rectangles(rows, top, rectangle, outside, pick, scratch, out):
    """Fill the rows of ``out``, which begin at row ``top`` of the image: down the columns, then along."""
    height, width, step = rectangle.height, rectangle.width, outside.channels
    lines, held, length = scratch.lines, scratch.held, out.shape[1]
    reach = reach_of(rectangle)
    margin = margin_of(rectangle, step, out.itemsize)
    inner = slice(margin, margin + length)
    whole = slice(margin - reach * step, margin + length + reach * step)
    first = margin - rectangle.anchor_x * step
    top -= rectangle.anchor_y
    flat = rows.reshape(rows.size)
    is_tall, together = height > TALLEST, rows_together(height)
    for line in range(together):
        extend_row(lines[line][whole], reach, step, CONSTANT, outside.value)
    reached = 1
    if is_tall:
        copy_window(rows, top, outside, held.reshape(held.size))
        reached = _reach_down(height, pick, held)
    second, third = min(reached, height - reached), height - reached
    for y in range(0, out.shape[0], together):
        if is_tall:
            _pick_of_three(held[y], held[y + second], held[y + third], pick, lines[0][inner])
        elif top + y >= 0 and top + y + height + together - 1 <= rows.shape[0]:
            _rows_down(flat, (top + y) * length, height, pick, scratch.shared, lines[:, inner])
        else:
            copy_window(rows, top + y, outside, scratch.window)
            _rows_down(scratch.window, 0, height, pick, scratch.shared, lines[:, inner])
        for line in range(min(together, out.shape[0] - y)):
            if outside.border != CONSTANT:
                extend_row(lines[line][whole], reach, step, outside.border, outside.value)
            _row_along(lines[line][first:], lines[together:], width, step, pick, out[y + line])
