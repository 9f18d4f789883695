"""The rows of nearest neighbors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn import neighbors

from cvkit import ml
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.data import Data, bundled, few_digits, uniform


def _differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare neighbors where distances decide: scikit-learn defines no order of equally distant samples.

    The queries are new points: a sample's distance to itself is 0 in cvkit and rounding in scikit-learn.
    """
    step = max(1, len(X) // 500)
    queries = 0.5 * (X[:-1:step] + X[1::step])
    k = ours.n_neighbors
    our_distances, our_indices = ours.kneighbors(queries)
    distances, indices = theirs.kneighbors(queries, k + 1)
    rounding = 1e-9 * (1 + distances[:, 1:])
    tied_with_next = np.diff(distances, axis=1) <= rounding
    tied = tied_with_next.copy()
    tied[:, 1:] |= tied_with_next[:, :-1]
    untied_rows = ~tied.any(axis=1)
    predictions = ours.predict(queries), theirs.predict(queries)
    gap = np.abs(np.subtract(*[values.astype(np.float64) for values in predictions]))
    return {
        "distances": float((np.abs(our_distances - distances[:, :k]) / rounding).max()) * 1e-9,
        "neighbors": float(((our_indices != indices[:, :k]) & ~tied).mean()),
        "predictions": float(gap[untied_rows].max(initial=0.0)),
    }


def _neighbors(
    learner: str,
    name: str,
    data: Callable[[], Data],
    small: Callable[[], Data] | None = None,
    *,
    predict_bar: float | None = None,
    tolerance: float = 1e-9,
    **parameters: Any,
) -> LearnerCase:
    return LearnerCase(
        learner,
        name,
        data,
        ours=lambda: getattr(ml, learner)(**parameters),
        theirs=lambda: getattr(neighbors, learner)(**parameters),
        agree=_differences,
        tolerances={"distances": tolerance, "neighbors": 0.0, "predictions": tolerance},
        predict_bar=predict_bar,
        small=small,
    )


NEIGHBOR_CASES = [
    *(
        _neighbors(
            "KNeighborsClassifier",
            f"10,000 x 64 uniform, {metric}",
            partial(uniform, 10_000, 64),
            partial(uniform, 1_000, 64),
            predict_bar=bar,
            metric=metric,
        )
        for metric, bar in [("euclidean", 0.7), ("manhattan", 0.3), ("cosine", 0.3)]
    ),
    *(
        _neighbors(
            "KNeighborsClassifier",
            f"50,000 x {features} uniform, weighted by distance",
            partial(uniform, 50_000, features),
            partial(uniform, 1_000, features),
            predict_bar=1.0,
            weights="distance",
        )
        for features in [2, 3, 5]
    ),
    _neighbors("KNeighborsClassifier", "digits", partial(bundled, "digits"), few_digits),
    # scikit-learn's squared distances here cancel from 1e7.
    _neighbors("KNeighborsClassifier", "breast cancer", partial(bundled, "breast_cancer"), tolerance=1e-6),
    _neighbors("KNeighborsRegressor", "diabetes", partial(bundled, "diabetes"), weights="distance", p=3),
    _neighbors(
        "KNeighborsRegressor",
        "20,000 x 4 uniform, manhattan",
        partial(uniform, 20_000, 4),
        partial(uniform, 1_000, 4),
        predict_bar=1.0,
        p=1,
    ),
]
