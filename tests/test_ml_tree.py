"""Decision trees: equal to scikit-learn's where they can be, and right where they have no counterpart."""

import pickle

import numpy as np
import pytest
import sklearn.tree
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_classification
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

from cvkit.ml import DecisionTreeClassifier, DecisionTreeRegressor, export_text, plot_tree
from cvkit.ml.tree._cpu.criterion import GAIN_RATIO
from cvkit.ml.tree._cpu.records import SPLIT_DTYPE, Target
from cvkit.ml.tree._cpu.splitter import choose_split

FIELDS = (
    "children_left",
    "children_right",
    "feature",
    "threshold",
    "impurity",
    "n_node_samples",
    "weighted_n_node_samples",
    "value",
)
DATA = {
    "digits": load_digits(return_X_y=True),
    "breast cancer": load_breast_cancer(return_X_y=True),
    "generated": make_classification(1500, 12, n_informative=6, n_redundant=2, n_classes=4, random_state=0),
}


def with_gaps(X, share, seed=0):
    X = X.copy()
    X[np.random.default_rng(seed).random(X.shape) < share] = np.nan
    return X


def assert_same_tree(ours, theirs):
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(ours.tree_, name), getattr(theirs.tree_, name), err_msg=name)
    inner = ours.tree_.children_left >= 0  # scikit-learn's best-first leaves hold what memory held
    goes_left = [model.tree_.missing_go_to_left[inner].astype(bool) for model in (ours, theirs)]
    np.testing.assert_array_equal(*goes_left)


def gini_pair(X, y, sample_weight=None, **parameters):
    ours = DecisionTreeClassifier(**parameters).fit(X, y, sample_weight)
    theirs = sklearn.tree.DecisionTreeClassifier(**parameters).fit(X, y, sample_weight)
    return ours, theirs


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(),
        DecisionTreeClassifier(criterion="gain_ratio"),
        DecisionTreeRegressor(),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_is_a_scikit_learn_estimator(estimator):
    check_estimator(estimator)


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("max_features", [None, "sqrt", "log2", 0.7, 1])
def test_gini_tree_equals_scikit_learns_node_for_node(name, seed, max_features):
    X, y = DATA[name]
    assert_same_tree(*gini_pair(X, y, random_state=seed, max_features=max_features))


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_depth": 3},
        {"min_samples_split": 20},
        {"min_samples_split": 0.1},
        {"min_samples_leaf": 7},
        {"min_samples_leaf": 0.02},
        {"min_weight_fraction_leaf": 0.03},
        {"min_impurity_decrease": 0.004},
        {"ccp_alpha": 0.002},
        {"ccp_alpha": 0.002, "max_features": 5},
        {"class_weight": {0: 3, 1: 1, 2: 2, 3: 1}},
    ],
    ids=str,
)
def test_every_parameter_means_what_it_means_in_scikit_learn(parameters):
    X, y = DATA["generated"]
    assert_same_tree(*gini_pair(X, y, random_state=3, **parameters))


@pytest.mark.parametrize(
    "parameters",
    [{}, {"max_features": "sqrt"}, {"max_depth": 5}, {"ccp_alpha": 0.004}, {"min_impurity_decrease": 0.003}],
    ids=str,
)
@pytest.mark.parametrize("max_leaf_nodes", [2, 31, 10_000])
def test_best_first_tree_equals_scikit_learns(max_leaf_nodes, parameters):
    X, y = DATA["generated"]
    for columns in (X, np.sign(X)):  # signs make many branches equally rewarding
        ours, theirs = gini_pair(columns, y, random_state=0, max_leaf_nodes=max_leaf_nodes, **parameters)
        assert_same_tree(ours, theirs)
        assert ours.get_n_leaves() <= max_leaf_nodes
        np.testing.assert_array_equal(ours.apply(columns), theirs.apply(columns))


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("max_features", [None, "sqrt"])
def test_missing_values_as_scikit_learn_treats_them(name, max_features):
    X, y = DATA[name]
    gaps = with_gaps(X, 0.15)
    ours, theirs = gini_pair(gaps, y, random_state=0, max_features=max_features)
    assert_same_tree(ours, theirs)
    other_gaps = with_gaps(X, 0.3, seed=1)
    np.testing.assert_array_equal(ours.predict_proba(other_gaps), theirs.predict_proba(other_gaps))
    np.testing.assert_array_equal(ours.apply(other_gaps), theirs.apply(other_gaps))


def test_a_split_may_part_missing_from_present_values():
    X = np.array([[1.0], [2.0], [3.0], [np.nan], [np.nan]])
    ours, theirs = gini_pair(X, [0, 0, 0, 1, 1], random_state=0)
    assert_same_tree(ours, theirs)
    assert ours.tree_.threshold[0] == np.inf
    assert ours.predict([[1e30], [np.nan]]).tolist() == [0, 1]


def test_trees_without_missing_values_in_training_predict_them_too():
    X, y = DATA["breast cancer"]
    ours, theirs = gini_pair(X, y, random_state=0)
    gaps = with_gaps(X, 0.3)
    np.testing.assert_array_equal(ours.predict(gaps), theirs.predict(gaps))


def test_whole_number_sample_weights_equal_scikit_learns():
    X, y = DATA["generated"]
    weights = np.random.default_rng(0).integers(0, 4, len(y)).astype(float)
    for max_features in (None, 3):
        assert_same_tree(*gini_pair(X, y, weights, random_state=0, max_features=max_features))


@pytest.mark.parametrize("max_features", [None, 4])
def test_fractional_weights_give_scikit_learns_splits_where_there_are_no_ties(max_features):
    X, y = DATA["generated"]
    weights = np.random.default_rng(0).random(len(y))
    parameters = {"random_state": 0, "class_weight": "balanced", "max_features": max_features}
    # Deeper down scikit-learn splits pure nodes too, whose impurity it rounds to 4e-16.
    ours, theirs = gini_pair(X, y, weights, max_depth=4, **parameters)
    for name in ("children_left", "feature", "threshold", "n_node_samples"):
        np.testing.assert_array_equal(getattr(ours.tree_, name), getattr(theirs.tree_, name), err_msg=name)
    np.testing.assert_allclose(ours.tree_.value, theirs.tree_.value, atol=1e-12)
    np.testing.assert_allclose(ours.tree_.impurity, theirs.tree_.impurity, atol=1e-12)
    assert gini_pair(X, y, weights, **parameters)[0].score(X, y) == 1.0


@pytest.mark.parametrize("name", DATA)
def test_entropy_tree_agrees_with_scikit_learn_up_to_ties(name):
    X, y = DATA[name]
    ours = DecisionTreeClassifier(criterion="entropy", random_state=0).fit(X, y)
    theirs = sklearn.tree.DecisionTreeClassifier(criterion="entropy", random_state=0).fit(X, y)
    assert abs(ours.tree_.node_count - theirs.tree_.node_count) <= 0.03 * theirs.tree_.node_count
    np.testing.assert_allclose(ours.tree_.impurity[:3], theirs.tree_.impurity[:3], rtol=1e-12)
    np.testing.assert_array_equal(ours.predict(X), y)


@pytest.mark.parametrize("max_features", [None, 4])
@pytest.mark.parametrize("gaps", [0, 0.1])
def test_regression_tree_on_whole_number_responses_equals_scikit_learns(max_features, gaps):
    X, y = load_diabetes(return_X_y=True)
    X = with_gaps(X, gaps)
    parameters = {"random_state": 0, "max_features": max_features, "ccp_alpha": 3.0}
    ours = DecisionTreeRegressor(**parameters).fit(X, y)
    theirs = sklearn.tree.DecisionTreeRegressor(**parameters).fit(X, y)
    for name in ("children_left", "feature", "threshold", "value", "n_node_samples"):
        np.testing.assert_array_equal(getattr(ours.tree_, name), getattr(theirs.tree_, name), err_msg=name)
    np.testing.assert_allclose(ours.tree_.impurity, theirs.tree_.impurity, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def structure(tree):
    return tree.tree_.children_left.tolist(), tree.tree_.feature.tolist(), tree.tree_.threshold.tolist()


@pytest.mark.parametrize("gaps", [0, 0.1])
@pytest.mark.parametrize("parameters", [{}, {"max_features": 2}, {"max_leaf_nodes": 20}], ids=str)
def test_a_regression_tree_does_not_depend_on_the_origin_and_unit_of_the_responses(parameters, gaps):
    random = np.random.default_rng(0)
    X = with_gaps(random.normal(size=(300, 5)), gaps)
    y = random.permutation(300) / 256.0
    tree = DecisionTreeRegressor(random_state=0, **parameters).fit(X, y)
    for shift in (1e5, -1e8, 2.0**40):
        shifted = DecisionTreeRegressor(random_state=0, **parameters).fit(X, y + shift)
        assert structure(shifted) == structure(tree)
        np.testing.assert_allclose(shifted.tree_.impurity, tree.tree_.impurity, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(shifted.predict(X) - shift, tree.predict(X), atol=abs(shift) * 1e-15)
    for unit in (2.0**-30, 2.0**-340, 2.0**-1000, 2.0**30, 2.0**340, 2.0**1000):
        scaled = DecisionTreeRegressor(random_state=0, **parameters).fit(X, y * unit)
        assert structure(scaled) == structure(tree)
        np.testing.assert_array_equal(scaled.predict(X), tree.predict(X) * unit)


def test_limits_on_impurity_are_in_the_unit_of_the_responses():
    random = np.random.default_rng(1)
    X, y = random.normal(size=(200, 3)), random.permutation(200) / 256.0
    for name, limit in (("min_impurity_decrease", 0.001), ("ccp_alpha", 0.001)):
        tree = DecisionTreeRegressor(random_state=0, **{name: limit}).fit(X, y)
        assert 1 < tree.get_n_leaves() < 100
        for shift, unit in ((0.0, 2.0**-30), (0.0, 2.0**-320), (2.0**27, 1.0), (2.0**-3, 2.0**-30)):
            other = DecisionTreeRegressor(random_state=0, **{name: limit * unit**2}).fit(X, shift + y * unit)
            assert structure(other) == structure(tree)


def test_regression_splits_nodes_that_spread_little_beside_their_values():
    X = np.arange(8.0)[:, np.newaxis]
    for y in (
        np.array([1e-9, 2e-9, 5e-9, 5e-9, 7e-9, 8e-9, 8e-9, 9e-9]),
        np.r_[1e8 + np.arange(4.0), np.arange(4.0)],  # the root spreads widely, its children do not
        np.r_[-1e12, 1e12 + np.arange(7.0)],
    ):
        np.testing.assert_array_equal(DecisionTreeRegressor().fit(X, y).predict(X), y)
    assert DecisionTreeRegressor().fit(X, np.full(8, 0.1)).get_n_leaves() == 1


def test_paths_importances_and_pruning_path_equal_scikit_learns():
    X, y = DATA["breast cancer"]
    ours, theirs = gini_pair(X, y, random_state=0, max_depth=5)
    assert (ours.decision_path(X) != theirs.decision_path(X)).nnz == 0
    np.testing.assert_allclose(ours.feature_importances_, theirs.feature_importances_, atol=1e-15)
    assert ours.get_depth() == theirs.get_depth()
    assert ours.get_n_leaves() == theirs.get_n_leaves()
    path, their_path = ours.cost_complexity_pruning_path(X, y), theirs.cost_complexity_pruning_path(X, y)
    np.testing.assert_allclose(path.ccp_alphas, their_path.ccp_alphas, atol=1e-15)
    np.testing.assert_allclose(path.impurities, their_path.impurities, atol=1e-15)


def gain_and_ratio(x, y, threshold):
    """Information gain of a split and its gain ratio, from the definition."""

    def entropy(labels):
        share = np.unique(labels, return_counts=True)[1] / len(labels)
        return -(share * np.log2(share)).sum()

    left = x <= threshold
    parts = [y[left], y[~left]]
    gain = entropy(y) - sum(len(part) / len(y) * entropy(part) for part in parts)
    return gain, gain / entropy(left)


def best_split_by_gain_ratio(X, y, share_of_average=1.0):
    """C4.5's choice: of each feature the split of most gain, of those of average gain the best ratio."""
    candidates = []
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        middles = (values[:-1] + values[1:]) / 2
        if len(middles):
            splits = [(*gain_and_ratio(X[:, feature], y, middle), middle) for middle in middles]
            gain, ratio, threshold = max(splits, key=lambda split: split[0])
            candidates.append((gain, ratio, feature, threshold))
    average = np.mean([gain for gain, *_ in candidates])
    _, _, feature, threshold = max(
        (c for c in candidates if c[0] >= share_of_average * average - 1e-12), key=lambda c: c[1]
    )
    return feature, threshold


@pytest.mark.parametrize("seed", range(12))
def test_gain_ratio_chooses_as_c45_does(seed):
    random = np.random.default_rng(seed)
    X = random.integers(0, 12, (40, 4)).astype(float)
    X[:, 3] = np.arange(40)
    y = (X[:, 0] + X[:, 1] + random.normal(0, 3, 40) > 11).astype(int)
    tree = DecisionTreeClassifier(criterion="gain_ratio", max_depth=1, random_state=0).fit(X, y).tree_
    assert (tree.feature[0], tree.threshold[0]) == best_split_by_gain_ratio(X, y)


@pytest.mark.parametrize("seed", [1, 3, 4, 5])
def test_gain_ratio_passes_over_lopsided_splits_of_little_gain(seed):
    random = np.random.default_rng(seed)
    X = random.integers(0, 12, (60, 4)).astype(float)
    y = (X[:, 0] + X[:, 1] + random.normal(0, 6, 60) > 11).astype(int)
    X[:, 2] = 0
    X[np.flatnonzero(y == np.bincount(y).argmin())[0], 2] = 1  # a ratio beyond the others', and hardly a gain
    assert best_split_by_gain_ratio(X, y, share_of_average=0.0)[0] == 2
    tree = DecisionTreeClassifier(criterion="gain_ratio", max_depth=1, random_state=0).fit(X, y).tree_
    assert (tree.feature[0], tree.threshold[0]) == best_split_by_gain_ratio(X, y)


def test_gain_ratio_chooses_among_equal_gains():
    X, y = DATA["digits"]  # the average of 64 equal gains rounds to more than each of them
    tree = DecisionTreeClassifier(criterion="gain_ratio", random_state=0).fit(X, y)
    assert tree.score(X, y) == 1.0


@pytest.mark.parametrize("gains", [[0.1, 0.1, 0.1], [np.nan, np.nan, np.nan]], ids=["equal", "none"])
def test_gain_ratio_chooses_one_of_the_splits(gains):
    splits = np.zeros(3, SPLIT_DTYPE)
    splits["score"] = gains
    splits["ratio"] = [0.2, 0.5, 0.3]
    nothing = np.empty(0)
    target = Target(GAIN_RATIO, nothing.astype(np.uint32), nothing, nothing, False, nothing)
    assert np.mean([0.1, 0.1, 0.1]) > 0.1
    assert choose_split(splits, 10.0, target) == (1 if gains[0] == 0.1 else 0)


def test_gain_ratio_differs_from_information_gain():
    X, y = DATA["generated"]
    by_gain = DecisionTreeClassifier(criterion="entropy", random_state=0).fit(X, y)
    by_ratio = DecisionTreeClassifier(criterion="gain_ratio", random_state=0).fit(X, y)
    assert by_ratio.tree_.node_count != by_gain.tree_.node_count
    assert by_ratio.score(X, y) == 1.0


@pytest.mark.parametrize("columns", [np.zeros((6, 2)), np.full((6, 2), np.nan)], ids=["constant", "missing"])
def test_useless_features_make_a_single_leaf(columns):
    tree = DecisionTreeClassifier().fit(columns, [0, 0, 1, 1, 1, 1])
    assert tree.tree_.node_count == 1
    np.testing.assert_allclose(tree.predict_proba(columns[:1]), [[1 / 3, 2 / 3]])


def test_extremes_of_shape_and_value():
    one = DecisionTreeClassifier().fit([[1.0]], ["only"])
    assert one.predict([[5.0]]).tolist() == ["only"]
    wide = np.random.default_rng(0).normal(size=(4, 3000))
    assert_same_tree(*gini_pair(wide, [0, 1, 0, 1], random_state=0))
    tall = np.random.default_rng(0).normal(size=(30000, 1))
    assert_same_tree(*gini_pair(tall, (np.abs(tall[:, 0]) > 1).astype(int), random_state=0))
    huge = np.array([[-3e38], [3e38], [1e-40], [0.0]])
    assert_same_tree(*gini_pair(huge, [0, 1, 2, 2], random_state=0))


@pytest.mark.parametrize("y", [[0, 1, 2, 3], [0.5, 1.5, 2.5, 4.0]], ids=["classes", "responses"])
def test_bad_input_is_named(y):
    tree = DecisionTreeClassifier() if isinstance(y[0], int) else DecisionTreeRegressor()
    X = np.arange(8.0).reshape(4, 2)
    with pytest.raises(ValueError, match="infinity"):
        tree.fit(np.where(X == 3, np.inf, X), y)
    with pytest.raises(ValueError, match=r"weight.*zero"):
        tree.fit(X, y, np.zeros(4))
    with pytest.raises(ValueError, match="Negative values"):
        tree.fit(X, y, [1, 1, -1, 1])
    with pytest.raises(ValueError, match="'max_depth' parameter"):
        type(tree)(max_depth=0).fit(X, y)
    with pytest.raises(ValueError, match="'criterion' parameter"):
        type(tree)(criterion="best").fit(X, y)
    with pytest.raises(ValueError, match="2 features"):
        tree.fit(X, y).predict(X[:, :1])


def test_input_is_left_alone_and_any_layout_is_read():
    X, y = DATA["generated"]
    wide = np.repeat(X, 2, axis=1).astype(np.float32)
    before = wide.copy()
    wide.setflags(write=False)
    strided = DecisionTreeClassifier(random_state=0).fit(wide[:, ::2], y)
    plain = DecisionTreeClassifier(random_state=0).fit(np.asfortranarray(X), y)
    np.testing.assert_array_equal(strided.nodes_, plain.nodes_)
    np.testing.assert_array_equal(wide, before)


def test_pickles_and_is_made_from_its_stored_arrays():
    X, y = DATA["generated"]
    tree = DecisionTreeClassifier(random_state=0).fit(X, y)
    restored = DecisionTreeClassifier()
    for name in DecisionTreeClassifier._stored:
        setattr(restored, name, getattr(tree, name))
    for copy in (pickle.loads(pickle.dumps(tree)), restored):
        np.testing.assert_array_equal(copy.predict_proba(X), tree.predict_proba(X))


def test_works_in_a_grid_search():
    X, y = DATA["breast cancer"]
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 4]}, cv=3).fit(X, y)
    theirs = GridSearchCV(sklearn.tree.DecisionTreeClassifier(random_state=0), {"max_depth": [1, 4]}, cv=3)
    assert search.best_score_ == theirs.fit(X, y).best_score_


@pytest.mark.parametrize("max_depth", [1, 10])
def test_text_equals_scikit_learns(max_depth):
    X, y = DATA["breast cancer"]
    names = [f"column {i}" for i in range(X.shape[1])]
    ours, theirs = gini_pair(X, y, random_state=0)
    expected = sklearn.tree.export_text(theirs, feature_names=names, max_depth=max_depth)
    assert export_text(ours, feature_names=names, max_depth=max_depth) == expected
    X, y = load_diabetes(return_X_y=True)
    ours = DecisionTreeRegressor(max_depth=3).fit(X, y)
    theirs = sklearn.tree.DecisionTreeRegressor(max_depth=3).fit(X, y)
    assert export_text(ours, max_depth=max_depth) == sklearn.tree.export_text(theirs, max_depth=max_depth)
    with pytest.raises(ValueError, match="10 names"):
        export_text(ours, feature_names=["one"])


def test_plot_writes_each_node_and_places_leaves_side_by_side():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib.figure import Figure

    X, y = DATA["breast cancer"]
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)
    axes = plot_tree(tree, ax=Figure().subplots())
    assert len(axes.texts) == tree.tree_.node_count
    assert len(axes.lines) == tree.tree_.node_count - 1
    leaves = tree.tree_.children_left < 0
    x = np.array([text.get_position()[0] for text in axes.texts])
    np.testing.assert_array_equal(x[leaves], np.arange(leaves.sum()))
    assert axes.texts[0].get_text().startswith(f"feature_{tree.tree_.feature[0]} <= ")
