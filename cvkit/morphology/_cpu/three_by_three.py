"""Minima and maxima over three by three pixels of one channel, four rows at a time, with nothing in between.

Each value of the six rows that four results need is read once: what lies beside it is moved in registers.
"""

import numpy as np

from cvkit._border import border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.lanes import (
    lanes_after,
    lanes_before,
    lanes_of,
    load_lanes,
    repeated_lanes,
    store_lanes,
    stronger,
)
from cvkit._tiles import parts_of, strip
from cvkit.morphology._cpu.windows import copy_window

# Rows of one task.
_STRIP = 64
# Rows that are found together, and rows that they need.
_TOGETHER, _NEEDED = 4, 6


@helper
def _down(source, place, length, extreme):
    """Return the extremes down four columns of three rows, of lanes that lie one below the other."""
    second, third = load_lanes(source, place + length), load_lanes(source, place + 2 * length)
    fourth, fifth = load_lanes(source, place + 3 * length), load_lanes(source, place + 4 * length)
    upper, lower = stronger(extreme, second, third), stronger(extreme, fourth, fifth)
    return (
        stronger(extreme, upper, load_lanes(source, place)),
        stronger(extreme, upper, fourth),
        stronger(extreme, lower, third),
        stronger(extreme, lower, load_lanes(source, place + 5 * length)),
    )


@helper
def _down_at(source, start, column, length, outside, extreme):
    """Return the extremes down a column, which may lie beyond the image, as lanes of equal values."""
    inside = border_index(column, length, outside.border)
    if inside < 0:
        lanes = repeated_lanes(source, outside.value)
        return lanes, lanes, lanes, lanes
    place = start + inside
    second, third = source[place + length], source[place + 2 * length]
    fourth, fifth = source[place + 3 * length], source[place + 4 * length]
    upper, lower = stronger(extreme, second, third), stronger(extreme, fourth, fifth)
    return (
        repeated_lanes(source, stronger(extreme, upper, source[place])),
        repeated_lanes(source, stronger(extreme, upper, fourth)),
        repeated_lanes(source, stronger(extreme, lower, third)),
        repeated_lanes(source, stronger(extreme, lower, source[place + 5 * length])),
    )


@helper
def _write(before, here, after, extreme, x, outs):
    """Write lanes of four rows of results."""
    for row in range(4):
        beside = stronger(extreme, lanes_before(before[row], here[row]), lanes_after(here[row], after[row]))
        store_lanes(outs[row], x, stronger(extreme, beside, here[row]))


@helper
def _four_rows(source, start, outside, extreme, outs):
    """Write four rows of results; where lanes do not fill a row, the last ones overlap those before."""
    length, lanes = outs[0].shape[0], lanes_of(source)
    before = _down_at(source, start, -1, length, outside, extreme)
    here = _down(source, start, length, extreme)
    full = length // lanes * lanes
    for x in range(lanes, full, lanes):
        after = _down(source, start + x, length, extreme)
        _write(before, here, after, extreme, x - lanes, outs)
        before, here = here, after
    _write(before, here, _down_at(source, start, full, length, outside, extreme), extreme, full - lanes, outs)
    if full < length:
        x = length - lanes
        before = _down_at(source, start, x - 1, length, outside, extreme)
        after = _down_at(source, start, length, length, outside, extreme)
        _write(before, _down(source, start + x, length, extreme), after, extreme, x, outs)


@helper
def _strip_of_three_by_three(rows, top, outside, extreme, window, spare, out):
    """Fill the rows of ``out``; the first row that they need is row ``top`` of the image."""
    height, length = out.shape
    flat, copied = rows.reshape(rows.size), window.reshape(window.size)
    for y in range(0, height, _TOGETHER):
        first = top + y
        outs = (
            out[y],
            out[y + 1] if y + 1 < height else spare,
            out[y + 2] if y + 2 < height else spare,
            out[y + 3] if y + 3 < height else spare,
        )
        is_inside = first >= 0 and first + _NEEDED <= rows.shape[0]
        if not is_inside:
            copy_window(rows, first, outside, window)
        _four_rows(flat if is_inside else copied, first * length if is_inside else 0, outside, extreme, outs)


@cpu_kernel
def extreme_of_three_by_three(source, anchor_y, outside, extreme, out):
    """Write the minimum, or the maximum, over the three columns around each value, and three rows.

    Parameters
    ----------
    source, out : (N, H, W, 1) arrays
        Images, of rows that are as long as lanes at least.
    anchor_y : int
        Which of the three rows is that of the value.
    outside : Outside
        What lies beyond the image.
    extreme : Minima or Maxima
        What is looked for.
    """
    count, height, width, _ = source.shape
    rows, out_rows = source.reshape(count, height, width), out.reshape(count, height, width)
    strips = parts_of(height, _STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, _STRIP, height)
        window = np.empty((_NEEDED, width), source.dtype)
        spare = np.empty(width, source.dtype)
        _strip_of_three_by_three(
            rows[image], top - anchor_y, outside, extreme, window, spare, out_rows[image, top:bottom]
        )
