"""Fit the learners of ``cvkit.ml.tree`` and ``cvkit.ml.ensemble`` to small data and save what they found.

``python -m tests.plain_trees OUTPUT.npz`` with NUMBA_DISABLE_JIT=1. A process of its own, because Numba looks
at that when it is imported; the caller has the compiled kernels.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from cvkit.ml import (
    AdaBoostClassifier,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ID3Classifier,
    RandomForestClassifier,
    RandomForestRegressor,
    impute_by_proximity,
)

_random = np.random.RandomState(0)
FEW_VALUES = _random.randint(0, 4, (90, 4)).astype(np.float32)
# More samples in a node than are sorted by comparing each with each.
MANY_VALUES = _random.standard_normal((90, 4)).astype(np.float32)
MISSING = np.where(_random.random_sample((90, 4)) < 0.1, np.nan, MANY_VALUES)
CLASSES = (FEW_VALUES[:, 0] + FEW_VALUES[:, 1] > 3) + (MANY_VALUES[:, 2] > 0.5).astype(np.int64)
RESPONSES = MANY_VALUES[:, 0] + FEW_VALUES[:, 1].astype(np.float64)

TREES: dict[str, tuple[Any, np.ndarray, np.ndarray]] = {
    "gini": (DecisionTreeClassifier(random_state=0), MANY_VALUES, CLASSES),
    "drawn": (DecisionTreeClassifier(max_features=1, random_state=0), MANY_VALUES, CLASSES),
    "histogram": (DecisionTreeClassifier(max_features=1, random_state=0), FEW_VALUES, CLASSES),
    "missing": (DecisionTreeClassifier(criterion="entropy", random_state=0), MISSING, CLASSES),
    "best first": (DecisionTreeClassifier(max_leaf_nodes=6, random_state=0), MANY_VALUES, CLASSES),
    "pruned": (
        DecisionTreeClassifier(criterion="gain_ratio", ccp_alpha=0.02, random_state=0),
        FEW_VALUES,
        CLASSES,
    ),
    "regression": (DecisionTreeRegressor(random_state=0), MISSING, RESPONSES),
    "far responses": (DecisionTreeRegressor(max_depth=3, random_state=0), MANY_VALUES, RESPONSES + 1e9),
    "forest": (RandomForestClassifier(3, random_state=0), FEW_VALUES, CLASSES),
    "forest regression": (RandomForestRegressor(2, max_depth=4, random_state=0), MANY_VALUES, RESPONSES),
}


def results() -> dict[str, np.ndarray]:
    """Return the models and their predictions by name."""
    found: dict[str, np.ndarray] = {}
    for name, (model, X, y) in TREES.items():
        model.fit(X, y)
        for field in model.nodes_.dtype.names:
            found[f"{name} {field}"] = model.nodes_[field]
        found[f"{name} predicted"] = model.predict(X)
        found[f"{name} leaves"] = model.apply(X)
    found["proximity"] = TREES["forest"][0].proximity(FEW_VALUES[:9])
    for kind, criterion in (("discrete", "gini"), ("real", "exponential"), ("gentle", "error")):
        boosted = AdaBoostClassifier(3, kind=kind, criterion=criterion, max_depth=2)
        boosted.fit(MANY_VALUES, CLASSES > 0)
        found[f"{kind} features"] = boosted.tree_features_
        found[f"{kind} thresholds"] = boosted.tree_thresholds_
        found[f"{kind} predicted"] = boosted.predict(MANY_VALUES)
        found[f"{kind} decision"] = boosted.decision_function(MANY_VALUES)
    found["ID3"] = ID3Classifier().fit(FEW_VALUES, CLASSES).predict(FEW_VALUES)
    forest = RandomForestClassifier(2)
    found["imputed"] = impute_by_proximity(MISSING, CLASSES, n_iterations=1, forest=forest, random_state=0)
    return found


if __name__ == "__main__":
    np.savez(sys.argv[1], **results())  # type: ignore[arg-type]
