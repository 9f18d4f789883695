"""Nearest descriptors on CUDA: a block for each query, whose threads share out the others."""

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit._simd.counts import count_bits
from cvkit.features._descriptor_math import NOTHING, key_of

_THREADS = 128


@helper
def _least_two(query, others):
    """Return the two least keys among the descriptors of a thread."""
    first, second = NOTHING, NOTHING
    for number in range(np.uint32(cuda.threadIdx.x), np.uint32(others.shape[0]), np.uint32(_THREADS)):
        other, distance = others[np.uint32(number)], np.uint32(0)
        for word in range(np.uint32(others.shape[1])):
            distance += count_bits(np.uint32(query[np.uint32(word)] ^ other[np.uint32(word)]))
        key = key_of(distance, number)
        second = min(second, max(first, key))
        first = min(first, key)
    return first, second


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _nearest(queries, others, keys):
    firsts = cuda.shared.array(_THREADS, np.uint64)
    seconds = cuda.shared.array(_THREADS, np.uint64)
    thread, query = np.uint32(cuda.threadIdx.x), np.uint32(cuda.blockIdx.x)
    firsts[thread], seconds[thread] = _least_two(queries[query], others)
    half = np.uint32(_THREADS // 2)
    while half > np.uint32(0):
        cuda.syncthreads()
        if thread < half:
            other = np.uint32(thread + half)
            larger = max(firsts[thread], firsts[other])
            seconds[thread] = min(larger, min(seconds[thread], seconds[other]))
            firsts[thread] = min(firsts[thread], firsts[other])
        half = np.uint32(half >> np.uint32(1))
    if thread == np.uint32(0):
        keys[query, 0], keys[query, 1] = firsts[0], seconds[0]


def nearest(queries, others, keys):
    """Find the two of ``others`` (M, words) that differ from each query (N, words) in the fewest bits.

    ``keys`` (N, 2) are the distance, then the number of the descriptor in the lower 32 bits.
    """
    _nearest[queries.shape[0] * _THREADS](queries, others, keys)
