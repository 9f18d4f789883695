"""Filling missing values: roughly, and from the rows that a forest finds alike."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from cvkit.ml import RandomForestClassifier, RandomForestRegressor, impute_by_proximity, impute_roughly

X, Y = load_breast_cancer(return_X_y=True)


def with_gaps(X, share):
    X = X.copy()
    X[np.random.default_rng(0).random(X.shape) < share] = np.nan
    return X


def test_rough_imputation():
    nan = np.nan
    X = [[1, 0], [3, nan], [nan, 2], [7, 2], [nan, nan], [8, 1]]
    np.testing.assert_array_equal(
        impute_roughly(X, categorical_features=[1]), [[1, 0], [3, 2], [5, 2], [7, 2], [5, 2], [8, 1]]
    )
    by_class = impute_roughly(X, ["a", "a", "a", "b", "b", "b"])
    np.testing.assert_array_equal(by_class, [[1, 0], [3, 1], [2, 2], [7, 2], [7.5, 1.5], [8, 1]])
    np.testing.assert_array_equal(impute_roughly(X, np.linspace(0.1, 1, 6))[2], [5, 2])
    # A class without any value takes the median of all.
    np.testing.assert_array_equal(impute_roughly([[1.0], [5.0], [nan]], [0, 0, 1]), [[1], [5], [3]])


def test_one_round_of_imputation_is_the_mean_weighted_by_proximity():
    table = np.column_stack([X[:120, :5], X[:120, 0].round() % 4])
    y = Y[:120]
    gaps = with_gaps(table, 0.1)
    forest = RandomForestClassifier(15)
    ours = impute_by_proximity(
        gaps, y, categorical_features=[5], n_iterations=1, forest=forest, random_state=4
    )
    rough = impute_roughly(gaps, y, categorical_features=[5])
    seed = np.random.RandomState(4).randint(np.iinfo(np.int32).max)
    proximity = RandomForestClassifier(15, random_state=seed).fit(rough, y).proximity(rough)
    expected = rough.copy()
    for row, column in np.argwhere(np.isnan(gaps)):
        present = ~np.isnan(gaps[:, column])
        values, weights = gaps[present, column], proximity[row, present]
        if column == 5:
            expected[row, column] = max(np.unique(values), key=lambda code: weights[values == code].sum())
        else:
            expected[row, column] = np.average(values, weights=weights)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


@pytest.mark.parametrize("continuous", [False, True])
def test_imputation_by_proximity_beats_the_rough_one(continuous):
    table = (X - X.mean(axis=0)) / X.std(axis=0)
    y = table[:, 0] + table[:, 5] if continuous else Y
    gaps = with_gaps(table, 0.1)
    forest = RandomForestRegressor(30, max_features=0.3) if continuous else RandomForestClassifier(30)
    filled = impute_by_proximity(gaps, y, n_iterations=2, forest=forest, random_state=0)
    missing = np.isnan(gaps)
    np.testing.assert_array_equal(filled[~missing], table[~missing])
    error = np.mean((filled - table)[missing] ** 2)
    assert error < 0.95 * np.mean((impute_roughly(gaps, y) - table)[missing] ** 2)


@pytest.mark.parametrize("impute", [impute_roughly, impute_by_proximity])
def test_categorical_columns_are_checked(impute):
    X, y = [[1.0, 4.0], [1.0, np.nan], [2.0, 4.0], [2.0, 7.0]], [0, 0, 1, 1]
    expected = impute(X, y, categorical_features=[1])
    assert expected[1, 1] == 4
    for same in ((1, 1), {1}, np.array([1], np.uint8), [False, True], np.array([False, True])):
        np.testing.assert_array_equal(impute(X, y, categorical_features=same), expected)
    for columns, error in (
        ([7], ValueError),
        ([-1], ValueError),
        ([2**64 - 1], ValueError),
        ([1.0], TypeError),
        (["b"], TypeError),
        ([True], TypeError),
        ([True, False, True], TypeError),
        (1, TypeError),
        ([[1]], TypeError),
        (None, TypeError),
    ):
        with pytest.raises(error, match="categorical_features must be"):
            impute(X, y, categorical_features=columns)


def test_imputation_names_bad_input():
    with pytest.raises(ValueError, match="column 1 is missing throughout"):
        impute_roughly([[1.0, np.nan], [2.0, np.nan]])
    with pytest.raises(ValueError, match="n_iterations must be at least 1"):
        impute_by_proximity([[1.0], [np.nan]], [0, 1], n_iterations=0)
    complete = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(impute_by_proximity(complete, [0, 1, 0]), complete)
