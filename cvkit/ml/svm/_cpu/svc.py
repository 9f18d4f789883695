"""Decision functions of support vector machines and linear models."""

import math

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.numbers import larger_number
from cvkit.ml._math import exp_negative, one_vs_rest_row, winner_of_votes
from cvkit.ml.svm._kernel_functions import POLY, RBF, SIGMOID


@helper(reorder=True, allocates=True)
def _dot(row, weights):
    total = 0.0
    for k in range(row.shape[0]):
        total += weights[k] * row[k]
    return total


@cpu_kernel
def linear_decision(samples, weights, intercept, out):
    """Write ``samples @ weights.T + intercept``; the sums are float64 whatever the dtype of the samples."""
    for i in prange(samples.shape[0]):
        for k in range(weights.shape[0]):
            out[i, k] = _dot(samples[i], weights[k]) + intercept[k]


@helper(allocates=True)
def _rbf(dots, norm, norms, gamma, out):
    for k in range(dots.shape[0]):
        squared_distance = larger_number(norm + norms[k] - 2.0 * dots[k], 0.0)
        out[k] = exp_negative(-gamma * squared_distance)


@helper(allocates=True)
def _poly(dots, gamma, coef0, degree, out):
    for k in range(dots.shape[0]):
        base = gamma * dots[k] + coef0
        power = 1.0
        for _ in range(degree):
            power *= base
        out[k] = power


@helper(allocates=True)
def _sigmoid(dots, gamma, coef0, out):
    for k in range(dots.shape[0]):
        out[k] = math.tanh(gamma * dots[k] + coef0)


@helper(allocates=True)
def kernel_from_dots(dots, norm, norms, kernel, gamma, coef0, degree, out):
    """Turn dot products of one sample with others into kernel values.

    Parameters
    ----------
    dots, out : (n,) arrays, not the same: the vectorizer needs them apart
    norm, norms : squared norms of the one sample and of the n others
    kernel : code from ``cvkit.ml.svm._kernel_functions``; LINEAR and PRECOMPUTED copy
    """
    if kernel == RBF:
        _rbf(dots, norm, norms, gamma, out)
    elif kernel == POLY:
        _poly(dots, gamma, coef0, degree, out)
    elif kernel == SIGMOID:
        _sigmoid(dots, gamma, coef0, out)
    else:
        for k in range(dots.shape[0]):
            out[k] = dots[k]


@cpu_kernel
def _kernel_block(dots, row_norms, norms, kernel, gamma, coef0, degree, out):
    for i in prange(dots.shape[0]):
        kernel_from_dots(dots[i], row_norms[i], norms, kernel, gamma, coef0, degree, out[i])


def kernel_matrix(samples, support_columns, kernel, gamma, coef0, degree, out):
    """Write the kernel values between samples (n, d) and support vectors (d, s) to ``out`` (n, s)."""
    if kernel == RBF:  # distances do not depend on the origin, but far from it norms and products cancel
        origin = support_columns.mean(axis=1)
        samples, support_columns = samples - origin, support_columns - origin[:, None]
    row_norms = np.einsum("ij,ij->i", samples, samples)
    norms = np.einsum("ji,ji->i", support_columns, support_columns)
    _kernel_block(samples @ support_columns, row_norms, norms, kernel, gamma, coef0, degree, out)


@cpu_kernel
def one_vs_rest(pairs, out):
    """Turn decisions of pairs of classes into one value for each class."""
    for i in prange(pairs.shape[0]):
        one_vs_rest_row(pairs[i], out[i])


@cpu_kernel
def vote(pairs, class_count, out):
    """Write the index of the class that wins most pairs, the first of equals."""
    for i in prange(pairs.shape[0]):
        out[i] = winner_of_votes(pairs[i], class_count)


def largest(decision, out):
    """Write the index of the class with the largest decision; of two classes, 1 above zero."""
    if decision.shape[1] == 1:
        np.greater(decision[:, 0], 0, out=out, casting="unsafe")
    else:
        np.argmax(decision, axis=1, out=out)
