"""Channel order, YCrCb and XYZ on the CPU: one pass over the values, side by side for the vectorizer."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span
from cvkit.color._cpu.gray import SPAN

_HALF_BYTE, _HALF_WORD, _LARGEST_WORD = np.int16(128), np.int32(1 << 15), np.int32((1 << 16) - 1)


@helper
def _reverse_pixels(values, out):
    for x in range(out.shape[0] // 3):
        first, second, third = values[3 * x], values[3 * x + 1], values[3 * x + 2]
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = third, second, first


@cpu_kernel
def reverse_channels(source, out):
    """Swap the first and the third channel."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _reverse_pixels(values[first:stop], out_values[first:stop])


@helper
def _upper_bits(weight):
    """Take a weight apart, into 128 times this and ``_lower_bits``: products with bytes fit 16 bits."""
    return np.int16((weight + 64) >> 7)


@helper
def _lower_bits(weight):
    return np.int16(weight - 128 * ((weight + 64) >> 7))


@helper
def _sum_of_two(first, second, weights):
    """Weigh two numbers of a byte's range, and divide by 128."""
    number = np.int16
    high = number(number(first * weights[0]) + number(second * weights[1]))
    low = number(number(first * weights[2]) + number(second * weights[3]))
    return number(high + number(low >> number(7)))


@helper
def _sum_of_three(first, second, third, weights):
    number = np.int16
    high = number(number(first * weights[0]) + number(second * weights[1]))
    high = number(high + number(third * weights[2]))
    low = number(number(first * weights[3]) + number(second * weights[4]))
    low = number(low + number(third * weights[5]))
    return number(high + number(low >> number(7)))


@helper
def _rounded_shift(value, half, bits):
    return np.int16(np.int16(value + half) >> bits)


@helper
def _as_byte(value):
    return min(max(value, np.int16(0)), np.int16(255))


@helper
def _as_word(value):
    return min(max(value, np.int32(0)), _LARGEST_WORD)


@helper
def _parts_of_two(first, second):
    return _upper_bits(first), _upper_bits(second), _lower_bits(first), _lower_bits(second)


@helper
def _parts_of_three(first, second, third):
    return (
        _upper_bits(first),
        _upper_bits(second),
        _upper_bits(third),
        _lower_bits(first),
        _lower_bits(second),
        _lower_bits(third),
    )


@helper
def _multiply_bytes(values, rows, half, bits, out):
    """Weigh in 16 bits, twice the lanes of 32."""
    for x in range(out.shape[0] // 3):
        first, second = np.int16(values[3 * x]), np.int16(values[3 * x + 1])
        third = np.int16(values[3 * x + 2])
        sums = (
            _sum_of_three(first, second, third, rows[0]),
            _sum_of_three(first, second, third, rows[1]),
            _sum_of_three(first, second, third, rows[2]),
        )
        out[3 * x] = _as_byte(_rounded_shift(sums[0], half, bits))
        out[3 * x + 1] = _as_byte(_rounded_shift(sums[1], half, bits))
        out[3 * x + 2] = _as_byte(_rounded_shift(sums[2], half, bits))


@helper
def _word(first, second, third, weights, bits):
    number = np.int32
    total = number(number(first * weights[0]) + number(second * weights[1]))
    total = number(total + number(third * weights[2]))
    return _as_word(number(number(total + number(number(1) << number(bits - 1))) >> bits))


@helper
def _multiply_words(values, weights, bits, out):
    for x in range(out.shape[0] // 3):
        first, second = np.int32(values[3 * x]), np.int32(values[3 * x + 1])
        third = np.int32(values[3 * x + 2])
        out[3 * x] = _word(first, second, third, weights[:3], bits)
        out[3 * x + 1] = _word(first, second, third, weights[3:6], bits)
        out[3 * x + 2] = _word(first, second, third, weights[6:], bits)


@helper
def flat(weights):
    """Return the nine weights of a matrix as one tuple: a parallel loop takes no tuples of tuples."""
    first, second, third = weights[0], weights[1], weights[2]
    return (
        *(first[0], first[1], first[2]),
        *(second[0], second[1], second[2]),
        *(third[0], third[1], third[2]),
    )


@cpu_kernel
def multiply_fixed(source, weights, bits, out):
    """Multiply each pixel of an integer image by a 3 x 3 matrix of weights that have ``bits`` of fraction."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    words = flat(weights)
    # Not in the helper: a compiler that sees how small they are prefers wider sums that cannot overflow.
    first_row, second_row = _parts_of_three(*words[:3]), _parts_of_three(*words[3:6])
    third_row = _parts_of_three(*words[6:])
    narrow_bits = np.int16(bits - 7)
    half = np.int16(1 << (bits - 8))
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        if source.itemsize == 1:
            rows = first_row, second_row, third_row
            _multiply_bytes(values[first:stop], rows, half, narrow_bits, out_values[first:stop])
        else:
            _multiply_words(values[first:stop], words, bits, out_values[first:stop])


@helper
def _multiply_floats(values, weights, out):
    for x in range(out.shape[0] // 3):
        first, second, third = values[3 * x], values[3 * x + 1], values[3 * x + 2]
        out[3 * x] = first * weights[0] + second * weights[1] + third * weights[2]
        out[3 * x + 1] = first * weights[3] + second * weights[4] + third * weights[5]
        out[3 * x + 2] = first * weights[6] + second * weights[7] + third * weights[8]


@cpu_kernel
def multiply_float(source, weights, out):
    """Multiply each pixel of a float image by a 3 x 3 matrix."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    numbers = flat(weights)
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _multiply_floats(values[first:stop], numbers, out_values[first:stop])


@helper
def _ycrcb_of_bytes(values, luma, red_weight, blue_weight, out):
    number = np.int16
    half, bits = number(64), number(7)
    for x in range(out.shape[0] // 3):
        red, green, blue = number(values[3 * x]), number(values[3 * x + 1]), number(values[3 * x + 2])
        y = _rounded_shift(_sum_of_three(red, green, blue, luma), half, bits)
        red, blue = number(red - y), number(blue - y)
        cr = _rounded_shift(_sum_of_one(red, red_weight), half, bits)
        cb = _rounded_shift(_sum_of_one(blue, blue_weight), half, bits)
        out[3 * x] = y
        out[3 * x + 1] = _as_byte(number(cr + _HALF_BYTE))
        out[3 * x + 2] = _as_byte(number(cb + _HALF_BYTE))


@helper
def _sum_of_one(value, weights):
    number = np.int16
    return number(number(value * weights[0]) + number(number(value * weights[1]) >> number(7)))


@helper
def _ycrcb_of_words(values, luma, red_weight, blue_weight, bits, out):
    number = np.int32
    for x in range(out.shape[0] // 3):
        red, green, blue = number(values[3 * x]), number(values[3 * x + 1]), number(values[3 * x + 2])
        y = _word(red, green, blue, luma, bits)
        out[3 * x] = y
        out[3 * x + 1] = _as_word(number(_product_of_words(number(red - y), red_weight, bits) + _HALF_WORD))
        out[3 * x + 2] = _as_word(number(_product_of_words(number(blue - y), blue_weight, bits) + _HALF_WORD))


@helper
def _product_of_words(value, weight, bits):
    number = np.int32
    half = number(number(1) << number(bits - 1))
    return number(number(number(value * weight) + half) >> bits)


@cpu_kernel
def to_ycrcb_fixed(source, weights, bits, out):
    """Convert RGB integers by weights of red, green and blue in Y, of red - Y in Cr and of blue - Y in Cb."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    luma = weights[0], weights[1], weights[2]
    luma_parts = _parts_of_three(*luma)
    red_parts = _upper_bits(weights[3]), _lower_bits(weights[3])
    blue_parts = _upper_bits(weights[4]), _lower_bits(weights[4])
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        pixels, out_pixels = values[first:stop], out_values[first:stop]
        if source.itemsize == 1:
            _ycrcb_of_bytes(pixels, luma_parts, red_parts, blue_parts, out_pixels)
        else:
            _ycrcb_of_words(pixels, luma, weights[3], weights[4], bits, out_pixels)


@helper
def _ycrcb_of_floats(values, luma, chroma, half, out):
    for x in range(out.shape[0] // 3):
        red, green, blue = values[3 * x], values[3 * x + 1], values[3 * x + 2]
        y = red * luma[0] + green * luma[1] + blue * luma[2]
        out[3 * x] = y
        out[3 * x + 1] = (red - y) * chroma[0] + half
        out[3 * x + 2] = (blue - y) * chroma[1] + half


@cpu_kernel
def to_ycrcb_float(source, weights, half, out):
    """Convert RGB floats as ``to_ycrcb_fixed`` does; ``half`` is what stands for no color."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    luma, chroma = (weights[0], weights[1], weights[2]), (weights[3], weights[4])
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _ycrcb_of_floats(values[first:stop], luma, chroma, half, out_values[first:stop])


@helper
def _bytes_of_ycrcb(values, red_weight, green_weights, blue_weight, out):
    number = np.int16
    half, bits = number(64), number(7)
    for x in range(out.shape[0] // 3):
        y = number(values[3 * x])
        cr = number(number(values[3 * x + 1]) - _HALF_BYTE)
        cb = number(number(values[3 * x + 2]) - _HALF_BYTE)
        red = _rounded_shift(_sum_of_one(cr, red_weight), half, bits)
        green = _rounded_shift(_sum_of_two(cr, cb, green_weights), half, bits)
        blue = _rounded_shift(_sum_of_one(cb, blue_weight), half, bits)
        out[3 * x] = _as_byte(number(y + red))
        out[3 * x + 1] = _as_byte(number(y + green))
        out[3 * x + 2] = _as_byte(number(y + blue))


@helper
def _words_of_ycrcb(values, weights, bits, out):
    number = np.int32
    half = number(number(1) << number(bits - 1))
    for x in range(out.shape[0] // 3):
        y = number(values[3 * x])
        cr = number(number(values[3 * x + 1]) - _HALF_WORD)
        cb = number(number(values[3 * x + 2]) - _HALF_WORD)
        green = number(number(cr * weights[1]) + number(cb * weights[2]))
        out[3 * x] = _as_word(number(y + _product_of_words(cr, weights[0], bits)))
        out[3 * x + 1] = _as_word(number(y + number(number(green + half) >> bits)))
        out[3 * x + 2] = _as_word(number(y + _product_of_words(cb, weights[3], bits)))


@cpu_kernel
def from_ycrcb_fixed(source, weights, bits, out):
    """Convert to RGB integers by weights of Cr in red, of Cr and Cb in green, and of Cb in blue."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    red_parts = _upper_bits(weights[0]), _lower_bits(weights[0])
    green_parts = _parts_of_two(weights[1], weights[2])
    blue_parts = _upper_bits(weights[3]), _lower_bits(weights[3])
    words = weights[0], weights[1], weights[2], weights[3]
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        pixels, out_pixels = values[first:stop], out_values[first:stop]
        if source.itemsize == 1:
            _bytes_of_ycrcb(pixels, red_parts, green_parts, blue_parts, out_pixels)
        else:
            _words_of_ycrcb(pixels, words, bits, out_pixels)


@helper
def _floats_of_ycrcb(values, weights, half, out):
    for x in range(out.shape[0] // 3):
        y, cr, cb = values[3 * x], values[3 * x + 1] - half, values[3 * x + 2] - half
        out[3 * x] = y + cr * weights[0]
        out[3 * x + 1] = y + cr * weights[1] + cb * weights[2]
        out[3 * x + 2] = y + cb * weights[3]


@cpu_kernel
def from_ycrcb_float(source, weights, half, out):
    """Convert to RGB floats as ``from_ycrcb_fixed`` does; ``half`` is what stands for no color."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    numbers = weights[0], weights[1], weights[2], weights[3]
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _floats_of_ycrcb(values[first:stop], numbers, half, out_values[first:stop])
