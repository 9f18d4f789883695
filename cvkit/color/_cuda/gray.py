"""Gray on CUDA: one thread for each pixel."""

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel


@cuda_kernel
def _gray_fixed(source, red, green, blue, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    total = source[image, y, x, 0] * red + source[image, y, x, 1] * green + source[image, y, x, 2] * blue
    out[image, y, x, 0] = (total + np.uint32(1 << 14)) >> np.uint32(15)


def gray_fixed(source, red, green, blue, out):
    """Weighted sum of the channels of integer images, rounded."""
    _gray_fixed[out.shape[:3]](source, red, green, blue, out)


@cuda_kernel
def _gray_float(source, red, green, blue, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    pixel = source[image, y, x]
    out[image, y, x, 0] = pixel[0] * red + pixel[1] * green + pixel[2] * blue


def gray_float(source, red, green, blue, out):
    """Weighted sum of the channels of float images."""
    _gray_float[out.shape[:3]](source, red, green, blue, out)


@cuda_kernel
def _repeat_gray(source, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    value = source[image, y, x, 0]
    for channel in range(3):
        out[image, y, x, channel] = value


def repeat_gray(source, out):
    """Write each value into three channels."""
    _repeat_gray[out.shape[:3]](source, out)
