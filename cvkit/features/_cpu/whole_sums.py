"""Templates of bytes on the CPU: exact sums of products, by pairs of taps, and of windows, by moving on."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_rows
from cvkit._tiles import parts_of, strip, tile, tiles_of
from cvkit.features._cpu.matching import measure_row
from cvkit.features._cpu.pairs import LANES, ROWS, add_pairs
from cvkit.features._matching_math import SQUARED_DIFFERENCE

# Windows of a task, (rows, columns): pairs and sums stay in the second cache.
TILE = (64, 512)
# Rows of windows of one task where windows are summed: the first of each are summed anew.
STRIP = 64


def paired(weights: np.ndarray) -> np.ndarray:
    """Arrange weights, (planes, height, width), in pairs as :func:`add_pairs` takes them for one plane.

    Rows of sums begin one row after the other, where the others have no weight yet, and end so.
    """
    planes, height, width = weights.shape
    columns = -(-width // 2)
    table = np.zeros((planes, height + ROWS - 1, ROWS, 2 * columns), np.int16)
    for row in range(ROWS):
        table[:, row : row + height, row, :width] = weights
    halves = table.reshape(planes, -1, ROWS, columns, 2).swapaxes(2, 3)
    return np.ascontiguousarray(halves).view(np.int32)[..., 0]


@helper
def _pair_row(row, pairs):
    """Put each value in the low half of a number, and the next one in its high half, as far as there are."""
    length = min(row.shape[0] - 1, pairs.shape[0])
    for x in range(length):
        pairs[x] = (np.int32(row[x + 1]) << 16) | (np.int32(row[x]) & 0xFFFF)
    if length < pairs.shape[0]:
        pairs[length] = np.int32(row[length]) & 0xFFFF


@helper
def _pair_rows(plane, top, left, pairs):
    for y in range(min(pairs.shape[0], plane.shape[0] - top)):
        _pair_row(plane[top + y, left:], pairs[y])


@helper
def _add_plane(pairs, weights, sums):
    """Add what is beyond the image, too, to sums that are beyond the result: it never was set."""
    steps, columns, _ = weights.shape
    stride, out_stride = np.intp(pairs.shape[1]), np.intp(sums.shape[1])
    size = np.intp(steps), np.intp(columns)
    values, factors, flat = pairs.reshape(-1), weights.reshape(-1), sums.reshape(-1)
    for y in range(0, sums.shape[0], ROWS):
        for x in range(0, sums.shape[1], LANES):
            start, target = np.intp(y * stride + x), np.intp(y * out_stride + x)
            add_pairs(values, start, stride, factors, size, flat, target, out_stride)


@cpu_kernel
def correlate_whole(planes, weights, out):
    """Sum products of every window of int16 with weights as :func:`paired` arranges them."""
    count, height, width = out.shape
    channels, steps, pairs_across, _ = weights.shape
    rows, columns = tiles_of(TILE, (height, width))
    for task in prange(count * rows * columns):
        image, top, bottom, left, right = tile(task, (rows, columns), TILE, (height, width))
        high, wide = parts_of(bottom - top, ROWS) * ROWS, parts_of(right - left, LANES) * LANES
        sums = np.zeros((high, wide), np.int32)
        pairs = np.empty((high + steps - ROWS, wide + 2 * pairs_across), np.int32)
        for channel in range(channels):
            _pair_rows(planes[image, channel], top, left, pairs)
            _add_plane(pairs, weights[channel], sums)
        copy_rows(sums, out[image, top:bottom, left:right])


class _Scratch(NamedTuple):
    """Sums of columns and of windows, squares first, then each channel, and room for :func:`measure_row`."""

    columns: Any
    sums: Any
    products: Any
    spreads: Any
    raw: Any


@helper
def _add_row(row, is_square, columns):
    for x in range(columns.shape[0]):
        value = np.int32(row[x])
        columns[x] += np.int32(value * value) if is_square else value


@helper
def _move_row(row, last, is_square, columns):
    """Add a row, and subtract the one that is left behind."""
    if is_square:
        for x in range(columns.shape[0]):
            value, past = np.int32(row[x]), np.int32(last[x])
            columns[x] += np.int32(value * value) - np.int32(past * past)
    else:
        for x in range(columns.shape[0]):
            columns[x] += np.int32(row[x]) - np.int32(last[x])


@helper
def _sum_along(columns, length, sums):
    total = np.int64(0)
    for x in range(length):
        total += columns[x]
    sums[0] = total
    for x in range(1, sums.shape[0]):
        total += columns[x + length - 1] - columns[x - 1]
        sums[x] = total


@helper
def _sum_windows(planes, y, is_first, rule, scratch):
    """Sum the windows of a row, the first of a task or the next one: squares and values, where needed."""
    begin = 0 if rule.is_normalized or rule.measure == SQUARED_DIFFERENCE else 1
    for kind in range(begin, scratch.sums.shape[0]):
        for channel in range(planes.shape[0]) if kind == 0 else range(kind - 1, kind):
            plane, columns = planes[channel], scratch.columns[kind]
            if is_first:
                for row in range(y, y + rule.height):
                    _add_row(plane[row], kind == 0, columns)
            else:
                _move_row(plane[y + rule.height - 1], plane[y - 1], kind == 0, columns)
        _sum_along(scratch.columns[kind], rule.width, scratch.sums[kind])


@cpu_kernel
def measure_whole(planes, products, centers, rule, out):
    """Measure every window by its sums of products and by sums over the window alone, exact in int32.

    The values of ``planes`` are whole numbers, of whatever dtype.
    """
    count, height, width = out.shape
    kinds = 1 + centers.shape[1] if rule.needs_values else 1
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        scratch = _Scratch(
            np.zeros((kinds, planes.shape[3]), np.int32),
            np.zeros((kinds, width)),
            np.empty(width),
            np.empty(width),
            np.empty(width),
        )
        for y in range(top, bottom):
            _sum_windows(planes[image], y, y == top, rule, scratch)
            measure_row(products[image, y], centers, rule, scratch, out[image, y])
