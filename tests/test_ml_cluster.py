"""KMeans beside scikit-learn's, on bad input, and on CUDA."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn import cluster as reference
from sklearn.datasets import load_digits, make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._test_common.instance_generator import _get_expected_failed_checks

import cvkit
from cvkit.ml import KMeans
from cvkit.ml._samples import Samples
from cvkit.ml.cluster import lloyd
from tests.fake_device import fake, recorded_launches
from tests.learner_checks import assert_compiles, assert_same, failed_checks, simulated
from tests.ptx_device import unless_ptx_device
from tests.simulate_learners import k_means, small_samples

DIGITS = load_digits().data


def blobs(count: int = 900, features: int = 6, centers: int = 12, spread: float = 2.0) -> np.ndarray:
    return make_blobs(count, features, centers=centers, cluster_std=spread, random_state=0)[0]


def naive_lloyd(X: np.ndarray, centers: np.ndarray, turns: int) -> tuple[np.ndarray, np.ndarray]:
    """Lloyd's algorithm, slow and obvious; clusters must not become empty."""
    for _ in range(turns):
        labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
        centers = np.array([X[labels == cluster].mean(axis=0) for cluster in range(len(centers))])
    return ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1), centers


def assert_equal_models(ours: KMeans, theirs: reference.KMeans) -> None:
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-11, atol=1e-11)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-12)
    assert ours.n_iter_ == theirs.n_iter_


def test_bounds_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lloyd, "RESTLESS_SHARE", 1.1)  # bounds from the first turn, while centers move far
    X = np.random.RandomState(0).rand(1500, 3)
    found = lloyd.Lloyd(lloyd.WeightedSamples(Samples(X, X), np.ones(len(X))), X[:25]).run(40, tolerance=0.0)
    assert found.iterations > 20
    labels, centers = naive_lloyd(X, X[:25], found.iterations)
    np.testing.assert_array_equal(found.labels, labels)
    np.testing.assert_allclose(found.centers, centers, rtol=1e-12)


@pytest.mark.parametrize(
    "parameters", [{}, {"init": "random"}, {"n_init": 3}, {"max_iter": 3}, {"tol": 0.05}]
)
def test_same_random_state_same_clusters(parameters: dict) -> None:
    X = blobs()
    ours = KMeans(7, random_state=5, **parameters).fit(X)
    assert_equal_models(ours, reference.KMeans(7, random_state=5, **parameters).fit(X))


def test_sample_weights() -> None:
    X = DIGITS[:700]
    weights = np.random.RandomState(0).rand(len(X))
    weights[::5] = 0
    ours = KMeans(10, random_state=0).fit(X, sample_weight=weights)
    theirs = reference.KMeans(10, random_state=0).fit(X, sample_weight=weights)
    assert_equal_models(ours, theirs)
    assert ours.score(X, sample_weight=weights) == pytest.approx(theirs.score(X, sample_weight=weights))


def test_whole_number_weights_mean_copies_in_any_order() -> None:
    random = np.random.RandomState(0)
    X = blobs(300)
    copies = random.randint(0, 4, len(X))
    repeated = random.permutation(np.repeat(X, copies, axis=0))
    weighted = KMeans(12, random_state=3).fit(X, sample_weight=copies)
    copied = KMeans(12, random_state=3).fit(repeated)
    np.testing.assert_allclose(weighted.cluster_centers_, copied.cluster_centers_, rtol=1e-12)
    assert weighted.inertia_ == pytest.approx(copied.inertia_, rel=1e-12)
    # Without copies the draws are scikit-learn's, also where some samples count for nothing.
    present = (copies > 0).astype(float)
    ours = KMeans(12, random_state=3).fit(X, sample_weight=present)
    assert_equal_models(ours, reference.KMeans(12, random_state=3).fit(X, sample_weight=present))


def test_empty_clusters_are_relocated() -> None:
    X = blobs()
    init = np.vstack([X[:4], 1e4 * np.arange(1, 5)[:, None] * np.ones(X.shape[1])])
    ours = KMeans(8, init=init).fit(X)
    assert len(np.unique(ours.labels_)) == 8
    assert_equal_models(ours, reference.KMeans(8, init=init).fit(X))
    weights = np.random.RandomState(0).randint(2, 5, len(X))
    ours = KMeans(8, init=init, max_iter=1).fit(X, sample_weight=weights)
    assert_equal_models(ours, reference.KMeans(8, init=init, max_iter=1).fit(X, sample_weight=weights))


def test_updated_sums_lose_no_outlier() -> None:
    """A sample of 1e6 leaves a cluster of small ones; what it takes from their sum must not stay."""
    X = np.concatenate([np.linspace(0, 1, 400), np.linspace(5, 6, 400), [1e6]])[:, None]
    init = np.array([[0.0], [5.5], [6.0]])
    ours = KMeans(3, init=init, n_init=1, tol=0).fit(X)
    np.testing.assert_allclose(np.sort(ours.cluster_centers_.ravel()), [0.5, 5.5, 1e6], rtol=1e-10)


def test_batches_as_in_scikit_learn() -> None:
    X = blobs(2000)
    options = {"batch_size": 200, "max_iter": 20, "tol": 0.0, "random_state": 1}
    ours = KMeans(9, **options).fit(X)
    theirs = reference.MiniBatchKMeans(9, **options).fit(X)
    assert_equal_models(ours, theirs)
    assert ours.n_steps_ == theirs.n_steps_
    # More clusters than half a batch, so that starved centers outnumber what may be reassigned.
    options["batch_size"] = 16
    assert_equal_models(KMeans(40, **options).fit(X), reference.MiniBatchKMeans(40, **options).fit(X))


def test_transform_and_predict_new_samples() -> None:
    X = blobs()
    model = KMeans(6, random_state=0).fit(X[:600])
    gaps = X[600:, None] - model.cluster_centers_
    distances = np.sqrt((gaps**2).sum(axis=2))
    np.testing.assert_allclose(model.transform(X[600:]), distances, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X[600:]), distances.argmin(axis=1))
    assert list(model.get_feature_names_out()) == [f"kmeans{i}" for i in range(6)]


def test_threads_change_nothing() -> None:
    X = blobs(3000, features=8)
    before = cvkit.get_num_threads()
    models = []
    try:
        for threads in {1, before}:
            cvkit.set_num_threads(threads)
            models.append(KMeans(9, random_state=0).fit(X))
    finally:
        cvkit.set_num_threads(before)
    np.testing.assert_array_equal(models[0].cluster_centers_, models[-1].cluster_centers_)
    assert models[0].inertia_ == models[-1].inertia_


def test_single_precision_stays() -> None:
    X = blobs(500).astype(np.float32)  # below the size at which threads are used
    model = KMeans(5, random_state=0).fit(X)
    assert model.cluster_centers_.dtype == model.transform(X).dtype == np.float32
    theirs = reference.KMeans(5, random_state=0).fit(X)
    assert model.inertia_ == pytest.approx(theirs.inertia_, rel=1e-5)


@pytest.mark.parametrize(("dtype", "offset"), [(np.float32, 5e4), (np.float64, 1e9)])
@pytest.mark.parametrize("batch_size", [None, 300])
def test_samples_far_from_the_origin(batch_size: int | None, dtype: type, offset: float) -> None:
    random = np.random.RandomState(0)
    near = random.randint(0, 1024, (1000, 4)) / 256  # exact at either place
    far = (near + offset).astype(dtype)
    assert (far - dtype(offset) == near).all()
    model = KMeans(9, random_state=0, batch_size=batch_size).fit(far)
    distances = np.sqrt(((near[:, None] - (model.cluster_centers_.astype(float) - offset)) ** 2).sum(axis=2))
    chosen = np.take_along_axis(distances, model.labels_[:, None], axis=1)[:, 0]
    np.testing.assert_allclose(chosen, distances.min(axis=1), rtol=1e-5)
    np.testing.assert_array_equal(model.predict(far), model.labels_)
    np.testing.assert_allclose(model.transform(far), distances, rtol=1e-5)
    assert model.inertia_ == pytest.approx((chosen**2).sum(), rel=1e-6)
    assert model.score(far) == pytest.approx(-model.inertia_, rel=1e-6)
    home = KMeans(9, random_state=0, batch_size=batch_size).fit(near)
    assert model.inertia_ == pytest.approx(home.inertia_, rel=1e-3)


def test_mean_of_many_samples_far_from_the_origin() -> None:
    """Summed in float32, row by row, the mean would be hundreds away from all samples."""
    X = np.full((200_000, 2), 5e4, np.float32)
    X[:, 0] += np.random.RandomState(0).rand(len(X)).astype(np.float32)
    before = cvkit.get_num_threads()
    cvkit.set_num_threads(1)  # no parallel twins to compile
    try:
        model = KMeans(2, random_state=0).fit(X)
        predicted = model.predict(X)
    finally:
        cvkit.set_num_threads(before)
    middles = np.sort(model.cluster_centers_[:, 0] - np.float32(5e4))
    np.testing.assert_allclose(middles, [0.25, 0.75], atol=0.02)
    np.testing.assert_array_equal(predicted, model.labels_)


def test_function_that_starts_batches_sees_the_samples_as_they_came() -> None:
    X = blobs() + 50

    def init(X: np.ndarray, n_clusters: int, random_state: np.random.RandomState) -> np.ndarray:
        return X[np.argsort(X[:, 0])[:n_clusters]] if X.min() > 0 else X[:n_clusters]

    options = {"init": init, "batch_size": 100, "random_state": 0, "n_init": 1, "tol": 0.0}
    assert_equal_models(KMeans(5, **options).fit(X), reference.MiniBatchKMeans(5, **options).fit(X))


def test_input_stays_as_it_was() -> None:
    X = blobs()
    copy = X.copy()
    KMeans(4, random_state=0, copy_x=False).fit(X)
    np.testing.assert_array_equal(X, copy)
    strided = np.asfortranarray(X)[::2]
    strided.flags.writeable = False
    expected = KMeans(4, random_state=0).fit(np.ascontiguousarray(strided))
    np.testing.assert_array_equal(KMeans(4, random_state=0).fit(strided).labels_, expected.labels_)


def test_pickled_model_predicts_the_same() -> None:
    X = blobs()
    model = KMeans(4, random_state=0).fit(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.labels_)


@pytest.mark.parametrize(
    ("parameters", "X", "message"),
    [
        ({"n_clusters": 0}, np.ones((3, 2)), "n_clusters"),
        ({"n_clusters": 4}, np.ones((3, 2)), "n_samples=3 should be >= n_clusters=4"),
        ({"init": "kmeans"}, np.ones((9, 2)), "init"),
        ({"n_clusters": 2, "init": np.ones((3, 2))}, np.ones((9, 2)), "number of clusters 2"),
        ({"n_clusters": 3, "init": np.ones((3, 1))}, np.ones((9, 2)), "number of features of the data 2"),
        ({"n_clusters": 2}, np.array([[1.0], [np.nan], [2.0]]), "NaN"),
        ({"n_clusters": 2}, np.array([[1.0], [np.inf], [2.0]]), "infinity"),
        ({"batch_size": 0}, np.ones((9, 2)), "batch_size"),
        ({"n_clusters": 2}, 1e200 * np.eye(3), "scale the features"),
        ({"n_clusters": 2, "batch_size": 2}, 1e20 * np.eye(3, dtype=np.float32), "scale the features"),
    ],
)
def test_bad_input_is_named(parameters: dict, X: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KMeans(**parameters).fit(X)


def test_weights_that_are_refused() -> None:
    X = blobs(20)
    for weights in (np.zeros(20), -np.ones(20), np.ones(19)):
        with pytest.raises(ValueError, match=r"(?i)weight"):
            KMeans(2, random_state=0).fit(X, sample_weight=weights)


def test_unusual_data() -> None:
    duplicates = np.repeat([[0.0, 1.0], [2.0, 3.0]], 5, axis=0)
    with pytest.warns(ConvergenceWarning, match="distinct clusters \\(2\\)"):
        model = KMeans(3, random_state=0).fit(duplicates)
    assert model.inertia_ == 0
    assert KMeans(1).fit([[3.0, 4.0]]).cluster_centers_.tolist() == [[3.0, 4.0]]
    every = KMeans(20, random_state=0).fit(blobs(20))
    assert every.inertia_ == pytest.approx(0, abs=1e-20)
    with pytest.warns(RuntimeWarning, match="performing only one init"):
        KMeans(2, init=duplicates[4:6], n_init=3).fit(duplicates)


def test_estimator_checks() -> None:
    assert failed_checks(KMeans()) == set()


def test_estimator_checks_of_batches() -> None:
    """Only what scikit-learn expects of its own class fails: batches of copies are other batches."""
    known = {f"check_sample_weight_equivalence_on_{kind}_data" for kind in ("dense", "sparse")}
    assert known <= _get_expected_failed_checks(reference.MiniBatchKMeans()).keys()
    assert failed_checks(KMeans(batch_size=32)) <= known


@pytest.mark.sweep
@unless_ptx_device
def test_simulated_cuda_equals_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lloyd, "RESTLESS_SHARE", lloyd.RESTLESS_SHARE)  # k_means sets it
    assert_same(k_means(np.asarray), simulated("k_means", tmp_path))


def test_batches_refuse_device_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    with recorded_launches(monkeypatch), pytest.raises(TypeError, match="host memory"):
        KMeans(2, batch_size=4).fit(fake(np.ones((9, 2))))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cuda_kernels_compile(monkeypatch: pytest.MonkeyPatch, dtype: type) -> None:
    from cvkit.ml._cuda import centering, samples
    from cvkit.ml.cluster._cuda import lloyd
    from cvkit.ml.cluster._math import Bounds, Centers

    n, d, k = 60, 3, 4
    X = fake(small_samples(dtype))
    row, centers, norms = np.zeros(d, dtype), np.zeros((k, d), dtype), np.zeros(k, dtype)
    labels, numbers = fake(np.zeros(n, np.int32)), fake(np.zeros(n))
    sums, totals, members = fake(np.zeros((k, d))), fake(np.zeros(k)), fake(np.zeros(k, np.int64))
    changes = np.zeros(k)
    tries = fake(np.zeros((2, n))), fake(np.zeros((2, 1)))
    all_centers = Centers(centers, norms, np.zeros(k), changes, changes)
    bounds = Bounds(numbers, numbers)
    assert_compiles(
        monkeypatch,
        [
            (samples, "count_not_finite", (X, fake(np.zeros(1, np.int64)))),
            (samples, "hash_rows", (X, fake(np.zeros(len(X), np.uint64)))),
            (centering, "sum_rows", (X, fake(np.zeros(d)))),
            (centering, "subtract", (X, row, X)),
            (lloyd, "assigned_distances", (X, centers, labels, numbers)),
            (lloyd, "nearest_centers", (X, centers, norms, labels)),
            (lloyd, "nearest_around", (X, row, centers, norms, labels)),
            (lloyd, "assign_bounded", (X, numbers, all_centers, 1e-15, bounds, labels)),
            (lloyd, "move_members", (X, numbers, labels, labels, sums, totals, members)),
            (lloyd, "center_distances", (X, row, centers, norms, fake(np.zeros((n, k), dtype)))),
            (lloyd, "try_candidates", (X, numbers, numbers, centers[:2], changes[:2], numbers, *tries)),
        ],
    )
