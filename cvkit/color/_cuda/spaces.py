"""Channel order, YCrCb and XYZ on CUDA: one thread for each pixel."""

import numpy as np

from cvkit._cuda_threads import place_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import as_words, cuda, cuda_kernel, reshaped

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


@cuda_kernel
def _multiply_fixed(source, weights, bits, largest, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    number = np.int32
    first, second = number(source[image, y, x, 0]), number(source[image, y, x, 1])
    third = number(source[image, y, x, 2])
    for row in range(3):
        total = _weighted(first, second, third, weights, row)
        out[image, y, x, row] = _clipped(_rounded(total, bits), largest)


def _largest(out):
    return np.int32(np.iinfo(out.dtype).max)


def multiply_fixed(source, weights, bits, out):
    """Multiply each pixel of an integer image by a 3 x 3 matrix of weights that have ``bits`` of fraction."""
    _multiply_fixed[out.shape[:3]](source, weights, bits, _largest(out), out)


@cuda_kernel
def _multiply_float(source, weights, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    first, second, third = source[image, y, x, 0], source[image, y, x, 1], source[image, y, x, 2]
    for row in range(3):
        out[image, y, x, row] = first * weights[row, 0] + second * weights[row, 1] + third * weights[row, 2]


def multiply_float(source, weights, out):
    """Multiply each pixel of a float image by a 3 x 3 matrix."""
    _multiply_float[out.shape[:3]](source, weights, out)


@cuda_kernel
def _to_ycrcb_fixed(source, weights, bits, largest, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    number = np.int32
    red, green = number(source[image, y, x, 0]), number(source[image, y, x, 1])
    blue = number(source[image, y, x, 2])
    total = number(number(red * weights[0]) + number(green * weights[1]))
    luma = _rounded(number(total + number(blue * weights[2])), bits)
    half = number(number(largest + number(1)) >> number(1))
    cr = _rounded(number(number(red - luma) * weights[3]), bits)
    cb = _rounded(number(number(blue - luma) * weights[4]), bits)
    out[image, y, x, 0] = luma
    out[image, y, x, 1] = _clipped(number(cr + half), largest)
    out[image, y, x, 2] = _clipped(number(cb + half), largest)


def to_ycrcb_fixed(source, weights, bits, out):
    """Convert RGB integers by weights of red, green and blue in Y, of red - Y in Cr and of blue - Y in Cb."""
    _to_ycrcb_fixed[out.shape[:3]](source, weights, bits, _largest(out), out)


@cuda_kernel
def _to_ycrcb_float(source, weights, half, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    red, green, blue = source[image, y, x, 0], source[image, y, x, 1], source[image, y, x, 2]
    luma = red * weights[0] + green * weights[1] + blue * weights[2]
    out[image, y, x, 0] = luma
    out[image, y, x, 1] = (red - luma) * weights[3] + half
    out[image, y, x, 2] = (blue - luma) * weights[4] + half


def to_ycrcb_float(source, weights, half, out):
    """Convert RGB floats as ``to_ycrcb_fixed`` does; ``half`` is what stands for no color."""
    _to_ycrcb_float[out.shape[:3]](source, weights, half, out)


@cuda_kernel
def _from_ycrcb_fixed(source, weights, bits, largest, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    number = np.int32
    half = number(number(largest + number(1)) >> number(1))
    luma = number(source[image, y, x, 0])
    cr, cb = number(number(source[image, y, x, 1]) - half), number(number(source[image, y, x, 2]) - half)
    green = number(number(cr * weights[1]) + number(cb * weights[2]))
    out[image, y, x, 0] = _clipped(number(luma + _rounded(number(cr * weights[0]), bits)), largest)
    out[image, y, x, 1] = _clipped(number(luma + _rounded(green, bits)), largest)
    out[image, y, x, 2] = _clipped(number(luma + _rounded(number(cb * weights[3]), bits)), largest)


def from_ycrcb_fixed(source, weights, bits, out):
    """Convert to RGB integers by weights of Cr in red, of Cr and Cb in green, and of Cb in blue."""
    _from_ycrcb_fixed[out.shape[:3]](source, weights, bits, _largest(out), out)


@cuda_kernel
def _from_ycrcb_float(source, weights, half, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    luma, cr, cb = source[image, y, x, 0], source[image, y, x, 1] - half, source[image, y, x, 2] - half
    out[image, y, x, 0] = luma + cr * weights[0]
    out[image, y, x, 1] = luma + cr * weights[1] + cb * weights[2]
    out[image, y, x, 2] = luma + cb * weights[3]


def from_ycrcb_float(source, weights, half, out):
    """Convert to RGB floats as ``from_ycrcb_fixed`` does; ``half`` is what stands for no color."""
    _from_ycrcb_float[out.shape[:3]](source, weights, half, out)
