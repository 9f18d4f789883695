"""Bicubic warps of one tile, by passes of one row each: weights, then neighbors, then their sum."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import helper
from cvkit._simd.memory import copy_4_items
from cvkit.geometry._cpu.coordinates import ACROSS_BORDER, coordinates, locate
from cvkit.geometry._math import bicubic_at, cubic_weights, rounded


class CubicBuffers(NamedTuple):
    """What a task keeps of one row: weights (axis, neighbor, value), neighbors (neighbor, value), a sum."""

    weights: Any
    neighbors: Any
    total: Any


@helper
def _fetch_pixels(source, channels, offsets, first, pixels):
    """Fetch one pixel for each offset, ``first`` values behind it; where there is none, leave what is."""
    for x in range(offsets.shape[0]):
        if offsets[x] >= 0:
            offset = np.uint64(np.uint64(offsets[x]) + np.uint64(first))
            if channels == 1:
                pixels[x] = source[offset]
            else:
                copy_4_items(source, offset, pixels, np.uint64(x * channels))


@helper
def _cubic_row(fractions, channels, weights):
    """Weigh the four neighbors of each pixel along one axis, for each of its values."""
    real = weights.dtype.type
    for x in range(fractions.shape[0]):
        first, second, third, fourth = cubic_weights(fractions[x])
        for value in range(x * channels, (x + 1) * channels):
            weights[0, value], weights[1, value] = real(first), real(second)
            weights[2, value], weights[3, value] = real(third), real(fourth)


@helper
def _add_cubic_row(before, first, second, after, weights, row_weights, total):
    """Blend four neighbors along x and add the result, weighed along y."""
    real = total.dtype.type
    before_weights, first_weights = weights[0], weights[1]
    second_weights, after_weights = weights[2], weights[3]
    for v in range(total.shape[0]):
        outer = before_weights[v] * real(before[v]) + after_weights[v] * real(after[v])
        inner = first_weights[v] * real(first[v]) + second_weights[v] * real(second[v])
        total[v] += row_weights[v] * (outer + inner)


@helper
def _round_and_store(total, limits, out):
    """Give blends as they are, or round them half to even and saturate."""
    are_integers, least, largest = limits
    for v in range(out.shape[0]):
        value = total[v]
        if are_integers:
            value = np.rint(value)
            value = value if value > least else least
            value = value if value < largest else largest
        out[v] = value


@helper
def _cubic_across_border(image, xs, ys, offsets, border, limits, out):
    """Blend the pixels whose neighbors are not all in the image, one by one."""
    channels = image.shape[2]
    for x in range(offsets.shape[0]):
        if offsets[x] >= 0:
            continue
        left, top = np.floor(xs[x]), np.floor(ys[x])
        for channel in range(channels):
            value = float(border.pixel[channel])
            if offsets[x] == ACROSS_BORDER:
                weight_x, weight_y = cubic_weights(xs[x] - left), cubic_weights(ys[x] - top)
                value = bicubic_at(image, int(top), int(left), channel, weight_x, weight_y, border)
            out[x * channels + channel] = rounded(value, limits)


@helper
def bicubic_tile(image, positions, border, bounds, buffers, cubic, limits, out_rows):
    """Blend the neighbors of the pixels within ``bounds``: top, bottom, left and right."""
    top, bottom, left, right = bounds
    channels = image.shape[2]
    flat = image.reshape(image.size)
    offsets, neighbors, total = buffers.offsets, cubic.neighbors, cubic.total
    weights_x, weights_y = cubic.weights[0], cubic.weights[1]
    for y in range(top, bottom):
        xs, ys = coordinates(positions, y, left, buffers.xs, buffers.ys)
        locate(xs, ys, image, border.mode, 4, offsets, buffers.fraction_x, buffers.fraction_y)
        _cubic_row(buffers.fraction_x, channels, weights_x)
        _cubic_row(buffers.fraction_y, channels, weights_y)
        total[:] = 0
        for row in range(4):
            for column in range(4):
                first = (row * image.shape[1] + column) * channels
                _fetch_pixels(flat, channels, offsets, first, neighbors[column])
            _add_cubic_row(
                neighbors[0], neighbors[1], neighbors[2], neighbors[3], weights_x, weights_y[row], total
            )
        out_row = out_rows[y, left * channels : right * channels]
        _round_and_store(total, limits, out_row)
        _cubic_across_border(image, xs, ys, offsets, border, limits, out_row)
