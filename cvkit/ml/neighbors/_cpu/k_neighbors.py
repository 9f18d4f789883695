"""Votes and averages of neighbors on the CPU."""

from cvkit._jit import cpu_kernel, prange


@cpu_kernel
def vote(codes, indices, weights, scores):
    """Add the weight of each neighbor to the score of its class."""
    for q in prange(indices.shape[0]):
        for position in range(indices.shape[1]):
            scores[q, codes[indices[q, position]]] += weights[q, position]


@cpu_kernel
def average(targets, indices, weights, out):
    """Average the targets of the neighbors of each query by weight."""
    for q in prange(indices.shape[0]):
        total = 0.0
        for position in range(indices.shape[1]):
            total += weights[q, position]
        for output in range(targets.shape[1]):
            value = 0.0
            for position in range(indices.shape[1]):
                value += targets[indices[q, position], output] * weights[q, position]
            out[q, output] = value / total
