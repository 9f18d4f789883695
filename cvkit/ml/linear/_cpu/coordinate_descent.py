"""Coordinate descent for least squares with L1 and L2 penalties: one sweep a call."""

import math

from cvkit._jit import helper, serial_kernel
from cvkit.ml._math import dot


@helper
def _shrunk(pull, l1, curvature, positive):
    """Return the best value of a weight, given the slope at zero and the curvature."""
    if positive and pull < 0.0:
        return 0.0
    return math.copysign(max(abs(pull) - l1, 0.0), pull) / curvature


@helper
def _subtract(row, factor, values):
    for i in range(row.shape[0]):
        values[i] -= factor * row[i]


@serial_kernel
def descend(system, order, l1, l2, positive, slopes, weights):
    """Minimize ``w.system.w / 2 - products.w + l1 |w|_1 + l2 / 2 |w|^2`` along one weight after the other.

    Parameters
    ----------
    system : (F, F) float64, symmetric
    order : (S,) int64, which weights
    positive : bool, whether weights must not be negative
    slopes : (F,) float64, ``products - system @ weights``; updated
    weights : (F,) float64, updated

    Returns
    -------
    (float, float)
        Largest change of a weight, and the largest size of one.
    """
    change, largest = 0.0, 0.0
    for j in order:
        curvature = system[j, j]
        if curvature == 0.0:
            continue
        before = weights[j]
        after = _shrunk(slopes[j] + before * curvature, l1, curvature + l2, positive)
        if after != before:
            weights[j] = after
            _subtract(system[j], after - before, slopes)
            change = max(change, abs(after - before))
        largest = max(largest, abs(after))
    return change, largest


@serial_kernel
def descend_residuals(columns, order, l1, l2, positive, residuals, weights):
    """Do the same for more features than fit into a square: ``|y - w.columns|^2 / 2`` is the loss.

    Parameters
    ----------
    columns : (F, N) float64, a row for each feature
    residuals : (N,) float64, ``y - weights @ columns``; updated
    """
    change, largest = 0.0, 0.0
    for j in order:
        column = columns[j]
        curvature = dot(column, column)
        if curvature == 0.0:
            continue
        before = weights[j]
        after = _shrunk(dot(column, residuals) + before * curvature, l1, curvature + l2, positive)
        if after != before:
            weights[j] = after
            _subtract(column, after - before, residuals)
            change = max(change, abs(after - before))
        largest = max(largest, abs(after))
    return change, largest
