"""Decision functions of support vector machines and linear models on CUDA.

Sums run in the dtype of the samples: float64 is slow on most GPUs.
"""

import math

from numba import float64

from cvkit._jit import cuda, cuda_kernel
from cvkit.ml._math import one_vs_rest_row, winner_of_votes
from cvkit.ml.svm._kernel_functions import POLY, RBF, SIGMOID

_LANES = 32


@cuda_kernel(block=(_LANES,))
def _linear_decision(samples, weights, intercept, out):
    """Sum one product by one block, whose lanes take neighboring features so that loads coalesce."""
    partial = cuda.shared.array(_LANES, float64)
    lane = cuda.threadIdx.x
    i, k = divmod(cuda.blockIdx.x, weights.shape[0])
    total = out.dtype.type(0)
    for feature in range(lane, samples.shape[1], _LANES):
        total += samples[i, feature] * weights[k, feature]
    partial[lane] = total
    cuda.syncthreads()
    if lane == 0:
        value = float64(intercept[k])
        for other in range(_LANES):
            value += partial[other]
        out[i, k] = value


def linear_decision(samples, weights, intercept, out):
    """Write ``samples @ weights.T + intercept``."""
    _linear_decision[out.size * _LANES](samples, weights, intercept, out)


@cuda_kernel
def _kernel_matrix(samples, support_columns, kernel, gamma, coef0, degree, out):
    """Compute one kernel value in one thread; neighbors read neighboring support vectors."""
    s, i = cuda.grid(2)
    if i >= out.shape[0] or s >= out.shape[1]:
        return
    total = out.dtype.type(0)
    if kernel == RBF:
        for k in range(samples.shape[1]):
            difference = samples[i, k] - support_columns[k, s]
            total += difference * difference
        out[i, s] = math.exp(-gamma * total)
        return
    for k in range(samples.shape[1]):
        total += samples[i, k] * support_columns[k, s]
    value = float64(total)
    if kernel == POLY:
        base = gamma * value + coef0
        value = 1.0
        for _ in range(degree):
            value *= base
    elif kernel == SIGMOID:
        value = math.tanh(gamma * value + coef0)
    out[i, s] = value


def kernel_matrix(samples, support_columns, kernel, gamma, coef0, degree, out):
    """Write the kernel values between samples (n, d) and support vectors (d, s) to ``out`` (n, s)."""
    _kernel_matrix[out.shape](samples, support_columns, kernel, gamma, coef0, degree, out)


@cuda_kernel(block=(128,))
def _one_vs_rest(pairs, out):
    i = cuda.grid(1)
    if i < out.shape[0]:
        one_vs_rest_row(pairs[i], out[i])


def one_vs_rest(pairs, out):
    """Turn decisions of pairs of classes into one value for each class."""
    _one_vs_rest[out.shape[0]](pairs, out)


@cuda_kernel(block=(128,))
def _vote(pairs, class_count, out):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = winner_of_votes(pairs[i], class_count)


def vote(pairs, class_count, out):
    """Write the index of the class that wins most pairs, the first of equals."""
    _vote[out.shape[0]](pairs, class_count, out)


@cuda_kernel(block=(128,))
def _largest(decision, out):
    i = cuda.grid(1)
    if i >= out.shape[0]:
        return
    if decision.shape[1] == 1:
        out[i] = decision[i, 0] > 0
        return
    winner = 0
    for k in range(1, decision.shape[1]):
        if decision[i, k] > decision[i, winner]:
            winner = k
    out[i] = winner


def largest(decision, out):
    """Write the index of the class with the largest decision; of two classes, 1 above zero."""
    _largest[out.shape[0]](decision, out)


@cuda_kernel(block=(128,))
def _take(values, indices, out):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = values[indices[i]]


def take(values, indices, out):
    """Write ``values[indices]``."""
    _take[out.shape[0]](values, indices, out)
