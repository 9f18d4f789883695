"""HSV and HLS on CUDA: one thread for each pixel."""

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel
from cvkit._simd.numbers import nearest, product
from cvkit.color._cuda.pixels import BLOCK, convert, first_of_thread, pixel_at, store_pixel
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

_ONE, _TWO = np.uint64(1), np.uint64(2)

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


@cuda_kernel(block=BLOCK)
def _hsv_from_bytes(source, turn, step, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    red, green, blue = np.int32(pixel[0]), np.int32(pixel[1]), np.int32(pixel[2])
    store_pixel(out, first, hsv_of_bytes(red, green, blue, turn, step))


def hsv_from_bytes(source, turn, step, out):
    """Convert RGB bytes; ``turn`` is the hue of a full turn, ``step`` a sixth of it, of 12 bits more."""
    convert(_hsv_from_bytes, source, turn, step, out)


@cuda_kernel(block=BLOCK)
def _hsv_from_floats(source, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    store_pixel(out, first, hsv_of_floats(pixel[0], pixel[1], pixel[2]))


def hsv_from_floats(source, out):
    """Convert RGB floats; the hue is in degrees."""
    convert(_hsv_from_floats, source, out)


@cuda_kernel(block=BLOCK)
def _hls_from_bytes(source, scale, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    red, green, blue = _unit(pixel[0]), _unit(pixel[1]), _unit(pixel[2])
    hue, lightness, saturation = hls(red, green, blue, extremes(red, green, blue))
    out[first] = min(nearest(product(hue, scale)), np.int32(255))
    out[first + _ONE] = nearest(product(lightness, _TO_BYTE))
    out[first + _TWO] = nearest(product(saturation, _TO_BYTE))


def hls_from_bytes(source, scale, out):
    """Convert RGB bytes; the hue is in degrees times ``scale``."""
    convert(_hls_from_bytes, source, scale, out)


@cuda_kernel(block=BLOCK)
def _hls_from_floats(source, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    store_pixel(out, first, hls_of_floats(pixel[0], pixel[1], pixel[2]))


def hls_from_floats(source, out):
    """Convert RGB floats; the hue is in degrees."""
    convert(_hls_from_floats, source, out)


@cuda_kernel(block=BLOCK)
def _bytes_from_hsv(source, scale, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    red, green, blue = rgb_of_hsv(_hue_of_byte(pixel[0], scale), _unit(pixel[1]), _unit(pixel[2]))
    out[first] = np.int32(red * _TO_BYTE)
    out[first + _ONE] = np.int32(green * _TO_BYTE)
    out[first + _TWO] = np.int32(blue * _TO_BYTE)


def bytes_from_hsv(source, scale, out):
    """Convert to RGB bytes; the hue times ``scale`` is in sixths of a turn."""
    convert(_bytes_from_hsv, source, scale, out)


@cuda_kernel(block=BLOCK)
def _floats_from_hsv(source, scale, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    store_pixel(out, first, rgb_of_hsv(within_turn(product(pixel[0], scale)), pixel[1], pixel[2]))


def floats_from_hsv(source, scale, out):
    """Convert to RGB floats; the hue times ``scale`` is in sixths of a turn."""
    convert(_floats_from_hsv, source, scale, out)


@cuda_kernel(block=BLOCK)
def _bytes_from_hls(source, scale, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    red, green, blue = rgb_of_hls(product(np.float32(pixel[0]), scale), _unit(pixel[1]), _unit(pixel[2]))
    out[first] = _rounded(red)
    out[first + _ONE] = _rounded(green)
    out[first + _TWO] = _rounded(blue)


def bytes_from_hls(source, scale, out):
    """Convert to RGB bytes; the hue times ``scale`` is in sixths of a turn."""
    convert(_bytes_from_hls, source, scale, out)


@cuda_kernel(block=BLOCK)
def _floats_from_hls(source, scale, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    store_pixel(out, first, rgb_of_hls(product(pixel[0], scale), pixel[1], pixel[2]))


def floats_from_hls(source, scale, out):
    """Convert to RGB floats; the hue times ``scale`` is in sixths of a turn."""
    convert(_floats_from_hls, source, scale, out)
