"""Time two callables in turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Timing:
    """Times of two callables that took turns, in seconds.

    Parameters
    ----------
    ours, reference : float
        Median time of one call.
    ratio : float
        Median over rounds of ours / reference.
    spread : float
        Half the distance between the quartiles of that ratio.
    """

    ours: float
    reference: float
    ratio: float
    spread: float


def alternate(
    ours: Callable[[], Any],
    reference: Callable[[], Any],
    *,
    rounds: int = 15,
    round_seconds: float = 0.02,
    seconds: float = 8.0,
) -> Timing:
    """Time two callables in turns, after one call of each that is not counted.

    Parameters
    ----------
    ours, reference : callable
        Called without arguments.
    rounds : int
        Number of turns.
    round_seconds : float
        Short calls are repeated within a turn until it lasts about this long.
    seconds : float
        Slow calls get fewer turns, at least five, so that all take about this long.

    Returns
    -------
    Timing

    Examples
    --------
    >>> timing = alternate(lambda: sum(range(100)), lambda: sum(range(100)), rounds=3, round_seconds=1e-4)
    >>> 0 < timing.ratio < 100
    True
    """
    ours()
    reference()
    once = _seconds(ours, 1), _seconds(reference, 1)
    calls = max(1, round(round_seconds / max(*once, 1e-7)))
    rounds = min(rounds, max(5, int(seconds / sum(once))))
    times = np.array([(_seconds(ours, calls), _seconds(reference, calls)) for _ in range(rounds)])
    ratios = times[:, 0] / times[:, 1]
    low, middle, high = np.percentile(ratios, [25, 50, 75])
    return Timing(
        float(np.median(times[:, 0])), float(np.median(times[:, 1])), float(middle), float(high - low) / 2
    )


def copying_seconds(image: np.ndarray) -> float:
    """Time copying an image into memory that is there, on one thread: a lower bound of what reads it.

    Parameters
    ----------
    image : numpy.ndarray
        Any array.

    Returns
    -------
    float
        The median, in seconds.

    Examples
    --------
    >>> copying_seconds(np.zeros((480, 640), np.uint8)) < 1
    True
    """
    copy = np.empty_like(image)
    calls = max(1, (1 << 22) // max(image.nbytes, 1))
    times = [_seconds(lambda: np.copyto(copy, image), calls) for _ in range(15)]
    return max(float(np.median(times)), 1e-9)


def _seconds(call: Callable[[], Any], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls
