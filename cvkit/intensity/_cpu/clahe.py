"""Contrast-limited adaptive equalization on the CPU: a table for each tile, blends of four tables."""

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.numbers import nearest
from cvkit.intensity._histogram_math import scaled_rank


@helper
def _count(values, step, counters):
    """Count a row of a tile in four tables ``step`` apart, so that equal neighbors do not wait."""
    second, third, fourth = np.uint64(step), np.uint64(2 * step), np.uint64(3 * step)
    fours = values.shape[0] // 4
    for x in range(fours):
        counters[np.uint64(values[4 * x])] += np.int32(1)
        counters[second + np.uint64(values[4 * x + 1])] += np.int32(1)
        counters[third + np.uint64(values[4 * x + 2])] += np.int32(1)
        counters[fourth + np.uint64(values[4 * x + 3])] += np.int32(1)
    for x in range(4 * fours, values.shape[0]):
        counters[np.uint64(values[x])] += np.int32(1)


@helper
def _count_reflected(row, left, right, counters):
    """Count those columns of a tile that lie beyond the image."""
    width = row.shape[0]
    for x in range(max(left, width), right):
        counters[np.uint64(row[border_index(x, width, REFLECT101)])] += np.int32(1)


@helper
def _add_table(table, total):
    for level in range(total.shape[0]):
        total[level] += table[level]


@helper
def _clip(limit, counts):
    """Cut counts down to the limit and return how much that was."""
    excess = np.int32(0)
    for level in range(counts.shape[0]):
        kept = min(counts[level], limit)
        excess = np.int32(excess + np.int32(counts[level] - kept))
        counts[level] = kept
    return excess


@helper
def _spread(excess, counts):
    """Give every level the same share of the excess, and what is left to levels at equal distances."""
    levels = counts.shape[0]
    share = np.int32(excess // levels)
    for level in range(levels):
        counts[level] += share
    left = excess % levels
    step = max(levels // max(left, 1), 1)
    for place in range(left):
        counts[place * step] += np.int32(1)


@helper
def _make_table(counts, scale, table):
    rank, largest = np.int32(0), np.int32(table.shape[0] - 1)
    for level in range(table.shape[0]):
        rank = np.int32(rank + counts[level])
        table[level] = scaled_rank(rank, scale, largest)


@cpu_kernel
def tile_tables(source, tile_shape, limit, scale, tables):
    """Make the table of each tile; ``tables`` is (N, rows of tiles, columns, levels).

    Tiles beyond the image see it reflected. A ``limit`` of 0 clips nothing.
    """
    count, height, width, _ = source.shape
    images = source.reshape(count, height, width)
    _, tile_rows, tile_columns, levels = tables.shape
    copies = 4 if source.itemsize == 1 else 1
    for task in prange(count * tile_rows * tile_columns):
        image, tile_row = task // (tile_rows * tile_columns), task // tile_columns % tile_rows
        left = task % tile_columns * tile_shape[1]
        right = left + tile_shape[1]
        counters = np.zeros(copies * levels, np.int32)
        for y in range(tile_row * tile_shape[0], (tile_row + 1) * tile_shape[0]):
            row = images[image, border_index(y, height, REFLECT101)]
            _count(row[min(left, width) : min(right, width)], levels if copies == 4 else 0, counters)
            _count_reflected(row, left, right, counters)
        counts = counters[:levels]
        for copy in range(1, copies):
            _add_table(counters[copy * levels : (copy + 1) * levels], counts)
        if limit > 0:
            _spread(_clip(limit, counts), counts)
        _make_table(counts, scale, tables[image, tile_row, task % tile_columns])


@helper
def _pack(upper_left, upper_right, lower_left, lower_right, packed):
    """Put what four tables say of a level into one number, which costs one access for each pixel."""
    for level in range(packed.shape[0]):
        upper = np.uint64(upper_left[level]) | np.uint64(upper_right[level]) << np.uint64(16)
        lower = np.uint64(lower_left[level]) | np.uint64(lower_right[level]) << np.uint64(16)
        packed[level] = upper | lower << np.uint64(32)


@helper
def _fetch(row, packed, found):
    for x in range(row.shape[0]):
        found[x] = packed[row[x]]


@helper
def _part(word, position):
    """Return one of the four numbers that ``_pack`` put into a word."""
    return np.float32(np.int32(np.uint32(word >> np.uint64(16 * position)) & np.uint32(0xFFFF)))


@helper(contract=False)
def _blend(found, left_weights, right_weights, upper_weight, lower_weight, out):
    """Blend in float32, along the row first, as OpenCV does."""
    for x in range(out.shape[0]):
        upper = _part(found[x], 0) * left_weights[x] + _part(found[x], 1) * right_weights[x]
        lower = _part(found[x], 2) * left_weights[x] + _part(found[x], 3) * right_weights[x]
        out[x] = nearest(upper * upper_weight + lower * lower_weight)


@cpu_kernel
def blend_tables(source, tables, rows, columns, out):
    """Look each pixel up in the tables of the four tiles around it and blend; ``rows`` are ``Neighbors``."""
    count, height, width, _ = source.shape
    images, out_images = source.reshape(count, height, width), out.reshape(count, height, width)
    _, tile_rows, tile_columns, levels = tables.shape
    # Between the centers of four tiles, and around the outermost, the same tables are used.
    cells = (tile_rows + 1) * (tile_columns + 1)
    for task in prange(count * cells):
        image, cell = task // cells, task % cells
        row, column = cell // (tile_columns + 1), cell % (tile_columns + 1)
        upper = tables[image, max(row - 1, 0)]
        lower = tables[image, min(row, tile_rows - 1)]
        left, right = max(column - 1, 0), min(column, tile_columns - 1)
        begin, end = columns.starts[column], columns.starts[column + 1]
        packed = np.empty(levels if begin < end else 0, np.uint64)
        found = np.empty(end - begin, np.uint64)
        left_weights, right_weights = columns.first_weight[begin:end], columns.second_weight[begin:end]
        _pack(upper[left], upper[right], lower[left], lower[right], packed)
        for y in range(rows.starts[row], rows.starts[row + 1]):
            _fetch(images[image, y, begin:end], packed, found)
            _blend(
                found,
                left_weights,
                right_weights,
                rows.first_weight[y],
                rows.second_weight[y],
                out_images[image, y, begin:end],
            )
