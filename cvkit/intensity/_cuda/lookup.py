"""Tables, powers and weighted sums on CUDA: one thread for each value."""

import math

import numpy as np
from numba import types
from numba.extending import overload

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit._simd.numbers import nearest
from cvkit.filters._math import holds_integers
from cvkit.intensity._math import Weights, blended, scaled

_THREADS = 256


@cuda_kernel(block=(_THREADS,))
def _look_up_values(values, channels, table, out):
    x = cuda.grid(1)
    if x < out.shape[0]:
        size = table.shape[0] // channels
        out[x] = table[x % channels * size + values[x]]


def look_up_values(values, channels, table, out):
    """Replace each value of a flat array by what the table of its channel, one after another, has for it."""
    _look_up_values[out.size](values, channels, table, out)


@cuda_kernel(block=(_THREADS,))
def _raise_to_power(values, exponent, out):
    x = cuda.grid(1)
    if x < out.shape[0]:
        out[x] = math.pow(values[x], exponent)


def raise_to_power(values, exponent, out):
    """Raise each value of a flat array to a power."""
    _raise_to_power[out.size](values, exponent, out)


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _find_ranges(values, size, ranges):
    """One block for each part: a range for each thread, then of two threads together until one is left."""
    thread = cuda.threadIdx.x
    row, part = divmod(cuda.blockIdx.x, ranges.shape[1])
    low, high = ranges[row, part, 0], ranges[row, part, 1]
    for position in range(part * size + thread, min((part + 1) * size, values.shape[1]), _THREADS):
        value = values[row, position]
        low = value if value < low else low
        high = value if value > high else high
    lows = cuda.shared.array(_THREADS, ranges.dtype)
    highs = cuda.shared.array(_THREADS, ranges.dtype)
    lows[thread], highs[thread] = low, high
    others = _THREADS // 2
    while others > 0:
        cuda.syncthreads()
        if thread < others:
            lows[thread] = min(lows[thread], lows[thread + others])
            highs[thread] = max(highs[thread], highs[thread + others])
        others //= 2
    if thread == 0:
        ranges[row, part, 0], ranges[row, part, 1] = lows[0], highs[0]


def find_ranges(values, size, ranges):
    """Find the least and the largest value in each part of ``size`` of each row; ``ranges`` is (N, parts, 2).

    It holds what is wider than any range, the other way round, and keeps that where all values are NaN.
    """
    count, parts, _ = ranges.shape
    _find_ranges[count * parts * _THREADS](values, size, ranges)


def _stored(total, out):
    """Round a sum to what ``out`` holds: first clipped, because ``nearest`` takes small numbers only here."""
    if holds_integers(out):
        limits = np.iinfo(out.dtype)
        return nearest(min(max(np.float32(total), np.float32(limits.min)), np.float32(limits.max)))
    return total


@overload(_stored, target="generic")
def _stored_by_type(total, out):
    """Let the compiler know the bounds, and that what is stored is one type."""
    if not isinstance(out.dtype, types.Integer):
        return lambda total, out: total
    smallest, largest = np.float32(out.dtype.minval), np.float32(out.dtype.maxval)
    return lambda total, out: nearest(min(max(np.float32(total), smallest), largest))


@cuda_kernel(block=(_THREADS, 1))
def _scale_values(values, factors, offsets, out):
    x, row = cuda.grid(2)
    if row < out.shape[0] and x < out.shape[1]:
        out[row, x] = _stored(scaled(values[row, x], factors[row], offsets[row]), out)


def scale_values(values, factors, offsets, out):
    """Multiply each value of a row by the row's factor and add its offset."""
    _scale_values[out.shape](values, factors, offsets, out)


@cuda_kernel(block=(_THREADS,))
def _blend_values(a, b, weight_a, weight_b, offset, out):
    x = cuda.grid(1)
    if x < out.shape[0]:
        out[x] = _stored(blended(a[x], b[x], Weights(weight_a, weight_b, offset)), out)


def blend_values(a, b, weight_a, weight_b, offset, out):
    """Sum the values of two flat arrays and 1 by three weights."""
    _blend_values[out.size](a, b, weight_a, weight_b, offset, out)
