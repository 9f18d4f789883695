"""Equalization on CUDA: a block for each table, whose threads add up the counts of neighboring levels."""

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.intensity._histogram_math import level_of_quantile, scaled_rank

THREADS = 256


@helper
def _rank_before(own, shared):
    """Return the sum of what the threads before this one in its block own; ``shared`` is an item for each."""
    thread = cuda.threadIdx.x
    cuda.syncthreads()
    shared[thread] = own
    cuda.syncthreads()
    step = 1
    while step < THREADS:
        before = shared[thread - step] if thread >= step else shared.dtype.type(0)
        cuda.syncthreads()
        shared[thread] += before
        cuda.syncthreads()
        step *= 2
    return shared[thread] - own


@cuda_kernel(block=(THREADS,), is_block_fixed=True)
def _equalization_tables(counts, tables):
    shared = cuda.shared.array(THREADS, np.int64)
    first_level = cuda.shared.array(1, np.int32)
    thread = cuda.threadIdx.x
    image, channel = divmod(cuda.blockIdx.x, counts.shape[1])
    levels = counts.shape[2]
    run = levels // THREADS
    begin = thread * run
    own = np.int64(0)
    for level in range(begin, begin + run):
        own += counts[image, channel, level]
    rank = _rank_before(own, shared)
    total = shared[THREADS - 1]
    if rank == 0 and own:
        level = begin
        while counts[image, channel, level] == 0:
            level += 1
        first_level[0] = level
    cuda.syncthreads()
    first = first_level[0]
    first_count = counts[image, channel, first]
    largest = np.int32(levels - 1)
    scale = np.float32(largest) / np.float32(max(total - first_count, 1))
    rank -= first_count
    for level in range(begin, begin + run):
        rank += counts[image, channel, level]
        if total == first_count:
            tables[image, channel, level] = first
        else:
            tables[image, channel, level] = scaled_rank(max(rank, np.int64(0)), scale, largest)


def equalization_tables(counts, tables):
    """Make the table that equalizes each image and channel; both arrays are (N, channels, levels)."""
    count, channels, _ = counts.shape
    _equalization_tables[count * channels * THREADS](counts, tables)


@cuda_kernel(block=(THREADS,), is_block_fixed=True)
def _clipped_tables(counts, limit, scale, tables):
    """Clip the counts of a tile, spread what was cut off, and make its table: runs of levels by thread."""
    shared = cuda.shared.array(THREADS, np.int32)
    thread, levels = cuda.threadIdx.x, counts.shape[2]
    image, tile = divmod(cuda.blockIdx.x, counts.shape[1])
    run = levels // THREADS
    begin = thread * run
    own, excess = np.int32(0), np.int32(0)
    for level in range(begin, begin + run):
        number = np.int32(counts[image, tile, level])
        own += number
        if 0 < limit < number:
            excess += number - limit
    _rank_before(excess, shared)
    excess_of_tile = shared[THREADS - 1]
    share, left = excess_of_tile // levels, excess_of_tile % levels
    step = max(levels // max(left, 1), 1)
    # Of the levels before this run, each step-th has one more, until all that is left is given away.
    given = min((begin + step - 1) // step, left)
    rank = _rank_before(np.int32(own - excess), shared) + begin * share + given
    for level in range(begin, begin + run):
        number = np.int32(counts[image, tile, level])
        if 0 < limit < number:
            number = limit
        number += share
        if level % step == 0 and level // step < left:
            number += 1
        rank += number
        tile_row, tile_column = divmod(tile, tables.shape[2])
        tables[image, tile_row, tile_column, level] = scaled_rank(np.int32(rank), scale, np.int32(levels - 1))


def clipped_tables(counts, limit, scale, tables):
    """Make the tables of tiles, (N, rows, columns, levels), from their counts, (N, tiles, levels)."""
    _clipped_tables[counts.shape[0] * counts.shape[1] * THREADS](counts, limit, scale, tables)


@cuda_kernel(block=(THREADS,), is_block_fixed=True)
def _add_up(counts):
    """Turn counts into ranks, in place."""
    shared = cuda.shared.array(THREADS, np.int64)
    thread = cuda.threadIdx.x
    image, channel = divmod(cuda.blockIdx.x, counts.shape[1])
    run = counts.shape[2] // THREADS
    begin = thread * run
    own = np.int64(0)
    for level in range(begin, begin + run):
        own += counts[image, channel, level]
    rank = _rank_before(own, shared)
    for level in range(begin, begin + run):
        rank += counts[image, channel, level]
        counts[image, channel, level] = rank


@cuda_kernel
def _match(ranks, reference, tables):
    level, channel, image = cuda.grid(3)
    count, channels, levels = tables.shape
    if image >= count or channel >= channels or level >= levels:
        return
    quantile = np.float64(ranks[image, channel, level]) / np.float64(ranks[image, channel, levels - 1])
    ranks_of_reference = reference[image % reference.shape[0], channel]
    tables[image, channel, level] = level_of_quantile(quantile, ranks_of_reference)


def matching_tables(counts, reference_counts, tables):
    """Make the table that gives each image and channel the histogram of the reference's channel.

    ``counts`` and ``tables`` are (N, channels, levels), ``reference_counts`` are (1 or N, channels, levels).
    Counts are used up.
    """
    for each in (counts, reference_counts):
        _add_up[each.shape[0] * each.shape[1] * THREADS](each)
    _match[tables.shape](counts, reference_counts, tables)


@cuda_kernel(block=(THREADS, 1))
def _apply_tables(values, tables, out):
    """Look up one value of an image; ``values`` and ``out`` are (N, pixels * channels)."""
    position, image = cuda.grid(2)
    if image >= out.shape[0] or position >= out.shape[1]:
        return
    channel = np.uint32(position) % np.uint32(tables.shape[1])
    out[image, position] = tables[image, channel, values[image, position]]


def apply_tables(source, tables, out):
    """Replace each level by what the table of its image and channel says; tables as above."""
    count, height, width, channels = source.shape
    shape = count, height * width * channels
    _apply_tables[shape](source.reshape(shape), tables, out.reshape(shape))
