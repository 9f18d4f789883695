"""Classification and regression by the nearest neighbors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, column_or_1d

from cvkit._dispatch import Array, contiguous, on_device, to_device, to_host
from cvkit.ml._samples import Samples
from cvkit.ml.neighbors._cpu import k_neighbors as kernels
from cvkit.ml.neighbors.neighbors import Neighbors


class KNeighborsClassifier(ClassifierMixin, Neighbors):
    """Classification by a vote of the nearest samples.

    Parameters, attributes and answers are those of ``sklearn.neighbors.KNeighborsClassifier``. Samples on a
    GPU are searched there.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbors that vote.
    weights : {"uniform", "distance"}, callable or None, default="uniform"
        Weight of a vote: equal, the inverse of the distance, or what a function makes of the array of
        distances.
    algorithm : {"auto", "kd_tree", "ball_tree", "brute"}, default="auto"
        A KD-tree, which serves for "ball_tree", too: the neighbors are the same; brute force; or the faster
        of the two for the number of features.
    leaf_size : int, default=30
        Most samples in a leaf of the tree.
    p : float, default=2
        Power of the Minkowski distance.
    metric : {"minkowski", "euclidean", "manhattan", "chebyshev", "cosine", "l1", "l2", "cityblock"}, \
default="minkowski"
        Distance between samples.
    metric_params : None
        Kept for compatibility.
    n_jobs : int or None, default=None
        Kept for compatibility: ``cvkit.set_num_threads`` decides.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    effective_metric_ : str
        The metric in use, with Minkowski distances of power 1, 2 and infinity by their names.
    n_samples_fit_ : int
        Number of fitted samples.
    n_features_in_ : int
        Number of features seen in ``fit``.

    Raises
    ------
    ValueError
        If a parameter, the samples or the targets are not accepted.

    Notes
    -----
    Among equally distant samples the smaller index is nearer; among classes of equal score the first wins.

    References
    ----------
    T. Cover and P. Hart, "Nearest neighbor pattern classification", IEEE Transactions on Information Theory
    13(1), 1967.

    Examples
    --------
    >>> from cvkit.ml import KNeighborsClassifier
    >>> model = KNeighborsClassifier(n_neighbors=3).fit([[0], [1], [2], [3]], ["a", "a", "b", "b"])
    >>> model.predict([[1.1]])
    array(['a'], dtype='<U1')
    >>> model.kneighbors([[1.1]])[1]
    array([[1, 2, 0]])
    """

    classes_: np.ndarray

    def fit(self, X: Array, y: npt.ArrayLike) -> KNeighborsClassifier:
        """Remember samples and their classes.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            Class labels.

        Returns
        -------
        KNeighborsClassifier
            This estimator, fitted.
        """
        samples = self._fit_samples(X)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        y = check_array(to_host(y), ensure_2d=False, dtype=None, input_name="y", estimator=self)
        y = column_or_1d(y, warn=True)
        check_consistent_length(np.empty(self.n_samples_fit_), y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self._codes = samples.on_same_device(codes.astype(np.int64))
        return self

    def _scores(self, X: Array | None) -> tuple[Samples, np.ndarray]:
        check_is_fitted(self)
        queries, distances, indices = self._neighbors(X)
        weights = self._neighbor_weights(queries, distances, no_zeros=True)
        scores = queries.on_same_device(np.zeros((indices.shape[0], len(self.classes_))))
        queries.kernels(kernels).vote(self._codes, indices, weights, scores)
        return queries, to_host(scores)

    def predict(self, X: Array | None) -> Array:
        """Return the class with most votes among the nearest samples.

        Parameters
        ----------
        X : array of shape (n_queries, n_features) or None
            Queries; None predicts each fitted sample from the others.

        Returns
        -------
        array of shape (n_queries,)
            Class labels; on the device of the queries where the labels are numbers, else in host memory.
        """
        queries, scores = self._scores(X)
        labels = self.classes_[scores.argmax(axis=1)]
        return _as_queries(queries, labels)

    def predict_proba(self, X: Array | None) -> Array:
        """Return each class's share of the votes.

        Parameters
        ----------
        X : array of shape (n_queries, n_features) or None
            Queries; None predicts each fitted sample from the others.

        Returns
        -------
        array of shape (n_queries, n_classes)
            Shares in the order of ``classes_``, on the device of the queries.
        """
        queries, scores = self._scores(X)
        return _as_queries(queries, scores / scores.sum(axis=1, keepdims=True))


class KNeighborsRegressor(MultiOutputMixin, RegressorMixin, Neighbors):
    """Regression by the mean target of the nearest samples.

    Parameters, attributes and answers are those of ``sklearn.neighbors.KNeighborsRegressor``. Samples on a
    GPU are searched there.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbors to average.
    weights : {"uniform", "distance"}, callable or None, default="uniform"
        Weight of a neighbor: equal, the inverse of the distance, or what a function makes of the array of
        distances.
    algorithm : {"auto", "kd_tree", "ball_tree", "brute"}, default="auto"
        A KD-tree, which serves for "ball_tree", too: the neighbors are the same; brute force; or the faster
        of the two for the number of features.
    leaf_size : int, default=30
        Most samples in a leaf of the tree.
    p : float, default=2
        Power of the Minkowski distance.
    metric : {"minkowski", "euclidean", "manhattan", "chebyshev", "cosine", "l1", "l2", "cityblock"}, \
default="minkowski"
        Distance between samples.
    metric_params : None
        Kept for compatibility.
    n_jobs : int or None, default=None
        Kept for compatibility: ``cvkit.set_num_threads`` decides.

    Attributes
    ----------
    effective_metric_ : str
        The metric in use, with Minkowski distances of power 1, 2 and infinity by their names.
    n_samples_fit_ : int
        Number of fitted samples.
    n_features_in_ : int
        Number of features seen in ``fit``.

    Raises
    ------
    ValueError
        If a parameter, the samples or the targets are not accepted.

    References
    ----------
    N. S. Altman, "An introduction to kernel and nearest-neighbor nonparametric regression", The American
    Statistician 46(3), 1992.

    Examples
    --------
    >>> from cvkit.ml import KNeighborsRegressor
    >>> model = KNeighborsRegressor(n_neighbors=2).fit([[0], [1], [2], [3]], [0.0, 0.0, 1.0, 1.0])
    >>> model.predict([[1.5]])
    array([0.5])
    """

    def fit(self, X: Array, y: npt.ArrayLike) -> KNeighborsRegressor:
        """Remember samples and their targets.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.

        Returns
        -------
        KNeighborsRegressor
            This estimator, fitted.
        """
        samples = self._fit_samples(X)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        values = check_array(to_host(y), ensure_2d=False, dtype=np.float64, input_name="y", estimator=self)
        check_consistent_length(np.empty(self.n_samples_fit_), values)
        self._is_flat = values.ndim == 1
        self._targets = samples.on_same_device(contiguous(values.reshape(len(values), -1)))
        return self

    def predict(self, X: Array | None) -> Array:
        """Return the mean target of the nearest samples.

        Parameters
        ----------
        X : array of shape (n_queries, n_features) or None
            Queries; None predicts each fitted sample from the others.

        Returns
        -------
        array of shape (n_queries,) or (n_queries, n_outputs)
            Targets, on the device of the queries.
        """
        check_is_fitted(self)
        queries, distances, indices = self._neighbors(X)
        weights = self._neighbor_weights(queries, distances, no_zeros=False)
        out = queries.empty((indices.shape[0], self._targets.shape[1]), np.float64)
        queries.kernels(kernels).average(self._targets, indices, weights, out)
        return _as_queries(queries, out.reshape(out.shape[0]) if self._is_flat else out)


def _as_queries(queries: Samples, result: Array) -> Array:
    """Give a result back where the queries came from."""
    if not on_device(queries.original):
        return to_host(result)
    if not on_device(result):
        if result.dtype.kind not in "biuf":
            return result
        result = to_device(np.ascontiguousarray(result))
    return queries.give_back(result)
