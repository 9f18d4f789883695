"""Decision functions of support vector machines and linear models."""

from cvkit._jit import cpu_kernel, prange, reduction


@reduction
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
