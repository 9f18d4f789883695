"""Scalar maths of optical flow that both targets share: OpenCV's roundings, operation by operation."""

import math
from typing import NamedTuple

import numpy as np

from cvkit._jit import exact_helper
from cvkit._simd.numbers import nearest, product

# Bits of the weights of four neighbors, and those of their weighted values that are kept behind the point.
WEIGHT_BITS, VALUE_BITS = 14, 5
# Most values of a window whose sums are taken in 32 bits: their low halves add up to less than 2**31.
BLOCK = 1 << 14
_WHOLE = np.float32(1 << WEIGHT_BITS)
_ONE = np.float32(1)
# Sums over windows are scaled by it before they are multiplied in float32.
_SUM_SCALE = np.float32(2.0**-20)
_FLAT = np.float32(np.finfo(np.float32).eps)
_FOUR, _HALF = np.float32(4), np.float32(0.5)
_OSCILLATION = 0.01


class Level(NamedTuple):
    """One level of the pyramids: what a point is multiplied by, the size of the window, when to stop."""

    scale: np.float32
    is_coarsest: bool
    is_finest: bool
    rows: np.int32
    columns: np.int32
    max_iterations: np.int32
    squared_epsilon: np.float64
    minimum_eigenvalue: np.float32


class Tracked(NamedTuple):
    """What is known of points (P, 2): where they were found, whether they were, and the error."""

    found: np.ndarray
    status: np.ndarray
    error: np.ndarray


@exact_helper
def corner(center, size):
    """Return where a window around ``center`` begins, along one axis."""
    return center - product(np.float32(size - 1), _HALF)


@exact_helper
def middle(begin, size):
    """Return the point around which a window lies that begins there, along one axis."""
    return begin + product(np.float32(size - 1), _HALF)


@exact_helper
def is_near(x, y, level, height, width):
    """Tell whether a window that begins at x and y, whole float32, is not beyond the image; NaN is."""
    return (
        x >= -np.float32(level.columns)
        and x < np.float32(width)
        and y >= -np.float32(level.rows)
        and y < np.float32(height)
    )


@exact_helper
def neighbor_weights(x, y):
    """Return what four neighbors weigh for a point at fractions x and y; together 1 << WEIGHT_BITS."""
    left, upper = _ONE - x, _ONE - y
    first = nearest(product(left, upper) * _WHOLE)
    second = nearest(product(x, upper) * _WHOLE)
    third = nearest(product(left, y) * _WHOLE)
    return first, second, third, np.int32(np.int32(1 << WEIGHT_BITS) - first - second - third)


@exact_helper
def scaled_sum(total):
    """Return a sum over a window, an int64, as float32."""
    return np.float32(total) * _SUM_SCALE


@exact_helper
def determinant(xx, xy, yy):
    """Return the determinant of the matrix of gradients."""
    return product(xx, yy) - product(xy, xy)


@exact_helper
def is_trackable(xx, xy, yy, determinant, level):
    """Tell whether the window has gradients in both directions."""
    difference = xx - yy
    root = np.float32(math.sqrt(product(difference, difference) + product(product(_FOUR, xy), xy)))
    area = np.float32(np.int32(2) * level.rows * level.columns)
    smaller = np.float32(yy + xx - root) / area
    return not (smaller < level.minimum_eigenvalue or determinant < _FLAT)


@exact_helper
def step(xx, xy, yy, inverse, x, y):
    """Return by how much the point moves, in x and y, to lessen the squared differences of the windows."""
    return (
        product(product(xy, y) - product(yy, x), inverse),
        product(product(xy, x) - product(xx, y), inverse),
    )


@exact_helper
def is_short(x, y, level):
    """Tell whether a step is too short for another one."""
    x, y = np.float64(x), np.float64(y)
    return product(x, x) + product(y, y) <= level.squared_epsilon


@exact_helper
def oscillates(x, y, last_x, last_y):
    """Tell whether a step takes the last one back."""
    return np.float64(abs(x + last_x)) < _OSCILLATION and np.float64(abs(y + last_y)) < _OSCILLATION


@exact_helper
def half(value):
    """Return half of a float32."""
    return value * _HALF


@exact_helper
def mean_error(total, level, channels):
    """Return the mean absolute difference of two windows from the sum of all in 1 / (1 << VALUE_BITS)."""
    return np.float32(total) / np.float32(
        np.int32(1 << VALUE_BITS) * level.columns * np.int32(channels) * level.rows
    )
