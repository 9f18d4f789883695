"""Resizing bytes on the CPU by two passes, along rows and along columns, each of which rounds."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import parts_of, span, tile, tiles_of
from cvkit.geometry._cpu.lanes import LANES, SIDE, turn_square, weigh_bytes
from cvkit.geometry._cpu.weighed_pixels import (
    LOW_BITS,
    PIXELS,
    ROWS,
    weigh_four_channels,
    weigh_three_channels,
)
from cvkit.geometry._math import weighed_bytes

# Columns of the result whose source pixels are turned at once, to stay in the first cache.
COLUMNS = 64
# Rows and values of the result that one task of the pass along columns makes.
TILE = (64, 1024)


class Block(NamedTuple):
    """Rows in flat memory, ``size`` values apart, the first at ``start``."""

    values: Any
    start: Any
    size: Any


class Taps(NamedTuple):
    """The first pixel for each of the result, and weights in flat memory, ``count`` for each.

    ``split`` has the weights as ``weigh_three_channels`` takes them, in ``groups`` groups.
    """

    first: Any
    weights: Any
    count: Any
    split: Any
    groups: Any


@helper(allocates=True)
def _block(rows, size):
    """Allocate rows."""
    return Block(np.empty(rows * size, np.uint8), 0, size)


@helper
def _copy_rows(block, rows, columns, copy):
    for row in range(rows):
        start, to = block.start + row * block.size, copy.start + row * copy.size
        copy_row(block.values[start : start + columns], copy.values[to : to + columns])


@helper
def _turn(block, rows, columns, turned):
    """Write the columns of a block as rows of another; both counts are rounded up to whole squares."""
    for column in range(0, columns, SIDE):
        for row in range(0, rows, SIDE):
            start = np.uintp(block.start + row * block.size + column)
            to = np.uintp(turned.start + column * turned.size + row)
            turn_square(block.values, start, np.uintp(block.size), turned.values, to, np.uintp(turned.size))


@helper(allocates=True)
def _split_weights(weights):
    """Split weights into a high and a low part, four of each in turn."""
    width, taps = weights.shape
    groups = parts_of(taps, PIXELS)
    split = np.zeros((width, groups, 2, PIXELS), np.int16)
    for x in range(width):
        for tap in range(taps):
            weight = np.int64(weights[x, tap])
            high = (weight + (1 << (LOW_BITS - 1))) >> LOW_BITS
            split[x, tap // PIXELS, 0, tap % PIXELS] = high
            split[x, tap // PIXELS, 1, tap % PIXELS] = weight - (high << LOW_BITS)
    return split.reshape(split.size), np.uintp(groups)


@helper
def _weigh_pixels(block, channels, taps, made):
    """Weigh pixels of three or four channels for ROWS rows; the next pixel overwrites a fourth value."""
    step = np.uintp(taps.groups * np.uintp(2 * PIXELS))
    for x in range(taps.first.shape[0]):
        start = np.uintp(block.start + np.int64(taps.first[x]) * channels)
        source = Block(block.values, start, np.uintp(block.size))
        target = Block(made.values, np.uintp(made.start + x * channels), np.uintp(made.size))
        if channels == 3:
            weigh_three_channels(source, taps.split, np.uintp(x) * step, taps.groups, target)
        else:
            weigh_four_channels(source, taps.split, np.uintp(x) * step, taps.groups, target)


@helper
def _pass_of_pixels(source, lines, channels, taps, near, made, out):
    """Make the rows of the result from ``lines[0]`` to ``lines[1]``, some at a time."""
    row = taps.first.shape[0] * channels
    for top in range(lines[0], lines[1], ROWS):
        rows = min(ROWS, lines[1] - top)
        block = Block(source.values, top * source.size, source.size)
        if (top + ROWS) * source.size + SIDE > source.values.shape[0]:
            # What is read beyond the last row counts for nothing, but must be there.
            _copy_rows(block, rows, source.size, near)
            block = near
        _weigh_pixels(block, channels, taps, made)
        _copy_rows(made, rows, row, Block(out.values, top * row, row))


@helper
def _weigh_columns(turned, begin, end, channels, taps, made):
    """Weigh the turned pixels from ``first[begin]`` on for the columns from ``begin`` to ``end``."""
    first, count = taps.first, taps.count
    step = np.uintp(channels * LANES)
    for x in range(begin, end):
        start, to = np.uintp(first[x] - first[begin]) * step, np.uintp(x - begin) * step
        for channel in range(channels):
            shift = np.uintp(channel * LANES)
            weights = np.uintp(np.uintp(x) * count)
            weigh_bytes(turned, start + shift, step, taps.weights, weights, count, made, np.uintp(to + shift))


@helper
def _pass_of_columns(near, channels, taps, turned, made, out):
    """Make LANES rows of the result, whose source rows are near, from columns that are turned to vectors."""
    width = taps.first.shape[0]
    for part in range(parts_of(width, COLUMNS)):
        begin, end = span(part, COLUMNS, width)
        column = np.int64(taps.first[begin]) * channels
        columns = (np.int64(taps.first[end - 1]) + np.int64(taps.count)) * channels - column
        _turn(Block(near.values, column, near.size), LANES, columns, turned)
        _weigh_columns(turned.values, begin, end, channels, taps, made.values)
        _turn(made, (end - begin) * channels, LANES, Block(out.values, begin * channels, out.size))


@helper
def _most_pixels(first, taps):
    """Count the source pixels that COLUMNS columns of the result take at most."""
    most = 0
    for begin in range(0, first.shape[0], COLUMNS):
        last = min(begin + COLUMNS, first.shape[0]) - 1
        most = max(most, np.int64(first[last]) - np.int64(first[begin]) + taps)
    return most


@cpu_kernel
def along_rows(source, first, weights, out):
    """Weigh neighboring columns, those of column x from ``first[x]`` on with the weights ``weights[x]``.

    A pixel of three or four channels takes a part of a vector. Of other images, many rows are turned, so that
    the values of one column lie side by side.
    """
    count, height, source_width, channels = source.shape
    width, tap_count = weights.shape
    lines, source_row, row = count * height, source_width * channels, width * channels
    values, out_values = source.reshape(lines * source_row), out.reshape(lines * row)
    are_few = channels == 3 or channels == 4
    split, groups = _split_weights(weights if are_few else weights[:0])
    flat_weights = weights.reshape(width * tap_count)
    most = parts_of(_most_pixels(first, tap_count) * channels, SIDE) * SIDE
    for task in prange(parts_of(lines, LANES)):
        line, end = span(task, LANES, lines)
        taps = Taps(first, flat_weights, np.uintp(tap_count), split, groups)
        whole = Block(values, 0, source_row)
        # Rows are read from one end to the other, which the processor foresees; squares of them are not.
        near = _block(LANES, source_row + SIDE)
        made_rows = _block(LANES, row + SIDE)
        if are_few:
            _pass_of_pixels(whole, (line, end), channels, taps, near, made_rows, Block(out_values, 0, row))
        else:
            _copy_rows(Block(values, line * source_row, source_row), end - line, source_row, near)
            turned, made = _block(most, LANES), _block(COLUMNS * channels, LANES)
            _pass_of_columns(near, channels, taps, turned, made, made_rows)
            _copy_rows(made_rows, end - line, row, Block(out_values, line * row, row))


@helper
def _weigh_rows(rows, weights, out):
    """Weigh the values from ``start`` on and those of the next rows; the last LANES maybe again."""
    length, start, step = out.shape[0], np.uintp(rows.start), np.uintp(rows.size)
    if length < LANES:
        for x in range(length):
            out[x] = weighed_bytes(rows.values[rows.start + x :: rows.size], np.uint64(0), weights)
        return
    taps = np.uintp(weights.shape[0])
    for x in range(0, length, LANES):
        to = np.uintp(min(x, length - LANES))
        weigh_bytes(rows.values, start + to, step, weights, np.uintp(0), taps, out, to)


@cpu_kernel
def along_columns(source, first, weights, out):
    """Weigh neighboring rows, those of row y from ``first[y]`` on with the weights ``weights[y]``."""
    count, source_height, width, channels = source.shape
    height, row = out.shape[1], width * channels
    values = source.reshape(count * source_height * row)
    out_rows = out.reshape(count, height, row)
    tiles = tiles_of(TILE, (height, row))
    for task in prange(count * tiles[0] * tiles[1]):
        image, top, bottom, left, right = tile(task, tiles, TILE, (height, row))
        for y in range(top, bottom):
            start = (image * source_height + np.int64(first[y])) * row + left
            _weigh_rows(Block(values, start, row), weights[y], out_rows[image, y, left:right])
