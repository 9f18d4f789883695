"""Mixtures of normal distributions, fitted by expectation maximization."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import special
from sklearn.base import BaseEstimator, DensityMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from cvkit._dispatch import contiguous, on_device
from cvkit.ml._samples import FLOATS, Samples
from cvkit.ml.cluster.k_means import KMeans
from cvkit.ml.cluster.lloyd import WeightedSamples, plus_plus
from cvkit.ml.mixture.gaussians import Gaussians, estimate, factors_of_precisions
from cvkit.typing import CovarianceType, MixtureStart

_BLOCK_ROWS = 4096


class GaussianMixture(DensityMixin, BaseEstimator):
    """A mixture of normal distributions, fitted by expectation maximization.

    Parameters, attributes and answers are those of ``sklearn.mixture.GaussianMixture``.

    Parameters
    ----------
    n_components : int, default=1
        Number of distributions.
    covariance_type : {"full", "tied", "diag", "spherical"}, default="full"
        One covariance of each, one of all, variances of features, or one variance of each.
    tol : float, default=1e-3
        The end has come where the mean log likelihood changes by less.
    reg_covar : float, default=1e-6
        Added to variances.
    max_iter : int, default=100
        Largest number of steps.
    n_init : int, default=1
        Number of starts, of which the likeliest is kept.
    init_params : {"kmeans", "k-means++", "random", "random_from_data"}, default="kmeans"
        First responsibilities: of clusters, of samples that k-means++ or chance chooses, or random ones.
    weights_init, means_init, precisions_init : array-like, default=None
        A start that is given.
    random_state : int, RandomState or None, default=None
        Seeds the starts, and ``sample``.
    warm_start : bool, default=False
        Whether to start from the previous solution.
    verbose : int, default=0
        Above 0, prints the likelihood of each start.
    verbose_interval : int, default=10
        Accepted for compatibility.

    Attributes
    ----------
    weights_ : ndarray of shape (n_components,)
        Shares of the distributions.
    means_ : ndarray of shape (n_components, n_features)
        Their means.
    covariances_, precisions_, precisions_cholesky_ : ndarray
        Covariances, their inverses, and Cholesky factors of these, by ``covariance_type``.
    converged_ : bool
        Whether ``tol`` was met.
    n_iter_ : int
        Steps of the start that was kept.
    lower_bound_ : float
        Its mean log likelihood.
    lower_bounds_ : list of float
        The same after each step.
    n_features_in_ : int
        Number of features.

    References
    ----------
    Dempster, Laird, Rubin: Maximum likelihood from incomplete data via the EM algorithm. JRSS B 39, 1977.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import GaussianMixture
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> mixture = GaussianMixture(2, random_state=0).fit(X)
    >>> np.sort(mixture.means_[:, 0]).round(3)
    array([ 1., 10.])
    """

    _stored: ClassVar[tuple[str, ...]] = (
        "weights_",
        "means_",
        "covariances_",
        "precisions_",
        "precisions_cholesky_",
        "converged_",
        "n_iter_",
        "lower_bound_",
        "lower_bounds_",
        "n_features_in_",
    )
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "covariance_type": [StrOptions({"full", "tied", "diag", "spherical"})],
        "tol": [Interval(Real, 0.0, None, closed="left")],
        "reg_covar": [Interval(Real, 0.0, None, closed="left")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "init_params": [StrOptions({"kmeans", "random", "random_from_data", "k-means++"})],
        "weights_init": ["array-like", None],
        "means_init": ["array-like", None],
        "precisions_init": ["array-like", None],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "verbose_interval": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: CovarianceType = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: MixtureStart = "kmeans",
        weights_init: npt.ArrayLike | None = None,
        means_init: npt.ArrayLike | None = None,
        precisions_init: npt.ArrayLike | None = None,
        random_state: int | np.random.RandomState | None = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
    ) -> None:
        self.n_components: int = n_components
        self.covariance_type: CovarianceType = covariance_type
        self.tol: float = tol
        self.reg_covar: float = reg_covar
        self.max_iter: int = max_iter
        self.n_init: int = n_init
        self.init_params: MixtureStart = init_params
        self.weights_init: npt.ArrayLike | None = weights_init
        self.means_init: npt.ArrayLike | None = means_init
        self.precisions_init: npt.ArrayLike | None = precisions_init
        self.random_state: int | np.random.RandomState | None = random_state
        self.warm_start: bool = warm_start
        self.verbose: int = verbose
        self.verbose_interval: int = verbose_interval

    def fit(self, X: Any, y: Any = None) -> GaussianMixture:
        """Fit the distributions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples; float32 and float64 are used as they are.
        y : None
            Ignored.

        Returns
        -------
        GaussianMixture
            This estimator.
        """
        self.fit_predict(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_predict(self, X: Any, y: Any = None) -> np.ndarray:
        """Fit the distributions and return the likeliest one of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        self._refuse_device_array(X)
        X = contiguous(validate_data(self, X, dtype=list(FLOATS), order="C", ensure_min_samples=2))
        if X.shape[0] < self.n_components:
            raise ValueError(
                f"Expected n_samples >= n_components but got n_components = {self.n_components}, "
                f"n_samples = {X.shape[0]}"
            )
        given = self._given(X.shape[1])
        goes_on = self.warm_start and hasattr(self, "converged_")
        random = check_random_state(self.random_state)
        best: tuple[Gaussians, list[float], bool] | None = None
        for _ in range(1 if goes_on else self.n_init):
            start = self._fitted() if goes_on else self._start(X, given, random)
            found = self._run(X, start, self.lower_bound_ if goes_on else -np.inf)
            if self.verbose:
                print(f"{len(found[1])} iterations, mean log likelihood {found[1][-1:]}")
            if best is None or (found[1] and found[1][-1] > best[1][-1]):
                best = found
        assert best is not None
        gaussians, bounds, self.converged_ = best
        if not self.converged_ and self.max_iter > 0:
            warnings.warn(
                "Best performing initialization did not converge. Try different init parameters, or increase "
                "max_iter, tol, or check for degenerate data.",
                ConvergenceWarning,
                stacklevel=3,
            )
        self._keep(gaussians, X.dtype)
        self.n_iter_: int = len(bounds)
        self.lower_bounds_: list[float] = bounds
        self.lower_bound_: float = bounds[-1] if bounds else -np.inf
        return self._likelihoods(X).argmax(axis=1)

    def _run(self, X: np.ndarray, gaussians: Gaussians, bound: float) -> tuple[Gaussians, list[float], bool]:
        """Step until the likelihood rests; return what was found, likelihoods, and whether it rests."""
        bounds: list[float] = []
        for _ in range(self.max_iter):
            gaussians, likelihood = gaussians.step(X, self.reg_covar)
            bounds.append(likelihood)
            if abs(likelihood - bound) < self.tol:
                return gaussians, bounds, True
            bound = likelihood
        return gaussians, bounds, False

    def _given(self, features: int) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
        """Check the start that is given: weights, means and precisions."""
        count = self.n_components
        shapes = {
            "full": (count, features, features),
            "tied": (features, features),
            "diag": (count, features),
        }
        weights = _checked(self.weights_init, "weights", (count,))
        if weights is not None and ((weights < 0).any() or (weights > 1).any()):
            raise ValueError(
                "The parameter 'weights' should be in the range [0, 1], but got max value "
                f"{weights.max():.5f}, min value {weights.min():.5f}"
            )
        if weights is not None and not np.allclose(abs(1.0 - weights.sum()), 0.0):
            raise ValueError(
                f"The parameter 'weights' should be normalized, but got sum(weights) = {weights.sum():.5f}"
            )
        means = _checked(self.means_init, "means", (count, features))
        shape = shapes.get(self.covariance_type, (count,))
        return weights, means, _checked(self.precisions_init, "precisions", shape)

    def _start(
        self,
        X: np.ndarray,
        given: tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None],
        random: np.random.RandomState,
    ) -> Gaussians:
        weights, means, precisions = given
        found = None
        if weights is None or means is None or precisions is None:
            found = self._from_responsibilities(X, self._responsibilities(X, random))
            weights = found.weights if weights is None else weights
            means = found.means if means is None else means
        if precisions is None:
            assert found is not None
            return found._replace(weights=weights, means=means)
        factors = factors_of_precisions(self.covariance_type, precisions)
        return Gaussians(self.covariance_type, weights, means, None, factors)

    def _responsibilities(self, X: np.ndarray, random: np.random.RandomState) -> np.ndarray:
        """Return the first responsibilities, (n_samples, n_components)."""
        shape = len(X), self.n_components
        if self.init_params == "random":
            shares = random.uniform(size=shape)
            return shares / shares.sum(axis=1, keepdims=True)
        shares = np.zeros(shape)
        if self.init_params == "kmeans":
            labels = KMeans(self.n_components, n_init=1, random_state=random).fit(X).labels_
            shares[np.arange(len(X)), labels] = 1.0
            return shares
        if self.init_params == "random_from_data":
            chosen = random.choice(len(X), size=self.n_components, replace=False)
        else:
            weighted = WeightedSamples(Samples(X, X), np.ones(len(X)))
            centers = plus_plus(weighted, self.n_components, random)
            chosen = np.array([np.square(X - center).sum(axis=1).argmin() for center in centers])
        shares[chosen, np.arange(self.n_components)] = 1.0
        return shares

    def _from_responsibilities(self, X: np.ndarray, shares: np.ndarray) -> Gaussians:
        counts = shares.sum(axis=0) + 10 * np.finfo(np.float64).eps
        means = (shares.T @ X) / counts[:, np.newaxis]
        # Where few samples count, scikit-learn's tied covariance depends on the origin.
        is_partial = self.init_params in ("random_from_data", "k-means++")
        centers = np.zeros_like(means) if is_partial and self.covariance_type == "tied" else means
        nothing = np.zeros(len(X))
        found, _ = estimate(
            self.covariance_type, X, lambda rows, _: (shares[rows], nothing[rows]), centers, self.reg_covar
        )
        # scikit-learn does not make these weights sum to one.
        return found._replace(weights=counts / len(X))

    def _keep(self, gaussians: Gaussians, dtype: np.dtype) -> None:
        self.weights_: np.ndarray = gaussians.weights.astype(dtype)
        self.means_: np.ndarray = gaussians.means.astype(dtype)
        self.covariances_: np.ndarray | None = (
            None if gaussians.covariances is None else gaussians.covariances.astype(dtype)
        )
        self.precisions_cholesky_: np.ndarray = gaussians.factors.astype(dtype)
        self.precisions_: np.ndarray = gaussians.precisions().astype(dtype)

    def _fitted(self) -> Gaussians:
        """Return the distributions that the attributes describe."""
        weights, means, factors = (
            array.astype(np.float64) for array in (self.weights_, self.means_, self.precisions_cholesky_)
        )
        return Gaussians(self.covariance_type, weights, means, self.covariances_, factors)

    def _refuse_device_array(self, X: Any) -> None:
        if on_device(X):
            raise TypeError(
                "GaussianMixture has no CUDA twin: it needs arrays in host memory, got one on a GPU; use "
                "cvkit.to_host"
            )

    def _likelihoods(self, X: np.ndarray) -> np.ndarray:
        gaussians = self._fitted()
        out = np.empty((len(X), len(gaussians.means)))
        for start in range(0, len(X), _BLOCK_ROWS):
            rows = slice(start, start + _BLOCK_ROWS)
            out[rows] = gaussians.log_likelihoods(X[rows].astype(np.float64, copy=False))
        return out.astype(X.dtype, copy=False)

    def _checked_likelihoods(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        self._refuse_device_array(X)
        return self._likelihoods(validate_data(self, X, dtype=list(FLOATS), reset=False))

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the logarithm of the likelihood of each sample, (n_samples,)."""
        return special.logsumexp(self._checked_likelihoods(X), axis=1)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of ``score_samples``."""
        return float(np.mean(self.score_samples(X)))

    def predict(self, X: Any) -> np.ndarray:
        """Return the index of the likeliest distribution of each sample, (n_samples,)."""
        return self._checked_likelihoods(X).argmax(axis=1)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each distribution for each sample, (n_samples, n_components)."""
        return special.softmax(self._checked_likelihoods(X), axis=1)

    def sample(self, n_samples: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Draw samples, and the index of the distribution of each; they come distribution by distribution."""
        check_is_fitted(self)
        if n_samples < 1:
            raise ValueError(f"n_samples must be at least 1, got {n_samples}")
        random = check_random_state(self.random_state)
        counts = random.multinomial(n_samples, self.weights_.astype(np.float64) / self.weights_.sum())
        parts = []
        assert self.covariances_ is not None
        for k, count in enumerate(counts):
            covariance = self.covariances_ if self.covariance_type == "tied" else self.covariances_[k]
            if self.covariance_type in ("full", "tied"):
                parts.append(random.multivariate_normal(self.means_[k], covariance, int(count)))
            else:
                normal = random.standard_normal(size=(count, self.means_.shape[1]))
                parts.append(self.means_[k] + normal * np.sqrt(covariance))
        return np.vstack(parts), np.repeat(np.arange(len(counts)), counts)

    def _parameter_count(self) -> int:
        count, features = self.means_.shape
        triangle = features * (features + 1) // 2
        of_covariances = {"full": count * triangle, "tied": triangle, "diag": count * features}
        return of_covariances.get(self.covariance_type, count) + count * features + count - 1

    def bic(self, X: Any) -> float:
        """Return the Bayesian information criterion of samples; lower is better."""
        return -2 * self.score(X) * len(X) + self._parameter_count() * float(np.log(len(X)))

    def aic(self, X: Any) -> float:
        """Return the Akaike information criterion of samples; lower is better."""
        return -2 * self.score(X) * len(X) + 2 * self._parameter_count()


def _checked(values: Any, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return given parameters as float64 of a shape."""
    if values is None:
        return None
    array = check_array(values, dtype=np.float64, ensure_2d=False, allow_nd=True)
    if array.shape != shape:
        raise ValueError(f"The parameter '{name}' should have the shape of {shape}, but got {array.shape}")
    return array
