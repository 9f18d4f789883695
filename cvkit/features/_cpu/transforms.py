"""Sums of products by Fourier transforms of blocks, two blocks as real and imaginary part of one.

Forward transforms leave frequencies in the order in which they find them, and backward ones take them so.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_rows
from cvkit._tiles import parts_of
from cvkit.features._cpu.butterflies import join_four, part_four

# Columns that are transformed together: all rows of these stay in the first cache.
SLAB = 64
# What rows are longer than a power of two, which would all share few places of a cache.
GAP = 16
# Rows and columns that are transposed at once.
SQUARE = 16


@helper
def _add_and_subtract(first, second):
    for x in range(first.shape[0]):
        difference = first[x] - second[x]
        first[x] += second[x]
        second[x] = difference


@helper
def _pair_up(part, left):
    for row in range(0, part.shape[0], 2):
        _add_and_subtract(part[row, left : left + SLAB], part[row + 1, left : left + SLAB])


@helper
def _transform(real, imaginary, factors):
    """Transform all columns."""
    size, stride = real.shape
    reals, imaginaries, table = real.reshape(-1), imaginary.reshape(-1), factors.reshape(-1)
    for left in range(0, stride - GAP, SLAB):
        length = size
        while length >= 4:
            quarter = length // 4
            for turn in range(quarter):
                place = np.intp(6 * turn * (size // length))
                for row in range(turn, size, length):
                    start, step = np.intp(row * stride + left), np.intp(quarter * stride)
                    part_four(reals, imaginaries, start, step, table, place, np.intp(SLAB))
            length = quarter
        if length == 2:
            _pair_up(real, left)
            _pair_up(imaginary, left)


@helper
def _transform_back(real, imaginary, factors):
    size, stride = real.shape
    reals, imaginaries, table = real.reshape(-1), imaginary.reshape(-1), factors.reshape(-1)
    shortest = 4
    while shortest < size:
        shortest *= 4
    shortest = 4 if shortest == size else 8
    for left in range(0, stride - GAP, SLAB):
        if shortest == 8:
            _pair_up(real, left)
            _pair_up(imaginary, left)
        length = shortest
        while length <= size:
            quarter = length // 4
            for turn in range(quarter):
                place = np.intp(6 * turn * (size // length))
                for row in range(turn, size, length):
                    start, step = np.intp(row * stride + left), np.intp(quarter * stride)
                    join_four(reals, imaginaries, start, step, table, place, np.intp(SLAB))
            length *= 4


@helper
def _transpose(block, out):
    for top in range(0, out.shape[1] - GAP, SQUARE):
        for left in range(0, out.shape[0], SQUARE):
            for x in range(SQUARE):
                for y in range(SQUARE):
                    out[left + x, top + y] = block[top + y, left + x]


@helper
def _add_products(real, imaginary, weights, turned, out, out_imaginary):
    """Add products of a row with the conjugate of a spectrum's."""
    for x in range(weights.shape[0]):
        out[x] += real[x] * weights[x] + imaginary[x] * turned[x]
        out_imaginary[x] += imaginary[x] * weights[x] - real[x] * turned[x]


class _Scratch(NamedTuple):
    """A pair of blocks, its spectra by channel, and the spectrum of a result; real and imaginary parts."""

    block: Any
    spectra: Any
    products: Any


@helper
def _read(plane, place, shape, block):
    top, left = place
    high, wide = min(shape[0], plane.shape[0] - top), min(shape[1], plane.shape[1] - left)
    block[:] = 0
    copy_rows(plane[top:, left:], block[:high, :wide])


@helper
def _write(block, place, step, out):
    top, left = place
    high, wide = min(step[0], out.shape[0] - top), min(step[1], out.shape[1] - left)
    copy_rows(block, out[top : top + high, left : left + wide])


@helper
def _correlate_pair(planes, spectra, factors, places, step, scratch, out):
    block, found, products = scratch.block, scratch.spectra, scratch.products
    shape = spectra.shape[4], spectra.shape[3]
    for channel in range(planes.shape[0]):
        for part in range(2):
            _read(planes[channel], places[part], shape, block[part])
        _transform(block[0], block[1], factors[0])
        for part in range(2):
            _transpose(block[part], found[channel, part])
        _transform(found[channel, 0], found[channel, 1], factors[1])
    for kind in range(out.shape[0]):
        products[:] = 0
        for channel in range(planes.shape[0]):
            real, imaginary = found[channel, 0], found[channel, 1]
            weights, turned = spectra[0, kind, channel], spectra[1, kind, channel]
            for row in range(shape[1]):
                target = products[0, row], products[1, row]
                _add_products(real[row], imaginary[row], weights[row], turned[row], *target)
        _transform_back(products[0], products[1], factors[1])
        for part in range(2):
            _transpose(products[part], block[part])
        _transform_back(block[0], block[1], factors[0])
        for part in range(2):
            _write(block[part], places[part], step, out[kind])


@cpu_kernel
def correlate_blocks(planes, spectra, factors, step, out):
    """Sum products of all windows, ``step`` of them in a block, by spectra of the weights.

    Spectra are (2, kinds, planes, columns, rows), the real parts first, in the order of the transforms.
    """
    count, _, height, width = out.shape
    rows, columns = parts_of(height, step[0]), parts_of(width, step[1])
    pairs = parts_of(rows * columns, 2)
    channels, wide, high = spectra.shape[2:]
    for task in prange(count * pairs):
        image, first = task // pairs, task % pairs * 2
        second = min(first + 1, rows * columns - 1)
        places = (
            (first // columns * step[0], first % columns * step[1]),
            (second // columns * step[0], second % columns * step[1]),
        )
        scratch = _Scratch(
            np.empty((2, high, wide + GAP), np.float32),
            np.empty((channels, 2, wide, high + GAP), np.float32),
            np.empty((2, wide, high + GAP), np.float32),
        )
        _correlate_pair(planes[image], spectra, factors, places, step, scratch, out[image])
