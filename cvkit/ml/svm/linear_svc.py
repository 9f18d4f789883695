"""Linear support vector classification."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy import linalg, sparse
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from cvkit._dispatch import contiguous
from cvkit.ml._samples import FLOATS
from cvkit.ml.linear.decision import (
    BLOCK_ROWS,
    LinearDecision,
    dense_blocks,
    refuse_device_arrays,
    sample_weights,
)
from cvkit.ml.svm._cpu import linear_svc as kernels
from cvkit.typing import Automatic, Balanced, LinearLoss, LinearMultiClass, LinearPenalty

# With so many features Newton's d x d systems cost more than passes of coordinate descent.
_NEWTON_FEATURES = 256


class LinearSVC(LinearDecision):
    """Linear support vector classifier, one binary SVM for each class against the rest.

    Minimizes ``0.5 * |w|^2 + sum_i C_i * loss(y_i * (w.x_i + b))`` where b is the weight of a constant
    feature and is penalized like the others, as in LIBLINEAR. The minimum is unique and so is the model; the
    solver decides only how fast and how closely it is reached.

    Parameters
    ----------
    penalty : {"l2"}, default="l2"
        Norm of the penalty.
    loss : {"squared_hinge", "hinge"}, default="squared_hinge"
        Loss of a margin m: ``max(0, 1 - m)``, or its square.
    dual : "auto" or bool, default="auto"
        True: dual coordinate descent, for many features, for sparse samples and for the hinge loss. X is read
        in place: a dense C-ordered float32 or float64 matrix is not copied. False: Newton's method on the
        primal problem, for the squared hinge loss with few features; converges to rounding error in a few
        steps however badly the features are scaled. "auto": Newton for the squared hinge up to 256 features.
    tol : float, default=1e-4
        Coordinate descent ends when the projected gradients of a pass differ by no more than this. Newton's
        method goes on to rounding error.
    C : float, default=1.0
        Cost of the loss; regularization is 1 / C.
    multi_class : {"ovr"}, default="ovr"
        One binary SVM for each class against the rest.
    fit_intercept : bool, default=True
        Whether to learn b; otherwise b = 0.
    intercept_scaling : float, default=1.0
        Value of the constant feature. A larger one penalizes b less.
    class_weight : dict, "balanced" or None, default=None
        Factors of C by class. As in LIBLINEAR, with more than two classes the factor of a class holds in its
        own SVM, and the rest counts once.
    verbose : int, default=0
        Accepted for compatibility; nothing is printed.
    random_state : int, RandomState or None, default=None
        Seeds the order in which coordinate descent visits the samples.
    max_iter : int, default=1000
        Largest number of passes over the samples (of Newton steps).

    Attributes
    ----------
    coef_ : float64 ndarray of shape (1, n_features) or (n_classes, n_features)
        Weights of the features.
    intercept_ : float64 ndarray of shape (1,) or (n_classes,)
        b of each binary SVM.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    n_iter_ : int
        Passes or steps of the SVM that took most.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    Coordinate descent: Hsieh et al., "A Dual Coordinate Descent Method for Large-scale Linear SVM"
    (ICML 2008).
    The model does not depend on the number of threads.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import LinearSVC
    >>> X = np.array([[0.0, 1.0], [1.0, 3.0], [4.0, 0.0], [5.0, 1.0]])
    >>> model = LinearSVC().fit(X, ["left", "left", "right", "right"])
    >>> model.predict([[0.5, 2.0], [6.0, 0.0]])
    array(['left', 'right'], dtype='<U5')
    """

    classes_: np.ndarray
    coef_: np.ndarray
    intercept_: np.ndarray

    _stored: ClassVar[tuple[str, ...]] = ("classes_", "coef_", "intercept_", "n_iter_", "n_features_in_")

    _parameter_constraints: ClassVar[dict] = {
        "penalty": [StrOptions({"l2"})],
        "loss": [StrOptions({"hinge", "squared_hinge"})],
        "dual": ["boolean", StrOptions({"auto"})],
        "tol": [Interval(Real, 0.0, None, closed="neither")],
        "C": [Interval(Real, 0.0, None, closed="neither")],
        "multi_class": [StrOptions({"ovr"})],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [None, dict, StrOptions({"balanced"})],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        penalty: LinearPenalty = "l2",
        loss: LinearLoss = "squared_hinge",
        *,
        dual: bool | Automatic = "auto",
        tol: float = 1e-4,
        C: float = 1.0,
        multi_class: LinearMultiClass = "ovr",
        fit_intercept: bool = True,
        intercept_scaling: float = 1.0,
        class_weight: dict[Any, Any] | Balanced | None = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
        max_iter: int = 1000,
    ) -> None:
        self.penalty: LinearPenalty = penalty
        self.loss: LinearLoss = loss
        self.dual: bool | Automatic = dual
        self.tol: float = tol
        self.C: float = C
        self.multi_class: LinearMultiClass = multi_class
        self.fit_intercept: bool = fit_intercept
        self.intercept_scaling: float = intercept_scaling
        self.class_weight: dict[Any, Any] | Balanced | None = class_weight
        self.verbose: int = verbose
        self.random_state: int | np.random.RandomState | None = random_state
        self.max_iter: int = max_iter

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearSVC:
        """Fit the binary SVMs.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples; float32 and float64 are used as they are.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Factors of C by sample.

        Returns
        -------
        LinearSVC
            This estimator.
        """
        refuse_device_arrays(self, X, y)
        X, y = validate_data(
            self, X, y, accept_sparse="csr", dtype=list(FLOATS), order="C", accept_large_sparse=False
        )
        check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data contains only one"
                f" class: {self.classes_[0]!r}"
            )
        weights = sample_weights(sample_weight, X)
        class_weight = compute_class_weight(
            self.class_weight, classes=self.classes_, y=y, sample_weight=weights
        ).astype(np.float64)
        if len(self.classes_) == 2:
            positive, above, below = np.array([1]), class_weight[1:], class_weight[:1]
        else:
            positive, above, below = np.arange(len(self.classes_)), class_weight, np.ones_like(class_weight)

        solve = self._solve_primal if self._uses_newton(X.shape[1]) else self._solve_dual
        solution, steps, converged = solve(X, indices, positive, self.C * weights, above, below)
        if not np.all(converged):
            warnings.warn(
                f"{type(self).__name__} did not converge in max_iter={self.max_iter} passes; "
                "increase max_iter or scale the features",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.coef_ = np.ascontiguousarray(solution[:, :-1])
        self.intercept_ = solution[:, -1] * self._bias
        self.n_iter_: int = int(steps.max())
        return self

    @property
    def _bias(self) -> float:
        return float(self.intercept_scaling) if self.fit_intercept else 0.0

    def _uses_newton(self, feature_count: int) -> bool:
        if self.loss == "hinge":
            if self.dual is False:
                raise ValueError("dual=False needs loss='squared_hinge', got loss='hinge'")
            return False
        return feature_count <= _NEWTON_FEATURES if self.dual == "auto" else not self.dual

    def _solve_dual(
        self,
        X: Any,
        indices: np.ndarray,
        positive: np.ndarray,
        cost: np.ndarray,
        above: np.ndarray,
        below: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        solution = kernels.Solution(
            weights=np.zeros((len(positive), X.shape[1] + 1)),
            passes=np.zeros(len(positive), np.int64),
            converged=np.zeros(len(positive), np.bool_),
        )
        # Zero would be the one state from which the generator does not move.
        seed = 1 + check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        settings = kernels.Settings(
            self.loss == "squared_hinge", self._bias, float(self.tol), self.max_iter, seed
        )
        classes = kernels.Classes(indices, positive, cost, above, below)
        kernels.dual_coordinate_descent(*_rows(X), classes, settings, solution)
        return solution

    def _solve_primal(
        self,
        X: Any,
        indices: np.ndarray,
        positive: np.ndarray,
        cost: np.ndarray,
        above: np.ndarray,
        below: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        walk = partial(dense_blocks, X, self._bias)
        if X.shape[0] <= BLOCK_ROWS:  # one block, made once
            walk = partial(iter, list(walk()))
        solutions = []
        for k, class_index in enumerate(positive):
            signs = np.where(indices == class_index, 1.0, -1.0)
            costs = cost * np.where(signs > 0, above[k], below[k])
            solutions.append(_newton(walk, X.shape[1] + 1, signs, costs, self.max_iter))
        coefficients, steps, converged = zip(*solutions, strict=True)
        return np.array(coefficients), np.array(steps), np.array(converged)


def _rows(X: Any) -> tuple[np.ndarray | None, np.ndarray, np.ndarray, np.ndarray]:
    """Give the samples as the coordinate descent kernel takes them."""
    if sparse.issparse(X):
        return None, contiguous(X.data), contiguous(X.indices), contiguous(X.indptr)
    return contiguous(X), np.empty(0, X.dtype), np.empty(0, np.int32), np.empty(0, np.int32)


def _newton(
    walk: Callable[[], Iterator[tuple[slice, np.ndarray]]],
    size: int,
    signs: np.ndarray,
    costs: np.ndarray,
    max_steps: int,
) -> tuple[np.ndarray, int, bool]:
    """Minimize ``0.5 |w|^2 + sum_i costs_i max(0, 1 - signs_i w.x_i)^2`` by Newton's method.

    The objective is quadratic as long as the same samples lie inside the margin. Once that set stays as it
    is, one step reaches the minimum, so the last steps see a decrease of nothing but rounding error.
    """
    weights = np.zeros(size)
    margins = np.zeros(len(signs))
    objective = costs.sum()
    for step in range(1, max_steps + 1):
        slack = np.maximum(1.0 - signs * margins, 0.0)
        gradient = weights.copy()
        hessian = np.eye(size)
        for rows, block in walk():
            inside = slack[rows] > 0
            pull = 2.0 * costs[rows][inside]
            block = block[inside]
            gradient -= (pull * signs[rows][inside] * slack[rows][inside]) @ block
            scaled = block * np.sqrt(pull)[:, None]
            with np.errstate(over="ignore", invalid="ignore"):
                hessian += scaled.T @ scaled
        direction = _newton_direction(hessian, gradient)
        along = np.concatenate([block @ direction for _, block in walk()])
        slope = float(gradient @ direction)
        length, lower = _backtrack(weights, direction, margins, along, signs, costs, objective, slope)
        weights += length * direction
        margins += length * along
        if length == 0.0 or -slope <= 1e-16 * objective:
            return weights, step, True
        objective = lower
    return weights, max_steps, False


def _newton_direction(hessian: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Solve ``hessian @ direction = -gradient``, its diagonal scaled to one to undo unequal units."""
    if not np.isfinite(hessian).all():
        raise ValueError("X holds values whose squares overflow; scale the features")
    scale = 1.0 / np.sqrt(np.diag(hessian))
    scaled = hessian * scale[:, None] * scale
    try:
        factor = linalg.cho_factor(scaled)
    except linalg.LinAlgError:  # equal columns so large that the identity is lost beside them
        return -scale * linalg.lstsq(scaled, scale * gradient)[0]
    return -scale * linalg.cho_solve(factor, scale * gradient)


def _backtrack(
    weights: np.ndarray,
    direction: np.ndarray,
    margins: np.ndarray,
    along: np.ndarray,
    signs: np.ndarray,
    costs: np.ndarray,
    objective: float,
    slope: float,
) -> tuple[float, float]:
    """Halve the step until the objective falls in proportion; length 0 where it cannot."""
    rounding = 1e-14 * objective
    length = 1.0
    while length > 1e-10:
        moved = weights + length * direction
        slack = np.maximum(1.0 - signs * (margins + length * along), 0.0)
        lower = 0.5 * float(moved @ moved) + float(costs @ (slack * slack))
        if lower <= objective + 1e-4 * length * slope + rounding:
            return length, lower
        length *= 0.5
    return 0.0, objective
