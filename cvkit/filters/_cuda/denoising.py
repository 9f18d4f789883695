"""Non-local means on CUDA: over tiles, and one thread for each pixel where windows are larger than they.

For each offset in the window, the threads of a block sum squared differences down the columns of patches, and
share these sums.
"""

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.filters._cuda.tiles import (
    BLOCK,
    HEIGHT,
    PITCH,
    SIZE,
    load_tile,
    place_of,
    threads_for,
    tiling_of,
)

# Rows that are averaged at a time: a thread has sums for each of them, in registers.
ROWS = 4
DISTANCES = ROWS * PITCH


@helper
def _distance(source, image, y, x, down, right, radius, total):
    """Add to ``total`` the squared differences of two patches, ``down`` and ``right`` of each other."""
    _, height, width, channels = source.shape
    number = type(total)
    for row in range(y - radius, y + radius + 1):
        here_y = border_index(row, height, REFLECT101)
        there_y = border_index(row + down, height, REFLECT101)
        for column in range(x - radius, x + radius + 1):
            here_x = border_index(column, width, REFLECT101)
            there_x = border_index(column + right, width, REFLECT101)
            for channel in range(channels):
                here, there = source[image, here_y, here_x, channel], source[image, there_y, there_x, channel]
                difference = number(here) - number(there)
                total += difference * difference
    return total


@helper
def _weight(distance, table, weighing):
    if len(weighing) == 1:
        return table[np.uintp(min(distance >> weighing[0], table.shape[0] - 1))]
    scale, smallest, _ = weighing
    weight = 2.0 ** (distance * scale)
    return weight if weight >= smallest else 0.0


@helper
def _quotient(total, weight_sum, weighing):
    if len(weighing) == 1:
        return (total + weight_sum // 2) // weight_sum
    _, _, rounder = weighing
    return (total / weight_sum + rounder) - rounder


@cuda_kernel
def _non_local_means(source, table, weighing, sum_type, patch_radius, window_radius, out):
    x, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or x >= width:
        return
    number = sum_type.dtype.type
    zero = number(0)
    weight_sum = zero
    sum0, sum1, sum2, sum3 = zero, zero, zero, zero
    for down in range(-window_radius, window_radius + 1):
        there_y = border_index(y + down, height, REFLECT101)
        for right in range(-window_radius, window_radius + 1):
            distance = _distance(source, image, y, x, down, right, patch_radius, zero)
            weight = number(_weight(distance, table, weighing))
            there_x = border_index(x + right, width, REFLECT101)
            weight_sum += weight
            sum0 += weight * number(source[image, there_y, there_x, 0])
            if channels > 1:
                sum1 += weight * number(source[image, there_y, there_x, 1])
            if channels > 2:
                sum2 += weight * number(source[image, there_y, there_x, 2])
            if channels > 3:
                sum3 += weight * number(source[image, there_y, there_x, 3])
    for channel in range(channels):
        total = sum0 if channel == 0 else (sum1 if channel == 1 else (sum2 if channel == 2 else sum3))
        out[image, y, x, channel] = _quotient(total, weight_sum, weighing)


@helper
def _square_of(tile, here, there, number):
    difference = number(number(tile[here]) - number(tile[there]))
    return number(difference * difference)


@helper
def _square(tile, here, there, channels, number):
    """Return the squared difference of two pixels of a tile, summed over channels."""
    total = _square_of(tile, here, there, number)
    if channels > 1:
        total = number(total + _square_of(tile, here + np.uintp(1), there + np.uintp(1), number))
        if channels > 2:
            total = number(total + _square_of(tile, here + np.uintp(2), there + np.uintp(2), number))
            if channels > 3:
                total = number(total + _square_of(tile, here + np.uintp(3), there + np.uintp(3), number))
    return total


@helper
def _sum_patch_columns(tile, here, there, channels, radius, columns, pixel):
    """Sum the squares of a column of patches, for each row; ``here`` and ``there`` are their first pixels."""
    number = columns.dtype.type
    for row in range(ROWS):
        first, second = here + np.uintp(row * PITCH), there + np.uintp(row * PITCH)
        last = first + np.uintp(2 * radius * PITCH)
        total = _square(tile, first, second, channels, number)
        while first < last:
            first += np.uintp(PITCH)
            second += np.uintp(PITCH)
            total = number(total + _square(tile, first, second, channels, number))
        columns[np.uintp(row * PITCH + pixel)] = total


@helper
def _add_weighted(tile, there, channels, weight, row, sums):
    number = type(weight)
    weights, values0, values1, values2, values3 = sums
    weights[row] += weight
    values0[row] += weight * number(tile[there])
    if channels > 1:
        values1[row] += weight * number(tile[there + np.uintp(1)])
    if channels > 2:
        values2[row] += weight * number(tile[there + np.uintp(2)])
    if channels > 3:
        values3[row] += weight * number(tile[there + np.uintp(3)])


@cuda_kernel(block=BLOCK, is_block_fixed=True)
def _average_tiles(source, table, weighing, sum_type, patch_radius, window_radius, tiling, out):
    tile = cuda.shared.array(SIZE, source.dtype)
    columns = cuda.shared.array(DISTANCES, sum_type.dtype)
    number = sum_type.dtype.type
    weights = cuda.local.array(ROWS, sum_type.dtype)
    values0, values1 = cuda.local.array(ROWS, sum_type.dtype), cuda.local.array(ROWS, sum_type.dtype)
    values2, values3 = cuda.local.array(ROWS, sum_type.dtype), cuda.local.array(ROWS, sum_type.dtype)
    sums = weights, values0, values1, values2, values3
    _, height, width, channels = source.shape
    place = place_of(cuda.blockIdx.x, cuda.threadIdx.x, tiling)
    load_tile(source, place, tiling, REFLECT101, source.dtype.type(0), tile)
    cuda.syncthreads()
    pixel = place.column
    pixels = min(PITCH - 2 * tiling.margin, width * channels - place.left) // channels
    # A thread sums the column that begins a patch, and averages the pixel in its middle.
    corner = tiling.margin + (pixel - patch_radius) * channels
    first = 0
    while first < min(HEIGHT, height - place.top):
        for row in range(ROWS):
            weights[row] = values0[row] = values1[row] = values2[row] = values3[row] = number(0)
        here = (tiling.reach + first) * PITCH + tiling.margin + pixel * channels
        above = (tiling.reach + first - patch_radius) * PITCH + corner
        down = -window_radius
        while down <= window_radius:
            right = -window_radius
            while right <= window_radius:
                offset = down * PITCH + right * channels
                if pixel < pixels + 2 * patch_radius:
                    start, other = np.uintp(above), np.uintp(above + offset)
                    _sum_patch_columns(tile, start, other, channels, patch_radius, columns, pixel)
                cuda.syncthreads()
                if pixel < pixels:
                    for row in range(ROWS):
                        column = np.uintp(row * PITCH + pixel)
                        last = column + np.uintp(2 * patch_radius)
                        distance = columns[column]
                        while column < last:
                            column += np.uintp(1)
                            distance = number(distance + columns[column])
                        weight = number(_weight(distance, table, weighing))
                        there = np.uintp(here + row * PITCH + offset)
                        _add_weighted(tile, there, channels, weight, row, sums)
                cuda.syncthreads()
                right += 1
            down += 1
        if pixel < pixels:
            index = np.uintp(
                ((place.image * height + place.top + first) * width + pixel) * channels + place.left
            )
            for row in range(ROWS):
                if place.top + first + row < height:
                    out.flat[index] = _quotient(values0[row], weights[row], weighing)
                    if channels > 1:
                        out.flat[index + np.uintp(1)] = _quotient(values1[row], weights[row], weighing)
                    if channels > 2:
                        out.flat[index + np.uintp(2)] = _quotient(values2[row], weights[row], weighing)
                    if channels > 3:
                        out.flat[index + np.uintp(3)] = _quotient(values3[row], weights[row], weighing)
                index += np.uintp(width * channels)
        first += ROWS


def non_local_means(source, table, weighing, sum_type, patch_radius, window_radius, out):
    """Average pixels, weighted by the distances of their patches; sums have the dtype of ``sum_type``."""
    reach = patch_radius + window_radius
    tiling = tiling_of(source, reach, reach, has_columns=True, has_whole_pixels=True)
    if tiling is not None:
        _average_tiles[threads_for(source, tiling)](
            source, table, weighing, sum_type, patch_radius, window_radius, tiling, out
        )
        return
    _non_local_means[source.shape[:3]](source, table, weighing, sum_type, patch_radius, window_radius, out)
