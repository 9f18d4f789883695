"""Minima over structuring elements on the CPU, in rows that a vectorizer takes as they are.

The minimum over a run of neighbors is taken from minima over 1, 2, 4, ... of them, each from the one before:
the time grows with the logarithm of the run. Maxima are minima of values counted down from the top.
"""

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import parts_of, strip

# Rows of one task: many for the rows above and below to be few, and few enough to stay in the second cache.
STRIP = 64


@helper
def _counted_down(row, top, out):
    number = out.dtype.type
    for x in range(out.shape[0]):
        out[x] = number(top - row[x])


@helper
def _count_down(row, top):
    number = row.dtype.type
    for x in range(row.shape[0]):
        row[x] = number(top - row[x])


@helper
def _turn_row(row, counting, out):
    """Copy a row, counted down from the top where maxima are wanted; twice gives what was there."""
    if counting.is_down:
        _counted_down(row, counting.top, out)
    else:
        copy_row(row, out)


@helper
def _lesser(first, second, out):
    """Write the smaller of each two values."""
    for x in range(out.shape[0]):
        out[x] = first[x] if first[x] < second[x] else second[x]


@helper
def _least_of_three(first, second, third, out):
    for x in range(out.shape[0]):
        least = first[x] if first[x] < second[x] else second[x]
        out[x] = least if least < third[x] else third[x]


@helper
def _lower(row, out):
    """Let each value of ``out`` be at most what another row has."""
    for x in range(out.shape[0]):
        out[x] = row[x] if row[x] < out[x] else out[x]


@helper
def _lower_twice(row, other, out):
    """Let each value of ``out`` be at most what two other rows have."""
    for x in range(out.shape[0]):
        least = row[x] if row[x] < other[x] else other[x]
        out[x] = least if least < out[x] else out[x]


@helper
def _fill(value, out):
    for x in range(out.shape[0]):
        out[x] = value


@helper
def _load_row(rows, y, reach, outside, counting, padded):
    """Write row ``y`` of an image with ``reach`` pixels beyond both ends; ``y`` may lie outside, too."""
    inside = border_index(y, rows.shape[0], outside.border)
    if inside < 0:
        _fill(outside.value, padded)
        return
    channels = outside.channels
    first = reach * channels
    _turn_row(rows[inside], counting, padded[first : first + rows.shape[1]])
    extend_row(padded, reach, channels, outside.border, outside.value)


@helper
def _least_along(row, length, step, spare, out):
    """Write the minima over runs of ``length`` values, ``step`` apart, that begin at each place."""
    width = out.shape[0]
    if length == 1:
        copy_row(row, out)
    elif length == 2:
        _lesser(row, row[step:], out)
    elif length == 3:
        _least_of_three(row, row[step:], row[2 * step :], out)
    else:
        reached = 2
        current, other = spare[0], spare[1]
        _lesser(row, row[step:], current[: row.shape[0] - step])
        while 2 * reached < length:
            shift = reached * step
            _lesser(current, current[shift:], other[: current.shape[0] - shift])
            current, other = other, current
            reached *= 2
        _lesser(current, current[(length - reached) * step :], out[:width])


@helper
def _least_down(held, height, count):
    """Let each of the first ``count`` rows hold the minima over itself and rows below, ``height`` in all."""
    reached = 1
    while 2 * reached < height:
        for y in range(count + height - 2 * reached):
            _lower(held[y + reached], held[y])
        reached *= 2
    for y in range(count):
        _lower(held[y + height - reached], held[y])


@helper
def _strip_of_rectangles(rows, top, rectangle, outside, counting, scratch, out):
    """Fill the rows of ``out``, which begin at row ``top`` of the image."""
    padded, held = scratch
    reach = max(rectangle.anchor_x, rectangle.width - 1 - rectangle.anchor_x)
    first = (reach - rectangle.anchor_x) * outside.channels
    held = held[: out.shape[0] + rectangle.height - 1]
    for y in range(held.shape[0]):
        _load_row(rows, top + y - rectangle.anchor_y, reach, outside, counting, padded[0])
        _least_along(padded[0][first:], rectangle.width, outside.channels, padded[1:], held[y])
    _least_down(held, rectangle.height, out.shape[0])
    for y in range(out.shape[0]):
        _turn_row(held[y], counting, out[y])


@cpu_kernel
def least_of_rectangles(source, rectangle, outside, counting, out):
    """Write the minimum, or the maximum, over a rectangle around each value.

    Parameters
    ----------
    source, out : (N, H, W, C) arrays
        Images.
    rectangle : Rectangle
        The element.
    outside : Outside
        What lies beyond the image.
    counting : Counting
        Whether maxima are wanted.
    """
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    out_rows = out.reshape(count, height, width * channels)
    strips = parts_of(height, STRIP)
    reach = max(rectangle.anchor_x, rectangle.width - 1 - rectangle.anchor_x)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        # The row and what is beyond its ends, and two rows of minima over more and more of its values.
        padded = np.empty((3, (width + 2 * reach) * channels), source.dtype)
        held = np.empty((STRIP + rectangle.height - 1, width * channels), source.dtype)
        scratch = padded, held
        _strip_of_rectangles(
            rows[image], top, rectangle, outside, counting, scratch, out_rows[image, top:bottom]
        )


@helper
def _double_runs(levels, step):
    """Fill the rows after the first with minima over runs of 2, 4, 8, ... values."""
    for level in range(1, levels.shape[0]):
        shift = step << (level - 1)
        before = levels[level - 1]
        _lesser(before, before[shift:], levels[level, : before.shape[0] - shift])


@helper
def _strip_of_runs(rows, top, runs, outside, counting, levels, out):
    """Fill the rows of ``out``, which begin at row ``top`` of the image."""
    height, channels = out.shape[0], outside.channels
    for y in range(height):
        _fill(outside.greatest, out[y])
    for y in range(runs.above, height + runs.below):
        _load_row(rows, top + y, runs.reach, outside, counting, levels[0])
        _double_runs(levels, channels)
        for run in range(runs.rows.shape[0]):
            target = y - runs.rows[run]
            if 0 <= target < height:
                level = levels[runs.level[run]]
                first, second = (runs.reach + runs.first[run]), (runs.reach + runs.second[run])
                _lower_twice(level[first * channels :], level[second * channels :], out[target])
    if counting.is_down:
        for y in range(height):
            _count_down(out[y], counting.top)


@cpu_kernel
def least_of_runs(source, runs, outside, counting, out):
    """Write the minimum, or the maximum, over an element of any form around each value.

    Parameters
    ----------
    source, out : (N, H, W, C) arrays
        Images.
    runs : Runs
        The element, as runs of neighbors in rows.
    outside : Outside
        What lies beyond the image.
    counting : Counting
        Whether maxima are wanted.
    """
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    out_rows = out.reshape(count, height, width * channels)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        levels = np.empty((runs.levels, (width + 2 * runs.reach) * channels), source.dtype)
        _strip_of_runs(rows[image], top, runs, outside, counting, levels, out_rows[image, top:bottom])
