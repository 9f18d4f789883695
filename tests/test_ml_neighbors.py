"""KNeighborsClassifier and KNeighborsRegressor beside scikit-learn's, on bad input, and on CUDA."""

from __future__ import annotations

import pickle
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn import neighbors as reference
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import cvkit
from cvkit.ml import KNeighborsClassifier, KNeighborsRegressor
from cvkit.ml._samples import Samples
from cvkit.ml.neighbors.brute_force import BruteSearch
from cvkit.ml.neighbors.search import Metric
from tests.fake_device import fake
from tests.learner_checks import assert_compiles, assert_same, failed_checks, simulated
from tests.ptx_device import unless_ptx_device
from tests.simulate_learners import neighbors, small_samples

METRICS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"metric": "euclidean"}, {"metric": "euclidean"}),
    ({"metric": "manhattan"}, {"metric": "cityblock"}),
    ({"metric": "chebyshev"}, {"metric": "chebyshev"}),
    ({"metric": "cosine"}, {"metric": "cosine"}),
    ({"p": 3}, {"metric": "minkowski", "p": 3}),
    ({"p": 1.5}, {"metric": "minkowski", "p": 1.5}),
]
NAMES = ["-".join(map(str, ours.values())) for ours, _ in METRICS]


def naive_neighbors(
    X: np.ndarray, queries: np.ndarray, k: int, metric: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """All distances, sorted; of equal ones the smaller index first."""
    distances = cdist(queries, X, **metric)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, axis=1), order


def uniform(count: int, features: int, seed: int = 0) -> np.ndarray:
    return np.random.RandomState(seed).rand(count, features)


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
@pytest.mark.parametrize(("ours", "theirs"), METRICS, ids=NAMES)
def test_neighbors_are_the_nearest(ours: dict, theirs: dict, algorithm: str) -> None:
    if algorithm == "kd_tree" and "cosine" in ours.values():
        pytest.skip("a tree cannot search by cosine")
    X, queries = uniform(1500, 5), uniform(150, 5, seed=1)
    model = KNeighborsRegressor(7, algorithm=algorithm, **ours).fit(X, X[:, 0])
    expected_distances, expected = naive_neighbors(X, queries, 7, theirs)
    distances, indices = model.kneighbors(queries)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-9)


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev"])
def test_ties_go_to_the_smaller_index(metric: str, algorithm: str) -> None:
    X = np.random.RandomState(0).randint(0, 4, (800, 3)).astype(float)
    model = KNeighborsRegressor(9, metric=metric, algorithm=algorithm).fit(X, X[:, 0])
    name = {"manhattan": "cityblock"}.get(metric, metric)
    _, expected = naive_neighbors(X, X[:100] + 1, 9, {"metric": name})
    np.testing.assert_array_equal(model.kneighbors(X[:100] + 1)[1], expected)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_screening_admits_doubt(metric: str) -> None:
    """Samples that float32 cannot tell apart are searched in float64."""
    random = np.random.RandomState(0)
    X = 1 + 1e-9 * random.rand(300, 20)
    X[0] = 50 * random.rand(20)
    queries = X[1:40] + 1e-10 * random.rand(39, 20)
    name = {"manhattan": "cityblock"}.get(metric, metric)
    expected, _ = naive_neighbors(X, queries, 5, {"metric": name})
    distances, _ = BruteSearch(X, Metric.of(metric, 2)).query(Samples(queries, queries), 5)
    np.testing.assert_allclose(distances, expected, rtol=1e-5, atol=1e-15)


def test_values_beyond_float32() -> None:
    for scale in (1e-100, 1e-60, 1e60, 1e150):
        X = scale * uniform(100, 20)
        model = KNeighborsRegressor(3).fit(X, X[:, 0])
        _, expected = naive_neighbors(X / scale, X / scale + 0.01, 3, {"metric": "euclidean"})
        np.testing.assert_array_equal(model.kneighbors(X + 0.01 * scale)[1], expected)
    far = KNeighborsRegressor(3).fit(uniform(100, 20), np.arange(100.0))
    assert np.isfinite(far.kneighbors(np.full((1, 20), 1e100))[0]).all()


def precise_distances(X: np.ndarray, queries: np.ndarray, p: float) -> np.ndarray:
    """Minkowski distances in numbers whose powers reach 1e4932."""
    gaps = np.abs(queries[:, None].astype(np.longdouble) - X)
    return ((gaps**p).sum(axis=2) ** np.longdouble(1 / p)).astype(np.float64)


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
@pytest.mark.parametrize(
    ("p", "powers"),
    [(2, (-300, 300)), (3, (-300, 300)), (200, (-2, 3)), (200, (1.5, 2.4)), (0.5, (-300, 100))],
)
def test_powers_that_overflow_or_vanish(p: float, powers: tuple[float, float], algorithm: str) -> None:
    if algorithm == "kd_tree" and p < 1:
        pytest.skip("a tree needs a metric")
    random = np.random.RandomState(0)
    X, queries = (
        10.0 ** random.uniform(*powers, (count, 1)) * random.uniform(0.5, 1, (count, 3)) for count in (90, 30)
    )
    queries[:9] = X[:9] = X[9:18]  # gaps of zero beside gaps whose powers vanish
    expected = precise_distances(X, queries, p)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Minkowski distances with p < 1")
        model = KNeighborsRegressor(7, p=p, algorithm=algorithm).fit(X, X[:, 0])
    distances, indices = model.kneighbors(queries)
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :7], rtol=1e-9, atol=0)
    np.testing.assert_allclose(distances, np.take_along_axis(expected, indices, axis=1), rtol=1e-9, atol=0)
    assert all(len(set(row)) == 7 for row in indices.tolist())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_size_of_the_values_changes_no_neighbor(metric: str, dtype: type) -> None:
    X, queries = uniform(80, 3).astype(dtype), uniform(20, 3, seed=1).astype(dtype)
    expected, order = KNeighborsRegressor(3, metric=metric).fit(X, X[:, 0]).kneighbors(queries)
    for scale in np.exp2([-100, 100] if dtype == np.float32 else [-1000, -540, 540, 1020]).astype(dtype):
        unit = scale if metric == "euclidean" else 1
        distances, indices = (
            KNeighborsRegressor(3, metric=metric).fit(X * scale, X[:, 0]).kneighbors(queries * scale)
        )
        np.testing.assert_array_equal(indices, order)
        np.testing.assert_allclose(distances / np.float64(unit), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "minkowski", "cosine"])
def test_infinite_distances_have_neighbors(metric: str, algorithm: str) -> None:
    """Gaps beyond the largest number: all samples are equally far, and come by their index."""
    if algorithm == "kd_tree" and metric == "cosine":
        pytest.skip("a tree cannot search by cosine")
    model = KNeighborsClassifier(3, p=3, metric=metric, algorithm=algorithm)
    model.fit(np.full((40, 2), -1.7e308), np.arange(40) % 2)
    distances, indices = model.kneighbors([[1.7e308, 1.7e308]])
    assert indices.tolist() == [[0, 1, 2]]
    assert distances.tolist() == [[2.0 if metric == "cosine" else np.inf] * 3]
    assert model.kneighbors_graph([[1.7e308, 0.0]]).toarray().sum() == 3
    assert model.kneighbors()[1].max() < 40


def test_cosine_of_repeated_rows_needs_little_memory() -> None:
    X = np.repeat(uniform(2, 3), 1500, axis=0)
    model = KNeighborsClassifier(3, metric="cosine").fit(X, np.arange(3000) % 2)
    model.kneighbors(X[:2])
    tracemalloc.start()
    indices = model.kneighbors(X)[1]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert indices[[0, -1]].tolist() == [[0, 1, 2], [1500, 1501, 1502]]
    assert peak < 4e6  # a byte for each pair would be 9e6


@pytest.mark.parametrize("weights", ["uniform", "distance", np.exp])
@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_predictions_as_in_scikit_learn(weights: Any, algorithm: str) -> None:
    X, y = load_digits(return_X_y=True)
    X = X + uniform(*X.shape)  # without equal distances, of which scikit-learn defines no order
    names = np.array(list("qwertyuiop"))[y]
    options = {"weights": weights, "algorithm": algorithm}
    ours = KNeighborsClassifier(**options).fit(X[:500], names[:500])
    theirs = reference.KNeighborsClassifier(**options).fit(X[:500], names[:500])
    np.testing.assert_array_equal(ours.predict(X[500:700]), theirs.predict(X[500:700]))
    shares = theirs.predict_proba(X[500:700])
    np.testing.assert_allclose(ours.predict_proba(X[500:700]), shares, rtol=1e-9)
    assert ours.score(X[500:700], names[500:700]) == theirs.score(X[500:700], names[500:700])


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_regression_as_in_scikit_learn(weights: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    both = np.stack([y, X[:, 0]], axis=1)
    ours = KNeighborsRegressor(weights=weights).fit(X, both)
    theirs = reference.KNeighborsRegressor(weights=weights).fit(X, both)
    queries = X[::2] + 0.001
    np.testing.assert_allclose(ours.predict(queries), theirs.predict(queries), rtol=1e-9)
    # Queries at distance 0: their own targets, unmixed.
    exact = KNeighborsRegressor(weights="distance").fit(X, y)
    np.testing.assert_array_equal(exact.predict(X), y)


def test_votes_that_tie_go_to_the_first_class() -> None:
    model = KNeighborsClassifier(2).fit([[0.0], [2.0]], ["b", "a"])
    assert model.predict([[1.0]]).tolist() == ["a"]


def test_neighbors_among_the_fitted() -> None:
    X = np.vstack([uniform(200, 3), np.full((9, 3), 0.5)])  # more duplicates than neighbors
    y = np.arange(len(X)) % 2
    for algorithm in ("brute", "kd_tree"):
        model = KNeighborsClassifier(4, algorithm=algorithm).fit(X, y)
        distances, indices = model.kneighbors()
        theirs = reference.KNeighborsClassifier(4, algorithm="brute").fit(X, y)
        expected = np.delete(np.sort(cdist(X, X), axis=1)[:, :5], 0, axis=1)
        np.testing.assert_allclose(distances, expected, atol=1e-12)
        np.testing.assert_array_equal(indices[:200], theirs.kneighbors()[1][:200])
        assert model.predict(None).shape == y.shape


def test_graph() -> None:
    X = uniform(60, 4)
    ours = KNeighborsRegressor(3).fit(X, X[:, 0])
    theirs = reference.KNeighborsRegressor(3).fit(X, X[:, 0])
    for mode in ("connectivity", "distance"):
        difference = ours.kneighbors_graph(mode=mode) - theirs.kneighbors_graph(mode=mode)
        assert abs(difference).max() < 1e-12
    with pytest.raises(ValueError, match="mode"):
        ours.kneighbors_graph(mode="length")


def test_tree_is_chosen_where_it_is_faster() -> None:
    y = np.zeros(400)
    for features, expected in [(3, "TreeSearch"), (30, "BruteSearch")]:
        model = KNeighborsRegressor().fit(uniform(400, features), y)
        assert type(model._search).__name__ == expected


def test_threads_change_nothing() -> None:
    X = uniform(3000, 12)
    before = cvkit.get_num_threads()
    results = []
    try:
        for threads in {1, before}:
            cvkit.set_num_threads(threads)
            model = KNeighborsRegressor(weights="distance", algorithm="kd_tree").fit(X, X[:, 0])
            results.append(model.predict(X + 0.01))
    finally:
        cvkit.set_num_threads(before)
    np.testing.assert_array_equal(results[0], results[-1])


def test_in_a_pipeline_and_pickled() -> None:
    X, y = load_digits(return_X_y=True)
    X = X[:600] + uniform(600, 64)
    y = y[:600]
    ours, theirs = (
        cross_val_score(make_pipeline(StandardScaler(), learner(3)), X, y, cv=3)
        for learner in (KNeighborsClassifier, reference.KNeighborsClassifier)
    )
    np.testing.assert_array_equal(ours, theirs)
    for features in (2, 40):
        model = KNeighborsClassifier().fit(X[:300, :features], y[:300])
        copy = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(copy.predict(X[:, :features]), model.predict(X[:, :features]))


def test_unusual_data() -> None:
    assert KNeighborsRegressor(1).fit([[1.0]], [5.0]).predict([[3.0]]).tolist() == [5.0]
    # Leaves of one sample, and, above five samples, leaves of none.
    leaves = KNeighborsRegressor(2, leaf_size=1, algorithm="kd_tree").fit(
        np.arange(5.0)[:, None], np.arange(5)
    )
    assert leaves.kneighbors([[3.1]])[1].tolist() == [[3, 4]]
    constant = KNeighborsClassifier(3).fit(np.ones((8, 2)), ["a"] * 8)
    assert constant.kneighbors([[1.0, 1.0]])[1].tolist() == [[0, 1, 2]]
    zeros = KNeighborsRegressor(2, metric="cosine").fit([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], [1, 2, 3])
    np.testing.assert_allclose(zeros.kneighbors([[3.0, 0.0]])[0], [[0.0, 1.0]])
    strided = np.asfortranarray(uniform(50, 4))[::2]
    strided.flags.writeable = False
    assert KNeighborsRegressor(2).fit(strided, strided[:, 0]).predict(strided.astype(np.float32)).shape == (
        25,
    )
    with pytest.warns(UserWarning, match="p < 1"):
        half = KNeighborsRegressor(2, p=0.5).fit([[0.0, 0.0], [3.0, 0.0], [1.0, 1.0]], [1, 2, 3])
    assert half.kneighbors([[0.0, 0.0]])[1].tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_neighbors": 0}, "n_neighbors"),
        ({"weights": "far"}, "weights"),
        ({"metric": "hamming"}, "metric"),
        ({"algorithm": "cover_tree"}, "algorithm"),
        ({"p": 0}, "p"),
        ({"metric": "cosine", "algorithm": "kd_tree"}, "kd_tree"),
        ({"p": 0.5, "algorithm": "kd_tree"}, "kd_tree"),
    ],
)
def test_bad_parameters_are_named(parameters: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KNeighborsClassifier(**parameters).fit(np.ones((9, 2)), np.arange(9) % 2)


def test_bad_input_is_named() -> None:
    X, y = uniform(9, 2), np.arange(9) % 2
    model = KNeighborsClassifier(3).fit(X, y)
    with pytest.raises(ValueError, match="n_neighbors <= n_samples_fit"):
        model.kneighbors(X, 10)
    with pytest.raises(ValueError, match="n_neighbors < n_samples_fit"):
        model.kneighbors(n_neighbors=9)
    with pytest.raises(ValueError, match="n_neighbors > 0"):
        model.kneighbors(X, 0)
    with pytest.raises(TypeError, match="integer"):
        model.kneighbors(X, 2.5)
    with pytest.raises(ValueError, match="3 features"):
        model.predict(uniform(2, 3))
    with pytest.raises(ValueError, match="NaN"):
        model.predict([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="zero weights"):
        KNeighborsClassifier(3, weights=np.zeros_like).fit(X, y).predict(X)
    with pytest.raises(ValueError, match="inconsistent"):
        KNeighborsClassifier(3).fit(X, y[:5])


@pytest.mark.parametrize(
    "estimator",
    [KNeighborsClassifier(), KNeighborsClassifier(algorithm="brute"), KNeighborsRegressor()],
    ids=["classifier", "brute classifier", "regressor"],
)
def test_estimator_checks(estimator: Any) -> None:
    assert failed_checks(estimator) == set()


@pytest.mark.sweep
@unless_ptx_device
def test_simulated_cuda_equals_cpu(tmp_path: Path) -> None:
    assert_same(neighbors(np.asarray), simulated("neighbors", tmp_path))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cuda_kernels_compile(monkeypatch: pytest.MonkeyPatch, dtype: type) -> None:
    from cvkit.ml.neighbors._cuda import brute_force, k_neighbors

    X = fake(small_samples(dtype))
    distances, indices = fake(np.zeros((120, 4))), fake(np.zeros((120, 4), np.int64))
    values, codes = fake(np.zeros((60, 2))), fake(np.zeros(60, np.int64))
    assert_compiles(
        monkeypatch,
        [
            (brute_force, "scan_rows", (X, X, 0, 2.0, distances, indices)),
            (brute_force, "finish", (X, X, 0, 2.0, distances, indices)),
            (k_neighbors, "vote", (codes, indices, distances, values)),
            (k_neighbors, "average", (values, indices, distances, values)),
        ],
    )
