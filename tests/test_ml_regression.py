"""Linear models of numbers against scikit-learn: least squares, ridge, lasso, elastic net."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model as reference
from sklearn.exceptions import ConvergenceWarning

from cvkit.ml import ElasticNet, Lasso, LinearRegression, Ridge
from tests.fake_device import fake
from tests.learner_checks import failed_checks

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 12)) + 5.0
Y = X @ RANDOM.normal(size=(12, 2)) + RANDOM.normal(size=(300, 2)) + 2.0
WEIGHTS = RANDOM.random(300)
MODELS = [
    LinearRegression(),
    LinearRegression(fit_intercept=False),
    LinearRegression(positive=True),
    Ridge(alpha=10.0),
    Ridge(fit_intercept=False),
    Lasso(alpha=0.1),
    Lasso(alpha=0.05, positive=True, tol=1e-9),
    ElasticNet(alpha=0.2),
    ElasticNet(alpha=0.2, l1_ratio=0.8, tol=1e-8),
    ElasticNet(alpha=0.2, fit_intercept=False, tol=1e-3),
]


def counterpart(model):
    return getattr(reference, type(model).__name__)(**model.get_params())


def assert_same(ours, theirs, samples, tolerance=1e-9):
    for name in ("coef_", "intercept_"):
        found, expected = getattr(ours, name), getattr(theirs, name)
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(ours.predict(samples), theirs.predict(samples), rtol=tolerance)
    assert getattr(ours, "n_iter_", None) == getattr(theirs, "n_iter_", None)


@pytest.mark.parametrize("model", [LinearRegression(), Ridge(), Lasso(), ElasticNet()], ids=repr)
def test_check_estimator(model):
    # Without iterations scikit-learn's Ridge, too, has None, and is excused.
    excused = {"check_non_transformer_estimators_n_iter"} if isinstance(model, Ridge) else set()
    assert failed_checks(model) == excused


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize("targets", [Y[:, 0], Y], ids=["one", "two"])
@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_equals_reference(model, targets, weights):
    ours, theirs = model.fit(X, targets, weights), counterpart(model).fit(X, targets, weights)
    assert_same(ours, theirs, X)
    if hasattr(theirs, "dual_gap_"):
        np.testing.assert_allclose(ours.dual_gap_, theirs.dual_gap_, rtol=0.01, atol=1e-12)
        np.testing.assert_array_equal(ours.sparse_coef_.toarray(), np.atleast_2d(ours.coef_))
    if hasattr(theirs, "singular_"):
        assert ours.rank_ == theirs.rank_
        np.testing.assert_allclose(ours.singular_, theirs.singular_, rtol=1e-9)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_more_features_than_samples(model):
    assert_same(model.fit(X[:8], Y[:8]), counterpart(model).fit(X[:8], Y[:8]), X, 1e-8)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # theirs, in single precision
@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_single_precision(model):
    samples, targets = X.astype(np.float32), Y[:, 0].astype(np.float32)
    ours, theirs = model.fit(samples, targets), counterpart(model).fit(samples, targets)
    assert ours.coef_.dtype == ours.predict(samples).dtype == np.float32
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize(
    "model",
    [model for model in MODELS if not (isinstance(model, LinearRegression) and model.positive)],
    ids=repr,
)
def test_sparse_samples(model, weights):
    dense = X * (X > 5)
    ours = model.set_params(tol=1e-12).fit(sparse.csr_matrix(dense), Y, weights)
    found = ours.coef_.copy(), ours.predict(sparse.csr_matrix(dense))
    ours.fit(dense, Y, weights)
    np.testing.assert_allclose(found[0], ours.coef_, atol=1e-8)
    np.testing.assert_allclose(found[1], ours.predict(dense), atol=1e-7)


@pytest.mark.parametrize("exponent", [3, 6, 9, 14])
def test_correlated_features(exponent):
    """The residuals are as small as LAPACK's, however close two features are."""
    samples = X.copy()
    samples[:, 1] = samples[:, 0] + 10.0**-exponent * samples[:, 1]
    ours, theirs = LinearRegression().fit(samples, Y), reference.LinearRegression().fit(samples, Y)
    assert ours.rank_ == theirs.rank_
    np.testing.assert_allclose(ours.predict(samples), theirs.predict(samples), rtol=1e-9)


def test_no_penalty_and_a_penalty_for_each_target():
    twice = np.hstack([X, X[:, :1]])
    np.testing.assert_allclose(
        Ridge(alpha=0).fit(twice, Y).predict(twice),
        Y.mean(axis=0) + (reference.LinearRegression().fit(X, Y).predict(X) - Y.mean(axis=0)),
        rtol=1e-8,
    )
    penalties = np.array([0.1, 100.0])
    theirs = reference.Ridge(alpha=penalties).fit(X, Y)
    np.testing.assert_allclose(Ridge(alpha=penalties).fit(X, Y).coef_, theirs.coef_, rtol=1e-9)


def test_ridge_without_negative_coefficients():
    theirs = reference.Ridge(alpha=3.0, positive=True, tol=1e-12).fit(X, Y)
    ours = Ridge(alpha=3.0, positive=True, tol=1e-10).fit(X, Y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    assert (ours.coef_ >= 0).all()
    assert ours.solver_ == "lbfgs"


def test_random_order_and_warm_start():
    exact = Lasso(alpha=0.1, tol=1e-12).fit(X, Y[:, 0])
    drawn = Lasso(alpha=0.1, tol=1e-12, selection="random", random_state=0, max_iter=5000).fit(X, Y[:, 0])
    np.testing.assert_allclose(drawn.coef_, exact.coef_, atol=1e-9)
    warm = Lasso(alpha=0.1, tol=1e-12, warm_start=True).fit(X, Y[:, 0])
    assert warm.n_iter_ > warm.fit(X, Y[:, 0]).n_iter_


def test_warnings_and_refusals():
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        Lasso(alpha=1e-4, max_iter=1).fit(X, Y)
    with pytest.warns(UserWarning, match="With alpha=0"):
        ElasticNet(alpha=0, tol=1).fit(X, Y)
    with pytest.raises(ValueError, match="number of penalties do not correspond"):
        Ridge(alpha=np.ones(3)).fit(X, Y)
    with pytest.raises(ValueError, match="does not support positive"):
        Ridge(solver="svd", positive=True).fit(X, Y)
    with pytest.raises(ValueError, match="only when positive=True"):
        Ridge(solver="lbfgs").fit(X, Y)


@pytest.mark.parametrize("learner", [LinearRegression, Ridge, Lasso, ElasticNet])
def test_fit_on_a_gpu_is_refused(learner):
    with pytest.raises(TypeError, match=f"{learner.__name__}.fit needs arrays in host memory"):
        learner().fit(fake(X), Y)
