"""Templates on the CPU: sums of products row by row, and sums over windows by the sums of blocks."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import parts_of, span, strip, tile, tiles_of
from cvkit.features._matching_math import COEFFICIENT, measured, measured_masked, normalized, whole

# Rows of one task where rows are independent.
STRIP = 16
# Windows of a tile from left to right, or as many columns as a template has: sums stay in the second cache.
WIDTH = 256
# Taps that one pass over a row of sums adds.
TAPS = 8


@helper
def _center_row(row, channels, channel, center, plane):
    number = plane.dtype.type
    for x in range(plane.shape[0]):
        plane[x] = number(row[x * channels + channel]) - center


@helper
def _square_row(row, out):
    for x in range(out.shape[0]):
        out[x] = row[x] * row[x]


@cpu_kernel
def spread(source, centers, planes):
    """Take images apart into channels, less a number for each; if there are twice as many, then squares."""
    count, height, width, channels = source.shape
    rows = source.reshape(count, height, width * channels)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        for y in range(top, bottom):
            for channel in range(channels):
                _center_row(rows[image, y], channels, channel, centers[channel], planes[image, channel, y])
                if planes.shape[1] > channels:
                    _square_row(planes[image, channel, y], planes[image, channels + channel, y])


@helper
def _add_taps(row, weights, totals):
    first, second, third, fourth = weights[0], weights[1], weights[2], weights[3]
    fifth, sixth, seventh, eighth = weights[4], weights[5], weights[6], weights[7]
    for x in range(totals.shape[0]):
        low = row[x] * first + row[x + 1] * second + row[x + 2] * third + row[x + 3] * fourth
        high = row[x + 4] * fifth + row[x + 5] * sixth + row[x + 6] * seventh + row[x + 7] * eighth
        totals[x] += low + high


@helper
def _add_tap(row, weight, totals):
    for x in range(totals.shape[0]):
        totals[x] += row[x] * weight


@helper
def _add_products(row, weights, totals):
    taps, width = weights.shape[0], totals.shape[0]
    whole = taps // TAPS * TAPS
    for tap in range(0, whole, TAPS):
        _add_taps(row[tap : tap + width + TAPS - 1], weights[tap : tap + TAPS], totals)
    for tap in range(whole, taps):
        _add_tap(row[tap : tap + width], weights[tap], totals)


@cpu_kernel
def correlate(planes, weights, is_used, out):
    """Sum products of every window with each of some weights, (planes, height, width), over planes in use."""
    kinds, channels, taps, _ = weights.shape
    count, _, height, _ = out.shape
    strips = parts_of(height, STRIP)
    for task in prange(count * kinds * strips):
        row, top, bottom = strip(task, strips, STRIP, height)
        image, kind = row // kinds, row % kinds
        for y in range(top, bottom):
            totals = out[image, kind, y]
            totals[:] = 0
            for channel in range(channels):
                for tap in range(taps * is_used[kind, channel]):
                    _add_products(planes[image, channel, y + tap], weights[kind, channel, tap], totals)


@helper
def _add_row(row, totals):
    for x in range(totals.shape[0]):
        totals[x] += row[x]


@helper
def _add_squares(row, totals):
    for x in range(totals.shape[0]):
        value = np.float64(row[x])
        totals[x] += value * value


@helper
def _add_rows(first, second, out):
    for x in range(out.shape[0]):
        out[x] = first[x] + second[x]


@helper
def _sum_along(row, length, other, sums):
    """Sum ``length`` values from each on, as sums of two, four, eight; both rows are overwritten."""
    size, width = row.shape[0], sums.shape[0]
    sums[:] = 0
    step, start = 1, 0
    while True:
        if length & step:
            _add_row(row[start : start + width], sums)
            start += step
        if 2 * step > length:
            return
        end = size - 2 * step + 1
        _add_rows(row[:end], row[step : step + end], other[:end])
        row, other = other, row
        step *= 2


class _Scratch(NamedTuple):
    """Sums of columns, of squares and of each channel's values, and what is known of a row of windows.

    ``below`` has the sums from each row of a block to its last, ``beyond`` those of the rows that follow it.
    """

    below: Any
    beyond: Any
    row: Any
    other: Any
    sums: Any
    products: Any
    spreads: Any
    raw: Any


@helper
def _add_planes(planes, y, left, totals):
    """Add the squares of a row of all channels and, if there is a row for each, their values behind these."""
    kinds, width = totals.shape
    for channel in range(planes.shape[0]):
        row = planes[channel, y, left : left + width]
        _add_squares(row, totals[0])
        if kinds > 1:
            _add_row(row, totals[1 + channel])


@helper
def _begin_block(planes, top, left, scratch):
    """Sum the rows of a block from the last on upward."""
    below = scratch.below
    height, kinds, _ = below.shape
    scratch.beyond[:] = 0
    below[height - 1] = 0
    _add_planes(planes, top + height - 1, left, below[height - 1])
    for y in range(height - 2, -1, -1):
        for kind in range(kinds):
            copy_row(below[y + 1, kind], below[y, kind])
        _add_planes(planes, top + y, left, below[y])


@helper
def _sum_windows(row, rule, scratch):
    """Sum the windows of one row of a block."""
    for kind in range(scratch.beyond.shape[0]):
        _add_rows(scratch.below[row, kind], scratch.beyond[kind], scratch.row)
        _sum_along(scratch.row, rule.width, scratch.other, scratch.sums[kind])


@helper
def _begin_row(products, squares, rule, scratch):
    wide, spreads, raw = scratch.products, scratch.spreads, scratch.raw
    for x in range(products.shape[0]):
        value = np.float64(products[x])
        wide[x] = whole(value) if rule.is_whole else value
        spreads[x] = squares[x]
        raw[x] = squares[x]


@helper
def _add_channel(sums, center, offset, area, scratch):
    products, spreads, raw = scratch.products, scratch.spreads, scratch.raw
    share, constant = 1 / area, center * center * area
    for x in range(sums.shape[0]):
        products[x] -= sums[x] * offset
        spreads[x] -= sums[x] * sums[x] * share
        raw[x] += 2 * center * sums[x] + constant


@helper
def _end(products, lengths, squares, raw, rule, out):
    for x in range(out.shape[0]):
        value = measured(products[x], squares[x], rule)
        out[x] = normalized(value, lengths[x], raw[x], squares[x], rule)


@helper
def _end_plain(products, squares, rule, out):
    for x in range(out.shape[0]):
        out[x] = measured(products[x], squares[x], rule)


@helper
def measure_row(products, centers, rule, scratch, out):
    """Measure a row of windows whose sums, and room for what comes of them, a scratch has."""
    squares = scratch.sums[0]
    area = np.float64(rule.height) * np.float64(rule.width)
    _begin_row(products, squares, rule, scratch)
    for channel in range(scratch.sums.shape[0] - 1):
        _add_channel(scratch.sums[1 + channel], centers[0, channel], centers[1, channel], area, scratch)
    if rule.is_normalized:
        lengths = scratch.spreads if rule.measure == COEFFICIENT else scratch.raw
        _end(scratch.products, lengths, squares, scratch.raw, rule, out)
    else:
        _end_plain(scratch.products, squares, rule, out)


@helper
def _measure_block(planes, products, place, centers, rule, scratch, out):
    """Measure the windows of a block, whose rows are at most as many as a window has."""
    top, left = place
    height, width = out.shape
    _begin_block(planes, top, left, scratch)
    for y in range(height):
        if y > 0:
            _add_planes(planes, top + rule.height + y - 1, left, scratch.beyond)
        _sum_windows(y, rule, scratch)
        measure_row(products[top + y, left : left + width], centers, rule, scratch, out[y])


@cpu_kernel
def measure(planes, products, centers, rule, out):
    """Measure every window by its sums of products and by sums over the window alone.

    A window down a column is the end of one block of as many rows and the beginning of the next. So none is
    summed from what is not in it, and sums take the same time for all sizes.
    """
    count, height, width = out.shape
    kinds = 1 + centers.shape[1] if rule.needs_values else 1
    size = parts_of(STRIP, rule.height) * rule.height, max(WIDTH, rule.width)
    rows, columns = tiles_of(size, (height, width))
    for task in prange(count * rows * columns):
        image, top, bottom, left, right = tile(task, (rows, columns), size, (height, width))
        length = right - left + rule.width - 1
        scratch = _Scratch(
            np.empty((rule.height, kinds, length)),
            np.empty((kinds, length)),
            np.empty(length),
            np.empty(length),
            np.empty((kinds, right - left)),
            np.empty(right - left),
            np.empty(right - left),
            np.empty(right - left),
        )
        for block in range(parts_of(bottom - top, rule.height)):
            begin, end = span(block, rule.height, bottom - top)
            _measure_block(
                planes[image],
                products[image, 0],
                (top + begin, left),
                centers,
                rule,
                scratch,
                out[image, top + begin : top + end, left:right],
            )


@cpu_kernel
def measure_products(products, rule, out):
    """Measure every window by its sums of products alone."""
    count, height, _ = out.shape
    for task in prange(count * height):
        image, y = task // height, task % height
        _finish(products[image, 0, y], rule, out[image, y])


@helper
def _finish(products, rule, out):
    for x in range(out.shape[0]):
        value = np.float64(products[x])
        out[x] = measured(whole(value) if rule.is_whole else value, 0.0, rule)


@helper
def _measure_masked(moments, masses, rule, out):
    for x in range(out.shape[0]):
        out[x] = measured_masked(moments, masses, x, rule)


@cpu_kernel
def measure_masked(moments, masses, rule, out):
    """Measure every window by its weighted sums."""
    count, height, _ = out.shape
    for task in prange(count * height):
        image, y = task // height, task % height
        _measure_masked(moments[image, :, y], masses, rule, out[image, y])
