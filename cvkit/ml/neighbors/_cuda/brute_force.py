"""Nearest neighbors by brute force on CUDA, in float64.

Each thread searches a run of the samples for one query; then one thread for each query joins what they found.
"""

from cvkit._jit import cuda, cuda_kernel
from cvkit.ml.neighbors._math import finish_candidates, is_before, reduced_distance, replace_last


@cuda_kernel(block=(64, 1))
def _scan(X, queries, metric, p, slices, distances, indices):
    q, part = cuda.grid(2)
    count = queries.shape[0]
    if q >= count or part >= slices:
        return
    row = part * count + q
    for i in range(part * X.shape[0] // slices, (part + 1) * X.shape[0] // slices):
        distance = reduced_distance(metric, p, X[i], queries[q])
        if is_before(distance, i, distances[row, 0], indices[row, 0]):
            replace_last(distance, i, distances[row], indices[row])


def scan_slices(X, queries, metric, p, slices, distances, indices):
    """Keep, for each query, the samples of least reduced distance in each slice of them, as heaps.

    The heap of query ``q`` and slice ``s`` is row ``s * n_queries + q``.
    """
    _scan[slices, queries.shape[0]](X, queries, metric, p, slices, distances, indices)


@cuda_kernel(block=(64,))
def _finish(X, queries, metric, p, slices, distances, indices):
    q = cuda.grid(1)
    count = distances.shape[0] // slices
    if q >= count:
        return
    for part in range(1, slices):
        row = part * count + q
        for position in range(distances.shape[1]):
            distance, index = distances[row, position], indices[row, position]
            if is_before(distance, index, distances[q, 0], indices[q, 0]):
                replace_last(distance, index, distances[q], indices[q])
    finish_candidates(X, queries[q], metric, p, distances[q], indices[q])


def join_slices(X, queries, metric, p, slices, distances, indices):
    """Join the slices of each query in its first row, sorted, and turn reduced distances into distances."""
    _finish[distances.shape[0] // slices](X, queries, metric, p, slices, distances, indices)


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
