"""Scalar maths that the learners' kernels share."""

import numpy as np

from cvkit._jit import helper
from cvkit._simd.numbers import bits, from_bits, maximum

_LOG2_E = 1.4426950408889634
# ln 2 in two parts: the first has so few bits that its product with a whole number below 2^11 is exact.
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
# Adding 1.5 * 2^52 leaves a whole number in the low bits of the sum.
_TO_WHOLE = 6755399441055744.0
_SMALLEST = -708.0

_FNV_OFFSET = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)


@helper
def hash_row(row):
    """Hash the bits of float32 or float64 values: Fowler, Noll and Vo's function 1a, a value at a time."""
    state = _FNV_OFFSET
    for value in row:
        state = (state ^ np.uint64(bits(np.float64(value)))) * _FNV_PRIME
        # The product moves bits up only: without this the upper ones would never reach the lower ones.
        state ^= state >> np.uint64(32)
    return state


@helper
def exp_negative(x):
    """Return exp(x) for x <= 0 to within 2 ulp, in a form that the vectorizer accepts.

    exp(x) = 2^n * exp(r) with |r| <= ln(2) / 2; below -708 (subnormal results) the value at -708 is returned.
    """
    x = maximum(x, _SMALLEST)
    shifted = x * _LOG2_E + _TO_WHOLE
    n = shifted - _TO_WHOLE
    r = x - n * _LN2_HIGH
    r = r - n * _LN2_LOW
    p = 1.0 / 479001600.0  # Taylor coefficients 1/12! to 1/2!
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * (r * r) + r
    p = p + 1.0
    return p * from_bits((bits(shifted) + 1023) << 52)


@helper
def log1p_unit(x):
    """Return log(1 + x) for 0 <= x <= 1 to within 2 ulp, in a form that the vectorizer accepts.

    log(1 + x) = 2 artanh(t) with t = x / (2 + x) <= 1/3, by its series in t squared.
    """
    t = x / (2.0 + x)
    square = t * t
    p = 1.0 / 33.0
    p = p * square + 1.0 / 31.0
    p = p * square + 1.0 / 29.0
    p = p * square + 1.0 / 27.0
    p = p * square + 1.0 / 25.0
    p = p * square + 1.0 / 23.0
    p = p * square + 1.0 / 21.0
    p = p * square + 1.0 / 19.0
    p = p * square + 1.0 / 17.0
    p = p * square + 1.0 / 15.0
    p = p * square + 1.0 / 13.0
    p = p * square + 1.0 / 11.0
    p = p * square + 1.0 / 9.0
    p = p * square + 1.0 / 7.0
    p = p * square + 1.0 / 5.0
    p = p * square + 1.0 / 3.0
    return 2.0 * (t + t * square * p)


@helper(reorder=True)
def dot(row, weights):
    """Return the dot product of two rows, summed in float64."""
    total = 0.0
    for k in range(row.shape[0]):
        total += weights[k] * row[k]
    return total
