"""Nearest-neighbor search over fitted samples: by brute force on either device, or in a KD-tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cvkit._dispatch import Array, contiguous, to_host
from cvkit.ml._blas import single_threaded
from cvkit.ml._samples import Samples, beside, row_norms
from cvkit.ml.neighbors._cpu import brute_force, kd_tree
from cvkit.ml.neighbors._cpu import brute_force as brute_force_kernels
from cvkit.ml.neighbors._math import CHEBYSHEV, COSINE, EUCLIDEAN, MANHATTAN, MINKOWSKI, NOBODY

METRICS = {
    "euclidean": EUCLIDEAN,
    "l2": EUCLIDEAN,
    "manhattan": MANHATTAN,
    "l1": MANHATTAN,
    "cityblock": MANHATTAN,
    "chebyshev": CHEBYSHEV,
    "cosine": COSINE,
    "minkowski": MINKOWSKI,
}

# Unit roundoff of float32.
_ROUNDOFF = 2.0**-24
# Sums of squares below this have lost digits; the smallest number whose reciprocal is finite.
_LEAST_SQUARE = 2.0**-900
_LEAST_VALUE = 2.0**-1022


@dataclass(frozen=True)
class Metric:
    """A metric as kernels take it: its code, and the power of Minkowski's."""

    code: int
    p: float

    @classmethod
    def of(cls, name: str, p: float) -> Metric:
        """Read a metric's name; powers 1, 2 and infinity have kernels of their own."""
        code = METRICS[name]
        if code == MINKOWSKI:
            code = {1.0: MANHATTAN, 2.0: EUCLIDEAN, np.inf: CHEBYSHEV}.get(float(p), MINKOWSKI)
        return cls(code, float(p))


class Search(Protocol):
    """Fitted samples that can be asked for the nearest of them."""

    def query(self, queries: Samples, k: int) -> tuple[Array, Array]:
        """Return distances and indices of the ``k`` nearest samples of each query, the nearest first.

        Of equally distant samples, the one of smaller index comes first.
        """


def _candidates(count: int, k: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """Heaps that any sample can enter."""
    return np.full((count, k), np.inf, dtype), np.full((count, k), NOBODY, np.int64)


class TreeSearch:
    """A KD-tree over samples in host memory."""

    def __init__(self, X: np.ndarray, metric: Metric, leaf_size: int) -> None:
        self.X = X
        X = np.ascontiguousarray(X, np.float64)
        levels = max(0, int(np.ceil(np.log2(max(len(X) / leaf_size, 1)))))
        nodes = 2 ** (levels + 1) - 1
        self.metric = metric
        self.order = np.arange(len(X))
        self.starts, self.stops = np.zeros((2, nodes), np.int64)
        self.lower, self.upper = np.zeros((2, nodes, X.shape[1]))
        kd_tree.build(X, self.order, self.starts, self.stops, self.lower, self.upper)
        # Feature by feature, so that a leaf is measured a vector of samples at a time.
        self.columns = np.ascontiguousarray(X[self.order].T)

    def query(self, queries: Samples, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and indices of the nearest samples."""
        rows = np.ascontiguousarray(to_host(queries.array), np.float64)
        distances, indices = _candidates(len(rows), k, np.float64)
        kd_tree.search(
            self.columns,
            self.order,
            self.starts,
            self.stops,
            self.lower,
            self.upper,
            rows,
            self.metric.code,
            self.metric.p,
            distances,
            indices,
        )
        brute_force.finish(self.X, queries.array, self.metric.code, self.metric.p, distances, indices)
        return distances, indices


class BruteSearch:
    """Samples in host memory, every one of which is measured for every query."""

    def __init__(self, X: np.ndarray, metric: Metric) -> None:
        self.X = X
        self.metric = metric
        self.screen = _SCREENS[metric.code](X, metric) if metric.code in _SCREENS else None

    def query(self, queries: Samples, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and indices of the nearest samples."""
        rows = queries.array
        code, p = self.metric.code, self.metric.p
        distances, indices = _candidates(len(rows), k, np.float64)
        doubtful = np.ones(len(rows), bool)
        spare = max(4, k // 8)
        if self.screen is not None and k + spare < len(self.X):
            surrogates, candidates = _candidates(len(rows), k + spare, np.float32)
            with np.errstate(over="ignore", invalid="ignore"):  # queries beyond the range of float32
                bounds = self.screen.keep_candidates(rows, surrogates, candidates)
            brute_force.rerank(self.X, rows, code, p, candidates, distances, indices)
            # Not ``>=``: such queries leave a NaN, which is doubtful too.
            doubtful = ~(distances[:, 0] < bounds)
        if doubtful.any():
            again = _candidates(int(doubtful.sum()), k, np.float64)
            self._search_exactly(contiguous(rows[doubtful]), *again)
            distances[doubtful], indices[doubtful] = again
        brute_force.finish(self.X, rows, code, p, distances, indices)
        return distances, indices

    def _search_exactly(self, rows: np.ndarray, distances: np.ndarray, indices: np.ndarray) -> None:
        code, p = self.metric.code, self.metric.p
        if code == COSINE:
            brute_force.scan_rows(self.X, rows, code, p, distances, indices)
        else:
            columns = np.ascontiguousarray(self.X.T, np.float64)
            brute_force.scan(columns, rows.astype(np.float64), code, p, distances, indices)


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
        brute_force.center(X, self.mean, self.scale, out)
        return out


class EuclideanScreen:
    """Squared distances by BLAS products of centered samples."""

    def __init__(self, X: np.ndarray, metric: Metric) -> None:
        self.around = _Around(X)
        self.rows = self.around.rows(X)
        self.largest = float(np.sqrt(self.rows[:, -1].max()))

    def keep_candidates(
        self, queries: np.ndarray, surrogates: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Fill heaps with the samples of least ``|x|^2 - 2 q x``."""
        rows = self.around.rows(queries)
        squared = rows[:, -1].astype(np.float64)
        rows *= -2
        rows[:, -1] = 1
        with single_threaded():
            brute_force.screen_products(self.rows, rows, surrogates, candidates)
        error = 4 * (rows.shape[1] + 8) * _ROUNDOFF * (np.sqrt(squared) + self.largest) ** 2
        return (surrogates[:, 0] + squared - error) / self.around.scale**2


class CosineScreen:
    """Cosines by BLAS products of normalized samples."""

    def __init__(self, X: np.ndarray, metric: Metric) -> None:
        self.rows = self._normalized(X)

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
            brute_force.screen_products(self.rows, -self._normalized(queries), surrogates, candidates)
        error = 4 * (self.rows.shape[1] + 8) * _ROUNDOFF
        return 1.0 + surrogates[:, 0] - error


class ColumnScreen:
    """Manhattan and Chebyshev distances, feature by feature, of centered samples."""

    def __init__(self, X: np.ndarray, metric: Metric) -> None:
        self.metric = metric
        self.around = _Around(X)
        rows = self.around.rows(X)[:, :-1]
        self.columns = np.ascontiguousarray(rows.T)
        self.largest = float(np.abs(rows).sum(axis=1).max())

    def keep_candidates(
        self, queries: np.ndarray, surrogates: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Fill heaps with the samples of least distance."""
        rows = np.ascontiguousarray(self.around.rows(queries)[:, :-1])
        brute_force.scan(self.columns, rows, self.metric.code, self.metric.p, surrogates, candidates)
        size = np.abs(rows).sum(axis=1, dtype=np.float64) + self.largest
        last = surrogates[:, 0].astype(np.float64)
        return (last - 2 * (rows.shape[1] + 8) * _ROUNDOFF * (last + size)) / self.around.scale


# Minkowski distances of other powers are measured in float64 at once: powers cost the same there.
_SCREENS: dict[int, Callable[[np.ndarray, Metric], Screen]] = {
    EUCLIDEAN: EuclideanScreen,
    COSINE: CosineScreen,
    MANHATTAN: ColumnScreen,
    CHEBYSHEV: ColumnScreen,
}


class DeviceSearch:
    """Samples on a GPU: every query measures them all in float64."""

    # Runs of samples that threads search apart for one query, so that few queries occupy the GPU.
    SLICES = 32

    def __init__(self, batch: Samples, metric: Metric) -> None:
        self.batch = batch
        self.metric = metric

    def query(self, queries: Samples, k: int) -> tuple[Array, Array]:
        """Return distances and indices of the nearest samples, on the GPU."""
        kernels = self.batch.kernels(brute_force_kernels)
        count = queries.array.shape[0]
        slices = max(1, min(self.SLICES, self.batch.array.shape[0] // k))
        distances, indices = (
            beside(self.batch, array) for array in _candidates(count * slices, k, np.float64)
        )
        kernels.scan_slices(
            self.batch.array, queries.array, self.metric.code, self.metric.p, slices, distances, indices
        )
        kernels.join_slices(
            self.batch.array, queries.array, self.metric.code, self.metric.p, slices, distances, indices
        )
        return distances[:count], indices[:count]
