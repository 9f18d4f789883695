"""Color spaces on the CPU: one pass over the values, side by side for the vectorizer."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span
from cvkit.color._cpu.gray import SPAN
from cvkit.color._math import linear, luv


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
def luv_of_bytes(source, light, gain, offset, is_integer, out):
    """Convert bytes to L*u*v*, each value times its gain plus its offset, rounded if ``is_integer``.

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
        if is_integer:
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
