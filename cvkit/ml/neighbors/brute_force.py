"""Nearest neighbors by brute force, on either device."""

from __future__ import annotations

import numpy as np

from cvkit._dispatch import Array, contiguous
from cvkit.ml._samples import Samples
from cvkit.ml.neighbors._cpu import brute_force as kernels
from cvkit.ml.neighbors._math import COSINE
from cvkit.ml.neighbors.screens import SCREENS, Screen
from cvkit.ml.neighbors.search import Metric, empty_candidates


class BruteSearch:
    """Samples in host memory, every one of which is measured for every query."""

    def __init__(self, X: np.ndarray, metric: Metric) -> None:
        self.X = X
        self.metric = metric
        self.screen: Screen | None = SCREENS[metric.code](X, metric) if metric.code in SCREENS else None

    def query(self, queries: Samples, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and indices of the nearest samples."""
        rows = queries.array
        code, p = self.metric.code, self.metric.p
        distances, indices = empty_candidates(len(rows), k, np.float64)
        doubtful = np.ones(len(rows), bool)
        spare = max(4, k // 8)
        if self.screen is not None and k + spare < len(self.X):
            surrogates, candidates = empty_candidates(len(rows), k + spare, np.float32)
            with np.errstate(over="ignore", invalid="ignore"):  # queries beyond the range of float32
                bounds = self.screen.keep_candidates(rows, surrogates, candidates)
            kernels.rerank(self.X, rows, code, p, candidates, distances, indices)
            # Not ``>=``: such queries leave a NaN, which is doubtful too.
            doubtful = ~(distances[:, 0] < bounds)
        if doubtful.any():
            again = empty_candidates(int(doubtful.sum()), k, np.float64)
            self._search_exactly(contiguous(rows[doubtful]), *again)
            distances[doubtful], indices[doubtful] = again
        kernels.finish(self.X, rows, code, p, distances, indices)
        return distances, indices

    def _search_exactly(self, rows: np.ndarray, distances: np.ndarray, indices: np.ndarray) -> None:
        code, p = self.metric.code, self.metric.p
        if code == COSINE:
            kernels.scan_rows(self.X, rows, code, p, distances, indices)
        else:
            columns = np.ascontiguousarray(self.X.T, np.float64)
            kernels.scan(columns, rows.astype(np.float64), code, p, distances, indices)


class DeviceSearch:
    """Samples on a GPU: every query measures them all in float64."""

    # Runs of samples that threads search apart for one query, so that few queries occupy the GPU.
    RUNS = 32

    def __init__(self, samples: Samples, metric: Metric) -> None:
        self.samples = samples
        self.metric = metric

    def query(self, queries: Samples, k: int) -> tuple[Array, Array]:
        """Return distances and indices of the nearest samples, on the GPU."""
        twin = self.samples.kernels(kernels)
        count = queries.array.shape[0]
        runs = max(1, min(self.RUNS, self.samples.array.shape[0] // k))
        distances, indices = (
            self.samples.on_same_device(array) for array in empty_candidates(count * runs, k, np.float64)
        )
        arguments = self.samples.array, queries.array, self.metric.code, self.metric.p, distances, indices
        twin.scan_rows(*arguments)
        twin.finish(*arguments)
        return distances[:count], indices[:count]
