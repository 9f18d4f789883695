"""Newton's method for logistic losses with an L1 term, for moderately many weights.

Each step minimizes the quadratic model of the loss plus the L1 term, and is shortened until the objective
falls in proportion. It shrugs off unequal units and correlated features, which slow first-order methods down.
Friedman, Hastie, Tibshirani, "Regularization paths for generalized linear models via coordinate descent",
Journal of Statistical Software 33(1), 2010; Lee, Sun, Saunders, "Proximal Newton-type methods for minimizing
composite functions", SIAM Journal on Optimization 24(3), 2014.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy import linalg, special

from cvkit.ml.linear._cpu.logistic import descend_coordinates
from cvkit.ml.linear.decision import BLOCK_ROWS, dense_blocks

# Most weights: the Hessian of so many takes 2 MB, and its factors less time than a pass over the samples.
MOST_WEIGHTS = 512
# Rounds of coordinate descent and of a solution on the face found, for one quadratic model.
_ROUNDS = 50
_SWEEPS = 4
# Added to a Hessian of unit diagonal: classes that all score more alike do not change the loss.
_LEAST_CURVATURE = 1e-12
# Relative decrease of the objective that rounding hides.
_ROUNDING = 1e-15


class LogisticModel:
    """Mean logistic loss of weights (n_scores, n_features + 1) with its first two derivatives, in float64."""

    def __init__(
        self, X: Any, targets: np.ndarray, weights: np.ndarray, score_count: int, fit_intercept: bool
    ) -> None:
        self.weights = weights
        self.score_count = score_count
        # The target of each score; the only score of two classes is that of the second.
        classes = np.arange(score_count)[:, None] if score_count > 1 else np.ones((1, 1))
        self.hits: np.ndarray = (targets == classes).astype(np.float64)
        self.walk: Callable[[], Iterator[tuple[slice, np.ndarray]]] = partial(
            dense_blocks, X, float(fit_intercept)
        )
        if X.shape[0] <= BLOCK_ROWS:  # one block, made once
            self.walk = partial(iter, list(self.walk()))

    def scores(self, point: np.ndarray) -> np.ndarray:
        """Return the scores of each sample, (n_scores, n)."""
        weights = point.reshape(self.score_count, -1)
        return np.hstack([weights @ block.T for _, block in self.walk()])

    def loss(self, scores: np.ndarray) -> float:
        """Return the mean loss."""
        if self.score_count == 1:
            scores = np.vstack([np.zeros_like(scores), scores])
            hits = np.vstack([1.0 - self.hits, self.hits])
        else:
            hits = self.hits
        return float(self.weights @ (special.logsumexp(scores, axis=0) - (hits * scores).sum(axis=0)))

    def derivatives(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient by the flat weights, and the Hessian."""
        likely = special.expit(scores) if self.score_count == 1 else special.softmax(scores, axis=0)
        slopes = self.weights * (likely - self.hits)
        parts = [
            (slopes[:, rows] @ block, self._hessian(block, likely[:, rows], self.weights[rows]))
            for rows, block in self.walk()
        ]
        gradients, hessians = zip(*parts, strict=True)
        return np.sum(gradients, axis=0).ravel(), np.sum(hessians, axis=0)

    def _hessian(self, block: np.ndarray, likely: np.ndarray, weights: np.ndarray) -> np.ndarray:
        width = block.shape[1]
        out = np.empty((self.score_count, width, self.score_count, width))
        for k in range(self.score_count):
            for other in range(k + 1):
                curvature = weights * likely[k] * ((k == other) - likely[other])
                part = (block * curvature[:, None]).T @ block
                out[k, :, other], out[other, :, k] = part, part.T
        return out.reshape(self.score_count * width, -1)


def violations(slopes: np.ndarray, point: np.ndarray, l1: np.ndarray) -> np.ndarray:
    """Return how far each weight is from optimal: the least of the slopes that the L1 term leaves it."""
    resting = np.maximum(np.abs(slopes) - l1, 0.0)
    return np.where(point == 0, resting, np.abs(slopes + l1 * np.sign(point)))


def minimize(
    model: LogisticModel, start: np.ndarray, l1: float, l2: float, tolerance: float, max_steps: int
) -> tuple[np.ndarray, int, bool]:
    """Minimize the mean loss with penalties ``l1 * |w|_1 + l2 / 2 * |w|^2`` of all weights but intercepts.

    Returns
    -------
    (ndarray, int, bool)
        Weights in the shape of ``start``, steps, and whether no violation exceeds the tolerance, or nothing
        but rounding is left to gain.
    """
    penalized = np.ones(start.shape)
    penalized[:, -1] = 0.0
    lasso, ridge = l1 * penalized.ravel(), l2 * penalized.ravel()

    def penalty(point: np.ndarray) -> float:
        return float(lasso @ np.abs(point) + 0.5 * ridge @ (point * point))

    point = start.ravel().copy()
    scores = model.scores(point)
    value = model.loss(scores) + penalty(point)
    for step in range(max_steps + 1):
        gradient, hessian = model.derivatives(scores)
        gradient += ridge * point
        hessian[np.diag_indices_from(hessian)] += ridge
        if violations(gradient, point, lasso).max() <= tolerance:
            return point.reshape(start.shape), step, True
        if step == max_steps:
            break
        target = _minimize_quadratic(hessian, gradient, point, lasso, 0.1 * tolerance)
        direction = target - point
        along = model.scores(direction)
        slope = float(gradient @ direction + lasso @ (np.abs(target) - np.abs(point)))
        if -slope <= _ROUNDING * value:
            return point.reshape(start.shape), step, True
        length = 1.0
        while True:
            moved = point + length * direction
            lower = model.loss(scores + length * along) + penalty(moved)
            if lower <= value + 1e-4 * length * slope + _ROUNDING * value:
                break
            length *= 0.5
            if length < 1e-10:
                return point.reshape(start.shape), step, False
        point, scores, value = moved, scores + length * along, lower
    return point.reshape(start.shape), max_steps, False


def _minimize_quadratic(
    hessian: np.ndarray, gradient: np.ndarray, point: np.ndarray, l1: np.ndarray, accuracy: float
) -> np.ndarray:
    """Minimize a quadratic, given by its derivatives at ``point``, plus an L1 term.

    Coordinate descent finds which weights are zero and the signs of the others, where a linear system then
    replaces the many sweeps that correlated features would need.
    """
    point, slopes = point.copy(), gradient.copy()
    for _ in range(_ROUNDS):
        descend_coordinates(hessian, l1, _SWEEPS, slopes, point)
        if violations(slopes, point, l1).max() <= accuracy:
            break
        while _advance_on_face(hessian, l1, slopes, point) < 1.0:
            pass  # each time at least one weight more has become zero
    return point


def _advance_on_face(hessian: np.ndarray, l1: np.ndarray, slopes: np.ndarray, point: np.ndarray) -> float:
    """Move to the minimum over the weights that are not zero, or only until the first of them becomes zero.

    Return the share of the way.
    """
    curvatures = np.diag(hessian)
    free = np.flatnonzero(((point != 0) | (l1 == 0)) & (curvatures > 0))
    units = 1.0 / np.sqrt(curvatures[free])
    system = hessian[np.ix_(free, free)] * units[:, None] * units
    system[np.diag_indices_from(system)] += _LEAST_CURVATURE
    pull = slopes[free] + l1[free] * np.sign(point[free])
    direction = -units * linalg.solve(system, units * pull, assume_a="pos")
    before = point[free]
    crosses = (l1[free] > 0) & (before * direction < 0)
    lengths = np.where(crosses, -before / np.where(crosses, direction, 1.0), np.inf)
    length = min(1.0, float(lengths.min(initial=1.0)))
    after = np.where(lengths == length, 0.0, before + length * direction)
    slopes += hessian[:, free] @ (after - before)
    point[free] = after
    return length
