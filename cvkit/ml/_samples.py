"""Samples of an estimator, on the CPU or on a GPU, and the arrays that accompany them there."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.validation import validate_data

from cvkit._dispatch import Array, Operand, as_device_array, contiguous, on_device, to_device, to_host
from cvkit.ml._cpu import samples as samples_kernels

FLOATS: tuple[type, ...] = (np.float64, np.float32)
# Sums of squares of smaller whole numbers are exact in float64, and a table of x log2 x is small.
_LARGEST_COUNT = 1 << 24


class Samples(Operand):
    """Samples as kernels see them: ``(n_samples, n_features)``, contiguous, on one device."""

    __slots__ = ()

    def on_same_device(self, array: npt.ArrayLike) -> Array:
        """Copy an array to the samples' GPU, or give it the one layout that kernels on the CPU take."""
        return to_device(array) if self.is_on_device else contiguous(np.asarray(array))


def check_samples(estimator: Any, X: Any, *, reset: bool, dtype: Any = FLOATS, copy: bool = False) -> Samples:
    """Check samples as scikit-learn does and return them as kernels see them: contiguous, on their device.

    ``reset`` is True in ``fit``, where ``n_features_in_`` is set. A device array is never copied to the host.
    Sparse samples are made dense.
    """
    if on_device(X):
        samples = check_device_samples(estimator, X, reset=reset)
        _refuse_not_finite(samples)
        return samples
    X = validate_data(estimator, X, reset=reset, dtype=dtype, order="C", copy=copy, accept_sparse="csr")
    return Samples(contiguous(as_dense(X)), X)


def as_dense(X: Any) -> np.ndarray:
    """Return samples as one array; of a sparse matrix, its values and zeros."""
    return X.toarray(order="C") if sparse.issparse(X) else X


def check_device_samples(estimator: Any, X: Array, *, reset: bool = False) -> Samples:
    """Check the shape and dtype of samples on a GPU; their values stay unread, so NaN passes through."""
    view = as_device_array(X)
    if len(view.shape) != 2:
        raise ValueError(f"X must have shape (n_samples, n_features), got {tuple(view.shape)}")
    if view.dtype not in [np.dtype(accepted) for accepted in FLOATS]:
        raise TypeError(f"X must have dtype float32 or float64 on a GPU, got {view.dtype}")
    count, features = view.shape
    if count < 1 or features < 1:
        raise ValueError(f"X must hold at least one sample and one feature, got shape {tuple(view.shape)}")
    if reset:
        estimator.n_features_in_ = int(features)
    elif features != estimator.n_features_in_:
        raise ValueError(
            f"X has {features} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input"
        )
    return Samples(view, X)


def _refuse_not_finite(samples: Samples) -> None:
    """Raise if samples on a GPU hold NaN or infinity."""
    flaws = to_device(np.zeros(1, np.int64))
    samples.kernels(samples_kernels).count_not_finite(samples.array, flaws)
    if to_host(flaws)[0]:
        raise ValueError("Input X contains NaN or infinity.")


def row_norms(rows: np.ndarray, dtype: Any = None) -> np.ndarray:
    """Squared Euclidean norm of each row, summed in the order of scikit-learn's, in ``dtype`` if given."""
    return np.einsum("ij,ij->i", rows, rows, dtype=dtype)


def are_counts(weights: np.ndarray) -> bool:
    """Tell whether weights are whole numbers of moderate size, as the numbers of copies of a sample are."""
    return bool(weights.sum() < _LARGEST_COUNT and np.array_equal(weights, np.floor(weights)))


def row_hashes(samples: Samples) -> np.ndarray:
    """Return a number for each sample that depends on its values alone: (n,) uint64, on the host."""
    hashes = samples.empty((samples.array.shape[0],), np.uint64)
    samples.kernels(samples_kernels).hash_rows(samples.array, hashes)
    return to_host(hashes)
