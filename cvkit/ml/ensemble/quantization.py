"""Features of any values as bytes: each value's place among thresholds."""

from __future__ import annotations

import numpy as np


def quantization_thresholds(rows: np.ndarray, n_bins: int) -> list[np.ndarray]:
    """Choose ascending thresholds for each feature, fewer than ``n_bins``.

    Parameters
    ----------
    rows : (samples, features) float32
        The samples.
    n_bins : int
        Largest number of quantized values.

    Returns
    -------
    list of (thresholds,) float64
        Halfway between all neighboring values where these are few; else so that the quantized values have
        about as many samples each.
    """
    return [_thresholds(np.sort(column), n_bins) for column in rows.T]


def _thresholds(ascending: np.ndarray, n_bins: int) -> np.ndarray:
    # How many samples lie at or below each place where the value grows.
    ends = np.flatnonzero(np.diff(ascending)) + 1
    if len(ends) >= n_bins:
        wanted = np.linspace(0, len(ascending), n_bins + 1)[1:-1]
        ends = ends[np.unique(np.searchsorted(ends, wanted).clip(0, len(ends) - 1))]
    below, above = ascending[ends - 1].astype(np.float64), ascending[ends].astype(np.float64)
    return (below + above) / 2.0


def quantize(rows: np.ndarray, thresholds: list[np.ndarray]) -> np.ndarray:
    """Count the thresholds below each value.

    Parameters
    ----------
    rows : (samples, features) float32
        The samples.
    thresholds : list of (thresholds,) float64
        Of each feature.

    Returns
    -------
    (features, samples) uint8
    """
    columns = np.empty(rows.T.shape, np.uint8)
    for column, out, limits in zip(rows.T, columns, thresholds, strict=True):
        out[:] = np.searchsorted(limits, column.astype(np.float64), side="left")
    return columns
