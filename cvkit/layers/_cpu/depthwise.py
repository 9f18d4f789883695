"""Depthwise convolution that keeps the width of planes: the rows of a plane are one row, as their results.

A tap to the side would meet the end of another row there. For each column of taps there is a copy of the
plane whose values at that end are 0.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import equal_span, parts_of
from cvkit.layers._cpu.direct import sum_filters

# Bytes of the copies of a task, which stay in the second cache.
BLOCK = 1 << 17
# Planes of a task, so that small ones are worth its start.
PLANES = 8


@helper
def _clear_columns(rows, width, shift):
    """Clear what a tap so many columns to the right meets in another row."""
    begin, end = (0, min(shift, width)) if shift > 0 else (max(width + shift, 0), width)
    for x in range(begin, end):
        for start in range(0, rows.shape[0], width):
            rows[start + x] = 0


@helper
def _copy_rows(plane, width, begin, target):
    """Copy rows of a flat plane from row ``begin`` on; rows that it does not have stay as they are, 0."""
    rows, height = target.shape[0] // width, plane.shape[0] // width
    first, last = max(-begin, 0), min(height - begin, rows)
    if first < last:
        source = plane[(begin + first) * width : (begin + last) * width]
        copy_row(source, target[first * width : last * width])


@helper
def _copy_for_taps(plane, width, window, begin, copies):
    """Copy rows of a plane once for each column of taps, with what is beside them before and after."""
    for tap in range(window.width):
        rows = copies[tap, window.left : copies.shape[1] - window.left]
        _copy_rows(plane, width, begin, rows)
        _clear_columns(rows, width, tap * window.dilation_x - window.left)


@cpu_kernel
def convolve(x, weights, bias, window, width, out):
    """Write the convolution of each plane with filters of its own, of which results are as wide as planes.

    Parameters
    ----------
    x : (N, C, H * W) array
        Planes.
    weights : (K * height * width,) array
        Filters, K / C for each channel.
    bias : (K,) array
        What is added to the results of each.
    window : Window
        How they lie; it does not stride, and reaches as far to the left as to the right.
    width : int
        W.
    out : (N, K, H' * W) array
        Results, a vector at least.
    """
    count, filters, results = out.shape
    channels, height = x.shape[1], results // width
    of_channel = filters // channels
    beyond = (window.height - 1) * window.dilation_y
    blocks = parts_of(height, max(BLOCK // (window.width * width * x.itemsize) - beyond, 1))
    size = (parts_of(height, blocks) + beyond) * width + 2 * window.left
    offsets = np.empty(window.height * window.width, np.int64)
    for tap in range(offsets.shape[0]):
        tap_y, tap_x = tap // window.width, tap % window.width
        offsets[tap] = tap_x * (size + window.dilation_x) + tap_y * window.dilation_y * width
    flat_out = out.reshape(out.size)
    chunks = parts_of(channels, PLANES)
    for task in prange(count * chunks * blocks):
        item, chunk, block = task // (chunks * blocks), task // blocks % chunks, task % blocks
        begin, end = equal_span(block, blocks, height)
        copies = np.zeros((window.width, size), x.dtype)
        source = copies.reshape(copies.size)
        for channel in range(chunk * PLANES, min((chunk + 1) * PLANES, channels)):
            _copy_for_taps(x[item, channel], width, window, begin - window.top, copies)
            for number in range(channel * of_channel, (channel + 1) * of_channel):
                position = (item * filters + number) * results + begin * width
                places = (end - begin) * width, position, 0
                sum_filters(1, source, offsets, weights, bias, number, places, flat_out)
