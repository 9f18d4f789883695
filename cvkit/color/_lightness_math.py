"""Scalar maths of color spaces that both targets share."""

import math

import numpy as np

from cvkit._jit import exact_helper, helper
from cvkit._simd.numbers import nearest, product

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


# Powers as quotients of polynomials, highest power first: all coefficients are positive, so that nothing
# cancels, and within 1e-6 of the power. Loops over them vectorize, those over a function of the C library do
# not.
_POWER_OF_LIGHT = (
    *(np.float32(number) for number in (3.70870692, 12.8624478, 6.45442571, 0.572122076, 0.00505309643)),
    *(np.float32(number) for number in (1.0, 10.235142, 10.4381888, 1.88041402, 0.0490134123)),
)
_POWER_OF_GAMMA = (
    *(np.float32(number) for number in (26.6581262, 49.9433254, 13.6895872, 0.584608839, 0.000939504218)),
    *(np.float32(number) for number in (1.0, 34.7835093, 45.5307217, 9.28533567, 0.277048633)),
)


@exact_helper
def _quotient(value, power):
    above = ((power[0] * value + power[1]) * value + power[2]) * value + power[3]
    below = ((power[5] * value + power[6]) * value + power[7]) * value + power[8]
    return (above * value + power[4]) / (below * value + power[9])


@exact_helper
def linear(value):
    """Undo sRGB's gamma of a value from 0 to 1; others count as the nearer of the two, and NaN stays."""
    value = np.float32(value)
    value = _ZERO if value < _ZERO else value
    value = _ONE if value > _ONE else value
    above = (value + np.float32(0.055)) * np.float32(1 / 1.055)
    curve = above * above * _quotient(above, _POWER_OF_LIGHT)  # to the power 2.4, 0.4 of it from 0.09 to 1
    return value * np.float32(1 / 12.92) if value <= np.float32(0.04045) else curve


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


# XYZ of white is 1 in all three.
_X_OF_WHITE, _Z_OF_WHITE = np.float32(1 / _WHITE[0]), np.float32(1 / _WHITE[2])


@helper
def _root(value):
    line = np.float32(7.787037) * value + np.float32(16 / 116)
    return _cube_root(max(value, _DARK)) if value > _DARK else line


@helper(force_inline=True)  # too long for LLVM, which would call it pixel by pixel
def lab(red, green, blue):
    """Convert linear light to CIE L*a*b*: L from 0 to 100, a and b from about -110 to 110."""
    x = _root((_X[0] * red + _X[1] * green + _X[2] * blue) * _X_OF_WHITE)
    y = _root(_Y[0] * red + _Y[1] * green + _Y[2] * blue)
    z = _root((_Z[0] * red + _Z[1] * green + _Z[2] * blue) * _Z_OF_WHITE)
    return np.float32(116) * y - np.float32(16), np.float32(500) * (x - y), np.float32(200) * (y - z)


# From XYZ back to sRGB's primaries, with the digits that OpenCV uses.
_RED = tuple(np.float32(weight) for weight in (3.240479, -1.53715, -0.498535))
_GREEN = tuple(np.float32(weight) for weight in (-0.969256, 1.875991, 0.041556))
_BLUE = tuple(np.float32(weight) for weight in (0.055648, -0.204043, 1.057311))
_WHITE_X, _WHITE_Z = np.float32(_WHITE[0]), np.float32(_WHITE[2])
_DARK_ROOT, _DARK_LIGHTNESS = np.float32(6 / 29), np.float32(8)


@helper
def with_gamma(value):
    """Apply sRGB's gamma to linear light; what is beyond 0 or 1 counts as the nearer, and NaN stays."""
    value = _ZERO if value < _ZERO else value
    value = _ONE if value > _ONE else value
    # To the power 1 / 2.4: of the square root, from 0.055 to 1, the power 5 / 6.
    curve = np.float32(1.055) * _quotient(math.sqrt(value), _POWER_OF_GAMMA) - np.float32(0.055)
    return value * np.float32(12.92) if value <= np.float32(0.0031308) else curve


@exact_helper
def _rgb_of_xyz(x, y, z):
    return (
        _RED[0] * x + _RED[1] * y + _RED[2] * z,
        _GREEN[0] * x + _GREEN[1] * y + _GREEN[2] * z,
        _BLUE[0] * x + _BLUE[1] * y + _BLUE[2] * z,
    )


@exact_helper
def _cube(root):
    line = (root - np.float32(16 / 116)) * np.float32(1 / 7.787037)
    return root * root * root if root > _DARK_ROOT else line


@exact_helper
def _root_of_lightness(lightness):
    return (lightness + np.float32(16)) * np.float32(1 / 116)


@exact_helper
def rgb_of_lab(lightness, a, b):
    """Convert CIE L*a*b* to linear light, not yet clipped."""
    root = _root_of_lightness(lightness)
    x, z = _cube(root + a * np.float32(1 / 500)), _cube(root - b * np.float32(1 / 200))
    return _rgb_of_xyz(x * _WHITE_X, _cube(root), z * _WHITE_Z)


@exact_helper
def rgb_of_luv(lightness, u, v):
    """Convert CIE L*u*v* to linear light, not yet clipped; a chromaticity that has no color is cut off."""
    y = _cube(_root_of_lightness(lightness))
    up = np.float32(3) * (u + lightness * _WHITE_U)
    vp = np.float32(0.25) / (v + lightness * _WHITE_V)
    vp = np.float32(0.25) if vp > np.float32(0.25) else vp
    vp = np.float32(-0.25) if vp < np.float32(-0.25) else vp
    x = np.float32(3) * up * vp
    z = (np.float32(156) * lightness - up) * vp - np.float32(5)
    return _rgb_of_xyz(x * y, y, z * y)


# Bytes, in integers and by the tables of OpenCV.


_INVERSE = np.float32(1) / np.float32(_WHITE_SUM)
_EXACT_WHITE_U = _INVERSE * np.float32(52) * np.float32(_WHITE[0])
_EXACT_WHITE_V = _INVERSE * np.float32(117) * np.float32(_WHITE[1])


@exact_helper
def chromaticity_of_luv(lightness, u, v):
    """Return 9 (u + L white) with 4 bits and 1 / 4 (v + L white) with 24, in float32 up to the end."""
    real = np.float32
    full = real(255)
    light = real(lightness * np.int32(100)) / full
    u_part = real(u * np.int32(354)) / full - real(134)
    v_part = real(v * np.int32(262)) / full - real(140)
    up = real(9) * (u_part + product(light, _EXACT_WHITE_U))
    vp = real(0.25) / (v_part + product(light, _EXACT_WHITE_V))
    vp = real(0.25) if vp > real(0.25) else vp
    vp = real(-0.25) if vp < real(-0.25) else vp
    return nearest(up * real(16)), nearest(vp * real(1 << 24))


@helper
def lab_of_roots(x, y, z):
    """Make bytes of three cube roots of 15 bits."""
    number = np.int32
    lightness = number(number(number(y * number(296)) - number(1336934 - (1 << 14))) >> number(15))
    middle = number((128 << 15) + (1 << 14))
    a = number(number(number(number(x - y) * number(500)) + middle) >> number(15))
    b = number(number(number(number(y - z) * number(200)) + middle) >> number(15))
    return lightness, a, b


@helper
def _cube_of_bits(root):
    """Take the cube of a number of 14 bits, or follow the line where it is dark."""
    number = np.int32
    cube = number(number(number(number(root * root) >> number(14)) * root) >> number(14))
    # Whole numbers below 2**24 that are divided: cut off where the exact quotient would be.
    line = number(number(np.float32(number(root * number(108))) / np.float32(841)) - number(290))
    return line if root <= number(3390) else cube


@helper
def root_and_cube(root, a, b):
    """Return X and Z of 14 bits for the root of Y, of 14 bits, and the bytes of a and b."""
    number = np.int32
    a_part = number(
        number(number(number(a * number(5 * 53687)) + number(1 << 7)) >> number(13)) - number(4194)
    )
    b_part = number(number(number(number(b * number(41943)) + number(1 << 4)) >> number(9)) - number(10484))
    return _cube_of_bits(number(root + a_part)), _cube_of_bits(number(root - b_part))


@helper
def xz_of_luv(lightness, up, vp, y):
    """Return X and Z of 14 bits, cut off at 0 and 2, in int64; ``up`` has 4 bits, ``vp`` 24.

    Z is cut to 32 bits on the way: colors that do not exist have the same bytes as in OpenCV.
    """
    number = np.int64
    x = (y * ((up * vp) >> number(14))) >> number(14)
    z = ((vp * (number(249600) * lightness - number(85) * up)) >> number(14)) - number(5 * 255 << 14)
    z = np.int32((y * z) >> number(14))
    z = np.int32(np.int32(z >> np.int32(8)) + np.int32(z >> np.int32(16)))
    return (
        min(max(x, number(0)), number(1 << 15)),
        min(max(number(z), number(0)), number(1 << 15)),
    )
