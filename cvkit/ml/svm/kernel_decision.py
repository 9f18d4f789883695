"""Decisions, labels and probabilities of a fitted kernel SVM, on either device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from cvkit._dispatch import Array, contiguous, on_device, to_host
from cvkit.ml._samples import Samples, as_dense, check_device_samples
from cvkit.ml.linear.decision import give_copy, labels, largest, linear_decision
from cvkit.ml.svm._math import KERNEL_FUNCTIONS, LINEAR, PRECOMPUTED
from cvkit.ml.svm.kernel_functions import KernelFunction
from cvkit.ml.svm.pairwise import one_vs_rest, pair_coefficients, vote
from cvkit.ml.svm.platt import couple, sigmoid

_LEAST_PROBABILITY = 1e-7


def _with_probability(estimator: KernelDecision) -> bool:
    if not estimator.probability:
        raise AttributeError("predict_proba is not available when probability=False")
    return True


class KernelDecision(ClassifierMixin, BaseEstimator):
    """What ``SVC`` says of samples, once it is fitted; see there for the attributes."""

    kernel: str | Callable[[Any, Any], Any]
    coef0: float
    degree: int
    probability: bool
    decision_function_shape: str
    break_ties: bool
    classes_: np.ndarray
    support_: np.ndarray
    support_vectors_: np.ndarray
    n_support_: np.ndarray
    dual_coef_: np.ndarray
    intercept_: np.ndarray
    probA_: np.ndarray  # noqa: N815
    probB_: np.ndarray  # noqa: N815
    shape_fit_: tuple[int, ...]
    _gamma: float
    _samples: Any

    def _kernel_function(self) -> KernelFunction:
        code = PRECOMPUTED if callable(self.kernel) else KERNEL_FUNCTIONS[self.kernel]
        return KernelFunction(code, self._gamma, float(self.coef0), int(self.degree))

    def _call_kernel_function(self, X: Any) -> np.ndarray:
        matrix = self.kernel(X, self._samples)  # type: ignore[operator]
        matrix = matrix.toarray() if sparse.issparse(matrix) else matrix
        return np.asarray(matrix, dtype=np.float64, order="C")

    @property
    def coef_(self) -> np.ndarray:
        """Weights of the features in each decision function; the linear kernel only."""
        if self.kernel != "linear":
            raise AttributeError("coef_ is only available when using a linear kernel")
        weights = pair_coefficients(as_dense(self.dual_coef_), self.n_support_) @ as_dense(
            self.support_vectors_
        )
        if sparse.issparse(self.support_vectors_):
            return sparse.csr_matrix(weights)
        weights.flags.writeable = False
        return weights

    def _samples_for_decision(self, X: Any) -> Samples:
        check_is_fitted(self)
        if on_device(X):
            if self._kernel_function().code == PRECOMPUTED:
                raise TypeError(f"an array on a GPU needs a named kernel function, got {self.kernel!r}")
            return check_device_samples(self, X)
        if callable(self.kernel):
            values = self._call_kernel_function(X)
        else:
            values = as_dense(
                validate_data(self, X, dtype=np.float64, order="C", reset=False, accept_sparse="csr")
            )
        if self._kernel_function().code == PRECOMPUTED and values.shape[1] != self.shape_fit_[0]:
            raise ValueError(
                f"X.shape[1] = {values.shape[1]} should be equal to {self.shape_fit_[0]}, "
                "the number of samples at training time"
            )
        return Samples(contiguous(values), X)

    def _pair_decisions(self, samples: Samples, *, first_is_positive: bool = True) -> Array:
        """Return the decisions of all pairs (n, n_pairs), above zero for the first class of each.

        Of two classes the public decision function is positive for the second.
        """
        kernel_function = self._kernel_function()
        sign = -1.0 if len(self.classes_) == 2 and first_is_positive else 1.0
        coefficients = sign * pair_coefficients(as_dense(self.dual_coef_), self.n_support_)
        intercepts = sign * self.intercept_
        if kernel_function.code == LINEAR:
            return linear_decision(samples, coefficients @ as_dense(self.support_vectors_), intercepts)
        if kernel_function.code == PRECOMPUTED:
            values = Samples(contiguous(samples.array[:, self.support_]), samples.original)
            return linear_decision(values, coefficients, intercepts)
        return kernel_function.decisions(samples, as_dense(self.support_vectors_), coefficients, intercepts)

    def decision_function(self, X: Any) -> Any:
        """Return decision values.

        Parameters
        ----------
        X : {array-like, CSR matrix, device array} of shape (n_samples, n_features)
            Samples, or their kernel with the training samples with ``kernel="precomputed"``. A device array
            (float32 or float64; not for precomputed and callable kernels) is read on its GPU.

        Returns
        -------
        array of shape (n_samples,), (n_samples, n_classes) or (n_samples, n_pairs)
            Of two classes above zero for ``classes_[1]``; of more, by ``decision_function_shape``: one for
            each class, or for each pair, above zero for the pair's first class. The same kind of array as X.
        """
        samples = self._samples_for_decision(X)
        pairs = self._pair_decisions(samples, first_is_positive=len(self.classes_) > 2)
        if len(self.classes_) == 2:
            return samples.give_back(pairs.reshape(-1))
        if self.decision_function_shape == "ovo":
            return samples.give_back(pairs)
        return samples.give_back(one_vs_rest(samples, pairs, len(self.classes_)))

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
        samples = self._samples_for_decision(X)
        pairs = self._pair_decisions(samples)
        if self.break_ties and len(self.classes_) > 2:
            return labels(
                samples, self.classes_, largest(samples, one_vs_rest(samples, pairs, len(self.classes_)))
            )
        return labels(samples, self.classes_, vote(samples, pairs, len(self.classes_)))

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
        samples = self._samples_for_decision(X)
        if not len(self.probA_):
            raise NotFittedError("predict_proba is not available when fitted with probability=False")
        pairs = to_host(self._pair_decisions(samples))
        probabilities = sigmoid(pairs, self.probA_, self.probB_)
        probabilities = np.clip(probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
        return give_copy(samples, couple(probabilities, len(self.classes_)))

    @available_if(_with_probability)
    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of the probability of each class; see ``predict_proba``."""
        samples = Samples(X, X)
        return give_copy(samples, np.log(to_host(self.predict_proba(X))))
