"""Classes from the decisions of pairs of classes on CUDA."""

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.ml.svm._math import one_vs_rest_row, winner_of_votes


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
