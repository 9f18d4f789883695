"""Votes and averages of neighbors on CUDA."""

from cvkit._jit_cuda import cuda, cuda_kernel


@cuda_kernel(block=(64,))
def _vote(codes, indices, weights, scores):
    q = cuda.grid(1)
    if q < indices.shape[0]:
        for position in range(indices.shape[1]):
            scores[q, codes[indices[q, position]]] += weights[q, position]


def vote(codes, indices, weights, scores):
    """Add the weight of each neighbor to the score of its class."""
    _vote[indices.shape[0]](codes, indices, weights, scores)


@cuda_kernel
def _average(targets, indices, weights, out):
    output, q = cuda.grid(2)
    if q >= indices.shape[0] or output >= targets.shape[1]:
        return
    value = total = 0.0
    for position in range(indices.shape[1]):
        value += targets[indices[q, position], output] * weights[q, position]
        total += weights[q, position]
    out[q, output] = value / total


def average(targets, indices, weights, out):
    """Average the targets of the neighbors of each query by weight."""
    _average[indices.shape[0], targets.shape[1]](targets, indices, weights, out)
