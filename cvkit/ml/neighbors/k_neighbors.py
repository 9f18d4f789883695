"""Classification and regression by the nearest neighbors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, column_or_1d

from cvkit._dispatch import Array, contiguous, on_device, to_device, to_host
from cvkit.ml._samples import Samples, beside, samples
from cvkit.ml.neighbors._cpu import brute_force as brute_force_kernels
from cvkit.ml.neighbors._math import COSINE, MINKOWSKI
from cvkit.ml.neighbors.search import METRICS, BruteSearch, DeviceSearch, Metric, Search, TreeSearch

# With more features, boxes hold so many samples at similar distances that brute force is faster.
TREE_FEATURES = 8


class _KNeighbors(BaseEstimator):
    """What classification and regression share: parameters, the search, and weights of neighbors."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "weights": [StrOptions({"uniform", "distance"}), callable, None],
        "algorithm": [StrOptions({"auto", "kd_tree", "brute"})],
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
        weights: str | Callable[[np.ndarray], np.ndarray] | None = "uniform",
        algorithm: str = "auto",
        leaf_size: int = 30,
        p: float = 2,
        metric: str = "minkowski",
        metric_params: None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.p = p
        self.metric = metric
        self.metric_params = metric_params
        self.n_jobs = n_jobs

    def _fit_samples(self, X: Array) -> Samples:
        self._validate_params()
        batch = samples(self, X, reset=True)
        self.n_samples_fit_ = int(batch.array.shape[0])
        metric = Metric.of(self.metric, self.p)
        if metric.code == MINKOWSKI and metric.p < 1:
            self._refuse_tree("for p < 1, which is no metric")
            warnings.warn("Minkowski distances with p < 1 are not metrics.", stacklevel=3)
        self._fit_X = batch.array
        self._search = self._build_search(batch, metric)
        self.effective_metric_ = self.metric if self.metric != "minkowski" else _minkowski_name(self.p)
        return batch

    def _build_search(self, batch: Samples, metric: Metric) -> Search:
        if batch.is_on_device:
            self._refuse_tree("for samples on a GPU")
            return DeviceSearch(batch, metric)
        if metric.code == COSINE:
            self._refuse_tree("with the cosine distance")
            return BruteSearch(batch.array, metric)
        few = batch.array.shape[1] <= TREE_FEATURES and self.n_neighbors < self.n_samples_fit_ // 2
        proper = metric.code != MINKOWSKI or metric.p >= 1
        if self.algorithm == "kd_tree" or (self.algorithm == "auto" and few and proper):
            return TreeSearch(batch.array, metric, self.leaf_size)
        return BruteSearch(batch.array, metric)

    def _refuse_tree(self, why: str) -> None:
        if self.algorithm == "kd_tree":
            raise ValueError(f"algorithm='kd_tree' cannot be used {why}; use 'auto' or 'brute'")

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
            distances, indices = beside(queries, distances), beside(queries, indices)
        return queries, distances, indices

    def _new_samples(self, X: Array) -> Samples:
        fitted_on_device = on_device(self._fit_X)
        if on_device(X) and not fitted_on_device:
            raise TypeError("X is on a GPU, but the estimator was fitted on samples in host memory")
        batch = samples(self, X, reset=False, dtype=[self._fit_X.dtype])
        if fitted_on_device and not batch.is_on_device:
            return Samples(to_device(batch.array), batch.original)
        return batch

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

    def _neighbor_weights(self, queries: Samples, distances: Array, *, no_zeros: bool) -> Array:
        """Weights of the neighbors, beside the distances."""
        if self.weights in (None, "uniform"):
            return beside(queries, np.ones(distances.shape))
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
        return beside(queries, np.ascontiguousarray(weights))


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


class KNeighborsClassifier(ClassifierMixin, _KNeighbors):
    """Classification by a vote of the nearest samples.

    Parameters, attributes and answers are those of ``sklearn.neighbors.KNeighborsClassifier``. Samples on a
    GPU are searched there.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbors that vote.
    weights : {"uniform", "distance"}, callable or None, default="uniform"
        Weight of a vote: equal, the inverse of the distance, or what a function makes of the array of
        distances.
    algorithm : {"auto", "kd_tree", "brute"}, default="auto"
        A KD-tree, brute force, or the faster of the two for the number of features.
    leaf_size : int, default=30
        Most samples in a leaf of the tree.
    p : float, default=2
        Power of the Minkowski distance.
    metric : {"minkowski", "euclidean", "manhattan", "chebyshev", "cosine", "l1", "l2", "cityblock"}, \
default="minkowski"
        Distance between samples.
    metric_params : None
        Kept for compatibility.
    n_jobs : int or None, default=None
        Kept for compatibility: ``cvkit.set_num_threads`` decides.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    effective_metric_ : str
        The metric in use, with Minkowski distances of power 1, 2 and infinity by their names.
    n_samples_fit_ : int
        Number of fitted samples.
    n_features_in_ : int
        Number of features seen in ``fit``.

    Raises
    ------
    ValueError
        If a parameter, the samples or the targets are not accepted.

    Notes
    -----
    Among equally distant samples the smaller index is nearer; among classes of equal score the first wins.

    References
    ----------
    T. Cover and P. Hart, "Nearest neighbor pattern classification", IEEE Transactions on Information Theory
    13(1), 1967.

    Examples
    --------
    >>> from cvkit.ml import KNeighborsClassifier
    >>> model = KNeighborsClassifier(n_neighbors=3).fit([[0], [1], [2], [3]], ["a", "a", "b", "b"])
    >>> model.predict([[1.1]])
    array(['a'], dtype='<U1')
    >>> model.kneighbors([[1.1]])[1]
    array([[1, 2, 0]])
    """

    def fit(self, X: Array, y: npt.ArrayLike) -> KNeighborsClassifier:
        """Remember samples and their classes.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            Class labels.

        Returns
        -------
        KNeighborsClassifier
            This estimator, fitted.
        """
        batch = self._fit_samples(X)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        y = check_array(to_host(y), ensure_2d=False, dtype=None, input_name="y", estimator=self)
        y = column_or_1d(y, warn=True)
        check_consistent_length(np.empty(self.n_samples_fit_), y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self._codes = beside(batch, codes.astype(np.int64))
        return self

    def _scores(self, X: Array | None) -> tuple[Samples, np.ndarray]:
        check_is_fitted(self)
        queries, distances, indices = self._neighbors(X)
        weights = self._neighbor_weights(queries, distances, no_zeros=True)
        scores = beside(queries, np.zeros((indices.shape[0], len(self.classes_))))
        queries.kernels(brute_force_kernels).vote(self._codes, indices, weights, scores)
        return queries, to_host(scores)

    def predict(self, X: Array | None) -> Array:
        """Return the class with most votes among the nearest samples.

        Parameters
        ----------
        X : array of shape (n_queries, n_features) or None
            Queries; None predicts each fitted sample from the others.

        Returns
        -------
        array of shape (n_queries,)
            Class labels; on the device of the queries where the labels are numbers, else in host memory.
        """
        queries, scores = self._scores(X)
        labels = self.classes_[scores.argmax(axis=1)]
        return _as_queries(queries, labels)

    def predict_proba(self, X: Array | None) -> Array:
        """Return each class's share of the votes.

        Parameters
        ----------
        X : array of shape (n_queries, n_features) or None
            Queries; None predicts each fitted sample from the others.

        Returns
        -------
        array of shape (n_queries, n_classes)
            Shares in the order of ``classes_``, on the device of the queries.
        """
        queries, scores = self._scores(X)
        return _as_queries(queries, scores / scores.sum(axis=1, keepdims=True))


class KNeighborsRegressor(MultiOutputMixin, RegressorMixin, _KNeighbors):
    """Regression by the mean target of the nearest samples.

    Parameters, attributes and answers are those of ``sklearn.neighbors.KNeighborsRegressor``. Samples on a
    GPU are searched there.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbors to average.
    weights : {"uniform", "distance"}, callable or None, default="uniform"
        Weight of a neighbor: equal, the inverse of the distance, or what a function makes of the array of
        distances.
    algorithm : {"auto", "kd_tree", "brute"}, default="auto"
        A KD-tree, brute force, or the faster of the two for the number of features.
    leaf_size : int, default=30
        Most samples in a leaf of the tree.
    p : float, default=2
        Power of the Minkowski distance.
    metric : {"minkowski", "euclidean", "manhattan", "chebyshev", "cosine", "l1", "l2", "cityblock"}, \
default="minkowski"
        Distance between samples.
    metric_params : None
        Kept for compatibility.
    n_jobs : int or None, default=None
        Kept for compatibility: ``cvkit.set_num_threads`` decides.

    Attributes
    ----------
    effective_metric_ : str
        The metric in use, with Minkowski distances of power 1, 2 and infinity by their names.
    n_samples_fit_ : int
        Number of fitted samples.
    n_features_in_ : int
        Number of features seen in ``fit``.

    Raises
    ------
    ValueError
        If a parameter, the samples or the targets are not accepted.

    References
    ----------
    N. S. Altman, "An introduction to kernel and nearest-neighbor nonparametric regression", The American
    Statistician 46(3), 1992.

    Examples
    --------
    >>> from cvkit.ml import KNeighborsRegressor
    >>> model = KNeighborsRegressor(n_neighbors=2).fit([[0], [1], [2], [3]], [0.0, 0.0, 1.0, 1.0])
    >>> model.predict([[1.5]])
    array([0.5])
    """

    def fit(self, X: Array, y: npt.ArrayLike) -> KNeighborsRegressor:
        """Remember samples and their targets.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.

        Returns
        -------
        KNeighborsRegressor
            This estimator, fitted.
        """
        batch = self._fit_samples(X)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        values = check_array(to_host(y), ensure_2d=False, dtype=np.float64, input_name="y", estimator=self)
        check_consistent_length(np.empty(self.n_samples_fit_), values)
        self._is_flat = values.ndim == 1
        self._targets = beside(batch, contiguous(values.reshape(len(values), -1)))
        return self

    def predict(self, X: Array | None) -> Array:
        """Return the mean target of the nearest samples.

        Parameters
        ----------
        X : array of shape (n_queries, n_features) or None
            Queries; None predicts each fitted sample from the others.

        Returns
        -------
        array of shape (n_queries,) or (n_queries, n_outputs)
            Targets, on the device of the queries.
        """
        check_is_fitted(self)
        queries, distances, indices = self._neighbors(X)
        weights = self._neighbor_weights(queries, distances, no_zeros=False)
        out = queries.empty((indices.shape[0], self._targets.shape[1]), np.float64)
        queries.kernels(brute_force_kernels).average(self._targets, indices, weights, out)
        return _as_queries(queries, out.reshape(out.shape[0]) if self._is_flat else out)


def _as_queries(queries: Samples, result: Array) -> Array:
    """Give a result back where the queries came from."""
    if not on_device(queries.original):
        return to_host(result)
    if not on_device(result):
        if result.dtype.kind not in "biuf":
            return result
        result = to_device(np.ascontiguousarray(result))
    return queries.give_back(result)
