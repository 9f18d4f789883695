"""Box sums on CUDA: of tiles down their columns and then along the rows, all in shared memory.

Where boxes are larger than tiles have room for, they are filtered as other kernels are, by weights of 1.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.filters._cuda.linear import filter_by_columns
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
from cvkit.filters._math import ColumnTaps, RowTaps, holds_integers


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
    y_taps = ColumnTaps(_offsets(size[0]), np.ones((1, size[0]), outside_column.dtype))
    x_taps = RowTaps(np.zeros(size[1], np.intp), _offsets(size[1]), np.ones(size[1], outside_box.dtype))
    filter_by_columns(source, y_taps, x_taps, border, border_value, outside_column, rounding, out)


def _offsets(size):
    return np.arange(size) - size // 2
