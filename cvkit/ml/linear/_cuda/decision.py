"""Decision functions of linear models on CUDA, and classes from decisions.

Sums run in the dtype of the samples: float64 is slow on most GPUs.
"""

from numba import float64

from cvkit._jit_cuda import cuda, cuda_kernel

_LANES = 32


@cuda_kernel(block=(_LANES,), is_block_fixed=True)
def _linear_decision(samples, weights, intercept, out):
    """Sum one product by one block, whose lanes take neighboring features so that loads coalesce."""
    partial = cuda.shared.array(_LANES, float64)
    lane = cuda.threadIdx.x
    i, k = divmod(cuda.blockIdx.x, weights.shape[0])
    total = out.dtype.type(0)
    for feature in range(lane, samples.shape[1], _LANES):
        total += samples[i, feature] * weights[k, feature]
    partial[lane] = total
    cuda.syncthreads()
    if lane == 0:
        value = float64(intercept[k])
        for other in range(_LANES):
            value += partial[other]
        out[i, k] = value


def linear_decision(samples, weights, intercept, out):
    """Write ``samples @ weights.T + intercept``."""
    _linear_decision[out.size * _LANES](samples, weights, intercept, out)


@cuda_kernel(block=(128,))
def _largest(decision, out):
    i = cuda.grid(1)
    if i >= out.shape[0]:
        return
    if decision.shape[1] == 1:
        out[i] = decision[i, 0] > 0
        return
    winner = 0
    for k in range(1, decision.shape[1]):
        if decision[i, k] > decision[i, winner]:
            winner = k
    out[i] = winner


def largest(decision, out):
    """Write the index of the class with the largest decision; of two classes, 1 above zero."""
    _largest[out.shape[0]](decision, out)


@cuda_kernel(block=(128,))
def _take(values, indices, out):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = values[indices[i]]


def take(values, indices, out):
    """Write ``values[indices]``."""
    _take[out.shape[0]](values, indices, out)
