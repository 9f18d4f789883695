"""LinearSVC and SVC against scikit-learn: models, decisions, weights, bad input."""

import pickle
import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from sklearn import svm as reference
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import cvkit
from cvkit.ml import LinearSVC


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16.0, y


@pytest.fixture
def threads():
    """Set the thread count within a test only."""
    before = cvkit.get_num_threads()
    yield cvkit.set_num_threads
    cvkit.set_num_threads(before)


def assert_same_model(ours, theirs, tolerance):
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=tolerance)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=0, atol=tolerance)


def failures(estimator):
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = [result for result in results if result["status"] == "failed"]
    return {result["check_name"]: str(result["exception"]) for result in failed}


class TestLinearSVC:
    def test_check_estimator(self):
        assert failures(LinearSVC()) == {}

    @pytest.mark.parametrize("dual", [True, False])
    @pytest.mark.parametrize(
        "options",
        [{}, {"C": 0.1, "class_weight": "balanced"}, {"fit_intercept": False}, {"intercept_scaling": 5.0}],
    )
    def test_squared_hinge_equals_reference(self, cancer, dual, options):
        options = {"C": 0.05, "max_iter": 100_000, "random_state": 0, **options}
        theirs = reference.LinearSVC(tol=1e-10, dual=True, **options).fit(*cancer)
        ours = LinearSVC(tol=1e-9, dual=dual, **options).fit(*cancer)
        assert_same_model(ours, theirs, 1e-7)
        assert ours.coef_.shape == theirs.coef_.shape

    def test_hinge_equals_reference(self, cancer):
        options = {"loss": "hinge", "C": 0.05, "tol": 1e-8, "max_iter": 100_000, "class_weight": {0: 2.0}}
        theirs = reference.LinearSVC(random_state=0, **options).fit(*cancer)
        ours = LinearSVC(random_state=1, **options).fit(*cancer)
        assert_same_model(ours, theirs, 1e-5)

    @pytest.mark.parametrize("dual", [True, False])
    def test_many_classes_and_weights(self, digits, dual):
        X, y = digits
        sample_weight = np.random.default_rng(0).uniform(0, 2, len(y))
        sample_weight[::7] = 0
        options = {"C": 0.1, "max_iter": 100_000, "random_state": 0, "class_weight": {3: 3.0, 8: 0.5}}
        theirs = reference.LinearSVC(tol=1e-8, dual=True, **options).fit(X, y, sample_weight)
        ours = LinearSVC(tol=1e-8, dual=dual, **options).fit(X, y, sample_weight)
        assert_same_model(ours, theirs, 1e-6)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
        np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-5)

    @pytest.mark.parametrize("dual", [True, False])
    def test_sparse_equals_dense(self, digits, dual):
        X, y = digits
        model = LinearSVC(dual=dual, tol=1e-8, max_iter=100_000, random_state=0, C=0.1)
        dense = model.fit(X, y > 4)
        dense_coef, dense_scores = dense.coef_, dense.decision_function(X)
        rows = sparse.csr_array(X)
        np.testing.assert_allclose(model.fit(rows, y > 4).coef_, dense_coef, atol=1e-7)
        np.testing.assert_allclose(model.decision_function(rows), dense_scores, atol=1e-6)

    def test_float32_is_read_in_place(self):
        rng = np.random.default_rng(0)
        X = rng.random((1500, 2000), dtype=np.float32)
        y = X[:, 0] + 0.1 * rng.random(1500) > 0.55
        X.flags.writeable = False
        before = X.copy()
        model = LinearSVC(C=0.01, random_state=0)
        model.fit(X[:10], y[:10])  # compile first
        tracemalloc.start()
        model.fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < X.nbytes / 4
        np.testing.assert_array_equal(X, before)
        theirs = reference.LinearSVC(C=0.01, tol=1e-6, dual=True, random_state=0, max_iter=10_000).fit(X, y)
        model.set_params(tol=1e-6).fit(X, y)
        assert_same_model(model, theirs, 1e-5)

    def test_threads_and_seed_do_not_change_the_model(self, digits, threads):
        X, y = digits
        model = LinearSVC(loss="hinge", random_state=3, C=0.1, max_iter=100_000)
        threads(1)
        one = model.fit(X, y).coef_
        threads(2)
        two = model.fit(X, y).coef_
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(two, LinearSVC(**model.get_params()).fit(X, y).coef_)

    def test_newton_shrugs_off_units(self):
        X, y = load_breast_cancer(return_X_y=True)  # columns from 0.001 to 4000
        model = LinearSVC(C=10.0).fit(X, y)
        signs = 2 * y - 1
        slack = np.maximum(1 - signs * (X @ model.coef_[0] + model.intercept_), 0)
        pull = 20.0 * (signs * slack) @ X
        largest = 20.0 * slack @ np.abs(X)
        assert np.all(np.abs(model.coef_[0] - pull) < 1e-9 * largest)  # the gradient of the objective
        assert abs(model.intercept_[0] - 20.0 * signs @ slack) < 1e-9 * 20.0 * slack.sum()

    def test_not_converged_warns(self, cancer):
        with pytest.warns(ConvergenceWarning, match="max_iter=2"):
            model = LinearSVC(loss="hinge", max_iter=2, random_state=0).fit(*cancer)
        assert model.n_iter_ == 2

    def test_degenerate_samples(self):
        X = np.array([[0.0, 7.0], [0.0, 7.0], [1.0, 7.0], [0.0, 7.0]])
        y = np.array([0, 0, 1, 1])
        for loss in ("hinge", "squared_hinge"):
            theirs = reference.LinearSVC(loss=loss, dual=True, tol=1e-10, max_iter=100_000).fit(X, y)
            ours = LinearSVC(loss=loss, dual=True, tol=1e-10, max_iter=100_000).fit(X, y)
            assert_same_model(ours, theirs, 1e-6)
        zeros = LinearSVC(loss="hinge", fit_intercept=False).fit(np.zeros((4, 2)), y)
        np.testing.assert_array_equal(zeros.coef_, 0)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"y": [1, 1, 1]}, "at least 2 classes"),
            ({"X": [[1.0, np.inf], [0, 0], [1, 1]]}, "infinity"),
            ({"X": [[1e200, 0], [0, 1e200], [1, 1]]}, "scale the features"),
            ({"sample_weight": [0, 0, 0]}, "non-zero"),
            ({"sample_weight": [1, -1, 1]}, "[Nn]egative"),
            ({"sample_weight": [1, 1]}, "sample_weight.shape"),
            ({"parameters": {"loss": "hinge", "dual": False}}, "dual=False needs loss='squared_hinge'"),
            ({"parameters": {"penalty": "l1"}}, "'penalty' parameter"),
            ({"parameters": {"C": 0}}, "'C' parameter"),
        ],
    )
    def test_bad_input(self, change, message):
        good = {"X": [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], "y": [0, 1, 1], "sample_weight": None}
        parameters = change.pop("parameters", {})
        with pytest.raises(ValueError, match=message):
            LinearSVC(**parameters).fit(**{**good, **change})

    def test_unfitted(self):
        with pytest.raises(NotFittedError):
            LinearSVC().predict([[1.0]])

    def test_lives_in_pipelines_and_pickles(self, cancer):
        X, y = cancer
        names = np.array(["benign", "malignant"])[y]
        search = GridSearchCV(
            make_pipeline(StandardScaler(), LinearSVC()), {"linearsvc__C": [0.01, 1.0]}, cv=3
        )
        search.fit(X, names)
        assert search.best_score_ > 0.95
        again = pickle.loads(pickle.dumps(search))
        np.testing.assert_array_equal(again.predict(X), search.predict(X))
