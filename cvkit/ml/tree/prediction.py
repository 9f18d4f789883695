"""Predictions of trees and forests: rows walked down to their leaves, and what the leaves hold.

Grown trees are flat arrays, one tree behind the other; a single tree is a forest of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from cvkit._dispatch import contiguous
from cvkit.ml._samples import as_dense
from cvkit.ml.tree._cpu import prediction as kernels
from cvkit.ml.tree._cpu.records import NODE_DTYPE

# How rows are checked; sparse ones are made dense, in blocks where trees are only applied.
_ROWS: dict[str, Any] = {
    "dtype": np.float32,
    "order": "C",
    "accept_sparse": "csr",
    "ensure_all_finite": "allow-nan",
}
_BLOCK_VALUES = 1 << 22


def _blocks(rows: Any) -> Iterator[tuple[slice, np.ndarray]]:
    """Walk over rows as dense arrays: those of a sparse matrix in blocks of bounded memory."""
    if not sparse.issparse(rows):
        yield slice(None), rows
        return
    size = max(1, _BLOCK_VALUES // rows.shape[1])
    for start in range(0, rows.shape[0], size):
        where = slice(start, start + size)
        yield where, rows[where].toarray(order="C")


def as_nodes(records: np.ndarray) -> np.ndarray:
    """Return nodes as kernels take them; those of a file may be older, or of the other byte order."""
    if records.dtype == NODE_DTYPE:
        return records.view(NODE_DTYPE)  # a file does not tell that fields are aligned
    nodes = np.zeros(records.shape, NODE_DTYPE)
    for name in records.dtype.names or ():
        nodes[name] = records[name]
    return nodes


def pack_steps(nodes: np.ndarray, roots: np.ndarray) -> np.ndarray:
    """Reduce nodes to what a walk needs: 16 bytes each, children counted from the start of the forest."""
    steps = np.empty(len(nodes), kernels.STEP_DTYPE)
    kernels.pack_steps(contiguous(nodes), contiguous(roots), steps)
    return steps


class FlatTrees:
    """Mixin of an estimator whose fitted state is ``nodes_``, ``node_values_`` and ``_roots``."""

    nodes_: np.ndarray
    node_values_: np.ndarray
    n_features_in_: int
    _roots: np.ndarray  # where each tree starts among the nodes, int64

    @cached_property
    def _steps(self) -> np.ndarray:
        return pack_steps(self.nodes_, self._roots)

    def _renew_steps(self) -> None:
        """Pack the steps again, in ``fit`` already, so that ``predict`` leaves the estimator as it was."""
        self.__dict__.pop("_steps", None)
        _ = self._steps

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: not the steps, which are packed again where they are loaded."""
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {name: value for name, value in state.items() if name != "_steps"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what was pickled or saved."""
        super().__setstate__(state)  # type: ignore[misc]
        if "nodes_" in state:
            self.nodes_ = as_nodes(self.nodes_)
            self._renew_steps()

    @property
    def n_outputs_(self) -> int:
        """Number of labels or responses of a sample: always 1."""
        check_is_fitted(self)
        return 1

    def _check_rows(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, **_ROWS)
        return X if sparse.issparse(X) else contiguous(X)

    def _leaves(self, rows: Any) -> np.ndarray:
        """Find the leaf of each row in each tree: (n_rows, n_trees) int64."""
        leaves = np.empty((rows.shape[0], len(self._roots)), np.int64)
        for where, block in _blocks(rows):
            kernels.apply(*self._walk(block), block, leaves[where])
        return leaves

    def _mean_values(self, rows: Any) -> np.ndarray:
        """Average the values of each row's leaves over the trees: (n_rows, n_values)."""
        values = np.empty((rows.shape[0], self.node_values_.shape[1]))
        node_values = contiguous(self.node_values_)
        for where, block in _blocks(rows):
            kernels.sum_values(*self._walk(block), node_values, block, values[where])
        if len(self._roots) > 1:
            values /= len(self._roots)
        return values

    def _walk(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool, np.ndarray]:
        missing_go_to_left = contiguous(self.nodes_["missing_go_to_left"])
        return contiguous(self._steps), missing_go_to_left, self._has_missing(rows), self._roots

    @staticmethod
    def _has_missing(rows: np.ndarray) -> bool:
        # A sum is cheaper than a mask; values of both signs cannot hide a NaN.
        with np.errstate(over="ignore", invalid="ignore"):
            return bool(np.isnan(rows.sum()))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        return tags


class TreesClassifier(ClassifierMixin, FlatTrees):
    """Mixin of classification trees and forests: the values of their nodes are shares of the classes."""

    classes_: np.ndarray
    n_classes_: int

    def _check_training(
        self, X: npt.ArrayLike, y: npt.ArrayLike
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the rows, their labels, and the codes of these, the places in ``classes_``."""
        rows, labels = validate_data(self, X, y, **_ROWS)
        rows = as_dense(rows)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.n_classes_ = len(self.classes_)
        return rows, labels, codes

    def _most_frequent(self, shares: np.ndarray) -> np.ndarray:
        return self.classes_[shares.argmax(axis=1)]

    def predict_proba(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the share of each class in each row's leaf; of a forest, the mean of its trees' shares.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        numpy.ndarray of shape (n_samples, n_classes)
        """
        return self._mean_values(self._check_rows(X))

    def predict_log_proba(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the logarithm of ``predict_proba``."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the class of the largest share; see ``predict_proba``.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        numpy.ndarray of shape (n_samples,)
        """
        return self._most_frequent(self.predict_proba(X))


class TreesRegressor(RegressorMixin, FlatTrees):
    """Mixin of regression trees and forests: the values of their nodes are mean responses."""

    def _check_training(self, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows and their responses."""
        rows, responses = validate_data(self, X, y, y_numeric=True, **_ROWS)
        return as_dense(rows), responses

    def predict(self, X: npt.ArrayLike) -> np.ndarray:
        """Return the mean response of each row's leaf; of a forest, the mean of its trees' predictions.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            May hold NaN.

        Returns
        -------
        numpy.ndarray of shape (n_samples,)
        """
        return self._mean_values(self._check_rows(X))[:, 0]
