"""Fit learners to a few samples and apply them, so that compiled kernels can be compared with plain Python.

``python -m tests.plain_learners OUTPUT.npz`` with NUMBA_DISABLE_JIT=1: a process of its own, because Numba
decides when it is imported.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def learners() -> dict[str, Any]:
    """Return learners that together run the kernels of SVMs, linear models, neighbors and clusters."""
    from cvkit.ml import (
        SVC,
        KMeans,
        KNeighborsClassifier,
        KNeighborsRegressor,
        LinearSVC,
        LogisticRegression,
    )

    return {
        "rbf": SVC(),
        "poly": SVC(kernel="poly"),
        "sigmoid": SVC(kernel="sigmoid", break_ties=True),
        "linear": SVC(kernel="linear"),
        "coordinate descent": LinearSVC(dual=True, tol=1e-8, random_state=0),
        "newton": LinearSVC(),
        "logistic": LogisticRegression(tol=1e-8),
        "lasso": LogisticRegression(penalty="l1", tol=1e-8),
        "tree": KNeighborsClassifier(3, algorithm="kd_tree", leaf_size=4),
        "products": KNeighborsClassifier(3, algorithm="brute"),
        "columns": KNeighborsRegressor(3, algorithm="brute", metric="manhattan"),
        "cosine": KNeighborsRegressor(3, metric="cosine"),
        "lloyd": KMeans(3, random_state=0),
        "mini-batches": KMeans(3, batch_size=8, random_state=0),
    }


def results() -> dict[str, np.ndarray]:
    """Predict new samples, and score them where the learner can."""
    rng = np.random.default_rng(0)
    y = np.arange(24) % 3
    X = rng.normal(size=(24, 3)) + y[:, None]
    X[3] = X[0]  # k-means then draws in the order of hashes
    queries = np.concatenate([X[:6] + 0.1, X[:2]])
    found = {}
    for name, learner in learners().items():
        learner.fit(X, y)
        found[f"{name} predict"] = learner.predict(queries)
        for method in ("decision_function", "predict_proba", "transform", "kneighbors"):
            if hasattr(learner, method):
                values = getattr(learner, method)(queries)
                found[f"{name} {method}"] = np.concatenate(values) if isinstance(values, tuple) else values
    return found


if __name__ == "__main__":
    np.savez(sys.argv[1], **results())  # type: ignore[arg-type]
