"""K-means clustering."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from cvkit._blas import single_threaded
from cvkit._dispatch import Array, to_host
from cvkit.ml._centering import centered, mean_row
from cvkit.ml._samples import Samples, check_samples, row_norms
from cvkit.ml.cluster import mini_batch
from cvkit.ml.cluster._cpu import lloyd as lloyd_kernels
from cvkit.ml.cluster.lloyd import (
    Clustering,
    Lloyd,
    WeightedSamples,
    drawing_order,
    mean_variance,
    nearest_label,
    plus_plus,
)
from cvkit.typing import Automatic, KMeansAlgorithm, KMeansStart


class KMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):
    """K-means clustering by Lloyd's algorithm, with Hamerly's bounds, or by mini-batches.

    Parameters, attributes and random draws are those of ``sklearn.cluster.KMeans``: equal ``random_state``,
    equal labels. The bounds only skip distances that cannot change a label. Samples on a GPU are clustered
    there.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : {"k-means++", "random"}, callable or array-like of shape (n_clusters, n_features), \
default="k-means++"
        How the initial centers are chosen: greedy k-means++, random samples, a function
        ``init(X, n_clusters, random_state=...)``, or the centers themselves.
    n_init : "auto" or int, default="auto"
        Number of runs, of which the one with the least inertia is kept. "auto" is 1 for k-means++ and given
        centers, 10 for the others (3 with batches).
    max_iter : int, default=300
        Most iterations of one run; with batches, most passes over the data.
    tol : float, default=1e-4
        The run ends when the squared shift of all centers, relative to the mean variance of the features, is
        no more than this.
    verbose : int, default=0
        Above 0, prints the inertia of each run.
    random_state : int, RandomState instance or None, default=None
        Seed of the random draws.
    copy_x : bool, default=True
        Kept for compatibility: X is never modified.
    algorithm : {"lloyd", "elkan"}, default="lloyd"
        Kept for compatibility: both give the same clusters by the same bounded search.
    batch_size : int or None, default=None
        Number of samples of a mini-batch. None runs Lloyd's algorithm on the whole data. Results are then
        those of ``sklearn.cluster.MiniBatchKMeans`` with the same ``max_iter``, ``tol`` and ``n_init``. Not
        for samples on a GPU.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centers, in host memory.
    labels_ : array of shape (n_samples,), int32
        Cluster of each sample, on the device of the samples.
    inertia_ : float
        Weighted sum of squared distances of the samples to their centers.
    n_iter_ : int
        Number of iterations of the kept run.
    n_features_in_ : int
        Number of features seen in ``fit``.

    Raises
    ------
    ValueError
        If a parameter or the samples are not accepted, or there are fewer samples than clusters.

    Notes
    -----
    Whole-number sample weights mean copies: with Lloyd's algorithm and k-means++, the clusters are those of
    copied samples. Where there are weights above 1, or equal samples, centers are therefore drawn in an order
    that depends on the samples alone, and differ from scikit-learn's for the same ``random_state``.

    References
    ----------
    G. Hamerly, "Making k-means even faster", SDM 2010. D. Arthur and S. Vassilvitskii, "k-means++: the
    advantages of careful seeding", SODA 2007. D. Sculley, "Web-scale k-means clustering", WWW 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import KMeans
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> kmeans = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> kmeans.labels_
    array([1, 1, 1, 0, 0, 0], dtype=int32)
    >>> kmeans.predict([[0, 0], [12, 3]])
    array([1, 0], dtype=int32)
    >>> kmeans.cluster_centers_
    array([[10.,  2.],
           [ 1.,  2.]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "init": [StrOptions({"k-means++", "random"}), callable, "array-like"],
        "n_init": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "copy_x": ["boolean"],
        "algorithm": [StrOptions({"lloyd", "elkan"})],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: KMeansStart | Callable[..., Any] | npt.ArrayLike = "k-means++",
        n_init: int | Automatic = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: KMeansAlgorithm = "lloyd",
        batch_size: int | None = None,
    ) -> None:
        self.n_clusters: int = n_clusters
        self.init: KMeansStart | Callable[..., Any] | npt.ArrayLike = init
        self.n_init: int | Automatic = n_init
        self.max_iter: int = max_iter
        self.tol: float = tol
        self.verbose: int = verbose
        self.random_state: Any = random_state
        self.copy_x: bool = copy_x
        self.algorithm: KMeansAlgorithm = algorithm
        self.batch_size: int | None = batch_size

    def fit(self, X: Array, y: Any = None, sample_weight: Any = None) -> KMeans:
        """Find the clusters of samples.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples; float32 and float64 keep their dtype, others become float64; sparse ones are made dense.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples; None weighs them equally.

        Returns
        -------
        KMeans
            This estimator, fitted.
        """
        self._validate_params()
        samples = check_samples(self, X, reset=True)
        count = samples.array.shape[0]
        if count < self.n_clusters:
            raise ValueError(f"n_samples={count} should be >= n_clusters={self.n_clusters}.")
        # The check reads nothing but the number of rows.
        rows = np.broadcast_to(np.float64(0), (count, 1))
        weights = _check_sample_weight(sample_weight, rows, dtype=np.float64, ensure_non_negative=True)
        with single_threaded():
            if self.batch_size is None:
                best = self._fit_lloyd(samples, weights)
            else:
                best = self._fit_batches(samples, weights)
        self.cluster_centers_: np.ndarray = best.centers
        self._n_features_out = len(best.centers)
        self.inertia_: float = best.inertia
        self.n_iter_: int = best.iterations
        labels = to_host(best.labels)
        self.labels_: Array = samples.give_back(best.labels)
        distinct = len(np.unique(labels))
        if distinct < self.n_clusters and self.batch_size is None:
            warnings.warn(
                f"Number of distinct clusters ({distinct}) found smaller than n_clusters "
                f"({self.n_clusters}). Possibly due to duplicate points in X.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _fit_lloyd(self, samples: Samples, weights: np.ndarray) -> Clustering:
        mean, around = centered(samples)
        weighted = WeightedSamples(around, weights)
        spread = mean_variance(to_host(weighted.norms), samples)
        random_state = check_random_state(self.random_state)
        given = self._given_centers(samples)
        draws = isinstance(self.init, str) and self.init == "k-means++"
        order = drawing_order(samples, weighted) if draws else None
        best: Clustering | None = None
        for _ in range(self._runs(10)):
            centers = (
                given - mean if given is not None else self._initial_centers(weighted, random_state, order)
            )
            found = Lloyd(weighted, centers).run(self.max_iter, self.tol * spread)
            if self.verbose:
                print(f"{found.iterations} iterations, inertia {found.inertia}")
            if best is None or (found.inertia < best.inertia and not _same_clusters(found, best)):
                best = found
        assert best is not None
        centers = best.centers + mean
        # Far from the origin, rounding moves centers by so much that samples between them change sides.
        rounding = float(np.abs(centers - mean - best.centers).max())
        if rounding > 4 * np.finfo(samples.dtype).eps * np.abs(best.centers).max():
            best.labels = nearest_label(samples, centers)
            best.inertia = weighted.inertia(centers - mean, best.labels)
        best.centers = centers
        return best

    def _fit_batches(self, samples: Samples, weights: np.ndarray) -> Clustering:
        if samples.is_on_device:
            raise TypeError(
                "batch_size needs samples in host memory, got an array on a GPU; use cvkit.to_host"
            )
        assert self.batch_size is not None
        X = samples.array
        count = len(X)
        random_state = check_random_state(self.random_state)
        size = min(self.batch_size, count)
        start_size = 3 * size if 3 * size >= self.n_clusters else 3 * self.n_clusters
        start_size = min(start_size, count)
        judges = random_state.randint(0, count, start_size)
        given = self._given_centers(samples)
        origin = mean_row(X)
        best_inertia, best_centers = np.inf, None
        for _ in range(self._runs(3)):
            if given is not None:
                centers = given - origin
            else:
                chosen = random_state.randint(0, count, start_size) if start_size < count else slice(None)
                # As in scikit-learn, a function sees the samples as they came, here.
                offset = np.zeros_like(origin) if callable(self.init) else origin
                subset = WeightedSamples(Samples(X[chosen] - offset, X), weights[chosen])
                centers = self._initial_centers(subset, random_state) + (offset - origin)
            _, distances = mini_batch.nearest(X[judges] - origin, centers)
            inertia = float(np.sum(distances * weights[judges]))
            if best_centers is None or inertia < best_inertia:
                best_inertia, best_centers = inertia, centers
        assert best_centers is not None
        spread = mean_variance(mini_batch.distances(X, origin[None, :], np.zeros(count, np.int32)), samples)
        found = mini_batch.run(
            X,
            weights,
            origin,
            best_centers,
            batch_size=self.batch_size,
            max_iterations=self.max_iter,
            tolerance=self.tol * spread,
            random_state=random_state,
        )
        self.n_steps_: int = found.steps
        centers = found.centers + origin
        labels = nearest_label(samples, centers)
        inertia = float(np.sum(mini_batch.distances(X, centers, labels) * weights))
        return Clustering(centers, labels, inertia, found.iterations)

    def _runs(self, default: int) -> int:
        """Count the runs; given centers need one."""
        if not isinstance(self.init, str) and not callable(self.init):
            if self.n_init not in ("auto", 1):
                warnings.warn(
                    "Explicit initial center position passed: performing only one init in KMeans instead of "
                    f"n_init={self.n_init}.",
                    RuntimeWarning,
                    stacklevel=4,
                )
            return 1
        if self.n_init == "auto":
            return 1 if isinstance(self.init, str) and self.init == "k-means++" else default
        return int(self.n_init)

    def _given_centers(self, samples: Samples) -> np.ndarray | None:
        if isinstance(self.init, str) or callable(self.init):
            return None
        return self._checked_centers(self.init, samples)

    def _checked_centers(self, centers: Any, samples: Samples) -> np.ndarray:
        centers = check_array(to_host(centers), dtype=samples.dtype, order="C", copy=True)
        if centers.shape[0] != self.n_clusters:
            raise ValueError(
                f"The shape of the initial centers {centers.shape} does not match the number of clusters "
                f"{self.n_clusters}."
            )
        if centers.shape[1] != samples.array.shape[1]:
            raise ValueError(
                f"The shape of the initial centers {centers.shape} does not match the number of features of "
                f"the data {samples.array.shape[1]}."
            )
        return centers

    def _initial_centers(
        self, weighted: WeightedSamples, random_state: np.random.RandomState, order: np.ndarray | None = None
    ) -> np.ndarray:
        if callable(self.init):
            centers = self.init(weighted.X, self.n_clusters, random_state=random_state)
            return self._checked_centers(centers, weighted.samples)
        if self.init == "k-means++":
            return plus_plus(weighted, self.n_clusters, random_state, order)
        shares = weighted.host_weights / weighted.host_weights.sum()
        return weighted.rows(
            random_state.choice(weighted.count, size=self.n_clusters, replace=False, p=shares)
        )

    def _new_samples(self, X: Array) -> Samples:
        check_is_fitted(self)
        samples = check_samples(self, X, reset=False, dtype=[self.cluster_centers_.dtype])
        if samples.dtype != self.cluster_centers_.dtype:
            raise TypeError(f"X must have dtype {self.cluster_centers_.dtype} on a GPU, got {samples.dtype}")
        return samples

    def predict(self, X: Array) -> Array:
        """Return the nearest center of each sample.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        array of shape (n_samples,), int32
            Index of the center, on the device of the samples.
        """
        samples = self._new_samples(X)
        return samples.give_back(nearest_label(samples, self.cluster_centers_))

    def transform(self, X: Array) -> Array:
        """Return the distance of each sample to each center.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        array of shape (n_samples, n_clusters)
            Euclidean distances, on the device of the samples.
        """
        samples = self._new_samples(X)
        origin = mean_row(self.cluster_centers_)
        centers = self.cluster_centers_ - origin
        out = samples.empty((samples.array.shape[0], len(centers)), samples.dtype)
        with single_threaded():
            samples.kernels(lloyd_kernels).center_distances(
                samples.array, origin, centers, row_norms(centers), out
            )
        return samples.give_back(out)

    def score(self, X: Array, y: Any = None, sample_weight: Any = None) -> float:
        """Return the negative weighted sum of squared distances of samples to their nearest centers.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        float
        """
        samples = self._new_samples(X)
        rows = np.broadcast_to(np.float64(0), (samples.array.shape[0], 1))
        weights = _check_sample_weight(sample_weight, rows, dtype=np.float64)
        weighted = WeightedSamples(samples, weights)
        return -weighted.inertia(self.cluster_centers_, nearest_label(samples, self.cluster_centers_))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _same_clusters(one: Clustering, other: Clustering) -> bool:
    """Tell whether two runs found the same clusters, perhaps numbered otherwise."""
    first, second = to_host(one.labels).astype(np.int64), to_host(other.labels)
    pairs = np.unique(first * len(one.centers) + second)
    return len(pairs) == len(np.unique(first)) == len(np.unique(second))
