"""Histograms of oriented gradients on CUDA: votes by pixel, histograms by cell and role, sums by block."""

import math

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.features._math import clipped, inverse_length, last_wins_from, squared_length, vote

# One block of threads keeps histograms for each of its threads, of at most this many bins, in shared memory.
_THREADS = 64
# Roles of a cell that a thread counts side by side, and the histograms of all threads.
_ROLES = 2
_HISTOGRAMS = _ROLES * _THREADS
_MAXIMUM_BINS = 64


@helper
def _mirrored(index, size):
    return np.uint32(border_index(np.int32(index), size, REFLECT101))


@cuda_kernel
def _vote(images, padding, origin, orientations, gamma, first_bin, first_vote, second_vote):
    """Votes of one pixel of the grid: its lower bin, the vote for it and the vote for the next."""
    x, y, index = pixel_of_thread()
    if index >= first_bin.shape[0] or y >= first_bin.shape[1] or x >= first_bin.shape[2]:
        return
    image = images[index]
    height, width = np.int32(image.shape[0]), np.int32(image.shape[1])
    row, column = np.int32(y + origin[0] - padding), np.int32(x + origin[1] - padding)
    here = image[_mirrored(row, height)]
    after, before = here[_mirrored(column + 1, width)], here[_mirrored(column - 1, width)]
    near = _mirrored(column, width)
    below, above = image[_mirrored(row + 1, height), near], image[_mirrored(row - 1, height), near]
    last_wins = x + origin[1] >= last_wins_from(width + 2 * padding)
    best, best_x, best_y = np.float32(-1), np.float32(0), np.float32(0)
    for channel in range(np.uint64(image.shape[2])):
        right, left = np.float32(after[channel]), np.float32(before[channel])
        down, up = np.float32(below[channel]), np.float32(above[channel])
        if gamma:
            step_x = np.float32(math.sqrt(right)) - np.float32(math.sqrt(left))
            step_y = np.float32(math.sqrt(down)) - np.float32(math.sqrt(up))
        else:
            step_x, step_y = right - left, down - up
        length = squared_length(step_x, step_y)
        # NaN is stronger than any number.
        if length > best or length != length or (last_wins and length == best):
            best, best_x, best_y = length, step_x, step_y
    orientation_bin, lower, upper = vote(best_x, best_y, orientations)
    first_bin[index, y, x] = orientation_bin
    first_vote[index, y, x] = lower
    second_vote[index, y, x] = upper


@cuda_kernel(block=(_THREADS, 1, 1), is_block_fixed=True)
def _accumulate_cells(first_bin, first_vote, second_vote, bins, weights, cells):
    """One thread for each cell and two roles: the cell's histogram with the weights of each role."""
    place, row, index = pixel_of_thread()
    number = np.uint32
    thread = number(cuda.threadIdx.x)
    histogram = cuda.shared.array((_MAXIMUM_BINS, _HISTOGRAMS), np.float32)
    cell_height, cell_width = number(weights.shape[0]), number(weights.shape[1])
    lanes, bins = number(weights.shape[2]), number(bins)
    pairs = number(number(lanes + number(1)) >> number(1))
    if place >= number(number(cells.shape[2]) * pairs):
        return
    column = number(place // pairs)
    lane = number(number(place % pairs) << number(1))
    # Of an odd number of roles the last is counted twice, and written once.
    next_lane = min(number(lane + number(1)), number(lanes - number(1)))
    other = number(thread + number(_THREADS))
    for orientation_bin in range(bins):
        histogram[orientation_bin, thread] = np.float32(0)
        histogram[orientation_bin, other] = np.float32(0)
    left = number(column * cell_width)
    for place_y in range(cell_height):
        y = number(number(row * cell_height) + number(place_y))
        row_of_bins, row_of_weights = first_bin[index, y], weights[number(place_y)]
        lower_votes, upper_votes = first_vote[index, y], second_vote[index, y]
        for place_x in range(cell_width):
            x = number(left + number(place_x))
            weight = row_of_weights[number(place_x), lane]
            next_weight = row_of_weights[number(place_x), next_lane]
            lower, lower_vote, upper_vote = number(row_of_bins[x]), lower_votes[x], upper_votes[x]
            upper = number(lower + number(1))
            upper = upper if upper < bins else number(0)
            histogram[lower, thread] += lower_vote * weight
            histogram[lower, other] += lower_vote * next_weight
            histogram[upper, thread] += upper_vote * weight
            histogram[upper, other] += upper_vote * next_weight
    cell = cells[index, row, column]
    for orientation_bin in range(bins):
        cell[orientation_bin, lane] = histogram[orientation_bin, thread]
        cell[orientation_bin, next_lane] = histogram[orientation_bin, other]


@cuda_kernel
def _sum_blocks(cells, side_rows, side_columns, out):
    """One thread for each feature of each block: the sum of the block's cells in their roles."""
    block_column, feature, block = pixel_of_thread()
    number = np.uint32
    count, features, block_rows, block_columns = out.shape
    if block >= count * block_rows or feature >= features or block_column >= block_columns:
        return
    image, block_row = number(block // number(block_rows)), number(block % number(block_rows))
    bins, side_rows, side_columns = number(cells.shape[3]), number(side_rows), number(side_columns)
    orientation_bin, receiver = feature % bins, feature // bins
    orientation_bin, receiver = number(orientation_bin), number(receiver)
    row, column = number(receiver % side_rows), number(receiver // side_rows)
    total = np.float32(0)
    one, two = number(1), number(2)
    column_pairs = number(number(3) * side_columns) - two
    for role_row in range(number(max(row, one) - one), min(number(row + two), side_rows)):
        row_of_cells = cells[image, number(block_row + role_row)]
        first = number(number(number(two * number(role_row)) + row) * column_pairs)
        for role_column in range(number(max(column, one) - one), min(number(column + two), side_columns)):
            lane = number(number(first + number(two * number(role_column))) + column)
            total += row_of_cells[number(block_column + role_column), orientation_bin, lane]
    out[image, feature, block_row, block_column] = total


@cuda_kernel
def _normalize_blocks(out):
    """One thread for each block: scale to unit length, clip at 0.2, scale again."""
    block_column, block_row, image = cuda.grid(3)
    if image >= out.shape[0] or block_row >= out.shape[2] or block_column >= out.shape[3]:
        return
    features = out.shape[1]
    square = np.float32(0)
    for feature in range(features):
        value = out[image, feature, block_row, block_column]
        square += value * value
    scale = inverse_length(square, np.float32(features) * np.float32(0.1))
    square = np.float32(0)
    for feature in range(features):
        value = clipped(out[image, feature, block_row, block_column] * scale)
        out[image, feature, block_row, block_column] = value
        square += value * value
    scale = inverse_length(square, np.float32(1e-3))
    for feature in range(features):
        out[image, feature, block_row, block_column] *= scale


def block_features(images, padding, origin, side, orientations, gamma, weights, out):
    """Features of every block of cells: ``out`` is (image, feature, block row, block column).

    The grid of cells starts at ``origin`` (y, x) of the image padded by ``padding`` reflected pixels. A block
    has ``side`` (rows, columns) cells. ``weights`` is (cell height, cell width, lanes), from
    ``role_weights``.
    """
    count, features, block_rows, block_columns = out.shape
    cell_height, cell_width, lanes = weights.shape
    rows, columns = block_rows + side[0] - 1, block_columns + side[1] - 1
    pixels = (count, rows * cell_height, columns * cell_width)
    first_bin = temporary(pixels, np.int16, out)
    first_vote = temporary(pixels, np.float32, out)
    second_vote = temporary(pixels, np.float32, out)
    cells = temporary((count, rows, columns, orientations.bins, lanes), np.float32, out)
    _vote[pixels](images, padding, origin, orientations, gamma, first_bin, first_vote, second_vote)
    _accumulate_cells[count, rows, columns * -(-lanes // _ROLES)](
        first_bin, first_vote, second_vote, orientations.bins, weights, cells
    )
    _sum_blocks[count * block_rows, features, block_columns](cells, *side, out)
    _normalize_blocks[count, block_rows, block_columns](out)


@cuda_kernel
def _flatten(features, out):
    feature, block, image = pixel_of_thread()
    count, size, block_rows, block_columns = features.shape
    if image < count and block < block_rows * block_columns and feature < size:
        number = np.uint32
        row, column = number(block % number(block_rows)), number(block // number(block_rows))
        vector = out[image]
        vector[np.uint64(block) * np.uint64(size) + np.uint64(feature)] = features[
            image, feature, row, column
        ]


def flatten(features, out):
    """Reorder to OpenCV's vector: block columns outermost, then block rows, then a block's features."""
    count, size, block_rows, block_columns = features.shape
    _flatten[count, block_rows * block_columns, size](features, out)
