"""HSV and HLS on the CPU: one pass over the values, side by side for the vectorizer."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.numbers import nearest, product
from cvkit._tiles import parts_of, span
from cvkit.color._cpu.gray import SPAN
from cvkit.color._hue_math import (
    extremes,
    hls,
    hls_of_floats,
    hsv_of_bytes,
    hsv_of_floats,
    rgb_of_hls,
    rgb_of_hsv,
    within_turn,
)

_OF_BYTE, _TO_BYTE, _SIX = np.float32(1 / 255), np.float32(255), np.float32(6)


@helper
def _rounded(value):
    """Round what is 1 for the largest byte, half to even."""
    return min(max(nearest(product(value, _TO_BYTE)), np.int32(0)), np.int32(255))


@helper
def _unit(value):
    return product(np.float32(value), _OF_BYTE)


@helper
def _hue_of_byte(value, scale):
    """Return the hue in sixths of a turn; a byte holds less than two turns."""
    hue = product(np.float32(value), scale)
    return hue - _SIX if hue >= _SIX else hue


@helper
def _hsv_of_bytes(values, turn, step, out):
    for x in range(out.shape[0] // 3):
        red, green, blue = np.int32(values[3 * x]), np.int32(values[3 * x + 1]), np.int32(values[3 * x + 2])
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = hsv_of_bytes(red, green, blue, turn, step)


@cpu_kernel
def hsv_from_bytes(source, turn, step, out):
    """Convert RGB bytes; ``turn`` is the hue of a full turn, ``step`` a sixth of it, of 12 bits more."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _hsv_of_bytes(values[first:stop], turn, step, out_values[first:stop])


@helper
def _hsv_of_floats(values, out):
    for x in range(out.shape[0] // 3):
        red, green, blue = values[3 * x], values[3 * x + 1], values[3 * x + 2]
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = hsv_of_floats(red, green, blue)


@cpu_kernel
def hsv_from_floats(source, out):
    """Convert RGB floats; the hue is in degrees."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _hsv_of_floats(values[first:stop], out_values[first:stop])


@helper
def _hls_of_bytes(values, scale, out):
    for x in range(out.shape[0] // 3):
        red, green, blue = _unit(values[3 * x]), _unit(values[3 * x + 1]), _unit(values[3 * x + 2])
        hue, lightness, saturation = hls(red, green, blue, extremes(red, green, blue))
        out[3 * x] = min(nearest(product(hue, scale)), np.int32(255))
        out[3 * x + 1] = nearest(product(lightness, _TO_BYTE))
        out[3 * x + 2] = nearest(product(saturation, _TO_BYTE))


@cpu_kernel
def hls_from_bytes(source, scale, out):
    """Convert RGB bytes; the hue is in degrees times ``scale``."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _hls_of_bytes(values[first:stop], scale, out_values[first:stop])


@helper
def _hls_of_floats(values, out):
    for x in range(out.shape[0] // 3):
        red, green, blue = values[3 * x], values[3 * x + 1], values[3 * x + 2]
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = hls_of_floats(red, green, blue)


@cpu_kernel
def hls_from_floats(source, out):
    """Convert RGB floats; the hue is in degrees."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _hls_of_floats(values[first:stop], out_values[first:stop])


@helper
def _bytes_of_hsv(values, scale, out):
    for x in range(out.shape[0] // 3):
        hue = _hue_of_byte(values[3 * x], scale)
        red, green, blue = rgb_of_hsv(hue, _unit(values[3 * x + 1]), _unit(values[3 * x + 2]))
        out[3 * x] = np.int32(red * _TO_BYTE)
        out[3 * x + 1] = np.int32(green * _TO_BYTE)
        out[3 * x + 2] = np.int32(blue * _TO_BYTE)


@cpu_kernel
def bytes_from_hsv(source, scale, out):
    """Convert to RGB bytes; the hue times ``scale`` is in sixths of a turn."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _bytes_of_hsv(values[first:stop], scale, out_values[first:stop])


@helper
def _floats_of_hsv(values, scale, out):
    for x in range(out.shape[0] // 3):
        hue, saturation, value = values[3 * x], values[3 * x + 1], values[3 * x + 2]
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = rgb_of_hsv(
            within_turn(product(hue, scale)), saturation, value
        )


@cpu_kernel
def floats_from_hsv(source, scale, out):
    """Convert to RGB floats; the hue times ``scale`` is in sixths of a turn."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _floats_of_hsv(values[first:stop], scale, out_values[first:stop])


@helper
def _bytes_of_hls(values, scale, out):
    for x in range(out.shape[0] // 3):
        hue = product(np.float32(values[3 * x]), scale)
        red, green, blue = rgb_of_hls(hue, _unit(values[3 * x + 1]), _unit(values[3 * x + 2]))
        out[3 * x] = _rounded(red)
        out[3 * x + 1] = _rounded(green)
        out[3 * x + 2] = _rounded(blue)


@cpu_kernel
def bytes_from_hls(source, scale, out):
    """Convert to RGB bytes; the hue times ``scale`` is in sixths of a turn."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _bytes_of_hls(values[first:stop], scale, out_values[first:stop])


@helper
def _floats_of_hls(values, scale, out):
    for x in range(out.shape[0] // 3):
        hue, lightness, saturation = values[3 * x], values[3 * x + 1], values[3 * x + 2]
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = rgb_of_hls(product(hue, scale), lightness, saturation)


@cpu_kernel
def floats_from_hls(source, scale, out):
    """Convert to RGB floats; the hue times ``scale`` is in sixths of a turn."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * SPAN)):
        first, stop = span(task, 3 * SPAN, out.size)
        _floats_of_hls(values[first:stop], scale, out_values[first:stop])
