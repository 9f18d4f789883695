"""Minima and maxima over squares and crosses of three pixels, four rows at a time, with nothing in between.

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
def _combined(rows, cross, extreme):
    """Return the extremes down four columns of three, and what counts of their neighbors, of six values."""
    first, second, third, fourth, fifth, sixth = rows
    upper, lower = stronger(extreme, second, third), stronger(extreme, fourth, fifth)
    down = (
        stronger(extreme, upper, first),
        stronger(extreme, upper, fourth),
        stronger(extreme, lower, third),
        stronger(extreme, lower, sixth),
    )
    if cross is None:  # which the compiler decides
        return down, down
    return down, (second, third, fourth, fifth)


@helper
def _down(source, place, length, cross, extreme):
    """Return what :func:`_combined` does of six rows of lanes."""
    rows = (
        load_lanes(source, place),
        load_lanes(source, place + length),
        load_lanes(source, place + 2 * length),
        load_lanes(source, place + 3 * length),
        load_lanes(source, place + 4 * length),
        load_lanes(source, place + 5 * length),
    )
    return _combined(rows, cross, extreme)


@helper
def _beside(source, start, column, length, outside, cross, extreme):
    """Return what counts of a column next to others, which may lie beyond the image, as equal lanes."""
    inside = border_index(column, length, outside.border)
    if inside < 0:
        lanes = repeated_lanes(source, outside.value)
        return lanes, lanes, lanes, lanes
    place = start + inside
    rows = (
        source[place],
        source[place + length],
        source[place + 2 * length],
        source[place + 3 * length],
        source[place + 4 * length],
        source[place + 5 * length],
    )
    first, second, third, fourth = _combined(rows, cross, extreme)[1]
    return (
        repeated_lanes(source, first),
        repeated_lanes(source, second),
        repeated_lanes(source, third),
        repeated_lanes(source, fourth),
    )


@helper
def _write(down, before, here, after, extreme, x, outs):
    """Write lanes of four rows of results, from extremes down the columns and what counts beside them."""
    for row in range(4):
        beside = stronger(extreme, lanes_before(before[row], here[row]), lanes_after(here[row], after[row]))
        store_lanes(outs[row], x, stronger(extreme, beside, down[row]))


@helper
def _four_rows(source, start, outside, cross, extreme, outs):
    """Write four rows of results; where lanes do not fill a row, the last ones overlap those before."""
    length, lanes = outs[0].shape[0], lanes_of(source)
    before = _beside(source, start, -1, length, outside, cross, extreme)
    down, here = _down(source, start, length, cross, extreme)
    full = length // lanes * lanes
    for x in range(lanes, full, lanes):
        next_down, after = _down(source, start + x, length, cross, extreme)
        _write(down, before, here, after, extreme, x - lanes, outs)
        down, before, here = next_down, here, after
    after = _beside(source, start, full, length, outside, cross, extreme)
    _write(down, before, here, after, extreme, full - lanes, outs)
    if full < length:
        x = length - lanes
        before = _beside(source, start, x - 1, length, outside, cross, extreme)
        down, here = _down(source, start + x, length, cross, extreme)
        after = _beside(source, start, length, length, outside, cross, extreme)
        _write(down, before, here, after, extreme, x, outs)


@helper
def _strip_of_three_by_three(rows, top, cross, outside, extreme, window, spare, out):
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
        source, start = (flat, first * length) if is_inside else (copied, 0)
        _four_rows(source, start, outside, cross, extreme, outs)


@cpu_kernel
def extreme_of_three_by_three(source, anchor_y, cross, outside, extreme, out):
    """Write the minimum, or the maximum, over three rows and the three columns around each value.

    Parameters
    ----------
    source, out : (N, H, W, 1) arrays
        Images, of rows that are as long as lanes at least.
    anchor_y : int
        Which of the three rows is that of the value.
    cross : True or None
        Whether the corners do not count; by its type, so that squares and crosses compile apart.
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
            rows[image],
            top - anchor_y,
            cross,
            outside,
            extreme,
            window,
            spare,
            out_rows[image, top:bottom],
        )
