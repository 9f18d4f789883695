"""Minima and maxima over elements of any form: each row of results is gathered from the rows around it.

The rows of the image that a row of results needs are held with what lies beyond their ends, and for long runs
of neighbors with the extremes over 2, 4, 8, ... pixels, too.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import CONSTANT, border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.lanes import lanes_of, load_lanes, store_lanes, stronger
from cvkit._tiles import parts_of, strip
from cvkit.morphology._cpu.windows import fill

# Rows of one task.
_STRIP = 64
# What it takes to find extremes over twice as many pixels, in places that are looked at.
_COST_OF_LEVEL = 3


class Line(NamedTuple):
    """A part of a flat array that is written."""

    values: Any
    first: int
    count: int  # lanes are written whole where there is room for them


class _Held(NamedTuple):
    """Rows of the image in turn, each as a line for each level: extremes over 2 ** level pixels."""

    values: Any  # flat
    rows: int
    levels: int
    length: int  # of a line


class _Places(NamedTuple):
    """Where a row of results looks."""

    rows: Any  # int64, which of the rows that are held, from the uppermost on
    inner: Any  # int64, where in what is held of this row
    taps: Any  # int64, where in all that is held, for the row at hand
    pair: Any  # int64, where to look to find extremes over twice as many pixels
    spare: Any  # where a row is found that is shorter than a block


@helper
def block_of(values):
    """Return how many values :func:`gather` finds together, which is the least it writes."""
    return 4 * lanes_of(values)


@helper
def gather(values, start, taps, extreme, line):
    """Write the extremes of what lies ``taps`` after each value."""
    target = line.values
    lanes, block = lanes_of(target), block_of(target)
    last = target.shape[0] - line.first - block
    for part in range(parts_of(line.count, block)):
        begin = min(part * block, last)
        place = start + begin + taps[0]
        first, second = load_lanes(values, place), load_lanes(values, place + lanes)
        third, fourth = load_lanes(values, place + 2 * lanes), load_lanes(values, place + 3 * lanes)
        for tap in range(1, taps.shape[0]):
            place = start + begin + taps[tap]
            first = stronger(extreme, first, load_lanes(values, place))
            second = stronger(extreme, second, load_lanes(values, place + lanes))
            third = stronger(extreme, third, load_lanes(values, place + 2 * lanes))
            fourth = stronger(extreme, fourth, load_lanes(values, place + 3 * lanes))
        place = line.first + begin
        store_lanes(target, place, first)
        store_lanes(target, place + lanes, second)
        store_lanes(target, place + 2 * lanes, third)
        store_lanes(target, place + 3 * lanes, fourth)


@helper
def _pixels_of(runs, run):
    return runs.second[run] - runs.first[run] + (1 << runs.level[run])


@helper
def _count_places(runs):
    """Return how many places an element has, and whether they are all its pixels instead of runs."""
    pixels = taps = 0
    for run in range(runs.rows.shape[0]):
        pixels += _pixels_of(runs, run)
        taps += 2 if runs.second[run] > runs.first[run] else 1
    is_direct = pixels <= taps + _COST_OF_LEVEL * (runs.levels - 1)
    return (pixels if is_direct else taps), is_direct


@helper
def _list_places(runs, is_direct, length, channels, places):
    count = 0
    for run in range(runs.rows.shape[0]):
        step = 1 if is_direct else max(runs.second[run] - runs.first[run], 1)
        end = runs.first[run] + _pixels_of(runs, run) if is_direct else runs.second[run] + 1
        line = 0 if is_direct else runs.level[run]
        for place in range(runs.first[run], end, step):
            places.rows[count] = runs.rows[run] - runs.above
            places.inner[count] = line * length + (runs.reach + place) * channels
            count += 1


@helper
def _hold_row(rows, y, runs, outside, held, begin):
    """Hold a row of the image, which may lie beyond it, with what lies beyond its ends."""
    channels, length = outside.channels, rows.shape[1]
    margin = runs.reach * channels
    line = held.values[begin : begin + length + 2 * margin]
    inside = border_index(y, rows.shape[0], outside.border)
    if inside < 0:
        fill(outside.value, line)
    else:
        copy_row(rows[inside], line[margin : margin + length])
        if outside.border != CONSTANT:
            extend_row(line, runs.reach, channels, outside.border, outside.value)


@helper
def _hold_levels(begin, count, channels, extreme, pair, held):
    """Find the extremes over 2, 4, 8, ... pixels of a row that is held."""
    for level in range(1, held.levels):
        source = begin + (level - 1) * held.length
        pair[1] = channels << (level - 1)
        gather(held.values, source, pair, extreme, Line(held.values, source + held.length, count))


@helper
def _look_up(row, held, places):
    """Find where a row of results looks in what is held."""
    first = row % held.rows
    for tap in range(places.rows.shape[0]):
        slot = first + places.rows[tap]
        slot = slot if slot < held.rows else slot - held.rows
        places.taps[tap] = slot * held.levels * held.length + places.inner[tap]


@helper
def _strip_of_runs(rows, top, runs, outside, extreme, held, places, out):
    """Fill the rows of ``out``, which begin at row ``top`` of the image."""
    length, channels = out.shape[1], outside.channels
    fill(outside.value, held.values)
    for y in range(runs.above, out.shape[0] + runs.below):
        begin = (y - runs.above) % held.rows * held.levels * held.length
        _hold_row(rows, top + y, runs, outside, held, begin)
        _hold_levels(begin, length + 2 * runs.reach * channels, channels, extreme, places.pair, held)
        row = y - runs.below
        if row < 0:
            continue
        _look_up(row, held, places)
        if length >= block_of(out):
            gather(held.values, 0, places.taps, extreme, Line(out[row], 0, length))
        else:
            gather(held.values, 0, places.taps, extreme, Line(places.spare, 0, length))
            copy_row(places.spare, out[row])


@cpu_kernel
def extreme_of_any_runs(source, runs, outside, extreme, out):
    """Write the minimum, or the maximum, over an element of any form around each value.

    Parameters
    ----------
    source, out : (N, H, W, C) arrays
        Images.
    runs : Runs
        The element, as runs of neighbors in rows.
    outside : Outside
        What lies beyond the image.
    extreme : Minima or Maxima
        What is looked for.
    """
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    out_rows = out.reshape(count, height, width * channels)
    strips = parts_of(height, _STRIP)
    block = block_of(source)
    number, is_direct = _count_places(runs)
    levels, held_rows = (1 if is_direct else runs.levels), runs.below - runs.above + 1
    line_length = (width + 2 * runs.reach) * channels + block
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, _STRIP, height)
        if number == 0:
            fill(extreme.weakest, out_rows[image, top:bottom].reshape(-1))
        else:
            # Of blocks more is read than is written: pixels that the last run reaches over.
            values = np.empty(held_rows * levels * line_length + block + line_length, source.dtype)
            places = _Places(
                np.empty(number, np.int64),
                np.empty(number, np.int64),
                np.empty(number, np.int64),
                np.zeros(2, np.int64),
                np.empty(block, source.dtype),
            )
            _list_places(runs, is_direct, line_length, channels, places)
            _strip_of_runs(
                rows[image],
                top,
                runs,
                outside,
                extreme,
                _Held(values, held_rows, levels, line_length),
                places,
                out_rows[image, top:bottom],
            )
