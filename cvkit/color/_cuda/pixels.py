"""Pixels of three values in flat arrays on CUDA: where a thread's are, and launches over all of them."""

import numpy as np

from cvkit._cuda_threads import place_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import reshaped

BLOCK = (256,)


@helper
def first_of_thread():
    """Return the place of the first value of a thread's pixel."""
    return np.uint64(3) * place_of_thread()


@helper
def pixel_at(values, first):
    """Return three values."""
    return values[first], values[first + np.uint64(1)], values[first + np.uint64(2)]


@helper
def store_pixel(values, first, pixel):
    """Write three values."""
    values[first], values[first + np.uint64(1)], values[first + np.uint64(2)] = pixel


def flat(array):
    """View an array as one of all its values."""
    return reshaped(array, (array.size,))


def convert(kernel, source, *arguments):
    """Launch a kernel for each pixel of flat arrays; the last argument is the one it writes to."""
    *constants, out = arguments
    kernel[out.size // 3](flat(source), *constants, flat(out))
