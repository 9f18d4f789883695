"""Kernels of two dimensions on CUDA: over tiles, and one thread for each value where they are too large."""

import math

import numpy as np

from cvkit._border import border_index
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.filters._cuda.tiles import (
    BLOCK,
    HEIGHT,
    PITCH,
    SIZE,
    add_taps,
    clear,
    has_results,
    load_tile,
    place_of,
    reach_of,
    store_rounded,
    taps_of_tiles,
    threads_for,
    tiling_of,
)
from cvkit.filters._math import rounded


@cuda_kernel(block=BLOCK, is_block_fixed=True)
def _correlate_tiles(source, taps, tiling, border, border_value, rounding, out):
    tile = cuda.shared.array(SIZE, source.dtype)
    totals = cuda.local.array(HEIGHT, taps.weights.dtype)
    place = place_of(cuda.blockIdx.x, cuda.threadIdx.x, tiling)
    load_tile(source, place, tiling, border, border_value, tile)
    cuda.syncthreads()
    if has_results(place, tiling):
        clear(totals)
        add_taps(tile, place.column, taps, taps.ends[0], taps.ends[1], totals)
        store_rounded(totals, rounding, place, tiling, out)


@cuda_kernel
def _correlate(source, y_offsets, x_offsets, weights, border, border_value, rounding, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = weights.dtype.type
    total = number(0)
    for tap in range(weights.shape[0]):
        row = border_index(y + y_offsets[tap], height, border)
        column = border_index(x + x_offsets[tap], width, border)
        value = border_value if row < 0 or column < 0 else source[image, row, column, channel]
        total = number(total + number(number(value) * weights[tap]))
    out[image, y, x, channel] = rounded(total, rounding)


def _tiling_of(source, taps):
    return tiling_of(source, reach_of(taps.y_offsets), reach_of(taps.x_offsets))


def _in_tiles(taps, tiling, source):
    """Return taps of one kernel or several as those of a thread's first result."""
    places = (taps.y_offsets + tiling.reach) * PITCH + taps.x_offsets * source.shape[3] + tiling.margin
    kernels = taps.weights.size // len(places)
    return taps_of_tiles(np.tile(places, kernels), taps.weights.ravel(), np.arange(kernels + 1) * len(places))


def correlate(source, taps, border, border_value, rounding, out):
    """Filter by taps anywhere around a pixel."""
    tiling = _tiling_of(source, taps)
    if tiling is not None:
        _correlate_tiles[threads_for(source, tiling)](
            source, _in_tiles(taps, tiling, source), tiling, border, border_value, rounding, out
        )
        return
    count, height, width, channels = source.shape
    threads = (count, height, width * channels)
    _correlate[threads](source, *taps, border, border_value, rounding, out)


@cuda_kernel(block=BLOCK, is_block_fixed=True)
def _add_magnitude_tiles(source, taps, tiling, border, border_value, shares, rounding, out):
    tile = cuda.shared.array(SIZE, source.dtype)
    slopes = cuda.local.array(HEIGHT, taps.weights.dtype)
    squares = cuda.local.array(HEIGHT, taps.weights.dtype)
    number = taps.weights.dtype.type
    place = place_of(cuda.blockIdx.x, cuda.threadIdx.x, tiling)
    load_tile(source, place, tiling, border, border_value, tile)
    cuda.syncthreads()
    if not has_results(place, tiling):
        return
    clear(squares)
    direction = np.uintp(0)
    while direction < np.uintp(taps.ends.shape[0] - 1):
        following = direction + np.uintp(1)
        clear(slopes)
        add_taps(tile, place.column, taps, taps.ends[direction], taps.ends[following], slopes)
        for row in range(HEIGHT):
            squares[row] += slopes[row] * slopes[row]
        direction = following
    here = np.uintp(tiling.reach * PITCH + tiling.margin + place.column)
    for row in range(HEIGHT):
        value = number(tile[here + np.uintp(row * PITCH)])
        squares[row] = value * shares[0] + number(math.sqrt(squares[row])) * shares[1]
    store_rounded(squares, rounding, place, tiling, out)


def add_magnitude(source, taps, border, border_value, shares, rounding, out):
    """Add shares of the image and of the root of the squares of two correlations."""
    tiling = _tiling_of(source, taps)  # kernels of 3 x 3 pixels have room
    _add_magnitude_tiles[threads_for(source, tiling)](
        source, _in_tiles(taps, tiling, source), tiling, border, border_value, shares, rounding, out
    )
