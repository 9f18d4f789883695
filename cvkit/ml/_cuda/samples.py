"""Checks and hashes of samples on CUDA."""

import math

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.ml._math import hash_row


@cuda_kernel(block=(256,))
def _count_not_finite(X, flaws):
    i = cuda.grid(1)
    if i < X.shape[0]:
        for j in range(X.shape[1]):
            if not math.isfinite(X[i, j]):
                cuda.atomic.add(flaws, 0, 1)


def count_not_finite(X, flaws):
    """Add the number of NaN and infinite values to ``flaws[0]``."""
    _count_not_finite[X.shape[0]](X, flaws)


@cuda_kernel(block=(256,))
def _hash_rows(X, out):
    i = cuda.grid(1)
    if i < X.shape[0]:
        out[i] = hash_row(X[i])


def hash_rows(X, out):
    """Hash each sample."""
    _hash_rows[X.shape[0]](X, out)
