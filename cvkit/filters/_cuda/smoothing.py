"""Box sums on CUDA: of tiles down their columns and then along the rows, all in shared memory.

Where boxes are larger than tiles have room for, the sums of columns of the whole image are stored.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import border_index
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.filters._cuda.tiles import (
    BLOCK,
    HEIGHT,
    PITCH,
    RESULTS,
    SIZE,
    has_results,
    load_tile,
    place_of,
    rounding_in_wide_lanes,
    store_rounded,
    threads_for,
    tiling_of,
)
from cvkit.filters._math import holds_integers, rounded


class _Sums(NamedTuple):
    """Arrays of the dtypes that sums of columns and of boxes have."""

    columns: Any
    boxes: Any


@helper
def _sum_column(tile, column, size, columns):
    """Sum the values of a thread's column; floats that left a sum would not leave it without a trace."""
    number = columns.dtype.type
    first = np.uintp(column)
    height = np.uintp(size * PITCH)
    total = number(number(0) + number(tile[first]))
    row = np.uintp(PITCH)
    while row < height:
        total = number(total + number(tile[first + row]))
        row += np.uintp(PITCH)
    columns[first] = total
    for _below in range(1, HEIGHT):
        first += np.uintp(PITCH)
        if holds_integers(columns):
            entering, leaving = tile[first + height - np.uintp(PITCH)], tile[first - np.uintp(PITCH)]
            total = number(number(total + number(entering)) - number(leaving))
        else:
            total = number(0)
            row = np.uintp(0)
            while row < height:
                total = number(total + number(tile[first + row]))
                row += np.uintp(PITCH)
        columns[first] = total


@helper
def _sum_row(columns, column, size, step, totals):
    number = totals.dtype.type
    place, last = np.uintp(column), np.uintp(column + (size - 1) * step)
    for row in range(HEIGHT):
        totals[row] = number(number(0) + number(columns[place + np.uintp(row * PITCH)]))
    while place < last:
        place += np.uintp(step)
        for row in range(HEIGHT):
            totals[row] = number(totals[row] + number(columns[place + np.uintp(row * PITCH)]))


@cuda_kernel(block=BLOCK, is_block_fixed=True)
def _sum_tiles(source, size, tiling, border, border_value, sums, rounding, out):
    tile = cuda.shared.array(SIZE, source.dtype)
    columns = cuda.shared.array(RESULTS, sums.columns.dtype)
    totals = cuda.local.array(HEIGHT, sums.boxes.dtype)
    place = place_of(cuda.blockIdx.x, cuda.threadIdx.x, tiling)
    load_tile(source, place, tiling, border, border_value, tile)
    _sum_column(tile, place.column, size[0], columns)
    cuda.syncthreads()
    if has_results(place, tiling):
        _sum_row(columns, place.column, size[1], source.shape[3], totals)
        store_rounded(totals, rounding, place, tiling, out)


@cuda_kernel
def _sum_columns(source, size_y, border, border_value, columns):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = columns.dtype.type
    total = number(0)
    for offset in range(-(size_y // 2), size_y // 2 + 1):
        row = border_index(y + offset, height, border)
        value = border_value if row < 0 else source[image, row, x, channel]
        total = number(total + number(value))
    columns[image, y, x, channel] = total


@cuda_kernel
def _sum_rows(columns, size_x, border, outside_column, outside_box, rounding, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = outside_box.dtype.type
    total = number(0)
    for offset in range(-(size_x // 2), size_x // 2 + 1):
        column = border_index(x + offset, width, border)
        value = outside_column[0] if column < 0 else columns[image, y, column, channel]
        total = number(total + number(value))
    out[image, y, x, channel] = rounded(total, rounding)


def box(source, size, border, border_value, outside_column, outside_box, rounding, out):
    """Sum down the columns, in the dtype of ``outside_column``, and along the rows, in ``outside_box``'s.

    Both hold one number: the sum of a column, and of a box, that lies beyond the image.
    """
    tiling = tiling_of(source, size[0] // 2, size[1] // 2, has_columns=True)
    if tiling is not None:
        sums = _Sums(outside_column, outside_box)
        _sum_tiles[threads_for(source, tiling)](
            source, size, tiling, border, border_value, sums, rounding_in_wide_lanes(rounding), out
        )
        return
    count, height, width, channels = source.shape
    threads = (count, height, width * channels)
    columns = temporary(source.shape, outside_column.dtype, source)
    _sum_columns[threads](source, size[0], border, border_value, columns)
    _sum_rows[threads](columns, size[1], border, outside_column, outside_box, rounding, out)
