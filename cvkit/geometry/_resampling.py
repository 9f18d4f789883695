"""Weights of Pillow's resampling: of a filter as wide as what a pixel of the result covers."""

from __future__ import annotations

import numpy as np


def _triangle(distance: np.ndarray) -> np.ndarray:
    return 1 - distance


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic with a = -0.5."""
    a = -0.5
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    return np.where(distance < 1, near, (((distance - 5) * distance + 8) * distance - 4) * a)


def _lanczos(distance: np.ndarray) -> np.ndarray:
    return _sinc(distance) * _sinc(distance / 3)


def _sinc(x: np.ndarray) -> np.ndarray:
    x = x * np.pi
    return np.divide(np.sin(x), x, out=np.ones_like(x), where=x != 0)


# By name, with how far from the center each reaches.
_FILTERS = {"bilinear": (_triangle, 1.0), "bicubic": (_cubic, 2.0), "lanczos": (_lanczos, 3.0)}
FILTERS = tuple(_FILTERS)


def taps(name: str, source_size: int, target_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first source index of each target index, and (tap, target) weights, which sum to 1.

    All taps are inside the image; some may have a weight of 0.
    """
    if source_size == target_size:  # the filters would leave rounding errors of the sine
        return np.arange(target_size), np.ones((1, target_size))
    weigh, reach = _FILTERS[name]
    scale = source_size / target_size
    widening = max(scale, 1.0)
    centers = (np.arange(target_size) + 0.5) * scale
    begin = np.trunc(centers - reach * widening + 0.5).clip(0).astype(np.int64)
    end = np.trunc(centers + reach * widening + 0.5).clip(max=source_size).astype(np.int64)
    count = (end - begin).max()
    first = np.minimum(begin, source_size - count)
    index = first + np.arange(count)[:, np.newaxis]
    distance = np.abs((index - centers + 0.5) * (1 / widening))
    is_covered = (distance < reach) & (begin <= index) & (index < end)
    weights = np.where(is_covered, weigh(distance), 0.0)
    # One after the other, as Pillow sums them; NumPy's sum may take them in pairs.
    return first, weights / weights.cumsum(axis=0)[-1]
