"""Levels of a pyramid on the CPU: rows are blended first, then the pixels or cells of the blend."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span
from cvkit.detect._cpu.pixels import blend_three_pixels

# Rows that one task makes.
STRIP = 16


@helper
def _blend_three_rows(first, second, third, weights, out):
    w0, w1, w2 = weights[0], weights[1], weights[2]
    for x in range(out.shape[0]):
        out[x] = w0 * first[x] + w1 * second[x] + w2 * third[x]


@helper
def _blend_rows(rows, first, weights, out):
    """Sum neighboring rows by their weights."""
    if weights.shape[0] == 3:  # between an octave's scales
        _blend_three_rows(rows[first], rows[first + 1], rows[first + 2], weights, out)
        return
    out[:] = np.float32(0)
    for tap in range(weights.shape[0]):
        row, weight = rows[first + tap], weights[tap]
        for x in range(out.shape[0]):
            out[x] += weight * row[x]


@helper
def _blend_triples(row, first, weights, out):
    """Sum three neighboring pixels for each of the result; ``weights`` has three for each."""
    for x in range(first.shape[0]):
        start, to, tap = np.uintp(np.uintp(first[x]) * np.uintp(4)), np.uintp(4 * x), np.uintp(3 * x)
        w0, w1, w2 = weights[tap], weights[tap + np.uintp(1)], weights[tap + np.uintp(2)]
        blend_three_pixels(row, start, w0, w1, w2, out, to)


@helper
def _blend_pixels(row, first, weights, out):
    """Sum neighboring pixels for each of the result; ``weights`` is (pixel, tap)."""
    count, taps = weights.shape
    if taps == 3:
        _blend_triples(row, first, weights.reshape(count * taps), out)
        return
    for x in range(count):
        for channel in range(4):
            total = np.float32(0)
            for tap in range(taps):
                total += weights[x, tap] * row[4 * (first[x] + tap) + channel]
            out[4 * x + channel] = total


@cpu_kernel
def shrink(source, y_first, y_weights, x_first, x_weights, out):
    """Average neighboring rows and columns of an (H, W, 4) image.

    For each row and column of the result, the tables give the first of the source's and the weights of it
    and its successors.
    """
    height, width, _ = source.shape
    out_height, out_width, _ = out.shape
    rows = source.reshape(height, 4 * width)
    out_rows = out.reshape(out_height, 4 * out_width)
    for strip in prange(parts_of(out_height, STRIP)):
        top, bottom = span(strip, STRIP, out_height)
        blend = np.empty(4 * width, np.float32)
        for y in range(top, bottom):
            _blend_rows(rows, y_first[y], y_weights[y], blend)
            _blend_pixels(blend, x_first, x_weights, out_rows[y])


@helper
def _blend_two_rows(upper, lower, weight, gain, out):
    above, below = gain * (np.float32(1) - weight), gain * weight
    for x in range(out.shape[0]):
        out[x] = above * upper[x] + below * lower[x]


@helper
def _blend_cells(row, first, weight, last, out):
    """Interpolate between the cells of a row, of which ``last`` is the last."""
    for x in range(out.shape[0]):
        left = row[np.uintp(first[x])]
        right = row[min(np.uintp(first[x]) + np.uintp(1), last)]
        out[x] = left + weight[x] * (right - left)


@cpu_kernel
def interpolate_cells(cells, y_first, y_weight, x_first, x_weight, gain, out):
    """Interpolate (channel, row, column) cells, each channel times its gain.

    For each row and column of the result, the tables give the first of two of the source's and the weight of
    the second.
    """
    channels, rows, columns = cells.shape
    for channel in prange(channels):
        blend = np.empty(columns, np.float32)
        for y in range(out.shape[1]):
            upper = cells[channel, y_first[y]]
            lower = cells[channel, min(np.int64(y_first[y]) + 1, rows - 1)]
            _blend_two_rows(upper, lower, y_weight[y], gain[channel], blend)
            _blend_cells(blend, x_first, x_weight, np.uintp(columns - 1), out[channel, y])
