"""What the filters of both targets share: the taps of linear ones, and how their sums become values.

A filter sums integers or floats, and stores integers or floats. Which rounding lies between is the type of a
named tuple, which is known while a kernel is compiled. ``cvkit.filters._rounding`` makes these tuples.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload

from cvkit._jit import helper
from cvkit._simd.numbers import high_half, nearest


class ColumnTaps(NamedTuple):
    """Taps down the columns, the same for each term of a sum of separable kernels."""

    offsets: Any
    weights: Any  # (terms, taps)


class RowTaps(NamedTuple):
    """Taps along the rows: each reads the sums down the columns of one term."""

    terms: Any
    offsets: Any
    weights: Any


class PlanarTaps(NamedTuple):
    """Taps anywhere around a pixel."""

    y_offsets: Any
    x_offsets: Any
    weights: Any  # (taps,), or (kernels, taps)


class AsItIs(NamedTuple):
    """The sum is the value."""


class Saturated(NamedTuple):
    """An unsigned sum above the largest value becomes the largest value."""

    largest: Any


class FixedPoint(NamedTuple):
    """The sum has ``bits`` bits of fraction; ``half`` is one half. Round half up."""

    half: Any
    bits: Any


class FixedPointInHalves(NamedTuple):
    """The same in lanes half as wide: ``bits`` are those above the lower half of a sum, which is no value's.

    Only ``cvkit.filters._cpu.short_sums`` takes it, where the values that are summed are as wide as ``half``.
    """

    half: Any
    bits: Any


class Quotient(NamedTuple):
    """Divide a sum of 16 bits, to the nearest: ``(sum + half) * factor >> (16 + bits)``."""

    half: Any
    factor: Any
    bits: Any


class HighWord(NamedTuple):
    """Either of these on CUDA, whose lanes have 32 bits: ``(sum + half) * factor >> 32``."""

    half: Any
    factor: Any


class Scaled(NamedTuple):
    """Clip an integer to [low, high], then scale it, add delta and round half to even."""

    scale: Any
    delta: Any
    low: Any
    high: Any


class Real(NamedTuple):
    """Scale a float, add delta, clip to [low, high]; ``bias`` rounds half to even, 0 leaves it a float."""

    scale: Any
    delta: Any
    low: Any
    high: Any
    bias: Any


@helper
def holds_integers(sums):
    """Whether sums are whole numbers; the compiler knows, and drops the branch that is not taken."""
    return sums.dtype.type(0.5) == 0


@helper
def saturate(value, low, high, bias):
    """Clip a float; adding and subtracting a bias as large as its mantissa rounds it half to even."""
    # Comparisons in this order keep NaN.
    value = low if value < low else value
    value = high if value > high else value
    return (value + bias) - bias


@helper
def _as_it_is(total, rounding):
    return total


@helper
def _saturated(total, rounding):
    return min(total, rounding.largest)


@helper
def _fixed_point(total, rounding):
    number = type(rounding.half)
    # The mask changes nothing but tells the compiler that the shift needs no wider lanes.
    return number(number(total + rounding.half) >> (rounding.bits & number(np.iinfo(number).bits - 1)))


@helper
def _quotient(total, rounding):
    number = type(rounding.half)
    product = high_half(number(total + rounding.half), rounding.factor)
    return number(product >> (rounding.bits & number(15)))


@helper
def _high_word(total, rounding):
    return np.uint32(
        np.uint64(np.uint32(total + rounding.half)) * np.uint64(rounding.factor) >> np.uint64(32)
    )


@helper
def _scaled(total, rounding):
    number = type(rounding.scale)
    clipped = min(max(total, rounding.low), rounding.high)
    return nearest(number(clipped) * rounding.scale + rounding.delta)


@helper
def _real(total, rounding):
    number = type(rounding.scale)
    value = number(total) * rounding.scale + rounding.delta
    return saturate(value, rounding.low, rounding.high, rounding.bias)


_ROUND = {
    AsItIs: _as_it_is,
    Saturated: _saturated,
    FixedPoint: _fixed_point,
    Quotient: _quotient,
    HighWord: _high_word,
    Scaled: _scaled,
    Real: _real,
}


def rounded(total, rounding):
    """Return the value to store for the sum of a filter's taps, by one of the seven roundings above."""
    return _ROUND[type(rounding)](total, rounding)


@overload(rounded, target="generic")
def _rounded(total, rounding):
    """Choose the rounding by its type while a kernel is compiled."""
    round_one = _ROUND[rounding.instance_class]
    return lambda total, rounding: round_one(total, rounding)


@helper
def sharpened(value, blurred, amount, threshold, rounding):
    """Return ``value`` plus ``amount`` of its difference from ``blurred``, if that reaches the threshold.

    ``rounding`` is ``Real`` without a delta.
    """
    zero = rounding.delta
    value, blurred = value + zero, blurred + zero
    difference = value - blurred
    detailed = saturate(value + difference * amount, rounding.low, rounding.high, rounding.bias)
    return value if abs(difference) < threshold else detailed
