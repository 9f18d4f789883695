"""Watershed on the CPU: pixels flow over in the order of how little they differ from who reached them.

A pixel that waits is in one of 256 queues, by its difference from the neighbor that put it there. Queues are
lists through the labels of the pixels that wait, which take no other memory. Labels and pixels lie side by
side, one after the other: a pixel's number is where its label lies, and what it looks like is behind.
"""

from typing import NamedTuple

import numpy as np

from cvkit._jit import helper, serial_kernel
from cvkit._simd.memory import prefetch

WATERSHED = np.int32(-1)
# The label of a pixel that waits as the last of its queue. Pixel n behind it makes this END - n; the first
# pixel of an image, at its border, never waits.
_END = np.int32(-2)
_LEVELS = 256
_STEP = np.uint64(2)
_ONE = np.uint64(1)


class Queues(NamedTuple):
    """The first and the last pixel of each queue; an empty one has 0 for its first."""

    first: np.ndarray
    last: np.ndarray


@helper
def _fill_cells(rows, markers, cells):
    """Give each pixel its marker for a label, or none at the border, and its channels in one word."""
    height, width, channels = rows.shape
    for y in range(height):
        row = cells[2 * y * width : 2 * (y + 1) * width]
        is_inside = 0 < y < height - 1
        for x in range(width):
            row[2 * x] = max(markers[y, x], np.int32(0)) if is_inside else WATERSHED
            word = np.uint32(0)
            for channel in range(channels):
                word |= np.uint32(rows[y, x, channel]) << np.uint32(8 * channel)
            row[2 * x + 1] = np.int32(word)
        row[0] = row[2 * width - 2] = WATERSHED


@helper(force_inline=True)
def _gap(first, second, shift):
    """Return the difference of the channels that lie ``shift`` bits from the lowest."""
    a = np.int32((first >> np.int32(shift)) & np.int32(255))
    b = np.int32((second >> np.int32(shift)) & np.int32(255))
    return np.int32(abs(np.int32(a - b)))


@helper(force_inline=True)
def _difference(first, second):
    """Return the largest difference of two pixels in any channel."""
    low = max(_gap(first, second, 0), _gap(first, second, 8))
    return max(low, max(_gap(first, second, 16), _gap(first, second, 24)))


@helper(force_inline=True)
def _put(cells, queues, level, pixel):
    """Put a pixel at the end of a queue."""
    cells[pixel] = _END
    place = np.uint64(level)
    if queues.first[place] == 0:
        queues.first[place] = pixel
    else:
        cells[np.uint64(queues.last[place])] = np.int32(_END - np.int32(pixel))
    queues.last[place] = pixel


@helper(force_inline=True)
def _less(cells, pixel, neighbor, least):
    """Return the difference from a neighbor that has a label, if it is less than others."""
    if cells[neighbor] <= 0:
        return least
    return min(least, _difference(cells[pixel + _ONE], cells[neighbor + _ONE]))


@helper
def _begin(cells, queues, height, step):
    """Put the pixels beside markers into the queues, by their least difference from one."""
    for y in range(1, height - 1):
        pixel = np.uint64(y) * step + _STEP
        while pixel < np.uint64(y + 1) * step - _STEP:
            if cells[pixel] == 0:
                least = _less(cells, pixel, pixel - _STEP, np.int32(_LEVELS))
                least = _less(cells, pixel, pixel + _STEP, least)
                least = _less(cells, pixel, pixel - step, least)
                least = _less(cells, pixel, pixel + step, least)
                if least < _LEVELS:
                    _put(cells, queues, least, pixel)
            pixel += _STEP


@helper(force_inline=True)
def _met(label, other):
    """Return the label of a pixel that has met ``label``, or none yet, and now ``other``."""
    met = other if (label == 0) | (label == other) else WATERSHED
    return met if other > 0 else label


@helper(force_inline=True)
def _reach(cells, queues, pixel, neighbor, level):
    """Let a neighbor without a label wait, and return the lowest level where a pixel waits."""
    if cells[neighbor] != 0:
        return level
    difference = _difference(cells[pixel + _ONE], cells[neighbor + _ONE])
    _put(cells, queues, difference, neighbor)
    return min(level, difference)


@helper
def _flow(cells, queues, step):
    """Take pixels from the lowest queue that holds any, until none does."""
    level = np.int32(0)
    while level < _LEVELS:
        pixel = np.uint64(queues.first[np.uint64(level)])
        if pixel == 0:
            level += np.int32(1)
            continue
        following = np.uint64(np.int32(_END - cells[pixel]))
        queues.first[np.uint64(level)] = following
        prefetch(cells, following)
        prefetch(cells, following + step)
        left, right, above, below = pixel - _STEP, pixel + _STEP, pixel - step, pixel + step
        label = _met(_met(np.int32(0), cells[left]), cells[right])
        label = _met(_met(label, cells[above]), cells[below])
        cells[pixel] = label
        if label != WATERSHED:
            level = _reach(cells, queues, pixel, left, level)
            level = _reach(cells, queues, pixel, right, level)
            level = _reach(cells, queues, pixel, above, level)
            level = _reach(cells, queues, pixel, below, level)


@serial_kernel(allocates=True)
def flood(source, markers, out):
    """Label the pixels of images, (N, H, W, C), from their markers, (1 or N, H, W)."""
    count, height, width, _ = source.shape
    pixels = height * width
    cells = np.empty(2 * pixels, np.int32)
    queues = Queues(np.zeros(_LEVELS, np.uint32), np.zeros(_LEVELS, np.uint32))
    for image in range(count):
        _fill_cells(source[image], markers[image % markers.shape[0]], cells)
        _begin(cells, queues, height, np.uint64(2 * width))
        _flow(cells, queues, np.uint64(2 * width))
        labels = out[image].reshape(pixels)
        for pixel in range(pixels):
            labels[pixel] = cells[2 * pixel]
