"""Sums of samples, and samples around a row, by NumPy."""

import numpy as np


def sum_rows(X, out):
    """Write the sum of the samples; in float32, a million of them would lose most of their digits."""
    np.add.reduce(X, axis=0, dtype=np.float64, out=out)


def subtract(X, row, out):
    """Subtract a row from every sample."""
    np.subtract(X, row, out=out)
