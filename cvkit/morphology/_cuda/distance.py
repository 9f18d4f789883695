"""Distances to the nearest zero on CUDA: exact ones and those along steps to neighbors alike.

Each column is searched in bands, by one thread each; then each pixel looks along its row, as far as a zero
there could be nearer than what it has found. Steps to neighbors have a length that is known without taking
them: no pixel is on the way of another.
"""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, temporary
from cvkit.morphology._distance_math import FARTHEST, UNIT, euclidean_length

# Rows of a column that one thread searches.
_BAND = 32
_NONE = np.int32(-1)
_BEYOND = np.uint64(1) << np.uint64(63)


@cuda_kernel
def _search_bands(source, ends):
    """Write the first and the last row of a band with a zero in a column, or -1."""
    x, band, image = pixel_of_thread()
    count, height, width, _ = source.shape
    if image >= count or band >= ends.shape[1] or x >= width:
        return
    first = last = _NONE
    begin = np.uint32(band * np.uint32(_BAND))
    for y in range(begin, min(np.uint32(begin + np.uint32(_BAND)), np.uint32(height))):
        if source[image, np.uint32(y), x, np.uint32(0)] == 0:
            last = np.int32(y)
            first = last if first < 0 else first
    ends[image, band, np.uint32(0), x] = first
    ends[image, band, np.uint32(1), x] = last


@cuda_kernel
def _choose_nearest(source, ends, nearest):
    """Write the row of the nearest zero of each pixel's column, the upper one of two, or -1."""
    x, band, image = pixel_of_thread()
    count, height, width, _ = source.shape
    bands = np.uint32(ends.shape[1])
    if image >= count or band >= bands or x >= width:
        return
    last = following = _NONE
    other = band
    while last < 0 and other > 0:
        other = np.uint32(other - np.uint32(1))
        last = ends[image, other, np.uint32(1), x]
    other = np.uint32(band + np.uint32(1))
    while following < 0 and other < bands:
        following = ends[image, other, np.uint32(0), x]
        other = np.uint32(other + np.uint32(1))
    begin = np.uint32(band * np.uint32(_BAND))
    end = min(np.uint32(begin + np.uint32(_BAND)), np.uint32(height))
    for y in range(begin, end):
        row = np.uint32(y)
        if source[image, row, x, np.uint32(0)] == 0:
            last = np.int32(row)
        nearest[image, row, x] = last
    for up in range(end - begin):
        row = np.uint32(end - np.uint32(1) - np.uint32(up))
        here = np.int32(row)
        above = nearest[image, row, x]
        if above == here:
            following = here
        elif following >= 0 and (above < 0 or following - here < here - above):
            nearest[image, row, x] = following


def _nearest_rows(source):
    """Search the columns of images."""
    count, height, width, _ = source.shape
    bands = -(-height // _BAND)
    ends = temporary((count, bands, 2, width), np.int32, source)
    nearest = temporary((count, height, width), np.int32, source)
    _search_bands[count, bands, width](source, ends)
    _choose_nearest[count, bands, width](source, ends, nearest)
    return nearest


@helper
def _square(nearest, y, distance):
    """Return the squared distance of a zero that many columns away, in the row that is the nearest there."""
    across, down = np.uint64(distance), np.uint64(np.uint32(abs(np.int32(nearest - np.int32(y)))))
    return across * across + down * down if nearest >= 0 else _BEYOND


@cuda_kernel
def _measure_exactly(nearest, out, indices):
    x, y, image = pixel_of_thread()
    count, height, width = nearest.shape
    if image >= count or y >= height or x >= width:
        return
    least, column = _square(nearest[image, y, x], y, np.uint32(0)), x
    distance = np.uint32(1)
    while np.uint64(distance) * np.uint64(distance) <= least and (
        distance <= x or distance < np.uint32(np.uint32(width) - x)
    ):
        # Of columns that are as near, the left one counts.
        if distance <= x:
            square = _square(nearest[image, y, np.uint32(x - distance)], y, distance)
            if square <= least and square != _BEYOND:
                least, column = square, np.uint32(x - distance)
        if distance < np.uint32(np.uint32(width) - x):
            square = _square(nearest[image, y, np.uint32(x + distance)], y, distance)
            if square < least:
                least, column = square, np.uint32(x + distance)
        distance = np.uint32(distance + np.uint32(1))
    row = nearest[image, y, column]
    length = euclidean_length(np.int32(x - column), np.int32(row - np.int32(y)))
    out[image, y, x, np.uint32(0)] = length if row >= 0 else FARTHEST
    if indices.shape[0] > 0:
        indices[image, y, x, np.uint32(0)] = row
        indices[image, y, x, np.uint32(1)] = np.int32(column) if row >= 0 else _NONE


def euclidean_distance(source, out, indices):
    """Write distances, and where the nearest zero is."""
    nearest = _nearest_rows(source)
    _measure_exactly[nearest.shape](nearest, out, indices)


@helper
def _chamfer_length(nearest, y, distance, chamfer):
    """Return how long the shortest steps to a zero are that many columns away."""
    if nearest < 0:
        return _BEYOND
    down = np.uint32(abs(np.int32(nearest - np.int32(y))))
    longer, shorter = np.uint64(max(distance, down)), np.uint64(min(distance, down))
    straight, diagonal, knight = chamfer.straight, chamfer.diagonal, chamfer.knight
    if knight == 0:
        return straight * (longer - shorter) + diagonal * shorter
    if shorter + shorter <= longer:
        return straight * (longer - shorter - shorter) + knight * shorter
    return diagonal * (shorter + shorter - longer) + knight * (longer - shorter)


@cuda_kernel
def _measure_steps(nearest, chamfer, out):
    x, y, image = pixel_of_thread()
    count, height, width = nearest.shape
    if image >= count or y >= height or x >= width:
        return
    least = min(_chamfer_length(nearest[image, y, x], y, np.uint32(0), chamfer), np.uint64(chamfer.largest))
    distance = np.uint32(1)
    while np.uint64(distance) * np.uint64(chamfer.straight) < least and (
        distance <= x or distance < np.uint32(np.uint32(width) - x)
    ):
        if distance <= x:
            before = nearest[image, y, np.uint32(x - distance)]
            least = min(least, _chamfer_length(before, y, distance, chamfer))
        if distance < np.uint32(np.uint32(width) - x):
            after = nearest[image, y, np.uint32(x + distance)]
            least = min(least, _chamfer_length(after, y, distance, chamfer))
        distance = np.uint32(distance + np.uint32(1))
    out[image, y, x, np.uint32(0)] = np.float32(np.uint32(least)) * UNIT


def chamfer_distance(source, chamfer, out):
    """Write distances along steps to neighbors."""
    nearest = _nearest_rows(source)
    _measure_steps[nearest.shape](nearest, chamfer, out)
