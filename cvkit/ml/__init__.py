"""Classic learners with the names, parameters and attributes of scikit-learn."""

from __future__ import annotations

import importlib
from typing import Any

# Public name -> the module that defines it.
_CLASSES = {
    "DecisionTreeClassifier": "cvkit.ml.tree",
    "DecisionTreeRegressor": "cvkit.ml.tree",
    "ID3Classifier": "cvkit.ml.categorical_tree",
    "RandomForestClassifier": "cvkit.ml.forest",
    "RandomForestRegressor": "cvkit.ml.forest",
    "export_text": "cvkit.ml.tree_export",
    "impute_by_proximity": "cvkit.ml.imputation",
    "impute_roughly": "cvkit.ml.imputation",
    "plot_tree": "cvkit.ml.tree_export",
}

__all__ = [*_CLASSES]


def __getattr__(name: str) -> Any:
    if name not in _CLASSES:
        raise AttributeError(f"module 'cvkit.ml' has no attribute {name!r}")
    value = getattr(importlib.import_module(_CLASSES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
