"""Contrast-limited adaptive equalization on the CPU: a table for each tile, blends of four tables."""

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.numbers import nearest
from cvkit._tiles import parts_of, strip
from cvkit.intensity._histogram_math import scaled_rank

# Rows of one task, which packs tables for each row of tiles that it meets.
STRIP = 64


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
    """Put what four tables say of a byte into one number, which costs one access for each pixel."""
    for level in range(packed.shape[0]):
        upper = np.uint32(np.uint32(upper_left[level]) | np.uint32(upper_right[level]) << np.uint32(8))
        lower = np.uint32(np.uint32(lower_left[level]) | np.uint32(lower_right[level]) << np.uint32(8))
        packed[level] = np.uint32(upper | np.uint32(lower << np.uint32(16)))


@helper
def _fetch_packed(row, packed, found):
    for x in range(row.shape[0]):
        found[x] = packed[row[x]]


@helper(contract=False)
def _blend_packed(found, left_weights, right_weights, upper_weight, lower_weight, out):
    """Blend in float32, along the row first, as OpenCV does."""
    byte = np.uint32(255)
    for x in range(out.shape[0]):
        upper_left = np.float32(found[x] & byte)
        upper_right = np.float32((found[x] >> np.uint32(8)) & byte)
        lower_left = np.float32((found[x] >> np.uint32(16)) & byte)
        lower_right = np.float32(found[x] >> np.uint32(24))
        upper = upper_left * left_weights[x] + upper_right * right_weights[x]
        lower = lower_left * left_weights[x] + lower_right * right_weights[x]
        out[x] = np.uint8(nearest(upper * upper_weight + lower * lower_weight))


@helper
def _fetch(row, table, found):
    for x in range(row.shape[0]):
        found[x] = table[row[x]]


@helper(contract=False)
def _blend(found, left_weights, right_weights, upper_weight, lower_weight, out):
    """Blend as ``_blend_packed`` does what two rows of tables say, to the left and to the right."""
    upper_left, upper_right, lower_left, lower_right = found[0], found[1], found[2], found[3]
    for x in range(out.shape[0]):
        upper = np.float32(upper_left[x]) * left_weights[x] + np.float32(upper_right[x]) * right_weights[x]
        lower = np.float32(lower_left[x]) * left_weights[x] + np.float32(lower_right[x]) * right_weights[x]
        out[x] = nearest(upper * upper_weight + lower * lower_weight)


@helper
def _pack_tiles(upper, lower, packed):
    """Pack the tables of two rows of tiles for each pair of neighboring columns, which may be one twice."""
    last = upper.shape[0] - 1
    for column in range(packed.shape[0]):
        left, right = max(column - 1, 0), min(column, last)
        _pack(upper[left], upper[right], lower[left], lower[right], packed[column])


@helper
def _fetch_row_packed(row, packed, starts, found):
    for column in range(packed.shape[0]):
        begin, end = starts[column], starts[column + 1]
        _fetch_packed(row[begin:end], packed[column], found[begin:end])


@helper
def _fetch_row(row, upper, lower, starts, found):
    last = upper.shape[0] - 1
    for column in range(last + 2):
        begin, end = starts[column], starts[column + 1]
        left, right = max(column - 1, 0), min(column, last)
        part = row[begin:end]
        _fetch(part, upper[left], found[0, begin:end])
        _fetch(part, upper[right], found[1, begin:end])
        _fetch(part, lower[left], found[2, begin:end])
        _fetch(part, lower[right], found[3, begin:end])


@cpu_kernel
def blend_tables(source, tables, rows, columns, out):
    """Look each pixel up in the tables of the four tiles around it and blend; ``rows`` are ``Neighbors``."""
    count, height, width, _ = source.shape
    images, out_images = source.reshape(count, height, width), out.reshape(count, height, width)
    _, tile_rows, tile_columns, levels = tables.shape
    strips = parts_of(height, STRIP)
    is_packed = source.itemsize == 1
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        packed = np.empty((tile_columns + 1 if is_packed else 0, levels), np.uint32)
        found_packed = np.empty(width if is_packed else 0, np.uint32)
        found = np.empty((4, 0 if is_packed else width), np.uint16)
        for y in range(top, bottom):
            upper = tables[image, max(rows.first[y], 0)]
            lower = tables[image, min(rows.first[y] + 1, tile_rows - 1)]
            if is_packed:
                if y == top or rows.first[y] != rows.first[y - 1]:
                    _pack_tiles(upper, lower, packed)
                _fetch_row_packed(images[image, y], packed, columns.starts, found_packed)
                _blend_packed(
                    found_packed,
                    columns.first_weight,
                    columns.second_weight,
                    rows.first_weight[y],
                    rows.second_weight[y],
                    out_images[image, y],
                )
            else:
                _fetch_row(images[image, y], upper, lower, columns.starts, found)
                _blend(
                    found,
                    columns.first_weight,
                    columns.second_weight,
                    rows.first_weight[y],
                    rows.second_weight[y],
                    out_images[image, y],
                )
