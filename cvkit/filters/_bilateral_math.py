"""Scalar maths of the bilateral filter that both targets share."""

import math

import numpy as np

from cvkit._jit import helper
from cvkit._simd.numbers import from_bits, nearest

# The series of 2 ** x; from -0.5 to 0.5 what follows is at most 1.2e-7.
SERIES = tuple(np.float32(math.log(2) ** term / math.factorial(term)) for term in range(7))


@helper(force_inline=True)
def power_of_two(exponent):
    """Return 2 to a float32 from -126 to 0, to the last bit or two; vectors of it outrun a table."""
    integer = nearest(exponent)
    fraction = np.float32(exponent - np.float32(integer))
    result = SERIES[6]
    for term in (5, 4, 3, 2, 1, 0):
        result = np.float32(np.float32(result * fraction) + SERIES[term])
    return np.float32(result * from_bits(np.int32(np.int32(integer + np.int32(127)) << np.int32(23))))
