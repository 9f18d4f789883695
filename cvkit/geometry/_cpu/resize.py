"""Resizing on the CPU: blend along the columns once for each source row, then blend those rows."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.geometry._math import rounded

# Rows of output that one task makes. The tasks share no blended rows, so the first row of each costs double.
STRIP = 32


@helper(allocates=False)
def _repeat_for_channels(first, weight, channels, value_first, value_weight):
    """Spread a table over pixels to one over values, so that the row loop below is flat."""
    for x in range(first.shape[0]):
        for c in range(channels):
            value_first[x * channels + c] = np.uint32(first[x] * channels + c)
            value_weight[x * channels + c] = weight[x]


@helper(allocates=False)
def _blend_columns(row, first, weight, step, blended):
    """Blend the value at ``first`` with the one ``step`` further; 16 bits hold 255 * 256 exactly."""
    for x in range(blended.shape[0]):
        left = np.uint16(row[first[x]])
        right = np.uint16(row[np.uint32(first[x] + step)])
        blended[x] = np.uint16(left * np.uint16(np.uint16(256) - weight[x])) + np.uint16(right * weight[x])


@helper(allocates=False)
def _blend_rows(upper, lower, weight, out):
    """Blend two blended rows and round; 8 + 8 + 8 bits stay exact in 32."""
    lower_weight = np.uint32(weight)
    upper_weight = np.uint32(np.uint32(256) - lower_weight)
    for x in range(out.shape[0]):
        total = np.uint32(np.uint32(upper[x]) * upper_weight) + np.uint32(np.uint32(lower[x]) * lower_weight)
        out[x] = np.uint8(np.uint32(np.uint32(total) + np.uint32(32768)) >> np.uint32(16))


@cpu_kernel
def bilinear_exact(source, y_first, y_weight, x_first, x_weight, out):
    """Resize by two-tap blends in fixed point; the tables give the first tap and the second's weight."""
    count, source_height, source_width, channels = source.shape
    height = out.shape[1]
    width = out.shape[2] * channels
    rows = source.reshape(count, source_height, source_width * channels)
    out_rows = out.reshape(count, height, width)
    first = np.empty(width, np.uint32)
    weight = np.empty(width, np.uint16)
    _repeat_for_channels(x_first, x_weight, channels, first, weight)
    # A source one pixel wide or high has no second tap: its weight is 0 and it points at the first.
    column_step = np.uint32(channels if source_width > 1 else 0)
    row_step = 1 if source_height > 1 else 0
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        blended = np.empty((2, width), np.uint16)
        held = np.full(2, -1)  # which source row each blended row was made of
        for y in range(top, min(top + STRIP, height)):
            upper = np.int64(y_first[y])
            lower = upper + row_step
            for row in (upper, lower):
                if held[row & 1] != row:
                    _blend_columns(rows[image, row], first, weight, column_step, blended[row & 1])
                    held[row & 1] = row
            _blend_rows(blended[upper & 1], blended[lower & 1], y_weight[y], out_rows[image, y])


@helper(allocates=False)
def _blend_columns_11_bits(row, first, weights, step, blended):
    """Blend the value at ``first`` with the one ``step`` further, by two weights of 11 bits."""
    for x in range(blended.shape[0]):
        left = np.int32(np.int32(row[first[x]]) * np.int32(weights[0, x]))
        right = np.int32(np.int32(row[np.uint32(first[x] + step)]) * np.int32(weights[1, x]))
        blended[x] = np.int32(left + right)


@helper(allocates=False)
def _blend_rows_11_bits(upper, lower, upper_weight, lower_weight, out):
    """Blend two blended rows as OpenCV's vector code does: each product loses its low bits before the sum."""
    for x in range(out.shape[0]):
        above = np.int32(np.int32(np.int32(upper[x] >> np.int32(4)) * np.int32(upper_weight)) >> np.int32(16))
        below = np.int32(np.int32(np.int32(lower[x] >> np.int32(4)) * np.int32(lower_weight)) >> np.int32(16))
        out[x] = np.uint8(np.int32(np.int32(above + below) + np.int32(2)) >> np.int32(2))


@cpu_kernel
def bilinear(source, y_index, y_weights, x_first, x_weights, out):
    """Resize bytes by two-tap blends in fixed point: two row indices, the first column of two, all weights."""
    count, source_height, source_width, channels = source.shape
    height = out.shape[1]
    width = out.shape[2] * channels
    rows = source.reshape(count, source_height, source_width * channels)
    out_rows = out.reshape(count, height, width)
    first = np.empty(width, np.uint32)
    weights = np.empty((2, width), np.int16)
    _repeat_for_channels(x_first, x_weights[0], channels, first, weights[0])
    _repeat_for_channels(x_first, x_weights[1], channels, first, weights[1])
    column_step = np.uint32(channels if source_width > 1 else 0)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        blended = np.empty((2, width), np.int32)
        held = np.full(2, -1)
        for y in range(top, min(top + STRIP, height)):
            upper, lower = np.int64(y_index[0, y]), np.int64(y_index[1, y])
            for row in (upper, lower):
                if held[row & 1] != row:
                    _blend_columns_11_bits(rows[image, row], first, weights, column_step, blended[row & 1])
                    held[row & 1] = row
            _blend_rows_11_bits(
                blended[upper & 1], blended[lower & 1], y_weights[0, y], y_weights[1, y], out_rows[image, y]
            )


@helper(allocates=False)
def _halve_gray(upper, lower, out):
    for x in range(out.shape[0]):
        above = np.uint16(np.uint16(upper[2 * x]) + np.uint16(upper[2 * x + 1]))
        below = np.uint16(np.uint16(lower[2 * x]) + np.uint16(lower[2 * x + 1]))
        out[x] = np.uint8(np.uint16(np.uint16(above + below) + np.uint16(2)) >> np.uint16(2))


@helper(allocates=False)
def _halve_colour(upper, lower, channels, out):
    for x in range(out.shape[0] // channels):
        left, right = 2 * x * channels, (2 * x + 1) * channels
        for c in range(channels):
            total = np.uint16(upper[left + c]) + np.uint16(upper[right + c])
            total += np.uint16(lower[left + c]) + np.uint16(lower[right + c])
            out[x * channels + c] = np.uint8((total + 2) >> 2)


@cpu_kernel
def halve(source, out):
    """Average blocks of 2 x 2 bytes, halves rounded up."""
    count, height, width, channels = out.shape
    rows = source.reshape(count, 2 * height, 2 * width * channels)
    out_rows = out.reshape(count, height, width * channels)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        for y in range(top, min(top + STRIP, height)):
            if channels == 1:
                _halve_gray(rows[image, 2 * y], rows[image, 2 * y + 1], out_rows[image, y])
            elif channels == 3:
                _halve_colour(rows[image, 2 * y], rows[image, 2 * y + 1], 3, out_rows[image, y])
            else:
                _halve_colour(rows[image, 2 * y], rows[image, 2 * y + 1], channels, out_rows[image, y])


@helper(allocates=False)
def _weigh_columns(row, index, weights, weighed):
    """Sum the taps of each value; ``index`` and ``weights`` hold a row for each tap."""
    weighed[:] = 0
    for tap in range(index.shape[0]):
        for x in range(weighed.shape[0]):
            weighed[x] += weights[tap, x] * row[index[tap, x]]


@helper(allocates=False)
def _weigh_rows(weighed, index, weights, y, rounding, largest, total, out):
    total[:] = 0
    for tap in range(index.shape[0]):
        row, weight = weighed[index[tap, y]], weights[tap, y]
        for x in range(total.shape[0]):
            total[x] += weight * row[x]
    for x in range(total.shape[0]):
        out[x] = rounded(total[x], rounding, largest)


@cpu_kernel
def weighted(source, y_index, y_weights, x_index, x_weights, rounding, largest, out):
    """Resize by any number of taps for each axis, in the float type of the weights."""
    count, source_height, source_width, channels = source.shape
    height, values = out.shape[1], out.shape[2] * channels
    taps = x_index.shape[0]
    rows = source.reshape(count, source_height, source_width * channels)
    out_rows = out.reshape(count, height, values)
    index = np.empty((taps, values), np.uint32)
    weights = np.empty((taps, values), x_weights.dtype)
    for tap in range(taps):
        for x in range(values):
            index[tap, x] = x_index[tap, x // channels] * channels + x % channels
            weights[tap, x] = x_weights[tap, x // channels]
    weighed = np.empty((count, source_height, values), x_weights.dtype)
    for task in prange(count * source_height):
        image, y = task // source_height, task % source_height
        _weigh_columns(rows[image, y], index, weights, weighed[image, y])
    for task in prange(count * height):
        image, y = task // height, task % height
        total = np.empty(values, x_weights.dtype)
        _weigh_rows(weighed[image], y_index, y_weights, y, rounding, largest, total, out_rows[image, y])
