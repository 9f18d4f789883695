"""The CUDA kernels that arrays need before any operation runs."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread, place_of_thread
from cvkit._jit_cuda import cuda_kernel


@cuda_kernel(block=(256,))
def copy_strided(source, out):
    """Copy an array of any rank and strides into a contiguous one, flat; one thread for each value."""
    position = place_of_thread()
    if position < np.uint64(out.size):
        out[position] = source.flat[position]


@cuda_kernel
def copy_pixels(source, out):
    """Copy an image of (height, width, channels) and any strides; one thread for each pixel."""
    x, y, _ = pixel_of_thread()
    if y < out.shape[0] and x < out.shape[1]:
        pixel, copied = source[y, x], out[y, x]
        channel, channels = np.uint64(0), np.uint64(out.shape[2])
        while channel < channels:
            copied[channel] = pixel[channel]
            channel += np.uint64(1)
