"""Local binary patterns, for both twins: what lies between four pixels, and the numbers of patterns."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import exact_helper, helper
from cvkit._simd.numbers import product

DEFAULT, ROR, UNIFORM, NRI_UNIFORM, VAR = range(5)

_ONE = np.uint32(1)


class Circle(NamedTuple):
    """Where the points around a pixel are.

    Attributes
    ----------
    rows, columns : array, float64
        Steps from the pixel.
    reach : int
        How many rows and columns away pixels are read.
    """

    rows: Any
    columns: Any
    reach: Any


@exact_helper
def between(pixels, across, along):
    """Return what lies at shares ``across`` and ``along`` of the way between four pixels, row by row."""
    top = product(1 - across, pixels[0]) + product(across, pixels[1])
    bottom = product(1 - across, pixels[2]) + product(across, pixels[3])
    return product(1 - along, top) + product(along, bottom)


@exact_helper
def variance(total, squares, points):
    """Return the variance of ``points`` values by their sum and that of their squares, NaN where it is 0."""
    found = (squares - product(total, total) / points) / points
    return found if found != 0 else np.nan


@helper(force_inline=True)
def _count_ones(bits):
    number = np.uint32
    bits = number(bits - number(number(bits >> _ONE) & number(0x55555555)))
    pairs = number(number(bits >> number(2)) & number(0x33333333))
    bits = number(number(bits & number(0x33333333)) + pairs)
    bits = number(number(bits + number(bits >> number(4))) & number(0x0F0F0F0F))
    bits = number(bits + number(bits >> number(8)))
    return number(number(bits + number(bits >> number(16))) & number(0x3F))


@helper(force_inline=True)
def _zeros_below(bits):
    """Return the place of the lowest bit that is set."""
    number = np.uint32
    lowest = number(bits & number(number(0) - bits))
    return _count_ones(number(lowest - _ONE))


@helper(force_inline=True)
def rotated(bits, points):
    """Return a circle of bits as a number, from the next bit on."""
    number = np.uint32
    return number(number(bits >> _ONE) | number(number(bits & _ONE) << number(points - 1)))


@helper(force_inline=True)
def _is_uniform(bits, points):
    """Tell whether at most two bits differ from the next; the last is not compared with the first."""
    number = np.uint32
    steps = number(number(_ONE << number(points - 1)) - _ONE)
    return _count_ones(number(number(bits ^ number(bits >> _ONE)) & steps)) <= 2


@helper(force_inline=True)
def uniform_number(bits, points):
    """Return how many bits are set, or one more than there are for a pattern that is not uniform."""
    return _count_ones(bits) if _is_uniform(bits, points) else np.uint32(points + 1)


@helper(force_inline=True)
def directed_number(bits, points):
    """Number the uniform patterns by how many bits are set, and by where they begin."""
    number, size = np.uint32, np.uint32(points)
    ones = _count_ones(bits)
    first_one, first_zero = _zeros_below(bits), _zeros_below(number(~bits))
    turn = number(ones - first_zero) if first_one == 0 else number(size - first_one)
    last = number(size * number(size - _ONE))
    found = number(number(number(ones - _ONE) * size) + number(_ONE + turn))
    found = number(0) if ones == 0 else found
    found = number(last + _ONE) if ones == size else found
    return found if _is_uniform(bits, points) else number(last + number(2))
