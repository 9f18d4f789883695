"""The rows of boosted trees."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn import ensemble

from cvkit import ml
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.data import Data, bundled


def _cancer_of_few_values() -> Data:
    """Breast cancer with each feature rounded to at most 200 values."""
    X, y = bundled("breast_cancer")
    grids = [np.quantile(column, np.linspace(0, 1, 200)) for column in X.T]
    return np.stack([np.digitize(column, grid) for column, grid in zip(X.T, grids, strict=True)], axis=1), y


def _boosting_differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Count the stumps that differ; compare weights, decisions and accuracies."""
    stumps = [stump.tree_ for stump in theirs.estimators_]
    pairs = zip(ours.tree_features_[:, 0], ours.tree_thresholds_[:, 0], stumps, strict=True)
    return {
        "different stumps": float(
            sum(
                (feature, threshold) != (stump.feature[0], stump.threshold[0])
                for feature, threshold, stump in pairs
            )
        ),
        "tree weights": float(np.abs(ours.estimator_weights_ - theirs.estimator_weights_).max()),
        "decision": float(np.abs(ours.decision_function(X) - theirs.decision_function(X)).max()),
        "training score": abs(ours.score(X, y) - theirs.score(X, y)),
    }


BOOSTING_CASES = [
    LearnerCase(
        "AdaBoostClassifier",
        f"stumps, {name}",
        data=data,
        ours=partial(ml.AdaBoostClassifier, 50),
        theirs=partial(ensemble.AdaBoostClassifier, n_estimators=50, random_state=0),
        agree=_boosting_differences,
        tolerances=tolerances,
        predict="decision_function",
    )
    for name, data, tolerances in (
        (
            "few-valued features",
            _cancer_of_few_values,
            {"different stumps": 0.0, "tree weights": 1e-12, "decision": 1e-12},
        ),
        # Of more than 256 values, cvkit splits only between groups of them.
        ("continuous features", partial(bundled, "breast_cancer"), {"training score": 0.01}),
    )
]
