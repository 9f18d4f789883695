"""Minima and maxima over structuring elements on the CPU, in rows that a vectorizer takes as they are.

What is extreme among a run of neighbors is found from the extremes of 3, 9, ... of them, each from three of
those before: the time grows with the logarithm of the run.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import parts_of, strip

# Rows of one task: many for the rows above and below to be few, and few enough to stay in the second cache.
STRIP = 64


class Scratch(NamedTuple):
    """What a task writes on its way."""

    beyond: Any  # a row beyond the image
    held: Any  # extremes down the columns
    lines: Any  # a row with what lies beyond its ends, and two with extremes along it


@helper
def _least_of_three(first, second, third, out):
    for x in range(out.shape[0]):
        a, b, c = first[x], second[x], third[x]
        least = a if a < b else b
        out[x] = least if least < c else c


@helper
def _greatest_of_three(first, second, third, out):
    for x in range(out.shape[0]):
        a, b, c = first[x], second[x], third[x]
        greatest = a if a > b else b
        out[x] = greatest if greatest > c else c


@helper
def _extreme_of_three(first, second, third, extreme, out):
    """Write the extreme of each three values."""
    if extreme.is_maximum:
        _greatest_of_three(first, second, third, out)
    else:
        _least_of_three(first, second, third, out)


@helper
def _lower(first, second, out):
    for x in range(out.shape[0]):
        a, b, c = first[x], second[x], out[x]
        least = a if a < b else b
        out[x] = least if least < c else c


@helper
def _raise(first, second, out):
    for x in range(out.shape[0]):
        a, b, c = first[x], second[x], out[x]
        greatest = a if a > b else b
        out[x] = greatest if greatest > c else c


@helper
def _fill(value, out):
    for x in range(out.shape[0]):
        out[x] = value


@helper
def _thirds(reached, length):
    """Return where the second and the third of three runs begin that make up one of ``length``."""
    return min(reached, length - reached), length - reached


@helper
def _extend(first, second, extreme, out):
    """Let the runs of ``out`` reach on over those of two other rows."""
    if extreme.is_maximum:
        _raise(first, second, out)
    else:
        _lower(first, second, out)


@helper
def _rows_around(rows, y, length, outside):
    """Return the indices of up to three rows of a column of ``length``; -1 is beyond the image."""
    second, third = _thirds(1, length)
    height, border = rows.shape[0], outside.border
    return (
        border_index(y, height, border),
        border_index(y + second, height, border),
        border_index(y + third, height, border),
    )


@helper
def _extreme_of_rows(rows, around, beyond, extreme, out):
    first, second, third = around
    _extreme_of_three(
        rows[first] if first >= 0 else beyond,
        rows[second] if second >= 0 else beyond,
        rows[third] if third >= 0 else beyond,
        extreme,
        out,
    )


@helper
def _reach_down(rows, y, height, outside, extreme, scratch):
    """Fill ``scratch.held``, from row ``y`` on, with extremes down a third of ``height`` rows or more.

    Returns of how many rows.
    """
    held = scratch.held
    for row in range(held.shape[0] - 2):
        around = _rows_around(rows, y + row, 3, outside)
        _extreme_of_rows(rows, around, scratch.beyond, extreme, held[row])
    reached = 3
    while 3 * reached < height:
        for row in range(held.shape[0] - 3 * reached + 1):
            _extend(held[row + reached], held[row + 2 * reached], extreme, held[row])
        reached *= 3
    return reached


@helper
def _reach_along(lines, width, step, extreme):
    """Fill a line with extremes along a third of ``width`` pixels or more, from the first line.

    Returns of how many pixels, and which line.
    """
    reached, line = 1, 0
    while 3 * reached < width:
        source, target = lines[line], lines[1 + line % 2]
        shift = reached * step
        length = source.shape[0] - 2 * shift
        _extreme_of_three(source, source[shift:], source[2 * shift :], extreme, target[:length])
        reached, line = 3 * reached, 1 + line % 2
    return reached, line


@helper
def _strip_of_rectangles(rows, top, rectangle, outside, extreme, scratch, out):
    """Fill the rows of ``out``, which begin at row ``top`` of the image: down the columns, then along."""
    height, width, step = rectangle.height, rectangle.width, outside.channels
    lines = scratch.lines
    reach = (lines.shape[1] - rows.shape[1]) // (2 * step)
    inner = slice(reach * step, reach * step + rows.shape[1])
    first = (reach - rectangle.anchor_x) * step
    top -= rectangle.anchor_y
    reached = 1 if height <= 3 else _reach_down(rows, top, height, outside, extreme, scratch)
    second, third = _thirds(reached, height)
    for y in range(out.shape[0]):
        if height <= 3:
            around = _rows_around(rows, top + y, height, outside)
            _extreme_of_rows(rows, around, scratch.beyond, extreme, lines[0][inner])
        else:
            held = scratch.held
            _extreme_of_three(held[y], held[y + second], held[y + third], extreme, lines[0][inner])
        extend_row(lines[0], reach, step, outside.border, outside.value)
        along, line = _reach_along(lines, width, step, extreme)
        next_run, last_run = _thirds(along, width)
        found = lines[line][first:]
        _extreme_of_three(found, found[next_run * step :], found[last_run * step :], extreme, out[y])


@cpu_kernel
def extreme_of_rectangles(source, rectangle, outside, extreme, out):
    """Write the minimum, or the maximum, over a rectangle around each value.

    Parameters
    ----------
    source, out : (N, H, W, C) arrays
        Images.
    rectangle : Rectangle
        The element.
    outside : Outside
        What lies beyond the image.
    extreme : Extreme
        Whether maxima are looked for.
    """
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    out_rows = out.reshape(count, height, width * channels)
    strips = parts_of(height, STRIP)
    reach = max(rectangle.anchor_x, rectangle.width - 1 - rectangle.anchor_x)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        beyond = np.full(width * channels, outside.value, source.dtype)
        held = np.empty((bottom - top + rectangle.height - 1, width * channels), source.dtype)
        lines = np.empty((3, (width + 2 * reach) * channels), source.dtype)
        scratch = Scratch(beyond, held, lines)
        _strip_of_rectangles(
            rows[image], top, rectangle, outside, extreme, scratch, out_rows[image, top:bottom]
        )


@helper
def _double_runs(levels, step, extreme):
    """Fill the rows after the first with extremes over runs of 2, 4, 8, ... pixels."""
    for level in range(1, levels.shape[0]):
        shift = step << (level - 1)
        before = levels[level - 1]
        doubled = levels[level][: before.shape[0] - shift]
        _extreme_of_three(before, before[shift:], before[shift:], extreme, doubled)


@helper
def _strip_of_runs(rows, top, runs, outside, extreme, levels, out):
    """Fill the rows of ``out``, which begin at row ``top`` of the image."""
    height, step = out.shape[0], outside.channels
    inner = slice(runs.reach * step, runs.reach * step + rows.shape[1])
    for y in range(height):
        _fill(extreme.weakest, out[y])
    for y in range(runs.above, height + runs.below):
        inside = border_index(top + y, rows.shape[0], outside.border)
        if inside < 0:
            _fill(outside.value, levels[0])
        else:
            copy_row(rows[inside], levels[0][inner])
            extend_row(levels[0], runs.reach, step, outside.border, outside.value)
        _double_runs(levels, step, extreme)
        for run in range(runs.rows.shape[0]):
            target = y - runs.rows[run]
            if 0 <= target < height:
                level = levels[runs.level[run]]
                first, second = runs.reach + runs.first[run], runs.reach + runs.second[run]
                _extend(level[first * step :], level[second * step :], extreme, out[target])


@cpu_kernel
def extreme_of_runs(source, runs, outside, extreme, out):
    """Write the minimum, or the maximum, over an element of any form around each value.

    Parameters
    ----------
    source, out : (N, H, W, C) arrays
        Images.
    runs : Runs
        The element, as runs of neighbors in rows.
    outside : Outside
        What lies beyond the image.
    extreme : Extreme
        Whether maxima are looked for.
    """
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    out_rows = out.reshape(count, height, width * channels)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        levels = np.empty((runs.levels, (width + 2 * runs.reach) * channels), source.dtype)
        _strip_of_runs(rows[image], top, runs, outside, extreme, levels, out_rows[image, top:bottom])
