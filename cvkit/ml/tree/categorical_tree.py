"""Multi-way decision trees on categorical columns: ID3, with information gain or gain ratio."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from cvkit.ml.tree.parameters import check_weights
from cvkit.typing import CategoricalCriterion

_TOLERANCE = 1e-12
LEAF = -1
NO_NODE = -1


def _entropy(weights: np.ndarray) -> np.ndarray:
    """Return the entropy in bits of each row of class weights, times the weight of the row."""
    total = weights.sum(axis=-1, keepdims=True)
    share = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return -(weights * np.log2(share, out=np.zeros_like(share), where=share > 0)).sum(axis=-1)


class ID3Classifier(ClassifierMixin, BaseEstimator):
    """A decision tree whose nodes have a child for each value of a categorical feature.

    Parameters
    ----------
    criterion : {"entropy", "gain_ratio"}
        Information gain (ID3), or gain divided by the entropy of the split's own sizes, among the features of
        at least average gain (C4.5).
    max_depth : int, optional
        Largest distance of a leaf from the root.
    min_samples_split : int
        Fewest samples that are split further.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        The labels.
    categories_ : array of shape (n_categories,)
        Every value that occurs in any column, in order; its place is its code.
    feature_ : array of shape (n_nodes,)
        Feature that each node splits on, -1 for a leaf.
    node_values_ : array of shape (n_nodes, n_classes)
        Share of each class in each node.
    edge_keys_, edge_children_ : arrays of shape (n_nodes - 1,)
        From each parent and code, as ``parent * n_categories + code``, in order, to the child.

    Notes
    -----
    Values are names, not quantities: integer codes are usual, their order means nothing. A sample with a
    value that its node has not seen is classified by the node itself.

    References
    ----------
    Quinlan: Induction of Decision Trees. Machine Learning 1, 1986.

    Examples
    --------
    >>> from cvkit.ml import ID3Classifier
    >>> outlook_and_wind = [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]]
    >>> plays = ["no", "no", "yes", "yes", "yes", "no"]
    >>> ID3Classifier().fit(outlook_and_wind, plays).predict([[1, 1], [2, 1]])
    array(['yes', 'no'], dtype='<U3')
    """

    classes_: np.ndarray
    categories_: np.ndarray
    edge_keys_: np.ndarray
    edge_children_: np.ndarray

    _stored: ClassVar[tuple[str, ...]] = (
        "classes_",
        "n_features_in_",
        "categories_",
        "feature_",
        "node_values_",
        "edge_keys_",
        "edge_children_",
    )
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "criterion": [StrOptions({"entropy", "gain_ratio"})],
        "max_depth": [Interval(Integral, 1, None, closed="left"), None],
        "min_samples_split": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        *,
        criterion: CategoricalCriterion = "entropy",
        max_depth: int | None = None,
        min_samples_split: int = 2,
    ) -> None:
        self.criterion: CategoricalCriterion = criterion
        self.max_depth: int | None = max_depth
        self.min_samples_split: int = min_samples_split

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> ID3Classifier:
        """Grow the tree.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Categories as numbers.
        y : array_like of shape (n_samples,)
            Labels.
        sample_weight : array_like of shape (n_samples,), optional
            Not negative; a sample of weight 0 is left out.

        Returns
        -------
        self
        """
        self._validate_params()
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        weights = check_weights(sample_weight, rows)
        self.classes_, classes = np.unique(labels, return_inverse=True)
        self.categories_, codes = np.unique(rows, return_inverse=True)
        class_weights = np.eye(len(self.classes_))[classes] * weights[:, np.newaxis]
        self._grow(codes.reshape(rows.shape), class_weights, np.flatnonzero(weights > 0))
        return self

    def _grow(self, codes: np.ndarray, class_weights: np.ndarray, samples: np.ndarray) -> None:
        max_depth = np.inf if self.max_depth is None else self.max_depth
        features: list[int] = []
        values: list[np.ndarray] = []
        edges: list[tuple[int, int]] = []
        # Of each node to come: its samples, its depth, its parent and the code that leads to it.
        waiting: list[tuple[np.ndarray, int, int, int]] = [(samples, 0, NO_NODE, 0)]
        while waiting:
            here, depth, parent, code = waiting.pop()
            node = len(features)
            if parent != NO_NODE:
                edges.append((parent * len(self.categories_) + code, node))
            total = class_weights[here].sum(axis=0)
            values.append(total / total.sum())
            feature = LEAF
            if depth < max_depth and len(here) >= self.min_samples_split:
                feature = self._choose_feature(codes[here], class_weights[here])
            features.append(feature)
            if feature != LEAF:
                of_feature = codes[here, feature]
                for seen in np.unique(of_feature)[::-1]:
                    waiting.append((here[of_feature == seen], depth + 1, node, int(seen)))
        self.feature_: np.ndarray = np.array(features)
        self.node_values_: np.ndarray = np.array(values)
        in_order = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)
        self.edge_keys_, self.edge_children_ = in_order[:, 0].copy(), in_order[:, 1].copy()

    def _choose_feature(self, codes: np.ndarray, class_weights: np.ndarray) -> int:
        """Return the feature whose values tell most about the class, or ``LEAF`` where none does."""
        total = class_weights.sum()
        of_node = _entropy(class_weights.sum(axis=0))
        n_features = codes.shape[1]
        gains = np.empty(n_features)
        split_information = np.empty(n_features)
        for feature in range(n_features):
            seen, which = np.unique(codes[:, feature], return_inverse=True)
            of_code = np.zeros((len(seen), class_weights.shape[1]))
            np.add.at(of_code, which, class_weights)
            sizes = of_code.sum(axis=1)
            gains[feature] = (of_node - _entropy(of_code).sum()) / total
            split_information[feature] = _entropy(sizes) / total
        useful = gains > _TOLERANCE
        if not useful.any():
            return LEAF
        if self.criterion == "entropy":
            return int(gains.argmax())
        competes = useful & (gains >= gains[useful].mean() - _TOLERANCE)
        ratios = np.divide(gains, split_information, out=np.zeros(n_features), where=competes)
        return int(ratios.argmax())

    def predict_proba(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the share of each class in each row's node.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Categories as numbers; values never seen are allowed.

        Returns
        -------
        numpy.ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        codes = np.minimum(np.searchsorted(self.categories_, rows), len(self.categories_) - 1)
        is_known = self.categories_[codes] == rows
        nodes = np.zeros(len(rows), np.int64)
        walking = np.arange(len(rows) if len(self.edge_keys_) else 0)
        while len(walking):
            walking = walking[self.feature_[nodes[walking]] != LEAF]
            feature = self.feature_[nodes[walking]]
            keys = nodes[walking] * len(self.categories_) + codes[walking, feature]
            place = np.minimum(np.searchsorted(self.edge_keys_, keys), len(self.edge_keys_) - 1)
            leads_on = is_known[walking, feature] & (self.edge_keys_[place] == keys)
            walking = walking[leads_on]
            nodes[walking] = self.edge_children_[place[leads_on]]
        return self.node_values_[nodes]

    def predict(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the most frequent class of each row's node.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Categories as numbers; values never seen are allowed.

        Returns
        -------
        numpy.ndarray of shape (n_samples,)
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        return tags
