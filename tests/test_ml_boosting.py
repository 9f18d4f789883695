"""AdaBoost: scikit-learn's stumps, what each kind of boosting minimizes, and the quantization of features."""

import itertools
import warnings

import numpy as np
import pytest
import sklearn.ensemble
from sklearn.datasets import load_breast_cancer
from sklearn.multiclass import OneVsRestClassifier

import cvkit
from cvkit.ml import AdaBoostClassifier
from cvkit.ml.ensemble.boosted_trees import BoostingParameters, boost
from cvkit.ml.ensemble.quantization import quantization_thresholds, quantize
from tests.learner_checks import failed_checks

X, Y = load_breast_cancer(return_X_y=True)
# Few values a feature: nothing is lost by quantizing.
COARSE = np.stack(
    [np.digitize(column, np.quantile(column, np.linspace(0, 1, 200))) for column in X.T], axis=1
)
KINDS = ("discrete", "real", "gentle")


@pytest.mark.parametrize("kind", KINDS)
def test_is_a_scikit_learn_estimator(kind):
    assert not failed_checks(AdaBoostClassifier(10, kind=kind, max_depth=2))


@pytest.mark.parametrize("learning_rate", [5.0, 50.0, 1e5])
def test_large_learning_rates_end_as_in_scikit_learn(learning_rate):
    """Weights keep a least share, and boosting ends after the tree that lets them overflow."""
    with warnings.catch_warnings(record=True) as theirs_warned:
        warnings.simplefilter("always")
        theirs = sklearn.ensemble.AdaBoostClassifier(n_estimators=20, learning_rate=learning_rate)
        theirs.fit(COARSE, Y)
    with warnings.catch_warnings(record=True) as ours_warned:
        warnings.simplefilter("always")
        ours = AdaBoostClassifier(20, learning_rate=learning_rate).fit(COARSE, Y)
    assert bool(ours_warned) == bool(theirs_warned) == (learning_rate > 5)
    assert all("run away" in str(warned.message) for warned in ours_warned)
    assert len(ours.tree_leaves_) == len(theirs.estimators_)
    np.testing.assert_array_equal(ours.predict(COARSE), theirs.predict(COARSE))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("learning_rate", [1e5, 1e300])
def test_boosting_ends_where_weights_run_away(kind, learning_rate):
    model = AdaBoostClassifier(20, kind=kind, learning_rate=learning_rate)
    with pytest.warns(UserWarning, match="run away after 1 trees.*learning_rate=.* is too large"):
        model.fit(COARSE, Y)
    assert model.score(COARSE, Y) > 0.9


@pytest.mark.parametrize("learning_rate", [1.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
def test_stumps_are_those_of_scikit_learn(learning_rate, weighted):
    parameters = {"n_estimators": 40, "learning_rate": learning_rate}
    weights = np.random.default_rng(0).integers(1, 5, len(Y)) if weighted else None
    labels = np.array(["malignant", "benign"])[Y]
    ours = AdaBoostClassifier(**parameters).fit(COARSE, labels, weights)
    theirs = sklearn.ensemble.AdaBoostClassifier(**parameters, random_state=0).fit(COARSE, labels, weights)
    stumps = [stump.tree_ for stump in theirs.estimators_]
    assert ours.tree_features_[:, 0].tolist() == [stump.feature[0] for stump in stumps]
    assert ours.tree_thresholds_[:, 0].tolist() == [stump.threshold[0] for stump in stumps]
    for name in ("estimator_weights_", "estimator_errors_", "feature_importances_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=1e-12)
    for method in ("decision_function", "predict_proba"):
        expected = getattr(theirs, method)(COARSE)
        np.testing.assert_allclose(getattr(ours, method)(COARSE), expected, atol=1e-12)
        ours_staged, theirs_staged = (getattr(model, f"staged_{method}")(COARSE) for model in (ours, theirs))
        for found, expected in zip(ours_staged, theirs_staged, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_array_equal(ours.predict(COARSE), theirs.predict(COARSE))
    stages = [model.staged_score(COARSE, labels) for model in (ours, theirs)]
    np.testing.assert_allclose(*map(list, stages))


def slow_boost(features, is_positive, n_trees, depth, kind):
    """Boost trees of least exponential loss, one sample and one threshold at a time."""
    signs = np.where(is_positive, 1.0, -1.0)
    scores = np.zeros(len(signs))
    for _ in range(n_trees):
        weights = np.exp(-signs * scores)
        weights /= weights.sum()
        nodes = np.zeros(len(signs), int)
        for _ in range(depth):
            halves = nodes.copy()
            for node in np.unique(nodes):
                inside = nodes == node

                def loss(split, inside=inside, weights=weights):
                    sides = (
                        inside & (features[split[0]] >= split[1]),
                        inside & (features[split[0]] < split[1]),
                    )
                    return sum(
                        np.sqrt(weights[side & is_positive].sum() * weights[side & ~is_positive].sum())
                        for side in sides
                    )

                feature, value = min(itertools.product(range(len(features)), range(1, 8)), key=loss)
                halves[inside] = 2 * node + (features[feature, inside] >= value)
            nodes = halves
        for leaf in np.unique(nodes):
            inside = nodes == leaf
            positive, negative = (weights[inside & side].sum() for side in (is_positive, ~is_positive))
            value = 0.5 * np.log((positive + 1e-4 / 2**depth) / (negative + 1e-4 / 2**depth))
            scores[inside] += value if kind == "real" else (positive - negative) / (positive + negative)
    return scores


@pytest.mark.parametrize("kind", ["real", "gentle"])
def test_trees_equal_slow_ones(kind):
    generator = np.random.default_rng(1)
    rows = generator.integers(0, 8, (300, 5))
    labels = generator.random(300) < 1 / (1 + np.exp(-(rows[:, 0] - 3.4) * (rows[:, 1] - 3.3)))
    model = AdaBoostClassifier(6, kind=kind, criterion="exponential", max_depth=2).fit(rows, labels)
    expected = slow_boost(rows.T, labels, 6, 2, kind)
    np.testing.assert_allclose(model.decision_function(rows), expected, atol=1e-9)
    odds = 1 / (1 + np.exp(-2 * expected))
    np.testing.assert_allclose(model.predict_proba(rows)[:, 1], odds, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("criterion", ["gini", "error", "exponential"])
def test_every_kind_learns(kind, criterion):
    parameters = {"max_depth": 2, "max_features": 0.3, "trimming": 0.02, "random_state": 0}
    model = AdaBoostClassifier(60, kind=kind, criterion=criterion, **parameters).fit(X[::2], Y[::2])
    assert model.score(X[1::2], Y[1::2]) > 0.94


def test_trimmed_samples_are_the_lightest():
    generator = np.random.default_rng(0)
    features = generator.integers(0, 256, (3, 400)).astype(np.uint8)
    # The third feature tells the class of the light samples alone, the first that of the others.
    is_light = np.arange(400) < 300
    is_positive = features[0] >= 100
    is_positive[is_light] = features[2, is_light] >= 50
    weights = np.where(is_light, 0.4 / 300, 0.6 / 100)
    chosen = [
        boost(features, is_positive, weights, 1, BoostingParameters(trimming=share)) for share in (0.41, 0.0)
    ]
    assert [int(trees.feature[0, 0]) for trees in chosen] == [0, 0]
    weights = np.where(is_light, 0.6 / 300, 0.4 / 100)
    chosen = [
        boost(features, is_positive, weights, 1, BoostingParameters(trimming=share)) for share in (0.61, 0.0)
    ]
    assert [int(trees.feature[0, 0]) for trees in chosen] == [0, 2]


def test_thresholds_lie_in_the_middle_of_values_that_no_sample_has():
    features = np.array([[10, 10, 20, 20], [255, 255, 254, 254]], np.uint8)
    is_positive = np.array([False, False, True, True])
    first, second = (
        boost(features[[row]], is_positive, np.ones(4), 1, BoostingParameters()) for row in (0, 1)
    )
    assert (first.threshold[0, 0], second.threshold[0, 0]) == (16, 255)
    assert first.leaf.tolist() == (-second.leaf).tolist() == [[-0.5, 0.5]]


def test_threads_change_nothing():
    generator = np.random.default_rng(0)
    features = generator.integers(0, 200, (400, 9000)).astype(np.uint8)
    is_positive = generator.random(9000) < features[3] / 200
    weights = np.full(9000, 1 / 9000)
    parameters = BoostingParameters(depth=3, kind="real", max_features=60, trimming=0.01, seed=5)
    before = cvkit.get_num_threads()
    found = []
    try:
        for threads in {1, before}:
            cvkit.set_num_threads(threads)
            found.append(boost(features, is_positive, weights, 8, parameters))
    finally:
        cvkit.set_num_threads(before)
    for name in ("feature", "threshold", "leaf", "gain", "error"):
        np.testing.assert_array_equal(getattr(found[0], name), getattr(found[-1], name))


def test_the_seed_decides_the_drawn_features():
    fits = [AdaBoostClassifier(5, max_features=3, random_state=seed).fit(X, Y) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(fits[0].tree_features_, fits[1].tree_features_)
    assert not np.array_equal(fits[0].tree_features_, fits[2].tree_features_)


def test_a_tree_without_errors_is_the_last():
    rows = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
    model = AdaBoostClassifier(10).fit(rows, [0, 0, 1, 1])
    assert len(model.tree_features_) == 1
    assert model.decision_function(rows).tolist() == [-2, -2, 2, 2]


def test_nothing_to_learn_gives_the_more_frequent_class():
    rows = np.zeros((9, 2))
    model = AdaBoostClassifier(10).fit(rows, [1, 1, 1, 0, 1, 1, 0, 1, 0])
    assert model.predict(rows).tolist() == [1] * 9
    assert model.tree_thresholds_.max() == -np.inf


def test_thresholds_lie_between_values():
    rows = np.array([[0, 5], [1, 5], [1, 5], [4, 5]], np.float32)
    first, second = quantization_thresholds(rows, 256)
    assert first.tolist() == [0.5, 2.5]
    assert second.tolist() == []
    assert quantize(rows, [first, second]).tolist() == [[0, 1, 1, 2], [0, 0, 0, 0]]
    nearly_one = np.nextafter(np.float32(1), np.float32(0))
    close = np.array([[nearly_one], [1]], np.float32)
    assert quantize(close, quantization_thresholds(close, 256)).tolist() == [[0, 1]]


def test_many_values_share_the_quantized_ones_evenly():
    rows = np.random.default_rng(0).exponential(size=(20_000, 1)).astype(np.float32)
    quantized = quantize(rows, quantization_thresholds(rows, 256))
    counts = np.bincount(quantized[0], minlength=256)
    assert counts.min() > 70
    assert counts.max() < 90
    rows[:15_000] = 0.0  # one value with most samples takes no others in
    quantized = quantize(rows, quantization_thresholds(rows, 256))
    assert (quantized[0] == 0).sum() == 15_000


def test_classes_other_than_two_are_refused():
    with pytest.raises(ValueError, match=r"Only binary classification is supported.*multiclass"):
        AdaBoostClassifier().fit(X[:4], [0, 1, 2, 0])
    with pytest.raises(ValueError, match="only one class: 7"):
        AdaBoostClassifier().fit(X[:3], [7, 7, 7])
    labels = Y + (X[:, 0] > 20)
    assert OneVsRestClassifier(AdaBoostClassifier()).fit(X, labels).score(X, labels) > 0.95


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"kind": "SAMME"}, "kind"),
        ({"criterion": "entropy"}, "criterion"),
        ({"max_depth": 9}, "max_depth"),
        ({"trimming": 1.0}, "trimming"),
        ({"max_features": 0.0}, "max_features"),
        ({"learning_rate": 0}, "learning_rate"),
    ],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(ValueError, match=message):
        AdaBoostClassifier(**parameters).fit(X, Y)
