"""Linear regression with an L1 penalty: lasso and elastic net."""

from __future__ import annotations

import warnings
from numbers import Integral, Number, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from cvkit.ml._gram import gram
from cvkit.ml.linear._cpu.coordinate_descent import descend, descend_residuals
from cvkit.ml.linear.regression import LinearRegressor, TrainingData
from cvkit.typing import CoordinateOrder

# The product of samples with themselves has at most 128 MB.
_MOST_GRAM_FEATURES = 4096


class ElasticNet(LinearRegressor):
    """Linear regression with L1 and L2 penalties, by coordinate descent.

    Parameters, attributes and answers are those of ``sklearn.linear_model.ElasticNet``: minimizes
    ``|y - X w|^2 / (2 n_samples) + alpha l1_ratio |w|_1 + alpha (1 - l1_ratio) / 2 |w|^2``.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalties.
    l1_ratio : float, default=0.5
        Share of the L1 penalty: 0 is ridge, 1 lasso.
    fit_intercept : bool, default=True
        Whether to learn an intercept, which is not penalized.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        Accepted for compatibility: the product of the samples with themselves is made where it pays.
    max_iter : int, default=1000
        Largest number of sweeps over the features.
    copy_X : bool, default=True
        Accepted for compatibility; X is never modified.
    tol : float, default=1e-4
        The end has come where no weight changes by more than this share of the largest, and the dual gap is
        at most this share of ``|y|^2``.
    warm_start : bool, default=False
        Whether to start from the previous solution.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState or None, default=None
        Seeds ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order in which weights are updated.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Weights of the features.
    sparse_coef_ : CSR matrix of shape (1, n_features) or (n_targets, n_features)
        The same.
    intercept_ : float or ndarray of shape (n_targets,)
        Constant.
    n_iter_ : int or list of int
        Sweeps for each target.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Largest distance from the minimum that is possible.
    n_features_in_ : int
        Number of features.

    References
    ----------
    Friedman, Hastie, Tibshirani: Regularization paths for generalized linear models via coordinate descent.
    Journal of Statistical Software 33, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import ElasticNet
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
    >>> ElasticNet(alpha=0.5).fit(X, [0.0, 2.0, 4.0, 6.0]).coef_.round(3)
    array([1.5, 0. ])
    """

    _stored: ClassVar[tuple[str, ...]] = ("coef_", "intercept_", "n_iter_", "dual_gap_", "n_features_in_")
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "precompute": ["boolean", "array-like"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
    }

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        precompute: bool | npt.ArrayLike = False,
        max_iter: int = 1000,
        copy_X: bool = True,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: int | np.random.RandomState | None = None,
        selection: CoordinateOrder = "cyclic",
    ) -> None:
        self.alpha: float = alpha
        self.l1_ratio: float = l1_ratio
        self.fit_intercept: bool = fit_intercept
        self.precompute: bool | npt.ArrayLike = precompute
        self.max_iter: int = max_iter
        self.copy_X: bool = copy_X
        self.tol: float = tol
        self.warm_start: bool = warm_start
        self.positive: bool = positive
        self.random_state: int | np.random.RandomState | None = random_state
        self.selection: CoordinateOrder = selection

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples; float32 and float64 are used as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Responses.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples' squared errors, relative to their mean.

        Returns
        -------
        self
        """
        if self.alpha == 0:
            warnings.warn(
                "With alpha=0, this algorithm does not converge well. You are advised to use the "
                "LinearRegression estimator",
                stacklevel=2,
            )
        if isinstance(sample_weight, Number):
            sample_weight = None
        data = self._training_data(X, y, sample_weight, self.fit_intercept)
        problem = _Problem(data, self.alpha, self.l1_ratio, self.positive)
        features, targets = data.X.shape[1], data.targets.shape[1]
        weights = np.zeros((targets, features))
        if self.warm_start and hasattr(self, "coef_"):
            weights[:] = self.coef_
        found = [self._descend(problem, k, weights[k]) for k in range(targets)]
        gaps, sweeps = zip(*found, strict=True)
        self._keep(data, weights.T, self.fit_intercept)
        if not (np.isfinite(self.coef_).all() and np.isfinite(self.intercept_).all()):
            raise ValueError(
                "Coordinate descent iterations resulted in non-finite parameter values. The input data may "
                "contain large values and need to be preprocessed."
            )
        self.n_iter_: Any = list(sweeps) if targets > 1 else sweeps[0]
        self.dual_gap_: Any = np.array(gaps, data.X.dtype) if targets > 1 else float(gaps[0])
        return self

    def _descend(self, problem: _Problem, target: int, weights: np.ndarray) -> tuple[float, int]:
        """Update the weights of one target; return the dual gap for each sample, and the sweeps."""
        state = problem.start(target, weights)
        features = len(weights)
        random = check_random_state(self.random_state) if self.selection == "random" else None
        order = np.arange(features)
        limit = self.tol * problem.squares[target]
        sweeps = self.max_iter or 1000
        gap = np.inf
        for sweep in range(1, sweeps + 1):
            if random is not None:
                order = random.randint(0, features, features)
            change, largest = problem.sweep(order, state, weights)
            if change <= self.tol * largest or sweep == sweeps:
                gap = problem.gap(target, state, weights)
                if gap <= limit:
                    break
        else:
            warnings.warn(
                "Objective did not converge. You might want to increase the number of iterations, check the "
                "scale of the features or consider increasing regularisation. "
                f"Duality gap: {gap:.3e}, tolerance: {limit:.3e}",
                ConvergenceWarning,
                stacklevel=4,
            )
        return gap / problem.count, sweep

    @property
    def sparse_coef_(self) -> sparse.csr_array:
        """The coefficients as a CSR matrix."""
        return sparse.csr_array(np.atleast_2d(self.coef_))


class Lasso(ElasticNet):
    """Linear regression with an L1 penalty, by coordinate descent.

    Parameters, attributes and answers are those of ``sklearn.linear_model.Lasso``: ``ElasticNet`` with
    ``l1_ratio=1``.

    Parameters
    ----------
    alpha, fit_intercept, precompute, copy_X, max_iter, tol, warm_start, positive, random_state, selection
        As for ``ElasticNet``.

    Attributes
    ----------
    coef_, sparse_coef_, intercept_, n_iter_, dual_gap_, n_features_in_
        As for ``ElasticNet``.

    References
    ----------
    Tibshirani: Regression shrinkage and selection via the lasso. JRSS B 58, 1996.

    Examples
    --------
    >>> from cvkit.ml import Lasso
    >>> model = Lasso(alpha=0.1).fit([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], [0.0, 1.0, 2.0])
    >>> model.coef_.round(2)
    array([0.85, 0.  ])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        name: accepted for name, accepted in ElasticNet._parameter_constraints.items() if name != "l1_ratio"
    }

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        precompute: bool | npt.ArrayLike = False,
        copy_X: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: int | np.random.RandomState | None = None,
        selection: CoordinateOrder = "cyclic",
    ) -> None:
        super().__init__(
            alpha,
            l1_ratio=1.0,
            fit_intercept=fit_intercept,
            precompute=precompute,
            max_iter=max_iter,
            copy_X=copy_X,
            tol=tol,
            warm_start=warm_start,
            positive=positive,
            random_state=random_state,
            selection=selection,
        )


class _Problem:
    """The quadratic of training data with its penalties, in the form that is cheaper to descend."""

    def __init__(self, data: TrainingData, alpha: float, l1_ratio: float, positive: bool) -> None:
        self.count, features = data.X.shape
        total = self.count if data.roots is None else float((data.roots**2).sum())
        self.l1, self.l2 = total * alpha * l1_ratio, total * alpha * (1.0 - l1_ratio)
        self.count = total
        self.positive = positive
        self.targets = data.targets
        self.squares = (data.targets**2).sum(axis=0)
        self.has_gram = features <= min(data.X.shape[0], _MOST_GRAM_FEATURES)
        if self.has_gram:
            self.system, self.products = gram(data.rows, data.targets)
        else:
            self.columns = np.ascontiguousarray(data.centered().T)

    def start(self, target: int, weights: np.ndarray) -> np.ndarray:
        """Return what a sweep updates beside the weights: slopes of the loss, or residuals."""
        if self.has_gram:
            return self.products[:, target] - self.system @ weights
        return self.targets[:, target] - weights @ self.columns

    def sweep(self, order: np.ndarray, state: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
        """Update weights in an order; return the largest change and the largest weight."""
        kernel, matrix = (descend, self.system) if self.has_gram else (descend_residuals, self.columns)
        found: tuple[float, float] = kernel(matrix, order, self.l1, self.l2, self.positive, state, weights)
        return found

    def gap(self, target: int, state: np.ndarray, weights: np.ndarray) -> float:
        """Return the difference of the objective and its dual."""
        if self.has_gram:
            slopes, products = state, self.products[:, target]
            fit = self.squares[target] - products @ weights  # residuals times targets
            residual = max(fit - slopes @ weights, 0.0)
        else:
            slopes = self.columns @ state
            fit, residual = state @ self.targets[:, target], state @ state
        pulls = slopes - self.l2 * weights
        steepest = float(pulls.max() if self.positive else np.abs(pulls).max())
        scale = self.l1 / steepest if steepest > self.l1 else 1.0
        ridge = 0.5 * self.l2 * (1.0 + scale**2) * (weights @ weights)
        return float(
            0.5 * (1.0 + scale**2) * residual + self.l1 * np.abs(weights).sum() - scale * fit + ridge
        )
