"""Warping on the CPU, row by row: source coordinates, then the pixels there, then one blend over the row.

Fetching pixels is scalar work; everything else is in simple loops that vectorise.
"""

import numpy as np

from cvkit._border import CONSTANT
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd import copy_2_items, copy_4_items
from cvkit.geometry._math import (
    AFFINE,
    FAR,
    PERSPECTIVE,
    bicubic_at,
    cubic_weights,
    rounded,
    touches,
    value_at,
)

# Rows and columns of output that one task makes with one set of buffers. Narrow enough for the first cache to
# keep what a rotation reads for one row until the next, wide enough for long vector loops.
TILE_ROWS = 16
TILE_COLUMNS = 640
# Values between the rows of a buffer that holds the four corners of each pixel, up to four channels each. A
# constant, because the loop that fills the four rows is short of registers.
CORNER = 4 * TILE_COLUMNS + 4

# In place of the offset of a pixel's upper left neighbour: some neighbour lies outside; the border value
# alone counts.
EDGE, OUTSIDE = np.int32(-1), np.int32(-2)


@helper(allocates=False)
def _affine_row(steps, starts, y, left, xs, ys):
    """Step along a row; from an exact start, each coordinate is rounded once."""
    real = xs.dtype.type
    step_x, step_y, start_x, start_y = steps[0], steps[1], starts[y, 0], starts[y, 1]
    for x in range(xs.shape[0]):
        column = real(np.int32(np.int32(x) + np.int32(left)))
        xs[x] = step_x * column + start_x
        ys[x] = step_y * column + start_y


@helper(allocates=False)
def _perspective_row(steps, starts, y, left, xs, ys):
    """Step along a row and divide by the depth; points behind the plane have no source."""
    real = xs.dtype.type
    step_x, step_y, step_depth = steps[0], steps[1], steps[2]
    start_x, start_y, start_depth = starts[y, 0], starts[y, 1], starts[y, 2]
    nowhere = real(np.nan)
    for x in range(xs.shape[0]):
        column = real(np.int32(np.int32(x) + np.int32(left)))
        depth = step_depth * column + start_depth
        depth = depth if depth > 0 else nowhere
        xs[x] = (step_x * column + start_x) / depth
        ys[x] = (step_y * column + start_y) / depth


@helper(allocates=False)
def _copy_row(rows, y, left, copy):
    for x in range(copy.shape[0]):
        copy[x] = rows[y, left + x]


@helper(allocates=False)
def _coordinates(kind, steps, starts, map_x, map_y, y, left, xs, ys):
    """Write the source coordinates of the pixels from ``left`` on in output row ``y``."""
    if kind == AFFINE:
        _affine_row(steps, starts, y, left, xs, ys)
    elif kind == PERSPECTIVE:
        _perspective_row(steps, starts, y, left, xs, ys)
    else:
        _copy_row(map_x, y, left, xs)
        _copy_row(map_y, y, left, ys)


@helper(allocates=False)
def _locate(xs, ys, image, border, offsets, weight_x, weight_y):
    """Split coordinates into the offset of the upper left neighbour and the weights of the right and lower.

    ``offsets`` holds EDGE or OUTSIDE where the 2 x 2 neighbours are not all in the image.
    """
    real = xs.dtype.type
    height, width, channels = image.shape
    pixel, row = np.int32(channels), np.int32(width * channels)
    # The last offset from which four items can be copied at the right neighbour in the row below.
    last = np.int32(image.size - (width + 1) * channels - (4 if channels > 1 else 1))
    right, bottom = real(width - 1), real(height - 1)
    low = real(-1) if border == CONSTANT else real(-FAR)
    high_x = real(width) if border == CONSTANT else real(FAR)
    high_y = real(height) if border == CONSTANT else real(FAR)
    zero = real(0)
    for x in range(xs.shape[0]):
        left, top = np.floor(xs[x]), np.floor(ys[x])
        # Comparisons in floating point, so that NaN and infinity are outside.
        near = (xs[x] > low) & (xs[x] < high_x) & (ys[x] > low) & (ys[x] < high_y)
        inside = (left >= zero) & (left < right) & (top >= zero) & (top < bottom)
        offset = np.int32(np.int32(np.int32(top) * row) + np.int32(np.int32(left) * pixel))
        inside &= offset <= last
        offsets[x] = offset if inside else (EDGE if near else OUTSIDE)
        weight_x[x] = xs[x] - left if near else zero
        weight_y[x] = ys[x] - top if near else zero


@helper(allocates=False)
def _fetch_gray(source, step, offsets, border_value, corners, edges):
    """Fetch the 2 x 2 neighbours of each pixel, those of a row side by side.

    The lower ones lie CORNER further on. Pixels at the edge are only listed: their many cases would slow this
    loop down. Returns how many they are.
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
            copy_2_items(border_value, np.uint64(0), corners, pair)
            copy_2_items(border_value, np.uint64(0), corners, np.uint64(pair + np.uint64(CORNER)))
        else:
            edges[found] = x
            found += 1
    return found


@helper(allocates=False)
def _fetch_gray_edges(image, xs, ys, border, border_value, edges, found, corners):
    for position in range(found):
        x = edges[position]
        left, top = int(np.floor(xs[x])), int(np.floor(ys[x]))
        for corner in range(4):
            corners[corner // 2 * CORNER + 2 * x + corner % 2] = value_at(
                image, top + corner // 2, left + corner % 2, 0, border, border_value
            )


@helper(allocates=False)
def _fetch_colour(source, step, channels, offsets, border_value, corners, edges):
    """Fetch the 2 x 2 neighbours of each pixel into a row for each corner, channels interleaved.

    Four values are copied whatever the number of channels: the next pixel overwrites what is too much. Pixels
    at the edge are only listed, as for gray.
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
                copy_4_items(border_value, np.uint64(0), corners, start)
        else:
            edges[found] = x
            found += 1
    return found


@helper(allocates=False)
def _fetch_colour_edges(image, xs, ys, border, border_value, edges, found, corners):
    channels = image.shape[2]
    for position in range(found):
        x = edges[position]
        left, top = int(np.floor(xs[x])), int(np.floor(ys[x]))
        for corner in range(4):
            for channel in range(channels):
                corners[corner * CORNER + x * channels + channel] = value_at(
                    image, top + corner // 2, left + corner % 2, channel, border, border_value
                )


@helper(allocates=False)
def _blend_gray(corners, weight_x, weight_y, whole, out):
    real = weight_x.dtype.type
    for x in range(weight_x.shape[0]):
        upper_left, lower_left = real(corners[2 * x]), real(corners[CORNER + 2 * x])
        above = upper_left + weight_x[x] * (real(corners[2 * x + 1]) - upper_left)
        below = lower_left + weight_x[x] * (real(corners[CORNER + 2 * x + 1]) - lower_left)
        value = above + weight_y[x] * (below - above)
        out[x] = np.rint(value) if whole else value


@helper(allocates=False)
def _blend_colour(corners, weight_x, weight_y, whole, out):
    real = weight_x.dtype.type
    for v in range(weight_x.shape[0]):
        upper_left, lower_left = real(corners[v]), real(corners[2 * CORNER + v])
        above = upper_left + weight_x[v] * (real(corners[CORNER + v]) - upper_left)
        below = lower_left + weight_x[v] * (real(corners[3 * CORNER + v]) - lower_left)
        value = above + weight_y[v] * (below - above)
        out[v] = np.rint(value) if whole else value


@helper(allocates=False)
def _repeat_for_channels(weights, channels, repeated):
    """Give each value of a pixel the pixel's weight; counts known when compiling let the loops vectorise."""
    if channels == 2:
        for x in range(weights.shape[0]):
            repeated[2 * x] = repeated[2 * x + 1] = weights[x]
    elif channels == 3:
        for x in range(weights.shape[0]):
            repeated[3 * x] = repeated[3 * x + 1] = repeated[3 * x + 2] = weights[x]
    else:
        for x in range(weights.shape[0]):
            repeated[4 * x] = repeated[4 * x + 1] = repeated[4 * x + 2] = repeated[4 * x + 3] = weights[x]


@cpu_kernel
def bilinear(source, kind, steps, starts, map_x, map_y, border, border_value, blend_type, whole, out):
    """Blend the 2 x 2 neighbours of each source position."""
    count, height, width, channels = out.shape
    out_rows = out.reshape(count, height, width * channels)
    row_step = source.shape[2] * channels
    strips = (height + TILE_ROWS - 1) // TILE_ROWS
    tiles = (width + TILE_COLUMNS - 1) // TILE_COLUMNS
    for task in prange(count * strips * tiles):
        index = task // (strips * tiles)
        top = (task // tiles % strips) * TILE_ROWS
        left = (task % tiles) * TILE_COLUMNS
        pixels = min(TILE_COLUMNS, width - left)
        values = pixels * channels
        image = source[index]
        flat = image.reshape(image.size)
        xs, ys = np.empty(pixels, starts.dtype), np.empty(pixels, starts.dtype)
        offsets = np.empty(pixels, np.int32)
        weight_x, weight_y = np.empty(pixels, blend_type.dtype), np.empty(pixels, blend_type.dtype)
        value_weight_x, value_weight_y = (
            np.empty(values, blend_type.dtype),
            np.empty(values, blend_type.dtype),
        )
        corners = np.empty(4 * CORNER, source.dtype)
        edges = np.empty(pixels, np.int32)
        for y in range(top, min(top + TILE_ROWS, height)):
            _coordinates(kind, steps, starts, map_x, map_y, y, left, xs, ys)
            _locate(xs, ys, image, border, offsets, weight_x, weight_y)
            out_row = out_rows[index, y, left * channels : left * channels + values]
            if channels == 1:
                found = _fetch_gray(flat, row_step, offsets, border_value, corners, edges)
                _fetch_gray_edges(image, xs, ys, border, border_value, edges, found, corners)
                _blend_gray(corners, weight_x, weight_y, whole, out_row)
            else:
                found = _fetch_colour(flat, row_step, channels, offsets, border_value, corners, edges)
                _fetch_colour_edges(image, xs, ys, border, border_value, edges, found, corners)
                _repeat_for_channels(weight_x, channels, value_weight_x)
                _repeat_for_channels(weight_y, channels, value_weight_y)
                _blend_colour(corners, value_weight_x, value_weight_y, whole, out_row)


@helper(allocates=False)
def _nearest_row(image, xs, ys, border, border_value, out):
    height, width, channels = image.shape
    for x in range(xs.shape[0]):
        if touches(xs[x], ys[x], height, width, 0.5, border):
            row, column = int(np.rint(ys[x])), int(np.rint(xs[x]))
            for channel in range(channels):
                out[x, channel] = value_at(image, row, column, channel, border, border_value)
        else:
            for channel in range(channels):
                out[x, channel] = border_value[channel]


@helper(allocates=False)
def _bicubic_row(image, xs, ys, border, border_value, rounding, largest, weight_x, weight_y, out):
    height, width, channels = image.shape
    for x in range(xs.shape[0]):
        if touches(xs[x], ys[x], height, width, 2, border):
            left, top = int(np.floor(xs[x])), int(np.floor(ys[x]))
            cubic_weights(xs[x] - left, weight_x)
            cubic_weights(ys[x] - top, weight_y)
            for channel in range(channels):
                value = bicubic_at(image, top, left, channel, weight_x, weight_y, border, border_value)
                out[x, channel] = rounded(value, rounding, largest)
        else:
            for channel in range(channels):
                out[x, channel] = border_value[channel]


@cpu_kernel
def nearest(source, kind, steps, starts, map_x, map_y, border, border_value, out):
    """Copy the pixel nearest to each source position, of two equally near ones the one of even index."""
    count, height, width, _ = out.shape
    for task in prange(count * height):
        index, y = task // height, task % height
        xs, ys = np.empty(width, starts.dtype), np.empty(width, starts.dtype)
        _coordinates(kind, steps, starts, map_x, map_y, y, 0, xs, ys)
        _nearest_row(source[index], xs, ys, border, border_value, out[index, y])


@cpu_kernel
def bicubic(source, kind, steps, starts, map_x, map_y, border, border_value, rounding, largest, out):
    """Blend the 4 x 4 neighbours of each source position with Keys' cubic."""
    count, height, width, _ = out.shape
    for task in prange(count * height):
        index, y = task // height, task % height
        xs, ys = np.empty(width, starts.dtype), np.empty(width, starts.dtype)
        weight_x, weight_y = np.empty(4, np.float64), np.empty(4, np.float64)
        _coordinates(kind, steps, starts, map_x, map_y, y, 0, xs, ys)
        _bicubic_row(
            source[index], xs, ys, border, border_value, rounding, largest, weight_x, weight_y, out[index, y]
        )
