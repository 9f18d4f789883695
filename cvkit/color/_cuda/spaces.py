"""Channel order, YCrCb and XYZ on CUDA: one thread for each pixel."""

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import as_words, cuda_kernel
from cvkit.color._cuda.pixels import BLOCK, convert, first_of_thread, flat, pixel_at

_ONE, _TWO = np.uint64(1), np.uint64(2)

# The bytes of a word.
_BYTES = tuple(np.uint32(255 << shift) for shift in (0, 8, 16, 24))


@cuda_kernel(block=BLOCK)
def _reverse_channels(source, out):
    first = first_of_thread()
    if first < np.uint64(out.size):
        for channel in range(np.uint64(3)):
            out[first + channel] = source[first + np.uint64(2) - channel]


@cuda_kernel(block=BLOCK)
def _reverse_channels_of_words(source, words, out, out_words):
    """Four pixels are three words; the last thread takes what is left of them."""
    first = first_of_thread()
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
    values, out_values = flat(source), flat(out)
    words, out_words = as_words(values), as_words(out_values)
    if words is None or out_words is None:
        _reverse_channels[out.size // 3](values, out_values)
    else:
        _reverse_channels_of_words[out_words.size // 3 + 1](values, words, out_values, out_words)


@helper
def _clipped(value, largest):
    return min(max(value, np.int32(0)), largest)


@helper
def _rounded(value, bits):
    half = np.int32(np.int32(1) << np.int32(bits - 1))
    return np.int32(np.int32(value + half) >> bits)


@helper
def _weighted(first, second, third, weights, row):
    number = np.int32
    total = number(number(first * weights[row, 0]) + number(second * weights[row, 1]))
    return number(total + number(third * weights[row, 2]))


@cuda_kernel(block=BLOCK)
def _multiply_fixed(source, weights, bits, largest, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    number = np.int32
    values = pixel_at(source, first)
    a, b, c = number(values[0]), number(values[1]), number(values[2])
    for row in range(3):
        out[first] = _clipped(_rounded(_weighted(a, b, c, weights, row), bits), largest)
        first += _ONE


def _largest(out):
    return np.int32(np.iinfo(out.dtype).max)


def multiply_fixed(source, weights, bits, out):
    """Multiply each pixel of an integer image by a 3 x 3 matrix of weights that have ``bits`` of fraction."""
    convert(_multiply_fixed, source, weights, bits, _largest(out), out)


@cuda_kernel(block=BLOCK)
def _multiply_float(source, weights, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    a, b, c = pixel_at(source, first)
    for row in range(3):
        out[first] = a * weights[row, 0] + b * weights[row, 1] + c * weights[row, 2]
        first += _ONE


def multiply_float(source, weights, out):
    """Multiply each pixel of a float image by a 3 x 3 matrix."""
    convert(_multiply_float, source, weights, out)


@cuda_kernel(block=BLOCK)
def _to_ycrcb_fixed(source, weights, bits, largest, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    number = np.int32
    pixel = pixel_at(source, first)
    red, green, blue = number(pixel[0]), number(pixel[1]), number(pixel[2])
    total = number(number(red * weights[0]) + number(green * weights[1]))
    luma = _rounded(number(total + number(blue * weights[2])), bits)
    half = number(number(largest + number(1)) >> number(1))
    cr = _rounded(number(number(red - luma) * weights[3]), bits)
    cb = _rounded(number(number(blue - luma) * weights[4]), bits)
    out[first] = luma
    out[first + _ONE] = _clipped(number(cr + half), largest)
    out[first + _TWO] = _clipped(number(cb + half), largest)


def to_ycrcb_fixed(source, weights, bits, out):
    """Convert RGB integers by weights of red, green and blue in Y, of red - Y in Cr and of blue - Y in Cb."""
    convert(_to_ycrcb_fixed, source, weights, bits, _largest(out), out)


@cuda_kernel(block=BLOCK)
def _to_ycrcb_float(source, weights, half, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    red, green, blue = pixel_at(source, first)
    luma = red * weights[0] + green * weights[1] + blue * weights[2]
    out[first] = luma
    out[first + _ONE] = (red - luma) * weights[3] + half
    out[first + _TWO] = (blue - luma) * weights[4] + half


def to_ycrcb_float(source, weights, half, out):
    """Convert RGB floats as ``to_ycrcb_fixed`` does; ``half`` is what stands for no color."""
    convert(_to_ycrcb_float, source, weights, half, out)


@cuda_kernel(block=BLOCK)
def _from_ycrcb_fixed(source, weights, bits, largest, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    number = np.int32
    half = number(number(largest + number(1)) >> number(1))
    pixel = pixel_at(source, first)
    luma, cr, cb = number(pixel[0]), number(number(pixel[1]) - half), number(number(pixel[2]) - half)
    green = number(number(cr * weights[1]) + number(cb * weights[2]))
    out[first] = _clipped(number(luma + _rounded(number(cr * weights[0]), bits)), largest)
    out[first + _ONE] = _clipped(number(luma + _rounded(green, bits)), largest)
    out[first + _TWO] = _clipped(number(luma + _rounded(number(cb * weights[3]), bits)), largest)


def from_ycrcb_fixed(source, weights, bits, out):
    """Convert to RGB integers by weights of Cr in red, of Cr and Cb in green, and of Cb in blue."""
    convert(_from_ycrcb_fixed, source, weights, bits, _largest(out), out)


@cuda_kernel(block=BLOCK)
def _from_ycrcb_float(source, weights, half, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    luma, cr, cb = pixel_at(source, first)
    cr, cb = cr - half, cb - half
    out[first] = luma + cr * weights[0]
    out[first + _ONE] = luma + cr * weights[1] + cb * weights[2]
    out[first + _TWO] = luma + cb * weights[3]


def from_ycrcb_float(source, weights, half, out):
    """Convert to RGB floats as ``from_ycrcb_fixed`` does; ``half`` is what stands for no color."""
    convert(_from_ycrcb_float, source, weights, half, out)
