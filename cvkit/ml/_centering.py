"""Samples around their mean: near the origin, products and norms cancel less."""

from __future__ import annotations

import numpy as np

from cvkit._dispatch import Array, to_host
from cvkit.ml._blas import single_threaded
from cvkit.ml._samples import Samples, beside, row_norms
from cvkit.ml.cluster._cpu import lloyd as lloyd_kernels


def nearest_label(batch: Samples, centers: np.ndarray) -> Array:
    """Return the nearest center of each sample, both measured from the middle of the centers."""
    labels = batch.empty((batch.array.shape[0],), np.int32)
    origin = mean_row(centers)
    centers = centers - origin
    with single_threaded():
        batch.kernels(lloyd_kernels).nearest_around(batch.array, origin, centers, row_norms(centers), labels)
    return labels


def mean_row(rows: np.ndarray) -> np.ndarray:
    """Mean of rows, in their dtype; summed in it, a million float32 rows would lose most of their digits."""
    return rows.mean(axis=0, dtype=np.float64).astype(rows.dtype)


def variance(squared_norms: np.ndarray, batch: Samples) -> float:
    """Mean variance of the features, in units of which ``tol`` is given; for centered samples."""
    if not squared_norms.max() < np.finfo(batch.dtype).max / 8:  # room for the square of a difference
        raise ValueError("X holds such large values that their squares overflow; scale the features")
    return float(np.mean(squared_norms)) / batch.array.shape[1]


def centered(batch: Samples) -> tuple[np.ndarray, Samples]:
    """Return the mean of the samples and a copy around it: products of small numbers round less."""
    if not batch.is_on_device:
        mean = mean_row(batch.array)
        return mean, Samples(batch.array - mean, batch.original)
    count, features = batch.array.shape
    sums = beside(batch, np.zeros((1, features)))
    kernels = batch.kernels(lloyd_kernels)
    kernels.move_members(
        batch.array,
        beside(batch, np.ones(count)),
        beside(batch, np.full(count, -1, np.int32)),
        beside(batch, np.zeros(count, np.int32)),
        sums,
        beside(batch, np.zeros(1)),
        beside(batch, np.zeros(1, np.int64)),
    )
    mean = (to_host(sums)[0] / count).astype(batch.dtype)
    centered = batch.empty((count, features), batch.dtype)
    kernels.subtract(batch.array, mean, centered)
    return mean, Samples(centered, batch.original)
