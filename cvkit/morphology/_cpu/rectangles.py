"""Minima and maxima over rectangles of any size: down the columns, then along the rows.

Rows one below the other share what lies in the windows of all of them. Along a row, and down the columns of
tall elements, extremes of a few neighbors each are found first, then from those the extremes of more: the
time grows with the logarithm of the sides.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import CONSTANT, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.lanes import lanes_of, load_lanes, store_lanes, stronger
from cvkit._tiles import parts_of, strip
from cvkit.morphology._cpu.windows import (
    Rows,
    Span,
    copy_window,
    extremes_of_eight_neighbors,
    extremes_of_four,
    extremes_of_three,
    extremes_of_two,
    fill,
)

# Rows of one task: many for the rows above and below to be few, and few enough to stay in the second cache.
_STRIP = 64
# Rows that are found together, of elements that are not taller than that makes fast.
_TOGETHER, _TALLEST = 8, 64
# Rows that are then found together along the rows, for all lines to stay in the first cache.
_SPARE = 4
# Neighbors that a step along a row finds the extremes of at most, and steps that are never exceeded.
_TAPS, _STEPS = 4, 32


class _Steps(NamedTuple):
    """How extremes along a row are found, step by step, each from what the one before has found."""

    count: int
    width: int
    channels: int
    taps: Any  # int64, where a step looks, relative to its value
    used: Any  # int64, how many of the taps
    reached: Any  # int64, how many pixels its results cover


class _Scratch(NamedTuple):
    """What a task writes on its way, and where it looks."""

    window: Any  # the rows that results need: of tall elements all, else where some are beyond the image
    lines: Any  # rows with what lies beyond their ends: those found together, and some to spare
    down: Any  # int64, where tall elements look in the window
    steps: Any


@helper
def _reach_of(rectangle, channels):
    """Return how many values beyond an image are looked at on either side of its rows."""
    return max(rectangle.anchor_x, rectangle.width - 1 - rectangle.anchor_x) * channels


@helper
def _find_steps(width, channels, taps, used, reached):
    """Fill what tells how to reach along ``width`` pixels, and return in how many steps."""
    count, before = 0, 1
    while count == 0 or before < width:
        parts = parts_of(width, before)
        # Five to nine take two steps of three; neighbors in registers are eight at once.
        used[count] = parts if parts <= _TAPS else 3 if parts <= 9 else _TAPS
        if before == channels == 1 and width > 8:
            used[count] = 8
        after = min(used[count] * before, width)
        for tap in range(_TAPS):
            taps[count, tap] = min(tap * before, after - before) * channels
        reached[count] = before = after
        count += 1
    return count


@helper
def _eight_down(source, height, extreme, count, out):
    """Write eight rows of extremes down ``height`` rows, eight at least; the last lanes may overlap."""
    values, length, lines, stride = source.values, source.stride, out.values, out.stride
    lanes = lanes_of(values)
    for part in range(parts_of(count, lanes)):
        x = min(part * lanes, count - lanes)
        place, target = source.first + x, out.first + x
        shared = load_lanes(values, place + 7 * length)
        for row in range(8, height, 4):
            below = place + row * length
            one, other = (
                load_lanes(values, below),
                load_lanes(values, below + min(1, height - 1 - row) * length),
            )
            shared = stronger(extreme, shared, stronger(extreme, one, other))
            one = load_lanes(values, below + min(2, height - 1 - row) * length)
            other = load_lanes(values, below + min(3, height - 1 - row) * length)
            shared = stronger(extreme, shared, stronger(extreme, one, other))
        from6 = load_lanes(values, place + 6 * length)
        from5 = stronger(extreme, from6, load_lanes(values, place + 5 * length))
        from4 = stronger(extreme, from5, load_lanes(values, place + 4 * length))
        from3 = stronger(extreme, from4, load_lanes(values, place + 3 * length))
        from2 = stronger(extreme, from3, load_lanes(values, place + 2 * length))
        from1 = stronger(extreme, from2, load_lanes(values, place + length))
        from0 = stronger(extreme, from1, load_lanes(values, place))
        store_lanes(lines, target, stronger(extreme, shared, from0))
        place += height * length
        shared = stronger(extreme, shared, load_lanes(values, place))
        store_lanes(lines, target + stride, stronger(extreme, shared, from1))
        shared = stronger(extreme, shared, load_lanes(values, place + length))
        store_lanes(lines, target + 2 * stride, stronger(extreme, shared, from2))
        shared = stronger(extreme, shared, load_lanes(values, place + 2 * length))
        store_lanes(lines, target + 3 * stride, stronger(extreme, shared, from3))
        shared = stronger(extreme, shared, load_lanes(values, place + 3 * length))
        store_lanes(lines, target + 4 * stride, stronger(extreme, shared, from4))
        shared = stronger(extreme, shared, load_lanes(values, place + 4 * length))
        store_lanes(lines, target + 5 * stride, stronger(extreme, shared, from5))
        shared = stronger(extreme, shared, load_lanes(values, place + 5 * length))
        store_lanes(lines, target + 6 * stride, stronger(extreme, shared, from6))
        shared = stronger(extreme, shared, load_lanes(values, place + 6 * length))
        store_lanes(lines, target + 7 * stride, shared)


@helper
def _four_down(source, height, extreme, count, out):
    """Write four rows of extremes down ``height`` rows, four to seven; the last lanes may overlap."""
    values, length, lines, stride = source.values, source.stride, out.values, out.stride
    lanes = lanes_of(values)
    fifth, sixth, last = min(4, height - 1) * length, min(5, height - 1) * length, (height - 1) * length
    for part in range(parts_of(count, lanes)):
        x = min(part * lanes, count - lanes)
        place, target = source.first + x, out.first + x
        shared = stronger(extreme, load_lanes(values, place + 3 * length), load_lanes(values, place + fifth))
        shared = stronger(extreme, shared, load_lanes(values, place + sixth))
        shared = stronger(extreme, shared, load_lanes(values, place + last))
        from2 = load_lanes(values, place + 2 * length)
        from1 = stronger(extreme, from2, load_lanes(values, place + length))
        from0 = stronger(extreme, from1, load_lanes(values, place))
        store_lanes(lines, target, stronger(extreme, shared, from0))
        place += height * length
        shared = stronger(extreme, shared, load_lanes(values, place))
        store_lanes(lines, target + stride, stronger(extreme, shared, from1))
        shared = stronger(extreme, shared, load_lanes(values, place + length))
        store_lanes(lines, target + 2 * stride, stronger(extreme, shared, from2))
        shared = stronger(extreme, shared, load_lanes(values, place + 2 * length))
        store_lanes(lines, target + 3 * stride, shared)


@helper
def _down(source, height, extreme, span, out):
    """Write rows of extremes down the columns, as many as are found together or fewer."""
    length, stride = source.stride, out.stride
    if height >= _TOGETHER:
        _eight_down(source, height, extreme, span.count, out)
    elif height <= 3:
        taps = 0, min(1, height - 1) * length, (height - 1) * length
        extremes_of_three(source, taps, extreme, span, out)
    else:
        for row in range(0, _TOGETHER, 4):
            upper = Rows(source.values, source.first + row * length, length)
            target = Rows(out.values, out.first + row * stride, stride)
            _four_down(upper, height, extreme, span.count, target)


@helper
def _reach_down(height, length, taps, extreme, held):
    """Let the rows of ``held`` hold the extremes of a third of ``height`` rows or more.

    ``taps`` are then where the three are that make up ``height``.
    """
    reached = 1
    while 3 * reached < height:
        taps[1], taps[2] = reached * length, 2 * reached * length
        # Rows that lack some of those below are of no use, nor is what is read beyond the last one.
        last = held.shape[0] - lanes_of(held) - taps[2]
        extremes_of_three(Rows(held, 0, 0), taps, extreme, Span(1, last, last), Rows(held, 0, 0))
        reached *= 3
    taps[1], taps[2] = min(reached, height - reached) * length, (height - reached) * length


@helper
def _along(source, steps, extreme, span, spare, out):
    """Write extremes along the runs of pixels from each value of the source on."""
    for step in range(steps.count):
        is_last = step == steps.count - 1
        beyond = (steps.width - steps.reached[step]) * steps.channels
        within = span if is_last else Span(span.rows, span.count + beyond, spare.stride)
        target = out if is_last else spare
        if steps.used[step] == 8:
            extremes_of_eight_neighbors(source, extreme, within, target)
        elif steps.used[step] <= 2:
            extremes_of_two(source, steps.taps[step], extreme, within, target)
        elif steps.used[step] == 3:
            extremes_of_three(source, steps.taps[step], extreme, within, target)
        else:
            extremes_of_four(source, steps.taps[step], extreme, within, target)
        source = spare


@helper
def _strip_of_rectangles(rows, top, rectangle, outside, extreme, scratch, out):
    """Fill the rows of ``out``, which begin at row ``top`` of the image: down the columns, then along."""
    height, length, channels = rectangle.height, out.shape[1], outside.channels
    lines, window = scratch.lines, scratch.window
    lanes, margin = lanes_of(out), _reach_of(rectangle, channels)
    begin, extended = margin - rectangle.anchor_x * channels, length + 2 * margin
    is_short = length < lanes
    top -= rectangle.anchor_y
    image, held, out_values = rows.reshape(rows.size), window.reshape(window.size), out.reshape(out.size)
    line_values = lines.reshape(lines.size)
    stride = lines.shape[1]
    flat_lines, spare = Rows(line_values, margin, stride), Rows(line_values, _TOGETHER * stride, stride)
    if height > _TALLEST:
        copy_window(rows, top, outside, window)
        _reach_down(height, length, scratch.down, extreme, held)
    fill(outside.value, line_values)
    for y in range(0, out.shape[0], _TOGETHER):
        first, count = top + y, min(_TOGETHER, out.shape[0] - y)
        if height > _TALLEST:
            span = Span(count, length, stride)
            extremes_of_three(Rows(held, y * length, length), scratch.down, extreme, span, flat_lines)
        else:
            is_inside = first >= 0 and first + height + _TOGETHER - 1 <= rows.shape[0] and not is_short
            if not is_inside:
                copy_window(rows, first, outside, window)
            wide = window.shape[1]
            source = Rows(image, first * length, wide) if is_inside else Rows(held, 0, wide)
            _down(source, height, extreme, Span(count, wide, wide - lanes), flat_lines)
        if outside.border != CONSTANT or is_short:
            for line in range(count):
                line_row = lines[line][:extended]
                extend_row(line_row, margin // channels, channels, outside.border, outside.value)
        for line in range(0, count, _SPARE):
            source, number = Rows(line_values, line * stride + begin, stride), min(_SPARE, count - line)
            target, span = Rows(out_values, (y + line) * length, length), Span(number, length, length - lanes)
            if is_short:
                target, span = spare, Span(number, length, stride)
            _along(source, scratch.steps, extreme, span, spare, target)
            if is_short:
                for row in range(number):
                    copy_row(lines[_TOGETHER + row], out[y + line + row])


@cpu_kernel
def extreme_of_any_rectangles(source, rectangle, outside, extreme, out):
    """Write the minimum, or the maximum, over a rectangle around each value.

    Parameters
    ----------
    source, out : (N, H, W, C) arrays
        Images.
    rectangle : Rectangle
        The element.
    outside : Outside
        What lies beyond the image.
    extreme : Minima or Maxima
        What is looked for.
    """
    count, height, width, channels = source.shape
    length, lanes = width * channels, lanes_of(source)
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height, length)
    strips = parts_of(height, _STRIP)
    # Lines that were nearly a power of two apart would drive each other out of the cache.
    needed, kibibyte = length + 2 * _reach_of(rectangle, channels) + 4 * lanes, 32 * lanes
    line_length = parts_of(needed, kibibyte) * kibibyte + 10 * lanes
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, _STRIP, height)
        window_rows, window_length = rectangle.height + _TOGETHER, max(length, lanes)
        if rectangle.height > _TALLEST:  # and rows for what is read beyond the last one
            window_rows, window_length = bottom - top + rectangle.height + parts_of(lanes, length), length
        taps = np.empty((_STEPS, _TAPS), np.int64)
        used, reached = np.empty(_STEPS, np.int64), np.empty(_STEPS, np.int64)
        steps = _find_steps(rectangle.width, channels, taps, used, reached)
        scratch = _Scratch(
            np.empty((window_rows, window_length), source.dtype),
            np.empty((_TOGETHER + _SPARE + 1, line_length), source.dtype),
            np.zeros(3, np.int64),
            _Steps(steps, rectangle.width, channels, taps, used, reached),
        )
        _strip_of_rectangles(
            rows[image], top, rectangle, outside, extreme, scratch, out_rows[image, top:bottom]
        )
