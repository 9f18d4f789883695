"""Nearest descriptors on the CPU: a query against many at once, whose words lie side by side."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.counts import count_bits
from cvkit._tiles import parts_of, span
from cvkit.features._descriptor_math import NOTHING, key_of

# Queries that one task works on, and descriptors that it compares them with at once.
QUERIES, BLOCK = 32, 512


@helper
def _transpose(rows, columns):
    for row in range(rows.shape[0]):
        for word in range(rows.shape[1]):
            columns[word, row] = rows[row, word]


@helper
def _count_first(words, query, counts):
    for x in range(counts.shape[0]):
        counts[x] = count_bits(np.uint32(words[x] ^ query))


@helper
def _count_next(words, query, counts):
    for x in range(counts.shape[0]):
        counts[x] = np.uint32(counts[x] + count_bits(np.uint32(words[x] ^ query)))


@helper
def _least(counts, begin):
    """Return the key of the least count, the first of equals."""
    least = NOTHING
    for x in range(counts.shape[0]):
        key = key_of(counts[x], begin + np.uint64(x))
        least = key if key < least else least
    return least


@helper
def _least_but(counts, begin, other):
    """Return the least key that is not ``other``."""
    least = NOTHING
    for x in range(counts.shape[0]):
        key = key_of(counts[x], begin + np.uint64(x))
        is_less = key < least and key != other
        least = key if is_less else least
    return least


@helper
def _compare(query, columns, begin, counts, keys):
    """Let the two least keys of a query hold those of more descriptors."""
    size = counts.shape[0]
    _count_first(columns[0, :size], query[0], counts)
    for word in range(1, query.shape[0]):
        _count_next(columns[word, :size], query[word], counts)
    least = _least(counts, begin)
    # Most blocks hold neither.
    if least < keys[1]:
        second = _least_but(counts, begin, least)
        keys[1] = min(max(keys[0], least), min(keys[1], second))
        keys[0] = min(keys[0], least)


@helper
def _compare_all(queries, others, columns, counts, keys):
    for part in range(parts_of(others.shape[0], BLOCK)):
        begin, end = span(part, BLOCK, others.shape[0])
        _transpose(others[begin:end], columns)
        for query in range(queries.shape[0]):
            _compare(queries[query], columns, np.uint64(begin), counts[: end - begin], keys[query])


@cpu_kernel
def nearest(queries, others, keys):
    """Find the two of ``others`` (M, words) that differ from each query (N, words) in the fewest bits.

    ``keys`` (N, 2) are the distance, then the number of the descriptor in the lower 32 bits.
    """
    parts = parts_of(queries.shape[0], QUERIES)
    for part in prange(parts):
        begin, end = span(part, QUERIES, queries.shape[0])
        columns, counts = np.empty((queries.shape[1], BLOCK), np.uint32), np.empty(BLOCK, np.uint32)
        keys[begin:end] = NOTHING
        _compare_all(queries[begin:end], others, columns, counts, keys[begin:end])
