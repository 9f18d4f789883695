"""Equalization on the CPU: tables of levels by the pixels' ranks, and their use."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, strip
from cvkit.intensity._histogram_math import level_of_quantile, scaled_rank

# Pixels of one task.
SPAN = 1 << 20
# Of so many, tables for each position in a word take a small part of the time, and one of all pairs of bytes.
MANY_PIXELS = 1 << 12
VERY_MANY_PIXELS = 1 << 18


@helper
def _equalize(counts, table):
    """Spread the levels that occur; a single one stays."""
    largest = np.int32(table.shape[0] - 1)
    first, total = 0, np.int64(0)
    for level in range(counts.shape[0]):
        if total == 0:
            first = level
        total += counts[level]
    others = total - counts[first]
    if others == 0:
        for level in range(table.shape[0]):
            table[level] = first
        return
    scale = np.float32(largest) / np.float32(others)
    rank = -counts[first]
    for level in range(table.shape[0]):
        rank += counts[level]
        table[level] = scaled_rank(max(rank, np.int64(0)), scale, largest)


@cpu_kernel
def equalization_tables(counts, tables):
    """Make the table that equalizes each image and channel; both arrays are (N, channels, levels)."""
    count, channels, _ = counts.shape
    for row in prange(count * channels):
        _equalize(counts[row // channels, row % channels], tables[row // channels, row % channels])


@helper
def _add_up(counts):
    """Turn counts into ranks, in place."""
    for image in range(counts.shape[0]):
        for channel in range(counts.shape[1]):
            ranks = counts[image, channel]
            for level in range(1, ranks.shape[0]):
                ranks[level] += ranks[level - 1]


@helper
def _match(ranks, reference, table):
    total = np.float64(ranks[ranks.shape[0] - 1])
    for level in range(table.shape[0]):
        table[level] = level_of_quantile(np.float64(ranks[level]) / total, reference)


@cpu_kernel
def matching_tables(counts, reference_counts, tables):
    """Make the table that gives each image and channel the histogram of the reference's channel.

    ``counts`` and ``tables`` are (N, channels, levels), ``reference_counts`` are (1 or N, channels, levels).
    Counts are used up.
    """
    for each in (counts, reference_counts):
        _add_up(each)
    count, channels, _ = counts.shape
    for row in prange(count * channels):
        image, channel = row // channels, row % channels
        reference = reference_counts[image % reference_counts.shape[0], channel]
        _match(counts[image, channel], reference, tables[image, channel])


@helper
def _shift_tables(tables, shifted):
    """Spread tables of bytes over the positions of a byte in a word: what a word becomes is then a sum."""
    for position in range(shifted.shape[0]):
        table, shift = tables[position % tables.shape[0]], np.uint32(8 * (position % 4))
        for level in range(table.shape[0]):
            shifted[position, level] = np.uint32(np.uint32(table[level]) << shift)


@helper
def _look_up_words(words, shifted, out):
    """Look bytes up four at a time, each in the table of its position, of as many as ``shifted`` has."""
    byte = np.uint32(255)
    tables = shifted.reshape(shifted.size)
    place = np.uint64(0)
    for x in range(words.shape[0]):
        word = words[x]
        found = np.uint32(0)
        for position in range(4):
            level = np.uint32(np.uint32(word >> np.uint32(8 * position)) & byte)
            found = np.uint32(found | tables[place + np.uint64(256 * position) + np.uint64(level)])
        out[x] = found
        place += np.uint64(1024)
        if place == np.uint64(tables.shape[0]):
            place = np.uint64(0)


@helper
def _make_pairs(table, pairs):
    """Tabulate all pairs of bytes, the first one low."""
    for high in range(256):
        row, other = pairs[256 * high : 256 * (high + 1)], np.uint16(np.uint16(table[high]) << np.uint16(8))
        for low in range(256):
            row[low] = np.uint16(np.uint16(table[low]) | other)


@helper
def _look_up_pairs(words, pairs, out):
    """Look bytes up by two: half the work, and the pairs of most images stay in the first cache."""
    for x in range(words.shape[0]):
        low = pairs[np.uint64(words[x] & np.uint32(0xFFFF))]
        high = pairs[np.uint64(words[x] >> np.uint32(16))]
        out[x] = np.uint32(np.uint32(low) | np.uint32(np.uint32(high) << np.uint32(16)))


@helper
def _look_up(values, tables, out):
    """Look each channel up in its row of ``tables``."""
    channels = tables.shape[0]
    for channel in range(channels):
        table = tables[channel]
        for x in range(out.shape[0] // channels):
            out[x * channels + channel] = table[values[x * channels + channel]]


@cpu_kernel
def apply_tables(source, tables, out):
    """Replace each level by what the table of its image and channel says; tables as above."""
    count, height, width, channels = source.shape
    pixels = height * width
    values = source.reshape(count, pixels * channels)
    out_values = out.reshape(count, pixels * channels)
    is_bytes = source.itemsize == 1
    parts = parts_of(pixels, SPAN)
    for task in prange(count * parts):
        image, first, stop = strip(task, parts, SPAN, pixels)
        part = values[image, first * channels : stop * channels]
        out_part = out_values[image, first * channels : stop * channels]
        whole = 0
        in_pairs = is_bytes and channels == 1 and stop - first >= VERY_MANY_PIXELS
        pairs = np.empty(1 << 16 if in_pairs else 0, np.uint16)
        if in_pairs:
            _make_pairs(tables[image, 0], pairs)
            whole = part.size // 4 * 4
            _look_up_pairs(part[:whole].view(np.uint32), pairs, out_part[:whole].view(np.uint32))
        elif is_bytes and stop - first >= MANY_PIXELS:
            shifted = np.empty((4 * channels, 256), np.uint32)
            _shift_tables(tables[image], shifted)
            whole = part.size // (4 * channels) * (4 * channels)
            _look_up_words(part[:whole].view(np.uint32), shifted, out_part[:whole].view(np.uint32))
        _look_up(part[whole:], tables[image], out_part[whole:])
