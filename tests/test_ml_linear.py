"""LogisticRegression against scikit-learn: coefficients, probabilities, penalties, warm start, bad input."""

import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model as reference
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from cvkit.ml import LogisticRegression
from cvkit.ml._math import log1p_unit


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def assert_same_model(ours, theirs, X, tolerance):
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=tolerance)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=0, atol=tolerance)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=tolerance)
    np.testing.assert_allclose(np.exp(ours.predict_log_proba(X)), ours.predict_proba(X), rtol=1e-9)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.coef_.shape == theirs.coef_.shape
    assert ours.n_iter_.shape == theirs.n_iter_.shape


@pytest.mark.parametrize("parameters", [{}, {"l1_ratio": 0.5}])
def test_check_estimator(parameters):
    with warnings.catch_warnings():
        # One check fits iris unscaled in 100 iterations; scikit-learn's own estimator warns there too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        results = check_estimator(LogisticRegression(**parameters), on_fail=None, on_skip=None)
    assert [result["check_name"] for result in results if result["status"] == "failed"] == []


@pytest.mark.parametrize(
    "parameters",
    [{}, {"C": 0.01, "class_weight": "balanced"}, {"fit_intercept": False}, {"C": 100.0}],
    ids=str,
)
@pytest.mark.parametrize("data", ["cancer", "iris"])
def test_ridge_equals_reference(data, parameters, request):
    X, y = request.getfixturevalue(data)
    parameters = {"tol": 1e-9, "max_iter": 10_000, **parameters}
    ours = LogisticRegression(**parameters).fit(X, y)
    # Both end where the objective stops changing in its last digits: nearly flat for a weak penalty.
    tolerance = 1e-3 if ours.C == 100.0 else 1e-5
    assert_same_model(ours, reference.LogisticRegression(**parameters).fit(X, y), X, tolerance)


def test_newton_meets_the_same_minimum(cancer):
    X, y = cancer
    theirs = reference.LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(X, y)
    assert_same_model(LogisticRegression(tol=1e-10, max_iter=10_000).fit(X, y), theirs, X, 1e-5)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
@pytest.mark.parametrize("data", ["cancer", "iris"])
def test_lasso_and_elastic_net_equal_reference(data, l1_ratio, request):
    X, y = request.getfixturevalue(data)
    parameters = {"C": 0.2, "l1_ratio": l1_ratio}
    theirs = reference.LogisticRegression(solver="saga", tol=1e-8, max_iter=100_000, **parameters).fit(X, y)
    ours = LogisticRegression(tol=1e-8, max_iter=10_000, **parameters).fit(X, y)
    assert_same_model(ours, theirs, X, 1e-4)
    np.testing.assert_array_equal(ours.coef_ == 0, theirs.coef_ == 0)
    assert np.any(ours.coef_ == 0)


def largest_violation(model, X, y, C, l1_ratio):
    """How far a slope of ``C * loss + penalty`` is from holding its weight; the L1 term holds up to 1."""
    likely = model.predict_proba(X)
    if len(model.classes_) == 2:
        likely = likely[:, 1:]
        hits = (y == model.classes_[1])[:, None]
    else:
        hits = y[:, None] == model.classes_
    slopes = C * (likely - hits).T @ X + (1 - l1_ratio) * model.coef_
    resting = np.maximum(np.abs(slopes) - l1_ratio, 0)
    moving = np.abs(slopes + l1_ratio * np.sign(model.coef_))
    at_weights = np.where(model.coef_ == 0, resting, moving).max()
    return max(at_weights, np.abs(C * (likely - hits).sum(axis=0)).max())


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
@pytest.mark.parametrize("data", ["units", "correlated", "classes", "single"])
def test_lasso_and_elastic_net_end_at_the_optimum(data, l1_ratio):
    X, y = load_breast_cancer(return_X_y=True)  # columns from 0.001 to 4000
    C = 1.0
    if data in ("correlated", "classes"):
        X, y = load_iris(return_X_y=True)
        X, C = X - X.mean(axis=0), 1e3
    if data == "correlated":
        X, y = X[y < 2], y[y < 2]
    model = LogisticRegression(C=C, l1_ratio=l1_ratio).fit(X.astype(np.float32) if data == "single" else X, y)
    assert largest_violation(model, X, y, C, l1_ratio) < 0.02
    if data == "correlated" and l1_ratio == 1:
        loss = -C * model.predict_log_proba(X)[np.arange(len(y)), y].sum()
        assert loss + np.abs(model.coef_).sum() == pytest.approx(15.398, rel=1e-3)
    exact = LogisticRegression(C=C, l1_ratio=l1_ratio, tol=1e-11, max_iter=1000).fit(X, y)
    assert largest_violation(exact, X, y, C, l1_ratio) < 1e-4


def test_ridge_ends_at_the_optimum():
    X, y = load_breast_cancer(return_X_y=True)
    model = LogisticRegression(tol=1e-10, max_iter=10_000).fit(X, y)
    assert largest_violation(model, X, y, 1.0, 0.0) < 1e-10 * len(y)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_too_many_weights_for_newton_warn(l1_ratio, monkeypatch):
    monkeypatch.setattr("cvkit.ml.linear.logistic.MOST_WEIGHTS", 0)
    X, y = load_breast_cancer(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge"):
        LogisticRegression(l1_ratio=l1_ratio, max_iter=10_000, tol=1e-10).fit(X, y)


def test_newton_over_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((5000, 3)) * [1, 1e3, 1e-3]
    y = rng.integers(0, 3, 5000)
    dense, rows = (
        LogisticRegression(C=10.0, l1_ratio=0.5, max_iter=30).fit(kind, y)
        for kind in (X, sparse.csr_array(X))
    )
    assert largest_violation(dense, X, y, 10.0, 0.5) < 0.02
    np.testing.assert_allclose(rows.coef_, dense.coef_, rtol=1e-6)


def test_penalty_names(cancer):
    X, y = cancer
    shared = {"C": 0.1, "max_iter": 10_000, "tol": 1e-6}

    def fit(**parameters):
        return LogisticRegression(**{**shared, **parameters}).fit(X[:, :5], y).coef_

    np.testing.assert_array_equal(fit(penalty="l1"), fit(l1_ratio=1.0))
    np.testing.assert_array_equal(fit(penalty="l2", l1_ratio=0.7), fit())
    np.testing.assert_array_equal(fit(penalty="elasticnet", l1_ratio=0.7), fit(l1_ratio=0.7))
    np.testing.assert_array_equal(fit(penalty=None), fit(C=np.inf, l1_ratio=0.7))
    theirs = reference.LogisticRegression(C=np.inf, tol=1e-6, max_iter=10_000).fit(X[:, :5], y)
    np.testing.assert_allclose(fit(penalty=None), theirs.coef_, rtol=1e-3)


def test_weights_equal_reference(iris):
    X, y = iris
    weights = np.random.default_rng(0).uniform(0, 2, len(y))
    weights[::4] = 0
    parameters = {"tol": 1e-8, "max_iter": 1000, "class_weight": {0: 1.0, 1: 4.0, 2: 0.5}}
    theirs = reference.LogisticRegression(**parameters).fit(X, y, weights)
    assert_same_model(LogisticRegression(**parameters).fit(X, y, weights), theirs, X, 1e-5)


@pytest.mark.parametrize("count", [2, 3])
def test_sparse_and_float32(iris, count):
    X, y = iris[0][iris[1] < count], iris[1][iris[1] < count]
    parameters = {"tol": 1e-6, "max_iter": 1000}
    expected = reference.LogisticRegression(**parameters).fit(X, y)
    rows = LogisticRegression(**parameters).fit(sparse.csr_array(X), y)
    np.testing.assert_allclose(rows.coef_, expected.coef_, atol=1e-6)
    np.testing.assert_allclose(rows.predict_proba(sparse.csr_array(X)), expected.predict_proba(X), atol=1e-6)
    single = LogisticRegression(max_iter=1000).fit(X.astype(np.float32), y)
    np.testing.assert_allclose(single.coef_, expected.coef_, atol=1e-2)


def test_many_blocks_equal_one(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 3))
    y = rng.integers(0, 3, 1000)
    whole = LogisticRegression(tol=1e-8).fit(X, y).coef_
    monkeypatch.setattr("cvkit.ml.linear.logistic._BLOCK_BYTES", 3 * 8 * 128)
    np.testing.assert_allclose(LogisticRegression(tol=1e-8).fit(X, y).coef_, whole, atol=1e-10)


def test_warm_start(cancer):
    X, y = cancer
    for parameters in ({}, {"l1_ratio": 0.5}):
        model = LogisticRegression(warm_start=True, tol=1e-6, max_iter=10_000, **parameters).fit(X, y)
        first = model.coef_
        assert model.fit(X, y).n_iter_[0] <= 1
        np.testing.assert_allclose(model.coef_, first, atol=1e-4)
    with pytest.raises(ValueError, match="warm_start"):
        model.fit(X[:, :4], y)


def test_not_converged_warns(cancer):
    with pytest.warns(ConvergenceWarning, match="max_iter=3"):
        model = LogisticRegression(max_iter=3).fit(*cancer)
    assert model.n_iter_.tolist() == [3]


def test_extremes():
    X = np.array([[0.0, 5.0], [1.0, 5.0], [0.0, 5.0], [1.0, 5.0]])
    model = LogisticRegression(tol=1e-9).fit(X, [0, 1, 0, 1])
    assert model.coef_[0, 1] == pytest.approx(0, abs=1e-6)  # a constant feature says nothing
    far = LogisticRegression(C=1e10, max_iter=1000).fit([[-1e4], [1e4]], [0, 1])
    np.testing.assert_allclose(far.predict_proba([[-1e6], [1e6]]), [[1, 0], [0, 1]], atol=1e-12)
    assert np.isfinite(far.predict_log_proba([[-1e6], [1e6]])).all()


def test_pipeline_and_pickle(iris):
    X, y = iris
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    assert cross_val_score(pipeline, X, names, cv=5).mean() > 0.93
    model = clone(pipeline).fit(X, names)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [1, 1, 1]}, "at least 2 classes"),
        ({"y": [0.5, 1.2, 2.2]}, "Unknown label type"),
        ({"X": [[np.inf, 0], [0, 0], [1, 1]]}, "infinity"),
        ({"sample_weight": [0, 0, 0]}, "non-zero"),
        ({"sample_weight": [1, -1, 1]}, "[Nn]egative"),
        ({"parameters": {"penalty": "l3"}}, "'penalty' parameter"),
        ({"parameters": {"l1_ratio": 2}}, "'l1_ratio' parameter"),
        ({"parameters": {"solver": "gone"}}, "'solver' parameter"),
        ({"parameters": {"dual": True}}, "lbfgs supports only dual=False, got dual=True"),
        ({"parameters": {"class_weight": {0: 0.0, 1: 0.0}}}, "positive weight"),
    ],
)
def test_bad_input(change, message):
    good = {"X": [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], "y": [0, 1, 1], "sample_weight": None}
    change = dict(change)
    parameters = change.pop("parameters", {})
    with pytest.raises(ValueError, match=message):
        LogisticRegression(**parameters).fit(**{**good, **change})


def test_unfitted():
    with pytest.raises(NotFittedError):
        LogisticRegression().predict_proba([[1.0]])


def test_logarithm_is_accurate_to_two_units_in_the_last_place():
    for x in [*np.linspace(0, 1, 2001), 1e-300, 1e-17, 1e-9]:
        expected = np.log1p(x)
        assert abs(log1p_unit(x) - expected) <= 2 * np.spacing(expected)


@pytest.mark.parametrize(
    "parameters",
    [{}, {"l1_ratio": 1.0}, {"intercept_scaling": 10.0}, {"fit_intercept": False}, {"dual": True}],
    ids=str,
)
def test_liblinear_penalizes_the_intercept(parameters, cancer):
    X, y = cancer
    parameters = {"solver": "liblinear", "tol": 1e-8, "max_iter": 10_000, "C": 0.3, **parameters}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of their penalty
        theirs = reference.LogisticRegression(**parameters).fit(X[:, :8], y)
    for samples in (X[:, :8], sparse.csr_matrix(X[:, :8])):
        ours = LogisticRegression(**parameters).fit(samples, y)
        assert_same_model(ours, theirs, X[:, :8], 1e-4)


def test_liblinear_refuses(iris):
    with pytest.raises(ValueError, match="does not support multiclass"):
        LogisticRegression(solver="liblinear").fit(*iris)
    with pytest.raises(ValueError, match="not supported for the liblinear solver"):
        LogisticRegression(solver="liblinear", C=np.inf).fit(*iris)
    with pytest.raises(ValueError, match="supports only dual=False"):
        LogisticRegression(dual=True).fit(*iris)


def test_single_precision_and_sparse_coefficients(cancer):
    X, y = cancer
    model = LogisticRegression().fit(X.astype(np.float32), y)
    for found in (model.coef_, model.intercept_, model.decision_function(X.astype(np.float32))):
        assert found.dtype == np.float32
    expected = model.predict_proba(X)
    assert sparse.issparse(model.sparsify().coef_)
    np.testing.assert_array_equal(model.predict_proba(X), expected)
    assert isinstance(model.densify().coef_, np.ndarray)
