"""Scalar maths that the filters of both targets share."""

import numpy as np

from cvkit._jit import helper
from cvkit._simd.numbers import high_half, nearest


@helper(allocates=True)
def saturate(value, low, high, whole):
    """Clip a float, and round it half to even where ``whole`` says so; see ``cvkit.filters._linear.real``."""
    # Comparisons in this order keep NaN.
    value = low if value < low else value
    value = high if value > high else value
    return (value + whole) - whole


@helper(allocates=True)
def finish(total, sums, rounding):
    """Turn the sum of a filter's taps into the value to store.

    The length of the tuple ``rounding`` chooses the arithmetic while the kernel is compiled; see
    ``cvkit.filters._linear`` for the forms. ``sums`` is any array of the dtype of ``total``.
    """
    number = sums.dtype.type
    if len(rounding) == 0:
        return total
    if len(rounding) == 1:
        return min(total, rounding[0])
    if len(rounding) == 2:
        half, bits = rounding
        # The mask changes nothing but tells the compiler that the shift needs no wider lanes.
        return number(number(total + half) >> (bits & number(np.iinfo(sums.dtype).bits - 1)))
    if len(rounding) == 3:
        half, factor, bits = rounding
        return number(high_half(number(total + half), factor) >> (bits & number(15)))
    if len(rounding) == 4:
        scale, delta, low, high = rounding
        real = type(scale)
        return nearest(real(min(max(total, low), high)) * scale + delta)
    scale, delta, low, high, whole = rounding
    real = type(scale)
    return saturate(real(total) * scale + delta, low, high, whole)


@helper(allocates=True)
def sharpened(value, blurred, amount, threshold, rounding):
    """Return ``value`` plus ``amount`` of its difference from ``blurred``, if that reaches the threshold.

    ``rounding`` is that of float sums.
    """
    _, zero, low, high, whole = rounding
    value, blurred = value + zero, blurred + zero
    difference = value - blurred
    detailed = saturate(value + difference * amount, low, high, whole)
    return value if abs(difference) < threshold else detailed
