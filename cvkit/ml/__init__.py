"""Classic learners as scikit-learn estimators: the same models, fitted and applied by Numba kernels.

Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

# Public name -> the module that defines it.
_NAMES = {
    "KMeans": "cvkit.ml.cluster",
    "KNeighborsClassifier": "cvkit.ml.neighbors",
    "KNeighborsRegressor": "cvkit.ml.neighbors",
    "LinearSVC": "cvkit.ml.linear_svm",
    "LogisticRegression": "cvkit.ml.linear",
    "SVC": "cvkit.ml.svm",
    "load": "cvkit.ml.storage",
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
