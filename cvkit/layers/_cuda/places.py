"""Where the taps of windows lie, in unsigned numbers: what lies before a plane comes out as far beyond it."""

import numpy as np

from cvkit._jit import helper

# No plane has as many rows or columns.
NOWHERE = 0xFFFFFFFF


@helper
def first_tap(place, stride, before):
    """Return where the window of a result begins along an axis."""
    return np.uint32(np.uint32(place) * np.uint32(stride) - np.uint32(before))


@helper
def tap_after(place, dilation):
    """Return where the next tap of a window is."""
    return np.uint32(np.uint32(place) + np.uint32(dilation))


@helper
def result_of_tap(place, tap, dilation, before, stride, results):
    """Return the result whose window has a tap at a place, or NOWHERE."""
    shifted = np.uint32(np.uint32(place) + np.uint32(before) - np.uint32(tap) * np.uint32(dilation))
    result = np.uint32(shifted // np.uint32(stride))
    if result < np.uint32(results) and np.uint32(result * np.uint32(stride)) == shifted:
        return result
    return np.uint32(NOWHERE)
