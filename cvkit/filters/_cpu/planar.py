"""Kernels of two dimensions on the CPU: weighted sums of stretches of extended rows."""

import math

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit.filters._cpu.linear import finish_row, largest_offset, weigh
from cvkit.filters._math import finish

# Rows of output that one task makes: each begins with unaligned stores and ends with the ends of its rows.
STRIP = 128

# Values that are summed in one stretch: many rows of a picture, or few where a second pass rounds sums, which
# stay near until then. Stretches begin at a multiple of this in memory, because stores of vectors that
# straddle two cache lines are slower.
RUN, RUN_OF_TWO_PASSES = 65536, 16384


@helper
def _load_row(rows, y, border, border_value, channels, target):
    """Copy row ``y``, which may lie beyond the image, and extend it at both ends."""
    length = rows.shape[1]
    reach = (target.shape[0] - length) // 2
    row = border_index(y, rows.shape[0], border)
    if row < 0:
        target[:] = border_value
    else:
        copy_row(rows[row], target[reach : reach + length])
        extend_row(target, reach // channels, channels, border, border_value)


@helper
def _load_rows(rows, first, last, border, border_value, channels, ring):
    """Load the extended rows from ``first`` to ``last``; row y lies in ``ring[y % len(ring)]``."""
    for y in range(first, last + 1):
        _load_row(rows, y, border, border_value, channels, ring[y % ring.shape[0]])


@helper
def _load_columns(rows, x, channels, above, top, border, border_value, columns):
    """Copy the columns around value ``x``, from row ``top + above`` on, each to a row of ``columns``."""
    height, length = rows.shape
    radius = columns.shape[0] // 2
    count = columns.shape[1]
    start = top + above
    first, last = min(max(-start, 0), count), max(min(height - start, count), 0)
    for position in range(columns.shape[0]):
        pixel = border_index(x // channels + position - radius, length // channels, border)
        if pixel < 0:
            columns[position] = border_value
            continue
        column = pixel * channels + x % channels
        for y in range(first, last):
            columns[position, y] = rows[start + y, column]
        for y in range(first):
            row = border_index(start + y, height, border)
            columns[position, y] = border_value if row < 0 else rows[row, column]
        for y in range(last, count):
            row = border_index(start + y, height, border)
            columns[position, y] = border_value if row < 0 else rows[row, column]


@helper
def _correlate_ends(
    rows,
    y_offsets,
    x_offsets,
    weights,
    border,
    border_value,
    rounding,
    channels,
    top,
    bottom,
    tap_rows,
    tap_starts,
    columns,
    total,
    out,
):
    """Filter the pixels at both ends of the rows down the columns, so that rows are the vector's lanes."""
    length = rows.shape[1]
    reach = columns.shape[0] // 2 * channels
    above = y_offsets.min()
    for tap in range(y_offsets.shape[0]):
        tap_rows[tap] = x_offsets[tap] + columns.shape[0] // 2
        tap_starts[tap] = y_offsets[tap] - above
    for position in range(min(2 * reach, length)):
        x = position if position < reach else max(position, length - 2 * reach + position)
        _load_columns(rows, x, channels, above, top, border, border_value, columns)
        weigh(columns, columns[0], tap_rows, tap_starts, weights, total[: bottom - top])
        for y in range(top, bottom):
            out[y, x] = finish(total[y - top], total, rounding)


@helper
def _correlate_stretch(rows, outside, tap_rows, tap_starts, weights, rounding, total, out):
    if len(rounding) == 0:
        weigh(rows, outside, tap_rows, tap_starts, weights, out)
    else:
        weigh(rows, outside, tap_rows, tap_starts, weights, total[: out.shape[0]])
        finish_row(total, rounding, out)


@helper
def _correlate_strip(
    rows,
    y_offsets,
    x_offsets,
    weights,
    border,
    outside,
    rounding,
    channels,
    top,
    bottom,
    misplaced,
    tap_rows,
    tap_starts,
    columns,
    total,
    out,
):
    """Filter the rows from ``top`` to ``bottom``; ``tap_rows`` and what follows, but for ``out``, is scratch.

    Rows whose taps all lie in the image are filtered as one stretch of memory, across the ends of the rows.
    What comes out there is wrong and is done again.
    """
    height, length = rows.shape
    reach = columns.shape[0] // 2 * channels
    values = rows.reshape(1, rows.size)
    out_values = out.reshape(out.size)
    # One row more at either side, because the taps of a row's ends reach into the next row.
    inner_top = max(top, 1 - y_offsets.min())
    inner_bottom = min(bottom, height - 1 - y_offsets.max())
    if inner_bottom <= inner_top or reach > length:
        inner_top = inner_bottom = bottom
    for y in range(top, bottom):
        if (y < inner_top or y >= inner_bottom) and 2 * reach < length:
            for tap in range(y_offsets.shape[0]):
                row = border_index(y + y_offsets[tap], height, border)
                tap_rows[tap] = min(row, 0)
                tap_starts[tap] = row * length + reach + x_offsets[tap] * channels
            inner = out[y, reach : length - reach]
            _correlate_stretch(values, outside, tap_rows, tap_starts, weights, rounding, total, inner)
    tap_rows[:] = 0
    first, last = inner_top * length, inner_bottom * length
    run = RUN if len(rounding) == 0 else RUN_OF_TWO_PASSES
    while first < last:
        end = min(last, (first + misplaced) // run * run + run - misplaced)
        for tap in range(y_offsets.shape[0]):
            tap_starts[tap] = first + y_offsets[tap] * length + x_offsets[tap] * channels
        _correlate_stretch(
            values, outside, tap_rows, tap_starts, weights, rounding, total, out_values[first:end]
        )
        first = end
    _correlate_ends(
        rows,
        y_offsets,
        x_offsets,
        weights,
        border,
        outside[0],
        rounding,
        channels,
        top,
        bottom,
        tap_rows,
        tap_starts,
        columns,
        total,
        out,
    )


@cpu_kernel
def correlate(source, y_offsets, x_offsets, weights, border, border_value, rounding, out):
    """Filter by taps anywhere around a pixel."""
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height, length)
    outside = np.full(length, border_value, source.dtype)
    radius = largest_offset(x_offsets)
    address = out.ctypes.data // out.itemsize
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        bottom = min(top + STRIP, height)
        columns = np.empty((2 * radius + 1, bottom - top + y_offsets.max() - y_offsets.min()), source.dtype)
        total = np.empty(max(length, RUN_OF_TWO_PASSES, STRIP), weights.dtype)
        tap_rows = np.empty_like(y_offsets)
        tap_starts = np.empty_like(y_offsets)
        _correlate_strip(
            rows[image],
            y_offsets,
            x_offsets,
            weights,
            border,
            outside,
            rounding,
            channels,
            top,
            bottom,
            (address + image * height * length) % RUN,
            tap_rows,
            tap_starts,
            columns,
            total,
            out_rows[image],
        )


@helper
def _magnitude_row(row, slopes, image_share, share, total):
    number = total.dtype.type
    across, along = slopes[0], slopes[1]
    for x in range(total.shape[0]):
        squares = across[x] * across[x] + along[x] * along[x]
        total[x] = number(row[x]) * image_share + math.sqrt(squares) * share


@helper
def _magnitude_strip(
    rows,
    y_offsets,
    x_starts,
    weights,
    border,
    image_share,
    share,
    rounding,
    channels,
    top,
    bottom,
    tap_rows,
    ring,
    slopes,
    total,
    out,
):
    """Filter the rows from ``top`` to ``bottom``; the last arrays before ``out`` are scratch space."""
    above, below = y_offsets.min(), y_offsets.max()
    nothing = rows.dtype.type(0)
    _load_rows(rows, top + above, top + below - 1, border, nothing, channels, ring)
    for y in range(top, bottom):
        _load_rows(rows, y + below, y + below, border, nothing, channels, ring)
        for tap in range(y_offsets.shape[0]):
            tap_rows[tap] = (y + y_offsets[tap]) % ring.shape[0]
        for direction in range(2):
            weigh(ring, ring[0], tap_rows, x_starts, weights[direction], slopes[direction])
        _magnitude_row(rows[y], slopes, image_share, share, total)
        finish_row(total, rounding, out[y])


@cpu_kernel
def add_magnitude(source, y_offsets, x_offsets, weights, border, image_share, share, rounding, out):
    """Add shares of the image and of the root of the squares of two correlations; the border is 0."""
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height, length)
    radius = largest_offset(x_offsets)
    x_starts = (x_offsets + radius) * channels
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        ring = np.empty((y_offsets.max() - y_offsets.min() + 1, length + 2 * radius * channels), source.dtype)
        slopes = np.empty((2, length), weights.dtype)
        total = np.empty(length, weights.dtype)
        tap_rows = np.empty_like(y_offsets)
        _magnitude_strip(
            rows[image],
            y_offsets,
            x_starts,
            weights,
            border,
            image_share,
            share,
            rounding,
            channels,
            top,
            min(top + STRIP, height),
            tap_rows,
            ring,
            slopes,
            total,
            out_rows[image],
        )
