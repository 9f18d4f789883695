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
from cvkit.morphology._cpu.windows import Rows, Span, extremes_of_four, extremes_of_two, fill

# Rows of one task.
_STRIP = 64
# What it takes to find extremes over twice as many pixels, in places that are looked at.
_COST_OF_LEVEL = 3


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
    near: Any  # int64, where to look to find extremes over more pixels
    steps: Any  # int64, for each level from how many below it is found
    spare: Any  # lanes, where a row is found that is shorter


@helper
def _extremes_of_five(values, taps, extreme, count, out):
    """Write the extremes of five values each; the last lanes may overlap."""
    first, second, third, fourth, fifth = taps[0], taps[1], taps[2], taps[3], taps[4]
    lanes = lanes_of(values)
    for part in range(parts_of(count, lanes)):
        x = min(part * lanes, out.shape[0] - lanes)
        found = stronger(extreme, load_lanes(values, first + x), load_lanes(values, second + x))
        others = stronger(extreme, load_lanes(values, third + x), load_lanes(values, fourth + x))
        found = stronger(extreme, found, load_lanes(values, fifth + x))
        store_lanes(out, x, stronger(extreme, found, others))


@helper
def _four_more(values, taps, extreme, count, out):
    """Replace what four other values each are stronger than."""
    first, second, third, fourth = taps[0], taps[1], taps[2], taps[3]
    lanes = lanes_of(values)
    for part in range(parts_of(count, lanes)):
        x = min(part * lanes, out.shape[0] - lanes)
        found = stronger(extreme, load_lanes(values, first + x), load_lanes(values, second + x))
        others = stronger(extreme, load_lanes(values, third + x), load_lanes(values, fourth + x))
        found = stronger(extreme, found, load_lanes(out, x))
        store_lanes(out, x, stronger(extreme, found, others))


@helper
def _gather(values, taps, extreme, count, out):
    """Write the extremes of what lies ``taps`` after each value."""
    _extremes_of_five(values, taps, extreme, count, out)
    for tap in range(5, taps.shape[0], 4):
        _four_more(values, taps[tap:], extreme, count, out)


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
    """List the places that a row of results looks at, the last one as often as there is room for."""
    count = 0
    for run in range(runs.rows.shape[0]):
        step = 1 if is_direct else max(runs.second[run] - runs.first[run], 1)
        end = runs.first[run] + _pixels_of(runs, run) if is_direct else runs.second[run] + 1
        line = 0 if is_direct else runs.level[run]
        for place in range(runs.first[run], end, step):
            places.rows[count] = runs.rows[run] - runs.above
            places.inner[count] = line * length + (runs.reach + place) * channels
            count += 1
    for rest in range(count, places.rows.shape[0]):
        places.rows[rest], places.inner[rest] = places.rows[count - 1], places.inner[count - 1]


@helper
def _find_steps(runs, levels, steps):
    """Write for each level from how many levels below it is found, 0 where it is not needed."""
    for level in range(levels):
        steps[level] = 0
    for run in range(runs.rows.shape[0]):
        if runs.level[run] < levels:
            steps[runs.level[run]] = 1
    level = levels - 1
    while level > 0:
        steps[level] = 2 if level > 1 and steps[level - 1] == 0 else 1
        level -= steps[level]


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
def _hold_levels(begin, count, channels, extreme, places, held):
    """Find the extremes over 2, 4, 8, ... pixels of a row that is held."""
    taps, span = places.near, Span(1, count, count)
    for level in range(1, held.levels):
        if places.steps[level] == 0:
            continue
        below = level - places.steps[level]
        for tap in range(4):
            taps[tap] = tap * channels << below
        source = Rows(held.values, begin + below * held.length, 0)
        target = Rows(held.values, begin + level * held.length, 0)
        if places.steps[level] == 1:
            extremes_of_two(source, taps, extreme, span, target)
        else:
            extremes_of_four(source, taps, extreme, span, target)


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
        _hold_levels(begin, length + 2 * runs.reach * channels, channels, extreme, places, held)
        row = y - runs.below
        if row >= 0:
            _look_up(row, held, places)
            target = out[row] if length >= places.spare.shape[0] else places.spare
            _gather(held.values, places.taps, extreme, length, target)
            if length < places.spare.shape[0]:
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
    lanes = lanes_of(source)
    number, is_direct = _count_places(runs)
    levels, held_rows = (1 if is_direct else runs.levels), runs.below - runs.above + 1
    line_length = (width + 2 * runs.reach) * channels + lanes
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, _STRIP, height)
        if number == 0:
            fill(extreme.weakest, out_rows[image, top:bottom].reshape(-1))
        else:
            # Beyond the last line is read what the runs of its last pixels would reach over.
            values = np.empty((held_rows * levels + 1) * line_length, source.dtype)
            taps = 5 + 4 * parts_of(max(number - 5, 0), 4)
            places = _Places(
                np.empty(taps, np.int64),
                np.empty(taps, np.int64),
                np.empty(taps, np.int64),
                np.empty(4, np.int64),
                np.empty(levels, np.int64),
                np.empty(lanes, source.dtype),
            )
            _find_steps(runs, levels, places.steps)
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
