"""Naive Bayes against scikit-learn: models, answers, batches, sparse samples, bad input."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import naive_bayes as reference
from sklearn.datasets import load_iris

from cvkit.ml import BernoulliNB, GaussianNB, MultinomialNB
from tests.fake_device import fake
from tests.learner_checks import failed_checks

X, Y = load_iris(return_X_y=True)
WEIGHTS = np.random.default_rng(0).random(len(X))
LEARNERS = [
    (GaussianNB, {}, ("theta_", "var_", "class_prior_", "class_count_", "epsilon_")),
    (GaussianNB, {"priors": [0.5, 0.2, 0.3], "var_smoothing": 0.1}, ("theta_", "var_", "class_prior_")),
    (MultinomialNB, {"alpha": 0.5}, ("feature_log_prob_", "feature_count_", "class_log_prior_")),
    (MultinomialNB, {"fit_prior": False}, ("feature_log_prob_", "class_log_prior_")),
    (BernoulliNB, {"binarize": 2.0}, ("feature_log_prob_", "feature_count_", "class_count_")),
    (BernoulliNB, {"binarize": 1.5, "class_prior": [0.5, 0.2, 0.3]}, ("class_log_prior_",)),
]


def assert_same(ours, theirs, attributes, samples):
    for name in attributes:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(ours.predict(samples), theirs.predict(samples))
    for method in ("predict_joint_log_proba", "predict_log_proba", "predict_proba"):
        found, expected = getattr(ours, method)(samples), getattr(theirs, method)(samples)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("learner", [GaussianNB(), MultinomialNB(), BernoulliNB()])
def test_check_estimator(learner):
    assert failed_checks(learner) == set()


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize(("learner", "parameters", "attributes"), LEARNERS)
def test_equals_reference(learner, parameters, attributes, weights):
    ours = learner(**parameters).fit(X, Y, weights)
    theirs = getattr(reference, learner.__name__)(**parameters).fit(X, Y, weights)
    assert_same(ours, theirs, attributes, X)


@pytest.mark.parametrize(("learner", "parameters", "attributes"), LEARNERS)
def test_batches_equal_reference(learner, parameters, attributes):
    ours, theirs = learner(**parameters), getattr(reference, learner.__name__)(**parameters)
    for rows in (slice(0, 70), slice(70, 100), slice(100, None)):  # the third class comes last
        for model in (ours, theirs):
            model.partial_fit(X[rows], Y[rows], [0, 1, 2], WEIGHTS[rows])
    assert_same(ours, theirs, attributes, X)
    with pytest.raises(ValueError, match="do not exist in the initial classes"):
        ours.partial_fit(X[:2], [0, 7])


@pytest.mark.parametrize(("learner", "parameters", "attributes"), LEARNERS[2:])
def test_sparse_samples(learner, parameters, attributes):
    samples = sparse.csr_matrix(X * (X > 1))
    ours = learner(**parameters).fit(samples, Y, WEIGHTS)
    theirs = getattr(reference, learner.__name__)(**parameters).fit(samples, Y, WEIGHTS)
    assert_same(ours, theirs, attributes, samples)
    assert_same(learner(**parameters).fit(samples.toarray(), Y, WEIGHTS), theirs, attributes, samples)


def test_sums_do_not_depend_on_the_dtype():
    single = GaussianNB().fit(X.astype(np.float32), Y)
    assert single.theta_.dtype == single.var_.dtype == single.predict_proba(X.astype(np.float32)).dtype
    np.testing.assert_allclose(single.theta_, GaussianNB().fit(X, Y).theta_, rtol=1e-6)
    far = X.astype(np.float32) + np.float32(1e4)
    truth = np.stack([far[label == Y].astype(np.float64).var(axis=0) for label in range(3)])
    np.testing.assert_allclose(GaussianNB(var_smoothing=0).fit(far, Y).var_, truth, rtol=1e-5)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (GaussianNB(priors=[0.5, 0.5]), "Number of priors must match number of classes"),
        (GaussianNB(priors=[0.5, 0.4, 0.3]), "The sum of the priors should be 1"),
        (GaussianNB(priors=[1.5, -0.25, -0.25]), "Priors must be non-negative"),
        (GaussianNB(var_smoothing=-1), "'var_smoothing' parameter"),
        (MultinomialNB(class_prior=[0.5, 0.5]), "Number of priors must match number of classes"),
        (MultinomialNB(alpha=[1.0, 2.0]), "Got 2 elements instead of 4"),
        (BernoulliNB(alpha=[1.0, 2.0, -1.0, 1.0]), "must be greater than 0"),
    ],
)
def test_refuses(model, message):
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)


def test_tiny_alpha_is_raised_with_a_warning():
    with pytest.warns(UserWarning, match=r"setting alpha = 1\.0e-10"):
        model = MultinomialNB(alpha=0, force_alpha=False).fit(X, Y)
    assert np.isfinite(model.feature_log_prob_).all()


def test_negative_counts():
    with pytest.raises(ValueError, match="Negative values in data"):
        MultinomialNB().fit(-X, Y)


@pytest.mark.parametrize("learner", [GaussianNB, MultinomialNB, BernoulliNB])
def test_samples_on_a_gpu_are_refused(learner):
    device = fake(X)
    with pytest.raises(TypeError, match="no CUDA twin"):
        learner().fit(device, Y)
    with pytest.raises(TypeError, match="no CUDA twin"):
        learner().fit(X, Y).predict(device)
