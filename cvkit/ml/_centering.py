"""Samples around their mean: near the origin, products and norms cancel less."""

from __future__ import annotations

import numpy as np

from cvkit._dispatch import to_host
from cvkit.ml._cpu import centering as centering_kernels
from cvkit.ml._samples import Samples


def mean_row(rows: np.ndarray) -> np.ndarray:
    """Mean of rows, in their dtype; summed in it, a million float32 rows would lose most of their digits."""
    return rows.mean(axis=0, dtype=np.float64).astype(rows.dtype)


def centered(samples: Samples) -> tuple[np.ndarray, Samples]:
    """Return the mean of the samples and a copy around it: products of small numbers round less."""
    kernels = samples.kernels(centering_kernels)
    count, features = samples.array.shape
    sums = samples.empty((features,), np.float64)
    kernels.sum_rows(samples.array, sums)
    mean = (to_host(sums) / count).astype(samples.dtype)
    out = samples.empty((count, features), samples.dtype)
    kernels.subtract(samples.array, mean, out)
    return mean, Samples(out, samples.original)
