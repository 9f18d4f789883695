"""Sorting for decision trees: a feature's values once for all nodes, or a node's ranks again and again."""

from __future__ import annotations

import numpy as np

from cvkit._jit import cpu_kernel, exact_helper, prange, serial_kernel
from cvkit._rows import copy_row

_SIGN = np.uint32(1 << 31)
DIGIT_BITS = 11
_DIGIT = np.uint32((1 << DIGIT_BITS) - 1)
# Up to so many keys, comparing each with each is faster than counting digits, and small digits than large.
_COMPARE_UP_TO = 64
_SMALL_DIGIT_UP_TO = 1500
_SMALL_DIGIT_BITS = 8
_LARGEST_KEY = np.uint64(0xFFFFFFFFFFFFFFFF)
# Arrays of keys are longer than the node by up to one block of vectors.
KEY_PADDING = 32


@exact_helper
def sort_feature(values, samples, keys, other_keys, other_samples, histogram):
    """Sort one feature's values stably: three counting passes over 11 bits of order-preserving codes.

    Small whole numbers, as many features are, differ in their upper bits alone: one pass is enough.
    """
    n = values.shape[0]
    codes = values.view(np.uint32)
    histogram[:] = 0
    for i in range(n):
        code = codes[i]
        key = np.uint32(~code) if code & _SIGN else np.uint32(code | _SIGN)
        keys[i] = key
        histogram[0, key & _DIGIT] += 1
        histogram[1, (key >> np.uint32(DIGIT_BITS)) & _DIGIT] += 1
        histogram[2, key >> np.uint32(2 * DIGIT_BITS)] += 1
        samples[i] = i
    is_in_other = False
    for digit in range(3):
        shift = np.uint32(digit * DIGIT_BITS)
        if histogram[digit, (keys[0] >> shift) & _DIGIT] == n:
            continue
        place = 0
        for bucket in range(histogram.shape[1]):
            count = histogram[digit, bucket]
            histogram[digit, bucket] = place
            place += count
        for i in range(n):
            bucket = (keys[i] >> shift) & _DIGIT
            place = histogram[digit, bucket]
            histogram[digit, bucket] = place + 1
            other_keys[place] = keys[i]
            other_samples[place] = samples[i]
        keys, other_keys = other_keys, keys
        samples, other_samples = other_samples, samples
        is_in_other = not is_in_other
    if is_in_other:
        copy_row(samples, other_samples)


@cpu_kernel
def presort(columns, samples, values):
    """Sort every feature: ``samples`` and their ``values`` in order of value."""
    n_features, n = columns.shape
    for feature in prange(n_features):
        keys = np.empty(n, np.uint32)
        other_keys = np.empty(n, np.uint32)
        other_samples = np.empty(n, np.uint32)
        histogram = np.empty((3, 1 << DIGIT_BITS), np.uint32)
        sort_feature(columns[feature], samples[feature], keys, other_keys, other_samples, histogram)
        for i in range(n):
            values[feature, i] = columns[feature, samples[feature, i]]


@cpu_kernel
def rank_features(samples, values, ranks, distinct):
    """Give each sample the rank of its value among the feature's distinct values, and list those."""
    n_features, n = samples.shape
    for feature in prange(n_features):
        rank = 0
        distinct[feature, 0] = values[feature, 0]
        for i in range(n):
            if values[feature, i] != distinct[feature, rank]:
                rank += 1
                distinct[feature, rank] = values[feature, i]
            ranks[feature, samples[feature, i]] = rank


@serial_kernel
def keep_samples(samples, values, kept, kept_samples, kept_values):
    """Copy the presorted samples that a tree uses, in the same order."""
    n_features, n = samples.shape
    for feature in range(n_features):
        place = 0
        for i in range(n):
            if kept[samples[feature, i]]:
                kept_samples[feature, place] = samples[feature, i]
                kept_values[feature, place] = values[feature, i]
                place += 1


@exact_helper
def sort_by_comparing(keys, n, other_keys):
    """Sort n different keys into ``other_keys``: the place of each is the number of smaller ones.

    The comparisons are vectors without a branch; the padding, larger than any key, saves the odd ends.
    """
    padded = (n + KEY_PADDING - 1) // KEY_PADDING * KEY_PADDING
    keys[n:padded] = _LARGEST_KEY
    for i in range(n):
        key = keys[i]
        place = 0
        for j in range(padded):
            place += np.int64(keys[j] < key)
        other_keys[place] = key


@exact_helper
def sort_by_digit(keys, n, offset, shift, n_buckets, other_keys, histogram):
    """Sort keys into ``other_keys``, stably, by one digit of what they are above ``offset``."""
    mask = np.uint64(n_buckets - 1)
    for bucket in range(n_buckets):
        histogram[bucket] = 0
    for i in range(n):
        histogram[((keys[i] - offset) >> shift) & mask] += 1
    place = 0
    for bucket in range(n_buckets):
        count = histogram[bucket]
        histogram[bucket] = place
        place += count
    for i in range(n):
        bucket = ((keys[i] - offset) >> shift) & mask
        place = histogram[bucket]
        histogram[bucket] = place + 1
        other_keys[place] = keys[i]


@exact_helper
def sort_keys(keys, n, least_rank, n_bits, other_keys, histogram):
    """Sort keys by the rank in their upper half; return whether the result is in ``other_keys``.

    Ranks differ in their lower ``n_bits`` above the least one: a few values need one pass over few buckets.
    """
    if n <= _COMPARE_UP_TO and (1 << n_bits) > n:
        sort_by_comparing(keys, n, other_keys)
        return True
    offset = np.uint64(least_rank) << np.uint64(32)
    digit_bits = _SMALL_DIGIT_BITS if n <= _SMALL_DIGIT_UP_TO else DIGIT_BITS
    n_passes = (n_bits + digit_bits - 1) // digit_bits
    width = (n_bits + n_passes - 1) // n_passes
    sorted_bits = 0
    is_in_other = False
    while sorted_bits < n_bits:
        sort_by_digit(keys, n, offset, np.uint64(32 + sorted_bits), 1 << width, other_keys, histogram)
        keys, other_keys = other_keys, keys
        is_in_other = not is_in_other
        sorted_bits += width
    return is_in_other
