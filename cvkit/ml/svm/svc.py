"""Kernel support vector classification."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import combinations
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils import check_random_state, column_or_1d, compute_class_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from cvkit._dispatch import Array, contiguous, on_device, to_host
from cvkit.ml._samples import Samples, device_samples
from cvkit.ml.linear.decision import (
    give_copy,
    labels,
    largest,
    linear_decision,
    refuse_device_arrays,
    sample_weights,
)
from cvkit.ml.svm._cpu import svc as svc_kernels
from cvkit.ml.svm._kernel_functions import KERNELS, LINEAR, PRECOMPUTED
from cvkit.ml.svm.binary_svm import Kernel, Machine, PairProblem, Solver
from cvkit.ml.svm.platt import calibrate, couple, sigmoid

_LEAST_PROBABILITY = 1e-7


def _with_probability(estimator: SVC) -> bool:
    if not estimator.probability:
        raise AttributeError("predict_proba is not available when probability=False")
    return True


class SVC(ClassifierMixin, BaseEstimator):
    """Support vector classifier with a kernel, one machine for each pair of classes.

    Parameters
    ----------
    C : float, default=1.0
        Cost of the hinge loss; regularization is 1 / C.
    kernel : {"linear", "poly", "rbf", "sigmoid", "precomputed"} or callable, default="rbf"
        With dot product x.z: ``x.z``; ``(gamma x.z + coef0) ** degree``; ``exp(-gamma |x - z|^2)``;
        ``tanh(gamma x.z + coef0)``; X itself is the kernel matrix; or a function of two sample arrays that
        returns the kernel matrix.
    degree : int, default=3
        Degree of "poly".
    gamma : "scale", "auto" or float, default="scale"
        "scale" is 1 / (n_features * X.var()), "auto" 1 / n_features. The variance counts samples by their
        weight, so that weights are the same as repeated samples.
    coef0 : float, default=0.0
        Constant of "poly" and "sigmoid".
    shrinking : bool, default=True
        Whether long runs set samples at the bounds aside. The end is the same to within ``tol``.
    probability : bool, default=False
        Whether to learn ``predict_proba`` by five-fold cross-validation, which fits each machine six times.
    tol : float, default=1e-3
        Largest gap between the optimality scores of two samples at the end.
    cache_size : float, default=64
        Megabytes for kernel rows. Less than scikit-learn's 200: computing a row again takes less time than
        the first touch of fresh memory, except with far more than 10,000 samples.
    class_weight : dict, "balanced" or None, default=None
        Factors of C by class.
    verbose : bool, default=False
        Accepted for compatibility; nothing is printed.
    max_iter : int, default=-1
        Largest number of steps of each machine; -1 for no limit.
    decision_function_shape : {"ovr", "ovo"}, default="ovr"
        With more than two classes, one decision value for each class or for each pair.
    break_ties : bool, default=False
        With "ovr" and more than two classes, predict the largest decision value instead of the first class of
        most votes.
    random_state : int, RandomState or None, default=None
        Seeds the folds of ``probability``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    support_ : int32 ndarray of shape (n_support,)
        Indices of the support vectors, by class.
    support_vectors_ : float64 ndarray of shape (n_support, n_features)
        Support vectors; empty for a precomputed or callable kernel.
    n_support_ : int32 ndarray of shape (n_classes,)
        Support vectors of each class.
    dual_coef_ : float64 ndarray of shape (n_classes - 1, n_support)
        Signed multipliers; in column s, those in the machines of its class against each other class in order.
    intercept_ : float64 ndarray of shape (n_classes * (n_classes - 1) / 2,)
        Constants of the decision functions.
    coef_ : float64 ndarray of shape (n_classes * (n_classes - 1) / 2, n_features)
        Weights of the features, for the linear kernel.
    class_weight_ : float64 ndarray of shape (n_classes,)
        Factors of C.
    fit_status_ : int
        0, or 1 when ``max_iter`` ended a machine.
    n_iter_ : int32 ndarray
        Steps of each machine.
    probA_, probB_ : float64 ndarray
        Platt's parameters of each machine; empty without ``probability``.
    shape_fit_ : tuple of int
        Shape of X in fit.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    Solver, working sets, vote and probabilities follow LIBSVM (Chang and Lin, ACM TIST 2, 2011), whose
    decision values are met to within ``tol``. The folds of ``probability`` are drawn with another generator,
    so that probabilities differ as they do between seeds. Decision functions of the named
    kernels run on arrays on a GPU, in the dtype of the array.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import SVC
    >>> X = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    >>> model = SVC(C=10.0, gamma=2.0).fit(X, [0, 0, 1, 1])
    >>> model.predict([[0.1, 0.1], [0.9, 0.1]])
    array([0, 1])
    """

    _stored: ClassVar[tuple[str, ...]] = (
        "classes_",
        "class_weight_",
        "support_",
        "support_vectors_",
        "n_support_",
        "dual_coef_",
        "intercept_",
        "probA_",
        "probB_",
        "fit_status_",
        "n_iter_",
        "shape_fit_",
        "n_features_in_",
        "_gamma",
    )

    _parameter_constraints: ClassVar[dict] = {
        "C": [Interval(Real, 0.0, None, closed="neither")],
        "kernel": [StrOptions(set(KERNELS)), callable],
        "degree": [Interval(Integral, 0, None, closed="left")],
        "gamma": [StrOptions({"scale", "auto"}), Interval(Real, 0.0, None, closed="left")],
        "coef0": [Interval(Real, None, None, closed="neither")],
        "shrinking": ["boolean"],
        "probability": ["boolean"],
        "tol": [Interval(Real, 0.0, None, closed="neither")],
        "cache_size": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "verbose": ["verbose"],
        "max_iter": [Interval(Integral, -1, None, closed="left")],
        "decision_function_shape": [StrOptions({"ovr", "ovo"})],
        "break_ties": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        C: float = 1.0,
        kernel: str | Callable[[Any, Any], Any] = "rbf",
        degree: int = 3,
        gamma: str | float = "scale",
        coef0: float = 0.0,
        shrinking: bool = True,
        probability: bool = False,
        tol: float = 1e-3,
        cache_size: float = 64,
        class_weight: dict | str | None = None,
        verbose: bool = False,
        max_iter: int = -1,
        decision_function_shape: str = "ovr",
        break_ties: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.C = C
        self.kernel = kernel
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.shrinking = shrinking
        self.probability = probability
        self.tol = tol
        self.cache_size = cache_size
        self.class_weight = class_weight
        self.verbose = verbose
        self.max_iter = max_iter
        self.decision_function_shape = decision_function_shape
        self.break_ties = break_ties
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> SVC:
        """Fit the machines.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, or their kernel matrix (n_samples, n_samples) with ``kernel="precomputed"``.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Factors of C by sample; samples of weight zero take no part.

        Returns
        -------
        SVC
            This estimator.
        """
        refuse_device_arrays(self, X, y)
        if callable(self.kernel):
            check_consistent_length(X, y)
        else:
            X, y = validate_data(self, X, y, dtype=np.float64, order="C")
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"The number of classes has to be greater than one; got {len(self.classes_)} class"
            )
        weights = sample_weights(sample_weight, X)
        if len(np.unique(indices[weights > 0])) < len(self.classes_):
            raise ValueError(
                "sample_weight leaves a class without samples: every class needs a positive weight"
            )
        self.class_weight_ = compute_class_weight(self.class_weight, classes=self.classes_, y=y).astype(float)
        self.shape_fit_ = X.shape if hasattr(X, "shape") else (len(X),)
        samples = self._training_samples(X)
        self._gamma = self._resolve_gamma(samples, weights)

        solver = Solver(
            self._kernel(), float(self.tol), int(self.max_iter), float(self.cache_size), bool(self.shrinking)
        )
        upper = self.C * weights * self.class_weight_[indices]
        groups = [np.flatnonzero((indices == k) & (weights > 0)) for k in range(len(self.classes_))]
        problems = [PairProblem.of(samples, upper, solver, *pair) for pair in combinations(groups, 2)]
        machines = [problem.fit() for problem in problems]
        self._store(samples, groups, machines)
        self.probA_ = self.probB_ = np.empty(0)
        if self.probability:
            random = check_random_state(self.random_state)
            sigmoids = np.array([calibrate(problem, random) for problem in problems])
            self.probA_, self.probB_ = sigmoids.T.copy()
        return self

    def _training_samples(self, X: Any) -> np.ndarray:
        """Return what the solver takes: samples, or the kernel matrix."""
        if callable(self.kernel):
            self._samples = X
            matrix = self._call_kernel(X)
            if matrix.shape[0] != matrix.shape[1]:
                raise ValueError(f"kernel must return a square matrix for fit, got shape {matrix.shape}")
            return matrix
        if self.kernel == "precomputed" and X.shape[0] != X.shape[1]:
            raise ValueError(
                f"Precomputed matrix must be a square matrix. Input is a {X.shape[0]}x{X.shape[1]} matrix."
            )
        return X

    def _call_kernel(self, X: Any) -> np.ndarray:
        matrix = self.kernel(X, self._samples)  # type: ignore[operator]
        matrix = matrix.toarray() if sparse.issparse(matrix) else matrix
        return np.asarray(matrix, dtype=np.float64, order="C")

    def _resolve_gamma(self, samples: np.ndarray, weights: np.ndarray) -> float:
        if self.gamma == "auto":
            return 1.0 / samples.shape[1]
        if self.gamma == "scale":
            variance = _variance(samples, weights)
            return 1.0 / (samples.shape[1] * variance) if variance != 0 else 1.0
        return float(self.gamma)

    def _kernel(self) -> Kernel:
        code = PRECOMPUTED if callable(self.kernel) else KERNELS[self.kernel]
        return Kernel(code, self._gamma, float(self.coef0), int(self.degree))

    def _store(self, samples: np.ndarray, groups: list[np.ndarray], machines: list[Machine]) -> None:
        """Gather the machines into LIBSVM's layout."""
        if not all(np.isfinite(machine.intercept) for machine in machines):
            raise ValueError(
                "The dual coefficients or intercepts are not finite. The input data may contain large values "
                "and need to be preprocessed."
            )
        pairs = list(combinations(range(len(groups)), 2))
        multipliers = [np.zeros((len(groups) - 1, len(group))) for group in groups]
        for (first, second), machine in zip(pairs, machines, strict=True):
            cut = len(groups[first])
            multipliers[first][second - 1] = machine.coefficients[:cut]
            multipliers[second][first] = machine.coefficients[cut:]
        used = [np.any(rows != 0, axis=0) for rows in multipliers]
        self.n_support_ = np.array([np.count_nonzero(mask) for mask in used], np.int32)
        self.support_ = np.concatenate(
            [group[mask] for group, mask in zip(groups, used, strict=True)]
        ).astype(np.int32)
        self.dual_coef_ = np.hstack([rows[:, mask] for rows, mask in zip(multipliers, used, strict=True)])
        self.intercept_ = np.array([machine.intercept for machine in machines])
        if len(groups) == 2:  # in public a positive decision stands for the second class
            self.dual_coef_, self.intercept_ = -self.dual_coef_, -self.intercept_
        keeps_samples = self._kernel().code != PRECOMPUTED
        self.support_vectors_ = samples[self.support_] if keeps_samples else np.empty((0, 0))
        self.n_iter_ = np.array([machine.steps for machine in machines], np.int32)
        self.fit_status_ = int(not all(machine.converged for machine in machines))
        if self.fit_status_:
            warnings.warn(
                f"Solver terminated early (max_iter={self.max_iter}). Consider pre-processing your data with "
                "StandardScaler or MinMaxScaler.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _pair_coefficients(self) -> np.ndarray:
        """Return the multipliers as one row for each decision function, (n_pairs, n_support)."""
        class_count = len(self.classes_)
        if class_count == 2:
            return self.dual_coef_
        ends = np.concatenate([[0], np.cumsum(self.n_support_)])
        rows = np.zeros((len(self.intercept_), self.dual_coef_.shape[1]))
        for row, (first, second) in zip(rows, combinations(range(class_count), 2), strict=True):
            of_first = slice(ends[first], ends[first + 1])
            of_second = slice(ends[second], ends[second + 1])
            row[of_first] = self.dual_coef_[second - 1, of_first]
            row[of_second] = self.dual_coef_[first, of_second]
        return rows

    @property
    def coef_(self) -> np.ndarray:
        """Weights of the features in each decision function; the linear kernel only."""
        if self.kernel != "linear":
            raise AttributeError("coef_ is only available when using a linear kernel")
        weights = self._pair_coefficients() @ self.support_vectors_
        weights.flags.writeable = False
        return weights

    def _samples_for_decision(self, X: Any) -> Samples:
        check_is_fitted(self)
        if on_device(X):
            if self._kernel().code == PRECOMPUTED:
                raise TypeError(f"an array on a GPU needs a named kernel function, got {self.kernel!r}")
            return device_samples(self, X)
        if callable(self.kernel):
            values = self._call_kernel(X)
        else:
            values = validate_data(self, X, dtype=np.float64, order="C", reset=False)
        if self._kernel().code == PRECOMPUTED and values.shape[1] != self.shape_fit_[0]:
            raise ValueError(
                f"X.shape[1] = {values.shape[1]} should be equal to {self.shape_fit_[0]}, "
                "the number of samples at training time"
            )
        return Samples(contiguous(values), X)

    def _pair_decisions(self, batch: Samples, *, first_is_positive: bool = True) -> Array:
        """Return the decisions of all pairs (n, n_pairs), above zero for the first class of each.

        Of two classes the public decision function is positive for the second.
        """
        kernel = self._kernel()
        sign = -1.0 if len(self.classes_) == 2 and first_is_positive else 1.0
        coefficients, intercepts = sign * self._pair_coefficients(), sign * self.intercept_
        if kernel.code == LINEAR:
            return linear_decision(batch, coefficients @ self.support_vectors_, intercepts)
        if kernel.code == PRECOMPUTED:
            values = Samples(contiguous(batch.array[:, self.support_]), batch.original)
            return linear_decision(values, coefficients, intercepts)
        return kernel.decisions(batch, self.support_vectors_, coefficients, intercepts)

    def decision_function(self, X: Any) -> Any:
        """Return decision values.

        Parameters
        ----------
        X : {array-like, device array} of shape (n_samples, n_features)
            Samples, or their kernel with the training samples with ``kernel="precomputed"``. A device array
            (float32 or float64; not for precomputed and callable kernels) is read on its GPU.

        Returns
        -------
        array of shape (n_samples,), (n_samples, n_classes) or (n_samples, n_pairs)
            Of two classes above zero for ``classes_[1]``; of more, by ``decision_function_shape``: one for
            each class, or for each pair, above zero for the pair's first class. The same kind of array as X.
        """
        batch = self._samples_for_decision(X)
        pairs = self._pair_decisions(batch, first_is_positive=len(self.classes_) > 2)
        if len(self.classes_) == 2:
            return batch.give_back(pairs.reshape(-1))
        if self.decision_function_shape == "ovo":
            return batch.give_back(pairs)
        return batch.give_back(self._one_vs_rest(batch, pairs))

    def _one_vs_rest(self, batch: Samples, pairs: Array) -> Array:
        out = batch.empty((pairs.shape[0], len(self.classes_)), pairs.dtype)
        batch.kernels(svc_kernels).one_vs_rest(pairs, out)
        return out

    def predict(self, X: Any) -> Any:
        """Return the class of each sample.

        Parameters
        ----------
        X : {array-like, device array} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        array of shape (n_samples,)
            Labels; on the GPU for a device array, unless the labels are not numbers.
        """
        check_is_fitted(self)
        if self.break_ties and self.decision_function_shape == "ovo":
            raise ValueError("break_ties must be False when decision_function_shape is 'ovo'")
        batch = self._samples_for_decision(X)
        pairs = self._pair_decisions(batch)
        if self.break_ties and len(self.classes_) > 2:
            return labels(batch, self.classes_, largest(batch, self._one_vs_rest(batch, pairs)))
        indices = batch.empty((pairs.shape[0],), np.intp)
        batch.kernels(svc_kernels).vote(pairs, len(self.classes_), indices)
        return labels(batch, self.classes_, indices)

    @available_if(_with_probability)
    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        array of shape (n_samples, n_classes)
            In the order of ``classes_``; the same kind of array as X. Learned apart from the decision
            function: on few samples the most probable class need not be the predicted one.
        """
        batch = self._samples_for_decision(X)
        if not len(self.probA_):
            raise NotFittedError("predict_proba is not available when fitted with probability=False")
        pairs = to_host(self._pair_decisions(batch))
        probabilities = sigmoid(pairs, self.probA_, self.probB_)
        probabilities = np.clip(probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
        return give_copy(batch, couple(probabilities, len(self.classes_)))

    @available_if(_with_probability)
    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of the probability of each class; see ``predict_proba``."""
        batch = Samples(X, X)
        return give_copy(batch, np.log(to_host(self.predict_proba(X))))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.kernel == "precomputed"
        return tags


def _variance(samples: np.ndarray, weights: np.ndarray) -> float:
    """Variance of all values, each sample counted by its weight."""
    if np.all(weights == weights[0]):
        return float(samples.var())
    mean = np.average(samples.mean(axis=1), weights=weights)
    return float(np.average(((samples - mean) ** 2).mean(axis=1), weights=weights))
