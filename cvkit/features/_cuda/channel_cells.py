"""What is made of cells of channels on CUDA: smoothed, filtered, rounded to bytes."""

import numpy as np

from cvkit._border import REFLECT, border_index
from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.features._channel_math import HALF, QUARTER, TAPS, quantized


@helper
def _smoothed(cells, column, row):
    """Smooth at one cell of (rows, columns) by 1 2 1 along both axes."""
    number, one = np.uint32, np.uint32(1)
    last_row, last_column = number(cells.shape[0] - 1), number(cells.shape[1] - 1)
    above = cells[number(max(row, one) - one)]
    here, below = cells[row], cells[min(number(row + one), last_row)]
    total = np.float32(0)
    near = number(max(column, one) - one)
    total += QUARTER * (QUARTER * (above[near] + below[near]) + HALF * here[near])
    total += HALF * (QUARTER * (above[column] + below[column]) + HALF * here[column])
    near = min(number(column + one), last_column)
    total += QUARTER * (QUARTER * (above[near] + below[near]) + HALF * here[near])
    return total


@cuda_kernel
def _smooth(cells, out):
    column, row, place = pixel_of_thread()
    count, channels, rows, columns = out.shape
    if place >= count * channels or row >= rows or column >= columns:
        return
    index, channel = np.uint32(place // np.uint32(channels)), np.uint32(place % np.uint32(channels))
    out[index, channel, row, column] = _smoothed(cells[index, channel], column, row)


def smooth(cells, out):
    """Smooth every channel of cells by 1 2 1 along both axes."""
    count, channels, rows, columns = out.shape
    _smooth[count * channels, rows, columns](cells, out)


@cuda_kernel
def _smooth_to_bytes(cells, offset, scale, out):
    column, row, place = pixel_of_thread()
    count, channels, rows, columns = out.shape
    if place >= count * channels or row >= rows or column >= columns:
        return
    index, channel = np.uint32(place // np.uint32(channels)), np.uint32(place % np.uint32(channels))
    value = _smoothed(cells[index, channel], column, row)
    out[index, channel, row, column] = np.uint8(quantized(value, offset[channel], scale[channel]))


def smooth_bytes(cells, offset, scale, out):
    """Smooth every channel of cells and round (value - offset) * scale of its channel to bytes."""
    count, channels, rows, columns = out.shape
    _smooth_to_bytes[count * channels, rows, columns](cells, offset, scale, out)


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
