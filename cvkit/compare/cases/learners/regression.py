"""The rows of linear models of numbers, and of principal components."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn import decomposition, linear_model

from cvkit import ml
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.data import Data, bundled, few_digits, responses


def _differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare coefficients and predictions."""
    return {
        "coefficients": float(np.abs(ours.coef_ - theirs.coef_).max()),
        "predictions": float(np.abs(ours.predict(X) - theirs.predict(X)).max()),
    }


def _components(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare directions, variances and transformed samples."""
    scale = float(theirs.singular_values_[0])
    return {
        "components": float(np.abs(ours.components_ - theirs.components_).max()),
        "singular values": float(np.abs(ours.singular_values_ - theirs.singular_values_).max()) / scale,
        "transformed": float(np.abs(ours.transform(X) - theirs.transform(X)).max()) / scale,
    }


def _made(samples: int, features: int) -> Data:
    """Make correlated features, of which every other one matters, and noisy responses."""
    random = np.random.default_rng(0)
    X = random.standard_normal((samples, features)) @ random.standard_normal((features, features))
    weights = np.where(np.arange(features) % 2, random.standard_normal(features), 0.0)
    return X + 3.0, X @ weights + random.standard_normal(samples)


REGRESSION_CASES = [
    *(
        LearnerCase(
            learner,
            name,
            data,
            ours=partial(getattr(ml, learner), **parameters),
            theirs=partial(getattr(linear_model, learner), **parameters),
            agree=_differences,
            tolerances={"coefficients": 1e-8, "predictions": 1e-8},
            fit_bar=0.8 if small else None,
            small=small,
        )
        for learner, parameters in (
            ("LinearRegression", {}),
            ("Ridge", {"alpha": 10.0}),
            ("Lasso", {"alpha": 0.1}),
            ("ElasticNet", {"alpha": 0.1}),
        )
        for name, data, small in (
            ("50,000 x 40", partial(_made, 50_000, 40), partial(_made, 400, 20)),
            ("1,000 x 10, Friedman", partial(responses, 1_000), None),
        )
    ),
    *(
        LearnerCase(
            "PCA",
            name,
            data,
            ours=partial(ml.PCA, **parameters),
            theirs=partial(decomposition.PCA, **parameters),
            agree=_components,
            tolerances={"components": 1e-8, "singular values": 1e-10, "transformed": 1e-10},
            predict="transform",
            small=small,
        )
        for name, data, small, parameters in (
            (
                "50,000 x 40, covariance",
                partial(_made, 50_000, 40),
                partial(_made, 400, 20),
                {"n_components": 10},
            ),
            ("digits", partial(bundled, "digits"), few_digits, {"n_components": 0.9, "whiten": True}),
            (
                "digits, random projections",
                partial(bundled, "digits"),
                few_digits,
                {"n_components": 8, "svd_solver": "randomized", "random_state": 0},
            ),
        )
    ),
]
