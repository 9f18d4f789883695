"""Counts of every value on CUDA: a table for each block, added to the row's at its end."""

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel

_THREADS = 256
# A block's table is added up by 256 atomic operations, which each thread's values have to outweigh.
_VALUES_A_THREAD = 16


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _count_bytes(values, blocks, counts):
    """Count by ``blocks`` of a row in shared memory; neighboring threads read neighboring values."""
    table = cuda.shared.array(_THREADS, np.uint32)
    thread = cuda.threadIdx.x
    row, block = divmod(cuda.blockIdx.x, blocks)
    table[thread] = 0
    cuda.syncthreads()
    begin = block * _THREADS * _VALUES_A_THREAD
    end = min(begin + _THREADS * _VALUES_A_THREAD, values.shape[1])
    for position in range(begin + thread, end, _THREADS):
        cuda.atomic.add(table, values[row, position], np.uint32(1))
    cuda.syncthreads()
    if table[thread] > 0:
        cuda.atomic.add(counts, (row, thread), np.uint64(table[thread]))


@cuda_kernel(block=(_THREADS, 1))
def _count_words(values, counts):
    """Count each value in the table of its row, in which threads seldom meet."""
    position, row = cuda.grid(2)
    if row < values.shape[0] and position < values.shape[1]:
        cuda.atomic.add(counts, (row, values[row, position]), np.uint64(1))


def count_values(values, counts):
    """Add to each row of ``counts``, 256 or 65536 of uint64, how often a row has each value."""
    count, bins = counts.shape
    if bins == _THREADS:
        blocks = -(-values.shape[1] // (_THREADS * _VALUES_A_THREAD))
        _count_bytes[count * blocks * _THREADS](values, blocks, counts)
    else:
        _count_words[values.shape](values, counts)
