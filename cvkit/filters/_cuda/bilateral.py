"""Bilateral filter on CUDA: over tiles, and one thread for each value where discs are larger than they."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import border_index
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit._simd.numbers import nearest
from cvkit.filters._bilateral_math import power_of_two
from cvkit.filters._cuda.tiles import (
    BLOCK,
    HEIGHT,
    PITCH,
    SIZE,
    load_tile,
    place_of,
    threads_for,
    tiling_of,
)


class _Sums(NamedTuple):
    """Of a pixel's neighbors: their weights, weighted values of up to four channels, and if any differs."""

    weight: Any
    value0: Any
    value1: Any
    value2: Any
    value3: Any
    differs: Any


@helper
def _add_neighbor(tile, here, there, channels, scale, space, sums):
    """Add a neighbor of the pixel at ``here`` in the tile."""
    real = type(scale)
    value0 = real(tile[there])
    value1 = value2 = value3 = real(0)
    distance = abs(value0 - real(tile[here]))
    if channels > 1:
        value1 = real(tile[there + np.uintp(1)])
        distance += abs(value1 - real(tile[here + np.uintp(1)]))
        if channels > 2:
            value2 = real(tile[there + np.uintp(2)])
            distance += abs(value2 - real(tile[here + np.uintp(2)]))
            if channels > 3:
                value3 = real(tile[there + np.uintp(3)])
                distance += abs(value3 - real(tile[here + np.uintp(3)]))
    weight = power_of_two(max(distance * distance * scale, np.float32(-126))) * space
    return _Sums(
        sums.weight + weight,
        sums.value0 + value0 * weight,
        sums.value1 + value1 * weight,
        sums.value2 + value2 * weight,
        sums.value3 + value3 * weight,
        sums.differs or distance > 0,
    )


@helper
def _filter_pixel(tile, here, channels, scale, distances, space):
    """Return the sums for a pixel; its neighbors, in pairs, are ``distances`` before and behind it."""
    real = type(scale)
    zero = real(0)
    value1 = value2 = value3 = zero
    if channels > 1:
        value1 = real(tile[here + np.uintp(1)])
    if channels > 2:
        value2 = real(tile[here + np.uintp(2)])
    if channels > 3:
        value3 = real(tile[here + np.uintp(3)])
    sums = _Sums(real(1), real(tile[here]), value1, value2, value3, False)
    pair = np.uintp(0)
    while pair < np.uintp(distances.shape[0]):  # in the order of the CPU twin
        distance, weight = distances[pair], space[pair]
        sums = _add_neighbor(tile, here, here - distance, channels, scale, weight, sums)
        sums = _add_neighbor(tile, here, here + distance, channels, scale, weight, sums)
        pair += np.uintp(1)
    return sums


@helper
def _store_mean(total, value, sums, rounded, index, out):
    # What is constant stays so to the last bit.
    mean = total / sums.weight if sums.differs else value
    out.flat[index] = type(total)(nearest(mean)) if rounded else mean


@cuda_kernel(block=BLOCK, is_block_fixed=True)
def _filter_tiles(source, scale, rounded, tiling, distances, space, border, out):
    tile = cuda.shared.array(SIZE, source.dtype)
    real = space.dtype.type
    place = place_of(cuda.blockIdx.x, cuda.threadIdx.x, tiling)
    load_tile(source, place, tiling, border, source.dtype.type(0), tile)
    cuda.syncthreads()
    _, height, width, channels = source.shape
    first = place.column * channels
    if first >= min(PITCH - 2 * tiling.margin, width * channels - place.left):
        return
    here = np.uintp(tiling.reach * PITCH + tiling.margin + first)
    index = np.uintp((place.image * height + place.top) * width * channels + place.left + first)
    row = 0
    while row < min(HEIGHT, height - place.top):
        sums = _filter_pixel(tile, here, channels, scale, distances, space)
        _store_mean(sums.value0, real(tile[here]), sums, rounded, index, out)
        if channels > 1:
            second = np.uintp(1)
            _store_mean(sums.value1, real(tile[here + second]), sums, rounded, index + second, out)
        if channels > 2:
            third = np.uintp(2)
            _store_mean(sums.value2, real(tile[here + third]), sums, rounded, index + third, out)
        if channels > 3:
            fourth = np.uintp(3)
            _store_mean(sums.value3, real(tile[here + fourth]), sums, rounded, index + fourth, out)
        row += 1
        here += np.uintp(PITCH)
        index += np.uintp(width * channels)


@cuda_kernel
def _bilateral(source, scale, rounded, offsets_y, offsets_x, space, border, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    real = space.dtype.type
    least = np.float32(-126)
    weight_sum = real(1)
    value_sum = real(source[image, y, x, channel])
    differs = False
    for neighbor in range(2 * offsets_y.shape[0]):
        pair, opposite = divmod(neighbor, 2)
        sign = 2 * opposite - 1  # summed in the order of the CPU twin
        row = border_index(y + sign * offsets_y[pair], height, border)
        column = border_index(x + sign * offsets_x[pair], width, border)
        inside = row >= 0 and column >= 0
        distance = real(0)
        value = real(0)
        for other in range(channels):
            there = real(source[image, row, column, other]) if inside else real(0)
            distance += abs(there - real(source[image, y, x, other]))
            if other == channel:
                value = there
        differs |= distance > 0
        exponent = max(distance * distance * scale, least)
        weight = power_of_two(exponent) * space[pair]
        weight_sum += weight
        value_sum += value * weight
    # What is constant stays so to the last bit.
    mean = value_sum / weight_sum if differs else real(source[image, y, x, channel])
    out[image, y, x, channel] = real(nearest(mean)) if rounded else mean


def bilateral(source, scale, rounded, offsets_y, offsets_x, space, border, out):
    """Filter images; ``scale`` is the exponent of 2 of the weight of a difference of 1 in color."""
    radius = int(offsets_y.max())
    tiling = tiling_of(source, radius, radius, has_whole_pixels=True)
    if tiling is not None:
        distances = (offsets_y * PITCH + offsets_x * source.shape[3]).astype(np.uintp)
        _filter_tiles[threads_for(source, tiling)](
            source, scale, rounded, tiling, distances, space, border, out
        )
        return
    count, height, width, channels = source.shape
    _bilateral[count, height, width * channels](
        source, scale, rounded, offsets_y, offsets_x, space, border, out
    )
