"""Comparisons of two images on the CPU: sums of squared differences, and structural similarity by tiles."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import REFLECT, border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import span, tile, tiles_of
from cvkit.filters._math import holds_integers
from cvkit.intensity._math import similarity

# Rows and columns of one task: its sums stay in the first-level cache, what they are made of in the second.
TILE = (64, 256)
# Of two images: their values, the sum of the squares of both, and the product.
FIELDS = 4
# Partial sums of floats; the compiler would take as many as a vector of this processor has.
LANES = 16


@helper
def _squares_of_bytes(a, b):
    total = np.uint32(0)
    for x in range(a.shape[0]):
        difference = np.int32(np.int32(a[x]) - np.int32(b[x]))
        total = np.uint32(total + np.uint32(difference * difference))
    return total


@helper
def _squares_of_words(a, b):
    total = np.uint64(0)
    for x in range(a.shape[0]):
        difference = np.int64(a[x]) - np.int64(b[x])
        total += np.uint64(difference * difference)
    return total


@helper
def _sum_of_lanes(lanes):
    total = 0.0
    for lane in range(LANES):
        total += lanes[lane]
    return total


@helper
def _squares_of_floats(a, b, lanes):
    """Sum in the same lanes on every processor: another order would have other last bits."""
    for lane in range(LANES):
        lanes[lane] = 0.0
    whole = a.shape[0] // LANES * LANES
    for start in range(0, whole, LANES):
        for lane in range(LANES):
            difference = np.float64(a[start + lane]) - np.float64(b[start + lane])
            lanes[lane] += difference * difference
    for x in range(whole, a.shape[0]):
        difference = np.float64(a[x]) - np.float64(b[x])
        lanes[x - whole] += difference * difference
    return _sum_of_lanes(lanes)


@cpu_kernel
def sum_squared_differences(a, b, size, sums):
    """Sum over each part of ``size``, at most 2**16, of each row; ``sums`` is (N, parts)."""
    count, parts = sums.shape
    for task in prange(count * parts):
        row, part = task // parts, task % parts
        first, stop = span(part, size, a.shape[1])
        lanes = np.empty(LANES, np.float64)
        if not holds_integers(a):
            sums[row, part] = _squares_of_floats(a[row][first:stop], b[row][first:stop], lanes)
        elif a.itemsize == 1:
            sums[row, part] = _squares_of_bytes(a[row][first:stop], b[row][first:stop])
        else:
            sums[row, part] = _squares_of_words(a[row][first:stop], b[row][first:stop])


class _Pair(NamedTuple):
    """Rows of two images, flat, and the columns of a tile with those around it."""

    a: Any
    b: Any
    channels: int
    left: int  # may lie before the image


@helper
def _load_row(row, channels, left, values):
    """Copy a part of a row that begins ``left`` pixels into it, before and behind the image reflected."""
    width, columns = row.shape[0] // channels, values.shape[0] // channels
    begin, end = min(max(-left, 0), columns), max(min(width - left, columns), 0)
    copy_row(row[(left + begin) * channels :], values[begin * channels : end * channels])
    for x in range(columns):
        if x < begin or x >= end:
            column = border_index(left + x, width, REFLECT)
            for channel in range(channels):
                values[x * channels + channel] = row[column * channels + channel]


@helper
def _load(pair, y, fields):
    """Fill the fields of a row of the tile, which may lie beyond the image."""
    row = border_index(y, pair.a.shape[0], REFLECT)
    _load_row(pair.a[row], pair.channels, pair.left, fields[0])
    _load_row(pair.b[row], pair.channels, pair.left, fields[1])
    _multiply(fields[0], fields[1], fields[2], fields[3])


@helper
def _multiply(a, b, squares, products):
    for x in range(a.shape[0]):
        squares[x] = a[x] * a[x] + b[x] * b[x]
        products[x] = a[x] * b[x]


@helper
def _weigh(row, weight, total):
    for x in range(total.shape[0]):
        total[x] = row[x] * weight


@helper
def _add_both(before, after, weight, total):
    for x in range(total.shape[0]):
        total[x] += (before[x] + after[x]) * weight


@helper
def _sum_columns(ring, first, weights, total):
    """Sum the rows of a ring down, from the one at ``first`` on, for one field; weights are symmetric."""
    size = weights.shape[0]
    _weigh(ring[(first + size // 2) % size], weights[size // 2], total)
    for tap in range(size // 2):
        before, after = ring[(first + tap) % size], ring[(first + size - 1 - tap) % size]
        _add_both(before, after, weights[tap], total)


@helper
def _sum_row(column, channels, weights, total):
    size, length = weights.shape[0], total.shape[0]
    middle = size // 2 * channels
    _weigh(column[middle : middle + length], weights[size // 2], total)
    for tap in range(size // 2):
        before, after = tap * channels, (size - 1 - tap) * channels
        _add_both(column[before : before + length], column[after : after + length], weights[tap], total)


@helper
def _compare(means_a, means_b, squares, products, constants, out):
    for x in range(out.shape[0]):
        mean_a, mean_b = means_a[x], means_b[x]
        variances = squares[x] - mean_a * mean_a - mean_b * mean_b
        out[x] = similarity(mean_a, mean_b, variances, products[x] - mean_a * mean_b, constants)


@helper
def _compare_tile(pair, weights, constants, bounds, scratch, out):
    """Compare the rows of a tile; ``scratch`` is a ring of rows, their sums down and along."""
    ring, column, total = scratch
    size, channels = weights.shape[0], pair.channels
    top, bottom, left, right = bounds
    for y in range(top - size // 2, top + size // 2):
        _load(pair, y, ring[:, (y + size) % size])
    for y in range(top, bottom):
        entering = y + size // 2
        _load(pair, entering, ring[:, (entering + size) % size])
        for field in range(FIELDS):
            _sum_columns(ring[field], (y - size // 2 + size) % size, weights, column[field])
            _sum_row(column[field], channels, weights, total[field])
        row = out[y, left * channels : right * channels]
        _compare(total[0], total[1], total[2], total[3], constants, row)


@cpu_kernel
def structural_similarity(a, b, weights, constants, out):
    """Compare the windows around each value, weighted by an odd number of ``weights`` along both axes."""
    count, height, width, channels = a.shape
    a_rows, b_rows = (
        a.reshape(count, height, width * channels),
        b.reshape(count, height, width * channels),
    )
    out_rows = out.reshape(count, height, width * channels)
    size = weights.shape[0]
    tiles = tiles_of(TILE, (height, width))
    for task in prange(count * tiles[0] * tiles[1]):
        image, top, bottom, left, right = tile(task, tiles, TILE, (height, width))
        length = (right - left) * channels
        wide = length + (size - 1) * channels
        scratch = (
            np.empty((FIELDS, size, wide), np.float64),
            np.empty((FIELDS, wide), np.float64),
            np.empty((FIELDS, length), np.float64),
        )
        pair = _Pair(a_rows[image], b_rows[image], channels, left - size // 2)
        _compare_tile(pair, weights, constants, (top, bottom, left, right), scratch, out_rows[image])


@helper
def _sum(values, lanes):
    """Sum in the same lanes on every processor, as squares of differences are."""
    for lane in range(LANES):
        lanes[lane] = 0.0
    whole = values.shape[0] // LANES * LANES
    for start in range(0, whole, LANES):
        for lane in range(LANES):
            lanes[lane] += values[start + lane]
    for x in range(whole, values.shape[0]):
        lanes[x - whole] += values[x]
    return _sum_of_lanes(lanes)


@cpu_kernel
def sum_rows(values, margin, sums):
    """Sum each row of each image without ``margin`` pixels at both ends; ``sums`` is (N, H)."""
    count, height, width, channels = values.shape
    rows = values.reshape(count * height, width * channels)
    for task in prange(count * height):
        inner = rows[task][margin * channels : (width - margin) * channels]
        lanes = np.empty(LANES, np.float64)
        sums[task // height, task % height] = _sum(inner, lanes)
