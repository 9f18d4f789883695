"""L*a*b* and L*u*v* on the CPU: rows of values, side by side for the vectorizer."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row, split_channels
from cvkit._simd.lattice import blend_cell
from cvkit._simd.memory import look_up
from cvkit._simd.numbers import bits
from cvkit._simd.pairs import sum_of_pairs
from cvkit._tiles import parts_of, span
from cvkit.color._cpu.spaces import flat
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
)

# Pixels of one task: what is between its steps stays in the nearest cache, twice as much for L*a*b*.
_SPAN = 1 << 10


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
def _linearize(values):
    """Turn floats into linear light, in place."""
    for x in range(values.shape[0]):
        values[x] = linear(values[x])


@helper
def _split_three(row, parts):
    """Take a row of three channels apart, as ``split_channels`` does, whose other loops compile in vain."""
    for x in range(parts.shape[1]):
        parts[0, x] = row[3 * x]
        parts[1, x] = row[3 * x + 1]
        parts[2, x] = row[3 * x + 2]


@helper
def _split(row, channels, parts):
    """Take a row apart into three; gray counts as three equal channels."""
    if channels == 3:
        _split_three(row, parts)
        return
    for channel in range(3):
        for x in range(parts.shape[1]):
            parts[channel, x] = row[x * channels + min(channel, channels - 1)]


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
def _join_three(parts, out):
    """Write pixels of three channels; a literal 3 lets the compiler shuffle vectors."""
    for x in range(parts.shape[1]):
        out[3 * x] = parts[0, x]
        out[3 * x + 1] = parts[1, x]
        out[3 * x + 2] = parts[2, x]


@helper
def _interleave(parts, step, out):
    """Write pixels of ``step`` values, of which those after the third stay as they are."""
    if step == 3:
        _join_three(parts, out)
        return
    for x in range(parts.shape[1]):
        start = np.uintp(x * step)
        out[start] = parts[0, x]
        out[start + np.uintp(1)] = parts[1, x]
        out[start + np.uintp(2)] = parts[2, x]


@cpu_kernel
def luv_of_bytes(source, light, gain, offset, out):
    """Convert bytes to L*u*v*, each value times its gain plus its offset.

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
        _interleave(parts, step, out_rows[y])


@cpu_kernel
def luv_of_floats(source, gain, offset, out):
    """Convert floats from 0 to 1 to L*u*v*, each value times its gain plus its offset."""
    count, height, width, channels = source.shape
    step = out.shape[3]
    rows = source.reshape(count * height, width * channels)
    out_rows = out.reshape(count * height, width * step)
    for y in prange(count * height):
        parts = np.empty((3, width), np.float32)
        _split(rows[y], channels, parts)
        _linearize(parts.reshape(3 * width))
        _luv_row(parts[0], parts[1], parts[2], gain, offset)
        _interleave(parts, step, out_rows[y])


@helper
def _lab_row(red, green, blue):
    """Convert in place."""
    for x in range(red.shape[0]):
        red[x], green[x], blue[x] = lab(red[x], green[x], blue[x])


@cpu_kernel
def lab_of_floats(source, out):
    """Convert floats from 0 to 1 to L*a*b*."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * _SPAN)):
        first, stop = span(task, 3 * _SPAN, out.size)
        parts = np.empty((3, (stop - first) // 3), np.float32)
        _split_three(values[first:stop], parts)
        _linearize(parts.reshape(parts.size))
        _lab_row(parts[0], parts[1], parts[2])
        _join_three(parts, out_values[first:stop])


@helper
def _roots_of_bytes(values, sums, roots, parts):
    for x in range(parts.shape[1]):
        start = np.uintp(3 * x)
        red, green = np.uintp(values[start]), np.uintp(values[start + np.uintp(1)])
        blue, two = np.uintp(values[start + np.uintp(2)]), np.uintp(2)
        pair, third = sum_of_pairs(sums, two * red, np.uintp(512) + two * green, np.uintp(1024) + two * blue)
        parts[0, x] = look_up(roots, np.uintp(np.uint32(pair) >> np.uint32(12)))
        parts[1, x] = look_up(roots, np.uintp(pair >> np.uint64(44)))
        parts[2, x] = look_up(roots, np.uintp(third >> np.uint64(12)))


@helper
def _lab_of_roots(parts, out):
    for x in range(parts.shape[1]):
        x_root, y_root, z_root = np.int32(parts[0, x]), np.int32(parts[1, x]), np.int32(parts[2, x])
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = lab_of_roots(x_root, y_root, z_root)


@cpu_kernel
def lab_of_bytes(source, sums, roots, out):
    """Convert RGB bytes to L*a*b* bytes by OpenCV's tables.

    ``sums`` are what a byte of each channel adds to X and, times 2**32, to Y, and beside them to Z, with 12
    bits of fraction; ``roots`` are theirs.
    """
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    flat_sums = sums.reshape(sums.size)
    for task in prange(parts_of(out.size, 6 * _SPAN)):
        first, stop = span(task, 6 * _SPAN, out.size)
        parts = np.empty((3, (stop - first) // 3), np.uint16)
        _roots_of_bytes(values[first:stop], flat_sums, roots, parts)
        _lab_of_roots(parts, out_values[first:stop])


@helper
def _blend(values, lattice, weights, scale, out):
    """Find the cell of each pixel in a lattice of 33 nodes a side, and how far in it the pixel is."""
    number = np.uint32
    for x in range(out.shape[0] // 3):
        start = np.uintp(3 * x)
        red, green = number(values[start]), number(values[start + np.uintp(1)])
        blue = number(values[start + np.uintp(2)])
        cell = number(number(red >> number(3)) * number(33 * 33 * 4))
        cell = np.uintp(cell + number(number(green >> number(3)) * number(33 * 4)))
        cell += np.uintp(number(blue >> number(3)) << number(2))
        outer = np.uintp(number(red & number(7)) << number(5)) + np.uintp(
            number(green & number(7)) << number(2)
        )
        corners = (
            cell,
            cell + np.uintp(33 * 4),
            cell + np.uintp(33 * 33 * 4),
            cell + np.uintp(33 * 34 * 4),
        )
        inner = np.uintp(number(blue & number(7)) << number(3))
        blend_cell(lattice, corners, weights, outer, inner, scale, out, start)


@cpu_kernel
def luv_bytes_of_bytes(source, lattice, out):
    """Convert RGB bytes to L*u*v* bytes as OpenCV does, between the nodes of a lattice.

    ``lattice`` holds L, u, v and 0 with 14 bits for each node, 33 a side, and is flat.
    """
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    outer, inner = np.empty(256, np.float32), np.empty(64, np.float32)
    for place in range(64):
        second, first = place % 8, place // 8
        outer[4 * place], outer[4 * place + 1] = (8 - first) * (8 - second), (8 - first) * second
        outer[4 * place + 2], outer[4 * place + 3] = first * (8 - second), first * second
        inner[place] = 8 - first if second < 4 else first
    weights = outer, inner
    # Of three eighths each, and from 14 bits to a byte.
    scale = np.float32(256), np.float32(1 / (1 << 15))
    for task in prange(parts_of(out.size, 3 * _SPAN)):
        first, stop = span(task, 3 * _SPAN, out.size)
        # What is written for a pixel is a byte too long; the next pixel overwrites it, but for the last.
        blended = np.empty(stop - first + 1, np.uint8)
        _blend(values[first:stop], lattice, weights, scale, blended)
        copy_row(blended, out_values[first:stop])


@helper
def _brightness_of(values, brightness, y, root):
    for x in range(y.shape[0]):
        lightness = np.uintp(values[np.uintp(3 * x)])
        y[x] = look_up(brightness, lightness)
        root[x] = look_up(brightness, lightness + np.uintp(256))


@helper
def _light_of_lab(values, y, root, weights, parts):
    """Find red, green and blue light of 12 bits."""
    red, green, blue = parts
    for x in range(y.shape[0]):
        a, b = np.int32(values[3 * x + 1]), np.int32(values[3 * x + 2])
        light_x, light_z = root_and_cube(np.int32(root[x]), a, b)
        light = light_x, np.int32(y[x]), light_z
        red[x], green[x], blue[x] = _light_of_xyz(light, weights)


@helper
def _light_of_xyz(light, weights):
    return (
        _clipped_light(light, weights[:3]),
        _clipped_light(light, weights[3:6]),
        _clipped_light(light, weights[6:]),
    )


@helper
def _clipped_light(light, weights):
    number = np.int32
    total = number(number(light[0] * weights[0]) + number(light[1] * weights[1]))
    total = number(total + number(light[2] * weights[2]))
    return min(max(number(number(total + number(1 << 13)) >> number(14)), number(0)), number(4095))


@helper
def _bytes_of_light(parts, gamma, out):
    red, green, blue = parts
    for x in range(red.shape[0]):
        start = np.uintp(3 * x)
        out[start] = look_up(gamma, np.uintp(red[x]))
        out[start + np.uintp(1)] = look_up(gamma, np.uintp(green[x]))
        out[start + np.uintp(2)] = look_up(gamma, np.uintp(blue[x]))


@cpu_kernel
def bytes_of_lab(source, brightness, weights, gamma, out):
    """Convert L*a*b* bytes to RGB bytes by OpenCV's tables: Y and its root of each L, bytes of light."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    matrix, of_lightness = flat(weights), brightness.reshape(512)
    for task in prange(parts_of(out.size, 3 * _SPAN)):
        first, stop = span(task, 3 * _SPAN, out.size)
        memory = np.empty((5, (stop - first) // 3), np.uint16)
        parts = memory[2], memory[3], memory[4]
        _brightness_of(values[first:stop], of_lightness, memory[0], memory[1])
        _light_of_lab(values[first:stop], memory[0], memory[1], matrix, parts)
        _bytes_of_light(parts, gamma, out_values[first:stop])


@helper
def _y_of(brightness, lightness, y):
    for x in range(y.shape[0]):
        y[x] = look_up(brightness, np.uintp(lightness[x]))


@helper
def _chromaticity(lightness, u, v, up, vp):
    for x in range(up.shape[0]):
        up[x], vp[x] = chromaticity_of_luv(np.int32(lightness[x]), np.int32(u[x]), np.int32(v[x]))


@helper
def _xz_of_luv(lightness, y, up, vp):
    """Find X and Z of 14 bits in place of ``up`` and ``vp``, as ``xz_of_luv`` does in integers.

    No number has more than 53 bits, and there are vectors for floats.
    """
    real = np.float64
    bit = real(1 / (1 << 14))
    for x in range(up.shape[0]):
        first, second, brightness = real(up[x]), real(vp[x]), real(y[x])
        light_x = np.floor(brightness * np.floor(first * second * bit) * bit)
        way = real(249600) * real(lightness[x]) - real(85) * first
        light_z = np.floor(brightness * (np.floor(second * way * bit) - real(5 * 255 << 14)) * bit)
        # Of a whole number on this one, the lower bits are those of an integer.
        narrow = np.int32(bits(light_z + real(3 << 51)))
        cut = np.int32(np.int32(narrow >> np.int32(8)) + np.int32(narrow >> np.int32(16)))
        up[x] = np.int32(min(max(light_x, real(0)), real(1 << 15)))
        vp[x] = min(max(cut, np.int32(0)), np.int32(1 << 15))


@helper
def _light_of_luv(x_row, y_row, z_row, weights, parts):
    red, green, blue = parts
    for x in range(x_row.shape[0]):
        red[x], green[x], blue[x] = _light_of_xyz((x_row[x], np.int32(y_row[x]), z_row[x]), weights)


@cpu_kernel
def bytes_of_luv(source, brightness, weights, gamma, out):
    """Convert L*u*v* bytes to RGB bytes by OpenCV's tables, which are those of ``bytes_of_lab``."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    matrix, of_lightness = flat(weights), brightness.reshape(512)
    for task in prange(parts_of(out.size, 3 * _SPAN)):
        first, stop = span(task, 3 * _SPAN, out.size)
        pixels = (stop - first) // 3
        luv_bytes, memory = np.empty((3, pixels), np.uint8), np.empty((4, pixels), np.uint16)
        wide = np.empty((2, pixels), np.int32)
        parts = memory[1], memory[2], memory[3]
        split_channels(values[first:stop], luv_bytes)
        _y_of(of_lightness, luv_bytes[0], memory[0])
        _chromaticity(luv_bytes[0], luv_bytes[1], luv_bytes[2], wide[0], wide[1])
        _xz_of_luv(luv_bytes[0], memory[0], wide[0], wide[1])
        _light_of_luv(wide[0], memory[0], wide[1], matrix, parts)
        _bytes_of_light(parts, gamma, out_values[first:stop])


@helper
def _apply_gamma(values):
    """Turn linear light into floats, in place."""
    for x in range(values.shape[0]):
        values[x] = with_gamma(values[x])


@helper
def _rgb_of_lab(lightness, a, b):
    """Convert in place to linear light."""
    for x in range(lightness.shape[0]):
        lightness[x], a[x], b[x] = rgb_of_lab(lightness[x], a[x], b[x])


@cpu_kernel
def floats_of_lab(source, out):
    """Convert L*a*b* floats to RGB floats from 0 to 1."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * _SPAN)):
        first, stop = span(task, 3 * _SPAN, out.size)
        parts = np.empty((3, (stop - first) // 3), np.float32)
        _split_three(values[first:stop], parts)
        _rgb_of_lab(parts[0], parts[1], parts[2])
        _apply_gamma(parts.reshape(parts.size))
        _join_three(parts, out_values[first:stop])


@helper
def _rgb_of_luv(lightness, u, v):
    """Convert in place to linear light."""
    for x in range(lightness.shape[0]):
        lightness[x], u[x], v[x] = rgb_of_luv(lightness[x], u[x], v[x])


@cpu_kernel
def floats_of_luv(source, out):
    """Convert L*u*v* floats to RGB floats from 0 to 1."""
    values, out_values = source.reshape(source.size), out.reshape(out.size)
    for task in prange(parts_of(out.size, 3 * _SPAN)):
        first, stop = span(task, 3 * _SPAN, out.size)
        parts = np.empty((3, (stop - first) // 3), np.float32)
        _split_three(values[first:stop], parts)
        _rgb_of_luv(parts[0], parts[1], parts[2])
        _apply_gamma(parts.reshape(parts.size))
        _join_three(parts, out_values[first:stop])
