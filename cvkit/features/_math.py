"""Scalar maths of gradients that both targets share."""

import math
from typing import NamedTuple

import numpy as np

from cvkit._jit import helper
from cvkit._simd.numbers import product

# OpenCV's fastAtan2: an odd polynomial for arctan on [0, 1], in degrees.
_DEGREES = np.float32(180 / math.pi)
_P1 = np.float32(np.float32(0.9997878412794807) * _DEGREES)
_P3 = np.float32(np.float32(-0.3258083974640975) * _DEGREES)
_P5 = np.float32(np.float32(0.1555786518463281) * _DEGREES)
_P7 = np.float32(np.float32(-0.04432655554792128) * _DEGREES)
_EPSILON = np.float32(np.finfo(np.float64).eps)
_RADIANS = np.float32(math.pi / 180)
_ZERO, _QUARTER, _HALF, _FULL = (np.float32(angle) for angle in (0, 90, 180, 360))
_LEAST_POSITION = np.float32(-0.5)
_CLIP = np.float32(0.2)
_INFINITY, _NAN = np.float32(math.inf), np.float32(math.nan)


class Orientations(NamedTuple):
    """The bins of a histogram of directions, from 0 on: how many they are, and how many to a radian."""

    bins: np.int32
    per_radian: np.float32


@helper
def direction(x, y):
    """Return the angle of (x, y) in radians, 0 to 2 pi, with the error (0.3 degrees) that OpenCV's has.

    Selections instead of branches, so that loops over it vectorize.
    """
    across, along = abs(x), abs(y)
    ratio = min(across, along) / (max(across, along) + _EPSILON)
    square = ratio * ratio
    angle = (((_P7 * square + _P5) * square + _P3) * square + _P1) * ratio
    angle = angle if across >= along else _QUARTER - angle
    angle = _HALF - angle if x < _ZERO else angle
    angle = _FULL - angle if y < _ZERO else angle
    return angle * _RADIANS


@helper
def last_wins_from(width):
    """Return the column of an image of ``width`` from where on the last of equally strong channels counts.

    Before, it is the first. OpenCV takes four columns at a time, and compares the channels of those that
    are left in the opposite order.
    """
    return width // 4 * 4


@helper
def vote(x, y, orientations):
    """Share a gradient among two neighboring orientation bins.

    Returns the lower bin, its vote and the vote of the next bin, which is bin 0 after the last. Votes of a
    gradient that is not finite are not finite, and the bin is one of them all the same.
    """
    magnitude = np.float32(math.sqrt(x * x + y * y))
    bins = orientations.bins
    position = direction(x, y) * orientations.per_radian + _LEAST_POSITION
    # What NaN becomes as a whole number, depends on the processor.
    position = position if position >= _LEAST_POSITION else _LEAST_POSITION
    lower = np.float32(math.floor(position))
    share = position - lower
    orientation_bin = np.int32(lower)
    orientation_bin = np.int32(orientation_bin + bins) if orientation_bin < 0 else orientation_bin
    orientation_bin = np.int32(orientation_bin - bins) if orientation_bin >= bins else orientation_bin
    return orientation_bin, magnitude * (np.float32(1) - share), magnitude * share


@helper(contract=False)
def rounded(value, single):
    """Round a float64 to float32 if ``single``: scikit-image computes float32 images in float32."""
    return np.float64(np.float32(value)) if single else value


@helper(contract=False)
def linear_value(value, gamma, single):
    """Return a pixel's value and, if ``gamma``, its square root."""
    return rounded(math.sqrt(np.float64(value)), single) if gamma else np.float64(value)


@helper(contract=False)
def hypotenuse(x, y):
    """Return the length of (x, y), rounded correctly but in the rarest cases, as the C library's hypot is.

    That includes an infinite length beside NaN. Between channels of nearly equal gradients the last bit
    decides; Numba's own hypot is not exact.
    """
    across, along = abs(x), abs(y)
    if across == math.inf or along == math.inf:
        return math.inf
    # Neither max nor min: on a GPU they give the number beside a NaN.
    long, short = (across, along) if across > along else (along, across)
    if short == 0.0:
        return long
    if long > _LARGE:
        return _corrected_length(long * _DOWN, short * _DOWN) * _UP
    if long < _SMALL:
        return _corrected_length(long * _UP, short * _UP) * _DOWN
    return _corrected_length(long, short)


# Squares of numbers within these bounds neither overflow nor lose bits. Beyond, powers of two scale exactly.
_SMALL, _LARGE = 1e-140, 1e140
_DOWN, _UP = 2.0**-600, 2.0**600


@helper(contract=False)
def _corrected_length(long, short):
    """Return the length of a vector whose larger coordinate is ``long``; none is 0.

    After C. F. Borges, "An improved algorithm for hypot(a, b)", 2019.
    """
    length = math.sqrt(product(long, long) + product(short, short))
    if length <= 2.0 * short:
        delta = length - short
        error = product(long, 2.0 * delta - long) + product(delta - 2.0 * (long - short), delta)
    else:
        delta = length - long
        tail = product(4.0 * delta - short, short) + product(delta, delta)
        error = product(2.0 * delta, long - 2.0 * short) + tail
    return length - error / (2.0 * length)


@helper(contract=False)
def strongest_gradient(images, image, y, x, gamma, single):
    """Return the longest central difference of all channels, (length, x, y); NaN is longer than any number.

    Across the border of the image it is 0, as in scikit-image.
    """
    _, height, width, channels = images.shape
    best, best_x, best_y = -1.0, 0.0, 0.0
    for channel in range(channels):
        step_x, step_y = 0.0, 0.0
        if 0 < x < width - 1:
            after = linear_value(images[image, y, x + 1, channel], gamma, single)
            before = linear_value(images[image, y, x - 1, channel], gamma, single)
            step_x = rounded(after - before, single)
        if 0 < y < height - 1:
            below = linear_value(images[image, y + 1, x, channel], gamma, single)
            above = linear_value(images[image, y - 1, x, channel], gamma, single)
            step_y = rounded(below - above, single)
        length = rounded(hypotenuse(step_x, step_y), single)
        if not length <= best:
            best, best_x, best_y = length, step_x, step_y
        if math.isnan(best):
            break
    return best, best_x, best_y


@helper(contract=False)
def add_hard_vote(histogram, angle, length):
    """Add a gradient to the bin that holds its angle, 0 to 180 degrees; NaN is in every bin.

    The comparisons are scikit-image's, so that angles on an edge between bins fall on its side: a tiny
    negative angle, taken modulo 180, rounds to 180 itself and belongs to no bin.
    """
    bins = histogram.shape[0]
    if math.isnan(angle):
        for orientation_bin in range(bins):
            histogram[orientation_bin] += length
        return
    width = 180.0 / bins
    orientation_bin = int(angle / width)
    if angle >= width * (orientation_bin + 1):
        orientation_bin += 1
    elif angle < width * orientation_bin:
        orientation_bin -= 1
    if orientation_bin < bins:
        histogram[orientation_bin] += length


@helper
def clipped(value):
    """Clip a feature at 0.2 from above; a comparison keeps NaN, the smaller of the two need not be it."""
    return _CLIP if value > _CLIP else value


@helper
def inverse_length(square, offset):
    """Return the factor that brings a block to unit length; NaN where the square of its length overflows."""
    return np.float32(1) / (math.sqrt(square) + offset) if square < _INFINITY else _NAN


_EPSILON_NORM = 1e-5
_L1, _L1_SQRT, _L2, _L2_HYS = range(4)


@helper
def _scale(block, factor):
    for index in range(block.shape[0]):
        block[index] = np.float32(block[index] * factor)


@helper
def _inverse_length(block):
    total = _EPSILON_NORM * _EPSILON_NORM
    for index in range(block.shape[0]):
        total += np.float64(block[index]) * np.float64(block[index])
    return 1.0 / math.sqrt(total)


@helper
def normalize_block(block, norm):
    """Normalize one block in place by scikit-image's rule; ``norm`` is an index into ``BLOCK_NORMS``."""
    if norm in (_L2, _L2_HYS):
        _scale(block, _inverse_length(block))
        if norm == _L2_HYS:
            for index in range(block.shape[0]):
                block[index] = clipped(block[index])
            _scale(block, _inverse_length(block))
        return
    total = _EPSILON_NORM
    for index in range(block.shape[0]):
        total += np.float64(block[index])  # votes are never negative
    _scale(block, 1.0 / total)
    if norm == _L1_SQRT:
        for index in range(block.shape[0]):
            block[index] = np.float32(math.sqrt(block[index]))
