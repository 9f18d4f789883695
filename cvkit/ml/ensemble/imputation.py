"""Filling missing values before a forest, or by one (Breiman, Manual on Random Forests, 2002)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.multiclass import type_of_target

from cvkit.ml.ensemble.forest import RandomForestClassifier, RandomForestRegressor
from cvkit.ml.tree.parameters import LARGEST_SEED

# Rows whose proximities to all others are held at a time.
_BLOCK = 512


def _checked(X: npt.ArrayLike, categorical_features: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Check the arguments; return a copy of X and which of its columns are categorical."""
    table = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan", copy=True)
    categorical = _column_mask(categorical_features, table.shape[1])
    empty = np.flatnonzero(np.isnan(table).all(axis=0))
    if len(empty):
        raise ValueError(f"X must have a value in each column, but column {empty[0]} is missing throughout")
    return table, categorical


def _column_mask(columns: Sequence[int], n_features: int) -> np.ndarray:
    """Return which columns are meant by their numbers, or by a mask."""
    chosen = np.asarray(list(columns)) if np.iterable(columns) else np.asarray(columns)
    if chosen.ndim == 1 and chosen.dtype == bool and len(chosen) == n_features:
        return chosen
    if chosen.ndim != 1 or (len(chosen) and not np.issubdtype(chosen.dtype, np.integer)):
        raise TypeError(
            "categorical_features must be a sequence of column numbers, or a mask of one bool for each of "
            f"the {n_features} columns, got {columns!r}"
        )
    outside = chosen[(chosen < 0) | (chosen >= n_features)]
    if len(outside):
        raise ValueError(
            f"categorical_features must be from 0 to {n_features - 1}: X has {n_features} columns, "
            f"got {outside[0]}"
        )
    mask = np.zeros(n_features, bool)
    mask[chosen.astype(np.intp)] = True
    return mask


def _most_common(values: np.ndarray) -> float:
    found, counts = np.unique(values, return_counts=True)
    return float(found[counts.argmax()])


def _groups(y: np.ndarray | None, n: int) -> Iterable[np.ndarray]:
    """Yield the rows of each class, or all rows where y is continuous."""
    if y is None or type_of_target(y).startswith("continuous"):
        yield np.arange(n)
    else:
        for label in np.unique(y):
            yield np.flatnonzero(y == label)


def impute_roughly(
    X: npt.ArrayLike, y: npt.ArrayLike | None = None, *, categorical_features: Sequence[int] = ()
) -> np.ndarray:
    """Fill each missing value with the median of its column, or with its most common code.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features)
        NaN stands for a missing value.
    y : array_like of shape (n_samples,), optional
        Class labels: medians are then taken within each class. Continuous responses are ignored.
    categorical_features : sequence of int or of bool
        Columns that hold codes: their numbers, or a mask of all columns.

    Returns
    -------
    numpy.ndarray of shape (n_samples, n_features)
        A float64 copy without NaN.

    Raises
    ------
    ValueError
        If a column has no value at all, or ``categorical_features`` names one that ``X`` lacks.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import impute_roughly
    >>> impute_roughly([[1.0, 0.0], [np.nan, 1.0], [5.0, 1.0], [9.0, np.nan]], categorical_features=[1])
    array([[1., 0.], [5., 1.], [5., 1.], [9., 1.]])
    """
    table, categorical = _checked(X, categorical_features)
    labels = None if y is None else np.asarray(y)
    check_consistent_length(table, labels)
    missing = np.isnan(table)
    for column in np.flatnonzero(missing.any(axis=0)):
        typical = _most_common if categorical[column] else np.median
        present = table[~missing[:, column], column]
        for rows in _groups(labels, len(table)):
            here = table[rows, column]
            within = here[~np.isnan(here)]
            # A class without any value borrows from the others.
            table[rows[np.isnan(here)], column] = typical(within if len(within) else present)
    return table


def impute_by_proximity(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    categorical_features: Sequence[int] = (),
    n_iterations: int = 5,
    forest: RandomForestClassifier | RandomForestRegressor | None = None,
    random_state: Any = None,
) -> np.ndarray:
    """Fill each missing value from the rows that a forest finds alike.

    Missing values are filled roughly; then, again and again, a forest is grown on the filled data, and each
    missing value replaced by the mean of its column, weighted by the proximity of its row to each row that
    has a value, or by the code that weighs most.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features)
        NaN stands for a missing value.
    y : array_like of shape (n_samples,)
        Labels or continuous responses.
    categorical_features : sequence of int or of bool
        Columns that hold codes: their numbers, or a mask of all columns.
    n_iterations : int
        How many forests are grown one after the other.
    forest : RandomForestClassifier or RandomForestRegressor, optional
        An unfitted forest; by default one of 100 trees that suits ``y``.
    random_state : int, RandomState, optional
        Decides the forests' random states.

    Returns
    -------
    numpy.ndarray of shape (n_samples, n_features)
        A float64 copy without NaN.

    Raises
    ------
    ValueError
        If a column has no value at all, ``categorical_features`` names one that ``X`` lacks, or
        ``n_iterations`` is less than 1.

    References
    ----------
    Breiman: Manual on Setting Up, Using, and Understanding Random Forests, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.ml import impute_by_proximity
    >>> X = np.repeat([[0.0, 10.0], [1.0, 20.0]], 20, axis=0)
    >>> X[0, 1] = np.nan
    >>> float(impute_by_proximity(X, X[:, 0], random_state=0)[0, 1])
    10.0
    """
    if n_iterations < 1:
        raise ValueError(f"n_iterations must be at least 1, got {n_iterations!r}")
    table, categorical = _checked(X, categorical_features)
    filled = impute_roughly(X, y, categorical_features=categorical_features)
    if not np.isnan(table).any():
        return filled
    if forest is None:
        continuous = type_of_target(y).startswith("continuous")
        forest = RandomForestRegressor() if continuous else RandomForestClassifier()
    random = check_random_state(random_state)
    for _ in range(n_iterations):
        grown = clone(forest).set_params(random_state=random.randint(LARGEST_SEED)).fit(filled, y)
        filled = _fill(table, filled, categorical, grown)
    return filled


def _fill(
    table: np.ndarray,
    filled: np.ndarray,
    categorical: np.ndarray,
    forest: RandomForestClassifier | RandomForestRegressor,
) -> np.ndarray:
    """Replace the missing values of ``table`` by those of the rows near in ``forest``."""
    missing = np.isnan(table)
    result = filled.copy()
    incomplete = np.flatnonzero(missing.any(axis=1))
    for start in range(0, len(incomplete), _BLOCK):
        rows = incomplete[start : start + _BLOCK]
        proximities = forest.proximity(filled[rows], filled)
        for column in np.flatnonzero(missing[rows].any(axis=0)):
            gaps = missing[rows, column]
            present = ~missing[:, column]
            estimate = _weighted_mode if categorical[column] else _weighted_mean
            values, weight = estimate(table[present, column], proximities[gaps][:, present])
            # A row that shares no leaf with any row that has a value keeps what it had.
            result[rows[gaps], column] = np.where(weight > 0, values, filled[rows[gaps], column])
    return result


def _weighted_mean(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = weights.sum(axis=1)
    return weights @ values / np.where(total > 0, total, 1), total


def _weighted_mode(codes: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found, which = np.unique(codes, return_inverse=True)
    of_code = weights @ np.eye(len(found))[which]
    return found[of_code.argmax(axis=1)], of_code.max(axis=1)
