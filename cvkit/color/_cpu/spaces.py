"""Color conversions on the CPU: one pass over the values, side by side for the vectorizer."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.color._math import linear, luv

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
    for task in prange((out.size + SPAN - 1) // SPAN):
        first, stop = task * SPAN, min((task + 1) * SPAN, out.size)
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
    for task in prange((out.size + SPAN - 1) // SPAN):
        first, stop = task * SPAN, min((task + 1) * SPAN, out.size)
        _gray_float(values[3 * first : 3 * stop], red, green, blue, out_values[first:stop])


@helper
def _reverse_pixels(values, out):
    for x in range(out.shape[0] // 3):
        first, second, third = values[3 * x], values[3 * x + 1], values[3 * x + 2]
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = third, second, first


@cpu_kernel
def reverse_channels(source, out):
    """Swap the first and the third channel."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange((out.size + 3 * SPAN - 1) // (3 * SPAN)):
        first, stop = task * 3 * SPAN, min((task + 1) * 3 * SPAN, out.size)
        _reverse_pixels(values[first:stop], out_values[first:stop])


@helper
def _look_up(row, channels, light, red, green, blue):
    """Take a row of bytes apart into linear light; gray counts as three equal channels."""
    second, third = min(1, channels - 1), min(2, channels - 1)
    for x in range(red.shape[0]):
        start = np.uintp(x * channels)
        red[x] = light[row[start]]
        green[x] = light[row[start + np.uintp(second)]]
        blue[x] = light[row[start + np.uintp(third)]]


@helper
def _linearize(row, channels, red, green, blue):
    """Take a row of floats apart into linear light."""
    second, third = min(1, channels - 1), min(2, channels - 1)
    for x in range(red.shape[0]):
        red[x] = linear(row[x * channels])
        green[x] = linear(row[x * channels + second])
        blue[x] = linear(row[x * channels + third])


@helper
def _luv_row(red, green, blue, gain, offset):
    """Convert in place: red, green and blue become L, u and v, each times its gain plus its offset."""
    lightness_gain, u_gain, v_gain = gain[0], gain[1], gain[2]
    lightness_offset, u_offset, v_offset = offset[0], offset[1], offset[2]
    for x in range(red.shape[0]):
        lightness, u, v = luv(red[x], green[x], blue[x])
        red[x] = lightness * lightness_gain + lightness_offset
        green[x] = u * u_gain + u_offset
        blue[x] = v * v_gain + v_offset


@helper
def _interleave(first, second, third, step, out):
    """Write pixels of ``step`` values, of which those after the third stay as they are."""
    for x in range(first.shape[0]):
        start = np.uintp(x * step)
        out[start] = first[x]
        out[start + np.uintp(1)] = second[x]
        out[start + np.uintp(2)] = third[x]


@helper
def _round_row(values):
    """Round to whole numbers that bytes can hold."""
    for x in range(values.shape[0]):
        values[x] = np.floor(min(max(values[x] + np.float32(0.5), np.float32(0)), np.float32(255)))


@cpu_kernel
def luv_of_bytes(source, light, gain, offset, whole, out):
    """Convert bytes to L*u*v*, each value times its gain plus its offset, rounded if ``whole``.

    ``light`` tabulates the linear light of each byte. ``out`` has at least three channels.
    """
    count, height, width, channels = source.shape
    step = out.shape[3]
    rows = source.reshape(count * height, width * channels)
    out_rows = out.reshape(count * height, width * step)
    for y in prange(count * height):
        parts = np.empty((3, width), np.float32)
        _look_up(rows[y], channels, light, parts[0], parts[1], parts[2])
        _luv_row(parts[0], parts[1], parts[2], gain, offset)
        if whole:
            _round_row(parts.reshape(3 * width))
        _interleave(parts[0], parts[1], parts[2], step, out_rows[y])


@cpu_kernel
def luv_of_floats(source, gain, offset, out):
    """Convert floats from 0 to 1 to L*u*v*, each value times its gain plus its offset."""
    count, height, width, channels = source.shape
    step = out.shape[3]
    rows = source.reshape(count * height, width * channels)
    out_rows = out.reshape(count * height, width * step)
    for y in prange(count * height):
        parts = np.empty((3, width), np.float32)
        _linearize(rows[y], channels, parts[0], parts[1], parts[2])
        _luv_row(parts[0], parts[1], parts[2], gain, offset)
        _interleave(parts[0], parts[1], parts[2], step, out_rows[y])
