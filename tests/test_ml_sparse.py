"""Sparse samples give the answers of dense ones; what scikit-learn keeps sparse then is sparse, too."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import svm as reference
from sklearn.datasets import load_iris

from cvkit.ml import SVC, KMeans, KNeighborsClassifier, KNeighborsRegressor, load, save

X, Y = load_iris(return_X_y=True)
X = np.where(np.median(X, axis=0) < X, X, 0.0)
SPARSE = sparse.csr_matrix(X)


def test_clusters():
    dense, model = (KMeans(3, random_state=0).fit(samples) for samples in (X, sparse.csc_array(X)))
    np.testing.assert_array_equal(model.labels_, dense.labels_)
    np.testing.assert_array_equal(model.predict(SPARSE), dense.predict(X))
    np.testing.assert_array_equal(model.transform(SPARSE), dense.transform(X))
    assert model.score(SPARSE) == dense.score(X)


@pytest.mark.parametrize("algorithm", ["brute", "ball_tree", "kd_tree"])
@pytest.mark.parametrize("learner", [KNeighborsClassifier, KNeighborsRegressor])
def test_neighbors(learner, algorithm):
    dense = learner(algorithm="brute").fit(X, Y)
    model = learner(algorithm=algorithm).fit(SPARSE, Y)
    np.testing.assert_array_equal(model.predict(SPARSE), dense.predict(X))
    np.testing.assert_allclose(model.kneighbors(SPARSE)[0], dense.kneighbors(X)[0])


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
@pytest.mark.parametrize("classes", [2, 3])
def test_support_vectors(kernel, classes, tmp_path):
    rows = classes > Y
    dense = SVC(kernel=kernel).fit(X[rows], Y[rows])
    model = SVC(kernel=kernel).fit(SPARSE[rows], Y[rows])
    theirs = reference.SVC(kernel=kernel).fit(SPARSE[rows], Y[rows])
    for name in ("support_vectors_", "dual_coef_", *(["coef_"] if kernel == "linear" else [])):
        found = getattr(model, name)
        assert sparse.issparse(found)
        assert sparse.issparse(getattr(theirs, name))
        np.testing.assert_array_equal(found.toarray(), getattr(dense, name))
    for samples in (X, SPARSE):
        np.testing.assert_array_equal(model.decision_function(samples), dense.decision_function(X))
    save(model, tmp_path / "model.npz")
    again = load(tmp_path / "model.npz")
    assert sparse.issparse(again.support_vectors_)
    np.testing.assert_array_equal(again.decision_function(SPARSE), dense.decision_function(X))


def test_sparse_kernel_matrices_are_refused():
    with pytest.raises(TypeError, match="Sparse precomputed kernels"):
        SVC(kernel="precomputed").fit(sparse.csr_matrix(X @ X.T), Y)
