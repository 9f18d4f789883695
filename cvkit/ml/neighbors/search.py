"""What every search for the nearest samples has: a metric, and lists of candidates to fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cvkit._dispatch import Array
from cvkit.ml._samples import Samples
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


def empty_candidates(count: int, k: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """Heaps that any sample can enter."""
    return np.full((count, k), np.inf, dtype), np.full((count, k), NOBODY, np.int64)
