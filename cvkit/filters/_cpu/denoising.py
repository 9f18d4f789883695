"""Non-local means on the CPU: each pair of patches is compared once, and its weight used for both pixels.

A patch's distance is a sum of squared differences over a square. For one offset, columns of squares are
summed by adding the row that enters and subtracting the row that leaves, those of floats as ``sliding`` does
it, and rows of those columns by adding ``patch`` of them; all of it in loops over rows. A row's weights go to
the pixels of that row, and to those that the offset leads to.

Sums are whole numbers of 32 or 64 bits for bytes, and float64 for all other dtypes. The length of the tuple
``weighing`` chooses the arithmetic while a kernel is compiled: ``(shift,)`` looks weights up in the table,
``(scale, smallest, rounder)`` computes them; see ``cvkit.filters.denoising``.
"""

from typing import NamedTuple

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.memory import look_up
from cvkit._tiles import tile, tiles_of
from cvkit.filters._bilateral_math import power_of_two
from cvkit.filters._cpu.sliding import slide_window

# Rows and columns of a tile: its sums and its values stay in the second-level cache. Short rows spend a good
# part of their time on calls.
TILE = (64, 640)

# Neighboring offsets whose weights are added to the sums of a row at once.
GROUP = 4


class Sums(NamedTuple):
    """Sums for the pixels of a tile: of weights, and of weighted values, a plane for each channel."""

    weights: np.ndarray
    values: np.ndarray


class Scratch(NamedTuple):
    """Space for a row of a tile and each offset of a group; only floats use ``held`` and ``beginnings``."""

    columns: np.ndarray
    distances: np.ndarray
    weights: np.ndarray
    held: np.ndarray
    beginnings: np.ndarray


@helper
def _add_squares(first, second, columns):
    number = columns.dtype.type
    for x in range(columns.shape[0]):
        difference = number(number(first[x]) - number(second[x]))
        columns[x] = number(columns[x] + number(difference * difference))


@helper
def _exchange_squares(entering, leaving, columns):
    """Add the squared differences of one pair of rows and subtract those of another."""
    number = columns.dtype.type
    entering_here, entering_there = entering
    leaving_here, leaving_there = leaving
    for x in range(columns.shape[0]):
        more = number(number(entering_here[x]) - number(entering_there[x]))
        less = number(number(leaving_here[x]) - number(leaving_there[x]))
        columns[x] = number(columns[x] + number(number(more * more) - number(less * less)))


@helper
def _sum_three(columns, out):
    number = out.dtype.type
    second, third = columns[1:], columns[2:]
    for x in range(out.shape[0]):
        out[x] = number(number(columns[x] + second[x]) + third[x])


@helper
def _add_four_columns(columns, out):
    number = out.dtype.type
    second, third, fourth = columns[1:], columns[2:], columns[3:]
    for x in range(out.shape[0]):
        pairs = number(number(columns[x] + second[x]) + number(third[x] + fourth[x]))
        out[x] = number(out[x] + pairs)


@helper
def _sum_columns(columns, patch, distances):
    """Add ``patch`` neighboring columns, an odd number: one or three, and then four at a time."""
    if patch % 4 == 1:
        copy_row(columns, distances)
    else:
        _sum_three(columns, distances)
    for first in range(patch % 4, patch, 4):
        _add_four_columns(columns[first:], distances)


@helper
def _make_indices(distances, shift, last):
    # The mask changes nothing but tells the compiler that the shift needs no wider lanes.
    bits = np.int32(shift) & np.int32(31)
    for x in range(distances.shape[0]):
        distances[x] = min(np.int32(distances[x] >> bits), last)


@helper
def _look_up(indices, table, weights):
    for x in range(weights.shape[0]):
        weights[x] = look_up(table, np.uintp(indices[x]))


@helper
def _exponential(distances, scale, smallest, weights):
    zero, least = np.float32(0), np.float32(-126)
    for x in range(weights.shape[0]):
        exponent = np.float32(distances[x] * scale)
        exponent = exponent if exponent > least else least
        weight = power_of_two(exponent)
        weights[x] = weight if weight >= smallest else zero


@helper
def _compute_weights(distances, table, weighing, weights):
    if len(weighing) == 1:
        _make_indices(distances, weighing[0], np.int32(table.shape[0] - 1))
        _look_up(distances, table, weights)
    else:
        scale, smallest, _ = weighing
        _exponential(distances, scale, smallest, weights)


@helper
def _add_weights(weights, weight_sum):
    number = weight_sum.dtype.type
    first, second, third, fourth = weights
    for x in range(weight_sum.shape[0]):
        pairs = number(number(first[x] + second[x]) + number(third[x] + fourth[x]))
        weight_sum[x] = number(weight_sum[x] + pairs)


@helper
def _add_weighted(values, weights, value_sum):
    number = value_sum.dtype.type
    value0, value1, value2, value3 = values
    weight0, weight1, weight2, weight3 = weights
    for x in range(value_sum.shape[0]):
        first = number(number(value0[x]) * weight0[x])
        second = number(number(value1[x]) * weight1[x])
        third = number(number(value2[x]) * weight2[x])
        fourth = number(number(value3[x]) * weight3[x])
        pairs = number(number(first + second) + number(third + fourth))
        value_sum[x] = number(value_sum[x] + pairs)


@helper
def _divide(value_sum, weight_sum, out):
    """Divide and round: the integer quotient of sums below 2 ** 52 in double precision is exact."""
    for x in range(out.shape[0]):
        total = np.float64(value_sum[x]) + np.float64(weight_sum[x] >> 1)
        out[x] = np.uint8(np.int32(total / np.float64(weight_sum[x])))


@helper
def _divide_and_store(value_sum, weight_sum, weighing, out):
    if len(weighing) == 1:
        _divide(value_sum, weight_sum, out)
    else:
        _, _, rounder = weighing
        for x in range(out.shape[0]):
            out[x] = (value_sum[x] / weight_sum[x] + rounder) - rounder


@helper
def _fill_tile(image, top, left, planes):
    """Copy part of an image to one plane a channel, reflected at the image's edges."""
    height, width, channels = image.shape
    for row in range(planes.shape[1]):
        y = border_index(top + row, height, REFLECT101)
        for column in range(planes.shape[2]):
            x = border_index(left + column, width, REFLECT101)
            for channel in range(channels):
                planes[channel, row, column] = image[y, x, channel]


@helper
def _start(values, weight, value_sum):
    """Begin with the pixels themselves, whose patches have no distance."""
    number = value_sum.dtype.type
    for x in range(value_sum.shape[0]):
        value_sum[x] = number(number(values[x]) * weight)


@helper
def _start_sums(planes, reach, table, weighing, sums):
    number = sums.weights.dtype.type
    channels, height, width = sums.values.shape
    weight = number(table[0]) if len(weighing) == 1 else number(1)
    sums.weights[:] = weight
    for channel in range(channels):
        for y in range(height):
            _start(planes[channel, reach + y, reach : reach + width], weight, sums.values[channel, y])


@helper
def _exchange_rows(planes, y, down, here, there, patch, is_full, columns):
    """Let sums over ``patch`` rows end with row ``y``; until they are full, no row leaves them."""
    for channel in range(planes.shape[0]):
        plane = planes[channel]
        entering = plane[y, here], plane[y + down, there]
        if is_full:
            leaving = plane[y - patch, here], plane[y - patch + down, there]
            _exchange_squares(entering, leaving, columns)
        else:
            _add_squares(entering[0], entering[1], columns)


@helper
def _slide_rows(planes, y, down, here, there, position, block, columns):
    """Let sums over as many rows as a block holds end with row ``y``, without what left them."""
    held, beginning, squares = block
    squares[:] = 0
    for channel in range(planes.shape[0]):
        _add_squares(planes[channel, y, here], planes[channel, y + down, there], squares)
    slide_window(squares, held, position, beginning, columns)


@helper
def _slide(planes, y, down, left, right, step, block, columns):
    """Sum columns of squared differences over a patch that ends with row ``y``, after ``step`` others.

    Whole numbers lose the row that leaves; floats are summed by ``block``.
    """
    held, beginning, squares = block
    patch, width = held.shape[0], columns.shape[0]
    here, there = slice(left, left + width), slice(left + right, left + right + width)
    if held.shape[1] == 0:
        _exchange_rows(planes, y, down, here, there, patch, step >= patch, columns)
    else:
        block = held[:, :width], beginning[:width], squares[:width]
        _slide_rows(planes, y, down, here, there, step % patch, block, columns)


@helper
def _add_four(planes, source_y, source_lefts, weights, weight_lefts, sums, y):
    """Add four neighbors of every pixel of row ``y``, and their weights, from where their rows start."""
    width = sums.weights.shape[1]
    first, second, third, fourth = weight_lefts
    held = (
        weights[0, first : first + width],
        weights[1, second : second + width],
        weights[2, third : third + width],
        weights[3, fourth : fourth + width],
    )
    _add_weights(held, sums.weights[y])
    first, second, third, fourth = source_lefts
    for channel in range(planes.shape[0]):
        row = planes[channel, source_y]
        values = (
            row[first : first + width],
            row[second : second + width],
            row[third : third + width],
            row[fourth : fourth + width],
        )
        _add_weighted(values, held, sums.values[channel, y])


@helper
def _add_group(planes, down, first, last, table, weighing, scratch, sums):
    """Add the pixels at the offsets from ``first`` to ``last`` in columns, and those at the opposite ones.

    A row of weights belongs to the pixels that the offset leads away from. It reaches beyond the tile as far
    as the offset leads into it.
    """
    columns, distances, weights, held, beginnings = scratch
    _, height, width = sums.values.shape
    reach, patch = (planes.shape[1] - height) // 2, held.shape[1]
    patch_radius = patch // 2
    columns[:] = 0
    weights[last - first + 1 :] = 0
    rights = first, min(first + 1, last), min(first + 2, last), min(first + 3, last)
    right0, right1, right2, right3 = rights
    before = max(right0, 0), max(right1, 0), max(right2, 0), max(right3, 0)
    behind = max(-right0, 0), max(-right1, 0), max(-right2, 0), max(-right3, 0)
    top = 1 - patch - down
    for y in range(top, height):
        for member in range(last - first + 1):
            _slide(
                planes,
                reach + y + patch_radius,
                down,
                reach - patch_radius - before[member],
                rights[member],
                y - top,
                (held[member], beginnings[member], distances),
                columns[member, : width + abs(rights[member]) + patch - 1],
            )
        if y < -down:
            continue
        for member in range(last - first + 1):
            size = width + abs(rights[member])
            _sum_columns(columns[member], patch, distances[:size])
            _compute_weights(distances[:size], table, weighing, weights[member, :size])
        if y >= 0:
            _add_four(
                planes,
                reach + y + down,
                (reach + right0, reach + right1, reach + right2, reach + right3),
                weights,
                before,
                sums,
                y,
            )
        if y + down < height:
            _add_four(
                planes,
                reach + y,
                (reach - right0, reach - right1, reach - right2, reach - right3),
                weights,
                behind,
                sums,
                y + down,
            )


@cpu_kernel
def non_local_means(source, table, weighing, sum_type, patch_radius, window_radius, out):
    """Average pixels, weighted by the distances of their patches; sums have the dtype of ``sum_type``."""
    count, height, width, channels = source.shape
    reach = patch_radius + window_radius
    tiles = tiles_of(TILE, (height, width))
    for task in prange(count * tiles[0] * tiles[1]):
        image, top, bottom, left, right = tile(task, tiles, TILE, (height, width))
        shape = bottom - top, right - left
        planes = np.empty((channels, shape[0] + 2 * reach, shape[1] + 2 * reach), source.dtype)
        _fill_tile(source[image], top - reach, left - reach, planes)
        # Only floats need them: whole numbers lose a row as they took it in.
        held_width = 0 if len(weighing) == 1 else planes.shape[2]
        scratch = Scratch(
            np.empty((GROUP, planes.shape[2]), sum_type.dtype),
            np.empty(planes.shape[2], sum_type.dtype),
            np.empty((GROUP, planes.shape[2]), sum_type.dtype),
            np.empty((GROUP, 2 * patch_radius + 1, held_width), sum_type.dtype),
            np.empty((GROUP, held_width), sum_type.dtype),
        )
        sums = Sums(np.empty(shape, sum_type.dtype), np.empty((channels, shape[0], shape[1]), sum_type.dtype))
        _start_sums(planes, reach, table, weighing, sums)
        for offset_y in range(window_radius + 1):
            for first in range(-window_radius if offset_y else 1, window_radius + 1, GROUP):
                last = min(first + GROUP - 1, window_radius)
                _add_group(planes, offset_y, first, last, table, weighing, scratch, sums)
        for y in range(top, bottom):
            for channel in range(channels):
                row = out[image, y, left:right, channel]
                _divide_and_store(sums.values[channel, y - top], sums.weights[y - top], weighing, row)
