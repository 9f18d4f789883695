"""Nearest neighbors by brute force on the CPU.

Many distances are screened in float32, by BLAS products or feature by feature; the candidates that remain are
measured again in float64. A query whose candidates may lack a neighbor, by the rounding of float32, says so.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.ml.neighbors._math import (
    MANHATTAN,
    add_column,
    finish_candidates,
    is_before,
    reduced_distance,
    replace_last,
)

# Queries and samples of one tile of distances; 64 x 1024 float32 values leave room in the L2 cache.
QUERIES = 64
SAMPLES = 1024
# Distances that are compared with the farthest candidate at once, before any of them is looked at.
GLANCE = 64


@helper(inline=True)
def _any_below(values, limit):
    """Tell whether a value lies below the limit; counting, unlike leaving early, takes a vector at a time."""
    count = 0
    for j in range(values.shape[0]):
        count += 1 if values[j] < limit else 0
    return count > 0


@helper
def _offer(values, first, distances, indices):
    """Offer a row of distances, of the samples from ``first`` on, to the candidates of a query."""
    for start in range(0, values.shape[0], GLANCE):
        stop = min(start + GLANCE, values.shape[0])
        if not _any_below(values[start:stop], distances[0]):
            continue
        for j in range(start, stop):
            # Samples come in the order of their index, so an equal distance comes too late.
            if values[j] < distances[0]:
                replace_last(values[j], first + j, distances, indices)


@cpu_kernel
def center(X, mean, scale, out):
    """Write ``(X - mean) * scale`` and, in one column more, the squared norm of the row as it was rounded."""
    features = X.shape[1]
    for i in prange(X.shape[0]):
        norm = 0.0
        for j in range(features):
            value = np.float32((X[i, j] - mean[j]) * scale)
            out[i, j] = value
            norm += np.float64(value) * np.float64(value)
        out[i, features] = norm


@helper(allocates=True)
def _screen_block(rows, queries, distances, indices):
    workspace = np.empty(queries.shape[0] * SAMPLES, rows.dtype)
    for start in range(0, rows.shape[0], SAMPLES):
        stop = min(start + SAMPLES, rows.shape[0])
        width = stop - start
        products = workspace[: queries.shape[0] * width].reshape((queries.shape[0], width))
        np.dot(queries, rows[start:stop].T, products)
        for q in range(queries.shape[0]):
            _offer(products[q], start, distances[q], indices[q])


@cpu_kernel
def screen_products(rows, queries, distances, indices):
    """Keep for each query the rows of least product, as a heap.

    With rows ``(x, |x|^2)`` and queries ``(-2 q, 1)`` that is the squared distance less ``|q|^2``.
    """
    for block in prange((queries.shape[0] + QUERIES - 1) // QUERIES):
        first = block * QUERIES
        end = min(first + QUERIES, queries.shape[0])
        _screen_block(rows, queries[first:end], distances[first:end], indices[first:end])


@helper
def _add_column(metric, p, column, value, out):
    # A function of its own, not inlined: among rows that are arguments, the vectorizer can rule out overlap.
    add_column(metric, p, column, value, out)


@helper
def _add_four_manhattan(first, second, third, fourth, a, b, c, d, out):
    """Add the terms of four features at once: one load and one store of the sums for four.

    Rows are arguments one by one, so that the vectorizer can rule out that they overlap.
    """
    for j in range(out.shape[0]):
        out[j] += (abs(first[j] - a) + abs(second[j] - b)) + (abs(third[j] - c) + abs(fourth[j] - d))


@helper
def _reduced_distances(metric, p, columns, start, stop, query, out):
    """Write the reduced distances from a query to the samples ``start`` to ``stop``."""
    out[:] = 0
    feature = 0
    if metric == MANHATTAN:
        while feature + 4 <= query.shape[0]:
            _add_four_manhattan(
                columns[feature, start:stop],
                columns[feature + 1, start:stop],
                columns[feature + 2, start:stop],
                columns[feature + 3, start:stop],
                query[feature],
                query[feature + 1],
                query[feature + 2],
                query[feature + 3],
                out,
            )
            feature += 4
    while feature < query.shape[0]:
        _add_column(metric, p, columns[feature, start:stop], query[feature], out)
        feature += 1


@helper(allocates=True)
def _scan_block(columns, queries, metric, p, distances, indices):
    values = np.empty(SAMPLES, columns.dtype)
    count = columns.shape[1]
    for start in range(0, count, SAMPLES):
        stop = min(start + SAMPLES, count)
        for q in range(queries.shape[0]):
            _reduced_distances(metric, p, columns, start, stop, queries[q], values[: stop - start])
            _offer(values[: stop - start], start, distances[q], indices[q])


@cpu_kernel
def scan(columns, queries, metric, p, distances, indices):
    """Keep for each query the samples of least reduced distance, as a heap.

    ``columns`` holds the samples feature by feature.
    """
    for block in prange((queries.shape[0] + QUERIES - 1) // QUERIES):
        first = block * QUERIES
        end = min(first + QUERIES, queries.shape[0])
        _scan_block(columns, queries[first:end], metric, p, distances[first:end], indices[first:end])


@cpu_kernel
def rerank(X, queries, metric, p, candidates, distances, indices):
    """Measure the candidates of each query in float64 and keep the nearest, as a heap."""
    for q in prange(queries.shape[0]):
        for position in range(candidates.shape[1]):
            index = candidates[q, position]
            if index < X.shape[0]:
                distance = reduced_distance(metric, p, X[index], queries[q])
                if is_before(distance, index, distances[q, 0], indices[q, 0]):
                    replace_last(distance, index, distances[q], indices[q])


@cpu_kernel
def scan_rows(X, queries, metric, p, distances, indices):
    """Measure every sample for each query in float64 and keep the nearest, as a heap."""
    for q in prange(queries.shape[0]):
        for i in range(X.shape[0]):
            distance = reduced_distance(metric, p, X[i], queries[q])
            if is_before(distance, i, distances[q, 0], indices[q, 0]):
                replace_last(distance, i, distances[q], indices[q])


@cpu_kernel
def finish(X, queries, metric, p, distances, indices):
    """Sort the neighbors of each query, the nearest first, and turn reduced distances into distances."""
    for q in prange(distances.shape[0]):
        finish_candidates(X, queries[q], metric, p, distances[q], indices[q])
