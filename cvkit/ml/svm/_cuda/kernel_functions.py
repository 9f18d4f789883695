"""Kernel functions on CUDA: values for pairs of samples.

Sums run in the dtype of the samples: float64 is slow on most GPUs.
"""

import math

from numba import float64

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.ml.svm._math import POLY, RBF, SIGMOID


@cuda_kernel
def _kernel_matrix(samples, support_columns, kernel_function, gamma, coef0, degree, out):
    """Compute one kernel value in one thread; neighbors read neighboring support vectors."""
    s, i = cuda.grid(2)
    if i >= out.shape[0] or s >= out.shape[1]:
        return
    total = out.dtype.type(0)
    if kernel_function == RBF:
        for k in range(samples.shape[1]):
            difference = samples[i, k] - support_columns[k, s]
            total += difference * difference
        out[i, s] = math.exp(-gamma * total)
        return
    for k in range(samples.shape[1]):
        total += samples[i, k] * support_columns[k, s]
    value = float64(total)
    if kernel_function == POLY:
        base = gamma * value + coef0
        value = 1.0
        for _ in range(degree):
            value *= base
    elif kernel_function == SIGMOID:
        value = math.tanh(gamma * value + coef0)
    out[i, s] = value


def kernel_matrix(samples, support_columns, kernel_function, gamma, coef0, degree, out):
    """Write the kernel values between samples (n, d) and support vectors (d, s) to ``out`` (n, s)."""
    _kernel_matrix[out.shape](samples, support_columns, kernel_function, gamma, coef0, degree, out)
