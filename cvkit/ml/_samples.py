"""Samples of an estimator, on the CPU or on a GPU, and the arrays that accompany them there."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import validate_data

from cvkit._dispatch import Array, Batch, as_device_array, contiguous, on_device, to_device, to_host

FLOATS = (np.float64, np.float32)


def samples(estimator: Any, X: Any, *, reset: bool, dtype: Any = FLOATS, copy: bool = False) -> Batch:
    """Check samples as scikit-learn does and return them as kernels see them: contiguous, on their device.

    ``reset`` is True in ``fit``, where ``n_features_in_`` is set. A device array is never copied to the host.
    """
    if on_device(X):
        return Batch(_device_samples(estimator, X, reset), 2, X)
    X = validate_data(estimator, X, reset=reset, dtype=dtype, order="C", copy=copy)
    return Batch(contiguous(X), 2, X)


def _device_samples(estimator: Any, X: Array, reset: bool) -> Array:
    """Check the shape, dtype and finiteness of samples on a GPU."""
    if len(X.shape) != 2:
        raise ValueError(f"Expected 2D array, got {len(X.shape)}D array instead: shape {tuple(X.shape)}")
    if np.dtype(X.dtype) not in [np.dtype(accepted) for accepted in FLOATS]:
        raise TypeError(f"X must have dtype float32 or float64 on a GPU, got {X.dtype}")
    count, features = X.shape
    if count < 1 or features < 1:
        raise ValueError(f"X must hold at least one sample and one feature, got shape {tuple(X.shape)}")
    if reset:
        estimator.n_features_in_ = int(features)
    elif features != estimator.n_features_in_:
        raise ValueError(
            f"X has {features} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input"
        )
    X = as_device_array(X)
    flaws = to_device(np.zeros(1, np.int64))
    Batch(X, 2, X).kernels("cvkit.ml", "samples").count_not_finite(X, flaws)
    if to_host(flaws)[0]:
        raise ValueError("Input X contains NaN or infinity.")
    return X


def beside(batch: Batch, array: npt.ArrayLike) -> Array:
    """Put a NumPy array where the samples live."""
    return to_device(np.ascontiguousarray(array)) if batch.is_on_device else np.asarray(array)


def row_norms(rows: np.ndarray) -> np.ndarray:
    """Squared Euclidean norm of each row, summed in the order of scikit-learn's."""
    return np.einsum("ij,ij->i", rows, rows)
