"""What naive Bayes classifiers share: answers from joint likelihoods, and sums of samples by class."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from cvkit._dispatch import contiguous, on_device
from cvkit.ml.bayes._cpu import naive_bayes as kernels

# Values that one part of the sums may take together with the others: they stay in cache.
_SUM_VALUES = 1 << 17
_MOST_PARTS = 16


def refuse_device_arrays(*arrays: object) -> None:
    """Raise for arrays on a GPU, where naive Bayes has no kernels."""
    if any(on_device(array) for array in arrays):
        raise TypeError(
            "naive Bayes has no CUDA twin: it needs arrays in host memory, got one on a GPU; use "
            "cvkit.to_host"
        )


def class_sums(
    X: np.ndarray, codes: np.ndarray, weights: np.ndarray, n_classes: int, centers: np.ndarray | None = None
) -> np.ndarray:
    """Add up samples by class, (n_classes, n_features) in float64; with centers, squares around them."""
    parts = int(np.clip(_SUM_VALUES // (n_classes * X.shape[1]), 1, _MOST_PARTS))
    sums = np.zeros((parts, n_classes, X.shape[1]))
    X, codes = contiguous(X), codes.astype(np.int64, copy=False)
    if centers is None:
        kernels.class_sums(X, codes, weights, sums)
    else:
        kernels.class_squares(X, codes, weights, centers, sums)
    return sums.sum(axis=0)


def class_codes(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the index of each label among the sorted classes.

    Raises
    ------
    ValueError
        If a label is none of them.
    """
    codes = np.searchsorted(classes, y)
    unknown = classes[np.minimum(codes, len(classes) - 1)] != y
    if unknown.any():
        raise ValueError(
            f"The target label(s) {np.unique(y[unknown])} in y do not exist in the initial classes {classes}"
        )
    return codes


class NaiveBayes(ClassifierMixin, BaseEstimator):
    """Labels and probabilities from the joint likelihood of samples and classes."""

    classes_: np.ndarray

    def _joint(self, X: Any) -> np.ndarray:
        """Return the logarithm of the joint probability, (n_samples, n_classes)."""
        raise NotImplementedError

    def predict_joint_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of the probability of a sample and a class together.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            ``log P(class) + log P(sample | class)``, in the order of ``classes_``.
        """
        check_is_fitted(self)
        refuse_device_arrays(X)
        return self._joint(X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most likely class of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        joint = self.predict_joint_log_proba(X)
        return self.classes_[joint.argmax(axis=1)]

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of the probability of each class; see ``predict_proba``."""
        return special.log_softmax(self.predict_joint_log_proba(X), axis=1)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return special.softmax(self.predict_joint_log_proba(X), axis=1)
