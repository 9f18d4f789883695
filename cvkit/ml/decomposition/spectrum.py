"""Singular values and right singular vectors of samples around their mean, by four methods."""

from __future__ import annotations

from collections.abc import Callable
from math import lgamma
from typing import Any

import numpy as np
from scipy import linalg, sparse

from cvkit.ml._gram import Rows, gram

Spectrum = tuple[np.ndarray, np.ndarray]
"""Singular values, the largest first, and a right singular vector of each in rows."""

_LEAST_EIGENVALUE = 1e-15


def around_mean(X: Any, mean: np.ndarray) -> sparse.linalg.LinearOperator:
    """Return sparse samples around their mean, without making them dense."""
    return sparse.linalg.LinearOperator(
        X.shape,
        matvec=lambda weights: X @ weights - mean @ weights,
        rmatvec=lambda values: X.T @ values - mean * values.sum(),
        dtype=np.float64,
    )


def with_signs(vectors: np.ndarray) -> np.ndarray:
    """Turn vectors so that the largest entry of each is positive."""
    largest = np.abs(vectors).argmax(axis=1)
    return vectors * np.sign(vectors[np.arange(len(vectors)), largest])[:, np.newaxis]


def by_covariance(rows: Rows) -> Spectrum:
    """Decompose the product of the samples with themselves: exact to half the digits for small values."""
    (product,) = gram(rows)
    values, vectors = linalg.eigh(product, overwrite_a=True)
    return np.sqrt(np.maximum(values[::-1], 0.0)), vectors.T[::-1]


def by_decomposition(rows: Rows) -> Spectrum:
    """Decompose the samples; of more samples than features, their triangular factor."""
    samples = rows.block(slice(None))
    if samples.shape[0] > samples.shape[1]:
        samples = linalg.qr(samples, mode="r", overwrite_a=True)[0][: samples.shape[1]]
    _, values, vectors = linalg.svd(samples, full_matrices=False, overwrite_a=True)
    return values, vectors


def by_lanczos(samples: Any, count: int, tolerance: float, random: np.random.RandomState) -> Spectrum:
    """Find the largest values by ARPACK."""
    start = random.uniform(-1, 1, min(samples.shape))
    _, values, vectors = sparse.linalg.svds(samples, k=count, tol=tolerance, v0=start)
    return values[::-1], vectors[::-1]


def by_random_projection(
    samples: np.ndarray,
    count: int,
    oversamples: int,
    power: int | str,
    normalizer: str,
    random: np.random.RandomState,
) -> Spectrum:
    """Find the largest values in the range of random vectors, as Halko, Martinsson and Tropp describe."""
    powers = (7 if count < 0.1 * min(samples.shape) else 4) if power == "auto" else int(power)
    is_wide = samples.shape[0] < samples.shape[1]
    matrix = samples.T if is_wide else samples
    normalize = _normalizer(("none" if powers <= 2 else "LU") if normalizer == "auto" else normalizer)
    basis = random.normal(size=(matrix.shape[1], count + oversamples))
    for _ in range(powers):
        basis = normalize(matrix @ basis)
        basis = normalize(matrix.T @ basis)
    basis = _orthogonal(matrix @ basis)
    left, values, vectors = linalg.svd(basis.T @ matrix, full_matrices=False)
    found = (basis @ left).T if is_wide else vectors
    return values[:count], found[:count]


def _orthogonal(matrix: np.ndarray) -> np.ndarray:
    return linalg.qr(matrix, mode="economic", check_finite=False)[0]


def _normalizer(name: str) -> Callable[[np.ndarray], np.ndarray]:
    if name == "QR":
        return _orthogonal
    if name == "LU":
        return lambda matrix: linalg.lu(matrix, permute_l=True, check_finite=False)[0]
    return lambda matrix: matrix


def likely_dimension(variances: np.ndarray, count: int) -> int:
    """Return the number of components of the largest evidence: Minka, NIPS 2000."""
    evidences = [_log_evidence(variances, rank, count) for rank in range(1, len(variances))]
    return int(np.argmax([-np.inf, *evidences]))


def _log_evidence(variances: np.ndarray, rank: int, count: int) -> float:
    if variances[rank - 1] < _LEAST_EIGENVALUE:
        return -np.inf
    features = len(variances)
    noise = max(_LEAST_EIGENVALUE, variances[rank:].sum() / (features - rank))
    orders = (features - np.arange(rank)) / 2.0
    prior = -rank * np.log(2.0) + sum(lgamma(order) - order * np.log(np.pi) for order in orders)
    fit = -0.5 * count * (np.log(variances[:rank]).sum() + (features - rank) * np.log(noise))
    free = features * rank - rank * (rank + 1.0) / 2.0
    inverse = 1.0 / np.concatenate([variances[:rank], np.full(features - rank, noise)])
    first, second = np.triu_indices(rank, 1, features)
    curvature = np.log((variances[first] - variances[second]) * (inverse[second] - inverse[first]))
    curvatures = float(curvature.sum()) + len(first) * np.log(count)
    return float(
        prior
        + fit
        + 0.5 * (free + rank) * np.log(2.0 * np.pi)
        - 0.5 * curvatures
        - 0.5 * rank * np.log(count)
    )
