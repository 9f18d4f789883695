"""Screens of brute-force search: float32 copies of the samples, in which most distances are told apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from cvkit._blas import single_threaded
from cvkit.ml._samples import row_norms
from cvkit.ml.neighbors._cpu import brute_force as kernels
from cvkit.ml.neighbors._math import CHEBYSHEV, COSINE, EUCLIDEAN, MANHATTAN
from cvkit.ml.neighbors.search import Metric

# Unit roundoff of float32.
_ROUNDOFF = 2.0**-24
# Sums of squares below this have lost digits; the smallest number whose reciprocal is finite.
_LEAST_SQUARE = 2.0**-900
_LEAST_VALUE = 2.0**-1022


class Screen(Protocol):
    """A float32 copy of the samples, in which most distances are told apart.

    Screened distances are off by no more than a bound that the rounding of float32 gives.
    """

    def keep_candidates(
        self, queries: np.ndarray, surrogates: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Fill heaps of candidates for each query.

        Return reduced distances below which a sample is certain to be among the candidates.
        """


class _Around:
    """Where the samples lie: their mean, and a power of two, which rounds nothing, that scales them to 1."""

    def __init__(self, X: np.ndarray) -> None:
        with np.errstate(over="ignore"):  # then no surrogate is finite, and every query is searched exactly
            self.mean = X.mean(axis=0, dtype=np.float64)
            largest = float(max((X.max(axis=0) - self.mean).max(), (self.mean - X.min(axis=0)).max()))
        self.scale = 2.0 ** -np.ceil(np.log2(largest)) if 1e-150 < largest < 1e150 else 1.0

    def rows(self, X: np.ndarray) -> np.ndarray:
        """Centered, scaled rows in float32, and their squared norms in one column more."""
        out = np.empty((len(X), X.shape[1] + 1), np.float32)
        kernels.center(X, self.mean, self.scale, out)
        return out


class EuclideanScreen:
    """Squared distances by BLAS products of centered samples."""

    def __init__(self, X: np.ndarray, metric: Metric) -> None:
        self.around: _Around = _Around(X)
        self.rows: np.ndarray = self.around.rows(X)
        self.largest: float = float(np.sqrt(self.rows[:, -1].max()))

    def keep_candidates(
        self, queries: np.ndarray, surrogates: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Fill heaps with the samples of least ``|x|^2 - 2 q x``."""
        rows = self.around.rows(queries)
        squared = rows[:, -1].astype(np.float64)
        rows *= -2
        rows[:, -1] = 1
        with single_threaded():
            kernels.screen_products(self.rows, rows, surrogates, candidates)
        error = 4 * (rows.shape[1] + 8) * _ROUNDOFF * (np.sqrt(squared) + self.largest) ** 2
        return (surrogates[:, 0] + squared - error) / self.around.scale**2


class CosineScreen:
    """Cosines by BLAS products of normalized samples."""

    def __init__(self, X: np.ndarray, metric: Metric) -> None:
        self.rows: np.ndarray = self._normalized(X)

    @staticmethod
    def _normalized(X: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            squared = row_norms(X, np.float64)
        extreme = ~((squared > _LEAST_SQUARE) & (squared < np.inf))
        if extreme.any():
            X = X.astype(np.float64)
            X[extreme] /= np.maximum(np.abs(X[extreme]).max(axis=1, keepdims=True), _LEAST_VALUE)
            squared[extreme] = row_norms(X[extreme])
        norms = np.sqrt(squared)
        norms[norms == 0] = 1.0  # such a row is at distance 1 from all others
        return (X / norms[:, None]).astype(np.float32)

    def keep_candidates(
        self, queries: np.ndarray, surrogates: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Fill heaps with the samples of greatest cosine."""
        with single_threaded():
            kernels.screen_products(self.rows, -self._normalized(queries), surrogates, candidates)
        error = 4 * (self.rows.shape[1] + 8) * _ROUNDOFF
        return 1.0 + surrogates[:, 0] - error


class ColumnScreen:
    """Manhattan and Chebyshev distances, feature by feature, of centered samples."""

    def __init__(self, X: np.ndarray, metric: Metric) -> None:
        self.metric = metric
        self.around: _Around = _Around(X)
        rows = self.around.rows(X)[:, :-1]
        self.columns: np.ndarray = np.ascontiguousarray(rows.T)
        self.largest: float = float(np.abs(rows).sum(axis=1).max())

    def keep_candidates(
        self, queries: np.ndarray, surrogates: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Fill heaps with the samples of least distance."""
        rows = np.ascontiguousarray(self.around.rows(queries)[:, :-1])
        kernels.scan(self.columns, rows, self.metric.code, self.metric.p, surrogates, candidates)
        size = np.abs(rows).sum(axis=1, dtype=np.float64) + self.largest
        last = surrogates[:, 0].astype(np.float64)
        return (last - 2 * (rows.shape[1] + 8) * _ROUNDOFF * (last + size)) / self.around.scale


# Minkowski distances of other powers are measured in float64 at once: powers cost the same there.
SCREENS: dict[int, Callable[[np.ndarray, Metric], Screen]] = {
    EUCLIDEAN: EuclideanScreen,
    COSINE: CosineScreen,
    MANHATTAN: ColumnScreen,
    CHEBYSHEV: ColumnScreen,
}
