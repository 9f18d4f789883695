"""Contrast-limited adaptive equalization on CUDA: blocks for the tables, a thread for each pixel."""

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit._simd.numbers import nearest, product
from cvkit.intensity._cuda.equalization import THREADS, clipped_tables
from cvkit.intensity._cuda.histogram import clear

# Pixels of a tile that a thread counts.
_RUN = 16


@cuda_kernel(block=(THREADS,), is_block_fixed=True)
def _count_bytes(source, tile_shape, tile_columns, parts, counts):
    """Count a part of a tile in shared memory; tiles beyond the image see it reflected."""
    counters = cuda.shared.array(THREADS, np.uint32)
    thread = cuda.threadIdx.x
    counters[thread] = 0
    cuda.syncthreads()
    block, part = divmod(cuda.blockIdx.x, parts)
    image, tile = divmod(block, counts.shape[1])
    top, left = tile // tile_columns * tile_shape[0], tile % tile_columns * tile_shape[1]
    begin = part * (THREADS * _RUN)
    end = min(begin + THREADS * _RUN, tile_shape[0] * tile_shape[1])
    for pixel in range(begin + thread, end, THREADS):
        row, column = divmod(np.uint32(pixel), np.uint32(tile_shape[1]))
        y = border_index(top + np.int32(row), source.shape[1], REFLECT101)
        x = border_index(left + np.int32(column), source.shape[2], REFLECT101)
        cuda.atomic.add(counters, np.int32(source[image, y, x, 0]), 1)
    cuda.syncthreads()
    if counters[thread]:
        cuda.atomic.add(counts, (image, tile, thread), counters[thread])


@cuda_kernel
def _count_values(source, tile_shape, tile_columns, counts):
    """Count one pixel of the tiles; tiles beyond the image see it reflected."""
    x, y, image = cuda.grid(3)
    row = np.int32(np.uint32(y) // np.uint32(tile_shape[0]))
    column = np.int32(np.uint32(x) // np.uint32(tile_shape[1]))
    tile = row * tile_columns + column
    if image >= counts.shape[0] or column >= tile_columns or tile >= counts.shape[1]:
        return
    y = border_index(y, source.shape[1], REFLECT101)
    x = border_index(x, source.shape[2], REFLECT101)
    cuda.atomic.add(counts, (image, tile, np.int32(source[image, y, x, 0])), 1)


def tile_tables(source, tile_shape, limit, scale, tables):
    """Make the table of each tile; ``tables`` is (N, rows of tiles, columns, levels).

    Tiles beyond the image see it reflected. A ``limit`` of 0 clips nothing.
    """
    count, tile_rows, tile_columns, levels = tables.shape
    tiles = tile_rows * tile_columns
    counts = temporary((count, tiles, levels), np.uint32, source)
    clear(counts)
    if source.dtype.itemsize == 1:
        parts = -(-tile_shape[0] * tile_shape[1] // (THREADS * _RUN))
        _count_bytes[count * tiles * parts * THREADS](source, tile_shape, tile_columns, parts, counts)
    else:
        shape = count, tile_rows * tile_shape[0], tile_columns * tile_shape[1]
        _count_values[shape](source, tile_shape, tile_columns, counts)
    clipped_tables(counts, limit, scale, tables)


@cuda_kernel
def _blend_tables(source, tables, rows, columns, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    level = source[image, y, x, 0]
    upper, lower = max(rows.first[y], 0), min(rows.first[y] + 1, tables.shape[1] - 1)
    left, right = max(columns.first[x], 0), min(columns.first[x] + 1, tables.shape[2] - 1)
    left_weight, right_weight = columns.first_weight[x], columns.second_weight[x]
    # In float32, along the row first, each product rounded by itself as OpenCV does.
    above = product(np.float32(tables[image, upper, left, level]), left_weight)
    above += product(np.float32(tables[image, upper, right, level]), right_weight)
    below = product(np.float32(tables[image, lower, left, level]), left_weight)
    below += product(np.float32(tables[image, lower, right, level]), right_weight)
    out[image, y, x, 0] = nearest(
        product(above, rows.first_weight[y]) + product(below, rows.second_weight[y])
    )


def blend_tables(source, tables, rows, columns, out):
    """Look each pixel up in the tables of the four tiles around it and blend; ``rows`` are ``Neighbors``."""
    _blend_tables[out.shape[:3]](source, tables, rows, columns, out)
