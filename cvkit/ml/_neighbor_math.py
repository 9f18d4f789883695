"""Metrics and candidate lists, as scalar code that both targets call.

A *reduced* distance orders like the distance and lacks its final root: the sum of squares for Euclidean.
"""

from typing import Any

from cvkit._jit import helper

Array = Any

EUCLIDEAN, MANHATTAN, CHEBYSHEV, MINKOWSKI, COSINE = range(5)


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
