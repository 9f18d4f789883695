"""Nearest-neighbour search over fitted samples: by brute force on either device, or in a KD-tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cvkit._dispatch import Array, Batch, to_host
from cvkit.ml._blas import single_threaded
from cvkit.ml._distance_math import CHEBYSHEV, COSINE, EUCLIDEAN, MANHATTAN, MINKOWSKI
from cvkit.ml._samples import beside

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

    def query(self, queries: Batch, k: int) -> tuple[Array, Array]:
        """Return distances and indices of the ``k`` nearest samples of each query, the nearest first.

        Of equally distant samples, the one of smaller index comes first.
        """


def _candidates(count: int, k: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """Heaps that any sample can enter."""
    return np.full((count, k), np.inf, dtype), np.full((count, k), -1, np.int64)


class TreeSearch:
    """A KD-tree over samples in host memory."""

    def __init__(self, X: np.ndarray, metric: Metric, leaf_size: int) -> None:
        from cvkit.ml._cpu import kd_tree

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

    def query(self, queries: Batch, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and indices of the nearest samples."""
        from cvkit.ml._cpu import kd_tree, neighbors

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
        neighbors.finish(self.metric.code, self.metric.p, distances, indices)
        return distances, indices


class BruteSearch:
    """Samples in host memory, and a float32 copy of them in which most distances are told apart.

    The copy is centered and scaled to at most 1, or normalised for the cosine. Screened distances are off by
    no more than a bound that the rounding of float32 gives; a query whose k-th neighbour is not nearer than the
    last candidate by that much is searched again in float64.
    """

    def __init__(self, X: np.ndarray, metric: Metric) -> None:
        self.metric = metric
        self.X = X
        self.mean = np.zeros(X.shape[1])
        self.scale = 1.0
        if metric.code == MINKOWSKI:
            return
        if metric.code != COSINE:
            self.mean = X.mean(axis=0, dtype=np.float64)
            largest = float(np.abs(X - self.mean).max())
            # A power of two, which rounds nothing.
            self.scale = 2.0 ** -np.ceil(np.log2(largest)) if 1e-150 < largest < 1e150 else 1.0
        self.rows = self._screened(X)
        wide = self.rows.astype(np.float64)
        self.norms = np.zeros(len(X), np.float32)
        if metric.code == EUCLIDEAN:
            self.norms = np.einsum("ij,ij->i", wide, wide).astype(np.float32)
        self.largest = self._size(wide).max()

    def _screened(self, X: np.ndarray) -> np.ndarray:
        """Samples or queries as the screen sees them."""
        if self.metric.code == COSINE:
            norms = np.sqrt(np.einsum("ij,ij->i", X, X, dtype=np.float64))
            return (X / np.where(norms > 0, norms, 1.0)[:, None]).astype(np.float32)
        with np.errstate(over="ignore"):
            return ((X - self.mean) * self.scale).astype(np.float32)

    def _size(self, rows: np.ndarray) -> np.ndarray:
        """Norm of each row by which rounding is bounded."""
        if self.metric.code in (EUCLIDEAN, COSINE):
            return np.sqrt(np.einsum("ij,ij->i", rows, rows))
        return np.abs(rows).sum(axis=1)

    def query(self, queries: Batch, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and indices of the nearest samples."""
        from cvkit.ml._cpu import neighbors

        rows = queries.array
        distances, indices = _candidates(len(rows), k, np.float64)
        if self.metric.code == MINKOWSKI:
            doubtful = np.ones(len(rows), bool)
        else:
            doubtful = self._screen(rows, k, distances, indices)
        if doubtful.any():
            again = _candidates(int(doubtful.sum()), k, np.float64)
            self._search_exactly(np.ascontiguousarray(rows[doubtful]), *again)
            distances[doubtful], indices[doubtful] = again
        neighbors.finish(self.metric.code, self.metric.p, distances, indices)
        return distances, indices

    def _screen(self, rows: np.ndarray, k: int, distances: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """Search in float32, measure the candidates exactly; tell which queries may lack a neighbour."""
        from cvkit.ml._cpu import neighbors

        screened = self._screened(rows)
        spare = max(8, k // 4)
        surrogates, candidates = _candidates(len(rows), min(k + spare, len(self.X)), np.float32)
        if self.metric.code in (EUCLIDEAN, COSINE):
            with single_threaded():
                neighbors.screen_products(self.rows, self.norms, screened, surrogates, candidates)
        else:
            neighbors.scan(
                self.rows, screened, self.metric.code, self.metric.p, surrogates, candidates
            )
        neighbors.rerank(
            self.X, rows, self.metric.code, self.metric.p, candidates, distances, indices
        )
        if len(self.X) <= k + spare:  # nothing was left out
            return (indices < 0).any(axis=1)
        kth, offset, error = self._certainty(distances[:, 0], screened, surrogates[:, 0])
        # A NaN, from queries beyond float32, is doubtful too.
        return ~(kth - offset + error < surrogates[:, 0])

    def _certainty(
        self, kth: np.ndarray, screened: np.ndarray, last: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the k-th reduced distance in the screen's units, what it has more than the screen's surrogate,
        and the bound on the surrogate's error."""
        wide = screened.astype(np.float64)
        size = self._size(wide)
        features = wide.shape[1]
        if self.metric.code == EUCLIDEAN:
            return kth * self.scale**2, size**2, 4 * (features + 8) * _ROUNDOFF * (size + self.largest) ** 2
        if self.metric.code == COSINE:
            return kth * 2, np.float64(2), np.float64(8 * (features + 8) * _ROUNDOFF)
        error = 2 * (features + 8) * _ROUNDOFF * (np.abs(last) + size + self.largest)
        return kth * self.scale, np.float64(0), error

    def _search_exactly(self, rows: np.ndarray, distances: np.ndarray, indices: np.ndarray) -> None:
        from cvkit.ml._cpu import neighbors

        if self.metric.code == COSINE:
            everything = np.broadcast_to(np.arange(len(self.X)), (len(rows), len(self.X)))
            neighbors.rerank(
                self.X, rows, COSINE, self.metric.p, np.ascontiguousarray(everything), distances, indices
            )
            return
        X = np.ascontiguousarray(self.X, np.float64)
        rows = rows.astype(np.float64)
        neighbors.scan(X, rows, self.metric.code, self.metric.p, distances, indices)


class DeviceSearch:
    """Samples on a GPU: every query measures them all in float64."""

    # Runs of samples that threads search apart for one query, so that few queries occupy the GPU.
    SLICES = 32

    def __init__(self, batch: Batch, metric: Metric) -> None:
        self.batch = batch
        self.metric = metric

    def query(self, queries: Batch, k: int) -> tuple[Array, Array]:
        """Return distances and indices of the nearest samples, on the GPU."""
        kernels = self.batch.kernels("cvkit.ml", "neighbors")
        count = queries.array.shape[0]
        slices = max(1, min(self.SLICES, self.batch.array.shape[0] // k))
        distances, indices = (
            beside(self.batch, array) for array in _candidates(count * slices, k, np.float64)
        )
        kernels.scan(
            self.batch.array, queries.array, self.metric.code, self.metric.p, slices, distances, indices
        )
        kernels.finish(self.metric.code, self.metric.p, slices, distances, indices)
        return distances[:count], indices[:count]
