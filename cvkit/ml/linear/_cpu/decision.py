"""Decision functions of linear models, and classes from decisions."""

import numpy as np

from cvkit._jit import cpu_kernel, prange
from cvkit.ml._math import dot


@cpu_kernel
def linear_decision(samples, weights, intercept, out):
    """Write ``samples @ weights.T + intercept``; the sums are float64 whatever the dtype of the samples."""
    for i in prange(samples.shape[0]):
        for k in range(weights.shape[0]):
            out[i, k] = dot(samples[i], weights[k]) + intercept[k]


def largest(decision, out):
    """Write the index of the class with the largest decision; of two classes, 1 above zero."""
    if decision.shape[1] == 1:
        np.greater(decision[:, 0], 0, out=out, casting="unsafe")
    else:
        np.argmax(decision, axis=1, out=out)
