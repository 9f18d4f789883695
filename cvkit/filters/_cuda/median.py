"""Median on CUDA: sorting networks for small windows, histograms for large ones of 8 bits.

For other large ones the bits of the result are searched for.
"""

import numpy as np

from cvkit._border import REPLICATE
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.filters._cuda.tiles import (
    BLOCK,
    HEIGHT,
    PITCH,
    index_of_results,
    load_tile,
    place_of,
    rows_of_results,
    threads_for,
    tiling_of,
)
from cvkit.filters._median_math import (
    insert,
    maximum,
    median_of_five_columns,
    minimum,
    sort_five,
    two_medians_of_three_rows,
)

# A tile and its margins, of windows up to 5 x 5 pixels.
SIZE = (HEIGHT + 4) * PITCH
# Rows whose sorted columns are held at a time: of float64, more would take too much memory.
HELD = 4
HELD_SIZE = 5 * HELD * PITCH

# Rows that one thread walks down with its window.
WALK = 64


@helper
def _clamp(index, size):
    return min(max(index, 0), size - 1)


@helper
def _key(bits, sign, magnitude):
    """Map bits to an unsigned number of the values' order.

    ``sign`` is the sign's bit, 0 for unsigned numbers; ``magnitude`` those bits that grow as negative numbers
    fall: a float's others.
    """
    bits = np.uint64(bits)
    return bits ^ (sign | magnitude) if bits & sign else bits | sign


@cuda_kernel
def _select(source, ksize, highest, sign, magnitude, out):
    """Find the bits of the median from the highest down: set if at most half of the window lies below."""
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    radius = ksize // 2
    key = np.uint64(0)
    bit = highest
    while bit:
        candidate = key | bit
        below = 0
        for row in range(y - radius, y + radius + 1):
            for column in range(x - radius, x + radius + 1):
                value = source[image, _clamp(row, height), _clamp(column, width), channel]
                if _key(value, sign, magnitude) < candidate:
                    below += 1
        if below <= ksize * ksize // 2:
            key = candidate
        bit >>= np.uint64(1)
    # The highest bit of a key is the opposite of the sign; of unsigned numbers there is nothing to undo.
    if sign and not key & sign:
        out[image, y, x, channel] = key ^ (sign | magnitude)
    else:
        out[image, y, x, channel] = key & ~sign


@helper
def _shift_count(coarse, fine, value, change):
    coarse[value >> 4] += change
    fine[value] += change


@cuda_kernel
def _walk(source, ksize, out):
    """Walk windows down a strip of rows, each with a histogram of two levels."""
    position, strip, image = cuda.grid(3)
    count, height, width, channels = source.shape
    top = strip * WALK
    if image >= count or top >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    radius, half = ksize // 2, ksize * ksize // 2
    coarse = cuda.local.array(16, np.int32)
    fine = cuda.local.array(256, np.int32)
    for segment in range(16):
        coarse[segment] = 0
    for value in range(256):
        fine[value] = 0
    for row in range(top - radius - 1, top + radius):
        for column in range(x - radius, x + radius + 1):
            value = source[image, _clamp(row, height), _clamp(column, width), channel]
            _shift_count(coarse, fine, value, 1)
    for y in range(top, min(top + WALK, height)):
        entering, leaving = _clamp(y + radius, height), _clamp(y - radius - 1, height)
        for column in range(x - radius, x + radius + 1):
            inside = _clamp(column, width)
            _shift_count(coarse, fine, source[image, entering, inside, channel], 1)
            _shift_count(coarse, fine, source[image, leaving, inside, channel], -1)
        segment, below = 0, 0
        while below + coarse[segment] <= half:
            below += coarse[segment]
            segment += 1
        value = segment * 16
        while below + fine[value] <= half:
            below += fine[value]
            value += 1
        out[image, y, x, channel] = value


@helper
def _sort_three(tile, place, step):
    """Sort three values of a row that are ``step`` apart."""
    first, second = tile[place], tile[place + step]
    return insert(minimum(first, second), maximum(first, second), tile[place + step + step])


@cuda_kernel(block=BLOCK, is_block_fixed=True)
def _sort_rows(source, tiling, out):
    """Find medians of 3 x 3 pixels, two at a time, which share two sorted rows."""
    tile = cuda.shared.array(SIZE, source.dtype)
    place = place_of(cuda.blockIdx.x, cuda.threadIdx.x, tiling)
    load_tile(source, place, tiling, REPLICATE, source.dtype.type(0), tile)
    cuda.syncthreads()
    rows = rows_of_results(place, tiling, out.shape)
    index, length = index_of_results(place, out.shape), np.uintp(out.shape[2] * out.shape[3])
    column, step = np.uintp(place.column), np.uintp(source.shape[3])
    above = _sort_three(tile, column, step)
    upper = _sort_three(tile, column + np.uintp(PITCH), step)
    row = 0
    while row < rows:
        column += np.uintp(2 * PITCH)
        lower = _sort_three(tile, column, step)
        below = _sort_three(tile, column + np.uintp(PITCH), step)
        first, second = two_medians_of_three_rows(above, upper, lower, below)
        out.flat[index] = first
        if row + 1 < rows:
            out.flat[index + length] = second
        above, upper = lower, below
        row += 2
        index += length + length


@helper
def _five(values, place, step):
    """Return five values that are ``step`` apart."""
    third = place + step + step
    fifth = third + step + step
    return values[place], values[place + step], values[third], values[third + step], values[fifth]


@helper
def _sort_column(tile, place, held, target):
    """Sort five values of a column of a tile."""
    pitch = np.uintp(PITCH)
    first, second, third, fourth, fifth = sort_five(_five(tile, place, pitch))
    held[target] = first
    held[target + pitch] = second
    held[target + np.uintp(2 * PITCH)] = third
    held[target + np.uintp(3 * PITCH)] = fourth
    held[target + np.uintp(4 * PITCH)] = fifth


@helper
def _median_of_columns(held, place, step):
    """Return the median of five sorted columns that are ``step`` apart."""
    return median_of_five_columns(
        _five(held, place, step),
        _five(held, place + np.uintp(PITCH), step),
        _five(held, place + np.uintp(2 * PITCH), step),
        _five(held, place + np.uintp(3 * PITCH), step),
        _five(held, place + np.uintp(4 * PITCH), step),
    )


@cuda_kernel(block=BLOCK, is_block_fixed=True)
def _sort_columns_and_rows(source, tiling, out):
    """Find medians of 5 x 5 pixels; threads share the columns that they have sorted."""
    tile = cuda.shared.array(SIZE, source.dtype)
    held = cuda.shared.array(HELD_SIZE, source.dtype)
    place = place_of(cuda.blockIdx.x, cuda.threadIdx.x, tiling)
    load_tile(source, place, tiling, REPLICATE, source.dtype.type(0), tile)
    rows = rows_of_results(place, tiling, out.shape)
    index, length = index_of_results(place, out.shape), np.uintp(out.shape[2] * out.shape[3])
    column, step = np.uintp(place.column), np.uintp(source.shape[3])
    first = 0
    while first < min(HEIGHT, out.shape[1] - place.top):
        for row in range(HELD):
            _sort_column(
                tile, column + np.uintp((first + row) * PITCH), held, column + np.uintp(5 * row * PITCH)
            )
        cuda.syncthreads()
        row = 0
        while row < min(HELD, rows - first):
            out.flat[index] = _median_of_columns(held, column + np.uintp(5 * row * PITCH), step)
            row += 1
            index += length
        cuda.syncthreads()
        first += HELD


def _search(source, ksize, out):
    count, height, width, channels = source.shape
    bits = 8 * source.dtype.itemsize
    highest = np.uint64(1 << (bits - 1))
    sign = np.uint64(0) if source.dtype.kind == "u" else highest
    magnitude = highest - np.uint64(1) if source.dtype.kind == "f" else np.uint64(0)
    unsigned = np.dtype(f"u{source.dtype.itemsize}")
    source, target = source.view(unsigned), out.view(unsigned)
    _select[count, height, width * channels](source, ksize, highest, sign, magnitude, target)


def median_3(source, out):
    """Median of 3 x 3 pixels."""
    tiling = tiling_of(source, 1, 1)
    _sort_rows[threads_for(source, tiling)](source, tiling, out)


def median_5(source, out):
    """Median of 5 x 5 pixels."""
    tiling = tiling_of(source, 2, 2)
    _sort_columns_and_rows[threads_for(source, tiling)](source, tiling, out)


def median_histogram(source, ksize, out):
    """Median of ``ksize`` x ``ksize`` pixels of 8 bits, in time that grows with ``ksize``."""
    count, height, width, channels = source.shape
    _walk[count, -(-height // WALK), width * channels](source, ksize, out)


def median_ranks(source, ksize, out):
    """Median of ``ksize`` x ``ksize`` pixels of any dtype, in time that grows with its square."""
    _search(source, ksize, out)
