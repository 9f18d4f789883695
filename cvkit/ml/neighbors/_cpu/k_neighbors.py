"""Votes and averages of neighbors on the CPU."""

import numpy as np

from cvkit._jit import cpu_kernel, prange


def vote(codes, indices, weights, scores):
    """Add the weight of each neighbor to the score of its class, the nearest first."""
    np.add.at(scores, (np.arange(len(indices))[:, np.newaxis], codes[indices]), weights)


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
