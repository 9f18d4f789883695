"""How strong a corner is, by sums of products of derivatives: in float32, rounded as OpenCV rounds."""

import math
from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import exact_helper
from cvkit._simd.numbers import product

HARRIS, SMALLER_EIGENVALUE = range(2)


class Derivatives(NamedTuple):
    """Weights of Sobel's kernels, the middle one first; the others serve on both sides of it.

    Attributes
    ----------
    difference : array, float32
        The first is 0; on the other side the sign is opposite.
    smoothing : array, float32
        With the scale of the derivatives.
    """

    difference: Any
    smoothing: Any


class Corner(NamedTuple):
    """What a corner is.

    Attributes
    ----------
    size : int
        Sides of the square, in pixels, over which products are summed; half of it lies before a pixel.
    measure : int
        ``HARRIS`` or ``SMALLER_EIGENVALUE``.
    k : float32
        What the squared trace counts in Harris' measure.
    """

    size: int
    measure: int
    k: np.float32


@exact_helper
def harris_measure(xx, xy, yy, k):
    """Determinant less ``k`` times the squared trace."""
    trace = xx + yy
    return (product(xx, yy) - product(xy, xy)) - product(k, product(trace, trace))


@exact_helper
def smaller_eigenvalue(xx, xy, yy):
    """Return the smaller eigenvalue of a symmetric matrix of 2 x 2 numbers."""
    half_xx, half_yy = product(xx, np.float32(0.5)), product(yy, np.float32(0.5))
    difference = half_xx - half_yy
    root = np.float32(math.sqrt(np.float32(product(xy, xy) + product(difference, difference))))
    return (half_xx + half_yy) - root
