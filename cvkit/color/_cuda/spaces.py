"""Color spaces on CUDA: one thread for each pixel."""

import math

import numpy as np

from cvkit._cuda_threads import place_of_thread
from cvkit._jit_cuda import as_words, cuda, cuda_kernel, reshaped
from cvkit.color._math import linear, luv

# The bytes of a word.
_BYTES = tuple(np.uint32(255 << shift) for shift in (0, 8, 16, 24))


@cuda_kernel(block=(256,))
def _reverse_channels(source, out):
    first = np.uint64(3) * place_of_thread()
    if first < np.uint64(out.size):
        for channel in range(np.uint64(3)):
            out[first + channel] = source[first + np.uint64(2) - channel]


@cuda_kernel(block=(256,))
def _reverse_channels_of_words(source, words, out, out_words):
    """Four pixels are three words; the last thread takes what is left of them."""
    first = np.uint64(3) * place_of_thread()
    second, third = first + np.uint64(1), first + np.uint64(2)
    if third < np.uint64(out_words.size):
        a, b, c = words[first], words[second], words[third]
        two = np.uint32(16)  # bytes in bits
        out_words[first] = (
            (a >> two & _BYTES[0]) | (a & _BYTES[1]) | (a << two & _BYTES[2]) | (b << two & _BYTES[3])
        )
        out_words[second] = (b & (_BYTES[0] | _BYTES[3])) | (a >> two & _BYTES[1]) | (c << two & _BYTES[2])
        out_words[third] = (
            (b >> two & _BYTES[0]) | (c >> two & _BYTES[1]) | (c & _BYTES[2]) | (c << two & _BYTES[3])
        )
    elif first <= np.uint64(out_words.size):
        for place in range(np.uint64(4) * first, np.uint64(out.size)):
            out[place] = source[place + np.uint64(2) - np.uint64(2) * (place % np.uint64(3))]


def reverse_channels(source, out):
    """Swap the first and the third channel."""
    values, out_values = reshaped(source, (source.size,)), reshaped(out, (out.size,))
    words, out_words = as_words(values), as_words(out_values)
    if words is None or out_words is None:
        _reverse_channels[out.size // 3](values, out_values)
    else:
        _reverse_channels_of_words[out_words.size // 3 + 1](values, words, out_values, out_words)


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
