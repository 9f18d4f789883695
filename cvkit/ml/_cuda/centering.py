"""Sums of samples, and samples around a row, on CUDA.

No sum is left to atomics, so that results repeat: threads sum runs of samples in order, and others the runs.
"""

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel, temporary

# Samples of the shortest run that one thread adds up.
RUN = 256
# Most partial sums kept, in values.
PARTIAL_SUMS = 1 << 23


@cuda_kernel(block=(32, 4))
def _sum_runs(X, run, sums):
    """Sum one feature over a run of samples."""
    feature, part = cuda.grid(2)
    if part >= sums.shape[0] or feature >= X.shape[1]:
        return
    total = 0.0
    for i in range(part * run, min((part + 1) * run, X.shape[0])):
        total += X[i, feature]
    sums[part, feature] = total


@cuda_kernel(block=(128,))
def _add_runs(sums, out):
    feature = cuda.grid(1)
    if feature >= sums.shape[1]:
        return
    total = 0.0
    for part in range(sums.shape[0]):
        total += sums[part, feature]
    out[feature] = total


def sum_rows(X, out):
    """Write the sum of the samples; in float32, a million of them would lose most of their digits."""
    count, features = X.shape
    run = max(RUN, -(-count * features // PARTIAL_SUMS))
    sums = temporary((-(-count // run), features), np.float64, X)
    _sum_runs[sums.shape](X, run, sums)
    _add_runs[features](sums, out)


@cuda_kernel
def _subtract(X, row, out):
    j, i = cuda.grid(2)
    if i < X.shape[0] and j < X.shape[1]:
        out[i, j] = X[i, j] - row[j]


def subtract(X, row, out):
    """Subtract a row from every sample."""
    _subtract[X.shape](X, row, out)
