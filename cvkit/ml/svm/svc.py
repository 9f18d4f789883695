"""Kernel support vector classification."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import combinations
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, column_or_1d, compute_class_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, validate_data

from cvkit.ml._samples import as_dense
from cvkit.ml.linear.decision import refuse_device_arrays, sample_weights
from cvkit.ml.svm._math import KERNEL_FUNCTIONS, PRECOMPUTED
from cvkit.ml.svm.binary_svm import BinarySVM, PairProblem, Solver
from cvkit.ml.svm.kernel_decision import KernelDecision
from cvkit.ml.svm.kernel_functions import resolve_gamma
from cvkit.ml.svm.pairwise import gather_support
from cvkit.ml.svm.platt import calibrate
from cvkit.typing import Balanced, DecisionShape, GammaRule, KernelName


class SVC(KernelDecision):
    """Support vector classifier with a kernel function, one binary SVM for each pair of classes.

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
        Whether to learn ``predict_proba`` by five-fold cross-validation, which fits each SVM six times.
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
        Largest number of steps of each binary SVM; -1 for no limit.
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
        Signed multipliers; in column s, those in the SVMs of its class against each other class in order.
    intercept_ : float64 ndarray of shape (n_classes * (n_classes - 1) / 2,)
        Constants of the decision functions.
    coef_ : float64 ndarray of shape (n_classes * (n_classes - 1) / 2, n_features)
        Weights of the features, for the linear kernel.
    class_weight_ : float64 ndarray of shape (n_classes,)
        Factors of C.
    fit_status_ : int
        0, or 1 when ``max_iter`` ended a fit.
    n_iter_ : int32 ndarray
        Steps of each binary SVM.
    probA_, probB_ : float64 ndarray
        Platt's parameters of each binary SVM; empty without ``probability``.
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

    classes_: np.ndarray
    support_: np.ndarray
    support_vectors_: np.ndarray
    n_support_: np.ndarray
    dual_coef_: np.ndarray
    intercept_: np.ndarray

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
        "kernel": [StrOptions(set(KERNEL_FUNCTIONS)), callable],
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
        kernel: KernelName | Callable[[Any, Any], Any] = "rbf",
        degree: int = 3,
        gamma: GammaRule | float = "scale",
        coef0: float = 0.0,
        shrinking: bool = True,
        probability: bool = False,
        tol: float = 1e-3,
        cache_size: float = 64,
        class_weight: dict[Any, Any] | Balanced | None = None,
        verbose: bool = False,
        max_iter: int = -1,
        decision_function_shape: DecisionShape = "ovr",
        break_ties: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.C: float = C
        self.kernel: KernelName | Callable[[Any, Any], Any] = kernel
        self.degree: int = degree
        self.gamma: GammaRule | float = gamma
        self.coef0: float = coef0
        self.shrinking: bool = shrinking
        self.probability: bool = probability
        self.tol: float = tol
        self.cache_size: float = cache_size
        self.class_weight: dict[Any, Any] | Balanced | None = class_weight
        self.verbose: bool = verbose
        self.max_iter: int = max_iter
        self.decision_function_shape: DecisionShape = decision_function_shape
        self.break_ties: bool = break_ties
        self.random_state: int | np.random.RandomState | None = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> SVC:
        """Fit the binary SVMs.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples, or their kernel matrix (n_samples, n_samples) with ``kernel="precomputed"``. A sparse
            matrix is made dense; support vectors and multipliers are sparse, then.
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
            X, y = validate_data(self, X, y, dtype=np.float64, order="C", accept_sparse="csr")
        is_sparse = sparse.issparse(X) and not callable(self.kernel)
        if is_sparse and self.kernel == "precomputed":
            raise TypeError("Sparse precomputed kernels are not supported.")
        X = as_dense(X) if is_sparse else X
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
        self.class_weight_: np.ndarray = compute_class_weight(
            self.class_weight, classes=self.classes_, y=y
        ).astype(float)
        self.shape_fit_: tuple[int, ...] = X.shape if hasattr(X, "shape") else (len(X),)
        samples = self._training_samples(X)
        self._gamma = resolve_gamma(self.gamma, samples, weights)

        solver = Solver(
            self._kernel_function(),
            float(self.tol),
            int(self.max_iter),
            float(self.cache_size),
            bool(self.shrinking),
        )
        upper = self.C * weights * self.class_weight_[indices]
        groups = [np.flatnonzero((indices == k) & (weights > 0)) for k in range(len(self.classes_))]
        problems = [PairProblem.of(samples, upper, solver, *pair) for pair in combinations(groups, 2)]
        self._store(samples, groups, [problem.fit() for problem in problems])
        if is_sparse:  # as scikit-learn's, and as the samples came
            self.support_vectors_ = sparse.csr_matrix(self.support_vectors_)
            self.dual_coef_ = sparse.csr_matrix(self.dual_coef_)
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
            matrix = self._call_kernel_function(X)
            if matrix.shape[0] != matrix.shape[1]:
                raise ValueError(f"kernel must return a square matrix for fit, got shape {matrix.shape}")
            return matrix
        if self.kernel == "precomputed" and X.shape[0] != X.shape[1]:
            raise ValueError(
                f"Precomputed matrix must be a square matrix. Input is a {X.shape[0]}x{X.shape[1]} matrix."
            )
        return X

    def _store(self, samples: np.ndarray, groups: list[np.ndarray], fitted: list[BinarySVM]) -> None:
        """Set the attributes that say what was fitted."""
        if not all(np.isfinite(svm.intercept) for svm in fitted):
            raise ValueError(
                "The dual coefficients or intercepts are not finite. The input data may contain large values "
                "and need to be preprocessed."
            )
        self.support_, self.n_support_, self.dual_coef_ = gather_support(groups, fitted)
        self.intercept_ = np.array([svm.intercept for svm in fitted])
        if len(groups) == 2:  # in public a positive decision stands for the second class
            self.dual_coef_, self.intercept_ = -self.dual_coef_, -self.intercept_
        keeps_samples = self._kernel_function().code != PRECOMPUTED
        self.support_vectors_ = samples[self.support_] if keeps_samples else np.empty((0, 0))
        self.n_iter_: np.ndarray = np.array([svm.steps for svm in fitted], np.int32)
        self.fit_status_: int = int(not all(svm.converged for svm in fitted))
        if self.fit_status_:
            warnings.warn(
                f"Solver terminated early (max_iter={self.max_iter}). Consider pre-processing your data with "
                "StandardScaler or MinMaxScaler.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.kernel == "precomputed"
        tags.input_tags.sparse = self.kernel != "precomputed"
        return tags
