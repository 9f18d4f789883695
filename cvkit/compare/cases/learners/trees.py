"""The rows of decision trees and random forests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn import ensemble, tree

from cvkit import ml
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.data import Data, bundled, responses, three_classes


def _tree_differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Count the nodes that differ in feature, threshold or children; compare size and predictions."""
    counts = ours.tree_.node_count, theirs.tree_.node_count
    different = float(max(counts))
    if counts[0] == counts[1]:
        fields = ("feature", "threshold", "children_left", "children_right")
        unequal = [getattr(ours.tree_, field) != getattr(theirs.tree_, field) for field in fields]
        different = float(np.count_nonzero(np.any(unequal, axis=0)))
    return {
        "different nodes": different,
        "difference in size": abs(counts[0] - counts[1]) / counts[1],
        "different predictions": float(np.mean(ours.predict(X) != theirs.predict(X))),
    }


def _forest_differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare out-of-bag scores, importances and scores on the training data."""
    correlation = np.corrcoef(ours.feature_importances_, theirs.feature_importances_)[0, 1]
    return {
        "out-of-bag score": abs(ours.oob_score_ - theirs.oob_score_),
        "1 - correlation of importances": float(1.0 - correlation),
        "training score": abs(ours.score(X, y) - theirs.score(X, y)),
    }


_SAME_TREE = {"different nodes": 0.0, "difference in size": 0.0, "different predictions": 0.0}
# Among splits that are equally good, rounding decides in scikit-learn, the order of the features in cvkit.
_SAME_TREE_UP_TO_TIES = {"difference in size": 0.03, "different predictions": 0.0}
_ALIKE_FORESTS = {"out-of-bag score": 0.01, "1 - correlation of importances": 0.03, "training score": 0.01}


def _tree(
    learner: str,
    name: str,
    data: Callable[[], Data],
    small: Callable[[], Data] | None = None,
    *,
    fit_bar: float,
    tolerances: dict[str, float],
    **parameters: Any,
) -> LearnerCase:
    return LearnerCase(
        learner,
        name,
        data,
        ours=lambda: getattr(ml, learner)(random_state=0, **parameters),
        theirs=lambda: getattr(tree, learner)(random_state=0, **parameters),
        agree=_tree_differences,
        tolerances=tolerances,
        fit_bar=fit_bar,
        small=small,
    )


def _forest(
    learner: str,
    name: str,
    data: Callable[[], Data],
    small: Callable[[], Data] | None = None,
    **parameters: Any,
) -> LearnerCase:
    common = {"oob_score": True, "random_state": 0, **parameters}
    return LearnerCase(
        learner,
        name,
        data,
        ours=lambda: getattr(ml, learner)(**common),
        theirs=lambda: getattr(ensemble, learner)(**common),
        agree=_forest_differences,
        tolerances=_ALIKE_FORESTS,
        fit_bar=0.3,
        predict_bar=0.6,
        small=small,
    )


TREE_CASES = [
    _tree(
        "DecisionTreeClassifier",
        "Gini, continuous features",
        partial(three_classes, 10_000),
        partial(three_classes, 1_000),
        fit_bar=0.2,
        tolerances=_SAME_TREE,
    ),
    _tree(
        "DecisionTreeClassifier",
        "Gini, few-valued features",
        partial(bundled, "digits"),
        fit_bar=0.5,
        tolerances=_SAME_TREE,
    ),
    _tree(
        "DecisionTreeClassifier",
        "entropy, continuous features",
        partial(three_classes, 10_000),
        partial(three_classes, 1_000),
        fit_bar=0.2,
        tolerances=_SAME_TREE_UP_TO_TIES,
        criterion="entropy",
    ),
    _tree(
        "DecisionTreeRegressor",
        "continuous features",
        partial(responses, 5_000),
        partial(responses, 500),
        fit_bar=0.2,
        tolerances=_SAME_TREE_UP_TO_TIES,
    ),
    _forest(
        "RandomForestClassifier",
        "continuous features",
        partial(three_classes, 10_000),
        partial(three_classes, 1_000),
        n_estimators=50,
    ),
    _forest("RandomForestClassifier", "few-valued features", partial(bundled, "digits"), n_estimators=50),
    _forest(
        "RandomForestRegressor",
        "continuous features",
        partial(responses, 5_000),
        partial(responses, 500),
        n_estimators=30,
        max_features=1 / 3,
    ),
]
