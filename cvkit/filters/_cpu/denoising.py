"""Non-local means on the CPU: for each offset in the window, the distances of all patches of a tile at once.

A patch's distance is a sum of squared differences over a square. For one offset, columns of squares are
summed by adding the row that enters and subtracting the row that leaves, and rows of those columns by adding
``patch`` of them; all of it in loops over rows.

Sums are whole numbers of 32 bits for bytes, and float64 for all other dtypes. The length of the tuple
``weighing`` chooses the arithmetic while a kernel is compiled: ``(shift,)`` looks weights up in the table,
``(scale, smallest, whole)`` computes them; see ``cvkit.filters.denoising``.
"""

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit.filters._cpu.bilateral import power_of_two

# Rows and columns of a tile: its sums and its values stay in the second-level cache.
TILE_HEIGHT = 48
TILE_WIDTH = 256


@helper
def _add_squares(first, second, columns):
    number = columns.dtype.type
    for x in range(columns.shape[0]):
        difference = number(number(first[x]) - number(second[x]))
        columns[x] = number(columns[x] + number(difference * difference))


@helper
def _subtract_squares(first, second, columns):
    number = columns.dtype.type
    for x in range(columns.shape[0]):
        difference = number(number(first[x]) - number(second[x]))
        columns[x] = number(columns[x] - number(difference * difference))


@helper
def _copy(values, out):
    for x in range(out.shape[0]):
        out[x] = values[x]


@helper
def _add(values, out):
    number = out.dtype.type
    for x in range(out.shape[0]):
        out[x] = number(out[x] + values[x])


@helper
def _look_up(distances, table, shift, weights):
    last = np.int32(table.shape[0] - 1)
    for x in range(weights.shape[0]):
        index = min(np.int32(np.int32(distances[x]) >> shift), last)
        weights[x] = table[np.uintp(index)]


@helper
def _exponential(distances, scale, smallest, weights):
    zero, least = np.float32(0), np.float32(-126)
    for x in range(weights.shape[0]):
        exponent = np.float32(distances[x] * scale)
        exponent = exponent if exponent > least else least
        # Sliding sums of floats may end a little below 0.
        weight = power_of_two(exponent if exponent < zero else zero)
        weights[x] = weight if weight >= smallest else zero


@helper
def _weigh(distances, table, weighing, weights):
    if len(weighing) == 1:
        _look_up(distances, table, weighing[0], weights)
    else:
        scale, smallest, _ = weighing
        _exponential(distances, scale, smallest, weights)


@helper
def _add_weighted(values, weights, value_sum):
    number = value_sum.dtype.type
    for x in range(value_sum.shape[0]):
        value_sum[x] = number(value_sum[x] + number(number(values[x]) * weights[x]))


@helper
def _divide(value_sum, weight_sum, out):
    """Divide and round: the integer quotient of sums below 2 ** 31 in double precision is exact."""
    for x in range(out.shape[0]):
        total = np.float64(value_sum[x]) + np.float64(weight_sum[x] >> 1)
        out[x] = np.uint8(np.int32(total / np.float64(weight_sum[x])))


@helper
def _finish(value_sum, weight_sum, weighing, out):
    if len(weighing) == 1:
        _divide(value_sum, weight_sum, out)
    else:
        _, _, whole = weighing
        for x in range(out.shape[0]):
            out[x] = (value_sum[x] / weight_sum[x] + whole) - whole


@helper(allocates=False)
def _fill_tile(image, top, left, planes):
    """Copy part of an image to one plane a channel, reflected at the image's edges."""
    height, width, channels = image.shape
    for row in range(planes.shape[1]):
        y = border_index(top + row, height, REFLECT101)
        for column in range(planes.shape[2]):
            x = border_index(left + column, width, REFLECT101)
            for channel in range(channels):
                planes[channel, row, column] = image[y, x, channel]


@helper(allocates=False)
def _add_offset(
    planes,
    down,
    right,
    reach,
    table,
    weighing,
    patch_radius,
    columns,
    distances,
    weights,
    weight_sums,
    value_sums,
):
    """Add the pixels at one offset to the sums of a tile; its planes reach ``reach`` pixels beyond it."""
    channels, height, width = value_sums.shape
    patch = 2 * patch_radius + 1
    left = reach - patch_radius
    here = slice(left, left + width + patch - 1)
    there = slice(left + right, left + right + width + patch - 1)
    columns[:] = 0
    for y in range(1 - patch, height):
        entering = y + reach + patch_radius
        for channel in range(channels):
            _add_squares(planes[channel, entering, here], planes[channel, entering + down, there], columns)
        if y < 0:
            continue
        _copy(columns[:width], distances)
        for step in range(1, patch):
            _add(columns[step : step + width], distances)
        _weigh(distances, table, weighing, weights)
        _add(weights, weight_sums[y])
        start = reach + right
        for channel in range(channels):
            row = planes[channel, y + reach + down, start : start + width]
            _add_weighted(row, weights, value_sums[channel, y])
        leaving = entering - patch + 1
        for channel in range(channels):
            _subtract_squares(planes[channel, leaving, here], planes[channel, leaving + down, there], columns)


@cpu_kernel
def non_local_means(source, table, weighing, sum_type, patch_radius, window_radius, out):
    """Average pixels, weighted by the distances of their patches; sums have the dtype of ``sum_type``."""
    count, height, width, channels = source.shape
    reach = patch_radius + window_radius
    down = (height + TILE_HEIGHT - 1) // TILE_HEIGHT
    across = (width + TILE_WIDTH - 1) // TILE_WIDTH
    for task in prange(count * down * across):
        image, tile = task // (down * across), task % (down * across)
        top, left = tile // across * TILE_HEIGHT, tile % across * TILE_WIDTH
        bottom, right = min(top + TILE_HEIGHT, height), min(left + TILE_WIDTH, width)
        shape = bottom - top, right - left
        planes = np.empty((channels, shape[0] + 2 * reach, shape[1] + 2 * reach), source.dtype)
        _fill_tile(source[image], top - reach, left - reach, planes)
        columns = np.empty(shape[1] + 2 * patch_radius, sum_type.dtype)
        distances = np.empty(shape[1], sum_type.dtype)
        weights = np.empty(shape[1], sum_type.dtype)
        weight_sums = np.zeros(shape, sum_type.dtype)
        value_sums = np.zeros((channels, shape[0], shape[1]), sum_type.dtype)
        for offset_y in range(-window_radius, window_radius + 1):
            for offset_x in range(-window_radius, window_radius + 1):
                _add_offset(
                    planes,
                    offset_y,
                    offset_x,
                    reach,
                    table,
                    weighing,
                    patch_radius,
                    columns,
                    distances,
                    weights,
                    weight_sums,
                    value_sums,
                )
        for y in range(top, bottom):
            for channel in range(channels):
                row = out[image, y, left:right, channel]
                _finish(value_sums[channel, y - top], weight_sums[y - top], weighing, row)
