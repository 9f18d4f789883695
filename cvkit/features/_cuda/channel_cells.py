"""What is made of cells of channels on CUDA: smoothed, filtered, rounded to bytes."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import REFLECT, border_index
from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.features._channel_math import HALF, QUARTER, TAPS, quantized

# Rows of a thread's strip.
_ROWS = 4


class _Columns(NamedTuple):
    """A cell and those on its left and right."""

    left: Any
    middle: Any
    right: Any


@helper
def _columns(cells, row, near):
    return _Columns(cells[row, near.left], cells[row, near.middle], cells[row, near.right])


@helper
def _columns_around(column, columns):
    number, one = np.uint32, np.uint32(1)
    return _Columns(
        number(max(column, one) - one), column, min(number(column + one), number(number(columns) - one))
    )


@helper
def _smoothed(above, here, below):
    """Smooth by 1 2 1 along both axes."""
    total = np.float32(0)
    total += QUARTER * (QUARTER * (above.left + below.left) + HALF * here.left)
    total += HALF * (QUARTER * (above.middle + below.middle) + HALF * here.middle)
    total += QUARTER * (QUARTER * (above.right + below.right) + HALF * here.right)
    return total


@cuda_kernel
def _smooth(cells, out):
    """One thread for some rows of a column of cells."""
    column, strip, place = pixel_of_thread()
    number, one = np.uint32, np.uint32(1)
    count, channels, rows, columns = out.shape
    row = number(strip * number(_ROWS))
    if place >= count * channels or row >= rows or column >= columns:
        return
    index, channel = number(place // number(channels)), number(place % number(channels))
    plane, result, near = cells[index, channel], out[index, channel], _columns_around(column, columns)
    last, end = number(number(rows) - one), min(number(row + number(_ROWS)), number(rows))
    above, here = _columns(plane, number(max(row, one) - one), near), _columns(plane, row, near)
    while row < end:
        below = _columns(plane, min(number(row + one), last), near)
        result[row, column] = _smoothed(above, here, below)
        above, here, row = here, below, number(row + one)


def smooth(cells, out):
    """Smooth every channel of cells by 1 2 1 along both axes."""
    count, channels, rows, columns = out.shape
    _smooth[count * channels, -(-rows // _ROWS), columns](cells, out)


@cuda_kernel
def _smooth_to_bytes(cells, offset, scale, out):
    """As _smooth, but rounded."""
    column, strip, place = pixel_of_thread()
    number, one = np.uint32, np.uint32(1)
    count, channels, rows, columns = out.shape
    row = number(strip * number(_ROWS))
    if place >= count * channels or row >= rows or column >= columns:
        return
    index, channel = number(place // number(channels)), number(place % number(channels))
    plane, result, near = cells[index, channel], out[index, channel], _columns_around(column, columns)
    low, factor = offset[channel], scale[channel]
    last, end = number(number(rows) - one), min(number(row + number(_ROWS)), number(rows))
    above, here = _columns(plane, number(max(row, one) - one), near), _columns(plane, row, near)
    while row < end:
        below = _columns(plane, min(number(row + one), last), near)
        result[row, column] = np.uint8(quantized(_smoothed(above, here, below), low, factor))
        above, here, row = here, below, number(row + one)


def smooth_bytes(cells, offset, scale, out):
    """Smooth every channel of cells and round (value - offset) * scale of its channel to bytes."""
    count, channels, rows, columns = out.shape
    _smooth_to_bytes[count * channels, -(-rows // _ROWS), columns](cells, offset, scale, out)


@cuda_kernel
def _quantize(values, offset, scale, out):
    column, row, place = pixel_of_thread()
    count, channels, rows, columns = out.shape
    if place >= count * channels or row >= rows or column >= columns:
        return
    index, channel = np.uint32(place // np.uint32(channels)), np.uint32(place % np.uint32(channels))
    value = values[index, channel, row, column]
    out[index, channel, row, column] = np.uint8(quantized(value, offset[channel], scale[channel]))


@cuda_kernel
def _decorrelate(cells, filters, out):
    """One thread for each filtered channel of each second cell."""
    column, row, index = cuda.grid(3)
    count, channels, rows, columns = out.shape
    if index >= count * channels or row >= rows or column >= columns:
        return
    image, channel = index // channels, index % channels
    each = filters.shape[1]
    before = TAPS // 2 - 1
    total = np.float32(0)
    for tap_y in range(TAPS):
        y = border_index(2 * row + tap_y - before, cells.shape[2], REFLECT)
        for tap_x in range(TAPS):
            x = border_index(2 * column + tap_x - before, cells.shape[3], REFLECT)
            weight = filters[channel // each, channel % each, tap_y, tap_x]
            total += weight * cells[image, channel // each, y, x]
    out[image, channel, row, column] = total


def decorrelate_bytes(cells, filters, offset, scale, out):
    """Smooth each channel of cells, filter it at every second cell and round to bytes.

    ``filters`` is (channel, filter, TAPS, TAPS), of which the middle lies between four cells; ``out`` is
    (image, channel and filter, row, column), ``offset`` and ``scale`` have one value for each of its
    channels.
    """
    count, channels, rows, columns = out.shape
    smoothed = temporary(cells.shape, np.float32, out)
    filtered = temporary(out.shape, np.float32, out)
    smooth(cells, smoothed)
    _decorrelate[count * channels, rows, columns](smoothed, filters, filtered)
    _quantize[count * channels, rows, columns](filtered, offset, scale, out)
