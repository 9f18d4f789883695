"""L-BFGS-B for a smooth loss of weights (n_scores, n_features + 1) with L1 and L2 penalties."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

Loss = Callable[[np.ndarray], tuple[float, np.ndarray]]
Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]
Bounds = list[tuple[float | None, float | None]] | None


def run_lbfgs(
    loss: Loss, start: np.ndarray, l1: float, l2: float, tolerance: float, max_iter: int
) -> tuple[np.ndarray, int, float]:
    """Return weights, iterations, and the largest component of the projected gradient there."""
    objective, first, bounds = _ridge(loss, start, l2) if l1 == 0 else _lasso(loss, start, l1, l2)
    result = optimize.minimize(
        objective,
        first,
        method="L-BFGS-B",
        jac=True,
        bounds=bounds,
        # SciPy's default accuracy of the objective would end before small tolerances are met.
        options={
            "maxiter": max_iter,
            "maxls": 50,
            "gtol": tolerance,
            "ftol": 64 * np.finfo(float).eps,
        },
    )
    moved = result.x - result.jac
    if bounds is not None:
        lower, upper = (
            np.array([missing if end is None else end for end in ends])
            for ends, missing in zip(zip(*bounds, strict=True), (-np.inf, np.inf), strict=True)
        )
        moved = np.clip(moved, lower, upper)
    solution = result.x if l1 == 0 else _join(result.x, start.shape)
    violation = float(np.abs(moved - result.x).max())
    return solution.reshape(start.shape), min(int(result.nit), max_iter), violation


def _ridge(loss: Loss, start: np.ndarray, l2: float) -> tuple[Objective, np.ndarray, Bounds]:
    """Return the loss with an L2 penalty as a function of a flat vector, its start, and no bounds."""

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(start.shape)
        value, gradient = loss(weights)
        coefficients = weights[:, :-1]
        gradient[:, :-1] += l2 * coefficients
        return value + 0.5 * l2 * float(np.vdot(coefficients, coefficients)), gradient.ravel()

    return objective, start.ravel(), None


def _lasso(loss: Loss, start: np.ndarray, l1: float, l2: float) -> tuple[Objective, np.ndarray, Bounds]:
    """Return the loss with an L1 term as a smooth function of the parts p, q >= 0 of ``w = p - q``.

    The flat vector holds p, with intercepts, then q. The intercepts of q are held at zero.
    """

    def objective(parts: np.ndarray) -> tuple[float, np.ndarray]:
        weights = _join(parts, start.shape)
        value, gradient = loss(weights)
        coefficients = weights[:, :-1]
        gradient[:, :-1] += l2 * coefficients
        both = np.stack([gradient, -gradient])
        both[:, :, :-1] += l1
        norm = parts.reshape(2, *start.shape)[:, :, :-1].sum()
        return value + l1 * norm + 0.5 * l2 * float(np.vdot(coefficients, coefficients)), both.ravel()

    positive, negative = np.maximum(start, 0.0), np.maximum(-start, 0.0)
    positive[:, -1], negative[:, -1] = start[:, -1], 0.0
    score_count, width = start.shape
    free_last: Bounds = [(0.0, None)] * (width - 1) + [(None, None)]
    held_last: Bounds = [(0.0, None)] * (width - 1) + [(0.0, 0.0)]
    return (
        objective,
        np.stack([positive, negative]).ravel(),
        free_last * score_count + held_last * score_count,
    )


def _join(parts: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    positive, negative = parts.reshape(2, *shape)
    return positive - negative
