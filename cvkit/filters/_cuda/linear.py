"""Linear filters on CUDA: tiles filtered down their columns and then along the rows, all in shared memory.

Where windows are larger than tiles have room for, the filtered columns of the whole image are stored.
"""

import numpy as np

from cvkit._border import border_index
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.filters._cuda.tiles import (
    BLOCK,
    HEIGHT,
    PITCH,
    RESULTS,
    SIZE,
    add_taps,
    clear,
    has_results,
    load_tile,
    place_of,
    reach_of,
    rounding_in_wide_lanes,
    store_rounded,
    taps_of_tiles,
    threads_for,
    tiling_of,
)
from cvkit.filters._math import rounded


@cuda_kernel(block=BLOCK, is_block_fixed=True)
def _filter_tiles(source, y_taps, x_taps, tiling, border, border_value, rounding, out):
    tile = cuda.shared.array(SIZE, source.dtype)
    columns = cuda.shared.array(RESULTS, y_taps.weights.dtype)
    column_totals = cuda.local.array(HEIGHT, y_taps.weights.dtype)
    totals = cuda.local.array(HEIGHT, x_taps.weights.dtype)
    place = place_of(cuda.blockIdx.x, cuda.threadIdx.x, tiling)
    load_tile(source, place, tiling, border, border_value, tile)
    clear(totals)
    term = np.uintp(0)
    while term < np.uintp(y_taps.ends.shape[0] - 1):
        following = term + np.uintp(1)
        clear(column_totals)
        add_taps(tile, place.column, y_taps, y_taps.ends[term], y_taps.ends[following], column_totals)
        for row in range(HEIGHT):
            columns[np.uintp(row * PITCH + place.column)] = column_totals[row]
        cuda.syncthreads()
        if has_results(place, tiling):
            add_taps(columns, place.column, x_taps, x_taps.ends[term], x_taps.ends[following], totals)
        cuda.syncthreads()
        term = following
    store_rounded(totals, rounding, place, tiling, out)


@cuda_kernel
def _filter_columns(source, y_offsets, y_weights, border, border_value, columns):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = columns.dtype.type
    for term in range(y_weights.shape[0]):
        total = number(0)
        for tap in range(y_offsets.shape[0]):
            row = border_index(y + y_offsets[tap], height, border)
            value = border_value if row < 0 else source[image, row, x, channel]
            total = number(total + number(number(value) * y_weights[term, tap]))
        columns[term, image, y, position] = total


@cuda_kernel
def _filter_rows(columns, x_terms, x_offsets, x_weights, border, outside_columns, rounding, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = x_weights.dtype.type
    total = number(0)
    for tap in range(x_offsets.shape[0]):
        column = border_index(x + x_offsets[tap], width, border)
        term = x_terms[tap]
        value = outside_columns[term] if column < 0 else columns[term, image, y, column * channels + channel]
        total = number(total + number(number(value) * x_weights[tap]))
    out[image, y, x, channel] = rounded(total, rounding)


def separable(source, y_taps, x_taps, border, border_value, outside_columns, rounding, out):
    """Filter down the columns, once for each term, then along the rows over all terms together."""
    reach_y = reach_of(y_taps.offsets)
    tiling = tiling_of(source, reach_y, reach_of(x_taps.offsets), has_columns=True)
    if tiling is not None:
        terms = np.arange(len(y_taps.weights) + 1)
        places = np.tile((y_taps.offsets + reach_y) * PITCH, terms[-1])
        columns = taps_of_tiles(places, y_taps.weights.ravel(), terms * len(y_taps.offsets))
        order = np.argsort(x_taps.terms, kind="stable")
        places = x_taps.offsets[order] * source.shape[3] + tiling.margin
        rows = taps_of_tiles(places, x_taps.weights[order], np.searchsorted(x_taps.terms[order], terms))
        _filter_tiles[threads_for(source, tiling)](
            source, columns, rows, tiling, border, border_value, rounding_in_wide_lanes(rounding), out
        )
        return
    filter_by_columns(source, y_taps, x_taps, border, border_value, outside_columns, rounding, out)


def filter_by_columns(source, y_taps, x_taps, border, border_value, outside_columns, rounding, out):
    """Filter as :func:`separable` does, over windows of any size."""
    count, height, width, channels = source.shape
    threads = (count, height, width * channels)
    columns = temporary((len(y_taps.weights), *threads), y_taps.weights.dtype, source)
    _filter_columns[threads](source, *y_taps, border, border_value, columns)
    _filter_rows[threads](columns, *x_taps, border, outside_columns, rounding, out)
