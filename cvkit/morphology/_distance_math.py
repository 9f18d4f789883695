"""Distances of pixels, as the twins of the distance transform measure them."""

import math
from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import exact_helper
from cvkit._simd.numbers import product


class Chamfer(NamedTuple):
    """What steps to neighbors cost, as uint32 in units of 2**-16, and the largest distance that is told."""

    straight: Any
    diagonal: Any
    knight: Any  # two pixels along an axis and one along the other; 0 where no such steps are taken
    largest: Any


# Of the fixed point.
UNIT = np.float32(1 / 65536)
# Of images without a zero, as OpenCV says it.
FARTHEST = np.float32(65536)


@exact_helper
def euclidean_length(dx, dy):
    """Return the length of an int32 vector as a float32; squares up to 2**24 are exact."""
    x, y = np.float32(dx), np.float32(dy)
    return math.sqrt(np.float32(product(x, x) + product(y, y)))
