"""Resizing on the CPU: blend pairs of columns once for each source row, then pairs of those rows."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange

# Rows of output that one task makes. The tasks share no blended rows, so the first row of each costs double.
STRIP = 32


@helper
def _repeat_for_channels(first, weight, channels, value_first, value_weight):
    """Spread a table over pixels to one over values, so that the row loop below is flat."""
    for x in range(first.shape[0]):
        for c in range(channels):
            value_first[x * channels + c] = np.uint32(first[x] * channels + c)
            value_weight[x * channels + c] = weight[x]


@helper
def _blend_columns(row, first, weight, step, blended):
    """Blend the value at ``first`` with the one ``step`` further; 16 bits hold 255 * 256 exactly."""
    for x in range(blended.shape[0]):
        left = np.uint16(row[first[x]])
        right = np.uint16(row[np.uint32(first[x] + step)])
        blended[x] = np.uint16(left * np.uint16(np.uint16(256) - weight[x])) + np.uint16(right * weight[x])


@helper
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
