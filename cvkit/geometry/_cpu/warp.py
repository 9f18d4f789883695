"""Warping on the CPU, row by row: source coordinates, then the pixels there, then one blend over the row.

Fetching pixels is scalar work; everything else is in simple loops that vectorize.
"""

import numpy as np

from cvkit._border import CONSTANT
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.memory import copy_2_items, copy_4_items
from cvkit._tiles import tile, tiles_of
from cvkit.geometry._cpu.coordinates import coordinates
from cvkit.geometry._math import FAR, bicubic_at, cubic_weights, rounded, value_at

# Rows and columns of output that one task makes with one set of buffers. Narrow enough for the first cache to
# keep what a rotation reads for one row until the next, wide enough for long vector loops; enough rows for
# making the buffers not to count.
TILE = 32, 640
# Values between the rows of a buffer that holds the four corners of each pixel, up to four channels each. A
# constant, because the loop that fills the four rows is short of registers.
CORNER = 4 * TILE[1] + 4

# In place of the offset of a pixel's upper left neighbor: some neighbor lies beyond the border of the image;
# the border value alone counts.
ACROSS_BORDER, OUTSIDE = np.int32(-1), np.int32(-2)


@helper
def _locate(xs, ys, image, mode, span, offsets, weight_x, weight_y):
    """Split coordinates into the offset of the first of ``span`` x ``span`` neighbors and the fractions.

    ``offsets`` holds ACROSS_BORDER or OUTSIDE where the neighbors are not all in the image. Its dtype must
    hold the size of the image.
    """
    real, number = xs.dtype.type, offsets.dtype.type
    height, width, channels = image.shape
    pixel, row = number(channels), number(width * channels)
    before, after = real(span // 2 - 1), real(span // 2)
    # The last offset from which the last neighbor in the last row can be moved, as one of four items.
    last = number(image.size - (span - 1) * row - ((span - 1) * channels + 4 if channels > 1 else span))
    right, bottom = real(width - after), real(height - after)
    low = -after if mode == CONSTANT else real(-FAR)
    # Of the coordinates' type: compared with an integer, they would be widened first.
    high_x = real(width - 1 + span // 2) if mode == CONSTANT else real(FAR)
    high_y = real(height - 1 + span // 2) if mode == CONSTANT else real(FAR)
    zero = real(0)
    for x in range(xs.shape[0]):
        left, top = np.floor(xs[x]), np.floor(ys[x])
        # Comparisons in floating point, so that NaN and infinity are outside.
        near = (xs[x] > low) & (xs[x] < high_x) & (ys[x] > low) & (ys[x] < high_y)
        weight_x[x] = xs[x] - left if near else zero
        weight_y[x] = ys[x] - top if near else zero
        inside = (left >= before) & (left < right) & (top >= before) & (top < bottom)
        first_row, first_column = number(top - before), number(left - before)
        offset = number(number(first_row * row) + number(first_column * pixel))
        # One choice after the other: AVX2 has no cheap way to combine booleans of floats and of integers.
        elsewhere = ACROSS_BORDER if near else OUTSIDE
        offset = offset if offset <= last else elsewhere
        offsets[x] = offset if inside else elsewhere


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
def _fetch_gray_across_border(image, xs, ys, border, across, found, corners):
    for position in range(found):
        x = across[position]
        left, top = int(np.floor(xs[x])), int(np.floor(ys[x]))
        for corner in range(4):
            corners[corner // 2 * CORNER + 2 * x + corner % 2] = value_at(
                image, top + corner // 2, left + corner % 2, 0, border
            )


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
def _fetch_color_across_border(image, xs, ys, border, across, found, corners):
    channels = image.shape[2]
    for position in range(found):
        x = across[position]
        left, top = int(np.floor(xs[x])), int(np.floor(ys[x]))
        for corner in range(4):
            for channel in range(channels):
                corners[corner * CORNER + x * channels + channel] = value_at(
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
    for v in range(weight_x.shape[0]):
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


@cpu_kernel
def bilinear(source, positions, border, offset_type, blend_type, is_integer, out):
    """Blend the 2 x 2 neighbors of each source position."""
    count, height, width, channels = out.shape
    out_rows = out.reshape(count, height, width * channels)
    row_step = source.shape[2] * channels
    real = positions.starts.dtype
    tiles = tiles_of(TILE, (height, width))
    for task in prange(count * tiles[0] * tiles[1]):
        index, top, bottom, left, right = tile(task, tiles, TILE, (height, width))
        pixels = right - left
        values = pixels * channels
        image = source[index]
        flat = image.reshape(image.size)
        own_xs, own_ys = np.empty(pixels, real), np.empty(pixels, real)
        offsets = np.empty(pixels, offset_type.dtype)
        weight_x, weight_y = np.empty(pixels, blend_type.dtype), np.empty(pixels, blend_type.dtype)
        value_weight_x = np.empty(values, blend_type.dtype)
        value_weight_y = np.empty(values, blend_type.dtype)
        corners = np.empty(4 * CORNER, source.dtype)
        across = np.empty(pixels, np.int32)
        for y in range(top, bottom):
            xs, ys = coordinates(positions, y, left, own_xs, own_ys)
            _locate(xs, ys, image, border.mode, 2, offsets, weight_x, weight_y)
            out_row = out_rows[index, y, left * channels : left * channels + values]
            if channels == 1:
                found = _fetch_gray(flat, row_step, offsets, border.pixel, corners, across)
                _fetch_gray_across_border(image, xs, ys, border, across, found, corners)
                _blend_gray(corners, weight_x, weight_y, is_integer, out_row)
            else:
                found = _fetch_color(flat, row_step, channels, offsets, border.pixel, corners, across)
                _fetch_color_across_border(image, xs, ys, border, across, found, corners)
                _repeat_for_channels(weight_x, channels, value_weight_x)
                _repeat_for_channels(weight_y, channels, value_weight_y)
                _blend_color(corners, value_weight_x, value_weight_y, is_integer, out_row)


@helper
def _locate_nearest(xs, ys, image, mode, offsets):
    """Round coordinates, half to even, to the offset of a pixel, or ACROSS_BORDER or OUTSIDE."""
    real, number = xs.dtype.type, offsets.dtype.type
    height, width, channels = image.shape
    pixel, row = number(channels), number(width * channels)
    last = number(image.size - (4 if channels > 1 else 1))
    half, zero = real(0.5), real(0)
    low = -half if mode == CONSTANT else real(-FAR)
    high_x = real(width) - half if mode == CONSTANT else real(FAR)
    high_y = real(height) - half if mode == CONSTANT else real(FAR)
    right, bottom = real(width), real(height)
    for x in range(xs.shape[0]):
        column, line = np.rint(xs[x]), np.rint(ys[x])
        near = (xs[x] > low) & (xs[x] < high_x) & (ys[x] > low) & (ys[x] < high_y)
        inside = (column >= zero) & (column < right) & (line >= zero) & (line < bottom)
        offset = number(number(number(line) * row) + number(number(column) * pixel))
        offset = offset if offset <= last else ACROSS_BORDER
        offset = offset if inside else ACROSS_BORDER
        offsets[x] = offset if near else OUTSIDE


@helper
def _fetch_pixels(source, channels, offsets, first, pixels):
    """Fetch one pixel for each offset, ``first`` values behind it; where there is none, leave what is."""
    for x in range(offsets.shape[0]):
        if offsets[x] >= 0:
            offset = np.uint64(np.uint64(offsets[x]) + np.uint64(first))
            if channels == 1:
                pixels[x] = source[offset]
            else:
                copy_4_items(source, offset, pixels, np.uint64(x * channels))


@helper
def _all_inside(offsets):
    """Tell whether all are offsets of pixels, in a loop of vectors: most rows need no look at each."""
    lowest = offsets.dtype.type(0)
    for x in range(offsets.shape[0]):
        lowest = min(lowest, offsets[x])
    return lowest == 0


@helper
def _nearest_across_border(image, xs, ys, offsets, border, out):
    channels = image.shape[2]
    for x in range(offsets.shape[0]):
        if offsets[x] == ACROSS_BORDER:
            row, column = int(np.rint(ys[x])), int(np.rint(xs[x]))
            for channel in range(channels):
                out[x * channels + channel] = value_at(image, row, column, channel, border)
        elif offsets[x] == OUTSIDE:
            for channel in range(channels):
                out[x * channels + channel] = border.pixel[channel]


@cpu_kernel
def nearest(source, positions, border, offset_type, out):
    """Copy the pixel nearest to each source position, of two equally near ones the one of even index."""
    count, height, width, channels = out.shape
    out_rows = out.reshape(count, height, width * channels)
    real = positions.starts.dtype
    tiles = tiles_of(TILE, (height, width))
    for task in prange(count * tiles[0] * tiles[1]):
        index, top, bottom, left, right = tile(task, tiles, TILE, (height, width))
        pixels = right - left
        image = source[index]
        flat = image.reshape(image.size)
        own_xs, own_ys = np.empty(pixels, real), np.empty(pixels, real)
        offsets = np.empty(pixels, offset_type.dtype)
        found = np.empty(pixels * channels + 4, source.dtype)
        for y in range(top, bottom):
            xs, ys = coordinates(positions, y, left, own_xs, own_ys)
            _locate_nearest(xs, ys, image, border.mode, offsets)
            _fetch_pixels(flat, channels, offsets, 0, found)
            out_row = out_rows[index, y, left * channels : (left + pixels) * channels]
            copy_row(found, out_row)
            if not _all_inside(offsets):
                _nearest_across_border(image, xs, ys, offsets, border, out_row)


@helper
def _cubic_row(fractions, channels, weights):
    """Weigh the four neighbors of each pixel along one axis, for each of its values."""
    real = weights.dtype.type
    for x in range(fractions.shape[0]):
        first, second, third, fourth = cubic_weights(fractions[x])
        for value in range(x * channels, (x + 1) * channels):
            weights[0, value], weights[1, value] = real(first), real(second)
            weights[2, value], weights[3, value] = real(third), real(fourth)


@helper
def _add_cubic_row(before, first, second, after, weights, row_weights, total):
    """Blend four neighbors along x and add the result, weighed along y."""
    real = total.dtype.type
    before_weights, first_weights = weights[0], weights[1]
    second_weights, after_weights = weights[2], weights[3]
    for v in range(total.shape[0]):
        outer = before_weights[v] * real(before[v]) + after_weights[v] * real(after[v])
        inner = first_weights[v] * real(first[v]) + second_weights[v] * real(second[v])
        total[v] += row_weights[v] * (outer + inner)


@helper
def _round_and_store(total, is_integer, largest, out):
    """Give blends as they are, or round them half to even and saturate."""
    zero = total.dtype.type(0)
    for v in range(out.shape[0]):
        value = total[v]
        if is_integer:
            value = np.rint(value)
            value = value if value > zero else zero
            value = value if value < largest else largest
        out[v] = value


@helper
def _cubic_across_border(image, xs, ys, offsets, border, is_integer, largest, out):
    """Blend the pixels whose neighbors are not all in the image, one by one."""
    channels = image.shape[2]
    for x in range(offsets.shape[0]):
        if offsets[x] >= 0:
            continue
        left, top = np.floor(xs[x]), np.floor(ys[x])
        for channel in range(channels):
            value = float(border.pixel[channel])
            if offsets[x] == ACROSS_BORDER:
                weight_x, weight_y = cubic_weights(xs[x] - left), cubic_weights(ys[x] - top)
                value = bicubic_at(image, int(top), int(left), channel, weight_x, weight_y, border)
            out[x * channels + channel] = rounded(value, is_integer, largest)


@cpu_kernel
def bicubic(source, positions, border, offset_type, blend_type, is_integer, largest, out):
    """Blend the 4 x 4 neighbors of each source position with Keys' cubic."""
    count, height, width, channels = out.shape
    out_rows = out.reshape(count, height, width * channels)
    row_step = source.shape[2] * channels
    real = positions.starts.dtype
    tiles = tiles_of(TILE, (height, width))
    for task in prange(count * tiles[0] * tiles[1]):
        index, top, bottom, left, right = tile(task, tiles, TILE, (height, width))
        pixels = right - left
        values = pixels * channels
        image = source[index]
        flat = image.reshape(image.size)
        own_xs, own_ys = np.empty(pixels, real), np.empty(pixels, real)
        fraction_x, fraction_y = np.empty(pixels, real), np.empty(pixels, real)
        offsets = np.empty(pixels, offset_type.dtype)
        weight_x = np.empty((4, values), blend_type.dtype)
        weight_y = np.empty((4, values), blend_type.dtype)
        neighbors = np.zeros((4, values + 4), source.dtype)
        total = np.empty(values, blend_type.dtype)
        for y in range(top, bottom):
            xs, ys = coordinates(positions, y, left, own_xs, own_ys)
            _locate(xs, ys, image, border.mode, 4, offsets, fraction_x, fraction_y)
            _cubic_row(fraction_x, channels, weight_x)
            _cubic_row(fraction_y, channels, weight_y)
            total[:] = 0
            for row in range(4):
                for column in range(4):
                    first = row * row_step + column * channels
                    _fetch_pixels(flat, channels, offsets, first, neighbors[column])
                _add_cubic_row(
                    neighbors[0],
                    neighbors[1],
                    neighbors[2],
                    neighbors[3],
                    weight_x,
                    weight_y[row],
                    total,
                )
            out_row = out_rows[index, y, left * channels : left * channels + values]
            _round_and_store(total, is_integer, largest, out_row)
            _cubic_across_border(image, xs, ys, offsets, border, is_integer, largest, out_row)
