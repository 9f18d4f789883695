"""Maths of histograms that both targets share: where bins begin, and what a level becomes by its rank."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import helper
from cvkit._simd.numbers import nearest, product


class Bins(NamedTuple):
    """Bins of equal width: ``floor(value * scale + offset)`` of values from ``low`` to below ``high``.

    ``borders`` says the same without arithmetic: the smallest number of each bin, and ``high``.
    """

    scale: float
    offset: float
    low: float
    high: float
    borders: np.ndarray


class Neighbors(NamedTuple):
    """Along one axis, the two tiles whose centers are around each pixel, and their weights.

    ``first`` is -1 before the first center. From ``starts[i]`` to ``starts[i + 1]``, pixels have the first
    tile ``i - 1``.
    """

    first: np.ndarray
    first_weight: np.ndarray
    second_weight: np.ndarray
    starts: np.ndarray


@helper(contract=False)
def scaled_rank(rank: Any, scale: Any, largest: Any) -> Any:
    """Return the level of a pixel that has ``rank`` pixels up to its own value, in float32 as OpenCV."""
    return min(nearest(product(np.float32(rank), scale)), largest)


@helper(contract=False)
def level_of_quantile(quantile: Any, ranks: Any) -> Any:
    """Return the level that has a quantile among the pixels of a histogram, between two levels that occur.

    ``ranks`` counts the pixels up to each level. As ``numpy.interp`` does, in float64, cut off to an integer.
    """
    total = np.float64(ranks[ranks.shape[0] - 1])
    # The first level beyond the quantile; the one before counts as often as the level that begins its run.
    after = _first(ranks, quantile, total)
    rank = ranks[after - 1] if after > 0 else 0
    if rank == 0 or after == ranks.shape[0]:
        return _first_of_rank(ranks, max(rank, 1))
    level = _first_of_rank(ranks, rank)
    below, above = np.float64(rank) / total, np.float64(ranks[after]) / total
    if below == quantile:
        return level
    slope = np.float64(after - level) / (above - below)
    return np.int64(product(slope, quantile - below) + np.float64(level))


@helper(contract=False)
def _first(ranks: Any, quantile: Any, total: Any) -> Any:
    """Return the first level whose quantile is above the given one."""
    first, last = 0, ranks.shape[0]
    while first < last:
        middle = (first + last) // 2
        if np.float64(ranks[middle]) / total <= quantile:
            first = middle + 1
        else:
            last = middle
    return first


@helper
def _first_of_rank(ranks: Any, rank: Any) -> Any:
    """Return the first level with at least ``rank`` pixels up to it."""
    first, last = 0, ranks.shape[0]
    while first < last:
        middle = (first + last) // 2
        if ranks[middle] < rank:
            first = middle + 1
        else:
            last = middle
    return first
