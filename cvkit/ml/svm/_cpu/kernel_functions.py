"""Kernel functions: values for pairs of samples from their dot products."""

import math

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.numbers import maximum
from cvkit.ml._math import exp_negative
from cvkit.ml.svm._math import POLY, RBF, SIGMOID


@helper
def _rbf(dots, norm, norms, gamma, out):
    for k in range(dots.shape[0]):
        squared_distance = maximum(norm + norms[k] - 2.0 * dots[k], 0.0)
        out[k] = exp_negative(-gamma * squared_distance)


@helper
def _poly(dots, gamma, coef0, degree, out):
    for k in range(dots.shape[0]):
        base = gamma * dots[k] + coef0
        power = 1.0
        for _ in range(degree):
            power *= base
        out[k] = power


@helper
def _sigmoid(dots, gamma, coef0, out):
    for k in range(dots.shape[0]):
        out[k] = math.tanh(gamma * dots[k] + coef0)


@helper
def apply_kernel_function(dots, norm, norms, kernel_function, gamma, coef0, degree, out):
    """Turn dot products of one sample with others into kernel values.

    Parameters
    ----------
    dots, out : (n,) arrays, not the same: the vectorizer needs them apart
    norm, norms : squared norms of the one sample and of the n others
    kernel : code from ``cvkit.ml.svm._math``; LINEAR and PRECOMPUTED copy
    """
    if kernel_function == RBF:
        _rbf(dots, norm, norms, gamma, out)
    elif kernel_function == POLY:
        _poly(dots, gamma, coef0, degree, out)
    elif kernel_function == SIGMOID:
        _sigmoid(dots, gamma, coef0, out)
    else:
        for k in range(dots.shape[0]):
            out[k] = dots[k]


@cpu_kernel
def _kernel_block(dots, row_norms, norms, kernel_function, gamma, coef0, degree, out):
    for i in prange(dots.shape[0]):
        apply_kernel_function(dots[i], row_norms[i], norms, kernel_function, gamma, coef0, degree, out[i])


def kernel_matrix(samples, support_columns, kernel_function, gamma, coef0, degree, out):
    """Write the kernel values between samples (n, d) and support vectors (d, s) to ``out`` (n, s)."""
    if (
        kernel_function == RBF
    ):  # distances do not depend on the origin, but far from it norms and products cancel
        origin = support_columns.mean(axis=1)
        samples, support_columns = samples - origin, support_columns - origin[:, None]
    row_norms = np.einsum("ij,ij->i", samples, samples)
    norms = np.einsum("ji,ji->i", support_columns, support_columns)
    _kernel_block(samples @ support_columns, row_norms, norms, kernel_function, gamma, coef0, degree, out)
