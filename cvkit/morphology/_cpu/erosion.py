"""Minima and maxima over structuring elements on the CPU, in rows that a vectorizer takes as they are.

What is extreme among a run of neighbors is found from the extremes of 3, 9, ... of them, each from three of
those before: the time grows with the logarithm of the run.
"""

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import parts_of, strip
from cvkit.morphology._cpu.rectangles import (
    LINE,
    TALLEST,
    Scratch,
    greater,
    lesser,
    margin_of,
    rows_together,
    strip_of_rectangles,
)
from cvkit.morphology._cpu.three_by_three import strip_of_three_rows

# Rows of one task: many for the rows above and below to be few, and few enough to stay in the second cache.
STRIP = 64


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
def _extend(first, second, extreme, out):
    """Let the runs of ``out`` reach on over those of two other rows."""
    if extreme.is_maximum:
        _raise(first, second, out)
    else:
        _lower(first, second, out)


@helper
def _is_three_high(rectangle):
    return rectangle.height == 3 and rectangle.width <= 3


@helper(allocates=True)
def _scratch_for(rectangle, outside, strip_of_rows):
    """Make room for what a task of rectangles writes on its way."""
    count, length = strip_of_rows.shape
    dtype, height = strip_of_rows.dtype, rectangle.height
    together = 4 if _is_three_high(rectangle) else rows_together(height)
    lanes = LINE // strip_of_rows.itemsize
    margin = margin_of(rectangle, outside.channels, strip_of_rows.itemsize)
    pitch = 2 * margin + parts_of(length, lanes) * lanes
    space = np.empty((together + 2) * pitch + lanes, dtype)
    skipped = -space.ctypes.data // strip_of_rows.itemsize % lanes
    is_tall = height > TALLEST
    return Scratch(
        np.empty(0 if is_tall else (height + together - 1) * length, dtype),
        np.empty(length, dtype),
        space[skipped : skipped + (together + 2) * pitch].reshape(together + 2, pitch),
        np.empty((count + height - 1 if is_tall else 0, length), dtype),
        np.empty((min((rectangle.width - 1) * outside.channels, length), 5), np.int64),
    )


@helper
def _strip_of_any(rows, top, rectangle, outside, pick, scratch, out):
    if _is_three_high(rectangle):
        strip_of_three_rows(rows, top, rectangle, outside, pick, scratch, out)
    else:
        strip_of_rectangles(rows, top, rectangle, outside, pick, scratch, out)


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
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        target = out_rows[image, top:bottom]
        scratch = _scratch_for(rectangle, outside, target)
        if extreme.is_maximum:
            _strip_of_any(rows[image], top, rectangle, outside, greater, scratch, target)
        else:
            _strip_of_any(rows[image], top, rectangle, outside, lesser, scratch, target)


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
