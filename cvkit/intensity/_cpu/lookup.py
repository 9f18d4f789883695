"""Tables, powers and weighted sums on the CPU: one pass over the values."""

import math

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.memory import copy_2_items, look_up
from cvkit._simd.numbers import nearest
from cvkit._tiles import parts_of, span
from cvkit.filters._math import holds_integers
from cvkit.intensity._math import blended, scaled

# Values of one task: where a loop needs nothing of its row but its values, rows would only cost calls.
SPAN = 1 << 17

# From so many bytes on, a table of pairs of them, filled first, saves more time than it costs.
_MANY = 1 << 18

# Running extremes of so many values side by side are vectors.
_LANES = 256


@helper
def _look_up_span(values, table, out):
    for x in range(out.shape[0]):
        out[x] = look_up(table, np.uintp(values[x]))


@helper
def _fill_pairs(table, pairs):
    """List what becomes of each pair of bytes, the second one in the higher bits of its place."""
    for second in range(256):
        for first in range(256):
            place = 2 * (256 * second + first)
            pairs[place] = table[first]
            pairs[place + 1] = table[second]


@helper
def _look_up_pairs(values, pairs, out):
    for x in range(out.shape[0] // 2):
        place = np.uintp(values[2 * x]) | np.uintp(np.uintp(values[2 * x + 1]) << np.uintp(8))
        copy_2_items(pairs, np.uintp(2) * place, out, np.uintp(2 * x))
    if out.shape[0] % 2:
        out[out.shape[0] - 1] = pairs[2 * np.uintp(values[out.shape[0] - 1])]


@helper
def _look_up_three(values, table, out):
    """Look up pixels of three channels, a literal 3; a table follows another."""
    size = np.uintp(table.shape[0] // 3)
    for x in range(out.shape[0] // 3):
        out[3 * x] = look_up(table, np.uintp(values[3 * x]))
        out[3 * x + 1] = look_up(table, size + np.uintp(values[3 * x + 1]))
        out[3 * x + 2] = look_up(table, size + size + np.uintp(values[3 * x + 2]))


@helper
def _look_up_pixels(values, channels, table, out):
    size = table.shape[0] // channels
    for x in range(out.shape[0] // channels):
        for channel in range(channels):
            place = np.uintp(channel * size) + np.uintp(values[x * channels + channel])
            out[x * channels + channel] = look_up(table, place)


@cpu_kernel
def look_up_values(values, channels, table, out):
    """Replace each value of a flat array by what the table of its channel, one after another, has for it."""
    size = SPAN // channels * channels
    by_pairs = channels == 1 and table.nbytes == 256 and out.size >= _MANY
    pairs = np.empty(2 << 16 if by_pairs else 0, table.dtype)
    if by_pairs:
        _fill_pairs(table, pairs)
    for task in prange(parts_of(out.size, size)):
        first, stop = span(task, size, out.size)
        if by_pairs:
            _look_up_pairs(values[first:stop], pairs, out[first:stop])
        elif channels == 1:
            _look_up_span(values[first:stop], table, out[first:stop])
        elif channels == 3:
            _look_up_three(values[first:stop], table, out[first:stop])
        else:
            _look_up_pixels(values[first:stop], channels, table, out[first:stop])


@helper
def _raise_span(values, exponent, out):
    for x in range(out.shape[0]):
        out[x] = math.pow(values[x], exponent)


@cpu_kernel
def raise_to_power(values, exponent, out):
    """Raise each value of a flat array to a power."""
    for task in prange(parts_of(out.size, SPAN)):
        first, stop = span(task, SPAN, out.size)
        _raise_span(values[first:stop], exponent, out[first:stop])


@helper
def _range_of(values):
    low, high = values[0], values[0]
    for x in range(values.shape[0]):
        low = min(low, values[x])
        high = max(high, values[x])
    return low, high


@helper
def _extend(values, lows, highs):
    """Widen the range of each lane by the value there; NaN widens none."""
    for x in range(values.shape[0]):
        lows[x] = np.fmin(lows[x], values[x])
        highs[x] = np.fmax(highs[x], values[x])


@cpu_kernel
def find_ranges(values, size, ranges):
    """Find the least and the largest value in each part of ``size`` of each row; ``ranges`` is (N, parts, 2).

    It holds what is wider than any range, the other way round, and keeps that where all values are NaN.
    """
    count, parts, _ = ranges.shape
    for task in prange(count * parts):
        row, part = task // parts, task % parts
        first, stop = span(part, size, values.shape[1])
        if holds_integers(values):
            ranges[row, part, 0], ranges[row, part, 1] = _range_of(values[row][first:stop])
            continue
        lows = np.full(_LANES, ranges[row, part, 0])
        highs = np.full(_LANES, ranges[row, part, 1])
        for begin in range(first, stop, _LANES):
            _extend(values[row][begin : min(begin + _LANES, stop)], lows, highs)
        ranges[row, part, 0] = lows.min()
        ranges[row, part, 1] = highs.max()


@helper
def _scale_span(values, factor, offset, limits, out):
    if holds_integers(out):
        for x in range(out.shape[0]):
            out[x] = min(max(nearest(scaled(values[x], factor, offset)), limits.low), limits.high)
        return
    for x in range(out.shape[0]):
        out[x] = scaled(values[x], factor, offset)


@cpu_kernel
def scale_values(values, factors, offsets, limits, out):
    """Multiply each value of a row by the row's factor and add its offset."""
    count, length = values.shape
    parts = parts_of(length, SPAN)
    for task in prange(count * parts):
        row = task // parts
        first, stop = span(task % parts, SPAN, length)
        _scale_span(values[row][first:stop], factors[row], offsets[row], limits, out[row][first:stop])


@helper
def _blend_span(a, b, weights, limits, out):
    if holds_integers(out):
        for x in range(out.shape[0]):
            out[x] = min(max(nearest(blended(a[x], b[x], weights)), limits.low), limits.high)
        return
    for x in range(out.shape[0]):
        out[x] = blended(a[x], b[x], weights)


@cpu_kernel
def blend_values(a, b, weights, limits, out):
    """Sum the values of two flat arrays and 1 by three weights."""
    for task in prange(parts_of(out.size, SPAN)):
        first, stop = span(task, SPAN, out.size)
        _blend_span(a[first:stop], b[first:stop], weights, limits, out[first:stop])
