"""Warping on the CPU, row by row: source coordinates, then the pixels there, then one blend over the row.

Fetching pixels is scalar work; everything else is in simple loops that vectorize.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.memory import copy_2_items, copy_4_items
from cvkit._tiles import tile, tiles_of
from cvkit.geometry._cpu.bicubic import CubicBuffers, bicubic_tile
from cvkit.geometry._cpu.coordinates import OUTSIDE, coordinates, locate, locate_nearest, row_buffers
from cvkit.geometry._math import value_at

# Rows and columns of output that one task makes with one set of buffers. Narrow enough for the first cache to
# keep what a rotation reads for one row until the next, wide enough for long vector loops; enough rows for
# making the buffers not to count.
TILE = 32, 640
# Values between the rows of a buffer that holds the four corners of each pixel, up to four channels each. A
# constant, because the loop that fills the four rows is short of registers.
CORNER = 4 * TILE[1] + 4


@helper
def _fetch_gray(source, step, offsets, border_pixel, corners, across):
    """Fetch the 2 x 2 neighbors of each pixel, those of a row side by side.

    The lower ones lie CORNER further on. Pixels across the border are only listed: their many cases would
    slow this loop down. Returns how many they are.
    """
    row = np.uint64(step)
    found = 0
    for x in range(offsets.shape[0]):
        pair = np.uint64(2 * x)
        if offsets[x] >= 0:
            offset = np.uint64(offsets[x])
            copy_2_items(source, offset, corners, pair)
            copy_2_items(source, np.uint64(offset + row), corners, np.uint64(pair + np.uint64(CORNER)))
        elif offsets[x] == OUTSIDE:
            copy_2_items(border_pixel, np.uint64(0), corners, pair)
            copy_2_items(border_pixel, np.uint64(0), corners, np.uint64(pair + np.uint64(CORNER)))
        else:
            across[found] = x
            found += 1
    return found


@helper
def _fetch_color(source, step, channels, offsets, border_pixel, corners, across):
    """Fetch the 2 x 2 neighbors of each pixel into a row for each corner, channels interleaved.

    Four values are copied whatever the number of channels: the next pixel overwrites what is too much. Pixels
    across the border are only listed, as for gray.
    """
    pixel, row = np.uint64(channels), np.uint64(step)
    found = 0
    for x in range(offsets.shape[0]):
        first = np.uint64(x * channels)
        if offsets[x] >= 0:
            upper = np.uint64(offsets[x])
            lower = np.uint64(upper + row)
            copy_4_items(source, upper, corners, first)
            copy_4_items(source, np.uint64(upper + pixel), corners, np.uint64(first + np.uint64(CORNER)))
            copy_4_items(source, lower, corners, np.uint64(first + np.uint64(2 * CORNER)))
            copy_4_items(source, np.uint64(lower + pixel), corners, np.uint64(first + np.uint64(3 * CORNER)))
        elif offsets[x] == OUTSIDE:
            for corner in range(4):
                start = np.uint64(first + np.uint64(corner * CORNER))
                copy_4_items(border_pixel, np.uint64(0), corners, start)
        else:
            across[found] = x
            found += 1
    return found


@helper
def _fetch_across_border(image, xs, ys, border, across, steps, corners):
    """Fetch the neighbors of the listed pixels one by one.

    ``steps`` counts the values of ``corners`` from one pixel to the next, and to the right and to the lower
    neighbor.
    """
    pixel, right, below = steps
    for x in across:
        left, top = int(np.floor(xs[x])), int(np.floor(ys[x]))
        for corner in range(4):
            start = x * pixel + corner % 2 * right + corner // 2 * below
            for channel in range(image.shape[2]):
                corners[start + channel] = value_at(
                    image, top + corner // 2, left + corner % 2, channel, border
                )


@helper
def _blend_gray(corners, weight_x, weight_y, is_integer, out):
    real = weight_x.dtype.type
    for x in range(weight_x.shape[0]):
        upper_left, lower_left = real(corners[2 * x]), real(corners[CORNER + 2 * x])
        above = upper_left + weight_x[x] * (real(corners[2 * x + 1]) - upper_left)
        below = lower_left + weight_x[x] * (real(corners[CORNER + 2 * x + 1]) - lower_left)
        value = above + weight_y[x] * (below - above)
        out[x] = np.rint(value) if is_integer else value


@helper
def _blend_color(corners, weight_x, weight_y, is_integer, out):
    real = weight_x.dtype.type
    for v in range(out.shape[0]):
        upper_left, lower_left = real(corners[v]), real(corners[2 * CORNER + v])
        above = upper_left + weight_x[v] * (real(corners[CORNER + v]) - upper_left)
        below = lower_left + weight_x[v] * (real(corners[3 * CORNER + v]) - lower_left)
        value = above + weight_y[v] * (below - above)
        out[v] = np.rint(value) if is_integer else value


@helper
def _repeat_for_channels(weights, channels, repeated):
    """Give each value of a pixel the pixel's weight; counts known when compiling let the loops vectorize."""
    if channels == 2:
        for x in range(weights.shape[0]):
            repeated[2 * x] = repeated[2 * x + 1] = weights[x]
    elif channels == 3:
        for x in range(weights.shape[0]):
            repeated[3 * x] = repeated[3 * x + 1] = repeated[3 * x + 2] = weights[x]
    else:
        for x in range(weights.shape[0]):
            repeated[4 * x] = repeated[4 * x + 1] = repeated[4 * x + 2] = repeated[4 * x + 3] = weights[x]


@helper
def _bilinear_gray_tile(image, positions, border, bounds, buffers, is_integer, out_rows):
    top, bottom, left, right = bounds
    flat = image.reshape(image.size)
    offsets, corners, across = buffers.offsets, buffers.pixels, buffers.across
    fraction_x, fraction_y = buffers.fraction_x, buffers.fraction_y
    for y in range(top, bottom):
        xs, ys = coordinates(positions, y, left, buffers.xs, buffers.ys)
        locate(xs, ys, image, border.mode, 2, offsets, fraction_x, fraction_y)
        found = _fetch_gray(flat, image.shape[1], offsets, border.pixel, corners, across)
        _fetch_across_border(image, xs, ys, border, across[:found], (2, 1, CORNER), corners)
        _blend_gray(corners, fraction_x, fraction_y, is_integer, out_rows[y, left:right])


@helper
def _bilinear_color_tile(image, positions, border, bounds, buffers, is_integer, out_rows):
    top, bottom, left, right = bounds
    channels, row_step = image.shape[2], image.shape[1] * image.shape[2]
    flat = image.reshape(image.size)
    offsets, corners, across = buffers.offsets, buffers.pixels, buffers.across
    fraction_x, fraction_y = buffers.fraction_x, buffers.fraction_y
    steps = channels, CORNER, 2 * CORNER
    for y in range(top, bottom):
        xs, ys = coordinates(positions, y, left, buffers.xs, buffers.ys)
        locate(xs, ys, image, border.mode, 2, offsets, fraction_x, fraction_y)
        found = _fetch_color(flat, row_step, channels, offsets, border.pixel, corners, across)
        _fetch_across_border(image, xs, ys, border, across[:found], steps, corners)
        _repeat_for_channels(fraction_x, channels, buffers.weight_x)
        _repeat_for_channels(fraction_y, channels, buffers.weight_y)
        out_row = out_rows[y, left * channels : right * channels]
        _blend_color(corners, buffers.weight_x, buffers.weight_y, is_integer, out_row)


@cpu_kernel
def bilinear_gray(source, positions, border, offset_type, blend_type, is_integer, out):
    """Blend the 2 x 2 neighbors of each source position in gray images."""
    count, height, width, _ = out.shape
    out_rows = out.reshape(count, height, width)
    tiles = tiles_of(TILE, (height, width))
    types = positions.starts, offset_type, blend_type, source
    for task in prange(count * tiles[0] * tiles[1]):
        index, top, bottom, left, right = tile(task, tiles, TILE, (height, width))
        bounds = top, bottom, left, right
        buffers = row_buffers(right - left, types, 0, 2 * CORNER)
        _bilinear_gray_tile(source[index], positions, border, bounds, buffers, is_integer, out_rows[index])


@cpu_kernel
def bilinear_color(source, positions, border, offset_type, blend_type, is_integer, out):
    """Blend the 2 x 2 neighbors of each source position in images of two to four channels."""
    count, height, width, channels = out.shape
    out_rows = out.reshape(count, height, width * channels)
    tiles = tiles_of(TILE, (height, width))
    types = positions.starts, offset_type, blend_type, source
    for task in prange(count * tiles[0] * tiles[1]):
        index, top, bottom, left, right = tile(task, tiles, TILE, (height, width))
        bounds = top, bottom, left, right
        buffers = row_buffers(right - left, types, channels, 4 * CORNER)
        _bilinear_color_tile(source[index], positions, border, bounds, buffers, is_integer, out_rows[index])


@helper
def _fetch_nearest(source, channels, offsets, border_pixel, across, pixels):
    """Fetch one pixel for each offset, or the border value; return how many across the border are listed."""
    found = 0
    for x in range(offsets.shape[0]):
        if offsets[x] >= 0:
            if channels == 1:
                pixels[x] = source[np.uint64(offsets[x])]
            else:
                copy_4_items(source, np.uint64(offsets[x]), pixels, np.uint64(x * channels))
        elif offsets[x] == OUTSIDE:
            for channel in range(channels):
                pixels[x * channels + channel] = border_pixel[channel]
        else:
            across[found] = x
            found += 1
    return found


@helper
def _nearest_across_border(image, xs, ys, border, across, pixels):
    channels = image.shape[2]
    for x in across:
        row, column = int(np.rint(ys[x])), int(np.rint(xs[x]))
        for channel in range(channels):
            pixels[x * channels + channel] = value_at(image, row, column, channel, border)


@helper
def _nearest_tile(image, positions, border, bounds, buffers, out_rows):
    top, bottom, left, right = bounds
    channels = image.shape[2]
    flat = image.reshape(image.size)
    for y in range(top, bottom):
        xs, ys = coordinates(positions, y, left, buffers.xs, buffers.ys)
        locate_nearest(xs, ys, image, border.mode, buffers.offsets)
        found = _fetch_nearest(flat, channels, buffers.offsets, border.pixel, buffers.across, buffers.pixels)
        _nearest_across_border(image, xs, ys, border, buffers.across[:found], buffers.pixels)
        copy_row(buffers.pixels, out_rows[y, left * channels : right * channels])


@cpu_kernel
def nearest(source, positions, border, offset_type, out):
    """Copy the pixel nearest to each source position, of two equally near ones the one of even index."""
    count, height, width, channels = out.shape
    out_rows = out.reshape(count, height, width * channels)
    tiles = tiles_of(TILE, (height, width))
    types = positions.starts, offset_type, positions.starts, source
    for task in prange(count * tiles[0] * tiles[1]):
        index, top, bottom, left, right = tile(task, tiles, TILE, (height, width))
        bounds = top, bottom, left, right
        buffers = row_buffers(right - left, types, 0, CORNER)
        _nearest_tile(source[index], positions, border, bounds, buffers, out_rows[index])


@cpu_kernel
def bicubic(source, positions, border, offset_type, blend_type, limits, out):
    """Blend the 4 x 4 neighbors of each source position with Keys' cubic."""
    count, height, width, channels = out.shape
    out_rows = out.reshape(count, height, width * channels)
    tiles = tiles_of(TILE, (height, width))
    types = positions.starts, offset_type, positions.starts, source
    for task in prange(count * tiles[0] * tiles[1]):
        index, top, bottom, left, right = tile(task, tiles, TILE, (height, width))
        bounds = top, bottom, left, right
        values = (right - left) * channels
        buffers = row_buffers(right - left, types, 0, 0)
        weights = np.empty((2, 4, values), blend_type.dtype)
        neighbors = np.zeros((4, values + 4), source.dtype)
        total = np.empty(values, blend_type.dtype)
        cubic = CubicBuffers(weights, neighbors, total)
        bicubic_tile(
            source[index],
            positions,
            border,
            bounds,
            buffers,
            cubic,
            limits,
            out_rows[index],
        )
