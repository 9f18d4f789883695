"""Metrics and candidate lists, as scalar code that both targets call.

A *reduced* distance orders like the distance and lacks its final root: the sum of squares for Euclidean.
"""

import math
from typing import Any

import numpy as np

from cvkit._jit import helper

Array = Any

EUCLIDEAN, MANHATTAN, CHEBYSHEV, MINKOWSKI, COSINE = range(5)

NOBODY = np.iinfo(np.int64).max
"""The index of a candidate that is still missing: behind every sample, even one at an infinite distance."""

# Sums of powers between these have neither overflowed nor lost digits to the smallest number there is.
_SMALL = 2.0**-900
_LARGE = 2.0**900


@helper(inline=True)
def add_term(metric: int, p: float, total: float, gap: float) -> float:
    """Add one feature's absolute difference to a reduced distance (no feature of a cosine)."""
    if metric == EUCLIDEAN:
        return total + gap * gap
    if metric == MANHATTAN:
        return total + gap
    if metric == CHEBYSHEV:
        return max(total, gap)
    return total + gap**p


@helper(inline=True)
def add_column(metric: int, p: float, column: Array, value: float, out: Array) -> None:
    """Add one feature's terms to the reduced distances from a query to a row of samples."""
    if metric == EUCLIDEAN:
        for j in range(column.shape[0]):
            gap = column[j] - value
            out[j] += gap * gap
    elif metric == MANHATTAN:
        for j in range(column.shape[0]):
            out[j] += abs(column[j] - value)
    elif metric == CHEBYSHEV:
        for j in range(column.shape[0]):
            gap = abs(column[j] - value)
            out[j] = gap if gap > out[j] else out[j]
    else:
        for j in range(column.shape[0]):
            out[j] += abs(column[j] - value) ** p


@helper
def from_reduced(metric: int, p: float, reduced: float) -> float:
    """Turn a reduced distance into the distance."""
    if metric == EUCLIDEAN:
        return reduced**0.5
    if metric == MINKOWSKI:
        return reduced ** (1.0 / p)
    return reduced


@helper
def largest_gap(sample: Array, query: Array) -> float:
    """Return the largest absolute difference of a feature, in float64."""
    largest = 0.0
    for j in range(query.shape[0]):
        largest = max(largest, abs(np.float64(sample[j]) - np.float64(query[j])))
    return largest


@helper
def _scaled_distance(metric: int, p: float, sample: Array, query: Array, largest: float) -> float:
    """Return a distance, its gaps in units near the ``largest``, so that no power overflows or vanishes."""
    if largest == 0.0 or largest == np.inf:
        return largest
    unit = largest
    if metric != MINKOWSKI:  # a power of two, which rounds nothing, so that equal distances stay equal
        unit = math.ldexp(0.5, math.frexp(largest)[1])
    total = 0.0
    for j in range(query.shape[0]):
        gap = abs(np.float64(sample[j]) - np.float64(query[j]))
        total = add_term(metric, p, total, gap / unit)
    return unit * from_reduced(metric, p, total)


@helper
def _scaled_cosine_distance(sample: Array, query: Array) -> float:
    """Return the cosine distance of two directions, each in units of its largest value."""
    sample_unit = query_unit = 0.0
    for j in range(query.shape[0]):
        sample_unit = max(sample_unit, abs(np.float64(sample[j])))
        query_unit = max(query_unit, abs(np.float64(query[j])))
    if sample_unit == 0.0 or query_unit == 0.0:
        return 1.0  # a direction is missing; scikit-learn's choice
    product = sample_norm = query_norm = 0.0
    for j in range(query.shape[0]):
        a, b = sample[j] / sample_unit, query[j] / query_unit
        product += a * b
        sample_norm += a * a
        query_norm += b * b
    return min(max(1.0 - product / math.sqrt(sample_norm * query_norm), 0.0), 2.0)


@helper
def cosine_distance(sample: Array, query: Array) -> float:
    """Return one less the cosine of the angle between two samples."""
    product = sample_norm = query_norm = 0.0
    for j in range(query.shape[0]):
        a, b = np.float64(sample[j]), np.float64(query[j])
        product += a * b
        sample_norm += a * a
        query_norm += b * b
    if not (_SMALL < sample_norm < _LARGE and _SMALL < query_norm < _LARGE):
        return _scaled_cosine_distance(sample, query)
    distance = 1.0 - product / (math.sqrt(sample_norm) * math.sqrt(query_norm))
    return min(max(distance, 0.0), 2.0)


@helper
def reduced_distance(metric: int, p: float, sample: Array, query: Array) -> float:
    """Return the reduced distance, summed in float64 whatever the dtype of the samples."""
    if metric == COSINE:
        return cosine_distance(sample, query)
    total = 0.0
    for j in range(query.shape[0]):
        total = add_term(metric, p, total, abs(np.float64(sample[j]) - np.float64(query[j])))
    return total


@helper(inline=True)
def is_before(distance: float, index: int, other_distance: float, other_index: int) -> bool:
    """Order candidates by distance, and equally distant ones by index."""
    return distance < other_distance or (distance == other_distance and index < other_index)


@helper
def replace_last(distance: float, index: int, distances: Array, indices: Array) -> None:
    """Put a candidate in the place of the last one; the lists are a heap with the last candidate on top."""
    size = distances.shape[0]
    hole = 0
    child = 1
    while child < size:
        right = child + 1
        if right < size and is_before(distances[child], indices[child], distances[right], indices[right]):
            child = right
        if not is_before(distance, index, distances[child], indices[child]):
            break
        distances[hole] = distances[child]
        indices[hole] = indices[child]
        hole = child
        child = 2 * hole + 1
    distances[hole] = distance
    indices[hole] = index


@helper
def sort_candidates(distances: Array, indices: Array) -> None:
    """Sort a heap of candidates, the nearest first."""
    for end in range(distances.shape[0] - 1, 0, -1):
        distance, index = distances[end], indices[end]
        last_distance, last_index = distances[0], indices[0]
        replace_last(distance, index, distances[:end], indices[:end])
        distances[end] = last_distance
        indices[end] = last_index


@helper
def _are_unreliable(X: Array, query: Array, metric: int, p: float, distances: Array, indices: Array) -> bool:
    """Tell whether powers of gaps have overflowed or vanished among a query's sorted reduced distances."""
    if not distances[-1] < np.inf:
        return True
    if metric not in (EUCLIDEAN, MINKOWSKI):
        return False
    for position in range(distances.shape[0]):
        if distances[position] >= _SMALL:
            return False
        if largest_gap(X[indices[position]], query) > 0.0:
            return True
    return False


@helper
def _measure_all(X: Array, query: Array, metric: int, p: float, distances: Array, indices: Array) -> None:
    """Keep the samples of least distance, not reduced, whatever the size of their gaps, as a heap."""
    distances[:] = np.inf
    indices[:] = NOBODY
    for i in range(X.shape[0]):
        largest = largest_gap(X[i], query)
        if largest > distances[0]:  # no distance is less than the largest gap
            continue
        distance = _scaled_distance(metric, p, X[i], query, largest)
        if is_before(distance, i, distances[0], indices[0]):
            replace_last(distance, i, distances, indices)


@helper
def finish_candidates(
    X: Array, query: Array, metric: int, p: float, distances: Array, indices: Array
) -> None:
    """Sort the candidates of a query, the nearest first, and turn reduced distances into distances."""
    sort_candidates(distances, indices)
    if _are_unreliable(X, query, metric, p, distances, indices):
        _measure_all(X, query, metric, p, distances, indices)
        sort_candidates(distances, indices)
        return
    for position in range(distances.shape[0]):
        distances[position] = from_reduced(metric, p, distances[position])
