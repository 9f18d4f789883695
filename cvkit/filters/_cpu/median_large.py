"""Median of large windows on the CPU: sliding histograms for 8 bits, sliding sets of ranks for the rest.

Histograms follow S. Perreault and P. Hebert, "Median filtering in constant time", 2007: every column of
pixels has a histogram, moved down by one pixel a row; the window's is moved right by a column's. It has two
levels, 16 bins of 16 values and 256 of one, and of the fine one only the 16 bins that the median lies in are
kept up to date. Here the bins of a row are cumulative: bin k counts the values up to k. To move a value then
is one vector operation, too, and the median's bin is found by one comparison of all 16, instead of a search.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.histograms import LANES, add_row, count_at_most, exchange_row
from cvkit._simd.numbers import leading_zeros, trailing_zeros
from cvkit._tiles import tile, tiles_of

# Row v is what a value v adds to cumulative bins; the last row is what nothing adds.
STEPS = np.concatenate([np.tri(LANES, dtype=np.uint8).T, np.zeros((1, LANES), np.uint8)]).ravel()
NOTHING = LANES * LANES

# Pixels of one task's tile, at least: its column histograms, 272 bytes each, stay in the second-level cache.
TILE = 256


@helper
def _clamp(index, size):
    return min(max(index, 0), size - 1)


@helper
def _exchange(added, removed, column, coarse, fine, steps):
    """Exchange one value of a column's histograms for another."""
    segment, place = np.int64(added >> 4), np.int64(added & 15)
    old_segment, old_place = np.int64(removed >> 4), np.int64(removed & 15)
    row = (column * LANES + segment) * LANES
    if segment == old_segment:
        exchange_row(fine, row, steps, place * LANES, old_place * LANES)
        return
    exchange_row(coarse, column * LANES, steps, segment * LANES, old_segment * LANES)
    add_row(fine, row, steps, place * LANES)
    old_row = (column * LANES + old_segment) * LANES
    exchange_row(fine, old_row, steps, NOTHING, old_place * LANES)


@helper
def _fill_columns(pixels, first, last, left, coarse, fine, steps):
    """Add rows ``first`` to ``last`` of the image to the columns' empty histograms."""
    for y in range(first, last):
        row = pixels[_clamp(y, pixels.shape[0])]
        for column in range(coarse.shape[0] // LANES):
            value = row[_clamp(left + column, row.shape[0])]
            segment, place = np.int64(value >> 4), np.int64(value & 15)
            add_row(coarse, column * LANES, steps, segment * LANES)
            add_row(fine, (column * LANES + segment) * LANES, steps, place * LANES)


@helper
def _move_columns(pixels, entering, leaving, left, coarse, fine, steps):
    """Exchange the row that leaves the columns for the row that enters them."""
    new, old = pixels[_clamp(entering, pixels.shape[0])], pixels[_clamp(leaving, pixels.shape[0])]
    for column in range(coarse.shape[0] // LANES):
        x = _clamp(left + column, new.shape[0])
        if new[x] != old[x]:
            _exchange(new[x], old[x], column, coarse, fine, steps)


@helper
def _move_window(coarse, fine, ksize, total, fine_total, seen_at, out):
    """Move the window along a row: its histograms are the sums of those of ``ksize`` columns.

    ``seen_at`` is the position for which each segment of ``fine_total`` was summed last.
    """
    half = ksize * ksize // 2
    total[:] = 0
    seen_at[:] = -ksize
    for column in range(ksize):
        add_row(total, 0, coarse, column * LANES)
    for x in range(out.shape[0]):
        if x > 0:
            exchange_row(total, 0, coarse, (x + ksize - 1) * LANES, (x - 1) * LANES)
        segment = count_at_most(total, 0, half)
        below = np.int64(total[segment - 1]) if segment > 0 else 0
        row = segment * LANES
        if 2 * (x - seen_at[segment]) > ksize:
            fine_total[row : row + LANES] = 0
            for column in range(x, x + ksize):
                add_row(fine_total, row, fine, column * LANES * LANES + row)
        else:
            for column in range(seen_at[segment] + 1, x + 1):
                entering, leaving = column + ksize - 1, column - 1
                exchange_row(
                    fine_total,
                    row,
                    fine,
                    entering * LANES * LANES + row,
                    leaving * LANES * LANES + row,
                )
        seen_at[segment] = x
        out[x] = np.uint8(row + count_at_most(fine_total, row, half - below))


@cpu_kernel
def _median_histogram(source, ksize, column_counter, window_counter, out):
    count, height, width, channels = source.shape
    radius = ksize // 2
    side = max(TILE, 2 * ksize)
    tiles = tiles_of((side, side), (height, width))
    for task in prange(count * channels * tiles[0] * tiles[1]):
        plane, top, bottom, left, right = tile(task, tiles, (side, side), (height, width))
        image, channel = plane // channels, plane % channels
        columns = right - left + 2 * radius
        coarse = np.zeros(columns * LANES, column_counter.dtype)
        fine = np.zeros(columns * LANES * LANES, column_counter.dtype)
        total = np.empty(LANES, window_counter.dtype)
        fine_total = np.empty(LANES * LANES, window_counter.dtype)
        seen_at = np.empty(LANES, np.int64)
        pixels = source[image, :, :, channel]
        _fill_columns(pixels, top - radius - 1, top + radius, left - radius, coarse, fine, STEPS)
        for y in range(top, bottom):
            _move_columns(pixels, y + radius, y - radius - 1, left - radius, coarse, fine, STEPS)
            medians = out[image, y, left:right, channel]
            _move_window(coarse, fine, ksize, total, fine_total, seen_at, medians)


def median_histogram(source, ksize, out):
    """Median of ``ksize`` x ``ksize`` pixels of 8 bits, in time that hardly depends on the size."""
    # Columns count up to ksize, windows to its square.
    column_counter, window_counter = (np.uint8, np.uint16) if ksize < 256 else (np.uint32, np.uint32)
    _median_histogram(source, ksize, np.empty(0, column_counter), np.empty(0, window_counter), out)


@helper
def _place_above(members, place):
    """Return the first member of a set of bits at ``place`` or above; there is one."""
    word = place >> 6
    bits = members[word] >> np.uint64(place & 63) << np.uint64(place & 63)
    while bits == 0:
        word += 1
        bits = members[word]
    return word * 64 + np.int64(trailing_zeros(bits))


@helper
def _place_below(members, place):
    """Return the last member of a set of bits below ``place``; there is one."""
    word = (place - 1) >> 6
    spare = np.uint64(63 - ((place - 1) & 63))
    bits = members[word] << spare >> spare
    while bits == 0:
        word -= 1
        bits = members[word]
    return word * 64 + 63 - np.int64(leading_zeros(bits))


@helper
def _include(members, ranks, pivot):
    """Add ranks to the window; return how many lie below ``pivot``."""
    below = 0
    for rank in ranks:
        members[rank >> 6] |= np.uint64(1) << np.uint64(rank & 63)
        below += rank < pivot
    return below


@helper
def _exclude(members, ranks, pivot):
    """Take ranks out of the window; return how many lie below ``pivot``."""
    below = 0
    for rank in ranks:
        members[rank >> 6] &= ~(np.uint64(1) << np.uint64(rank & 63))
        below += rank < pivot
    return below


@helper
def _settle(members, pivot, below, half):
    """Return the member that has ``half`` members below it, from a place that has ``below`` below it."""
    while below > half:
        pivot = _place_below(members, pivot)
        below -= 1
    pivot = _place_above(members, pivot)
    while below < half:
        pivot = _place_above(members, pivot + 1)
        below += 1
    return pivot


@helper
def _padded_tile(pixels, top, left, values):
    """Copy part of an image to ``values``, with its outermost pixels repeated."""
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            values[y, x] = pixels[_clamp(top + y, pixels.shape[0]), _clamp(left + x, pixels.shape[1])]


@helper
def _pass_of_radix_sort(values, order, shift, flipped, places, sorted_order):
    """Sort an order of values by one byte of theirs, some bits flipped; equal bytes keep their order."""
    places[:] = 0
    for value in values:
        places[np.int64((value >> shift) ^ flipped) & 255] += 1
    before = 0
    for byte in range(256):
        count = places[byte]
        places[byte] = before
        before += count
    for index in order:
        byte = np.int64((values[index] >> shift) ^ flipped) & 255
        sorted_order[places[byte]] = index
        places[byte] += 1


@helper(allocates=True)
def _sorted_order(values):
    """Return the indices that sort values; 16 bits by two passes of a radix sort, five times as fast."""
    if values.itemsize > 2:
        return np.argsort(values).astype(np.int32)
    bits = values.view(np.uint16)
    order, spare = np.arange(values.size).astype(np.int32), np.empty(values.size, np.int32)
    places = np.empty(256, np.int32)
    # Negative numbers come first once their sign is flipped.
    number = values.dtype.type
    sign = np.uint16(0x80 if number(0) - number(1) < 0 else 0)
    _pass_of_radix_sort(bits, order, np.uint16(0), np.uint16(0), places, spare)
    _pass_of_radix_sort(bits, spare, np.uint16(8), sign, places, order)
    return order


@cpu_kernel
def median_ranks(source, ksize, out):
    """Median of ``ksize`` x ``ksize`` pixels of any dtype, in time that grows with ``ksize``.

    Tiles are sorted, and pixels replaced by their ranks, which are all different. The window is then a set of
    bits; to move it by a pixel takes ``ksize`` bits out and puts as many in, and its median is near the last
    one.
    """
    count, height, width, channels = source.shape
    half = ksize * ksize // 2
    side = max(64, 2 * ksize)
    tiles = tiles_of((side, side), (height, width))
    for task in prange(count * channels * tiles[0] * tiles[1]):
        plane, top, bottom, left, right = tile(task, tiles, (side, side), (height, width))
        image, channel = plane // channels, plane % channels
        values = np.empty((bottom - top + ksize - 1, right - left + ksize - 1), source.dtype)
        _padded_tile(source[image, :, :, channel], top - ksize // 2, left - ksize // 2, values)
        order = _sorted_order(values.reshape(values.size))
        ranks = np.empty(order.size, np.int32)
        ranks[order] = np.arange(order.size)
        ranks = ranks.reshape(values.shape)
        for y in range(bottom - top):
            rows = ranks[y : y + ksize]
            members = np.zeros(order.size // 64 + 1, np.uint64)
            pivot, below = 0, 0
            for x in range(ksize - 1):
                _include(members, rows[:, x], pivot)
            for x in range(right - left):
                if x > 0:
                    below -= _exclude(members, rows[:, x - 1], pivot)
                below += _include(members, rows[:, x + ksize - 1], pivot)
                pivot = _settle(members, pivot, below, half)
                below = half
                median = order[pivot]
                out[image, top + y, left + x, channel] = values[
                    median // values.shape[1], median % values.shape[1]
                ]
