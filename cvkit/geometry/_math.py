"""What both targets share: kinds of coordinates, pixels beyond the border, cubic weights, precision."""

import math
from typing import Any, NamedTuple

import numpy as np

from cvkit._border import CONSTANT, border_index
from cvkit._jit import helper

AFFINE, PERSPECTIVE, MAPS = range(3)
"""Where source coordinates come from: two rows of a matrix, three rows of it, or a pair of maps."""


class Positions(NamedTuple):
    """Where each pixel of the result comes from.

    By a matrix, output pixel (x, y) comes from ``steps * x + starts[y]``, a perspective one divided by its
    last component. The maps are read only for MAPS.
    """

    kind: int
    steps: np.ndarray
    starts: np.ndarray
    map_x: Any
    map_y: Any


class Border(NamedTuple):
    """What lies beyond the image: a mode, and the constant one's value for each channel and three more."""

    mode: int
    pixel: np.ndarray


class Limits(NamedTuple):
    """Whether values are integers, and the least and the largest of them, as floats."""

    are_integers: bool
    least: Any
    largest: Any

    @classmethod
    def of(cls, dtype: np.dtype, real: np.dtype) -> "Limits":
        """Take those of a dtype, as numbers of the dtype that is computed in."""
        if dtype.kind == "f":
            return cls(False, real.type(-np.inf), real.type(np.inf))
        return cls(True, real.type(np.iinfo(dtype).min), real.type(np.iinfo(dtype).max))


WEIGHT_BITS = 22
"""Weights of bytes are multiples of ``2 ** -WEIGHT_BITS`` where resizing follows Pillow."""

FAR = 1 << 62
"""Coordinates from here on count as infinite; nearer ones, and those of neighbors, fit 64-bit integers."""


@helper
def touches(x, y, height, width, reach, mode):
    """Tell whether the image counts at (x, y), ``reach`` pixels around it included; NaN touches nothing."""
    if mode == CONSTANT:
        return -reach < x and x < width - 1 + reach and -reach < y and y < height - 1 + reach
    return x > -FAR and x < FAR and y > -FAR and y < FAR


@helper
def value_at(image, y, x, channel, border):
    """Read one value of an (H, W, C) image, or what the border mode puts in its place."""
    row = border_index(y, image.shape[0], border.mode)
    column = border_index(x, image.shape[1], border.mode)
    if row < 0 or column < 0:
        return border.pixel[channel]
    return image[row, column, channel]


@helper(force_inline=True)
def cubic_weights(fraction):
    """Weigh four neighbors by Keys' cubic with a = -0.75, the one OpenCV uses; the weights sum to 1."""
    real = type(fraction)
    a, one = real(-0.75), real(1)
    before, after = fraction + one, one - fraction
    first = ((a * before - real(5) * a) * before + real(8) * a) * before - real(4) * a
    second = ((a + real(2)) * fraction - (a + real(3))) * fraction * fraction + one
    third = ((a + real(2)) * after - (a + real(3))) * after * after + one
    return first, second, third, one - first - second - third


@helper
def bicubic_at(image, top, left, channel, weight_x, weight_y, border):
    """Blend the 4 x 4 neighbors around the pixel at (top, left)."""
    value = 0.0
    for row in range(4):
        along = 0.0
        for column in range(4):
            neighbor = value_at(image, top - 1 + row, left - 1 + column, channel, border)
            along += weight_x[column] * float(neighbor)
        value += weight_y[row] * along
    return value


@helper
def floor_index(value):
    """Return the floor as an integer; ``math.floor`` gives a float on CUDA."""
    return int(math.floor(value))  # noqa: RUF046


@helper
def nearest_index(value):
    """Round half to even, to an integer."""
    return int(round(value))  # noqa: RUF046


@helper
def rounded(value, limits):
    """Give a float as it is, or round it half to even and saturate."""
    # Not numpy's rint, which CUDA does not know.
    if not limits.are_integers:
        return value
    return min(max(float(round(value)), float(limits.least)), float(limits.largest))


@helper
def divided(total, rounding):
    """Divide a weighted sum: ``(half, bits)`` shifts and rounds half up, ``(factor,)`` multiplies."""
    number = type(rounding[0])
    if len(rounding) == 1:
        return number(total * rounding[0])
    half, bits = rounding
    # The mask changes nothing but tells the compiler that the shift needs no wider lanes.
    return number(number(total + half) >> (bits & number(15)))


@helper
def doubled_index(index, size):
    """Return the neighbor that a pyramid goes up by: mirrored before the start, repeated beyond the end."""
    return min(abs(index), size - 1)


@helper
def source_position(positions, y, x):
    """Return where output pixel (x, y) comes from; points behind the plane come from nowhere (NaN)."""
    if positions.kind == MAPS:
        return positions.map_x[y, x], positions.map_y[y, x]
    steps, starts = positions.steps, positions.starts
    column = starts.dtype.type(x)
    source_x = steps[0] * column + starts[y, 0]
    source_y = steps[1] * column + starts[y, 1]
    if positions.kind == AFFINE:
        return source_x, source_y
    depth = steps[2] * column + starts[y, 2]
    if depth <= 0:
        depth = depth * starts.dtype.type(np.nan)
    return source_x / depth, source_y / depth


@helper
def weighed_bytes(values, first, weights):
    """Weigh the bytes from ``first`` on, in 32 bits; round half up and saturate."""
    total = np.int32(1 << (WEIGHT_BITS - 1))
    tap = np.uint64(0)
    while tap < np.uint64(weights.shape[0]):  # on CUDA half of what a range costs
        total = np.int32(total + np.int32(np.int32(values[first + tap]) * weights[tap]))
        tap = np.uint64(tap + np.uint64(1))
    return min(max(np.int32(total >> np.int32(WEIGHT_BITS)), np.int32(0)), np.int32(255))
