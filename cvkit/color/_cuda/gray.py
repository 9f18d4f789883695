"""Gray on CUDA: one thread for each pixel, of bytes for each four."""

import numpy as np

from cvkit._cuda_threads import place_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import as_words, cuda_kernel, reshaped

# Pixels that a thread takes from words of four bytes.
_PIXELS = 4


@helper
def _weighted(red, green, blue, weights):
    """Weighted sum of three integers, rounded; 16 bits times weights of 15 bits fit 32."""
    number = np.uint32
    total = number(number(red) * weights[0]) + number(number(green) * weights[1])
    total = number(total + number(number(blue) * weights[2]))
    return number(total + number(1 << 14)) >> number(15)


@cuda_kernel(block=(256,))
def _gray_fixed(source, weights, out):
    place = place_of_thread()
    if place < np.uint64(out.size):
        first = np.uint64(3) * place
        red, green, blue = source[first], source[first + np.uint64(1)], source[first + np.uint64(2)]
        out[place] = _weighted(red, green, blue, weights)


@helper
def _byte(word, index):
    return (word >> np.uint32(8 * index)) & np.uint32(255)


@cuda_kernel(block=(256,))
def _gray_of_bytes(source, words, weights, out, out_words):
    """Four pixels are three words, and one of the result; the last thread takes what is left of them."""
    place = place_of_thread()
    if place < np.uint64(out_words.size):
        first = np.uint64(3) * place
        a, b, c = words[first], words[first + np.uint64(1)], words[first + np.uint64(2)]
        gray = _weighted(_byte(a, 0), _byte(a, 1), _byte(a, 2), weights)
        gray |= _weighted(_byte(a, 3), _byte(b, 0), _byte(b, 1), weights) << np.uint32(8)
        gray |= _weighted(_byte(b, 2), _byte(b, 3), _byte(c, 0), weights) << np.uint32(16)
        gray |= _weighted(_byte(c, 1), _byte(c, 2), _byte(c, 3), weights) << np.uint32(24)
        out_words[place] = gray
    elif place == np.uint64(out_words.size):
        for pixel in range(np.uint64(_PIXELS) * place, np.uint64(out.size)):
            first = np.uint64(3) * pixel
            red, green, blue = source[first], source[first + np.uint64(1)], source[first + np.uint64(2)]
            out[pixel] = _weighted(red, green, blue, weights)


def gray_fixed(source, red, green, blue, out):
    """Weighted sum of the channels of integer images, rounded."""
    weights = red, green, blue
    values, out_values = reshaped(source, (source.size,)), reshaped(out, (out.size,))
    words, out_words = as_words(values), as_words(out_values)
    if words is None or out_words is None:
        _gray_fixed[out.size](values, weights, out_values)
    else:
        _gray_of_bytes[out_words.size + 1](values, words, weights, out_values, out_words)


@cuda_kernel(block=(256,))
def _gray_float(source, red, green, blue, out):
    place = place_of_thread()
    if place < np.uint64(out.size):
        first = np.uint64(3) * place
        total = source[first] * red + source[first + np.uint64(1)] * green
        out[place] = total + source[first + np.uint64(2)] * blue


def gray_float(source, red, green, blue, out):
    """Weighted sum of the channels of float images."""
    values, out_values = reshaped(source, (source.size,)), reshaped(out, (out.size,))
    _gray_float[out.size](values, red, green, blue, out_values)


@cuda_kernel(block=(256,))
def _repeat_gray(source, out):
    place = place_of_thread()
    if place < np.uint64(source.size):
        first, value = np.uint64(3) * place, source[place]
        out[first], out[first + np.uint64(1)], out[first + np.uint64(2)] = value, value, value


def repeat_gray(source, out):
    """Write each value into three channels."""
    _repeat_gray[source.size](reshaped(source, (source.size,)), reshaped(out, (out.size,)))
