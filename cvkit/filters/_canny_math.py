"""What both twins of Canny share: the marks of pixels, and the direction of a gradient."""

import math

import numpy as np

from cvkit._jit import helper

# Bits of a mark.
CANDIDATE, EDGE = np.uint8(1), np.uint8(2)

NONE = np.uint8(0)
WEAK = CANDIDATE  # an edge if it is linked to one
STRONG = np.uint8(CANDIDATE | EDGE)  # an edge on its own

# tan(22.5 degrees), and the same in units of 1 / 65536; twice OpenCV's 13573 / 32768.
_TANGENT = math.sqrt(2) - 1
_TANGENT_IN_16_BITS = np.uint32(27146)


@helper(force_inline=True)
def direction(gx, gy):
    """Tell whether a gradient is within 22.5 degrees of the x axis, and whether of the y axis."""
    across, along = abs(gx), abs(gy)
    number = type(across)
    # tan(67.5 degrees) is tan(22.5 degrees) + 2.
    return along < across * number(_TANGENT), along > across * number(_TANGENT + 2)


@helper(force_inline=True)
def direction_in_16_bits(gx, gy):
    """Tell the same in lanes of 16 bits, as OpenCV rounds it."""
    # Clamped, -32768 has an absolute value in 16 bits, and no decision below changes.
    across = np.int16(abs(max(np.int16(gx), np.int16(-32767))))
    along = np.int16(abs(max(np.int16(gy), np.int16(-32767))))
    tangent = np.int16(np.uint32(np.uint32(np.uint16(across)) * _TANGENT_IN_16_BITS) >> np.uint32(16))
    # Where 2 * across would overflow, nothing is steep.
    twice = np.int16(min(across, np.int16(16383)) << np.int16(1))
    return along <= tangent, np.int16(along - twice) > tangent
