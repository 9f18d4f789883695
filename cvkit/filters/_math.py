"""Scalar maths that the filters of both targets share."""

import numpy as np

from cvkit._jit import helper


@helper
def saturate(value, low, high, whole):
    """Clip a float, and round it half to even where ``whole`` says so; see ``cvkit.filters._linear.real``."""
    # Comparisons in this order keep NaN.
    value = low if value < low else value
    value = high if value > high else value
    return (value + whole) - whole


@helper
def finish(total, sums, rounding):
    """Turn the sum of a filter's taps into the value to store.

    The length of the tuple ``rounding`` chooses the arithmetic while the kernel is compiled; see
    ``cvkit.filters._linear`` for the four forms. ``sums`` is any array of the dtype of ``total``.
    """
    if len(rounding) == 1:
        return total
    if len(rounding) == 2:
        half, bits = rounding
        number = sums.dtype.type
        # The mask changes nothing but tells the compiler that the shift needs no wider lanes.
        return number(number(total + half) >> (bits & number(np.iinfo(sums.dtype).bits - 1)))
    if len(rounding) == 3:
        half, factor, bits = rounding
        number = sums.dtype.type
        # The high half of a product of 16 bits is one instruction for all lanes, if it is written like this.
        product = np.uint32(np.uint32(number(total + half)) * np.uint32(factor))
        return number(number(product >> np.uint32(16)) >> (bits & number(15)))
    scale, delta, low, high, whole = rounding
    real = type(scale)
    return saturate(real(total) * scale + delta, low, high, whole)


@helper
def sharpened(value, blurred, amount, threshold, rounding):
    """Return ``value`` plus ``amount`` of its difference from ``blurred``, if that reaches the threshold.

    ``rounding`` is that of float sums.
    """
    _, zero, low, high, whole = rounding
    value, blurred = value + zero, blurred + zero
    difference = value - blurred
    detailed = saturate(value + difference * amount, low, high, whole)
    return value if abs(difference) < threshold else detailed
