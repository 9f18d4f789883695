"""Bilateral filter on the CPU: each pair of pixels is compared once, and its weight used for both.

A task filters a tile. Row by row it compares the pixels with those that follow them in reading order, and
keeps the weights until the rows below have used them, too.
"""

from typing import NamedTuple

import numpy as np

from cvkit._border import border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import tile, tiles_of
from cvkit.filters._bilateral_math import power_of_two

# Rows and columns of a tile: its values, and the weights of as many rows as the radius, stay in the
# second-level cache.
TILE = (64, 256)


class HalfDisc(NamedTuple):
    """Offsets of the neighbors that follow a pixel in reading order, and their weights by distance."""

    down: np.ndarray
    right: np.ndarray
    weights: np.ndarray


class Scratch(NamedTuple):
    """Space for one row of a tile; ``weights`` has space for as many rows as are held, and every offset."""

    distance: np.ndarray
    weights: np.ndarray
    weight_sum: np.ndarray
    value_sum: np.ndarray


@helper
def _difference(first, second, distance):
    for x in range(distance.shape[0]):
        distance[x] = abs(first[x] - second[x])


@helper
def _add_difference(first, second, distance):
    for x in range(distance.shape[0]):
        distance[x] += abs(first[x] - second[x])


@helper
def _gaussian(distance, scale, space, weights):
    """Weights of distances; ``scale`` is the exponent of 2 for a distance of 1."""
    least = np.float32(-126)  # smaller numbers are not normal
    for x in range(weights.shape[0]):
        exponent = np.float32(np.float32(distance[x] * distance[x]) * scale)
        weights[x] = power_of_two(exponent if exponent > least else least) * space


@helper
def _gaussian_of_difference(first, second, scale, space, weights):
    """Weights of one channel, without a row of distances in between."""
    least = np.float32(-126)
    for x in range(weights.shape[0]):
        distance = np.float32(first[x] - second[x])
        exponent = np.float32(np.float32(distance * distance) * scale)
        weights[x] = power_of_two(exponent if exponent > least else least) * space


@helper
def _start(center, weight_sum, value_sum):
    """Begin with the pixels themselves, whose weight is 1."""
    for x in range(center.shape[0]):
        weight_sum[x] = 1
        value_sum[x] = center[x]


@helper
def _add_four(values, weights, weight_sum, value_sum):
    """Add four neighbors of every pixel of a row; the sums are loaded and stored once."""
    value0, value1, value2, value3 = values
    weights0, weights1, weights2, weights3 = weights
    for x in range(weight_sum.shape[0]):
        weight0, weight1, weight2, weight3 = weights0[x], weights1[x], weights2[x], weights3[x]
        weight_sum[x] = weight_sum[x] + weight0 + weight1 + weight2 + weight3
        value = value_sum[x] + value0[x] * weight0 + value1[x] * weight1
        value_sum[x] = value + value2[x] * weight2 + value3[x] * weight3


@helper
def _add_two(values, weights, weight_sum, value_sum):
    """Add two neighbors of every pixel of a row."""
    value0, value1 = values
    weights0, weights1 = weights
    for x in range(weight_sum.shape[0]):
        weight_sum[x] = weight_sum[x] + weights0[x] + weights1[x]
        value_sum[x] = value_sum[x] + value0[x] * weights0[x] + value1[x] * weights1[x]


@helper
def _round_quotients(value_sum, weight_sum, out):
    for x in range(out.shape[0]):
        out[x] = np.int32(np.rint(value_sum[x] / weight_sum[x]))


@helper
def _quotients(value_sum, weight_sum, out):
    for x in range(out.shape[0]):
        out[x] = value_sum[x] / weight_sum[x]


@helper
def _fill_tile(image, top, left, border, planes):
    """Copy part of an image to one plane a channel; rows and columns outside come from the border."""
    height, width, channels = image.shape
    for row in range(planes.shape[1]):
        y = border_index(top + row, height, border)
        for column in range(planes.shape[2]):
            x = border_index(left + column, width, border)
            for channel in range(channels):
                inside = y >= 0 and x >= 0
                planes[channel, row, column] = image[y, x, channel] if inside else 0


@helper
def _compute_weights(planes, y, disc, scale, distance, weights):
    """Weights of the pixels of one row for those that follow them at each offset."""
    channels, _, width = planes.shape
    for pair in range(disc.down.shape[0]):
        other, shift = y + disc.down[pair], disc.right[pair]
        first, last = max(0, -shift), width - max(0, shift)
        here, there = slice(first, last), slice(first + shift, last + shift)
        if channels == 1:
            _gaussian_of_difference(
                planes[0, y, here], planes[0, other, there], scale, disc.weights[pair], weights[pair, here]
            )
            continue
        distances = distance[: last - first]
        _difference(planes[0, y, here], planes[0, other, there], distances)
        for channel in range(1, channels):
            _add_difference(planes[channel, y, here], planes[channel, other, there], distances)
        _gaussian(distances, scale, disc.weights[pair], weights[pair, here])


@helper
def _sum_row(plane, y, disc, scratch):
    """Sum the neighbors of one row; those before a pixel have the weights that they were given for it."""
    _, weights, weight_sum, value_sum = scratch
    size = weight_sum.shape[0]
    slots, pairs = weights.shape[:2]
    now, radius = y % slots, slots - 1
    center = slice(radius, radius + size)
    _start(plane[y, center], weight_sum, value_sum)
    for pair in range(0, pairs, 2):
        down, right = disc.down[pair], disc.right[pair]
        before, after = (
            slice(radius - right, radius - right + size),
            slice(radius + right, radius + right + size),
        )
        values = plane[y - down, before], plane[y + down, after]
        held = weights[(y - down) % slots, pair, before], weights[now, pair, center]
        if pair + 1 == pairs:
            _add_two(values, held, weight_sum, value_sum)
            break
        down, right = disc.down[pair + 1], disc.right[pair + 1]
        before, after = (
            slice(radius - right, radius - right + size),
            slice(radius + right, radius + right + size),
        )
        _add_four(
            (*values, plane[y - down, before], plane[y + down, after]),
            (*held, weights[(y - down) % slots, pair + 1, before], weights[now, pair + 1, center]),
            weight_sum,
            value_sum,
        )


@helper
def _filter_tile(planes, disc, scale, rounded, scratch, out):
    radius = scratch.weights.shape[0] - 1
    for y in range(planes.shape[1] - radius):
        slot = scratch.weights[y % (radius + 1)]
        _compute_weights(planes, y, disc, scale, scratch.distance, slot)
        if y < radius:
            continue
        for channel in range(planes.shape[0]):
            _sum_row(planes[channel], y, disc, scratch)
            if rounded:
                _round_quotients(scratch.value_sum, scratch.weight_sum, out[y - radius, :, channel])
            else:
                _quotients(scratch.value_sum, scratch.weight_sum, out[y - radius, :, channel])


@helper
def _is_constant(planes):
    """Tell whether all values are the same; they mostly differ soon."""
    values = planes.reshape(planes.size)
    place = 1
    while place < values.size and values[place] == values[0]:
        place += 1
    return place == values.size


@cpu_kernel
def bilateral(source, scale, rounded, offsets_y, offsets_x, space, border, out):
    """Filter images; ``scale`` is the exponent of 2 of the weight of a difference of 1 in color."""
    count, height, width, channels = source.shape
    radius = offsets_y[-1]
    disc = HalfDisc(offsets_y, offsets_x, space)
    tiles = tiles_of(TILE, (height, width))
    for task in prange(count * tiles[0] * tiles[1]):
        image, top, bottom, left, right = tile(task, tiles, TILE, (height, width))
        padded = right - left + 2 * radius
        planes = np.empty((channels, bottom - top + 2 * radius, padded), space.dtype)
        scratch = Scratch(
            np.empty(padded, space.dtype),
            np.empty((radius + 1, offsets_y.shape[0], padded), space.dtype),
            np.empty(right - left, space.dtype),
            np.empty(right - left, space.dtype),
        )
        _fill_tile(source[image], top - radius, left - radius, border, planes)
        if _is_constant(planes):  # and stays so to the last bit
            out[image, top:bottom, left:right] = planes[0, 0, 0]
            continue
        _filter_tile(planes, disc, scale, rounded, scratch, out[image, top:bottom, left:right])
