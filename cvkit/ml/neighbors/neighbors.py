"""The neighbors of samples, which classification and regression take their answers from."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from cvkit._dispatch import Array, on_device, to_device, to_host
from cvkit.ml._samples import Samples, check_samples
from cvkit.ml.neighbors._math import COSINE, MINKOWSKI
from cvkit.ml.neighbors.brute_force import BruteSearch, DeviceSearch
from cvkit.ml.neighbors.kd_tree import TreeSearch
from cvkit.ml.neighbors.search import METRICS, Metric, Search
from cvkit.typing import NeighborMetric, NeighborSearch, NeighborWeights

_TREES = ("kd_tree", "ball_tree")
# With more features, boxes hold so many samples at similar distances that brute force is faster.
TREE_FEATURES = 8


class Neighbors(BaseEstimator):
    """What classification and regression share: parameters, the search, and weights of neighbors."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "weights": [StrOptions({"uniform", "distance"}), callable, None],
        "algorithm": [StrOptions({"auto", "kd_tree", "ball_tree", "brute"})],
        "leaf_size": [Interval(Integral, 1, None, closed="left")],
        "p": [Interval(Real, 0, None, closed="right")],
        "metric": [StrOptions(set(METRICS))],
        "metric_params": [None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        weights: NeighborWeights | Callable[[np.ndarray], np.ndarray] | None = "uniform",
        algorithm: NeighborSearch = "auto",
        leaf_size: int = 30,
        p: float = 2,
        metric: NeighborMetric = "minkowski",
        metric_params: None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors: int = n_neighbors
        self.weights: NeighborWeights | Callable[[np.ndarray], np.ndarray] | None = weights
        self.algorithm: NeighborSearch = algorithm
        self.leaf_size: int = leaf_size
        self.p: float = p
        self.metric: NeighborMetric = metric
        self.metric_params: None = metric_params
        self.n_jobs: int | None = n_jobs

    def _fit_samples(self, X: Array) -> Samples:
        self._validate_params()
        samples = check_samples(self, X, reset=True)
        self.n_samples_fit_: int = int(samples.array.shape[0])
        metric = Metric.of(self.metric, self.p)
        if metric.code == MINKOWSKI and metric.p < 1:
            self._refuse_tree("for p < 1, which is no metric")
            warnings.warn("Minkowski distances with p < 1 are not metrics.", stacklevel=3)
        self._fit_X = samples.array
        self._search = self._build_search(samples, metric)
        self.effective_metric_: str = self.metric if self.metric != "minkowski" else _minkowski_name(self.p)
        return samples

    def _build_search(self, samples: Samples, metric: Metric) -> Search:
        if samples.is_on_device:
            self._refuse_tree("for samples on a GPU")
            return DeviceSearch(samples, metric)
        if metric.code == COSINE:
            self._refuse_tree("with the cosine distance")
            return BruteSearch(samples.array, metric)
        few = samples.array.shape[1] <= TREE_FEATURES and self.n_neighbors < self.n_samples_fit_ // 2
        proper = metric.code != MINKOWSKI or metric.p >= 1
        if self.algorithm in _TREES or (self.algorithm == "auto" and few and proper):
            return TreeSearch(samples.array, metric, self.leaf_size)
        return BruteSearch(samples.array, metric)

    def _refuse_tree(self, why: str) -> None:
        if self.algorithm in _TREES:
            raise ValueError(f"algorithm={self.algorithm!r} cannot be used {why}; use 'auto' or 'brute'")

    def kneighbors(
        self, X: Array | None = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        """Find the nearest fitted samples.

        Parameters
        ----------
        X : array of shape (n_queries, n_features) or None, default=None
            Queries. None asks for the neighbors of each fitted sample other than itself.
        n_neighbors : int or None, default=None
            Number of neighbors; None takes the estimator's.
        return_distance : bool, default=True
            Whether to return distances too.

        Returns
        -------
        distances : array of shape (n_queries, n_neighbors)
            Distances, the smallest first; only where ``return_distance``.
        indices : array of shape (n_queries, n_neighbors), int64
            Indices of the fitted samples. Of equally distant ones, the smaller index comes first.

        Raises
        ------
        ValueError
            If there are fewer fitted samples than neighbors asked for.
        """
        check_is_fitted(self)
        queries, distances, indices = self._neighbors(X, n_neighbors)
        distances, indices = queries.give_back(distances), queries.give_back(indices)
        return (distances, indices) if return_distance else indices

    def _neighbors(self, X: Array | None, n_neighbors: int | None = None) -> tuple[Samples, Array, Array]:
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        if not isinstance(k, Integral):
            raise TypeError(f"n_neighbors does not take {type(k)} value, enter integer value")
        if k <= 0:
            raise ValueError(f"Expected n_neighbors > 0. Got {k}")
        k = int(k)
        own = X is None
        queries = Samples(self._fit_X, self._fit_X) if own else self._new_samples(X)
        count = queries.array.shape[0]
        if k + own > self.n_samples_fit_:
            relation = "<" if own else "<="
            raise ValueError(
                f"Expected n_neighbors {relation} n_samples_fit, but n_neighbors = {k}, "
                f"n_samples_fit = {self.n_samples_fit_}, n_samples = {count}"
            )
        distances, indices = self._search.query(queries, k + own)
        if own:
            distances, indices = _without_self(to_host(distances), to_host(indices))
            distances, indices = queries.on_same_device(distances), queries.on_same_device(indices)
        return queries, distances, indices

    def _new_samples(self, X: Array) -> Samples:
        fitted_on_device = on_device(self._fit_X)
        if on_device(X) and not fitted_on_device:
            raise TypeError("X is on a GPU, but the estimator was fitted on samples in host memory")
        samples = check_samples(self, X, reset=False, dtype=[self._fit_X.dtype])
        if fitted_on_device and not samples.is_on_device:
            return Samples(to_device(samples.array), samples.original)
        return samples

    def kneighbors_graph(
        self, X: Array | None = None, n_neighbors: int | None = None, mode: str = "connectivity"
    ) -> csr_matrix:
        """Return the graph that joins each query to its neighbors.

        Parameters
        ----------
        X : array of shape (n_queries, n_features) or None, default=None
            Queries; None takes the fitted samples, which are then not their own neighbors.
        n_neighbors : int or None, default=None
            Number of neighbors; None takes the estimator's.
        mode : {"connectivity", "distance"}, default="connectivity"
            Whether edges weigh 1 or their length.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n_queries, n_samples_fit)
        """
        if mode not in ("connectivity", "distance"):
            raise ValueError(
                f"Unsupported mode, must be one of 'connectivity' or 'distance', but got {mode!r}"
            )
        check_is_fitted(self)
        _, distances, indices = self._neighbors(X, n_neighbors)
        indices = to_host(indices)
        values = np.ones(indices.size) if mode == "connectivity" else to_host(distances).ravel()
        starts = np.arange(0, indices.size + 1, indices.shape[1])
        return csr_matrix((values, indices.ravel(), starts), shape=(len(indices), self.n_samples_fit_))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _neighbor_weights(self, queries: Samples, distances: Array, *, no_zeros: bool) -> Array:
        """Weights of the neighbors, on the device of the queries."""
        if self.weights in (None, "uniform"):
            return queries.on_same_device(np.ones(distances.shape))
        on_host = to_host(distances)
        if callable(self.weights):
            weights = np.asarray(self.weights(on_host), np.float64)
        else:
            weights = _inverse(on_host)
        if no_zeros and (weights == 0).all(axis=1).any():
            raise ValueError(
                "All neighbors of some sample is getting zero weights. Please modify 'weights' to avoid this "
                "case if you are using a user-defined function."
            )
        return queries.on_same_device(np.ascontiguousarray(weights))


def _inverse(distances: np.ndarray) -> np.ndarray:
    """Inverse distances; where a neighbor is the query itself, such neighbors alone count, each 1."""
    with np.errstate(divide="ignore"):
        weights = 1.0 / distances
    endless = np.isinf(weights)
    rows = endless.any(axis=1)
    weights[rows] = endless[rows]
    return weights


def _minkowski_name(p: float) -> str:
    return {1.0: "manhattan", 2.0: "euclidean", np.inf: "chebyshev"}.get(float(p), "minkowski")


def _without_self(distances: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop each sample from its own neighbors, or the first where duplicates have displaced it."""
    keep = indices != np.arange(len(indices))[:, None]
    displaced = keep.all(axis=1)
    keep[displaced, 0] = False
    shape = (len(indices), indices.shape[1] - 1)
    return distances[keep].reshape(shape), indices[keep].reshape(shape)
