"""Weighted normal distributions with one of four kinds of covariance, and a step of their estimation.

A step reads the samples once, block by block: likelihoods, responsibilities and the sums that the next
distributions follow from. Sums are taken around the distributions that there are, so that little cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg

from cvkit.ml._gram import sum_blocks

_ILL_DEFINED = (
    "Fitting the mixture model failed because some components have ill-defined empirical covariance (for "
    "instance caused by singleton or collapsed samples). Try to decrease the number of components, increase "
    "reg_covar, or scale the input data."
)


class Gaussians(NamedTuple):
    """Normal distributions of K components in F dimensions.

    Parameters
    ----------
    kind : {"full", "tied", "diag", "spherical"}
        Of covariance: one of each component, one of all, variances of features, or one variance.
    weights : (K,) float64
    means : (K, F) float64
    covariances : (K, F, F), (F, F), (K, F) or (K,) float64, or None where only factors were given
    factors : of the same shape
        Such that ``factor @ factor.T`` is the inverse of the covariance; upper triangles, or inverse roots.
    """

    kind: str
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray | None
    factors: np.ndarray

    def precisions(self) -> np.ndarray:
        """Return the inverses of the covariances."""
        if self.kind in ("full", "tied"):
            return self.factors @ np.swapaxes(self.factors, -1, -2)
        return self.factors**2

    def log_likelihoods(self, rows: np.ndarray) -> np.ndarray:
        """Return the logarithm of weight times density, (n, K), of float64 rows."""
        features = rows.shape[1]
        out = self._squares_of_variances(rows) if self.kind in ("diag", "spherical") else self._squares(rows)
        with np.errstate(divide="ignore"):
            logs = np.log(self.weights)
        return logs + self._log_determinants() - 0.5 * (features * np.log(2.0 * np.pi) + out)

    def _squares(self, rows: np.ndarray) -> np.ndarray:
        """Return the squared distance of rows to each component, in units of its covariance: (n, K)."""
        middle = self.means.mean(axis=0)
        rows, means = rows - middle, self.means - middle
        if self.kind == "tied":
            turned = (rows @ self.factors)[:, np.newaxis] - means @ self.factors
        else:  # one product for all components
            count, features = means.shape
            turned = (rows @ self.factors.transpose(1, 0, 2).reshape(features, -1)).reshape(
                -1, count, features
            )
            turned -= np.einsum("ki,kij->kj", means, self.factors)
        return np.einsum("nki,nki->nk", turned, turned)

    def _squares_of_variances(self, rows: np.ndarray) -> np.ndarray:
        """Return the same where features are independent: by products of matrices, around the middle."""
        middle = self.means.mean(axis=0)
        rows, means = rows - middle, self.means - middle
        precisions = self.precisions()
        if self.kind == "spherical":
            precisions = np.repeat(precisions[:, np.newaxis], rows.shape[1], axis=1)
        pulls = means * precisions
        return (rows * rows) @ precisions.T - 2.0 * (rows @ pulls.T) + (means * pulls).sum(axis=1)

    def _log_determinants(self) -> Any:
        if self.kind == "full":
            return np.log(np.diagonal(self.factors, axis1=1, axis2=2)).sum(axis=1)
        if self.kind == "tied":
            return np.log(np.diagonal(self.factors)).sum()
        if self.kind == "diag":
            return np.log(self.factors).sum(axis=1)
        return self.means.shape[1] * np.log(self.factors)

    def step(self, X: np.ndarray, regularization: float) -> tuple[Gaussians, float]:
        """Return the distributions that the responsibilities of these make, and the mean likelihood."""

        def responsibilities(rows: slice, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            likelihoods = self.log_likelihoods(block)
            highest = likelihoods.max(axis=1, keepdims=True)
            shares = np.exp(likelihoods - highest)
            totals = shares.sum(axis=1, keepdims=True)
            shares /= totals
            return shares, (highest + np.log(totals))[:, 0]

        return estimate(self.kind, X, responsibilities, self.means, regularization)


Responsibilities = Callable[[slice, np.ndarray], tuple[np.ndarray, np.ndarray]]


def estimate(
    kind: str, X: np.ndarray, responsibilities: Responsibilities, centers: np.ndarray, regularization: float
) -> tuple[Gaussians, float]:
    """Return the distributions that responsibilities make of samples, and the mean of what comes with them.

    Parameters
    ----------
    kind : str
        Of covariance.
    X : (n, F) float32 or float64
    responsibilities : callable
        Takes which rows, and these in float64; returns the share of each component in them, (B, K), and a
        number for each.
    centers : (K, F) float64
        Around what each component is summed.
    regularization : float
        Added to variances.
    """

    def product(rows: slice, memory: np.ndarray) -> tuple[np.ndarray, ...]:
        block = memory[: rows.stop - rows.start]
        block[...] = X[rows]
        shares, numbers = responsibilities(rows, block)
        if kind == "full":
            roots = np.sqrt(shares)
            weighted = [(block - center) * roots[:, k, np.newaxis] for k, center in enumerate(centers)]
            first = np.array([roots[:, k] @ around for k, around in enumerate(weighted)])
            second = np.array([around.T @ around for around in weighted])
        else:
            block -= centers[0]
            first = shares.T @ block
            second = block.T @ block if kind == "tied" else shares.T @ (block * block)
        return shares.sum(axis=0), first, second, np.array(numbers.sum())

    if kind != "full":  # all around one point
        centers = np.broadcast_to(centers.mean(axis=0), centers.shape)
    counts, first, second, total = sum_blocks(X.shape[0], X.shape[1], product)
    counts = counts + 10 * np.finfo(np.float64).eps
    shifts = first / counts[:, np.newaxis]
    if kind == "full":
        second -= counts[:, np.newaxis, np.newaxis] * shifts[:, :, np.newaxis] * shifts[:, np.newaxis]
    elif kind == "tied":
        second -= (counts * shifts.T) @ shifts
    else:
        second -= counts[:, np.newaxis] * shifts**2
    covariances = _covariances(kind, counts, second, regularization)
    weights = counts / counts.sum()
    found = Gaussians(kind, weights, centers + shifts, covariances, factors_of(kind, covariances))
    return found, float(total) / X.shape[0]


def _covariances(kind: str, counts: np.ndarray, second: np.ndarray, regularization: float) -> np.ndarray:
    if kind == "full":
        second /= counts[:, np.newaxis, np.newaxis]
        diagonal = np.arange(second.shape[1])
        second[:, diagonal, diagonal] += regularization
        return second
    if kind == "tied":
        covariance = second / counts.sum()
        covariance[np.diag_indices_from(covariance)] += regularization
        return covariance
    variances = second / counts[:, np.newaxis] + regularization
    return variances if kind == "diag" else variances.mean(axis=1)


def factors_of(kind: str, covariances: np.ndarray) -> np.ndarray:
    """Return the factors of the inverse covariances; raise ValueError where there is no inverse."""
    if kind in ("diag", "spherical"):
        if not (covariances > 0).all():
            raise ValueError(_ILL_DEFINED)
        return 1.0 / np.sqrt(covariances)
    if kind == "full":
        return np.array([factors_of("tied", covariance) for covariance in covariances])
    try:
        root = linalg.cholesky(covariances, lower=True)
    except linalg.LinAlgError as error:
        raise ValueError(_ILL_DEFINED) from error
    return linalg.solve_triangular(root, np.eye(len(root)), lower=True).T


def factors_of_precisions(kind: str, precisions: np.ndarray) -> np.ndarray:
    """Return the factors of given inverse covariances."""
    if kind in ("diag", "spherical"):
        return np.sqrt(precisions)
    if kind == "full":
        return np.array([factors_of_precisions("tied", precision) for precision in precisions])
    return linalg.cholesky(precisions[::-1, ::-1], lower=True)[::-1, ::-1]
