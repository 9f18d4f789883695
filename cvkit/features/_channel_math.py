"""Scalar maths of channel features that both targets share."""

import math

import numpy as np

from cvkit._jit import helper
from cvkit.features._math import direction

# The magnitude is divided by its average over triangles of this radius, plus a little.
RADIUS = 5
NORMALIZER = np.float32(0.005)
# Rows and columns of a filter of 5 x 5 cells, averaged over 2 x 2 neighbors.
TAPS = 6
# What smoothing by 1 2 1 weighs neighbors and pixels.
QUARTER, HALF = np.float32(0.25), np.float32(0.5)
_ONE = np.float32(1)


@helper
def triangle(distance):
    """Weigh the pixel ``distance`` away: a triangle that sums to 1 over its eleven pixels."""
    return np.float32(RADIUS + 1 - abs(distance)) / np.float32((RADIUS + 1) * (RADIUS + 1))


@helper
def orientation(x, y, bins):
    """Return where the direction of a gradient, its sign left aside, lies among ``bins`` bins: 0 to bins.

    Bin k is centered on k: directions are 0 at a vertical edge.
    """
    position = direction(x, y) * (np.float32(bins) / np.float32(math.pi))
    position = position - np.float32(bins) if position >= np.float32(bins) else position
    return max(position, np.float32(0))


@helper
def bin_share(position, orientation_bin, bins):
    """Return which share of a vote at ``position`` goes to a bin; the first bin follows the last."""
    distance = abs(position - np.float32(orientation_bin))
    distance = min(distance, np.float32(bins) - distance)
    return max(_ONE - distance, np.float32(0))


@helper
def quantized(value, offset, scale):
    """Round (value - offset) * scale to a whole number that a byte can hold."""
    return min(max((value - offset) * scale + np.float32(0.5), np.float32(0)), np.float32(255))
