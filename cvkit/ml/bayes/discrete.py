"""Naive Bayes of counts, and of features that are there or not."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_non_negative, validate_data

from cvkit._dispatch import contiguous
from cvkit.ml._samples import FLOATS
from cvkit.ml.bayes.base import NaiveBayes, class_codes, class_sums, refuse_device_arrays

_SMALLEST_ALPHA = 1e-10


class _DiscreteNB(NaiveBayes):
    """What both share: counts by class, smoothing, and likelihoods that are linear in the features."""

    _stored: ClassVar[tuple[str, ...]] = (
        "classes_",
        "class_count_",
        "class_log_prior_",
        "feature_count_",
        "feature_log_prob_",
        "n_features_in_",
    )
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "force_alpha": ["boolean"],
        "fit_prior": ["boolean"],
        "class_prior": ["array-like", None],
    }

    class_count_: np.ndarray
    feature_count_: np.ndarray
    feature_log_prob_: np.ndarray

    def __init__(
        self,
        *,
        alpha: float | npt.ArrayLike = 1.0,
        force_alpha: bool = True,
        fit_prior: bool = True,
        class_prior: npt.ArrayLike | None = None,
    ) -> None:
        self.alpha: float | npt.ArrayLike = alpha
        self.force_alpha: bool = force_alpha
        self.fit_prior: bool = fit_prior
        self.class_prior: npt.ArrayLike | None = class_prior

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self
        """
        refuse_device_arrays(X, y)
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=list(FLOATS), order="C")
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self._start()
        return self._count(X, codes, sample_weight)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """Add samples to the model.

        Parameters
        ----------
        X : {array-like, CSR matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that may come; needed in the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self
        """
        refuse_device_arrays(X, y)
        is_first = not hasattr(self, "classes_")
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=list(FLOATS), order="C", reset=is_first)
        if _check_partial_fit_first_call(self, classes):
            self._start()
        return self._count(X, class_codes(y, self.classes_), sample_weight)

    def _start(self) -> None:
        """Set the counts to those of no samples."""
        self.class_count_ = np.zeros(len(self.classes_))
        self.feature_count_ = np.zeros((len(self.classes_), self.n_features_in_))

    def _count(self, X: Any, codes: np.ndarray, sample_weight: Any) -> Any:
        weights = np.ones(len(codes))
        if sample_weight is not None:
            weights = contiguous(_check_sample_weight(sample_weight, X, dtype=np.float64))
        X = self._features(X)
        n_classes = len(self.classes_)
        if sparse.issparse(X):
            members = sparse.csr_array((weights, (codes, np.arange(len(codes)))), (n_classes, len(codes)))
            self.feature_count_ += (members @ X).toarray()
        else:
            self.feature_count_ += class_sums(X, codes, weights, n_classes)
        self.class_count_ += np.bincount(codes, weights, n_classes)
        self._smooth(self._checked_alpha())
        self.class_log_prior_: np.ndarray = self._log_prior()
        return self

    def _features(self, X: Any) -> Any:
        """Return what is counted."""
        raise NotImplementedError

    def _smooth(self, alpha: Any) -> None:
        """Set ``feature_log_prob_`` from the counts."""
        raise NotImplementedError

    def _log_prior(self) -> np.ndarray:
        n_classes = len(self.classes_)
        if self.class_prior is not None:
            priors = np.asarray(self.class_prior)
            if len(priors) != n_classes:
                raise ValueError("Number of priors must match number of classes.")
            return np.log(priors)
        if not self.fit_prior:
            return np.full(n_classes, -np.log(n_classes))
        with np.errstate(divide="ignore"):  # a class of which no sample has come yet
            return np.log(self.class_count_) - np.log(self.class_count_.sum())

    def _checked_alpha(self) -> Any:
        alpha = self.alpha if isinstance(self.alpha, Real) else np.asarray(self.alpha)
        smallest = np.min(alpha)
        if isinstance(alpha, np.ndarray):
            if alpha.shape[0] != self.n_features_in_:
                raise ValueError(
                    "When alpha is an array, it should contains `n_features`. "
                    f"Got {alpha.shape[0]} elements instead of {self.n_features_in_}."
                )
            if smallest < 0:
                raise ValueError("All values in alpha must be greater than 0.")
        if smallest < _SMALLEST_ALPHA and not self.force_alpha:
            warnings.warn(
                "alpha too small will result in numeric errors, setting alpha = "
                f"{_SMALLEST_ALPHA:.1e}. Use `force_alpha=True` to keep alpha unchanged.",
                stacklevel=4,
            )
            return np.maximum(alpha, _SMALLEST_ALPHA)
        return alpha

    def _linear(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what each feature adds to the likelihood of each class, and what is there without any."""
        raise NotImplementedError

    def _joint(self, X: Any) -> np.ndarray:
        X = validate_data(self, X, accept_sparse="csr", dtype=list(FLOATS), order="C", reset=False)
        weights, constants = self._linear()
        return safe_sparse_dot(self._features(X), weights.T, dense_output=True) + constants

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.poor_score = True
        return tags


class MultinomialNB(_DiscreteNB):
    """Naive Bayes for counts, such as those of words.

    Parameters, attributes and answers are those of ``sklearn.naive_bayes.MultinomialNB``.

    Parameters
    ----------
    alpha : float or array-like of shape (n_features,), default=1.0
        Added to every count (Laplace, Lidstone).
    force_alpha : bool, default=True
        Whether an ``alpha`` below 1e-10 is taken as it is.
    fit_prior : bool, default=True
        Whether classes are as likely as in the training data; else all alike.
    class_prior : array-like of shape (n_classes,), default=None
        Probabilities of the classes.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    class_count_ : ndarray of shape (n_classes,)
        Weight of the training samples of each class.
    class_log_prior_ : ndarray of shape (n_classes,)
        Logarithm of the probability of each class.
    feature_count_ : ndarray of shape (n_classes, n_features)
        Sum of each feature in each class.
    feature_log_prob_ : ndarray of shape (n_classes, n_features)
        Logarithm of the share of each feature in each class.
    n_features_in_ : int
        Number of features.

    References
    ----------
    Manning, Raghavan, Schuetze: Introduction to information retrieval, 2008, pages 234 to 265.

    Examples
    --------
    >>> from cvkit.ml import MultinomialNB
    >>> counts = [[2, 1, 0], [3, 0, 0], [0, 1, 4], [0, 0, 3]]
    >>> MultinomialNB().fit(counts, [0, 0, 1, 1]).predict([[1, 0, 0], [0, 0, 1]])
    array([0, 1])
    """

    def _features(self, X: Any) -> Any:
        return X

    def _count(self, X: Any, codes: np.ndarray, sample_weight: Any) -> Any:
        check_non_negative(X, "MultinomialNB (input X)")
        return super()._count(X, codes, sample_weight)

    def _smooth(self, alpha: Any) -> None:
        counts = self.feature_count_ + alpha
        self.feature_log_prob_ = np.log(counts) - np.log(counts.sum(axis=1, keepdims=True))

    def _linear(self) -> tuple[np.ndarray, np.ndarray]:
        return self.feature_log_prob_, self.class_log_prior_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


class BernoulliNB(_DiscreteNB):
    """Naive Bayes for features that are there or not.

    Parameters, attributes and answers are those of ``sklearn.naive_bayes.BernoulliNB``.

    Parameters
    ----------
    alpha : float or array-like of shape (n_features,), default=1.0
        Added to every count (Laplace, Lidstone).
    force_alpha : bool, default=True
        Whether an ``alpha`` below 1e-10 is taken as it is.
    binarize : float or None, default=0.0
        A feature is there where its value is above this; None takes 0 and 1 as they are.
    fit_prior : bool, default=True
        Whether classes are as likely as in the training data; else all alike.
    class_prior : array-like of shape (n_classes,), default=None
        Probabilities of the classes.

    Attributes
    ----------
    classes_, class_count_, class_log_prior_, n_features_in_
        As for ``MultinomialNB``.
    feature_count_ : ndarray of shape (n_classes, n_features)
        Weight of the samples of each class that have each feature.
    feature_log_prob_ : ndarray of shape (n_classes, n_features)
        Logarithm of the probability of each feature in each class.

    References
    ----------
    Manning, Raghavan, Schuetze: Introduction to information retrieval, 2008, pages 234 to 265.

    Examples
    --------
    >>> from cvkit.ml import BernoulliNB
    >>> features = [[1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, 1]]
    >>> BernoulliNB().fit(features, [0, 0, 1, 1]).predict([[1, 0, 0], [0, 0, 1]])
    array([0, 1])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_DiscreteNB._parameter_constraints,
        "binarize": [None, Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        alpha: float | npt.ArrayLike = 1.0,
        force_alpha: bool = True,
        binarize: float | None = 0.0,
        fit_prior: bool = True,
        class_prior: npt.ArrayLike | None = None,
    ) -> None:
        super().__init__(alpha=alpha, force_alpha=force_alpha, fit_prior=fit_prior, class_prior=class_prior)
        self.binarize: float | None = binarize

    def _features(self, X: Any) -> Any:
        if self.binarize is None:
            return X
        if not sparse.issparse(X):
            return np.greater(X, self.binarize, out=np.empty_like(X))
        X = X.copy()
        X.data = (X.data > self.binarize).astype(X.dtype)
        return X

    def _smooth(self, alpha: Any) -> None:
        counts = self.feature_count_ + alpha
        totals = self.class_count_ + alpha * 2
        self.feature_log_prob_ = np.log(counts) - np.log(totals.reshape(-1, 1))

    def _linear(self) -> tuple[np.ndarray, np.ndarray]:
        absent = np.log(1 - np.exp(self.feature_log_prob_))
        return self.feature_log_prob_ - absent, self.class_log_prior_ + absent.sum(axis=1)
