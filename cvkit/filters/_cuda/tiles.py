"""Tiles: what a block of threads reads of an image, in memory that its threads share.

A thread has a column of a tile. First it loads that, with the values around the tile's results: borders are
dealt with then, and what follows knows none. Then it makes results, HEIGHT of them, one below the other. The
rows of a tile are a fixed number of values apart, so that what lies below an address is a constant away.
Windows that are larger than a tile has room for take a slower way.

Values are numbered from the first of the first image by one unsigned number of 64 bits. It is multiplied out
once for each column of a tile; so there is no image for which it is too short, and none for which Python's
negative indices have to be told apart.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import border_index
from cvkit._jit import helper
from cvkit._tiles import parts_of
from cvkit.filters._math import FixedPoint, HighWord, Quotient, rounded

# Values of a row of a tile, as many as a block has threads, and rows of results. With fewer results in a row
# too many threads only load.
PITCH, HEIGHT = 128, 16
FEWEST = 32
BLOCK = (PITCH,)

# Rows on either side of the results. A tile of float32, with sums down its columns in float64, takes less
# than the 48 KiB that a block may have.
LARGEST_REACH = 13
SIZE = (HEIGHT + 2 * LARGEST_REACH) * PITCH
RESULTS = HEIGHT * PITCH


class Taps(NamedTuple):
    """Taps of a thread's first result.

    Attributes
    ----------
    places : array
        Where they are in a tile, from the thread's column on.
    weights : array
        What they count.
    ends : array
        0, and for each term the number of its taps and those of the terms before it.
    """

    places: Any
    weights: Any
    ends: Any


def taps_of_tiles(places, weights, ends):
    """Make taps, in the lanes that a GPU has: what fits into sums of 16 bits fits into 32 as well."""
    if weights.dtype.kind != "f" and weights.dtype.itemsize == 2:
        weights = weights.astype(f"{weights.dtype.kind}4")
    return Taps(places.astype(np.uintp), weights, ends)


def rounding_in_wide_lanes(rounding):
    """Return a rounding of sums of up to 32 bits that takes fewer instructions, if there is one."""
    if isinstance(rounding, Quotient):
        return HighWord(np.uint32(rounding.half), np.uint32(int(rounding.factor) << 16 - int(rounding.bits)))
    if isinstance(rounding, FixedPoint) and rounding.half.itemsize <= 4 and rounding.bits:
        return HighWord(np.uint32(rounding.half), np.uint32(1 << 32 - int(rounding.bits)))
    return rounding


def reach_of(offsets):
    """Return how far taps reach."""
    return int(max(offsets.max(), -offsets.min()))


class Tiling(NamedTuple):
    """How images are covered.

    Attributes
    ----------
    strips, columns : int
        How many tiles cover an image from top to bottom and from left to right.
    reach, margin : int
        How many rows, and values along the rows, a tile has on either side of its results.
    """

    strips: Any
    columns: Any
    reach: Any
    margin: Any


def tiling_of(source, reach_y, reach_x, *, has_columns=False, has_whole_pixels=False):
    """Cover images by tiles that reach so many pixels beyond their results; None where these have no room.

    ``has_columns`` tells whether there are sums of columns beside the tile, and ``has_whole_pixels`` whether
    all channels of a pixel are in one tile.
    """
    _, height, width, channels = source.shape
    margin = reach_x * channels
    while has_whole_pixels and (PITCH - 2 * margin) % channels:
        margin += 1
    if PITCH - 2 * margin < FEWEST or reach_y > LARGEST_REACH or (has_columns and source.dtype.itemsize > 4):
        return None
    columns = parts_of(width * channels, PITCH - 2 * margin)
    return Tiling(np.uint32(parts_of(height, HEIGHT)), np.uint32(columns), reach_y, margin)


def threads_for(source, tiling):
    """Return how many threads images take, in blocks of one tile."""
    return len(source) * int(tiling.strips) * int(tiling.columns) * PITCH


class Place(NamedTuple):
    """Where a thread works.

    Attributes
    ----------
    image, top, left : int
        The image of its block's tile, the first row of results and the first value there.
    column : int
        The thread's column of the tile, and of the results if there are as many.
    """

    image: Any
    top: Any
    left: Any
    column: Any


@helper
def place_of(block, thread, tiling):
    """Return where a thread of a block works."""
    strip = np.uint32(np.uint32(block) // tiling.columns)
    image = np.uint32(strip // tiling.strips)
    left = np.uint32(np.uint32(block) - np.uint32(strip * tiling.columns))
    top = np.uint32(strip - np.uint32(image * tiling.strips))
    wide = PITCH - 2 * tiling.margin
    return Place(np.int64(image), np.int64(top) * HEIGHT, np.int64(left) * wide, np.int64(thread))


@helper
def _value_index(position, width, channels, border):
    """Return which value of a row stands in for the one at ``position``, or -1 for the constant border."""
    if 0 <= position < width * channels:
        return position
    pixel = border_index(position // channels, width, border)
    return -1 if pixel < 0 else pixel * channels + position % channels


@helper
def load_tile(source, place, tiling, border, border_value, tile):
    """Load a thread's column of a tile."""
    _, height, width, channels = source.shape
    length = width * channels
    if place.column >= length - place.left + 2 * tiling.margin:
        return
    position = _value_index(place.left - tiling.margin + place.column, width, channels, border)
    first = place.top - tiling.reach
    rows = min(HEIGHT, height - place.top) + 2 * tiling.reach
    begin, end = max(-first, 0), min(height - first, rows)
    if position < 0:
        begin = end = 0
    index = np.uintp((place.image * height + first + begin) * length + position)
    target = np.uintp(begin * PITCH + place.column)
    row = begin
    while row < end:
        tile[target] = source.flat[index]
        row += 1
        target += np.uintp(PITCH)
        index += np.uintp(length)
    row = 0 if begin > 0 else end
    while row < rows:
        inside = border_index(first + row, height, border)
        value = border_value
        if inside >= 0 and position >= 0:
            value = source.flat[np.uintp((place.image * height + inside) * length + position)]
        tile[np.uintp(row * PITCH + place.column)] = value
        row += 1
        if row == begin:
            row = end


@helper
def has_results(place, tiling):
    """Tell whether there are results for a thread's column."""
    return place.column < PITCH - 2 * tiling.margin


@helper
def add_taps(values, column, taps, first, last, totals):
    """Add to a thread's results what the taps from ``first`` to the one before ``last`` make of values.

    There is one at least: a loop that may be skipped makes two copies of the results before it.
    """
    number = totals.dtype.type
    tap = np.uintp(first)
    while True:
        weight, place = taps.weights[tap], np.uintp(column) + taps.places[tap]
        for row in range(HEIGHT):
            value = number(values[place + np.uintp(row * PITCH)])
            totals[row] = number(totals[row] + number(value * weight))
        tap += np.uintp(1)
        if tap >= np.uintp(last):
            break


@helper
def clear(totals):
    """Set a thread's results to 0."""
    for row in range(HEIGHT):
        totals[row] = totals.dtype.type(0)


@helper
def rows_of_results(place, tiling, shape):
    """Return how many results a thread has, one below the other."""
    _, height, width, channels = shape
    is_beyond = place.column >= min(PITCH - 2 * tiling.margin, width * channels - place.left)
    return 0 if is_beyond else min(HEIGHT, height - place.top)


@helper
def index_of_results(place, shape):
    """Return which value of the images is a thread's first result."""
    _, height, width, channels = shape
    row = place.image * height + place.top
    return np.uintp(row * (width * channels) + place.left + place.column)


@helper
def store_rounded(totals, rounding, place, tiling, out):
    """Store a thread's results, if it has any, each rounded."""
    rows = rows_of_results(place, tiling, out.shape)
    index, length = index_of_results(place, out.shape), np.uintp(out.shape[2] * out.shape[3])
    if rows == HEIGHT:
        for row in range(HEIGHT):
            out.flat[index] = rounded(totals[row], rounding)
            index += length
        return
    for row in range(HEIGHT):
        if row < rows:
            out.flat[index] = rounded(totals[row], rounding)
        index += length
