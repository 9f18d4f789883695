"""Kernels of two dimensions on the CPU: weighted sums of segments of rows, which run on across rows' ends."""

import math
from typing import Any, NamedTuple

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import parts_of, strip
from cvkit.filters._cpu.linear import (
    Image,
    filter_segment,
    largest_offset,
    round_and_store,
    weighted_sum,
)
from cvkit.filters._math import rounded

# Rows of output that one task makes: each begins with unaligned stores and ends with the ends of its rows.
STRIP = 128

# Values that are summed in one segment: many rows of an image, or few where a second pass rounds sums, which
# stay near until then. Segments begin at a multiple of this in memory, because stores of vectors that
# straddle two cache lines are slower.
RUN, RUN_OF_TWO_PASSES = 65536, 16384


class _Scratch(NamedTuple):
    """What a task of :func:`correlate` writes on its way."""

    tap_rows: Any  # for each tap, the row it is in
    tap_starts: Any  # and where it begins there
    columns: Any  # of an end of the rows and around it, each a row
    total: Any  # sums of a segment


class _MagnitudeScratch(NamedTuple):
    """What a task of :func:`add_magnitude` writes on its way."""

    tap_rows: Any  # for each tap, its row in the ring
    x_starts: Any  # and where it begins there
    ring: Any  # extended rows: row y lies in ring[y % len(ring)]
    slopes: Any  # a row of each of the two correlations
    total: Any


@helper
def _load_columns(image, x, first_row, columns):
    """Copy the columns around value ``x``, from row ``first_row`` on, each to a row of ``columns``."""
    rows, channels = image.rows, image.channels
    height, length = rows.shape
    outside = image.outside[0]
    radius, count = columns.shape[0] // 2, columns.shape[1]
    first, last = min(max(-first_row, 0), count), max(min(height - first_row, count), 0)
    for position in range(columns.shape[0]):
        pixel = border_index(x // channels + position - radius, length // channels, image.border)
        if pixel < 0:
            columns[position] = outside
            continue
        column = pixel * channels + x % channels
        for y in range(first, last):
            columns[position, y] = rows[first_row + y, column]
        for y in range(first):
            row = border_index(first_row + y, height, image.border)
            columns[position, y] = outside if row < 0 else rows[row, column]
        for y in range(last, count):
            row = border_index(first_row + y, height, image.border)
            columns[position, y] = outside if row < 0 else rows[row, column]


@helper
def _correlate_ends(image, taps, rounding, bounds, scratch, out):
    """Filter the pixels at both ends of the rows down the columns, so that rows are the vector's lanes."""
    tap_rows, tap_starts, columns, total = scratch
    top, bottom = bounds
    length = image.rows.shape[1]
    radius = columns.shape[0] // 2
    reach = radius * image.channels
    above = taps.y_offsets.min()
    for tap in range(tap_rows.shape[0]):
        tap_rows[tap] = taps.x_offsets[tap] + radius
        tap_starts[tap] = taps.y_offsets[tap] - above
    for position in range(min(2 * reach, length)):
        x = position if position < reach else max(position, length - 2 * reach + position)
        _load_columns(image, x, top + above, columns)
        weighted_sum(columns, columns[0], tap_rows, tap_starts, taps.weights, total[: bottom - top])
        for y in range(top, bottom):
            out[y, x] = rounded(total[y - top], rounding)


@helper
def _correlate_inner_row(image, taps, rounding, y, scratch, out):
    """Filter row ``y``, some of whose taps lie beyond the image, but for the pixels at its ends."""
    tap_rows, tap_starts, columns, total = scratch
    height, length = image.rows.shape
    reach = columns.shape[0] // 2 * image.channels
    for tap in range(tap_rows.shape[0]):
        tap_rows[tap] = border_index(y + taps.y_offsets[tap], height, image.border)
        tap_starts[tap] = reach + taps.x_offsets[tap] * image.channels
    inner = out[y, reach : length - reach]
    filter_segment(image.rows, image.outside, tap_rows, tap_starts, taps.weights, rounding, total, inner)


@helper
def _correlate_across_rows(image, taps, rounding, bounds, misplaced, scratch, out):
    """Filter the flat values between ``bounds`` as one segment of memory, as if rows had no ends.

    ``misplaced`` is the place in memory of ``out[0]``, in values.
    """
    tap_rows, tap_starts, _, total = scratch
    length = image.rows.shape[1]
    values, out_values = image.rows.reshape(1, image.rows.size), out.reshape(out.size)
    run = RUN if len(rounding) == 0 else RUN_OF_TWO_PASSES
    tap_rows[:] = 0
    first, last = bounds
    while first < last:
        end = min(last, (first + misplaced) // run * run + run - misplaced)
        for tap in range(tap_rows.shape[0]):
            tap_starts[tap] = first + taps.y_offsets[tap] * length + taps.x_offsets[tap] * image.channels
        filter_segment(
            values,
            image.outside,
            tap_rows,
            tap_starts,
            taps.weights,
            rounding,
            total,
            out_values[first:end],
        )
        first = end


@helper
def _correlate_strip(image, taps, rounding, bounds, misplaced, scratch, out):
    """Filter the rows between ``bounds``.

    Rows whose taps all lie in the image are filtered as one segment of memory, across the ends of the rows.
    What comes out there is wrong and is done again.
    """
    top, bottom = bounds
    height, length = image.rows.shape
    reach = scratch.columns.shape[0] // 2 * image.channels
    # One row more at either side, because the taps of a row's ends reach into the next row.
    inner_top = max(top, 1 - taps.y_offsets.min())
    inner_bottom = min(bottom, height - 1 - taps.y_offsets.max())
    if inner_bottom <= inner_top or reach > length:
        inner_top = inner_bottom = bottom
    for y in range(top, bottom):
        if (y < inner_top or y >= inner_bottom) and 2 * reach < length:
            _correlate_inner_row(image, taps, rounding, y, scratch, out)
    inner = inner_top * length, inner_bottom * length
    _correlate_across_rows(image, taps, rounding, inner, misplaced, scratch, out)
    _correlate_ends(image, taps, rounding, bounds, scratch, out)


@cpu_kernel
def correlate(source, taps, border, border_value, rounding, out):
    """Filter by taps anywhere around a pixel."""
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height, length)
    outside = np.full(length, border_value, source.dtype)
    radius = largest_offset(taps.x_offsets)
    address = out.ctypes.data // out.itemsize
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        position, top, bottom = strip(task, strips, STRIP, height)
        around = bottom - top + taps.y_offsets.max() - taps.y_offsets.min()
        scratch = _Scratch(
            np.empty_like(taps.y_offsets),
            np.empty_like(taps.y_offsets),
            np.empty((2 * radius + 1, around), source.dtype),
            np.empty(max(length, RUN_OF_TWO_PASSES, STRIP), taps.weights.dtype),
        )
        image = Image(rows[position], channels, border, outside)
        misplaced = (address + position * height * length) % RUN
        _correlate_strip(image, taps, rounding, (top, bottom), misplaced, scratch, out_rows[position])


@helper
def _load_rows(image, first, last, ring):
    """Load the extended rows from ``first`` to ``last`` into the ring; they may lie beyond the image."""
    height, length = image.rows.shape
    reach = (ring.shape[1] - length) // 2
    for y in range(first, last + 1):
        target = ring[y % ring.shape[0]]
        row = border_index(y, height, image.border)
        if row < 0:
            target[:] = image.outside[0]
        else:
            copy_row(image.rows[row], target[reach : reach + length])
            extend_row(target, reach // image.channels, image.channels, image.border, image.outside[0])


@helper
def _magnitude_row(row, slopes, shares, total):
    number = total.dtype.type
    across, along = slopes[0], slopes[1]
    for x in range(total.shape[0]):
        squares = across[x] * across[x] + along[x] * along[x]
        total[x] = number(row[x]) * shares[0] + math.sqrt(squares) * shares[1]


@helper
def _magnitude_strip(image, taps, shares, rounding, bounds, scratch, out):
    """Filter the rows between ``bounds``."""
    tap_rows, x_starts, ring, slopes, total = scratch
    top, bottom = bounds
    above, below = taps.y_offsets.min(), taps.y_offsets.max()
    _load_rows(image, top + above, top + below - 1, ring)
    for y in range(top, bottom):
        _load_rows(image, y + below, y + below, ring)
        for tap in range(tap_rows.shape[0]):
            tap_rows[tap] = (y + taps.y_offsets[tap]) % ring.shape[0]
        for direction in range(2):
            weighted_sum(ring, ring[0], tap_rows, x_starts, taps.weights[direction], slopes[direction])
        _magnitude_row(image.rows[y], slopes, shares, total)
        round_and_store(total, rounding, out[y])


@cpu_kernel
def add_magnitude(source, taps, border, border_value, shares, rounding, out):
    """Add shares of the image and of the root of the squares of two correlations."""
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height, length)
    outside = np.full(length, border_value, source.dtype)
    radius = largest_offset(taps.x_offsets)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        position, top, bottom = strip(task, strips, STRIP, height)
        size_y = taps.y_offsets.max() - taps.y_offsets.min() + 1
        scratch = _MagnitudeScratch(
            np.empty_like(taps.y_offsets),
            (taps.x_offsets + radius) * channels,
            np.empty((size_y, length + 2 * radius * channels), source.dtype),
            np.empty((2, length), taps.weights.dtype),
            np.empty(length, taps.weights.dtype),
        )
        image = Image(rows[position], channels, border, outside)
        _magnitude_strip(image, taps, shares, rounding, (top, bottom), scratch, out_rows[position])
