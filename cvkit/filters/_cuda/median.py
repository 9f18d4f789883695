"""Median on CUDA: a search over the bits of the result, and histograms for large windows of 8 bits."""

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel

# Rows that one thread walks down with its window.
WALK = 64


@helper
def _clamp(index, size):
    return min(max(index, 0), size - 1)


@helper
def _key(bits, sign):
    """Map bits to an unsigned number of the values' order; ``sign`` is a float's sign bit, 0 for integers."""
    bits = np.uint64(bits)
    if bits & sign:
        return ~bits & (sign | (sign - np.uint64(1)))
    return bits | sign


@cuda_kernel
def _select(source, ksize, highest, sign, out):
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
                if _key(value, sign) < candidate:
                    below += 1
        if below <= ksize * ksize // 2:
            key = candidate
        bit >>= np.uint64(1)
    # The highest bit of a float's key is the opposite of its sign; of an integer there is nothing to undo.
    if sign and not key & sign:
        out[image, y, x, channel] = ~key & (sign | (sign - np.uint64(1)))
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


def _search(source, ksize, out):
    count, height, width, channels = source.shape
    bits = 8 * source.dtype.itemsize
    highest = np.uint64(1 << (bits - 1))
    sign = highest if source.dtype.kind == "f" else np.uint64(0)
    unsigned = np.dtype(f"u{source.dtype.itemsize}")
    _select[count, height, width * channels](source.view(unsigned), ksize, highest, sign, out.view(unsigned))


def median_3(source, out):
    """Median of 3 x 3 pixels."""
    _search(source, 3, out)


def median_5(source, out):
    """Median of 5 x 5 pixels."""
    _search(source, 5, out)


def median_histogram(source, ksize, out):
    """Median of ``ksize`` x ``ksize`` pixels of 8 bits, in time that grows with ``ksize``."""
    count, height, width, channels = source.shape
    _walk[count, -(-height // WALK), width * channels](source, ksize, out)


def median_ranks(source, ksize, out):
    """Median of ``ksize`` x ``ksize`` pixels of any dtype, in time that grows with its square."""
    _search(source, ksize, out)
