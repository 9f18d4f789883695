"""What a row of the table of learners holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cvkit.compare.cases.learners.data import Data


@dataclass(frozen=True)
class LearnerCase:
    """One row: a learner on one data set.

    Parameters
    ----------
    learner : str
        Public name in ``cvkit.ml``.
    name : str
        What is particular about this row.
    data : callable
        Returns (X, y); deterministic.
    ours, theirs : callable
        Return an unfitted cvkit estimator and scikit-learn's, with equal parameters.
    agree : callable
        Takes (ours fitted, theirs fitted, X, y) and returns measured differences by name.
    tolerances : dict
        The largest accepted value of each difference.
    predict : str
        The method that the prediction timing calls on X.
    fit_bar, predict_bar : float or None
        Largest accepted ratio of cvkit's time to scikit-learn's on one thread.
    small : callable or None
        Smaller data for the test suite; ``data`` itself where it is None.
    """

    learner: str
    name: str
    data: Callable[[], Data]
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    agree: Callable[[Any, Any, np.ndarray, np.ndarray], dict[str, float]]
    tolerances: dict[str, float]
    predict: str = "predict"
    fit_bar: float | None = None
    predict_bar: float | None = None
    small: Callable[[], Data] | None = None

    @property
    def operation(self) -> str:
        """The learner's name, as rows of the other tables have it."""
        return self.learner

    @property
    def label(self) -> str:
        """Learner and data in one string, unique in the table."""
        return f"{self.learner}[{self.name}]"
