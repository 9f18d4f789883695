"""The arctangent, rounded correctly but in the rarest cases."""

import math

import numpy as np

from cvkit._jit import helper
from cvkit._simd.numbers import product

# Arctangents of 0/8 to 8/8, and what a float64 leaves of them.
_TABLE = np.array(
    [
        (0.0, 0.0),
        (0.12435499454676144, -3.1253241424539383e-18),
        (0.24497866312686414, 1.0698755618734451e-17),
        (0.35877067027057225, -2.4623815582638635e-17),
        (0.4636476090008061, 2.2698777452961687e-17),
        (0.5585993153435624, -5.4556305485916264e-18),
        (0.6435011087932844, 1.5834785051444286e-17),
        (0.7188299996216245, -2.1478388444456983e-17),
        (0.7853981633974483, 3.061616997868383e-17),
    ]
)
_HALF_TURN, _HALF_TURN_REST = 3.141592653589793, 1.2246467991473532e-16
# Splits a float64 into halves of 26 bits, whose products are exact.
_SPLITTER = 134217729.0


@helper(contract=False)
def _upper_half(value):
    scaled = product(value, _SPLITTER)
    return scaled - (scaled - value)


@helper(contract=False)
def _sum(a, b):
    """Return a + b and what its rounding left."""
    total = a + b
    shift = total - a
    return total, (a - (total - shift)) + (b - shift)


@helper(contract=False)
def arctangent(y, x):
    """Return the angle of (x, y) as ``math.atan2`` does, which on a GPU errs in the last bit of many angles.

    Where an angle is exactly 60 degrees that bit decides among bins. The quotient of the coordinates is
    taken to twice the bits of a float64, and its arctangent from that of the nearest eighth.
    """
    across, along = abs(x), abs(y)
    short, long = (along, across) if along <= across else (across, along)
    if not (short > 1e-100 and long < 1e100):  # NaN, too
        return math.atan2(y, x)
    nearest = int(short / long * 8.0 + 0.5)
    eighths = nearest * 0.125
    # tan(a - b) = (tan a - tan b) / (1 + tan a tan b); an eighth times half a float64 is exact.
    long_half, short_half = _upper_half(long), _upper_half(short)
    taken = product(eighths, long)
    taken_rest = (product(eighths, long_half) - taken) + product(eighths, long - long_half)
    over, over_rest = _sum(short, -taken)
    added = product(eighths, short)
    added_rest = (product(eighths, short_half) - added) + product(eighths, short - short_half)
    under, under_rest = _sum(long, added)
    over_rest, under_rest = over_rest - taken_rest, under_rest + added_rest
    first = np.float64(np.float32(over / under))
    half = _upper_half(under)
    rest = (over - product(first, half)) - product(first, under - half)
    rest = (rest + (over_rest - product(first, under_rest))) / under
    tangent = first + rest
    square = product(tangent, tangent)
    series = -1 / 3 + square * (
        1 / 5 + square * (-1 / 7 + square * (1 / 9 + square * (-1 / 11 + square / 13)))
    )
    rest += product(tangent, product(square, series))
    # From the octant to the circle.
    base, base_rest = 0.0, 0.0
    if along > across:
        base, base_rest = _HALF_TURN / 2, _HALF_TURN_REST / 2
    elif x < 0.0:
        base, base_rest = _HALF_TURN, _HALF_TURN_REST
    sign = -1.0 if (along > across) == (x > 0.0) else 1.0
    angle, angle_rest = _sum(_TABLE[nearest, 0], first)
    angle_rest += _TABLE[nearest, 1] + rest
    total, total_rest = _sum(base, sign * angle)
    return math.copysign(total + (total_rest + (base_rest + sign * angle_rest)), y)
