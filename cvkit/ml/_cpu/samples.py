"""A number for each sample that depends on its values alone."""

from cvkit._jit import cpu_kernel, prange
from cvkit.ml._math import hash_row


@cpu_kernel
def hash_rows(X, out):
    """Hash each sample."""
    for i in prange(X.shape[0]):
        out[i] = hash_row(X[i])
