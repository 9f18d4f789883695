"""The rows of naive Bayes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn import naive_bayes

from cvkit import ml
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.data import bundled, few_digits, three_classes


def _differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare log likelihoods and labels."""
    found, expected = ours.predict_joint_log_proba(X), theirs.predict_joint_log_proba(X)
    return {
        "likelihood": float((np.abs(found - expected) / (1 + np.abs(expected))).max()),
        "labels": float(np.mean(ours.predict(X) != theirs.predict(X))),
    }


BAYES_CASES = [
    LearnerCase(
        learner,
        name,
        data,
        ours=partial(getattr(ml, learner), **parameters),
        theirs=partial(getattr(naive_bayes, learner), **parameters),
        agree=_differences,
        tolerances={"likelihood": 1e-10, "labels": 0.0},
        fit_bar=0.8,
        predict_bar=0.8 if learner == "GaussianNB" else 1.05,
        small=small,
    )
    for learner, name, data, small, parameters in (
        ("GaussianNB", "50,000 x 20", partial(three_classes, 50_000), partial(three_classes, 500), {}),
        ("MultinomialNB", "digits", partial(bundled, "digits"), few_digits, {}),
        ("BernoulliNB", "digits", partial(bundled, "digits"), few_digits, {"binarize": 8.0}),
    )
]
