"""What linear models and support vector machines share: decisions on either device, and labels from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from cvkit._dispatch import Array, contiguous, on_device, to_host
from cvkit.ml._samples import FLOATS, Samples, as_dense, check_device_samples
from cvkit.ml.linear._cpu import decision as decision_kernels

# Rows that are taken as one dense block.
BLOCK_ROWS = 4096


def dense_blocks(X: Any, constant: float) -> Iterator[tuple[slice, np.ndarray]]:
    """Walk over blocks of rows as dense float64 matrices that end with a constant feature."""
    for start in range(0, X.shape[0], BLOCK_ROWS):
        rows = slice(start, min(start + BLOCK_ROWS, X.shape[0]))
        block = np.full((rows.stop - rows.start, X.shape[1] + 1), constant)
        block[:, :-1] = X[rows].toarray() if sparse.issparse(X) else X[rows]
        yield rows, block


def refuse_device_arrays(estimator: BaseEstimator, *arrays: object) -> None:
    """Raise for arrays on a GPU where only the CPU can fit."""
    if any(on_device(array) for array in arrays):
        name = type(estimator).__name__
        raise TypeError(f"{name}.fit needs arrays in host memory, got one on a GPU; use cvkit.to_host")


def sample_weights(values: Any, X: Any) -> np.ndarray:
    """Check sample weights and return them as a contiguous float64 vector; None means ones."""
    weights = _check_sample_weight(values, X, dtype=np.float64, ensure_non_negative=True)
    return contiguous(weights)


def linear_decision(samples: Samples, weights: np.ndarray, intercept: np.ndarray) -> Array:
    """Return ``X @ weights.T + intercept`` where X lives, as a kernel's array (n, n_weights)."""
    dtype = result_dtype(samples)
    out = samples.empty((samples.array.shape[0], weights.shape[0]), dtype)
    kernels = samples.kernels(decision_kernels)
    model = (samples.on_same_device(part.astype(dtype)) for part in (weights, intercept))
    kernels.linear_decision(samples.array, *model, out)
    return out


def result_dtype(samples: Samples) -> np.dtype:
    """Sums are float64 on the CPU; on a GPU they keep the dtype of the samples."""
    return samples.dtype if samples.is_on_device else np.dtype(np.float64)


def give_copy(samples: Samples, array: np.ndarray) -> Array:
    """Give a result made in host memory back as the caller's kind of array."""
    return samples.give_back(samples.on_same_device(array))


def labels(samples: Samples, classes: np.ndarray, indices: Array) -> Array:
    """Return ``classes[indices]``; on a GPU where the labels are numbers, in host memory otherwise."""
    if not samples.is_on_device or classes.dtype.kind not in "iuf":
        return classes[to_host(indices)]
    out = samples.empty(indices.shape, classes.dtype)
    samples.kernels(decision_kernels).take(classes, indices, out)
    return samples.give_back(out)


def largest(samples: Samples, decision: Array) -> Array:
    """Return the index of the class with the largest decision in each row."""
    out = samples.empty((decision.shape[0],), np.intp)
    samples.kernels(decision_kernels).largest(decision, out)
    return out


class LinearDecision(ClassifierMixin, BaseEstimator):
    """Decision values and labels of a classifier that has ``coef_``, ``intercept_`` and ``classes_``."""

    coef_: np.ndarray
    intercept_: np.ndarray
    classes_: np.ndarray

    def _decision(self, X: Any) -> tuple[Samples, Array]:
        """Return where the samples live, and decision values of shape (n, n_weights)."""
        check_is_fitted(self)
        if on_device(X):
            samples = check_device_samples(self, X)
            return samples, linear_decision(samples, as_dense(self.coef_), self.intercept_)
        X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=list(FLOATS), order="C")
        if sparse.issparse(X):
            scores = safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_
            return Samples(scores, scores), scores
        samples = Samples(contiguous(X), X)
        scores = linear_decision(samples, as_dense(self.coef_), self.intercept_)
        return samples, scores.astype(np.result_type(samples.dtype, self.coef_.dtype), copy=False)

    def sparsify(self) -> Any:
        """Keep ``coef_`` as a CSR matrix from now on, which pays where most of it is zero; return self."""
        check_is_fitted(self)
        self.coef_ = sparse.csr_matrix(self.coef_)
        return self

    def densify(self) -> Any:
        """Keep ``coef_`` as an array again; return self."""
        check_is_fitted(self)
        self.coef_ = as_dense(self.coef_)
        return self

    def decision_function(self, X: Any) -> Any:
        """Return the signed distance to each hyperplane, in units of the norm of its coefficients.

        Parameters
        ----------
        X : {array-like, CSR matrix, device array} of shape (n_samples, n_features)
            The samples. A device array (float32 or float64) is read on its GPU.

        Returns
        -------
        array of shape (n_samples,) or (n_samples, n_classes)
            Above zero in the two-class case means ``classes_[1]``. The same kind of array as X.
        """
        samples, scores = self._decision(X)
        return samples.give_back(scores.reshape(-1) if scores.shape[1] == 1 else scores)

    def predict(self, X: Any) -> Any:
        """Return the class of each sample.

        Parameters
        ----------
        X : {array-like, CSR matrix, device array} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        array of shape (n_samples,)
            Labels; on the GPU for a device array, unless the labels are not numbers.
        """
        samples, scores = self._decision(X)
        return labels(samples, self.classes_, largest(samples, scores))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
