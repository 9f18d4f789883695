"""Scalar maths of color spaces that both targets share."""

import math

import numpy as np

from cvkit._jit import helper

# sRGB's primaries and white (D65) in XYZ, with the digits that OpenCV uses.
_X = tuple(np.float32(weight) for weight in (0.412453, 0.357580, 0.180423))
_Y = tuple(np.float32(weight) for weight in (0.212671, 0.715160, 0.072169))
_Z = tuple(np.float32(weight) for weight in (0.019334, 0.119193, 0.950227))
_WHITE = (0.950456, 1.0, 1.088754)
_WHITE_SUM = _WHITE[0] + 15 * _WHITE[1] + 3 * _WHITE[2]
# Thirteen times the chromaticity of white.
_WHITE_U = np.float32(13 * 4 * _WHITE[0] / _WHITE_SUM)
_WHITE_V = np.float32(13 * 9 * _WHITE[1] / _WHITE_SUM)
_EPSILON = np.float32(np.finfo(np.float32).eps)
_DARK = np.float32(0.008856)
_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)


@helper
def linear(value):
    """Undo sRGB's gamma of a value from 0 to 1; others count as the nearer of the two, and NaN stays."""
    value = np.float32(value)
    value = _ZERO if value < _ZERO else value
    value = _ONE if value > _ONE else value
    if value <= np.float32(0.04045):
        return np.float32(value * np.float32(1 / 12.92))
    return np.float32(math.pow((value + np.float32(0.055)) * np.float32(1 / 1.055), np.float32(2.4)))


@helper
def _cube_root(value):
    """Return the cube root of a value from 0.008 to 1, to the last bits of float32.

    A parabola is within 14 % of it; each of Halley's two steps takes the error to its third power. Loops over
    it vectorize, those over a function of the C library do not.
    """
    root = (np.float32(-1.4519) * value + np.float32(2.0975)) * value + np.float32(0.21697)
    for _ in range(2):
        cube = root * root * root
        root = root * (cube + _TWO * value) / (_TWO * cube + value)
    return root


@helper
def luv(red, green, blue):
    """Convert linear light to CIE L*u*v*: L from 0 to 100, u from -134 to 220, v from -140 to 122."""
    x = _X[0] * red + _X[1] * green + _X[2] * blue
    y = _Y[0] * red + _Y[1] * green + _Y[2] * blue
    z = _Z[0] * red + _Z[1] * green + _Z[2] * blue
    bright = np.float32(116) * _cube_root(max(y, _DARK)) - np.float32(16)
    lightness = bright if y > _DARK else np.float32(903.3) * y
    scale = np.float32(52) / max(x + np.float32(15) * y + np.float32(3) * z, _EPSILON)
    u = lightness * (x * scale - _WHITE_U)
    v = lightness * (np.float32(2.25) * y * scale - _WHITE_V)
    return lightness, u, v
