"""What linear models of numbers share: centered training data, and predictions on either device."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from cvkit._dispatch import contiguous, on_device, reshaped
from cvkit.ml._gram import Rows, weighted_mean
from cvkit.ml._samples import FLOATS, check_device_samples
from cvkit.ml.linear.decision import linear_decision, refuse_device_arrays


class TrainingData(NamedTuple):
    """Samples and targets around their means.

    Parameters
    ----------
    X : ndarray or CSR matrix (n_samples, n_features)
        Samples as they came.
    mean : (n_features,) float64
        Their weighted mean; zeros without an intercept.
    targets : (n_samples, n_targets) float64
        Centered, each times the root of its weight.
    target_mean : (n_targets,) float64
    roots : (n_samples,) float64 or None
        Roots of the weights.
    is_flat : bool
        Whether there is one target, given as a vector.
    """

    X: Any
    mean: np.ndarray
    targets: np.ndarray
    target_mean: np.ndarray
    roots: np.ndarray | None
    is_flat: bool

    @property
    def rows(self) -> Rows:
        """The samples for products by blocks."""
        return Rows(self.X, self.mean, self.roots)

    def centered(self) -> np.ndarray:
        """Return all samples around their mean, times the roots of their weights: a copy."""
        return self.rows.block(slice(None))

    def operator(self) -> sparse.linalg.LinearOperator:
        """Return sparse samples around their mean, times the roots of their weights."""
        roots = np.ones(self.X.shape[0]) if self.roots is None else self.roots

        def forward(weights: np.ndarray) -> np.ndarray:
            return roots * (self.X @ weights - self.mean @ weights)

        def backward(values: np.ndarray) -> np.ndarray:
            values = roots * values
            return self.X.T @ values - self.mean * values.sum()

        return sparse.linalg.LinearOperator(self.X.shape, matvec=forward, rmatvec=backward, dtype=np.float64)


class LinearRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Predictions of a regressor that has ``coef_`` and ``intercept_``."""

    coef_: np.ndarray
    intercept_: Any

    def _training_data(
        self, X: Any, y: Any, sample_weight: Any, fit_intercept: bool, *, accept_sparse: bool = True
    ) -> TrainingData:
        """Check what ``fit`` was given."""
        refuse_device_arrays(self, X, y)
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr" if accept_sparse else False,
            dtype=list(FLOATS),
            order="C",
            multi_output=True,
            y_numeric=True,
        )
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        targets = np.asarray(y, np.float64).reshape(len(y), -1)
        mean, target_mean = np.zeros(X.shape[1]), np.zeros(targets.shape[1])
        if fit_intercept:
            mean = weighted_mean(X, weights)
            target_mean = weighted_mean(targets, weights)
        roots = None if weights is None else np.sqrt(weights)
        targets = targets - target_mean
        if roots is not None:
            targets *= roots[:, np.newaxis]
        X = X if sparse.issparse(X) else contiguous(X)
        return TrainingData(X, mean, targets, target_mean, roots, y.ndim == 1)

    def _keep(self, data: TrainingData, coefficients: np.ndarray, fit_intercept: bool) -> None:
        """Set ``coef_`` and ``intercept_`` from coefficients (n_features, n_targets)."""
        dtype = data.X.dtype
        self.coef_ = np.ascontiguousarray(coefficients.T, dtype)
        intercept = (data.target_mean - data.mean @ coefficients).astype(dtype)
        if data.is_flat:
            self.coef_, intercept = self.coef_[0], float(intercept[0])
        self.intercept_ = intercept if fit_intercept else 0.0

    def predict(self, X: Any) -> Any:
        """Return the responses that samples should have.

        Parameters
        ----------
        X : {array-like, CSR matrix, device array} of shape (n_samples, n_features)
            The samples. A device array (float32 or float64) is read on its GPU.

        Returns
        -------
        array of shape (n_samples,) or (n_samples, n_targets)
            The same kind of array as X.
        """
        check_is_fitted(self)
        if not on_device(X):
            X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=list(FLOATS))
            return safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_
        samples = check_device_samples(self, X)
        coefficients = np.atleast_2d(self.coef_)
        intercept = np.broadcast_to(np.asarray(self.intercept_, np.float64), len(coefficients))
        out = linear_decision(samples, coefficients, intercept)
        return samples.give_back(reshaped(out, (out.size,)) if self.coef_.ndim == 1 else out)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
