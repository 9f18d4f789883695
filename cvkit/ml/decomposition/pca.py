"""Principal component analysis."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy import linalg, sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from cvkit._dispatch import contiguous, on_device
from cvkit.ml._gram import Rows, weighted_mean
from cvkit.ml._samples import FLOATS, check_device_samples
from cvkit.ml.decomposition import spectrum
from cvkit.ml.linear.decision import linear_decision, refuse_device_arrays
from cvkit.typing import Automatic, ComponentRule, PCASolver, PowerNormalizer

_MOST_COVARIANCE_FEATURES = 1000
_SMALL = 500


class PCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Principal component analysis: the directions in which samples vary most.

    Parameters, attributes and answers are those of ``sklearn.decomposition.PCA``. Samples on a GPU are
    transformed there.

    Parameters
    ----------
    n_components : int, float, "mle" or None, default=None
        Number of components; a float is the share of the variance that they explain at least; "mle" is
        Minka's choice; None is as many as there are.
    copy : bool, default=True
        Accepted for compatibility; X is never modified.
    whiten : bool, default=False
        Whether each component is scaled to variance 1.
    svd_solver : {"auto", "full", "covariance_eigh", "arpack", "randomized"}, default="auto"
        A decomposition of the samples, of their covariance, by ARPACK, or of random projections. "auto" takes
        the covariance of at most 1,000 features with ten times as many samples, else projections where less
        than 80 % of the components are asked for of more than 500 samples or features, else the samples.
    tol : float, default=0.0
        Precision of ARPACK.
    iterated_power : "auto" or int, default="auto"
        Powers of random projections.
    n_oversamples : int, default=10
        Random vectors beyond the components.
    power_iteration_normalizer : {"auto", "QR", "LU", "none"}, default="auto"
        What keeps random projections apart.
    random_state : int, RandomState or None, default=None
        Seeds "arpack" and "randomized".

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Directions, of the largest variance first; the largest entry of each is positive.
    explained_variance_, explained_variance_ratio_ : ndarray of shape (n_components,)
        Variance along each, and its share of all variance.
    singular_values_ : ndarray of shape (n_components,)
        Norm of the samples along each.
    mean_ : ndarray of shape (n_features,)
        Mean of the samples.
    n_components_, n_samples_, n_features_in_ : int
        Numbers.
    noise_variance_ : float
        Mean variance of the directions that were left out.

    References
    ----------
    Tipping, Bishop: Probabilistic principal component analysis. JRSS B 61, 1999. Halko, Martinsson, Tropp:
    Finding structure with randomness. SIAM Review 53, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import PCA
    >>> X = np.array([[-1, -1], [-2, -1], [-3, -2], [1, 1], [2, 1], [3, 2]])
    >>> PCA(1).fit(X).explained_variance_ratio_.round(4)
    array([0.9924])
    """

    components_: np.ndarray

    _stored: ClassVar[tuple[str, ...]] = (
        "components_",
        "explained_variance_",
        "explained_variance_ratio_",
        "singular_values_",
        "mean_",
        "n_components_",
        "n_samples_",
        "noise_variance_",
        "n_features_in_",
    )
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [
            Interval(Integral, 0, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
            StrOptions({"mle"}),
            None,
        ],
        "copy": ["boolean"],
        "whiten": ["boolean"],
        "svd_solver": [StrOptions({"auto", "full", "covariance_eigh", "arpack", "randomized"})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "iterated_power": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "n_oversamples": [Interval(Integral, 1, None, closed="left")],
        "power_iteration_normalizer": [StrOptions({"auto", "QR", "LU", "none"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: float | ComponentRule | None = None,
        *,
        copy: bool = True,
        whiten: bool = False,
        svd_solver: PCASolver = "auto",
        tol: float = 0.0,
        iterated_power: int | Automatic = "auto",
        n_oversamples: int = 10,
        power_iteration_normalizer: PowerNormalizer = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_components: float | ComponentRule | None = n_components
        self.copy: bool = copy
        self.whiten: bool = whiten
        self.svd_solver: PCASolver = svd_solver
        self.tol: float = tol
        self.iterated_power: int | Automatic = iterated_power
        self.n_oversamples: int = n_oversamples
        self.power_iteration_normalizer: PowerNormalizer = power_iteration_normalizer
        self.random_state: int | np.random.RandomState | None = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> PCA:
        """Find the components.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples; float32 and float64 are used as they are.
        y : None
            Ignored.

        Returns
        -------
        PCA
            This estimator.
        """
        self._fit(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Find the components and return the samples along them.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
        """
        return self._project(self._fit(X))

    def _fit(self, X: Any) -> Any:
        """Set the attributes; return the samples as they were checked."""
        refuse_device_arrays(self, X)
        if sparse.issparse(X) and self.svd_solver not in ("auto", "arpack", "covariance_eigh"):
            raise TypeError(
                'PCA only support sparse inputs with the "arpack" and "covariance_eigh" solvers, while '
                f'"{self.svd_solver}" was passed. See TruncatedSVD for a possible alternative.'
            )
        X = validate_data(self, X, dtype=list(FLOATS), accept_sparse=("csr", "csc"), order="C")
        solver = self._solver(X)
        wanted = self._wanted(X, solver)
        X = X.tocsr() if sparse.issparse(X) else X
        mean = weighted_mean(X, None)
        rows = Rows(X, mean, None)
        freedom = X.shape[0] - 1
        if solver in ("full", "covariance_eigh"):
            find = spectrum.by_decomposition if solver == "full" else spectrum.by_covariance
            values, vectors = find(rows)
            with np.errstate(invalid="ignore", divide="ignore"):
                variances = values**2 / freedom
            total = variances.sum()
            count = self._count(wanted, variances, X.shape[0])
            rest = variances[count:].mean() if count < len(variances) else 0.0
        else:
            values, vectors, total = self._truncated(rows, int(wanted), solver)
            variances, count = values**2 / freedom, int(wanted)
            rest = (total - variances.sum()) / max(min(X.shape) - count, 1)
        self.noise_variance_: float = max(float(rest), 0.0) if count < min(X.shape) else 0.0
        self.n_samples_: int = X.shape[0]
        self.n_components_: int = count
        self.mean_: np.ndarray = mean.astype(X.dtype)
        self.components_ = np.ascontiguousarray(spectrum.with_signs(vectors[:count]), X.dtype)
        self.explained_variance_: np.ndarray = variances[:count].astype(X.dtype)
        with np.errstate(invalid="ignore"):
            self.explained_variance_ratio_: np.ndarray = (variances[:count] / total).astype(X.dtype)
        self.singular_values_: np.ndarray = values[:count].astype(X.dtype)
        return X

    def _solver(self, X: Any) -> str:
        """Return the method that "auto" stands for."""
        if self.svd_solver != "auto":
            return self.svd_solver
        count, features = X.shape
        if sparse.issparse(X):
            return "arpack"
        if features <= _MOST_COVARIANCE_FEATURES and count >= 10 * features:
            return "covariance_eigh"
        if max(X.shape) <= _SMALL or isinstance(self.n_components, str) or self.n_components is None:
            return "full"
        return "randomized" if 1 <= self.n_components < 0.8 * min(X.shape) else "full"

    def _wanted(self, X: Any, solver: str) -> float | str:
        """Return ``n_components``, checked; None is what the solver can give."""
        most = min(X.shape)
        truncates = solver in ("arpack", "randomized")
        if self.n_components is None:
            return most - 1 if solver == "arpack" else most
        if isinstance(self.n_components, str):
            if truncates:
                raise ValueError(
                    f"n_components={self.n_components!r} cannot be a string with svd_solver='{solver}'"
                )
            if X.shape[0] < X.shape[1]:
                raise ValueError("n_components='mle' is only supported if n_samples >= n_features")
            return self.n_components
        if not int(truncates) <= self.n_components <= most:
            raise ValueError(
                f"n_components={self.n_components!r} must be between {int(truncates)} and "
                f"min(n_samples, n_features)={most} with svd_solver={solver!r}"
            )
        if solver == "arpack" and self.n_components == most:
            raise ValueError(
                f"n_components={self.n_components!r} must be strictly less than "
                f"min(n_samples, n_features)={most} with svd_solver={solver!r}"
            )
        return self.n_components

    def _count(self, wanted: float | str, variances: np.ndarray, n_samples: int) -> int:
        """Turn a rule or a share of the variance into a number of components."""
        if isinstance(wanted, str):
            return spectrum.likely_dimension(variances, n_samples)
        if 0 < wanted < 1:
            shares = np.cumsum(variances / variances.sum())
            return int(np.searchsorted(shares, wanted, side="right")) + 1
        return int(wanted)

    def _truncated(self, rows: Rows, count: int, solver: str) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the largest singular values, their vectors, and all variance."""
        random = check_random_state(self.random_state)
        X = rows.X
        samples = spectrum.around_mean(X, rows.mean) if sparse.issparse(X) else rows.block(slice(None))
        if sparse.issparse(X):
            squares = float((X.data.astype(np.float64) ** 2).sum()) - X.shape[0] * float(
                rows.mean @ rows.mean
            )
        else:
            squares = float(np.einsum("ij,ij->", samples, samples))
        if solver == "arpack":
            values, vectors = spectrum.by_lanczos(samples, count, self.tol, random)
        else:
            values, vectors = spectrum.by_random_projection(
                samples,
                count,
                self.n_oversamples,
                self.iterated_power,
                self.power_iteration_normalizer,
                random,
            )
        return values, vectors, squares / (X.shape[0] - 1)

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def _scales(self) -> np.ndarray:
        """Return what whitening divides each component by."""
        scales = np.sqrt(self.explained_variance_)
        return np.maximum(scales, np.finfo(scales.dtype).eps)

    def _projection(self) -> tuple[np.ndarray, np.ndarray]:
        """Return weights and constants of the transformation."""
        weights = self.components_ / self._scales()[:, np.newaxis] if self.whiten else self.components_
        return weights, -(weights @ self.mean_)

    def _project(self, X: Any) -> np.ndarray:
        weights, constants = self._projection()
        out = X @ weights.T
        out += constants
        return out

    def transform(self, X: Any) -> Any:
        """Return samples along the components.

        Parameters
        ----------
        X : {array-like, CSR matrix, device array} of shape (n_samples, n_features)
            Samples. A device array (float32 or float64) is read on its GPU.

        Returns
        -------
        array of shape (n_samples, n_components)
            The same kind of array as X.
        """
        check_is_fitted(self)
        if on_device(X):
            samples = check_device_samples(self, X)
            return samples.give_back(linear_decision(samples, *self._projection()))
        return self._project(
            validate_data(self, X, dtype=list(FLOATS), accept_sparse=("csr", "csc"), reset=False)
        )

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the samples that lie along the components as given.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Along the components.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        components = self._scales()[:, np.newaxis] * self.components_ if self.whiten else self.components_
        return np.asarray(X) @ components + self.mean_

    def get_covariance(self) -> np.ndarray:
        """Return the covariance of the probabilistic model, (n_features, n_features)."""
        check_is_fitted(self)
        variances = self.explained_variance_
        components = self.components_
        if self.whiten:
            components = components * np.sqrt(variances)[:, np.newaxis]
        beyond = np.where(variances > self.noise_variance_, variances - self.noise_variance_, 0.0)
        covariance = (components.T * beyond) @ components
        covariance[np.diag_indices_from(covariance)] += self.noise_variance_
        return covariance

    def get_precision(self) -> np.ndarray:
        """Return the inverse of ``get_covariance()``."""
        check_is_fitted(self)
        if self.n_components_ == 0:
            return np.eye(self.n_features_in_) / self.noise_variance_
        return linalg.inv(self.get_covariance())

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the logarithm of the likelihood of each sample under the probabilistic model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=list(FLOATS), reset=False)
        around = contiguous(X - self.mean_)
        precision = self.get_precision()
        distances = np.einsum("ij,ij->i", around, around @ precision)
        constant = X.shape[1] * np.log(2.0 * np.pi) - np.linalg.slogdet(precision)[1]
        return -0.5 * (distances + constant)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of ``score_samples``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : None
            Ignored.

        Returns
        -------
        float
        """
        return float(np.mean(self.score_samples(X)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.input_tags.sparse = self.svd_solver in ("auto", "arpack", "covariance_eigh")
        return tags
