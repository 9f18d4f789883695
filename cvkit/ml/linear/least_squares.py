"""Linear regression by least squares, plain and with an L2 penalty."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, sparse
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from cvkit.ml._gram import gram, residual_products
from cvkit.ml.linear._cpu.coordinate_descent import descend
from cvkit.ml.linear.regression import LinearRegressor, TrainingData
from cvkit.typing import RidgeSolver

# The product of samples with themselves squares their condition: beyond this, LAPACK works on the samples.
_LARGEST_CONDITION = 1e4


class LinearRegression(LinearRegressor):
    """Linear regression by least squares.

    Parameters, attributes and answers are those of ``sklearn.linear_model.LinearRegression``.

    Parameters
    ----------
    fit_intercept : bool, default=True
        Whether to learn an intercept.
    copy_X : bool, default=True
        Accepted for compatibility; X is never modified.
    tol : float, default=1e-6
        Singular values below this share of the largest count as zero; for sparse samples, the precision.
    n_jobs : int or None, default=None
        Accepted for compatibility: ``cvkit.set_num_threads`` decides.
    positive : bool, default=False
        Whether coefficients must not be negative.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Weights of the features.
    intercept_ : float or ndarray of shape (n_targets,)
        Constant.
    rank_ : int
        Rank of the centered samples; not for sparse ones, nor with ``positive``.
    singular_ : ndarray of shape (min(n_samples, n_features),)
        Their singular values.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    The normal equations are solved by Cholesky's method and refined once by the residuals, which is as exact
    as a decomposition of the samples (Bjorck: Stability analysis of the method of seminormal equations, 1987)
    while their condition is moderate; LAPACK's ``gelsd`` serves where it is not, and where features outnumber
    samples.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import LinearRegression
    >>> X = np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0, 3.0]])
    >>> model = LinearRegression().fit(X, X @ [1.0, 2.0] + 3.0)
    >>> model.predict([[3.0, 5.0]]).round(6)
    array([16.])
    """

    _stored: ClassVar[tuple[str, ...]] = ("coef_", "intercept_", "n_features_in_")
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_jobs": [None, Integral],
        "positive": ["boolean"],
    }

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        positive: bool = False,
    ) -> None:
        self.fit_intercept: bool = fit_intercept
        self.copy_X: bool = copy_X
        self.tol: float = tol
        self.n_jobs: int | None = n_jobs
        self.positive: bool = positive

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearRegression:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples; float32 and float64 are used as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Responses.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples' squared errors.

        Returns
        -------
        LinearRegression
            This estimator.
        """
        data = self._training_data(X, y, sample_weight, self.fit_intercept, accept_sparse=not self.positive)
        if self.positive:
            centered = data.centered()
            coefficients = np.column_stack([optimize.nnls(centered, target)[0] for target in data.targets.T])
        elif sparse.issparse(data.X):
            coefficients = _lsqr(data, self.tol)
        else:
            coefficients = self._solve(data)
        self._keep(data, coefficients, self.fit_intercept)
        return self

    def _solve(self, data: TrainingData) -> np.ndarray:
        """Return coefficients (n_features, n_targets), and set the rank and the singular values."""
        count, features = data.X.shape
        if count > features:
            system, products = gram(data.rows, data.targets)
            values = linalg.eigvalsh(system)[::-1]
            if values[-1] > values[0] / _LARGEST_CONDITION**2:
                self.rank_: int = features
                self.singular_: np.ndarray = np.sqrt(values).astype(data.X.dtype)
                factor = linalg.cho_factor(system)
                first = linalg.cho_solve(factor, products)
                rest = residual_products(data.rows, data.targets, first)
                return first + linalg.cho_solve(factor, rest)
        coefficients, _, self.rank_, self.singular_ = linalg.lstsq(
            data.centered(), data.targets, cond=self.tol, overwrite_a=True
        )
        return coefficients

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not self.positive
        return tags


class Ridge(LinearRegressor):
    """Linear regression by least squares with an L2 penalty.

    Parameters, attributes and answers are those of ``sklearn.linear_model.Ridge``: minimizes
    ``|y - X w|^2 + alpha |w|^2``.

    Parameters
    ----------
    alpha : float or array-like of shape (n_targets,), default=1.0
        Strength of the penalty.
    fit_intercept : bool, default=True
        Whether to learn an intercept, which is not penalized.
    copy_X : bool, default=True
        Accepted for compatibility; X is never modified.
    max_iter : int or None, default=None
        Largest number of iterations for sparse samples, and with ``positive``.
    tol : float, default=1e-4
        Precision of those.
    solver : {"auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"}, default="auto"
        Accepted for compatibility: Cholesky's method serves dense samples, and LSQR sparse ones.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState or None, default=None
        Accepted for compatibility; nothing is random.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Weights of the features.
    intercept_ : float or ndarray of shape (n_targets,)
        Constant.
    n_iter_ : None
        Nothing is counted.
    solver_ : str
        What was used: "cholesky", "lsqr", "svd" or, with ``positive``, "lbfgs".
    n_features_in_ : int
        Number of features.

    References
    ----------
    Hoerl, Kennard: Ridge regression. Technometrics 12, 1970.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import Ridge
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> Ridge(alpha=2.0).fit(X, [0.0, 2.0, 4.0]).coef_
    array([1.])
    """

    _stored: ClassVar[tuple[str, ...]] = ("coef_", "intercept_", "n_iter_", "solver_", "n_features_in_")
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alpha": [Interval(Real, 0, None, closed="left"), np.ndarray],
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions({"auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"})],
        "positive": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        alpha: float | npt.ArrayLike = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        solver: RidgeSolver = "auto",
        positive: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.alpha: float | npt.ArrayLike = alpha
        self.fit_intercept: bool = fit_intercept
        self.copy_X: bool = copy_X
        self.max_iter: int | None = max_iter
        self.tol: float = tol
        self.solver: RidgeSolver = solver
        self.positive: bool = positive
        self.random_state: int | np.random.RandomState | None = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Ridge:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples; float32 and float64 are used as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Responses.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights of the samples' squared errors.

        Returns
        -------
        Ridge
            This estimator.
        """
        if self.solver == "lbfgs" and not self.positive:
            raise ValueError("'lbfgs' solver can be used only when positive=True. Please use another solver.")
        if self.positive and self.solver not in ("auto", "lbfgs"):
            raise ValueError(
                f"solver='{self.solver}' does not support positive fitting. Please set the solver to 'auto' "
                "or 'lbfgs', or set `positive=False`"
            )
        data = self._training_data(X, y, sample_weight, self.fit_intercept)
        targets = data.targets.shape[1]
        penalties = np.asarray(self.alpha, np.float64).reshape(-1)
        if len(penalties) not in (1, targets):
            raise ValueError(
                f"Number of targets and number of penalties do not correspond: {len(penalties)} != {targets}"
            )
        penalties = np.broadcast_to(penalties, targets)
        self.n_iter_: None = None
        self.solver_: str = "lbfgs" if self.positive else "lsqr" if sparse.issparse(data.X) else "cholesky"
        if sparse.issparse(data.X) and not self.positive:
            coefficients = _lsqr(data, min(self.tol, 1e-10), penalties, self.max_iter)
        else:
            coefficients = self._solve(data, penalties)
        self._keep(data, coefficients, self.fit_intercept)
        return self

    def _solve(self, data: TrainingData, penalties: np.ndarray) -> np.ndarray:
        """Return coefficients (n_features, n_targets)."""
        count, features = data.X.shape
        if self.positive:
            system, products = gram(data.rows, data.targets)
            return _non_negative(system, products, penalties, self.tol, self.max_iter)
        try:
            if features <= count:
                system, products = gram(data.rows, data.targets)
                return _solve_each(system, products, penalties)
            centered = data.centered()
            return centered.T @ _solve_each(centered @ centered.T, data.targets, penalties)
        except linalg.LinAlgError:  # without a penalty there may be many solutions; the shortest is taken
            self.solver_ = "svd"
            return linalg.lstsq(data.centered(), data.targets, cond=1e-15)[0]


def _solve_each(system: np.ndarray, targets: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """Solve ``(system + penalty) @ w = target`` for each target, or for all at once."""
    diagonal = np.diag_indices_from(system)
    if (penalties == penalties[0]).all():
        system[diagonal] += penalties[0]
        return linalg.solve(system, targets, assume_a="pos", overwrite_a=True)
    out = np.empty_like(targets)
    for k, penalty in enumerate(penalties):
        shifted = system.copy()
        shifted[diagonal] += penalty
        out[:, k] = linalg.solve(shifted, targets[:, k], assume_a="pos", overwrite_a=True)
    return out


def _non_negative(
    system: np.ndarray, products: np.ndarray, penalties: np.ndarray, tolerance: float, max_iter: int | None
) -> np.ndarray:
    """Minimize each quadratic over coefficients that are not negative."""
    out = np.zeros_like(products)
    order = np.arange(len(system))
    for k, penalty in enumerate(penalties):
        weights, slopes = np.zeros(len(system)), products[:, k].copy()
        for _ in range(max_iter or 10_000):
            change, largest = descend(system, order, 0.0, float(penalty), True, slopes, weights)
            if change <= 1e-3 * tolerance * largest:
                break
        out[:, k] = weights
    return out


def _lsqr(
    data: TrainingData, tolerance: float, penalties: np.ndarray | None = None, max_iter: int | None = None
) -> np.ndarray:
    """Solve for sparse samples: Paige and Saunders, ACM TOMS 8, 1982."""
    operator = data.operator()
    penalties = np.zeros(data.targets.shape[1]) if penalties is None else penalties
    solutions = [
        sparse.linalg.lsqr(
            operator, target, damp=np.sqrt(penalty), atol=tolerance, btol=tolerance, iter_lim=max_iter
        )[0]
        for target, penalty in zip(data.targets.T, penalties, strict=True)
    ]
    return np.column_stack(solutions)
