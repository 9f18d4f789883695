"""The rounding that equals OpenCV's for given dtypes: makes the named tuples of ``cvkit.filters._math``."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cvkit.filters._math import AsItIs, FixedPoint, FixedPointInHalves, Quotient, Real, Saturated, Scaled

Rounding: TypeAlias = AsItIs | Saturated | FixedPoint | FixedPointInHalves | Quotient | Scaled | Real


def saturated(sum_dtype: np.dtype, out_dtype: np.dtype) -> Saturated:
    """Store unsigned sums in a narrower dtype."""
    return Saturated(sum_dtype.type(np.iinfo(out_dtype).max))


def fixed_point(bits: int, sum_dtype: np.dtype) -> FixedPoint:
    """Round sums of weights that have ``bits`` bits of fraction."""
    number = sum_dtype.type
    return FixedPoint(half=number((1 << bits) >> 1), bits=number(bits))


def in_halves(rounding: FixedPoint, dtype: np.dtype) -> FixedPointInHalves:
    """Round sums of numbers of an unsigned dtype, times weights, without wider sums."""
    number, halved = dtype.type, 4 * dtype.itemsize
    return FixedPointInHalves(number(int(rounding.half) >> halved), number(int(rounding.bits) - halved))


def quotient(divisor: int, largest: int) -> Quotient | None:
    """Divide sums up to ``largest`` by an odd number, in 16 bits; None where that is not exact."""
    half, number = divisor // 2, np.uint16
    largest += half
    bits = divisor.bit_length() - 1
    factor = -(-(1 << (16 + bits)) // divisor)
    # The factor is too large by this many parts of the divisor, which must not add up to one in the quotient.
    excess = factor * divisor - (1 << (16 + bits))
    if max(largest, factor) >= 1 << 16 or largest * excess >= 1 << (16 + bits):
        return None
    return Quotient(number(half), number(factor), number(bits))


def check_fits(values: npt.ArrayLike, dtype: np.dtype, name: str) -> None:
    """Check that numbers are finite in the dtype of sums, too: infinity times 0 were NaN."""
    largest = np.finfo(dtype).max
    if np.abs(values).max() > largest:
        raise ValueError(f"{name} must be from {-largest} to {largest}, got {values!r}")


def real(sum_dtype: np.dtype, out_dtype: np.dtype, *, scale: float = 1.0, delta: float = 0.0) -> Real:
    """Round and saturate float sums to integers as OpenCV's ``saturate_cast``, or pass floats through."""
    number: Any = sum_dtype.type
    check_fits(scale, sum_dtype, "scale")
    check_fits(delta, sum_dtype, "delta")
    low, high, bias = -np.inf, np.inf, 0.0
    if out_dtype.kind != "f":
        low, high = np.iinfo(out_dtype).min, np.iinfo(out_dtype).max
        # Adding 1.5 * 2**(bits of the mantissa) leaves no bits for a fraction; subtracting leaves the rest.
        bias = 1.5 * 2.0 ** np.finfo(number).nmant
    return Real(number(scale), number(delta), number(low), number(high), number(bias))


def scaled(dtype: np.dtype, *, scale: float, delta: float) -> Scaled | Real:
    """Scale sums of 16 bits and store them in their dtype; the same as :func:`real`, in half the time.

    Sums are saturated before they are scaled, in lanes half as wide, if that gives the same result.
    """
    limits = np.iinfo(dtype)
    number = np.float32
    check_fits(scale, np.dtype(number), "scale")
    check_fits(delta, np.dtype(number), "delta")
    sums = np.arange(limits.min, limits.max + 1)
    values = np.rint(sums * float(number(scale)) + float(number(delta)))
    fitting = sums[(values >= limits.min) & (values <= limits.max)]
    if len(fitting):
        low, high = fitting[[0, -1]]
        if np.array_equal(values[sums.clip(low, high) - limits.min], values.clip(limits.min, limits.max)):
            return Scaled(number(scale), number(delta), dtype.type(low), dtype.type(high))
    return real(np.dtype(number), dtype, scale=scale, delta=delta)


def float_dtype(*dtypes: np.dtype) -> np.dtype:
    """Dtype for float sums over images of these dtypes."""
    return np.dtype(np.float64 if np.dtype(np.float64) in dtypes else np.float32)
