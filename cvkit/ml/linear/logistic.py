"""Logistic regression."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse, special
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import compute_class_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from cvkit._blas import single_threaded
from cvkit._dispatch import contiguous, to_host
from cvkit.ml._samples import FLOATS
from cvkit.ml.linear.decision import LinearDecision, give_copy, refuse_device_arrays, sample_weights
from cvkit.ml.linear.lbfgs import run_lbfgs
from cvkit.ml.linear.proximal_newton import MOST_WEIGHTS, LogisticModel, minimize
from cvkit.typing import Balanced, LogisticPenalty, LogisticSolver

# So many bytes of X stay in cache between the product for the scores and the one for the gradient.
_BLOCK_BYTES = 1 << 21
# With an L1 term, violations of optimality stay below this share of it.
_SMALL_SHARE = 0.01

# How scikit-learn's warnings begin: programs filter them by that.
_FAILURES = {
    "lbfgs": "lbfgs failed to converge",
    "liblinear": "Liblinear failed to converge, increase the number of iterations",
    "newton-cg": "newton-cg failed to converge",
    "newton-cholesky": "Newton solver did not converge",
    "sag": "The max_iter was reached which means the coef_ did not converge",
    "saga": "The max_iter was reached which means the coef_ did not converge",
}


class LogisticRegression(LinearDecision):
    """Logistic regression for two classes, multinomial for more.

    Minimizes ``C * sum_i weight_i * log_loss_i + l1_ratio * |w|_1 + (1 - l1_ratio) / 2 * |w|^2``; intercepts
    are not penalized.

    Parameters
    ----------
    penalty : {"auto", "l2", "l1", "elasticnet"} or None, default="auto"
        "auto" follows ``l1_ratio``; "l2" and "l1" stand for 0 and 1; None is ``C = inf``.
    C : float, default=1.0
        Weight of the loss; ``np.inf`` for no penalty.
    l1_ratio : float, default=0.0
        Share of the L1 norm in the penalty: 0 is ridge, 1 lasso, between them elastic net.
    dual : bool, default=False
        Accepted for compatibility; True only with ``solver="liblinear"``.
    tol : float, default=1e-4
        The solver ends when no component of the gradient of the mean loss and penalty exceeds this, nor, with
        an L1 term, a hundredth of the slope of that.
    fit_intercept : bool, default=True
        Whether to learn intercepts.
    intercept_scaling : float, default=1.0
        With ``solver="liblinear"`` the value of the feature whose weight the intercept is.
    class_weight : dict, "balanced" or None, default=None
        Factors of the sample weights by class.
    random_state : int, RandomState or None, default=None
        Accepted for compatibility; nothing is random.
    solver : {"lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"}, default="lbfgs"
        scikit-learn's solvers. All are served alike, but for "liblinear", which penalizes the intercept, too,
        and tells two classes apart.
    max_iter : int, default=100
        Largest number of iterations.
    verbose : int, default=0
        Accepted for compatibility; nothing is printed.
    warm_start : bool, default=False
        Whether to start from the previous solution.
    n_jobs : int or None, default=None
        Accepted for compatibility.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Weights of the features, in the dtype of the samples.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    n_iter_ : int32 ndarray of shape (1,)
        Iterations.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    L-BFGS-B (Byrd, Lu, Nocedal, Zhu, 1995) from SciPy, on a loss and gradient that read X once. With an L1
    term the weights are split into two non-negative parts, ``w = p - q``, which makes the problem smooth and
    its zeros exact: a weight is zero where both parts rest at their bound. Up to 512 weights, a proximal
    Newton method takes over where L-BFGS does not reach ``tol``, with an L1 term within half of ``max_iter``.
    A ``ConvergenceWarning`` tells of a model that is not optimal to ``tol``.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import LogisticRegression
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> model = LogisticRegression().fit(X, [0, 0, 1, 1])
    >>> model.predict([[0.5], [2.5]])
    array([0, 1])
    >>> model.predict_proba([[1.5]]).round(3)
    array([[0.5, 0.5]])
    """

    coef_: np.ndarray
    intercept_: np.ndarray

    _stored: ClassVar[tuple[str, ...]] = ("classes_", "coef_", "intercept_", "n_iter_", "n_features_in_")

    _parameter_constraints: ClassVar[dict] = {
        "penalty": [StrOptions({"auto", "l1", "l2", "elasticnet"}), None],
        "C": [Interval(Real, 0, None, closed="right")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "dual": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "random_state": ["random_state"],
        "solver": [StrOptions({"lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"})],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        penalty: LogisticPenalty | None = "auto",
        *,
        C: float = 1.0,
        l1_ratio: float = 0.0,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1.0,
        class_weight: dict[Any, Any] | Balanced | None = None,
        random_state: int | np.random.RandomState | None = None,
        solver: LogisticSolver = "lbfgs",
        max_iter: int = 100,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.penalty: LogisticPenalty | None = penalty
        self.C: float = C
        self.l1_ratio: float = l1_ratio
        self.dual: bool = dual
        self.tol: float = tol
        self.fit_intercept: bool = fit_intercept
        self.intercept_scaling: float = intercept_scaling
        self.class_weight: dict[Any, Any] | Balanced | None = class_weight
        self.random_state: int | np.random.RandomState | None = random_state
        self.solver: LogisticSolver = solver
        self.max_iter: int = max_iter
        self.verbose: int = verbose
        self.warm_start: bool = warm_start
        self.n_jobs: int | None = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LogisticRegression:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples; float32 and float64 are used as they are.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples' losses.

        Returns
        -------
        LogisticRegression
            This estimator.
        """
        refuse_device_arrays(self, X, y)
        penalizes_intercept = self.solver == "liblinear"
        if self.dual and not penalizes_intercept:
            raise ValueError(f"Solver {self.solver} supports only dual=False, got dual=True")
        if penalizes_intercept and (self.penalty is None or np.isinf(self.C)):
            raise ValueError("C=np.inf as well as penalty=None is not supported for the liblinear solver")
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=list(FLOATS), order="C")
        check_classification_targets(y)
        classes, targets = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data contains only one"
                f" class: {classes[0]!r}"
            )
        weights = sample_weights(sample_weight, X)
        if self.class_weight is not None:
            factors = compute_class_weight(self.class_weight, classes=classes, y=y, sample_weight=weights)
            weights = weights * factors[targets]
        total = float(weights.sum())
        if total == 0:
            raise ValueError("class_weight and sample_weight leave no sample with a positive weight")

        if penalizes_intercept and len(classes) > 2:
            raise ValueError(
                "The 'liblinear' solver does not support multiclass classification (n_classes >= 3). Either "
                "use another solver or wrap the estimator in a OneVsRestClassifier to keep applying a "
                "one-versus-rest scheme."
            )
        if penalizes_intercept and self.fit_intercept:
            # LIBLINEAR's constant is a feature as any other.
            constant = np.full((X.shape[0], 1), self.intercept_scaling, X.dtype)
            X = sparse.hstack([X, constant]).tocsr() if sparse.issparse(X) else np.hstack([X, constant])
        score_count = 1 if len(classes) == 2 else len(classes)
        start = self._start(score_count, X.shape[1])
        fits_intercept = self.fit_intercept and not penalizes_intercept
        loss = _LogisticLoss(X, targets, weights / total, score_count, fits_intercept)
        l1_ratio, strength = self._penalty(total)
        solution, iterations = self._minimize(loss, start, l1_ratio * strength, (1.0 - l1_ratio) * strength)
        if score_count > 1:  # what is added to all of them changes nothing
            solution[:, -1] -= solution[:, -1].mean()
        if penalizes_intercept and self.fit_intercept:
            solution = solution[:, :-1]
            solution[:, -1] *= self.intercept_scaling
        self.classes_ = classes
        self.coef_ = np.ascontiguousarray(solution[:, :-1], X.dtype)
        self.intercept_ = solution[:, -1].astype(X.dtype)
        self.n_iter_: np.ndarray = np.array([iterations], np.int32)
        return self

    def _penalty(self, total_weight: float) -> tuple[float, float]:
        """Return the share of L1 and the strength of the penalty beside the mean loss."""
        if self.penalty is None or np.isinf(self.C):
            return 0.0, 0.0
        shares = {"l1": 1.0, "l2": 0.0}
        return shares.get(self.penalty, float(self.l1_ratio)), 1.0 / (self.C * total_weight)

    def _start(self, score_count: int, feature_count: int) -> np.ndarray:
        """Return the first guess, (n_scores, n_features + 1) with the intercept last."""
        if not self.warm_start or self.solver == "liblinear" or not hasattr(self, "coef_"):
            return np.zeros((score_count, feature_count + 1))
        start = np.column_stack([self.coef_, self.intercept_]).astype(np.float64)
        if start.shape != (score_count, feature_count + 1):
            raise ValueError(
                f"warm_start needs the shape of the previous fit: coef_ is {self.coef_.shape}, "
                f"the new data need {(score_count, feature_count)}"
            )
        return start

    def _minimize(
        self, loss: _LogisticLoss, start: np.ndarray, l1: float, l2: float
    ) -> tuple[np.ndarray, int]:
        """Return the weights and the number of iterations; warn unless they are the optimum to ``tol``."""
        # A slope is small only beside the one that holds weights at zero.
        tolerance = min(self.tol, _SMALL_SHARE * l1) if l1 > 0 else self.tol
        is_small = start.size <= MOST_WEIGHTS
        first_limit = self.max_iter // 2 if is_small and l1 > 0 else self.max_iter
        # Threads of BLAS would wait for each other after every block: two took forty times as long on digits.
        with single_threaded():
            solution, iterations, violation = run_lbfgs(loss, start, l1, l2, tolerance, first_limit)
            converged = violation <= tolerance
            # Where features are correlated or differ in their units, L-BFGS may end far from the optimum.
            if not converged and is_small and iterations < self.max_iter:
                model = LogisticModel(*loss.arguments)
                limit = self.max_iter - iterations
                solution, steps, converged = minimize(model, solution, l1, l2, tolerance, limit)
                iterations += steps
        if not converged:
            warnings.warn(
                f"{_FAILURES[self.solver]}: it failed to reach tol={self.tol} in {iterations} iteration(s). "
                f"Increase the number of iterations, max_iter={self.max_iter}, or scale the features",
                ConvergenceWarning,
                stacklevel=3,
            )
        return solution, iterations

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, CSR matrix, device array} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        array of shape (n_samples, n_classes)
            In the order of ``classes_``. The same kind of array as X.
        """
        samples, scores = self._decision(X)
        host = to_host(scores)
        if host.shape[1] == 1:
            return give_copy(samples, special.expit(np.column_stack([-host[:, 0], host[:, 0]])))
        return give_copy(samples, special.softmax(host, axis=1))

    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of the probability of each class; see ``predict_proba``."""
        samples, scores = self._decision(X)
        host = to_host(scores)
        if host.shape[1] == 1:
            host = np.column_stack([np.zeros_like(host[:, 0]), host[:, 0]])
        return give_copy(samples, special.log_softmax(host, axis=1))


class _LogisticLoss:
    """Mean logistic loss of weights (n_scores, n_features + 1), and its gradient."""

    def __init__(
        self, X: Any, targets: np.ndarray, weights: np.ndarray, score_count: int, fit_intercept: bool
    ) -> None:
        self.arguments = X, targets, weights, score_count, fit_intercept
        self.X = X if sparse.issparse(X) else contiguous(X)
        self.targets = targets.astype(np.float64) if score_count == 1 else targets.astype(np.int64)
        self.weights = weights
        self.fit_intercept = fit_intercept
        rows = max(64, _BLOCK_BYTES // (X.dtype.itemsize * X.shape[1]))
        self.block_rows = X.shape[0] if sparse.issparse(X) else rows

    def __call__(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss and the gradient, summed over blocks of samples in order."""
        block_loss = self._binary if len(weights) == 1 else self._multinomial
        coefficients = weights[:, :-1].astype(self.X.dtype)
        gradient = np.zeros_like(weights)
        total = 0.0
        for start in range(0, self.X.shape[0], self.block_rows):
            rows = slice(start, start + self.block_rows)
            X = self.X if sparse.issparse(self.X) else self.X[rows]
            loss, slopes = block_loss(X, coefficients, weights[:, -1], rows)
            total += loss
            gradient[:, :-1] += (X.T @ slopes.T.astype(X.dtype, copy=False)).T
            if self.fit_intercept:
                gradient[:, -1] += slopes.sum(axis=1)
        return total, gradient

    def _binary(
        self, X: Any, coefficients: np.ndarray, intercepts: np.ndarray, rows: slice
    ) -> tuple[float, np.ndarray]:
        from cvkit.ml.linear._cpu.logistic import binary

        scores = (X @ coefficients[0]).astype(np.float64, copy=False)
        scores += intercepts[0]
        losses, slopes = np.empty_like(scores), np.empty_like(scores)
        binary(scores, self.targets[rows], self.weights[rows], losses, slopes)
        return float(losses.sum()), slopes[None, :]

    def _multinomial(
        self, X: Any, coefficients: np.ndarray, intercepts: np.ndarray, rows: slice
    ) -> tuple[float, np.ndarray]:
        from cvkit.ml.linear._cpu.logistic import multinomial

        scores = np.ascontiguousarray((X @ coefficients.T).T, dtype=np.float64)
        scores += intercepts[:, None]
        return multinomial(scores, self.targets[rows], self.weights[rows]), scores
