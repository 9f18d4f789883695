"""Classic learners as scikit-learn estimators: the same models, fitted and applied by Numba kernels.

Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

# Public name -> the module that defines it.
_NAMES = {
    "AdaBoostClassifier": "cvkit.ml.boosting",
    "DecisionTreeClassifier": "cvkit.ml.tree",
    "DecisionTreeRegressor": "cvkit.ml.tree",
    "ID3Classifier": "cvkit.ml.categorical_tree",
    "KMeans": "cvkit.ml.cluster",
    "KNeighborsClassifier": "cvkit.ml.neighbors",
    "KNeighborsRegressor": "cvkit.ml.neighbors",
    "LinearSVC": "cvkit.ml.linear_svm",
    "LogisticRegression": "cvkit.ml.linear",
    "RandomForestClassifier": "cvkit.ml.forest",
    "RandomForestRegressor": "cvkit.ml.forest",
    "SVC": "cvkit.ml.svm",
    "export_text": "cvkit.ml.tree_export",
    "impute_by_proximity": "cvkit.ml.imputation",
    "impute_roughly": "cvkit.ml.imputation",
    "load": "cvkit.ml.storage",
    "plot_tree": "cvkit.ml.tree_export",
    "save": "cvkit.ml.storage",
}

__all__ = [*_NAMES]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'cvkit.ml' has no attribute {name!r}")
    value = getattr(importlib.import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
