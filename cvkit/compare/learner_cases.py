"""The table of learners: data, cvkit's estimator, scikit-learn's, how they must agree, and the speed bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Data = tuple[np.ndarray, np.ndarray]


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
    small: Callable[[], Data] | None = field(default=None)

    @property
    def operation(self) -> str:
        """The learner's name, as rows of the other tables have it."""
        return self.learner

    @property
    def label(self) -> str:
        """Learner and data in one string, unique in the table."""
        return f"{self.learner}[{self.name}]"


LEARNER_CASES: list[LearnerCase] = []


# Support vector machines and linear models


def _two_clouds(count: int, features: int, dtype: type = np.float64, overlap: float = 1.0) -> Data:
    """Two Gaussian clouds of unit variance whose means lie ``2 / overlap`` apart."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, count)
    direction = rng.standard_normal(features)
    direction /= np.linalg.norm(direction)
    X = rng.standard_normal((count, features)) + np.outer(2 * y - 1, direction / overlap)
    return X.astype(dtype), y


def _descriptors(count: int, features: int) -> Data:
    """Non-negative float32 rows such as HOG descriptors, two classes that nearly separate."""
    rng = np.random.default_rng(0)
    X = 0.3 * rng.random((count, features), dtype=np.float32)
    scores = X @ rng.standard_normal(features).astype(np.float32)
    noisy = scores + 0.05 * scores.std() * rng.standard_normal(count)
    return X, (noisy > np.median(noisy)).astype(np.int64)


def _standard_cancer() -> Data:
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def _small_digits() -> Data:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X / 16.0, y


def _linear_agreement(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Differences of coefficients, intercepts and labels."""
    return {
        "coefficients": float(np.abs(ours.coef_ - theirs.coef_).max()),
        "intercept": float(np.abs(ours.intercept_ - theirs.intercept_).max()),
        "labels": float(np.mean(ours.predict(X) != theirs.predict(X))),
    }


def _linear_svc(ours: bool, **parameters: Any) -> Any:
    from sklearn.svm import LinearSVC as Reference

    from cvkit.ml import LinearSVC

    return (LinearSVC if ours else Reference)(random_state=0, max_iter=100_000, **parameters)


def _linear_svc_case(name: str, data: Callable[[], Data], tolerance: float, **options: Any) -> LearnerCase:
    fields = ("fit_bar", "predict_bar", "small")
    row = {key: options.pop(key) for key in fields if key in options}
    return LearnerCase(
        "LinearSVC",
        name,
        data,
        lambda: _linear_svc(True, **options),
        lambda: _linear_svc(False, **{"dual": True, **options}),
        _linear_agreement,
        {"coefficients": tolerance, "intercept": tolerance, "labels": 0.0},
        "decision_function",
        **row,
    )


LEARNER_CASES += [
    _linear_svc_case(
        "10,000 x 3,780 float32",
        lambda: _descriptors(10_000, 3_780),
        1e-3,
        C=0.01,
        tol=1e-4,
        fit_bar=0.3,
        small=lambda: _descriptors(400, 500),
    ),
    _linear_svc_case("breast cancer, squared hinge", _standard_cancer, 1e-5, C=0.05, tol=1e-9),
    _linear_svc_case("breast cancer, hinge", _standard_cancer, 1e-3, C=0.05, tol=1e-6, loss="hinge"),
    _linear_svc_case("digits, squared hinge, ten classes", _small_digits, 1e-5, C=0.1, tol=1e-8),
]


def _svc(ours: bool, **parameters: Any) -> Any:
    from sklearn.svm import SVC as Reference

    from cvkit.ml import SVC

    return (SVC if ours else Reference)(**parameters)


def _svc_agreement(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Differences of pair decisions (those of classes jump where a vote tips) and of labels."""
    pairs = [model.set_params(decision_function_shape="ovo").decision_function(X) for model in (ours, theirs)]
    labels = [model.set_params(decision_function_shape="ovr").predict(X) for model in (ours, theirs)]
    return {
        "decision": float(np.abs(pairs[0] - pairs[1]).max()),
        "labels": float(np.mean(labels[0] != labels[1])),
    }


def _svc_case(name: str, data: Callable[[], Data], **options: Any) -> LearnerCase:
    fields = ("fit_bar", "predict_bar", "small")
    row = {key: options.pop(key) for key in fields if key in options}
    return LearnerCase(
        "SVC",
        name,
        data,
        lambda: _svc(True, **options),
        lambda: _svc(False, **options),
        _svc_agreement,
        # Two solutions within tol of the optimum differ by a few tol where decisions are made.
        {"decision": 3 * options.get("tol", 1e-3), "labels": 5e-4},
        "decision_function",
        **row,
    )


LEARNER_CASES += [
    _svc_case(
        "RBF, 5,000 x 64",
        lambda: _two_clouds(5_000, 64),
        fit_bar=0.4,
        predict_bar=0.25,
        small=lambda: _two_clouds(400, 64),
    ),
    _svc_case(
        "RBF, 10,000 x 20",
        lambda: _two_clouds(10_000, 20),
        fit_bar=0.4,
        predict_bar=0.25,
        small=lambda: _two_clouds(400, 20),
    ),
    _svc_case("breast cancer, linear", _standard_cancer, kernel="linear", tol=1e-6),
    _svc_case("breast cancer, polynomial", _standard_cancer, kernel="poly", coef0=1.0, tol=1e-6),
    _svc_case("digits, RBF, 45 pairs", _small_digits, tol=1e-5),
]
