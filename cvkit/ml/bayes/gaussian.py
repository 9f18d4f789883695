"""Naive Bayes of normally distributed features."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets
from sklearn.utils.validation import _check_sample_weight, validate_data

from cvkit._dispatch import contiguous
from cvkit.ml._samples import FLOATS
from cvkit.ml.bayes._cpu.naive_bayes import normal_likelihood
from cvkit.ml.bayes.base import NaiveBayes, class_codes, class_sums, refuse_device_arrays


class GaussianNB(NaiveBayes):
    """Naive Bayes for features that are normally distributed in each class.

    Parameters, attributes and answers are those of ``sklearn.naive_bayes.GaussianNB``.

    Parameters
    ----------
    priors : array-like of shape (n_classes,), default=None
        Probabilities of the classes; None takes their shares in the training data.
    var_smoothing : float, default=1e-9
        This share of the largest variance of a feature is added to all variances.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    class_count_ : ndarray of shape (n_classes,)
        Weight of the training samples of each class.
    class_prior_ : ndarray of shape (n_classes,)
        Probability of each class.
    theta_, var_ : ndarray of shape (n_classes, n_features)
        Mean and variance of each feature in each class.
    epsilon_ : float
        What was added to the variances.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    Sums are float64 for samples of any dtype, and the same for any number of threads.

    References
    ----------
    Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances. Stanford
    technical report STAN-CS-79-773, 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import GaussianNB
    >>> X = np.array([[-1.0, -1.0], [-2.0, -1.0], [1.0, 1.0], [2.0, 1.0]])
    >>> GaussianNB().fit(X, ["low", "low", "high", "high"]).predict([[-0.8, -1.0]])
    array(['low'], dtype='<U4')
    """

    _stored: ClassVar[tuple[str, ...]] = (
        "classes_",
        "class_count_",
        "class_prior_",
        "theta_",
        "var_",
        "epsilon_",
        "n_features_in_",
    )
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "priors": ["array-like", None],
        "var_smoothing": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, *, priors: npt.ArrayLike | None = None, var_smoothing: float = 1e-9) -> None:
        self.priors: npt.ArrayLike | None = priors
        self.var_smoothing: float = var_smoothing

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> GaussianNB:
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples; float32 and float64 are used as they are.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        GaussianNB
            This estimator.
        """
        refuse_device_arrays(X, y)
        X, y = validate_data(self, X, y, dtype=list(FLOATS), order="C")
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self._start(X)
        return self._update(X, codes, sample_weight)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> GaussianNB:
        """Add samples to the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that may come; needed in the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        GaussianNB
            This estimator.
        """
        refuse_device_arrays(X, y)
        is_first = _check_partial_fit_first_call(self, classes)
        X, y = validate_data(self, X, y, dtype=list(FLOATS), order="C", reset=is_first)
        if is_first:
            self._start(X)
        return self._update(X, class_codes(y, self.classes_), sample_weight)

    def _start(self, X: np.ndarray) -> None:
        """Set the attributes to those of no samples."""
        n_classes = len(self.classes_)
        self.theta_: np.ndarray = np.zeros((n_classes, X.shape[1]), X.dtype)
        self.var_: np.ndarray = np.zeros_like(self.theta_)
        self.class_count_: np.ndarray = np.zeros(n_classes, X.dtype)
        self.class_prior_: np.ndarray = np.zeros(n_classes, X.dtype)
        if self.priors is not None:
            priors = np.asarray(self.priors, X.dtype)
            if len(priors) != n_classes:
                raise ValueError("Number of priors must match number of classes.")
            if not np.isclose(priors.sum(), 1.0):
                raise ValueError("The sum of the priors should be 1.")
            if (priors < 0).any():
                raise ValueError("Priors must be non-negative.")
            self.class_prior_ = priors

    def _update(self, X: np.ndarray, codes: np.ndarray, sample_weight: Any) -> GaussianNB:
        ones = np.ones(len(X))
        weights = ones
        if sample_weight is not None:
            weights = contiguous(_check_sample_weight(sample_weight, X, dtype=np.float64))
        counts, means, squares = _moments(X, codes, weights, len(self.classes_))
        unweighted = (
            (counts, means, squares) if weights is ones else _moments(X, np.zeros_like(codes), ones, 1)
        )
        self.epsilon_: float = self.var_smoothing * float(_variance(*unweighted).max())
        # scikit-learn, too, takes off what this batch adds, whatever the one before had added.
        is_first = not self.class_count_.any()
        known = self.var_ if is_first else self.var_ - self.epsilon_
        past = self.class_count_.astype(np.float64)[:, np.newaxis]
        total = past + counts[:, np.newaxis]
        seen = total[:, 0] > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            share = counts[:, np.newaxis] / total
            shift = means - self.theta_
            theta = self.theta_ + share * shift
            variance = (past * known + squares + past * share * shift**2) / total
        self.theta_[seen], known[seen] = theta[seen], variance[seen]
        self.class_count_ += counts.astype(self.class_count_.dtype)
        self.var_ = known + self.epsilon_
        if self.priors is None:
            self.class_prior_ = self.class_count_ / self.class_count_.sum()
        return self

    def _joint(self, X: Any) -> np.ndarray:
        X = validate_data(self, X, dtype=list(FLOATS), order="C", reset=False)
        variances = self.var_.astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            factors = 0.5 / variances
            constants = np.log(self.class_prior_) - 0.5 * np.log(2.0 * np.pi * variances).sum(axis=1)
        out = np.empty((len(X), len(self.classes_)))
        normal_likelihood(contiguous(X), self.theta_.astype(np.float64), factors, constants, out)
        return out.astype(X.dtype, copy=False)


def _moments(
    X: np.ndarray, codes: np.ndarray, weights: np.ndarray, n_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weight of each class, its mean, and its sum of squares around that; zeros for none."""
    counts = np.bincount(codes, weights, n_classes)
    sums = class_sums(X, codes, weights, n_classes)
    means = np.divide(sums, counts[:, np.newaxis], out=np.zeros_like(sums), where=counts[:, np.newaxis] > 0)
    return counts, means, class_sums(X, codes, weights, n_classes, means)


def _variance(counts: np.ndarray, means: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Return the variance of each feature over all classes."""
    shares = counts / counts.sum()
    mean = shares @ means
    return squares.sum(axis=0) / counts.sum() + shares @ (means - mean) ** 2
