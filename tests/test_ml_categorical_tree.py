"""ID3 and C4.5 on categorical columns: the trees of Quinlan's paper."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from cvkit.ml import ID3Classifier


@pytest.mark.parametrize("criterion", ["entropy", "gain_ratio"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_is_a_scikit_learn_estimator(criterion):
    check_estimator(ID3Classifier(criterion=criterion))


WEATHER = [  # Quinlan 1986: outlook, temperature, humidity, wind; whether to play
    ("sunny", "hot", "high", "weak", "no"),
    ("sunny", "hot", "high", "strong", "no"),
    ("overcast", "hot", "high", "weak", "yes"),
    ("rain", "mild", "high", "weak", "yes"),
    ("rain", "cool", "normal", "weak", "yes"),
    ("rain", "cool", "normal", "strong", "no"),
    ("overcast", "cool", "normal", "strong", "yes"),
    ("sunny", "mild", "high", "weak", "no"),
    ("sunny", "cool", "normal", "weak", "yes"),
    ("rain", "mild", "normal", "weak", "yes"),
    ("sunny", "mild", "normal", "strong", "yes"),
    ("overcast", "mild", "high", "strong", "yes"),
    ("overcast", "hot", "normal", "weak", "yes"),
    ("rain", "mild", "high", "strong", "no"),
]


def weather():
    table = np.array(WEATHER)
    codes = np.column_stack([np.unique(column, return_inverse=True)[1] for column in table[:, :4].T])
    return codes, table[:, 4]


@pytest.mark.parametrize("criterion", ["entropy", "gain_ratio"])
def test_id3_grows_the_tree_of_quinlans_paper(criterion):
    X, y = weather()
    tree = ID3Classifier(criterion=criterion).fit(X, y)
    # Outlook first; overcast is a leaf, rain asks for the wind, sunny for the humidity. Children follow in
    # the order of their codes (overcast, rain, sunny), each branch before the next.
    assert tree.feature_.tolist() == [0, -1, 3, -1, -1, 2, -1, -1]
    np.testing.assert_array_equal(tree.predict(X), y)


def test_id3_answers_with_the_node_where_a_value_is_new():
    X, y = weather()
    tree = ID3Classifier().fit(X, y)
    np.testing.assert_allclose(tree.predict_proba([[9, 0, 0, 0]]), [[5 / 14, 9 / 14]])
    np.testing.assert_allclose(tree.predict_proba([[1, 0, 0, 9]]), [[2 / 5, 3 / 5]])


def test_id3_limits():
    X, y = weather()
    assert len(ID3Classifier(max_depth=1).fit(X, y).feature_) == 4
    assert len(ID3Classifier(min_samples_split=6).fit(X, y).feature_) == 4
    assert ID3Classifier().fit(np.zeros((3, 1)), [0, 1, 1]).predict([[0]]).tolist() == [1]


def test_id3_gain_ratio_prefers_the_simpler_of_two_features_that_tell_as_much():
    y = np.array(["a", "a", "b", "b"] * 3)
    names = np.arange(12)
    plain = np.array([0, 0, 1, 1] * 3)
    X = np.column_stack([names, plain])
    assert ID3Classifier().fit(X, y).feature_[0] == 0
    assert ID3Classifier(criterion="gain_ratio").fit(X, y).feature_[0] == 1
