"""Histograms of oriented gradients on the CPU, with OpenCV's arithmetic.

OpenCV votes every pixel into the cells of each block that covers it: four blocks for the usual two by two
cells. Here a pixel votes once. What its votes weigh in each role that its cell can play in a block is
tabulated, and the cell keeps one histogram for each role; a block then is a sum of its cells' histograms in
their roles. Votes reach the voting cell and its neighbors only, so that the roles along an axis are pairs of
cells at most one apart. For two by two cells that makes 16 weights a pixel: one vector.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from cvkit._border import REFLECT101, border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import split_channels
from cvkit._tiles import parts_of, strip
from cvkit.features._cpu.lanes import LANES, add_scaled_lanes, aligned_rows
from cvkit.features._math import clipped, inverse_length, last_wins_from, vote

# Block rows that one task makes. Tasks share no cells, so each computes the last cell rows of the one above
# again.
STRIP = 24
# Cells that take votes in turn: their histograms fit into the first-level cache.
INTERLEAVED_CELLS = 32


class Votes(NamedTuple):
    """The votes of each pixel of a row for two bins, and where their histograms start within a cell."""

    lower: Any
    lower_vote: Any
    upper: Any
    upper_vote: Any


@helper
def _linearize(values, gamma, linear):
    """Convert to float32 and, if ``gamma``, take the square root."""
    if gamma:
        for x in range(linear.shape[0]):
            linear[x] = math.sqrt(np.float32(values[x]))
    else:
        for x in range(linear.shape[0]):
            linear[x] = np.float32(values[x])


@helper
def _load_row(image, y, padding, gamma, parts, planes):
    """Fill one plane for each channel with row ``y`` of the padded image and one more pixel at both ends."""
    height, width, channels = image.shape
    row = image[border_index(y - padding, height, REFLECT101)].reshape(width * channels)
    split_channels(row, parts)
    for channel in range(channels):
        plane = planes[channel]
        _linearize(parts[channel], gamma, plane[padding + 1 : padding + 1 + width])
        extend_row(plane[: width + 2 * padding + 2], padding + 1, 1, REFLECT101, np.float32(0))


@helper
def _gradient_row(above, row, below, gradient_x, gradient_y):
    """Central differences of one channel."""
    count = gradient_x.shape[0]
    before, after = row[0:count], row[2 : count + 2]
    above, below = above[1 : count + 1], below[1 : count + 1]
    for x in range(count):
        gradient_x[x] = after[x] - before[x]
        gradient_y[x] = below[x] - above[x]


@helper(contract=False)
def _keep_stronger(other_x, other_y, gradient_x, gradient_y):
    """Replace a pixel's gradient by another channel's where that is longer, or NaN.

    Ties, which keep the channel seen before, are common in an image, and an FMA would break them.
    """
    for x in range(gradient_x.shape[0]):
        own = gradient_x[x] * gradient_x[x] + gradient_y[x] * gradient_y[x]
        other = other_x[x] * other_x[x] + other_y[x] * other_y[x]
        old_x, old_y, new_x, new_y = gradient_x[x], gradient_y[x], other_x[x], other_y[x]
        stronger = (other > own) | (other != other)
        gradient_x[x] = new_x if stronger else old_x
        gradient_y[x] = new_y if stronger else old_y


@helper
def _strongest_gradients(above, here, below, start, columns, last_wins, gradients):
    """Gradients of the strongest channels in some columns of a grid that starts at column ``start``.

    Of equals the first channel counts, or the last. ``gradients`` is (x, y, scratch space for both; column).
    """
    first, stop = columns
    gradient_x, gradient_y = gradients[0, first:stop], gradients[1, first:stop]
    other_x, other_y = gradients[2, first:stop], gradients[3, first:stop]
    x = start + first
    channels = here.shape[0]
    for turn in range(channels):
        channel = channels - 1 - turn if last_wins else turn
        if turn == 0:
            _gradient_row(above[channel, x:], here[channel, x:], below[channel, x:], gradient_x, gradient_y)
        else:
            _gradient_row(above[channel, x:], here[channel, x:], below[channel, x:], other_x, other_y)
            _keep_stronger(other_x, other_y, gradient_x, gradient_y)


@helper
def _vote_row(gradient_x, gradient_y, orientations, lanes, votes):
    """Fill the votes of a row of pixels."""
    bins = orientations.bins
    lower, lower_vote, upper, upper_vote = votes
    for x in range(gradient_x.shape[0]):
        first, first_vote, second_vote = vote(gradient_x[x], gradient_y[x], orientations)
        second = np.int32(first + np.int32(1))
        second = np.int32(0) if second >= bins else second
        lower[x] = np.int32(first * lanes)
        upper[x] = np.int32(second * lanes)
        lower_vote[x] = first_vote
        upper_vote[x] = second_vote


@helper
def _accumulate_row(cells, cell_count, cell_values, weights, votes):
    """Add the votes of one row of pixels to the cells they lie in; ``weights`` is (cell width, lanes).

    Neighboring pixels of a cell often vote for the same bin. Taking one pixel of each of many cells in turn
    keeps a vote from waiting until the one before it is stored.
    """
    cell_width, lanes = weights.shape
    lower, lower_vote, upper, upper_vote = votes
    flat_weights = weights.reshape(cell_width * lanes)
    for lane in range(0, lanes, LANES):
        for start in range(0, cell_count, INTERLEAVED_CELLS):
            for column in range(cell_width):
                weight = np.uint32(column * lanes + lane)
                x = np.uint32(start * cell_width + column)
                base = np.uint32(start * cell_values + lane)
                for _ in range(start, min(cell_count, start + INTERLEAVED_CELLS)):
                    low, high = np.uint32(base + np.uint32(lower[x])), np.uint32(base + np.uint32(upper[x]))
                    add_scaled_lanes(cells, low, lower_vote[x], flat_weights, weight)
                    add_scaled_lanes(cells, high, upper_vote[x], flat_weights, weight)
                    x = np.uint32(x + np.uint32(cell_width))
                    base = np.uint32(base + np.uint32(cell_values))


@helper
def _add_strided(values, start, step, sums):
    for block in range(sums.shape[0]):
        sums[block] += values[np.uintp(start + block * step)]


@helper
def _sum_blocks(cells, top, bins, lanes, cell_values, side, features):
    """Sum cells in their roles to one row of blocks; ``features`` is (feature, block column).

    Bins come first, because the roles of a bin share cache lines.
    """
    side_rows, side_columns = side
    column_pairs = 3 * side_columns - 2
    for orientation_bin in range(bins):
        for column in range(side_columns):
            for row in range(side_rows):
                feature = features[(column * side_rows + row) * bins + orientation_bin]
                feature[:] = np.float32(0)
                for role_row in range(max(row - 1, 0), min(row + 2, side_rows)):
                    cell_row = cells[(top + role_row) % side_rows]
                    for role_column in range(max(column - 1, 0), min(column + 2, side_columns)):
                        lane = (2 * role_row + row) * column_pairs + 2 * role_column + column
                        start = role_column * cell_values + orientation_bin * lanes + lane
                        _add_strided(cell_row, start, cell_values, feature)


@helper
def _scale_by_length(features, offset, lengths):
    """Divide each block by its length plus ``offset``."""
    lengths[:] = np.float32(0)
    for index in range(features.shape[0]):
        feature = features[index]
        for block in range(lengths.shape[0]):
            lengths[block] += feature[block] * feature[block]
    for block in range(lengths.shape[0]):
        lengths[block] = inverse_length(lengths[block], offset)
    for index in range(features.shape[0]):
        feature = features[index]
        for block in range(lengths.shape[0]):
            feature[block] *= lengths[block]


@helper
def _clip(features):
    for index in range(features.shape[0]):
        feature = features[index]
        for block in range(feature.shape[0]):
            feature[block] = clipped(feature[block])


@helper
def _normalize_blocks(features, lengths):
    """L2-Hys: scale to unit length, clip at 0.2, scale again; the offsets are OpenCV's."""
    _scale_by_length(features, np.float32(np.float32(features.shape[0]) * np.float32(0.1)), lengths)
    _clip(features)
    _scale_by_length(features, np.float32(1e-3), lengths)


@cpu_kernel
def block_features(images, padding, origin, side, orientations, gamma, weights, out):
    """Features of every block of cells: ``out`` is (image, feature, block row, block column).

    The grid of cells starts at ``origin`` (y, x) of the image padded by ``padding`` reflected pixels. A block
    has ``side`` (rows, columns) cells. ``weights`` is (cell height, cell width, lanes), from
    ``role_weights``.
    """
    count, _, width, channels = images.shape
    feature_count, block_rows, block_columns = out.shape[1:]
    side_rows, side_columns = side
    cell_height, cell_width, lanes = weights.shape
    cell_columns = block_columns + side_columns - 1
    # An odd number of cache lines for each cell: the caches would keep but few cells a power of two apart.
    cell_values = (orientations.bins * lanes // LANES | 1) * LANES
    # Whole vectors: the pixels beyond the last cell take part in row loops and vote for nothing.
    row_width = parts_of(cell_columns * cell_width, LANES) * LANES
    plane_width = max(width + 2 * padding, origin[1] + row_width) + 2
    split = min(max(last_wins_from(width + 2 * padding) - origin[1], 0), row_width)
    strips = parts_of(block_rows, STRIP)
    for task in prange(count * strips):
        index, first_block_row, last_block_row = strip(task, strips, STRIP, block_rows)
        image = images[index]
        parts = np.empty((channels, width), images.dtype)
        planes = np.zeros((3, channels, plane_width), np.float32)
        gradients = np.empty((4, row_width), np.float32)
        votes = Votes(
            np.empty(row_width, np.int32),
            np.empty(row_width, np.float32),
            np.empty(row_width, np.int32),
            np.empty(row_width, np.float32),
        )
        cells = aligned_rows(side_rows, cell_columns * cell_values)
        features = np.empty((feature_count, block_columns), np.float32)
        lengths = np.empty(block_columns, np.float32)
        y = origin[0] + first_block_row * cell_height
        _load_row(image, y - 1, padding, gamma, parts, planes[(y - 1) % 3])
        _load_row(image, y, padding, gamma, parts, planes[y % 3])
        for cell_row in range(first_block_row, last_block_row + side_rows - 1):
            histograms = cells[cell_row % side_rows]
            histograms[:] = np.float32(0)
            for row in range(cell_height):
                y = origin[0] + cell_row * cell_height + row
                _load_row(image, y + 1, padding, gamma, parts, planes[(y + 1) % 3])
                above, here, below = planes[(y - 1) % 3], planes[y % 3], planes[(y + 1) % 3]
                _strongest_gradients(above, here, below, origin[1], (0, split), False, gradients)
                _strongest_gradients(above, here, below, origin[1], (split, row_width), True, gradients)
                _vote_row(gradients[0], gradients[1], orientations, lanes, votes)
                _accumulate_row(histograms, cell_columns, cell_values, weights[row], votes)
            block_row = cell_row - side_rows + 1
            if block_row >= first_block_row:
                _sum_blocks(cells, block_row, orientations.bins, lanes, cell_values, side, features)
                _normalize_blocks(features, lengths)
                for feature in range(feature_count):
                    out[index, feature, block_row] = features[feature]


@cpu_kernel
def flatten(features, out):
    """Reorder to OpenCV's vector: block columns outermost, then block rows, then a block's features."""
    count, size, block_rows, block_columns = features.shape
    for task in prange(count * block_columns):
        image, column = task // block_columns, task % block_columns
        for row in range(block_rows):
            start = (column * block_rows + row) * size
            vector = out[image, start : start + size]
            for index in range(size):
                vector[index] = features[image, index, row, column]
