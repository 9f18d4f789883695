"""Gray on the CPU: one pass over the values, side by side for the vectorizer."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span

# Pixels of one task: where a loop needs nothing of its row but its pixels, rows would only cost calls.
SPAN = 1 << 14


@helper
def _gray_of_bytes(values, high_weights, low_weights, out):
    """Sum with the upper and with the lower bits of the weights: each fits 16 bits, twice the lanes of 32."""
    number = np.uint16
    red_high, green_high, blue_high = high_weights
    red_low, green_low, blue_low = low_weights
    for x in range(out.shape[0]):
        red, green, blue = number(values[3 * x]), number(values[3 * x + 1]), number(values[3 * x + 2])
        high = number(number(red * red_high) + number(green * green_high))
        high = number(high + number(blue * blue_high))
        low = number(number(red * red_low) + number(green * green_low))
        low = number(low + number(blue * blue_low))
        # All else is a multiple of 256: the lower 8 bits cannot carry into the result.
        out[x] = number(number(high + number(low >> number(8))) + number(64)) >> number(7)


@helper
def _gray_fixed(values, red, green, blue, out):
    """Weights of 15 bits; 16 + 15 bits and the half that rounds fit 32."""
    for x in range(out.shape[0]):
        total = np.uint32(1 << 14)
        total = np.uint32(total + np.uint32(np.uint32(values[3 * x]) * red))
        total = np.uint32(total + np.uint32(np.uint32(values[3 * x + 1]) * green))
        total = np.uint32(total + np.uint32(np.uint32(values[3 * x + 2]) * blue))
        out[x] = total >> np.uint32(15)


@cpu_kernel
def gray_fixed(source, red, green, blue, out):
    """Weighted sum of the channels of integer images, rounded."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    # Not in the helper: a compiler that sees how small they are prefers wider sums that cannot overflow.
    high_weights = np.uint16(red >> 8), np.uint16(green >> 8), np.uint16(blue >> 8)
    low_weights = np.uint16(red & 255), np.uint16(green & 255), np.uint16(blue & 255)
    for task in prange(parts_of(out.size, SPAN)):
        first, stop = span(task, SPAN, out.size)
        pixels = values[3 * first : 3 * stop]
        if source.itemsize == 1:
            _gray_of_bytes(pixels, high_weights, low_weights, out_values[first:stop])
        else:
            _gray_fixed(pixels, red, green, blue, out_values[first:stop])


@helper
def _gray_float(values, red, green, blue, out):
    for x in range(out.shape[0]):
        out[x] = values[3 * x] * red + values[3 * x + 1] * green + values[3 * x + 2] * blue


@cpu_kernel
def gray_float(source, red, green, blue, out):
    """Weighted sum of the channels of float images."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, SPAN)):
        first, stop = span(task, SPAN, out.size)
        _gray_float(values[3 * first : 3 * stop], red, green, blue, out_values[first:stop])


@helper
def _repeat(values, out):
    for x in range(values.shape[0]):
        value = values[x]
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = value, value, value


@cpu_kernel
def repeat_gray(source, out):
    """Write each value into three channels."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(values.size, SPAN)):
        first, stop = span(task, SPAN, values.size)
        _repeat(values[first:stop], out_values[3 * first : 3 * stop])
