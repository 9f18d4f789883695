"""Color spaces on CUDA: one thread for each pixel."""

import math

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.color._math import linear, luv


@cuda_kernel
def _reverse_channels(source, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    for channel in range(3):
        out[image, y, x, channel] = source[image, y, x, 2 - channel]


def reverse_channels(source, out):
    """Swap the first and the third channel."""
    _reverse_channels[out.shape[:3]](source, out)


@cuda_kernel
def _luv_of_bytes(source, light, gain, offset, is_integer, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    last = source.shape[3] - 1
    red = light[source[image, y, x, 0]]
    green = light[source[image, y, x, min(1, last)]]
    blue = light[source[image, y, x, min(2, last)]]
    values = luv(red, green, blue)
    for channel in range(3):
        value = values[channel] * gain[channel] + offset[channel]
        if is_integer:
            value = math.floor(min(max(value + np.float32(0.5), np.float32(0)), np.float32(255)))
        out[image, y, x, channel] = value


def luv_of_bytes(source, light, gain, offset, is_integer, out):
    """Convert bytes to L*u*v*, each value times its gain plus its offset, rounded if ``is_integer``.

    ``light`` tabulates the linear light of each byte. ``out`` has at least three channels.
    """
    _luv_of_bytes[out.shape[:3]](source, light, gain, offset, is_integer, out)


@cuda_kernel
def _luv_of_floats(source, gain, offset, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    last = source.shape[3] - 1
    red = linear(source[image, y, x, 0])
    green = linear(source[image, y, x, min(1, last)])
    blue = linear(source[image, y, x, min(2, last)])
    values = luv(red, green, blue)
    for channel in range(3):
        out[image, y, x, channel] = values[channel] * gain[channel] + offset[channel]


def luv_of_floats(source, gain, offset, out):
    """Convert floats from 0 to 1 to L*u*v*, each value times its gain plus its offset."""
    _luv_of_floats[out.shape[:3]](source, gain, offset, out)
