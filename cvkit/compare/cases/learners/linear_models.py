"""The rows of linear models: linear support vector machines and logistic regression."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn import linear_model, svm

from cvkit import ml
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.data import Data, descriptors, scaled_digits, standard_cancer, two_clouds


def _differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare coefficients, intercepts and labels."""
    return {
        "coefficients": float(np.abs(ours.coef_ - theirs.coef_).max()),
        "intercept": float(np.abs(ours.intercept_ - theirs.intercept_).max()),
        "labels": float(np.mean(ours.predict(X) != theirs.predict(X))),
    }


def _linear_svc(
    name: str,
    data: Callable[[], Data],
    tolerance: float,
    *,
    fit_bar: float | None = None,
    small: Callable[[], Data] | None = None,
    **parameters: Any,
) -> LearnerCase:
    # The dual problem is the one that cvkit solves; scikit-learn has to be told.
    common = {"random_state": 0, "max_iter": 100_000, **parameters}
    return LearnerCase(
        "LinearSVC",
        name,
        data,
        ours=lambda: ml.LinearSVC(**common),
        theirs=lambda: svm.LinearSVC(dual=True, **common),
        agree=_differences,
        tolerances={"coefficients": tolerance, "intercept": tolerance, "labels": 0.0},
        predict="decision_function",
        fit_bar=fit_bar,
        small=small,
    )


def _logistic(
    name: str,
    data: Callable[[], Data],
    tolerance: float = 1e-3,
    *,
    fit_bar: float | None = None,
    small: Callable[[], Data] | None = None,
    **parameters: Any,
) -> LearnerCase:
    common = {"max_iter": 100_000, **parameters}
    # Only SAGA knows the L1 norm.
    solver = {"solver": "saga"} if parameters.get("l1_ratio") else {}
    return LearnerCase(
        "LogisticRegression",
        name,
        data,
        ours=lambda: ml.LogisticRegression(**common),
        theirs=lambda: linear_model.LogisticRegression(**solver, **common),
        agree=_differences,
        tolerances={"coefficients": tolerance, "intercept": tolerance, "labels": 0.0},
        predict="predict_proba",
        fit_bar=fit_bar,
        small=small,
    )


LINEAR_CASES = [
    _linear_svc(
        "10,000 x 3,780 float32",
        partial(descriptors, 10_000, 3_780),
        1e-3,
        C=0.01,
        tol=1e-4,
        fit_bar=0.3,
        small=partial(descriptors, 400, 500),
    ),
    _linear_svc("breast cancer, squared hinge", standard_cancer, 1e-5, C=0.05, tol=1e-9),
    _linear_svc("breast cancer, hinge", standard_cancer, 1e-3, C=0.05, tol=1e-6, loss="hinge"),
    _linear_svc("digits, squared hinge, ten classes", scaled_digits, 1e-5, C=0.1, tol=1e-8),
    _logistic(
        "two classes, 50,000 x 30",
        partial(two_clouds, 50_000, 30),
        1e-5,
        fit_bar=0.75,
        small=partial(two_clouds, 500, 30),
    ),
    _logistic("digits, ten classes", scaled_digits, tol=1e-8, fit_bar=0.75),
    _logistic("breast cancer, L2", standard_cancer, tol=1e-6, fit_bar=0.75),
    _logistic("breast cancer, L1", standard_cancer, C=0.2, l1_ratio=1.0, tol=1e-7),
    _logistic("breast cancer, elastic net", standard_cancer, C=0.2, l1_ratio=0.3, tol=1e-7),
]
