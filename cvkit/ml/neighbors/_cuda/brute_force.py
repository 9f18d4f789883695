"""Nearest neighbors by brute force on CUDA, in float64.

Each thread searches a run of the samples for one query; then one thread for each query joins what they found.
"""

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.ml.neighbors._math import finish_candidates, is_before, reduced_distance, replace_last


@cuda_kernel(block=(64, 1))
def _scan(X, queries, metric, p, runs, distances, indices):
    q, part = cuda.grid(2)
    count = queries.shape[0]
    if q >= count or part >= runs:
        return
    row = part * count + q
    for i in range(part * X.shape[0] // runs, (part + 1) * X.shape[0] // runs):
        distance = reduced_distance(metric, p, X[i], queries[q])
        if is_before(distance, i, distances[row, 0], indices[row, 0]):
            replace_last(distance, i, distances[row], indices[row])


def scan_rows(X, queries, metric, p, distances, indices):
    """Measure every sample for each query in float64 and keep the nearest, as a heap for each run of samples.

    There are as many runs as rows for a query; the heap of query ``q`` and run ``r`` is row
    ``r * n_queries + q``.
    """
    runs = distances.shape[0] // queries.shape[0]
    _scan[runs, queries.shape[0]](X, queries, metric, p, runs, distances, indices)


@cuda_kernel(block=(64,))
def _finish(X, queries, metric, p, runs, distances, indices):
    q = cuda.grid(1)
    count = distances.shape[0] // runs
    if q >= count:
        return
    for part in range(1, runs):
        row = part * count + q
        for position in range(distances.shape[1]):
            distance, index = distances[row, position], indices[row, position]
            if is_before(distance, index, distances[q, 0], indices[q, 0]):
                replace_last(distance, index, distances[q], indices[q])
    finish_candidates(X, queries[q], metric, p, distances[q], indices[q])


def finish(X, queries, metric, p, distances, indices):
    """Join the runs of each query in its first row, sorted, and turn reduced distances into distances."""
    runs = distances.shape[0] // queries.shape[0]
    _finish[queries.shape[0]](X, queries, metric, p, runs, distances, indices)
