"""Logistic losses of a block of samples, fused with their derivatives by the scores."""

import math

import numpy as np

from cvkit._jit import helper, serial_kernel
from cvkit._simd.numbers import maximum
from cvkit.ml._math import exp_negative, log1p_unit


@serial_kernel
def binary(scores, targets, weights, losses, slopes):
    """Write ``weight * (log(1 + exp(score)) - target * score)`` of each sample, and its derivative.

    Parameters
    ----------
    scores : (B,) float64
    targets : (B,) float64, 0 or 1
    weights : (B,) float64
    losses : (B,) float64, written
    slopes : (B,) float64, written: ``weight * (P(1) - target)``
    """
    for i in range(scores.shape[0]):
        score = scores[i]
        decay = exp_negative(-abs(score))
        likely = 1.0 / (1.0 + decay)
        probability = likely if score > 0.0 else decay * likely
        losses[i] = weights[i] * (maximum(score, 0.0) - targets[i] * score + log1p_unit(decay))
        slopes[i] = weights[i] * (probability - targets[i])


@serial_kernel
def descend_coordinates(hessian, l1, sweeps, slopes, point):
    """Minimize a quadratic plus ``sum(l1 * |point|)`` along one coordinate after the other, several times.

    Parameters
    ----------
    hessian : (D, D) float64, symmetric
    l1 : (D,) float64
    slopes : (D,) float64, gradient of the quadratic at ``point``; updated
    point : (D,) float64, updated
    """
    for _ in range(sweeps):
        for j in range(point.shape[0]):
            curvature = hessian[j, j]
            if curvature <= 0.0:
                continue
            target = point[j] - slopes[j] / curvature
            shrunk = math.copysign(max(abs(target) - l1[j] / curvature, 0.0), target)
            change = shrunk - point[j]
            if change != 0.0:
                point[j] = shrunk
                for k in range(point.shape[0]):
                    slopes[k] += change * hessian[j, k]


@helper
def _raise_to(row, highest):
    for i in range(row.shape[0]):
        highest[i] = maximum(row[i], highest[i])


@helper
def _exponentiate(row, highest, total):
    for i in range(row.shape[0]):
        row[i] = exp_negative(row[i] - highest[i])
        total[i] += row[i]


@helper
def _scale(row, factors):
    for i in range(row.shape[0]):
        row[i] *= factors[i]


@serial_kernel(allocates=True)
def multinomial(scores, targets, weights):
    """Return the weighted sum of ``log(sum(exp(scores))) - score of the target``.

    Samples lie along rows so that each step is one loop over contiguous values, whatever the class count.

    Parameters
    ----------
    scores : (K, B) float64; overwritten by the derivatives of the loss
    targets : (B,) int64
    weights : (B,) float64
    """
    class_count, count = scores.shape
    highest = np.full(count, -np.inf)
    for k in range(class_count):
        _raise_to(scores[k], highest)
    loss = 0.0
    for i in range(count):
        loss += weights[i] * (highest[i] - scores[targets[i], i])
    total = np.zeros(count)
    for k in range(class_count):
        _exponentiate(scores[k], highest, total)
    for i in range(count):
        loss += weights[i] * math.log(total[i])
        total[i] = weights[i] / total[i]
    for k in range(class_count):
        _scale(scores[k], total)
    for i in range(count):
        scores[targets[i], i] -= weights[i]
    return loss
