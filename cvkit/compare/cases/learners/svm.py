"""The rows of support vector machines with kernels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn import svm

from cvkit import ml
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.data import Data, scaled_digits, standard_cancer, two_clouds


def _differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare decisions of pairs (those of classes jump where a vote tips) and labels."""
    pairs = [model.set_params(decision_function_shape="ovo").decision_function(X) for model in (ours, theirs)]
    labels = [model.set_params(decision_function_shape="ovr").predict(X) for model in (ours, theirs)]
    return {
        "decision": float(np.abs(pairs[0] - pairs[1]).max()),
        "labels": float(np.mean(labels[0] != labels[1])),
    }


def _svc(
    name: str,
    data: Callable[[], Data],
    *,
    fit_bar: float | None = None,
    predict_bar: float | None = None,
    small: Callable[[], Data] | None = None,
    **parameters: Any,
) -> LearnerCase:
    return LearnerCase(
        "SVC",
        name,
        data,
        ours=lambda: ml.SVC(**parameters),
        theirs=lambda: svm.SVC(**parameters),
        agree=_differences,
        # Two solutions within tol of the optimum differ by a few tol where decisions are made.
        tolerances={"decision": 5 * parameters.get("tol", 1e-3), "labels": 5e-4},
        predict="decision_function",
        fit_bar=fit_bar,
        predict_bar=predict_bar,
        small=small,
    )


SVM_CASES = [
    *(
        _svc(
            f"RBF, {samples:,} x {features}",
            partial(two_clouds, samples, features),
            fit_bar=0.4,
            predict_bar=0.25,
            small=partial(two_clouds, 400, features),
        )
        for samples, features in [(5_000, 64), (10_000, 20), (3_000, 500)]
    ),
    _svc("breast cancer, linear", standard_cancer, kernel="linear", tol=1e-6),
    _svc("breast cancer, polynomial", standard_cancer, kernel="poly", coef0=1.0, tol=1e-6),
    _svc("digits, RBF, 45 pairs", scaled_digits, tol=1e-5),
]
