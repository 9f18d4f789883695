"""Tables, powers and weighted sums on the CPU: one pass over the values."""

import math

import numpy as np
from numba import types
from numba.extending import overload

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.extremes import larger, smaller
from cvkit._simd.memory import copy_2_items, look_up
from cvkit._simd.numbers import nearest
from cvkit._tiles import parts_of, span
from cvkit.filters._math import holds_integers
from cvkit.intensity._cpu.spans import SPAN, aligned_span, spans_of
from cvkit.intensity._math import Weights, blended, scaled

# From so many bytes on, a table of pairs of them, filled first, saves more time than it costs.
_MANY = 1 << 18


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
    size = max(SPAN // channels, 1) * channels
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
    for task in prange(spans_of(out.size)):
        first, stop = aligned_span(task, out)
        _raise_span(values[first:stop], exponent, out[first:stop])


@helper
def _range_of(values, low, high):
    """Widen a range by values; NaN widens none, but takes longer."""
    lowest, highest, numbers = low, high, np.int32(0)
    for x in range(values.shape[0]):
        lowest = smaller(lowest, values[x])
        highest = larger(highest, values[x])
        numbers = np.int32(numbers + np.int32(values[x] == values[x]))
    if numbers == values.shape[0]:
        return lowest, highest
    for x in range(values.shape[0]):
        low = values[x] if values[x] < low else low
        high = values[x] if values[x] > high else high
    return low, high


@cpu_kernel
def find_ranges(values, size, ranges):
    """Find the least and the largest value in each part of ``size`` of each row; ``ranges`` is (N, parts, 2).

    It holds what is wider than any range, the other way round, and keeps that where all values are NaN.
    """
    count, parts, _ = ranges.shape
    for task in prange(count * parts):
        row, part = task // parts, task % parts
        first, stop = span(part, size, values.shape[1])
        # Begins with the range of the part before, if that is found, and ends where none is wider.
        before = max(part - 1, 0)
        low, high = ranges[row, before, 0], ranges[row, before, 1]
        if low > ranges[row, part, 1] or high < ranges[row, part, 0]:
            low, high = _range_of(values[row][first:stop], low, high)
        ranges[row, part, 0], ranges[row, part, 1] = low, high


def _stored(total, out):
    """Round a sum to what ``out`` holds."""
    if holds_integers(out):
        return min(max(nearest(total), np.iinfo(out.dtype).min), np.iinfo(out.dtype).max)
    return total


@overload(_stored)
def _stored_by_type(total, out):
    """Let the compiler know the bounds: saturating is one instruction then."""
    if not isinstance(out.dtype, types.Integer):
        return lambda total, out: total
    smallest, largest = np.int32(out.dtype.minval), np.int32(out.dtype.maxval)
    return lambda total, out: min(max(nearest(total), smallest), largest)


@helper
def _scale_span(values, factor, offset, out):
    for x in range(out.shape[0]):
        out[x] = _stored(scaled(values[x], factor, offset), out)


@cpu_kernel
def scale_values(values, factors, offsets, out):
    """Multiply each value of a row by the row's factor and add its offset."""
    count, length = values.shape
    spans = spans_of(length)
    for task in prange(count * spans):
        row = task // spans
        first, stop = aligned_span(task % spans, out[row])
        _scale_span(values[row][first:stop], factors[row], offsets[row], out[row][first:stop])


@helper
def _blend_span(a, b, weights, out):
    for x in range(out.shape[0]):
        out[x] = _stored(blended(a[x], b[x], weights), out)


@cpu_kernel
def blend_values(a, b, weight_a, weight_b, offset, out):
    """Sum the values of two flat arrays and 1 by three weights, which come as those of ``apply_rule`` do."""
    weights = Weights(weight_a, weight_b, offset)
    for task in prange(spans_of(out.size)):
        first, stop = aligned_span(task, out)
        _blend_span(a[first:stop], b[first:stop], weights, out[first:stop])
