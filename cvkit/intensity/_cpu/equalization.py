"""Equalization on the CPU: tables of levels by the pixels' ranks, and their use."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, strip
from cvkit.intensity._histogram_math import level_of_quantile, scaled_rank

# Pixels of one task.
SPAN = 1 << 16


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
def _look_up(values, table, out):
    for x in range(out.shape[0]):
        out[x] = table[values[x]]


@helper
def _look_up_channels(values, tables, out):
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
    parts = parts_of(pixels, SPAN)
    for task in prange(count * parts):
        image, first, stop = strip(task, parts, SPAN, pixels)
        part = values[image, first * channels : stop * channels]
        out_part = out_values[image, first * channels : stop * channels]
        if channels == 1:
            _look_up(part, tables[image, 0], out_part)
        else:
            _look_up_channels(part, tables[image], out_part)
