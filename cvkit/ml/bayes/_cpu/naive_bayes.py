"""Sums of samples by class, and how likely samples are under independent normal distributions."""

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import equal_span


@helper
def _add(row, weight, sums):
    for j in range(row.shape[0]):
        sums[j] += weight * row[j]


@helper
def _add_squares(row, weight, center, sums):
    for j in range(row.shape[0]):
        difference = row[j] - center[j]
        sums[j] += weight * (difference * difference)


@cpu_kernel
def class_sums(X, codes, weights, sums):
    """Add up the samples of each class, in parts that no number of threads changes.

    Parameters
    ----------
    X : (N, F) float32 or float64
    codes : (N,) int64
    weights : (N,) float64
    sums : (P, K, F) float64, zeros; written: one sum for each part of the samples
    """
    for part in prange(sums.shape[0]):
        begin, end = equal_span(part, sums.shape[0], X.shape[0])
        for i in range(begin, end):
            _add(X[i], weights[i], sums[part, codes[i]])


@cpu_kernel
def class_squares(X, codes, weights, centers, sums):
    """Add up the squared differences of samples to the center of their class; see ``class_sums``."""
    for part in prange(sums.shape[0]):
        begin, end = equal_span(part, sums.shape[0], X.shape[0])
        for i in range(begin, end):
            _add_squares(X[i], weights[i], centers[codes[i]], sums[part, codes[i]])


@helper(reorder=True)
def _weighted_squares(row, center, factors):
    total = 0.0
    for j in range(row.shape[0]):
        difference = row[j] - center[j]
        total += difference * difference * factors[j]
    return total


@cpu_kernel
def normal_likelihood(X, centers, factors, constants, out):
    """Write ``constants[k] - sum_j factors[k, j] * (X[i, j] - centers[k, j])**2`` to ``out[i, k]``."""
    for i in prange(X.shape[0]):
        for k in range(centers.shape[0]):
            out[i, k] = constants[k] - _weighted_squares(X[i], centers[k], factors[k])
