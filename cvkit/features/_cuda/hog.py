"""Histograms of oriented gradients on CUDA: votes by pixel, histograms by cell and role, sums by block."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit._simd.numbers import product
from cvkit.features._math import clipped, inverse_length, last_wins_from, vote

# One block of threads keeps histograms of all its threads, so many values in all, in shared memory.
_THREADS = 64
_SHARED = 8192
# Neighboring values of a thread's histograms are as many apart as a warp has threads: each has its own bank.
_WARP = 32
# Roles of a cell that a thread counts at a time.
_ROLES = 4
_FIRST, _SECOND, _THIRD, _FOURTH = (np.uint64(channel) for channel in range(4))


class _Origin(NamedTuple):
    """The first row and column of the grid of cells, and the column from where on the last channel wins."""

    top: np.int32
    left: np.int32
    last_wins_from: np.int32


class _Votes(NamedTuple):
    """Of each pixel of the grid, flat: its lower bin, the vote for it and the vote for the next."""

    bins: Any
    lower: Any
    upper: Any


class _Gradient(NamedTuple):
    """A gradient and the square of its length."""

    square: Any
    x: Any
    y: Any


@helper
def _mirrored(index, size):
    return np.uint32(border_index(np.int32(index), size, REFLECT101))


@helper
def _neighbors(image, row, column):
    """Return the pixels before, behind, above and below one."""
    number = np.int32
    height, width, one = number(image.shape[0]), number(image.shape[1]), number(1)
    last_row, last_column = number(height - one), number(width - one)
    if number(0) < row < last_row and number(0) < column < last_column:
        middle, near = np.uint32(row), np.uint32(column)
        up, down = np.uint32(row - one), np.uint32(row + one)
        left, right = np.uint32(column - one), np.uint32(column + one)
    else:
        middle, near = _mirrored(row, height), _mirrored(column, width)
        up, down = _mirrored(row - one, height), _mirrored(row + one, height)
        left, right = _mirrored(column - one, width), _mirrored(column + one, width)
    here = image[middle]
    return here[left], here[right], image[up, near], image[down, near]


@helper
def _root(value):
    return np.float32(math.sqrt(np.float32(value)))


@helper
def _stronger(best, neighbors, channel, gamma, last_wins):
    """Return the gradient of a channel if it is stronger than the best, and NaN is stronger than any number.

    Products are rounded for themselves, as on the CPU: the last bit decides between channels.
    """
    before, after = neighbors[0][channel], neighbors[1][channel]
    above, below = neighbors[2][channel], neighbors[3][channel]
    if gamma:
        x, y = _root(after) - _root(before), _root(below) - _root(above)
    else:
        x, y = np.float32(after) - np.float32(before), np.float32(below) - np.float32(above)
    square = product(x, x) + product(y, y)
    if square > best.square or square != square or (last_wins and square == best.square):
        return _Gradient(square, x, y)
    return best


@cuda_kernel
def _vote(images, origin, orientations, gamma, shape, votes):
    """Votes of one pixel of the grid."""
    x, y, index = pixel_of_thread()
    if index >= shape[0] or y >= shape[1] or x >= shape[2]:
        return
    row = np.int32(np.int32(y) + origin.top)
    column = np.int32(np.int32(x) + origin.left)
    image, channels = images[index], images.shape[3]
    neighbors = _neighbors(image, row, column)
    last_wins = column >= origin.last_wins_from
    best = _Gradient(np.float32(-1), np.float32(0), np.float32(0))
    # A loop over so few channels takes as long again.
    best = _stronger(best, neighbors, _FIRST, gamma, last_wins)
    if channels > 1:
        best = _stronger(best, neighbors, _SECOND, gamma, last_wins)
    if channels > 2:
        best = _stronger(best, neighbors, _THIRD, gamma, last_wins)
    if channels > 3:
        best = _stronger(best, neighbors, _FOURTH, gamma, last_wins)
    number = np.uint64
    place = (number(index) * number(shape[1]) + number(y)) * number(shape[2]) + number(x)
    votes.bins[place], votes.lower[place], votes.upper[place] = vote(best.x, best.y, orientations)


class _Share(NamedTuple):
    """What of a block's shared memory belongs to whom.

    Attributes
    ----------
    threads : int
        Of a block: those that there is room for.
    roles : int
        Of a cell that a thread counts, a multiple of _ROLES.
    groups : int
        Threads for a cell.
    lanes : int
        Roles of all of them.
    bins : int
        Of a histogram.
    """

    threads: np.uint32
    roles: np.uint32
    groups: np.uint32
    lanes: np.uint32
    bins: np.uint32

    @classmethod
    def of(cls, bins: int, roles: int) -> _Share:
        """Give a thread as many roles as there is room for, and all threads of a cell as many."""
        threads = _THREADS if bins * _THREADS * _ROLES <= _SHARED else _WARP
        fours = -(-roles // _ROLES)
        groups = -(-fours // (_SHARED // (bins * threads * _ROLES)))
        each = -(-fours // groups)
        return cls(*map(np.uint32, (threads, _ROLES * each, groups, _ROLES * fours, bins)))


class _Cells(NamedTuple):
    """Rows and columns of cells, and height and width of each."""

    rows: np.uint32
    columns: np.uint32
    height: np.uint32
    width: np.uint32


@helper
def _fill(histogram, place):
    """Set four neighboring roles to 0."""
    number = np.uint64
    histogram[place] = np.float32(0)
    histogram[place + number(_WARP)] = np.float32(0)
    histogram[place + number(2 * _WARP)] = np.float32(0)
    histogram[place + number(3 * _WARP)] = np.float32(0)


@helper
def _add(histogram, place, vote_of_pixel, weights, lane):
    """Add a vote to four neighboring roles."""
    number = np.uint64
    histogram[place] += vote_of_pixel * weights[lane]
    histogram[place + number(_WARP)] += vote_of_pixel * weights[lane + number(1)]
    histogram[place + number(2 * _WARP)] += vote_of_pixel * weights[lane + number(2)]
    histogram[place + number(3 * _WARP)] += vote_of_pixel * weights[lane + number(3)]


@cuda_kernel(block=(_THREADS, 1, 1), is_block_fixed=True)
def _accumulate_cells(votes, weights, pitch, grid, share, histograms):
    """Some threads for each cell, each of which counts histograms with the weights of its roles.

    ``weights`` has ``pitch`` lanes for each place in a cell; ``histograms`` is (image, cell row, cell column,
    bin, lane). Both are flat.
    """
    number = np.uint64
    thread, index = number(cuda.threadIdx.x), number(cuda.blockIdx.z)
    histogram = cuda.shared.array(_SHARED, np.float32)
    place, columns = number(cuda.blockIdx.x) * number(share.threads) + thread, number(grid.columns)
    if thread >= number(share.threads) or place >= columns * number(share.groups):
        return
    column, row = number(np.uint32(place) // share.groups), number(cuda.blockIdx.y)
    row += index * number(grid.rows)
    roles, bins, lanes = number(share.roles), number(share.bins), number(share.lanes)
    # The last thread of a cell counts some roles that another one counts, too.
    first_lane = min(number(np.uint32(place) % share.groups) * roles, lanes - roles)
    of_bin = roles * number(_WARP)
    first = thread // number(_WARP) * bins * of_bin + thread % number(_WARP)
    position, end = first, first + bins * of_bin
    while position < end:
        _fill(histogram, position)
        position += number(_ROLES * _WARP)
    height, width = number(grid.height), number(grid.width)
    pixel, of_row = row * height * columns * width + column * width, columns * width
    weight, end_of_cell = first_lane, height * width * number(pitch)
    while weight < end_of_cell:
        end_of_row = weight + width * number(pitch)
        while weight < end_of_row:
            orientation_bin = number(votes.bins[pixel])
            lower, upper = first + orientation_bin * of_bin, first
            if orientation_bin + number(1) < bins:
                upper = lower + of_bin
            lower_vote, upper_vote = votes.lower[pixel], votes.upper[pixel]
            lane, end_lane = weight, weight + roles
            while lane < end_lane:
                _add(histogram, lower, lower_vote, weights, lane)
                _add(histogram, upper, upper_vote, weights, lane)
                lower += number(_ROLES * _WARP)
                upper += number(_ROLES * _WARP)
                lane += number(_ROLES)
            weight += number(pitch)
            pixel += number(1)
        pixel += of_row - width
    lane, position = (row * columns + column) * bins * lanes + first_lane, first
    while position < end:
        end_lane = lane + roles
        while lane < end_lane:
            histograms[lane] = histogram[position]
            position += number(_WARP)
            lane += number(1)
        lane += lanes - roles


@helper
def _add_row(total, histograms, place, step, has_before, has_after):
    """Add the histograms of up to three neighboring cells at one bin in one role each."""
    if has_before:
        total += histograms[place - step]
    total += histograms[place]
    if has_after:
        total += histograms[place + step]
    return total


@cuda_kernel
def _sum_blocks(histograms, grid, share, side_rows, side_columns, out):
    """One thread for each feature of each block: the sum of the block's cells in their roles."""
    block_column, feature, block = pixel_of_thread()
    number, narrow, one, two = np.uint64, np.uint32, np.uint64(1), np.uint64(2)
    count, features, block_rows, block_columns = out.shape
    if block >= count * block_rows or feature >= features or block_column >= block_columns:
        return
    image, block_row = number(block // narrow(block_rows)), number(block % narrow(block_rows))
    orientation_bin, receiver = number(feature % share.bins), narrow(feature // share.bins)
    row, column = number(receiver % side_rows), number(receiver // side_rows)
    bins, lanes, column_pairs = (
        number(share.bins),
        number(share.lanes),
        number(3) * number(side_columns) - two,
    )
    # The receiving cell itself; the role of a neighbor that votes for it is two numbers away.
    place = (image * number(grid.rows) + block_row + row) * number(grid.columns)
    place = ((place + number(block_column) + column) * bins + orientation_bin) * lanes
    place += number(3) * (row * column_pairs + column)
    step, row_step = bins * lanes + two, number(grid.columns) * bins * lanes + two * column_pairs
    has_before, has_after = column > number(0), column + one < number(side_columns)
    total = np.float32(0)
    if row > number(0):
        total = _add_row(total, histograms, place - row_step, step, has_before, has_after)
    total = _add_row(total, histograms, place, step, has_before, has_after)
    if row + one < number(side_rows):
        total = _add_row(total, histograms, place + row_step, step, has_before, has_after)
    out[image, number(feature), block_row, number(block_column)] = total


@cuda_kernel
def _normalize_blocks(out):
    """One thread for each block: scale to unit length, clip at 0.2, scale again."""
    block_column, block_row, image = pixel_of_thread()
    if image >= out.shape[0] or block_row >= out.shape[2] or block_column >= out.shape[3]:
        return
    number = np.uint64
    features, blocks = number(out.shape[1]), out[image]
    square, feature = np.float32(0), number(0)
    while feature < features:
        value = blocks[feature, block_row, block_column]
        square += value * value
        feature += number(1)
    scale = inverse_length(square, np.float32(features) * np.float32(0.1))
    square, feature = np.float32(0), number(0)
    while feature < features:
        value = clipped(blocks[feature, block_row, block_column] * scale)
        blocks[feature, block_row, block_column] = value
        square += value * value
        feature += number(1)
    scale, feature = inverse_length(square, np.float32(1e-3)), number(0)
    while feature < features:
        blocks[feature, block_row, block_column] *= scale
        feature += number(1)


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
    origin = _Origin(
        np.int32(origin[0] - padding),
        np.int32(origin[1] - padding),
        np.int32(last_wins_from(images.shape[2] + 2 * padding) - padding),
    )
    values = math.prod(pixels)
    votes = _Votes(*(temporary((values,), dtype, out) for dtype in (np.uint8, np.float32, np.float32)))
    _vote[pixels](images, origin, orientations, gamma, pixels, votes)
    grid = _Cells(*map(np.uint32, (rows, columns, cell_height, cell_width)))
    share = _Share.of(int(orientations.bins), (3 * side[0] - 2) * (3 * side[1] - 2))
    histograms = temporary((count * rows * columns * int(share.bins * share.lanes),), np.float32, out)
    threads = _THREADS * -(-columns * int(share.groups) // int(share.threads))
    _accumulate_cells[count, rows, threads](votes, weights.ravel(), lanes, grid, share, histograms)
    sides = map(np.uint32, side)
    _sum_blocks[count * block_rows, features, block_columns](histograms, grid, share, *sides, out)
    _normalize_blocks[count, block_rows, block_columns](out)


@cuda_kernel(block=(8, 32, 1))
def _flatten(features, out):
    feature, block, image = pixel_of_thread()
    count, size, block_rows, block_columns = features.shape
    number = np.uint64
    blocks = number(block_rows) * number(block_columns)
    if image < count and number(block) < blocks and feature < size:
        row, column = number(block % np.uint32(block_rows)), number(block // np.uint32(block_rows))
        value = features[image, feature, row, column]
        out[image, number(block) * number(size) + number(feature)] = value


def flatten(features, out):
    """Reorder to OpenCV's vector: block columns outermost, then block rows, then a block's features."""
    count, size, block_rows, block_columns = features.shape
    _flatten[count, block_rows * block_columns, size](features, out)
