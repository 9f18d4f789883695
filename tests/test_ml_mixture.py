"""Mixtures of normal distributions against scikit-learn's: steps, starts, likelihoods, criteria."""

import numpy as np
import pytest
from sklearn import mixture as reference
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning

from cvkit.ml import GaussianMixture
from tests.fake_device import fake
from tests.learner_checks import failed_checks

X = make_blobs(300, 4, centers=3, cluster_std=2.5, random_state=2)[0]
KINDS = ["full", "tied", "diag", "spherical"]
GIVEN = {
    "full": np.stack([np.eye(4), 2 * np.eye(4), np.eye(4) + 0.5]),
    "tied": np.eye(4) + 0.2,
    "diag": np.ones((3, 4)),
    "spherical": np.array([1.0, 2.0, 0.5]),
}


def assert_same(ours, theirs, tolerance=1e-8):
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_", "lower_bound_"):
        found, expected = getattr(ours, name), getattr(theirs, name)
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    assert (ours.n_iter_, ours.converged_) == (theirs.n_iter_, theirs.converged_)
    np.testing.assert_allclose(ours.lower_bounds_, theirs.lower_bounds_, rtol=tolerance)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=tolerance)
    np.testing.assert_allclose(ours.score_samples(X), theirs.score_samples(X), rtol=tolerance)
    np.testing.assert_allclose([ours.bic(X), ours.aic(X)], [theirs.bic(X), theirs.aic(X)], rtol=tolerance)
    for found, expected in zip(ours.sample(20), theirs.sample(20), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_check_estimator():
    assert failed_checks(GaussianMixture()) == set()


@pytest.mark.parametrize(
    "start",
    [
        "kmeans",
        *(
            pytest.param(start, marks=pytest.mark.sweep)
            for start in ("k-means++", "random", "random_from_data")
        ),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_equals_reference(kind, start):
    if kind == "tied" and start in ("k-means++", "random_from_data"):
        pytest.skip("the covariance of three samples is not regular")
    parameters = {"covariance_type": kind, "init_params": start, "random_state": 0, "max_iter": 200}
    ours, theirs = GaussianMixture(3, **parameters), reference.GaussianMixture(3, **parameters)
    # The variance of one sample is rounding, and what is added to it.
    tolerance = 1e-4 if start in ("k-means++", "random_from_data") else 1e-8
    assert_same(ours.fit(X), theirs.fit(X), tolerance)


@pytest.mark.parametrize("kind", KINDS)
def test_given_start(kind):
    parameters = {
        "covariance_type": kind,
        "weights_init": [0.5, 0.3, 0.2],
        "means_init": X[:3],
        "precisions_init": GIVEN[kind],
        "random_state": 0,
        "tol": 1e-3,
        "max_iter": 100,
    }
    ours = GaussianMixture(3, **parameters).fit(X)
    assert_same(ours, reference.GaussianMixture(3, **parameters).fit(X), 1e-7)
    np.testing.assert_array_equal(GaussianMixture(3, **parameters).fit_predict(X), ours.predict(X))


def test_far_from_the_origin():
    near, far = (GaussianMixture(3, random_state=0, max_iter=300).fit(samples) for samples in (X, X + 1e6))
    np.testing.assert_allclose(far.covariances_, near.covariances_, rtol=1e-4)
    np.testing.assert_allclose(far.means_ - 1e6, near.means_, atol=1e-4)


def test_starts_and_single_precision():
    parameters = {"n_init": 2, "init_params": "random_from_data", "random_state": 1, "max_iter": 300}
    ours, theirs = GaussianMixture(3, **parameters).fit(X), reference.GaussianMixture(3, **parameters).fit(X)
    assert_same(ours, theirs)
    single = GaussianMixture(3, random_state=0).fit(X.astype(np.float32))
    assert single.means_.dtype == single.predict_proba(X.astype(np.float32)).dtype == np.float32


def test_going_on():
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        model = GaussianMixture(3, random_state=0, max_iter=1, tol=1e-4, warm_start=True).fit(X)
    model.set_params(max_iter=500).fit(X)
    whole = GaussianMixture(3, random_state=0, max_iter=501, tol=1e-4).fit(X)
    np.testing.assert_allclose(model.means_, whole.means_, atol=1e-9)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_components": 301}, "Expected n_samples >= n_components"),
        ({"weights_init": [0.5, 0.5, 0.5]}, "should be normalized"),
        ({"weights_init": [1.5, -0.5, 0.0]}, "in the range"),
        ({"means_init": X[:2]}, "'means' should have the shape"),
        ({"precisions_init": np.eye(3)}, "'precisions' should have the shape"),
        ({"covariance_type": "round"}, "'covariance_type' parameter"),
    ],
)
def test_refuses(parameters, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(**{"n_components": 3, **parameters}).fit(X)


def test_collapsed_samples_and_arrays_on_a_gpu():
    with pytest.raises(ValueError, match="ill-defined empirical covariance"):
        GaussianMixture(2, reg_covar=0, random_state=0).fit(np.repeat([[0.0, 0.0], [1.0, 1.0]], 5, axis=0))
    with pytest.raises(TypeError, match="no CUDA twin"):
        GaussianMixture().fit(fake(X))
    with pytest.raises(ValueError, match="n_samples must be at least 1"):
        GaussianMixture().fit(X).sample(0)
