"""Histograms on the CPU: neighbors are counted in tables of their own, which are added up at the end.

Where neighbors are equal, one counter would wait for itself; the next table's does not.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span, strip

# Pixels of one task: its tables are cleared and added up in a small part of its time.
SPAN = 1 << 20
# Of so many gray pixels, 65536 counters of pairs are cleared and added up in a small part of the time.
MANY_PIXELS = 1 << 18
# Pixels whose bins are computed, by vectors, before they are counted.
CHUNK = 1 << 10
# Counters of tables that stay in the first cache.
FEW_COUNTERS = 1 << 13
LEVELS = 256


@helper
def _groups_of(channels):
    """Return how many groups of four or eight values pass until one begins with the same channel again."""
    groups = channels
    for _ in range(2):
        groups = groups // 2 if groups % 2 == 0 else groups
    return groups


@helper
def _count_pairs(pairs, counters):
    """Count pairs of bytes: half the work, and the pairs of most images stay in the first cache."""
    for x in range(pairs.shape[0]):
        counters[np.uint64(pairs[x])] += np.uint32(1)


@helper
def _add_pairs(counters, totals):
    """Count both bytes of each pair."""
    for high in range(LEVELS):
        row = counters[LEVELS * high : LEVELS * (high + 1)]
        total = np.uint32(0)
        for low in range(LEVELS):
            totals[low] += row[low]
            total = np.uint32(total + row[low])
        totals[high] += total


@helper
def _count_words(words, groups, counters):
    """Count bytes eight at a time, each of ``8 * groups`` in a table of its own."""
    byte, one = np.uint64(LEVELS - 1), np.uint32(1)
    place, end = np.uint64(0), np.uint64(8 * LEVELS * groups)
    for x in range(words.shape[0]):
        word = words[x]
        for position in range(8):
            level = np.uint64(np.uint64(word >> np.uint64(8 * position)) & byte)
            counters[place + np.uint64(LEVELS * position) + level] += one
        place += np.uint64(8 * LEVELS)
        if place == end:
            place = np.uint64(0)


@helper
def _count_one_by_one(values, channels, size, counters):
    """Count values in the tables of their channels, of ``size`` counters."""
    place, end = np.uint64(0), np.uint64(channels * size)
    for x in range(values.shape[0]):
        counters[place + np.uint64(np.uint32(values[x]))] += np.uint32(1)
        place += np.uint64(size)
        if place == end:
            place = np.uint64(0)


@helper
def _count_masked_bytes(values, mask, channels, counters):
    """Count the bytes of pixels whose mask is not 0, even and odd ones in tables of their own."""
    for x in range(mask.shape[0]):
        weight = np.uint32(mask[x] != 0)
        table = (x & 1) * channels
        for channel in range(channels):
            level = np.uint64(values[x * channels + channel])
            counters[np.uint64(LEVELS * (table + channel)) + level] += weight


@helper
def _add_tables(counters, totals):
    """Add up the tables of each channel; ``totals`` are as many counters as one table of each has."""
    size = totals.shape[0]
    for x in range(size):
        totals[x] = counters[x]
    for start in range(size, counters.shape[0], size):
        table = counters[start : start + size]
        for x in range(size):
            totals[x] += table[x]


@helper
def _fold(totals, bin_of, bins):
    """Add counts of levels to the bins of a channel; levels in none have a negative one."""
    for level in range(LEVELS):
        if bin_of[level] >= 0:
            bins[bin_of[level]] += totals[level]


@cpu_kernel
def count_bytes(source, is_masked, mask, bin_of, out):
    """Count bytes into the bins that ``bin_of`` gives them, for each image and channel.

    ``mask`` is (1 or N, height, width), of zeros where pixels do not count.
    """
    count, height, width, channels = source.shape
    pixels = height * width
    values = source.reshape(count, pixels * channels)
    masks = mask.reshape(mask.shape[0], mask.shape[1] * mask.shape[2])
    groups = _groups_of(channels)
    parts = parts_of(pixels, SPAN)
    totals = np.empty((count * parts, channels * LEVELS), np.uint32)
    for task in prange(count * parts):
        image, first, stop = strip(task, parts, SPAN, pixels)
        in_pairs = channels == 1 and not is_masked and stop - first >= MANY_PIXELS
        counters = np.zeros(8 * groups * LEVELS, np.uint32)
        pair_counters = np.zeros(LEVELS * LEVELS if in_pairs else 0, np.uint32)
        part = values[image, first * channels : stop * channels]
        if is_masked:
            _count_masked_bytes(part, masks[image % masks.shape[0], first:stop], channels, counters)
        else:
            whole = part.size // (8 * channels) * (8 * channels)
            if in_pairs:
                _count_pairs(part[:whole].view(np.uint16), pair_counters)
            else:
                _count_words(part[:whole].view(np.uint64), groups, counters)
            _count_one_by_one(part[whole:], channels, LEVELS, counters)
        _add_tables(counters, totals[task])
        if in_pairs:
            _add_pairs(pair_counters, totals[task])
    for row in prange(count * channels):
        image, channel = row // channels, row % channels
        bins = out[image, channel]
        bins[:] = 0
        for part in range(image * parts, (image + 1) * parts):
            _fold(totals[part, LEVELS * channel : LEVELS * (channel + 1)], bin_of, bins)


@helper(contract=False)
def _find_bins(values, bins, bounds, last, indices):
    """Compute the bin of each value as OpenCV does, which rounds twice; those in none get the one after."""
    scale, offset = bins.scale, bins.offset
    low, high = bounds
    for x in range(values.shape[0]):
        place = np.int32(np.float64(values[x]) * scale + offset)
        place = np.int32(min(max(place, np.int32(0)), last))
        # NaN is in no bin.
        is_inside = (low <= values[x]) & (values[x] < high)
        indices[x] = place if is_inside else np.int32(last + np.int32(1))


@helper
def _hide(mask, channels, nowhere, indices):
    """Move pixels whose mask is 0 to the bin that does not count, which is the last."""
    for channel in range(channels):
        for x in range(mask.shape[0]):
            least = np.int32(nowhere * np.int32(mask[x] == 0))
            indices[x * channels + channel] = max(indices[x * channels + channel], least)


@helper
def _count_fours(indices, groups, size, counters):
    """Count four values at a time, each of ``4 * groups`` in a table of its own, of ``size`` counters."""
    place, end = np.uint64(0), np.uint64(4 * groups * size)
    for x in range(indices.shape[0] // 4):
        for position in range(4):
            index = np.uint64(np.uint32(indices[4 * x + position]))
            counters[place + np.uint64(position * size) + index] += np.uint32(1)
        place += np.uint64(4 * size)
        if place == end:
            place = np.uint64(0)


@cpu_kernel
def count_values(source, is_masked, mask, bins, out):
    """Count values into bins of equal width, for each image and channel; ``mask`` as for ``count_bytes``."""
    count, height, width, channels = source.shape
    pixels = height * width
    values = source.reshape(count, pixels * channels)
    masks = mask.reshape(mask.shape[0], mask.shape[1] * mask.shape[2])
    # The last one counts what is in no bin.
    size = out.shape[2] + 1
    groups = _groups_of(channels)
    in_fours = 4 * groups * size <= FEW_COUNTERS
    # A value of 16 bits is its own bin where all have one.
    is_bin = source.itemsize == 2 and bins.scale == 1 and bins.offset == 0 and size > 1 << 16
    bounds = bins.borders[0], bins.borders[size - 1]
    parts = parts_of(pixels, SPAN)
    totals = np.empty((count * parts, channels * size), np.uint32)
    for task in prange(count * parts):
        image, first, stop = strip(task, parts, SPAN, pixels)
        counters = np.empty(4 * groups * size, np.uint32) if in_fours else totals[task]
        counters[:] = 0
        indices = np.empty(CHUNK * channels, np.int32)
        for chunk in range(parts_of(stop - first, CHUNK)):
            begin, end = span(chunk, CHUNK, stop - first)
            found = indices[: (end - begin) * channels]
            row = values[image, (first + begin) * channels : (first + end) * channels]
            if is_bin and not is_masked:
                _count_one_by_one(row, channels, size, counters)
                continue
            _find_bins(row, bins, bounds, np.int32(size - 2), found)
            if is_masked:
                seen = masks[image % masks.shape[0], first + begin : first + end]
                _hide(seen, channels, np.int32(size - 1), found)
            whole = found.size // (4 * channels) * (4 * channels) if in_fours else 0
            _count_fours(found[:whole], groups, size, counters)
            _count_one_by_one(found[whole:], channels, size, counters)
        if in_fours:
            _add_tables(counters, totals[task])
    for row in prange(count * channels):
        image, channel = row // channels, row % channels
        bins_of_row = out[image, channel]
        bins_of_row[:] = 0
        for part in range(image * parts, (image + 1) * parts):
            for place in range(size - 1):
                bins_of_row[place] += totals[part, channel * size + place]
