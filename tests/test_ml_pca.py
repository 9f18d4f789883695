"""PCA against scikit-learn: components, variances, transformations, the four solvers."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import decomposition as reference
from sklearn.datasets import load_digits

from cvkit.ml import PCA
from tests.fake_device import fake
from tests.learner_checks import failed_checks

DIGITS = load_digits().data[:400, 2:22] + 3.0
PARAMETERS = [
    {"n_components": 5},
    {"n_components": 0.8},
    {"n_components": "mle", "svd_solver": "full"},
    {"n_components": 6, "whiten": True, "svd_solver": "full"},
    {"n_components": 6, "whiten": True, "svd_solver": "covariance_eigh"},
    {"n_components": 6, "svd_solver": "randomized", "random_state": 0},
    {"n_components": 6, "svd_solver": "randomized", "random_state": 0, "iterated_power": 2},
    {"n_components": 6, "svd_solver": "randomized", "power_iteration_normalizer": "QR", "random_state": 0},
    {"n_components": 4, "svd_solver": "arpack", "random_state": 0},
    {"n_components": 0},
]


def assert_same(ours, theirs, samples, tolerance=1e-8):
    assert ours.n_components_ == theirs.n_components_
    for name in ("components_", "explained_variance_", "explained_variance_ratio_", "singular_values_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(ours.noise_variance_, theirs.noise_variance_, rtol=tolerance, atol=tolerance)
    found = ours.transform(samples)
    np.testing.assert_allclose(found, theirs.transform(samples), rtol=tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("parameters", [{}, {"svd_solver": "covariance_eigh", "whiten": True}], ids=str)
def test_check_estimator(parameters):
    assert failed_checks(PCA(**parameters)) == set()


@pytest.mark.parametrize("samples", [DIGITS, DIGITS[:21]], ids=["tall", "square"])
@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_equals_reference(parameters, samples):
    ours, theirs = PCA(**parameters).fit(samples), reference.PCA(**parameters).fit(samples)
    assert_same(ours, theirs, samples)
    np.testing.assert_allclose(PCA(**parameters).fit_transform(samples), ours.transform(samples), atol=1e-9)
    if ours.n_components_:
        back = ours.inverse_transform(ours.transform(samples))
        np.testing.assert_allclose(back, theirs.inverse_transform(theirs.transform(samples)), atol=1e-7)
        np.testing.assert_allclose(ours.get_covariance(), theirs.get_covariance(), atol=1e-8)
        if ours.noise_variance_ > 1e-6:
            np.testing.assert_allclose(ours.score(samples), theirs.score(samples), rtol=1e-7)


def test_wide_and_single_precision():
    wide = np.ascontiguousarray(DIGITS[:300].T)
    assert_same(PCA(5).fit(wide), reference.PCA(5).fit(wide), wide)
    single = DIGITS.astype(np.float32)
    ours = PCA(5).fit(single)
    assert ours.components_.dtype == ours.transform(single).dtype == ours.mean_.dtype == np.float32
    np.testing.assert_allclose(ours.components_, PCA(5).fit(DIGITS).components_, atol=1e-5)


@pytest.mark.parametrize("solver", ["arpack", "covariance_eigh"])
def test_sparse_samples(solver):
    samples = sparse.csr_matrix(np.maximum(DIGITS - 8, 0))
    ours = PCA(4, svd_solver=solver, random_state=0).fit(samples)
    assert_same(ours, reference.PCA(4, svd_solver=solver, random_state=0).fit(samples), samples)
    assert_same(ours, PCA(4, svd_solver=solver, random_state=0).fit(samples.toarray()), samples.toarray())


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_components": 99}, ValueError, "must be between 0 and"),
        ({"n_components": 0, "svd_solver": "randomized"}, ValueError, "must be between 1 and"),
        ({"n_components": 20, "svd_solver": "arpack"}, ValueError, "strictly less"),
        ({"n_components": "mle", "svd_solver": "arpack"}, ValueError, "cannot be a string"),
        ({"svd_solver": "qr"}, ValueError, "'svd_solver' parameter"),
    ],
)
def test_refuses(parameters, error, message):
    with pytest.raises(error, match=message):
        PCA(**parameters).fit(DIGITS)


def test_refuses_by_the_samples():
    with pytest.raises(ValueError, match="n_samples >= n_features"):
        PCA("mle").fit(DIGITS[:9])
    with pytest.raises(TypeError, match="only support sparse"):
        PCA(svd_solver="full").fit(sparse.csr_matrix(DIGITS))
    with pytest.raises(TypeError, match=r"PCA\.fit needs arrays in host memory"):
        PCA().fit(fake(DIGITS))
