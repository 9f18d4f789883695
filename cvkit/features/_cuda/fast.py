"""FAST on CUDA: one thread for each pixel."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.features._fast_math import contrast_of

_ONE, _REACH = np.uint32(1), np.uint32(3)


@helper
def _can_be_corner(middle, above, below, x, threshold):
    """Tell whether pixels of the circle above or below, and beside, differ enough: nine hold both."""
    value = np.int32(middle[x])
    lower, upper = np.int32(value - threshold), np.int32(value + threshold)
    top, bottom = np.int32(above[x]), np.int32(below[x])
    left, right = np.int32(middle[np.uint32(x - _REACH)]), np.int32(middle[np.uint32(x + _REACH)])
    brighter = (top > upper or bottom > upper) and (left > upper or right > upper)
    return brighter or ((top < lower or bottom < lower) and (left < lower or right < lower))


@helper
def _contrast(image, x, y):
    number = np.int32
    r0, r1, r2 = image[np.uint32(y - 3)], image[np.uint32(y - 2)], image[np.uint32(y - 1)]
    r3 = image[y]
    r4, r5, r6 = image[np.uint32(y + 1)], image[np.uint32(y + 2)], image[np.uint32(y + 3)]
    a, b, c = np.uint32(x - 3), np.uint32(x - 2), np.uint32(x - 1)
    e, f, g = np.uint32(x + 1), np.uint32(x + 2), np.uint32(x + 3)
    ring = (
        *(number(r6[x]), number(r6[e]), number(r5[f]), number(r4[g])),
        *(number(r3[g]), number(r2[g]), number(r1[f]), number(r0[e])),
        *(number(r0[x]), number(r0[c]), number(r1[b]), number(r2[a])),
        *(number(r3[a]), number(r4[a]), number(r5[b]), number(r6[c])),
    )
    return contrast_of(number(r3[x]), ring)


@cuda_kernel
def _measure(image, threshold, out):
    x, y, _ = pixel_of_thread()
    height, width = np.uint32(image.shape[0]), np.uint32(image.shape[1])
    if y >= height or x >= width:
        return
    out[y, x] = 0
    if y < _REACH or x < _REACH or np.uint32(y + _REACH) >= height or np.uint32(x + _REACH) >= width:
        return
    above, below = image[np.uint32(y - _REACH)], image[np.uint32(y + _REACH)]
    if _can_be_corner(image[y], above, below, x, threshold):
        contrast = _contrast(image, x, y)
        if contrast > threshold:
            out[y, x] = contrast


def measure_contrast(source, threshold, out):
    """Write by how much an arc of nine pixels around each is brighter or darker, 0 up to a threshold."""
    threads = (1, *source.shape)
    _measure[threads](source, np.int32(threshold), out)


@cuda_kernel
def _clear(count):
    x, _, _ = pixel_of_thread()
    if x == 0:
        count[0] = 0


@helper
def _exceeds_others(contrast, x, y, value):
    """Tell whether a contrast exceeds those around, and 1."""
    left, right = np.uint32(x - _ONE), np.uint32(x + _ONE)
    above, here, below = contrast[np.uint32(y - _ONE)], contrast[y], contrast[np.uint32(y + _ONE)]
    others = max(max(above[left], above[x]), max(above[right], here[left]))
    return value > 1 and value > max(max(others, here[right]), max(max(below[left], below[x]), below[right]))


@cuda_kernel
def _append_corners(contrast, suppress, count, places, strengths):
    x, y, _ = pixel_of_thread()
    height, width = np.uint32(contrast.shape[0]), np.uint32(contrast.shape[1])
    if y >= height or x >= width:
        return
    value = contrast[y, x]
    # No corner is on the edges.
    if value == 0 or (suppress and not _exceeds_others(contrast, x, y, value)):
        return
    slot = cuda.atomic.add(count, 0, 1)
    places[slot] = np.uint32(y * width + x)
    strengths[slot] = value


def find_corners(contrast, suppress):
    """Find the pixels whose contrast is not 0, or exceeds that of all around.

    Return their number, their places and their contrast.
    """
    count = temporary((1,), np.int32, contrast)
    places = temporary((contrast.size,), np.uint32, contrast)
    strengths = temporary((contrast.size,), np.uint8, contrast)
    _clear[1](count)
    threads = (1, *contrast.shape)
    _append_corners[threads](contrast, suppress, count, places, strengths)
    return count, places, strengths
