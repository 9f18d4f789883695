"""Classes from the decisions of pairs of classes."""

from cvkit._jit import cpu_kernel, prange
from cvkit.ml.svm._math import one_vs_rest_row, winner_of_votes


@cpu_kernel
def one_vs_rest(pairs, out):
    """Turn decisions of pairs of classes into one value for each class."""
    for i in prange(pairs.shape[0]):
        one_vs_rest_row(pairs[i], out[i])


@cpu_kernel
def vote(pairs, class_count, out):
    """Write the index of the class that wins most pairs, the first of equals."""
    for i in prange(pairs.shape[0]):
        out[i] = winner_of_votes(pairs[i], class_count)
