"""Parameters of trees, forests and boosting: which values are accepted, and what they come to as numbers."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils.validation import _check_sample_weight

from cvkit._dispatch import contiguous
from cvkit.ml.tree._cpu.records import Limits

LARGEST_SEED = np.iinfo(np.int32).max

MAX_FEATURES_CONSTRAINT: list[Any] = [
    Interval(Integral, 1, None, closed="left"),
    Interval(RealNotInt, 0.0, 1.0, closed="right"),
    StrOptions({"sqrt", "log2"}),
    None,
]
GROWTH_CONSTRAINTS: dict[str, list[Any]] = {
    "max_depth": [Interval(Integral, 1, None, closed="left"), None],
    "min_samples_split": [
        Interval(Integral, 2, None, closed="left"),
        Interval(RealNotInt, 0.0, 1.0, closed="right"),
    ],
    "min_samples_leaf": [
        Interval(Integral, 1, None, closed="left"),
        Interval(RealNotInt, 0.0, 1.0, closed="neither"),
    ],
    "min_weight_fraction_leaf": [Interval(Real, 0.0, 0.5, closed="both")],
    "max_features": MAX_FEATURES_CONSTRAINT,
    "max_leaf_nodes": [Interval(Integral, 2, None, closed="left"), None],
    "min_impurity_decrease": [Interval(Real, 0.0, None, closed="left")],
    "ccp_alpha": [Interval(Real, 0.0, None, closed="left")],
    "random_state": ["random_state"],
}
CLASSIFIER_CRITERIA: Any = StrOptions({"gini", "entropy", "log_loss", "gain_ratio"})


def check_weights(sample_weight: Any, X: np.ndarray, class_weight: np.ndarray | None = None) -> np.ndarray:
    """Check sample weights, or make unit weights, as float64; ``class_weight`` holds a factor of each."""
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    if class_weight is not None:
        if not (class_weight >= 0).all():
            raise ValueError(f"class_weight must not be negative or NaN, got {class_weight.min():g}")
        weights = weights * class_weight
        if not weights.any():
            raise ValueError("class_weight must leave a class with samples of positive weight")
    with np.errstate(over="ignore"):
        if not np.isfinite(weights.sum()):
            raise ValueError(f"weights of samples must have a finite sum, got some of {weights.max():g}")
    return contiguous(weights)


def n_features_to_draw(max_features: Any, n_features: int) -> int:
    """Translate ``max_features`` into a number."""
    if max_features is None:
        return n_features
    if max_features == "sqrt":
        return max(1, int(math.sqrt(n_features)))
    if max_features == "log2":
        return max(1, int(math.log2(n_features)))
    if isinstance(max_features, Integral):
        return int(max_features)
    return max(1, int(max_features * n_features))


def make_limits(estimator: Any, X: np.ndarray) -> Limits:
    """Translate the parameters that stop growth into numbers, where they do not depend on the tree."""
    n_samples, n_features = X.shape
    leaf = estimator.min_samples_leaf
    min_leaf = int(leaf) if isinstance(leaf, Integral) else math.ceil(leaf * n_samples)
    split = estimator.min_samples_split
    min_split = int(split) if isinstance(split, Integral) else max(2, math.ceil(split * n_samples))
    return Limits(
        max_depth=np.iinfo(np.int32).max if estimator.max_depth is None else int(estimator.max_depth),
        min_samples_split=max(min_split, 2 * min_leaf),
        min_samples_leaf=min_leaf,
        min_weight_leaf=float(estimator.min_weight_fraction_leaf),
        min_impurity_decrease=float(estimator.min_impurity_decrease),
        least_impurity=float(np.finfo(np.float64).eps),
        max_features=n_features_to_draw(estimator.max_features, n_features),
        max_leaf_nodes=int(estimator.max_leaf_nodes or 0),
    )
