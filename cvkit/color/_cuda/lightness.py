"""L*a*b* and L*u*v* on CUDA: one thread for each pixel."""

import numpy as np

from cvkit._cuda_tables import kept
from cvkit._cuda_threads import place_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, reshaped
from cvkit.color._cuda.pixels import BLOCK, convert, first_of_thread, flat, pixel_at, store_pixel
from cvkit.color._lightness_math import (
    chromaticity_of_luv,
    lab,
    lab_of_roots,
    linear,
    luv,
    rgb_of_lab,
    rgb_of_luv,
    root_and_cube,
    with_gamma,
    xz_of_luv,
)

_ONE, _TWO = np.uint64(1), np.uint64(2)


@helper
def _store_scaled(values, gain, offset, out, first):
    for channel in range(3):
        out[first] = values[channel] * gain[channel] + offset[channel]
        first += _ONE


@cuda_kernel(block=BLOCK)
def _luv_of_bytes(source, channels, light, gain, offset, out):
    """``out`` is (pixel, channel)."""
    place = place_of_thread()
    if place >= np.uint64(out.shape[0]):
        return
    first, last = np.uint64(channels) * place, np.uint64(channels) - _ONE
    red, green = light[source[first]], light[source[first + min(_ONE, last)]]
    blue = light[source[first + min(_TWO, last)]]
    _store_scaled(luv(red, green, blue), gain, offset, out[place], np.uint64(0))


def luv_of_bytes(source, light, gain, offset, out):
    """Convert bytes to L*u*v*, each value times its gain plus its offset.

    ``light`` tabulates the linear light of each byte. ``out`` has at least three channels.
    """
    pixels, channels = out.size // out.shape[3], source.shape[3]
    result = reshaped(out, (pixels, out.shape[3]))
    _luv_of_bytes[pixels](flat(source), channels, light, gain, offset, result)


@cuda_kernel(block=BLOCK)
def _luv_of_floats(source, channels, gain, offset, out):
    """``out`` is (pixel, channel)."""
    place = place_of_thread()
    if place >= np.uint64(out.shape[0]):
        return
    first, last = np.uint64(channels) * place, np.uint64(channels) - _ONE
    red, green = linear(source[first]), linear(source[first + min(_ONE, last)])
    blue = linear(source[first + min(_TWO, last)])
    _store_scaled(luv(red, green, blue), gain, offset, out[place], np.uint64(0))


def luv_of_floats(source, gain, offset, out):
    """Convert floats from 0 to 1 to L*u*v*, each value times its gain plus its offset."""
    pixels, channels = out.size // out.shape[3], source.shape[3]
    result = reshaped(out, (pixels, out.shape[3]))
    _luv_of_floats[pixels](flat(source), channels, gain, offset, result)


@cuda_kernel(block=BLOCK)
def _lab_of_floats(source, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    store_pixel(out, first, lab(linear(pixel[0]), linear(pixel[1]), linear(pixel[2])))


def lab_of_floats(source, out):
    """Convert floats from 0 to 1 to L*a*b*."""
    convert(_lab_of_floats, source, out)


@cuda_kernel(block=BLOCK)
def _lab_of_bytes(source, sums, roots, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    pair = sums[0, pixel[0], 0] + sums[1, pixel[1], 0] + sums[2, pixel[2], 0]
    third = sums[0, pixel[0], 1] + sums[1, pixel[1], 1] + sums[2, pixel[2], 1]
    root_x, root_y = roots[np.uint32(pair) >> np.uint32(12)], roots[pair >> np.uint64(44)]
    root_z = roots[np.uint32(third) >> np.uint32(12)]
    store_pixel(out, first, lab_of_roots(np.int32(root_x), np.int32(root_y), np.int32(root_z)))


def lab_of_bytes(source, sums, roots, out):
    """Convert RGB bytes to L*a*b* bytes by OpenCV's tables.

    ``sums`` are what a byte of each channel adds to X and, times 2**32, to Y, and beside them to Z, with 12
    bits of fraction; ``roots`` are theirs.
    """
    convert(_lab_of_bytes, source, sums, roots, out)


@helper
def _byte_of(total):
    """Cut three eighths each and 14 bits off; the half is that of the eighths."""
    return np.int32((total + np.float32(256)) * np.float32(1 / (1 << 15)))


@cuda_kernel(block=BLOCK)
def _luv_bytes_of_bytes(source, lattice, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    number, real = np.uint64, np.float32
    red, green, blue = number(pixel[0]), number(pixel[1]), number(pixel[2])
    cell = (red >> number(3)) * number(33 * 33 * 4)
    cell += (green >> number(3)) * number(33 * 4) + (blue >> number(3)) * number(4)
    after = real(red & number(7)), real(green & number(7)), real(blue & number(7))
    lightness, u, v = real(0), real(0), real(0)
    # Whole numbers of up to 24 bits: exact in any order.
    for corner in range(8):
        of_red, of_green, of_blue = corner >> 2, (corner >> 1) & 1, corner & 1
        weight = after[0] if of_red else real(8) - after[0]
        weight *= after[1] if of_green else real(8) - after[1]
        weight *= after[2] if of_blue else real(8) - after[2]
        node = cell + number(of_red * 33 * 33 * 4 + of_green * 33 * 4 + of_blue * 4)
        lightness += weight * lattice[node]
        u += weight * lattice[node + _ONE]
        v += weight * lattice[node + _TWO]
    store_pixel(out, first, (_byte_of(lightness), _byte_of(u), _byte_of(v)))


def luv_bytes_of_bytes(source, lattice, out):
    """Convert RGB bytes to L*u*v* bytes as OpenCV does, between the nodes of a lattice.

    ``lattice`` holds L, u, v and 0 with 14 bits for each node, 33 a side, and is flat.
    """
    convert(_luv_bytes_of_bytes, source, kept(lattice), out)


@helper
def _byte_of_light(light, weights, row, gamma):
    number = np.int32
    total = weights[row, 0] * light[0] + weights[row, 1] * light[1] + weights[row, 2] * light[2]
    value = number(number(number(total) + number(1 << 13)) >> number(14))
    return gamma[np.uint32(min(max(value, number(0)), number(4095)))]


@cuda_kernel(block=BLOCK)
def _bytes_of_lab(source, brightness, weights, gamma, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    root = np.int32(brightness[1, pixel[0]])
    light_x, light_z = root_and_cube(root, np.int32(pixel[1]), np.int32(pixel[2]))
    light = light_x, np.int32(brightness[0, pixel[0]]), light_z
    for channel in range(3):
        out[first] = _byte_of_light(light, weights, channel, gamma)
        first += _ONE


def bytes_of_lab(source, brightness, weights, gamma, out):
    """Convert L*a*b* bytes to RGB bytes by OpenCV's tables: Y and its root of each L, bytes of light."""
    convert(_bytes_of_lab, source, brightness, weights, gamma, out)


@cuda_kernel(block=BLOCK)
def _bytes_of_luv(source, brightness, weights, gamma, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    lightness = np.int64(pixel[0])
    up, vp = chromaticity_of_luv(np.int32(lightness), np.int32(pixel[1]), np.int32(pixel[2]))
    brightness_y = np.int64(brightness[0, lightness])
    light_x, light_z = xz_of_luv(lightness, np.int64(up), np.int64(vp), brightness_y)
    light = np.int32(light_x), np.int32(brightness_y), np.int32(light_z)
    for channel in range(3):
        out[first] = _byte_of_light(light, weights, channel, gamma)
        first += _ONE


def bytes_of_luv(source, brightness, weights, gamma, out):
    """Convert L*u*v* bytes to RGB bytes by OpenCV's tables, which are those of ``bytes_of_lab``."""
    convert(_bytes_of_luv, source, brightness, weights, gamma, out)


@cuda_kernel(block=BLOCK)
def _floats_of_lab(source, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    red, green, blue = rgb_of_lab(pixel[0], pixel[1], pixel[2])
    store_pixel(out, first, (with_gamma(red), with_gamma(green), with_gamma(blue)))


def floats_of_lab(source, out):
    """Convert L*a*b* floats to RGB floats from 0 to 1."""
    convert(_floats_of_lab, source, out)


@cuda_kernel(block=BLOCK)
def _floats_of_luv(source, out):
    first = first_of_thread()
    if first >= np.uint64(out.size):
        return
    pixel = pixel_at(source, first)
    red, green, blue = rgb_of_luv(pixel[0], pixel[1], pixel[2])
    store_pixel(out, first, (with_gamma(red), with_gamma(green), with_gamma(blue)))


def floats_of_luv(source, out):
    """Convert L*u*v* floats to RGB floats from 0 to 1."""
    convert(_floats_of_luv, source, out)
