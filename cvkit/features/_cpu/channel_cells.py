"""What is made of cells of channels on the CPU: smoothed, filtered, rounded to bytes."""

import numpy as np

from cvkit._border import REFLECT, border_index
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span
from cvkit.features._channel_math import TAPS, quantized
from cvkit.features._cpu.channels import smooth_row, smooth_rows

# Rows of filtered cells that are made at a time: few enough for their sums to stay in the first-level cache.
FILTER_STRIP = 12


@helper
def _smooth_cells(cells, y, blended, out):
    """Smooth one row of cells along both axes, its outermost values repeated beyond the border."""
    rows, columns = cells.shape
    smooth_rows(cells[max(y - 1, 0)], cells[y], cells[min(y + 1, rows - 1)], blended[1 : columns + 1])
    blended[0], blended[columns + 1] = blended[1], blended[columns]
    smooth_row(blended, out)


@cpu_kernel
def smooth(cells, out):
    """Smooth every channel of cells by 1 2 1 along both axes."""
    count, channels, rows, columns = cells.shape
    for task in prange(count * channels):
        image, channel = task // channels, task % channels
        blended = np.empty(columns + 2, np.float32)
        for y in range(rows):
            _smooth_cells(cells[image, channel], y, blended, out[image, channel, y])


@helper
def _quantize_row(row, offset, scale, out):
    for x in range(out.shape[0]):
        out[x] = np.uint8(quantized(row[x], offset, scale))


@cpu_kernel
def smooth_bytes(cells, offset, scale, out):
    """Smooth every channel of cells and round (value - offset) * scale of its channel to bytes."""
    count, channels, rows, columns = cells.shape
    for task in prange(count * channels):
        image, channel = task // channels, task % channels
        blended, smoothed = np.empty(columns + 2, np.float32), np.empty(columns, np.float32)
        for y in range(rows):
            _smooth_cells(cells[image, channel], y, blended, smoothed)
            _quantize_row(smoothed, offset[channel], scale[channel], out[image, channel, y])


@helper
def _split_pairs(row, even, odd):
    for x in range(even.shape[0]):
        even[x] = row[2 * x]
        odd[x] = row[2 * x + 1]


@helper
def _split_row(row, before, even, odd):
    """Take a row apart into its even and odd columns, mirrored by ``before`` columns, an even number.

    Every other value side by side is what vectors of a filter that advances by two need.
    """
    width, margin = row.shape[0], before // 2
    inner = width // 2
    _split_pairs(row, even[margin : margin + inner], odd[margin : margin + inner])
    for x in range(margin):
        even[x] = row[border_index(2 * x - before, width, REFLECT)]
        odd[x] = row[border_index(2 * x + 1 - before, width, REFLECT)]
    for x in range(margin + inner, even.shape[0]):
        even[x] = row[border_index(2 * x - before, width, REFLECT)]
        odd[x] = row[border_index(2 * x + 1 - before, width, REFLECT)]


@helper
def _add_taps(even, odd, weights, total):
    """Add one row of a filter, six taps that start at each second column."""
    count = total.shape[0]
    w0, w1, w2, w3, w4, w5 = weights[0], weights[1], weights[2], weights[3], weights[4], weights[5]
    e0, e1, e2 = even[:count], even[1 : count + 1], even[2 : count + 2]
    o0, o1, o2 = odd[:count], odd[1 : count + 1], odd[2 : count + 2]
    for x in range(count):
        left = w0 * e0[x] + w1 * o0[x] + w2 * e1[x]
        right = w3 * o1[x] + w4 * e2[x] + w5 * o2[x]
        total[x] += left + right


@cpu_kernel
def decorrelate_bytes(cells, filters, offset, scale, out):
    """Smooth each channel of cells, filter it at every second cell and round to bytes.

    ``filters`` is (channel, filter, TAPS, TAPS), of which the middle lies between four cells; ``out`` is
    (image, channel and filter, row, column), ``offset`` and ``scale`` have one value for each of its
    channels.
    """
    count, channels, rows, columns = cells.shape
    each, out_rows, out_columns = filters.shape[1], out.shape[2], out.shape[3]
    before = TAPS // 2 - 1
    width = out_columns + before
    for task in prange(count * channels):
        image, channel = task // channels, task % channels
        blended, smoothed = np.empty(columns + 2, np.float32), np.empty(columns, np.float32)
        # Even and odd rows apart, too: then neighboring rows of the result are made of neighboring rows,
        # and several of them are one long row.
        even = np.empty((2, (out_rows + before) * width), np.float32)
        odd = np.empty((2, (out_rows + before) * width), np.float32)
        for y in range(2 * (out_rows + before)):
            _smooth_cells(cells[image, channel], border_index(y - before, rows, REFLECT), blended, smoothed)
            start = y // 2 * width
            _split_row(
                smoothed, before, even[y % 2, start : start + width], odd[y % 2, start : start + width]
            )
        total = np.empty(FILTER_STRIP * width, np.float32)
        for part in range(parts_of(out_rows, FILTER_STRIP)):
            top, bottom = span(part, FILTER_STRIP, out_rows)
            size = (bottom - top - 1) * width + out_columns
            for index in range(each):
                total[:size] = np.float32(0)
                for tap in range(TAPS):
                    start = (top + tap // 2) * width
                    _add_taps(
                        even[tap % 2, start : start + size + before],
                        odd[tap % 2, start : start + size + before],
                        filters[channel, index, tap],
                        total[:size],
                    )
                to = channel * each + index
                for y in range(top, bottom):
                    start = (y - top) * width
                    _quantize_row(
                        total[start : start + out_columns], offset[to], scale[to], out[image, to, y]
                    )
