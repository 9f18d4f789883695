"""Kernels of two dimensions on the CPU: weighted sums of stretches of extended rows."""

import math

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit.filters._cpu.linear import STRIP, copy_row, finish_row, largest_offset, weigh


@helper(allocates=False)
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


@helper(allocates=False)
def _load_rows(rows, first, last, border, border_value, channels, ring):
    """Load the extended rows from ``first`` to ``last``; row y lies in ``ring[y % len(ring)]``."""
    for y in range(first, last + 1):
        _load_row(rows, y, border, border_value, channels, ring[y % ring.shape[0]])


@helper(allocates=False)
def _correlate_strip(
    rows,
    y_offsets,
    x_starts,
    weights,
    border,
    border_value,
    rounding,
    channels,
    top,
    bottom,
    tap_rows,
    ring,
    total,
    out,
):
    """Filter the rows from ``top`` to ``bottom``; the last arrays before ``out`` are scratch space."""
    above, below = y_offsets.min(), y_offsets.max()
    _load_rows(rows, top + above, top + below - 1, border, border_value, channels, ring)
    for y in range(top, bottom):
        _load_rows(rows, y + below, y + below, border, border_value, channels, ring)
        for tap in range(y_offsets.shape[0]):
            tap_rows[tap] = (y + y_offsets[tap]) % ring.shape[0]
        if len(rounding) == 1:
            weigh(ring, ring[0], tap_rows, x_starts, weights, out[y])
        else:
            weigh(ring, ring[0], tap_rows, x_starts, weights, total)
            finish_row(total, rounding, out[y])


@cpu_kernel
def correlate(source, y_offsets, x_offsets, weights, border, border_value, rounding, out):
    """Filter by taps anywhere around a pixel."""
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
        total = np.empty(length, weights.dtype)
        tap_rows = np.empty_like(y_offsets)
        _correlate_strip(
            rows[image],
            y_offsets,
            x_starts,
            weights,
            border,
            border_value,
            rounding,
            channels,
            top,
            min(top + STRIP, height),
            tap_rows,
            ring,
            total,
            out_rows[image],
        )


@helper(allocates=False)
def _magnitude_row(row, slopes, image_share, share, total):
    number = total.dtype.type
    across, along = slopes[0], slopes[1]
    for x in range(total.shape[0]):
        squares = across[x] * across[x] + along[x] * along[x]
        total[x] = number(row[x]) * image_share + math.sqrt(squares) * share


@helper(allocates=False)
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
