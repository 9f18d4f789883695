"""Replacing small regions on CUDA."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit_cuda import cuda_kernel


@cuda_kernel
def _invert(source, out):
    """Set a pixel that is 0, and no other."""
    x, y, image = pixel_of_thread()
    count, height, width = source.shape
    if image < count and y < height and x < width:
        out[image, y, x] = np.uint8(source[image, y, x] == 0)


def invert(source, out):
    """Set the pixels of masks, (N, H, W), that are 0, and no others."""
    _invert[out.shape](source, out)


@cuda_kernel
def _replace_small(source, labels, area, minimum, value, out):
    """Replace a pixel of a small region."""
    x, y, image = pixel_of_thread()
    count, height, width = source.shape
    if image < count and y < height and x < width:
        label = np.uint32(labels[image, y, x])
        is_small = label != 0 and area[image, label] < minimum
        out[image, y, x] = np.uint8(value) if is_small else source[image, y, x]


def replace_small(source, labels, area, minimum, value, out):
    """Write ``value`` to the pixels of regions smaller than ``minimum``; others stay."""
    _replace_small[out.shape](source, labels, area, minimum, value, out)
