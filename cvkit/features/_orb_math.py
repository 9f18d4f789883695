"""Scalar maths of ORB that both targets share: OpenCV's roundings, operation by operation."""

import math
from typing import NamedTuple

import numpy as np

from cvkit._jit import exact_helper, helper
from cvkit._simd.extremes import larger, smaller
from cvkit._simd.numbers import product

# Rows and columns around a keypoint: of a corner's ring, of Harris' window, of the disk that tells the
# direction, of the points that are compared, however turned, and of what is blurred for one of them.
RING, HARRIS_RADIUS, PATCH_RADIUS, REACH, BLUR_RADIUS = 3, 3, 15, 18, 3
_GAUSSIAN = [math.exp(-(x**2) / 8.0) for x in range(-3, 1)]
BLUR = tuple(np.float32(weight / (2 * sum(_GAUSSIAN) - 1)) for weight in _GAUSSIAN)
"""Half of a Gaussian of sigma 2, up to its middle."""
_NOTHING, _ONE = np.uint8(0), np.uint8(1)
# Harris' k, and the fourth power of what brings Sobel's sums over a window of 7 x 7 to a range of 1.
_K = np.float32(0.04)
_SCALE = np.float32(np.float32(1) / np.float32(4 * 7 * np.float32(255)))
_SCALE_4 = np.float32(np.float32(np.float32(_SCALE * _SCALE) * _SCALE) * _SCALE)
# OpenCV's fastAtan2: an odd polynomial for arctan on [0, 1], in degrees.
_DEGREES = np.float32(180 / math.pi)
_P1 = np.float32(np.float32(0.9997878412794807) * _DEGREES)
_P3 = np.float32(np.float32(-0.3258083974640975) * _DEGREES)
_P5 = np.float32(np.float32(0.1555786518463281) * _DEGREES)
_P7 = np.float32(np.float32(-0.04432655554792128) * _DEGREES)
_EPSILON = np.float32(np.finfo(np.float64).eps)
_RADIANS = np.float32(math.pi / 180)
# Of a turn: how many quarters are in an angle, and a quarter in two parts, the first of few enough bits.
_QUARTERS = 2 / math.pi
_QUARTER_HIGH = float(np.float32(math.pi / 2))
_QUARTER_LOW = math.pi / 2 - _QUARTER_HIGH
# Coefficients of x**16 down to x**0, and of x**17 down to x**1.
_COSINES = np.array([(-1) ** n / math.factorial(2 * n) for n in range(8, -1, -1)])
_SINES = np.array([(-1) ** n / math.factorial(2 * n + 1) for n in range(8, -1, -1)])
_QUARTER, _HALF, _FULL = np.float32(90), np.float32(180), np.float32(360)


class Tables(NamedTuple):
    """Points of the pattern, (2, points), and half the widths of the rows of a disk, from the middle on."""

    pattern: np.ndarray
    half_widths: np.ndarray


@helper(inline=True)
def corner_score(ring, center, threshold):
    """Score a pixel by the least contrast with nine neighbors of 16 on a ring; 0 up to ``threshold``.

    Two arcs of nine that begin beside each other share eight neighbors.
    """
    a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p = ring  # noqa: E741
    bc, de, fg, hi = smaller(b, c), smaller(d, e), smaller(f, g), smaller(h, i)
    jk, lm, no, pa = smaller(j, k), smaller(l, m), smaller(n, o), smaller(p, a)
    be, dg, fi, hk = smaller(bc, de), smaller(de, fg), smaller(fg, hi), smaller(hi, jk)
    jm, lo, na, pc = smaller(jk, lm), smaller(lm, no), smaller(no, pa), smaller(pa, bc)
    bright = larger(
        larger(
            larger(smaller(smaller(be, fi), larger(a, j)), smaller(smaller(dg, hk), larger(c, l))),
            larger(smaller(smaller(fi, jm), larger(e, n)), smaller(smaller(hk, lo), larger(g, p))),
        ),
        larger(
            larger(smaller(smaller(jm, na), larger(i, b)), smaller(smaller(lo, pc), larger(k, d))),
            larger(smaller(smaller(na, be), larger(m, f)), smaller(smaller(pc, dg), larger(o, h))),
        ),
    )
    bc, de, fg, hi = larger(b, c), larger(d, e), larger(f, g), larger(h, i)
    jk, lm, no, pa = larger(j, k), larger(l, m), larger(n, o), larger(p, a)
    be, dg, fi, hk = larger(bc, de), larger(de, fg), larger(fg, hi), larger(hi, jk)
    jm, lo, na, pc = larger(jk, lm), larger(lm, no), larger(no, pa), larger(pa, bc)
    dark = smaller(
        smaller(
            smaller(larger(larger(be, fi), smaller(a, j)), larger(larger(dg, hk), smaller(c, l))),
            smaller(larger(larger(fi, jm), smaller(e, n)), larger(larger(hk, lo), smaller(g, p))),
        ),
        smaller(
            smaller(larger(larger(jm, na), smaller(i, b)), larger(larger(lo, pc), smaller(k, d))),
            smaller(larger(larger(na, be), smaller(m, f)), larger(larger(pc, dg), smaller(o, h))),
        ),
    )
    above = np.uint8(bright - center) if bright > center else _NOTHING
    below = np.uint8(center - dark) if center > dark else _NOTHING
    contrast = larger(above, below)
    return np.uint8(contrast - _ONE) if contrast > threshold else _NOTHING


@exact_helper
def harris_response(xx, xy, yy):
    """Return the response of sums of products of gradients, whole numbers."""
    xx, xy, yy = np.float32(xx), np.float32(xy), np.float32(yy)
    trace = xx + yy
    response = product(xx, yy) - product(xy, xy) - product(product(_K, trace), trace)
    return product(response, _SCALE_4)


@exact_helper
def angle_of(x, y):
    """Return the angle of (x, y), whole numbers, in degrees, 0 to 360."""
    x, y = np.float32(x), np.float32(y)
    across, along = abs(x), abs(y)
    ratio = min(across, along) / (max(across, along) + _EPSILON)
    square = product(ratio, ratio)
    angle = product(product(product(_P7, square) + _P5, square) + _P3, square) + _P1
    angle = product(angle, ratio)
    angle = angle if across >= along else _QUARTER - angle
    angle = _HALF - angle if x < np.float32(0) else angle
    return _FULL - angle if y < np.float32(0) else angle


@exact_helper
def rotation_of(angle):
    """Return cosine and sine of an angle in degrees, 0 to 360.

    By Taylor's series in float64 for an eighth of a turn: C libraries differ in the last bits.
    """
    radians = np.float64(product(angle, _RADIANS))
    quarters = np.float64(np.int32(radians * _QUARTERS + 0.5))
    rest = radians - product(quarters, _QUARTER_HIGH) - product(quarters, _QUARTER_LOW)
    square = product(rest, rest)
    cosine, sine = 0.0, 0.0
    for term in range(len(_COSINES)):
        cosine = product(cosine, square) + _COSINES[term]
        sine = product(sine, square) + _SINES[term]
    sine = product(sine, rest)
    quarter = np.int32(quarters) & 3
    across = cosine if quarter in (0, 2) else sine
    along = sine if quarter in (0, 2) else cosine
    across = -across if quarter in (1, 2) else across
    along = -along if quarter in (2, 3) else along
    return np.float32(across), np.float32(along)


@exact_helper
def turned(x, y, cosine, sine):
    """Return a point (x, y) of the pattern, turned."""
    return product(x, cosine) - product(y, sine), product(x, sine) + product(y, cosine)
