"""Scalar maths of gradients that both targets share."""

import math

import numpy as np

from cvkit._jit import helper

# OpenCV's fastAtan2: an odd polynomial for arctan on [0, 1], in degrees.
_DEGREES = np.float32(180 / math.pi)
_P1 = np.float32(np.float32(0.9997878412794807) * _DEGREES)
_P3 = np.float32(np.float32(-0.3258083974640975) * _DEGREES)
_P5 = np.float32(np.float32(0.1555786518463281) * _DEGREES)
_P7 = np.float32(np.float32(-0.04432655554792128) * _DEGREES)
_EPSILON = np.float32(np.finfo(np.float64).eps)
_RADIANS = np.float32(math.pi / 180)
_ZERO, _QUARTER, _HALF, _FULL = (np.float32(angle) for angle in (0, 90, 180, 360))


@helper
def direction(x, y):
    """Return the angle of (x, y) in radians, 0 to 2 pi, with the error (0.3 degrees) that OpenCV's has.

    Selections instead of branches, so that loops over it vectorise.
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
def squared_length(x, y):
    """Return x * x + y * y with both products rounded to float32, never contracted to an FMA.

    Products of float32 are exact in float64, so the conversion back is the one rounding; no compiler fuses
    across it. The channel of a colour image with the longest gradient depends on these roundings.
    """
    across = np.float32(np.float64(x) * np.float64(x))
    along = np.float32(np.float64(y) * np.float64(y))
    return across + along


@helper
def vote(x, y, bins_per_radian, bins):
    """Share a gradient among two neighbouring orientation bins.

    Returns the lower bin, its vote and the vote of the next bin, which is bin 0 after the last.
    """
    magnitude = np.float32(math.sqrt(x * x + y * y))
    position = direction(x, y) * bins_per_radian - np.float32(0.5)
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

    Between channels of nearly equal gradients the last bit decides; Numba's own hypot is not exact.
    The correction is that of C. F. Borges, "An improved algorithm for hypot(a, b)", 2019.
    """
    long, short = max(abs(x), abs(y)), min(abs(x), abs(y))
    if short == 0.0:
        return long
    length = math.sqrt(long * long + short * short)
    if length <= 2.0 * short:
        delta = length - short
        error = long * (2.0 * delta - long) + (delta - 2.0 * (long - short)) * delta
    else:
        delta = length - long
        error = 2.0 * delta * (long - 2.0 * short) + ((4.0 * delta - short) * short + delta * delta)
    return length - error / (2.0 * length)


@helper(contract=False)
def strongest_gradient(images, image, y, x, gamma, single):
    """Return the longest central difference of all channels, (length, x, y).

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
        if length > best:
            best, best_x, best_y = length, step_x, step_y
    return best, best_x, best_y


@helper(contract=False)
def hard_bin(angle, bins):
    """Return the bin of 180 / ``bins`` degrees that holds an angle of 0 to 180; ``bins`` where none does.

    The comparisons are scikit-image's, so that angles on an edge between bins fall on its side: a tiny
    negative angle, taken modulo 180, rounds to 180 itself and belongs to no bin.
    """
    width = 180.0 / bins
    orientation_bin = int(angle / width)
    if angle >= width * (orientation_bin + 1):
        orientation_bin += 1
    elif angle < width * orientation_bin:
        orientation_bin -= 1
    return orientation_bin


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
    """Normalise one block in place by scikit-image's rule; ``norm`` is an index into ``BLOCK_NORMS``."""
    if norm in (_L2, _L2_HYS):
        _scale(block, _inverse_length(block))
        if norm == _L2_HYS:
            for index in range(block.shape[0]):
                block[index] = min(block[index], np.float32(0.2))
            _scale(block, _inverse_length(block))
        return
    total = _EPSILON_NORM
    for index in range(block.shape[0]):
        total += np.float64(block[index])  # votes are never negative
    _scale(block, 1.0 / total)
    if norm == _L1_SQRT:
        for index in range(block.shape[0]):
            block[index] = np.float32(math.sqrt(block[index]))
