"""Random forests: scikit-learn's trees, the same for any number of threads, and what Breiman adds."""

import pickle
import threading
import warnings

import numpy as np
import pytest
import sklearn.ensemble
from scipy import sparse
from sklearn import metrics
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_classification
from sklearn.inspection import permutation_importance
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_estimator,
    check_sample_weight_equivalence_on_dense_data,
)

import cvkit.ml
from cvkit.ml import RandomForestClassifier, RandomForestRegressor

DATA = {
    "digits": load_digits(return_X_y=True),
    "breast cancer": load_breast_cancer(return_X_y=True),
    "generated": make_classification(1000, 20, n_informative=6, n_classes=3, shuffle=False, random_state=0),
}


def with_gaps(X, share, seed=0):
    X = X.copy()
    X[np.random.default_rng(seed).random(X.shape) < share] = np.nan
    return X


@pytest.mark.parametrize("estimator", [RandomForestClassifier(5), RandomForestRegressor(5)], ids=str)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_is_a_scikit_learn_estimator(estimator):
    # Weights that say how likely a sample is drawn are not copies; scikit-learn excuses its own forests too.
    excused = {
        f"check_sample_weight_equivalence_on_{kind}_data": "weights are not copies"
        for kind in ("dense", "sparse")
    }
    check_estimator(estimator, expected_failed_checks=excused)
    counting = clone(estimator).set_params(frequency_weights=True)
    check_sample_weight_equivalence_on_dense_data(type(counting).__name__, counting)


def assert_same_forest(ours, theirs):
    for tree, their_tree in zip(ours.estimators_, theirs.estimators_, strict=True):
        for field in ("feature", "threshold", "children_left", "value"):
            np.testing.assert_array_equal(getattr(tree.tree_, field), getattr(their_tree.tree_, field))


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"max_features": "log2", "max_samples": 0.5},
        {"max_features": 0.4, "min_samples_leaf": 3, "max_samples": 300},
        {"bootstrap": False, "max_depth": 6},
        {"max_leaf_nodes": 20},
    ],
    ids=str,
)
@pytest.mark.parametrize("gaps", [0, 0.1])
def test_trees_equal_scikit_learns_node_for_node(name, parameters, gaps):
    X, y = DATA[name]
    X = with_gaps(X, gaps)
    ours = RandomForestClassifier(5, random_state=1, **parameters).fit(X, y)
    theirs = sklearn.ensemble.RandomForestClassifier(5, random_state=1, **parameters).fit(X, y)
    assert_same_forest(ours, theirs)
    for tree, their_tree in zip(ours.estimators_, theirs.estimators_, strict=True):
        inner = tree.tree_.children_left >= 0
        goes_left = [fitted.tree_.missing_go_to_left[inner].astype(bool) for fitted in (tree, their_tree)]
        np.testing.assert_array_equal(*goes_left)
        np.testing.assert_array_equal(tree.predict(X), their_tree.predict(X))
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    np.testing.assert_array_equal(ours.apply(X), theirs.apply(X))
    np.testing.assert_allclose(ours.feature_importances_, theirs.feature_importances_, atol=1e-12)


WEIGHTS = {
    "equal": lambda n: np.ones(n),
    "tenfold": lambda n: np.full(n, 10),
    "counts": lambda n: np.random.default_rng(0).integers(0, 4, n),
    "fractions": lambda n: np.random.default_rng(0).random(n),
}


@pytest.mark.parametrize("weights", [None, *WEIGHTS])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"class_weight": {0: 1, 1: 10, 2: 0.5}},
        {"class_weight": "balanced", "max_samples": 0.4},
        {"min_weight_fraction_leaf": 0.03, "max_samples": 300},
        {"min_impurity_decrease": 0.01, "ccp_alpha": 0.01},
    ],
    ids=str,
)
def test_weighted_forest_equals_scikit_learns(weights, parameters):
    X, y = DATA["generated"]
    sample_weight = None if weights is None else WEIGHTS[weights](len(y))
    parameters = {"n_estimators": 12, "oob_score": True, "random_state": 2, **parameters}
    ours = RandomForestClassifier(**parameters)
    theirs = sklearn.ensemble.RandomForestClassifier(**parameters)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Some ")  # no tree without them in its bag
        ours.fit(X, y, sample_weight)
        theirs.fit(X, y, sample_weight)
    assert_same_forest(ours, theirs)
    assert ours.oob_score_ == theirs.oob_score_
    for drawn, expected in zip(ours.estimators_samples_, theirs.estimators_samples_, strict=True):
        np.testing.assert_array_equal(drawn, expected)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_weighted_regression_forest_equals_scikit_learns(weights):
    X, y = load_diabetes(return_X_y=True)
    sample_weight = WEIGHTS[weights](len(y))
    parameters = {"n_estimators": 6, "random_state": 0, "min_weight_fraction_leaf": 0.02}
    ours = RandomForestRegressor(**parameters).fit(X, y, sample_weight)
    theirs = sklearn.ensemble.RandomForestRegressor(**parameters).fit(X, y, sample_weight)
    assert_same_forest(ours, theirs)


def test_balanced_subsamples_are_drawn_and_limited_as_scikit_learns():
    """Stumps leave rounding little to decide."""
    X, y = DATA["breast cancer"]
    parameters = {"max_depth": 1, "class_weight": "balanced_subsample", "random_state": 0}
    for more in ({}, {"min_weight_fraction_leaf": 0.3}, {"bootstrap": False}):
        for sample_weight in (None, np.full(len(y), 10)):
            ours = RandomForestClassifier(8, **parameters, **more).fit(X, y, sample_weight)
            theirs = sklearn.ensemble.RandomForestClassifier(8, **parameters, **more).fit(X, y, sample_weight)
            np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-12)


def test_repeated_samples_change_no_draw():
    X, y = (np.concatenate([part, part[:200]]) for part in DATA["breast cancer"])
    ours = RandomForestClassifier(4, random_state=0).fit(X, y)
    assert_same_forest(ours, sklearn.ensemble.RandomForestClassifier(4, random_state=0).fit(X, y))


def test_weights_that_cannot_be_drawn_by_are_named():
    X, y = DATA["breast cancer"]
    for forest, weights, message in (
        (RandomForestClassifier(2), np.full(len(y), 1e308), "weights of samples must have a finite sum"),
        (RandomForestClassifier(2, class_weight={0: -1, 1: 1}), None, "class_weight must not be negative"),
        (RandomForestClassifier(2, class_weight={0: 0, 1: 0}), None, "class_weight must leave a class"),
        (RandomForestRegressor(2), -np.ones(len(y)), "Negative values"),
        (RandomForestRegressor(2, frequency_weights=True), np.full(len(y), 0.5), "whole numbers"),
        (RandomForestRegressor(2, frequency_weights=True), np.full(len(y), 1e9), "a sum below"),
    ):
        with pytest.raises(ValueError, match=message):
            forest.fit(X, y, weights)


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_out_of_bag_score_and_importances_agree(name, class_weight):
    X, y = DATA[name]
    parameters = {"oob_score": True, "random_state": 0, "class_weight": class_weight}
    ours = RandomForestClassifier(80, **parameters).fit(X, y)
    theirs = sklearn.ensemble.RandomForestClassifier(80, **parameters).fit(X, y)
    assert abs(ours.oob_score_ - theirs.oob_score_) <= 0.01
    assert np.corrcoef(ours.feature_importances_, theirs.feature_importances_)[0, 1] > 0.97
    np.testing.assert_allclose(ours.oob_decision_function_, theirs.oob_decision_function_, atol=1e-12)


def test_balanced_subsamples_agree_on_average():
    """Rounding decides between equal splits: two forests agree as far as two seeds of one do."""
    X, y = DATA["breast cancer"]
    parameters = {"oob_score": True, "class_weight": "balanced_subsample", "max_depth": 6}
    scores = []
    for seed in range(4):
        ours = RandomForestClassifier(100, random_state=seed, **parameters).fit(X, y)
        theirs = sklearn.ensemble.RandomForestClassifier(100, random_state=seed, **parameters).fit(X, y)
        scores.append((ours.oob_score_, theirs.oob_score_))
    ours_mean, theirs_mean = np.mean(scores, axis=0)
    assert abs(ours_mean - theirs_mean) <= 0.005
    assert np.corrcoef(ours.feature_importances_, theirs.feature_importances_)[0, 1] > 0.97


@pytest.mark.parametrize("max_features", [1.0, 0.4])
def test_regression_forest_equals_scikit_learns(max_features):
    X, y = load_diabetes(return_X_y=True)
    parameters = {"n_estimators": 30, "oob_score": True, "random_state": 0, "max_features": max_features}
    ours = RandomForestRegressor(**parameters).fit(X, y)
    theirs = sklearn.ensemble.RandomForestRegressor(**parameters).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-12)
    np.testing.assert_allclose(ours.oob_prediction_, theirs.oob_prediction_, rtol=1e-12)
    np.testing.assert_allclose(ours.oob_score_, theirs.oob_score_, rtol=1e-12)
    np.testing.assert_allclose(ours.feature_importances_, theirs.feature_importances_, atol=1e-9)


@pytest.mark.parametrize("class_weight", [None, {0: 1, 1: 2.5, 2: 0.5}, "balanced_subsample"], ids=str)
def test_frequency_weights_mean_copies_in_any_order(class_weight):
    X, y = DATA["generated"]
    random = np.random.default_rng(0)
    weights = random.integers(0, 4, len(y))
    shuffled = random.permutation(len(y))
    forest = RandomForestClassifier(
        10, random_state=0, class_weight=class_weight, max_samples=0.7, frequency_weights=True
    )
    weighted = clone(forest).fit(X[shuffled], y[shuffled], weights[shuffled])
    copied = clone(forest).fit(X.repeat(weights, axis=0), y.repeat(weights))
    np.testing.assert_allclose(weighted.predict_proba(X), copied.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("n_jobs", [2, 3, -1])
def test_the_same_forest_for_any_number_of_threads(n_jobs):
    X, y = DATA["digits"]
    one = RandomForestClassifier(12, random_state=0, n_jobs=1).fit(X, y)
    many = RandomForestClassifier(12, random_state=0, n_jobs=n_jobs).fit(X, y)
    np.testing.assert_array_equal(one.nodes_, many.nodes_)
    threads = cvkit.get_num_threads()
    try:
        cvkit.set_num_threads(1)
        expected = one.predict_proba(X)
    finally:
        cvkit.set_num_threads(threads)
    np.testing.assert_array_equal(many.predict_proba(X), expected)


def test_forests_grow_in_several_python_threads_at_a_time():
    X, y = DATA["breast cancer"]
    expected = RandomForestClassifier(8, random_state=0).fit(X, y).nodes_
    grown = [None] * 4

    def grow(place):
        grown[place] = RandomForestClassifier(8, random_state=0, n_jobs=2).fit(X, y).nodes_

    threads = [threading.Thread(target=grow, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for nodes in grown:
        np.testing.assert_array_equal(nodes, expected)


@pytest.mark.parametrize("n_rows", [1, 7, 8, 9, 63, 64, 65, 200])
def test_rows_are_walked_together_as_one_by_one(n_rows):
    X, y = DATA["digits"]
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    together = forest.apply(X[:n_rows])
    np.testing.assert_array_equal(together, np.vstack([forest.apply(row[np.newaxis]) for row in X[:n_rows]]))


def test_proximity_is_the_share_of_common_leaves():
    X, y = DATA["breast cancer"]
    forest = RandomForestClassifier(25, random_state=0).fit(X, y)
    leaves = forest.apply(X[:40])
    expected = (leaves[:, np.newaxis] == leaves[np.newaxis, :12]).mean(axis=2)
    np.testing.assert_allclose(forest.proximity(X[:40], X[:12]), expected, atol=1e-15)
    own = forest.proximity(X[:40])
    np.testing.assert_array_equal(own, own.T)
    np.testing.assert_array_equal(np.diag(own), 1.0)
    assert own[np.equal.outer(y[:40], y[:40])].mean() > 3 * own[~np.equal.outer(y[:40], y[:40])].mean()


def test_permutation_importances_find_the_informative_features():
    X, y = DATA["generated"]
    forest = RandomForestClassifier(60, random_state=0).fit(X, y)
    importances = forest.permutation_importances(X, y, random_state=0)
    assert set(np.argsort(importances)[-4:]) <= set(range(8))  # 6 informative ones and 2 made of them
    assert importances[:6].min() > 3 * np.abs(importances[8:]).max()
    # Out-of-bag samples stand for new ones.
    half = RandomForestClassifier(60, random_state=0).fit(X[::2], y[::2])
    general = permutation_importance(half, X[1::2], y[1::2], n_repeats=4, random_state=0).importances_mean
    assert np.corrcoef(importances, general)[0, 1] > 0.9
    regressor = RandomForestRegressor(20, random_state=0).fit(X, X[:, 3] * 2)
    assert regressor.permutation_importances(X, X[:, 3] * 2, random_state=0).argmax() == 3


def test_what_needs_the_bootstrap_says_so():
    X, y = DATA["breast cancer"]
    whole = RandomForestClassifier(2, bootstrap=False).fit(X, y)
    with pytest.raises(ValueError, match="bootstrap=True"):
        whole.permutation_importances(X, y)
    with pytest.raises(ValueError, match="bootstrap=True"):
        RandomForestClassifier(2, bootstrap=False, oob_score=True).fit(X, y)
    with pytest.raises(ValueError, match="`max_sample` cannot be set if `bootstrap=False`"):
        RandomForestClassifier(2, bootstrap=False, max_samples=5).fit(X, y)
    with pytest.raises(ValueError, match="data that the forest was fitted to"):
        RandomForestClassifier(2).fit(X, y).permutation_importances(X[:9], y[:9])


def test_too_few_trees_for_an_out_of_bag_score_warn():
    X, y = DATA["breast cancer"]
    with pytest.warns(UserWarning, match="OOB scores"):
        RandomForestClassifier(1, oob_score=True, random_state=0).fit(X, y)
    with pytest.warns(UserWarning, match="max_samples"):
        RandomForestClassifier(1, max_samples=1e-4, random_state=0).fit(X, y)


@pytest.mark.parametrize("forest", [RandomForestClassifier, RandomForestRegressor])
def test_bad_input_is_named(forest):
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    for parameters, message in (
        ({"n_estimators": 0}, "'n_estimators' parameter"),
        ({"max_features": "half"}, "'max_features' parameter"),
        ({"max_samples": -1}, "'max_samples' parameter"),
        ({"n_jobs": 0}, "n_jobs must not be 0"),
    ):
        with pytest.raises(ValueError, match=message):
            forest(**parameters).fit(X, y)
    with pytest.raises(ValueError, match="infinity"):
        forest().fit(np.where(X == 3, np.inf, X), y)


def test_pickles_and_is_made_from_its_stored_arrays():
    X, y = DATA["breast cancer"]
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    restored = RandomForestClassifier(5)
    for name in RandomForestClassifier._stored:
        setattr(restored, name, getattr(forest, name))
    for copy in (pickle.loads(pickle.dumps(forest)), restored):
        np.testing.assert_array_equal(copy.predict_proba(X), forest.predict_proba(X))
        np.testing.assert_array_equal(copy.estimators_[2].predict(X), forest.estimators_[2].predict(X))


@pytest.mark.parametrize("kind", ["Classifier", "Regressor"])
def test_trees_of_a_forest_are_estimators_of_their_own(kind, tmp_path):
    X, y = DATA["breast cancer"]
    forest = getattr(cvkit.ml, f"RandomForest{kind}")(3, random_state=0, max_features=0.3).fit(X, y)
    theirs = getattr(sklearn.ensemble, f"RandomForest{kind}")(3, random_state=0, max_features=0.3).fit(X, y)
    for tree, their_tree in zip(forest.estimators_, theirs.estimators_, strict=True):
        attributes = {name for name in dir(their_tree) if name.endswith("_") and not name.startswith("_")}
        assert {"max_features_", "n_outputs_", "tree_"} <= attributes
        for name in attributes - {"tree_"}:
            np.testing.assert_allclose(getattr(tree, name), getattr(their_tree, name), atol=1e-12)
        assert (tree.get_depth(), tree.get_n_leaves()) == (their_tree.get_depth(), their_tree.get_n_leaves())
        assert tree.score(X, y) == their_tree.score(X, y)
        before = pickle.dumps(tree)
        np.testing.assert_array_equal(tree.apply(X), their_tree.apply(X))
        assert pickle.dumps(tree) == before
        cvkit.ml.save(tree, tmp_path / "tree.npz")
        for again in (pickle.loads(before), cvkit.ml.load(tmp_path / "tree.npz")):
            assert again.max_features_ == tree.max_features_
            np.testing.assert_array_equal(again.predict(X), tree.predict(X))
        assert clone(tree).fit(X, y).max_features_ == tree.max_features_


def test_works_in_a_pipeline():
    X, y = DATA["breast cancer"]
    pipeline = make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=0))
    assert pipeline.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.93


@pytest.mark.parametrize("learner", [RandomForestClassifier, RandomForestRegressor])
def test_growing_on_and_walking_over_trees(learner):
    X, y = load_breast_cancer(return_X_y=True)
    X, y = X[:200], y[:200]
    whole = learner(6, random_state=0).fit(X, y)
    grown = learner(2, random_state=0, warm_start=True).fit(X, y).set_params(n_estimators=6).fit(X, y)
    np.testing.assert_array_equal(grown.nodes_, whole.nodes_)
    assert len(grown) == len(list(grown)) == 6
    np.testing.assert_array_equal(grown[5].predict(X), whole.estimators_[5].predict(X))
    with pytest.warns(UserWarning, match="does not fit new trees"):
        grown.fit(X, y)
    with pytest.raises(ValueError, match="must be larger or equal to"):
        grown.set_params(n_estimators=3).fit(X, y)
    path, ends = whole.decision_path(X)
    assert path.shape == (200, ends[-1])
    for tree, start, end in zip(whole, ends[:-1], ends[1:], strict=True):
        assert (path[:, start:end] != tree.decision_path(X)).nnz == 0
        np.testing.assert_array_equal(tree.tree_.apply(X.astype(np.float32)), tree.apply(X))
    with pytest.raises(ValueError, match=r"X\.dtype should be np\.float32"):
        whole[0].tree_.apply(X)
    alone = learner(2, random_state=0, bootstrap=False).fit(X, y)
    np.testing.assert_array_equal(alone.estimators_samples_[1], np.arange(200))


@pytest.mark.parametrize("learner", [RandomForestClassifier, RandomForestRegressor])
def test_sparse_rows_and_scores_of_ones_own(learner, monkeypatch):
    X, y = load_breast_cancer(return_X_y=True)
    X, y = np.where(X[:150] > np.median(X, axis=0), X[:150], 0), y[:150]
    dense = learner(30, random_state=0, oob_score=True).fit(X, y)
    score = {RandomForestClassifier: "accuracy_score", RandomForestRegressor: "r2_score"}[learner]
    rows = sparse.csr_matrix(X)
    model = learner(30, random_state=0, oob_score=getattr(metrics, score)).fit(rows, y)
    np.testing.assert_array_equal(model.nodes_, dense.nodes_)
    assert model.oob_score_ == dense.oob_score_
    monkeypatch.setattr("cvkit.ml.tree.prediction._BLOCK_VALUES", 300)  # ten rows at a time
    np.testing.assert_array_equal(model.predict(rows), dense.predict(X))
    np.testing.assert_array_equal(model.apply(rows), dense.apply(X))
