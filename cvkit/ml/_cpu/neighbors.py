"""Nearest neighbours by brute force on the CPU.

Many distances are screened in float32, by BLAS products or feature by feature; the candidates that remain are
measured again in float64. A query whose candidates may lack a neighbour, by the rounding of float32, says so.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.ml._distance_math import (
    CHEBYSHEV,
    COSINE,
    EUCLIDEAN,
    MANHATTAN,
    add_term,
    from_reduced,
    replace_last,
    sort_candidates,
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


@helper(inline=True)
def _surrogate(products, norms):
    """Turn products into squared distances less the query's norm, in place."""
    for j in range(products.shape[0]):
        products[j] = norms[j] - (products[j] + products[j])


@helper
def _screen_block(rows, norms, queries, distances, indices):
    workspace = np.empty(queries.shape[0] * SAMPLES, rows.dtype)
    for start in range(0, rows.shape[0], SAMPLES):
        stop = min(start + SAMPLES, rows.shape[0])
        width = stop - start
        products = workspace[: queries.shape[0] * width].reshape((queries.shape[0], width))
        np.dot(queries, rows[start:stop].T, products)
        for q in range(queries.shape[0]):
            _surrogate(products[q], norms[start:stop])
            _offer(products[q], start, distances[q], indices[q])


@cpu_kernel
def screen_products(rows, norms, queries, distances, indices):
    """Keep for each query the rows of least ``norm - 2 * product``, as a heap."""
    for block in prange((queries.shape[0] + QUERIES - 1) // QUERIES):
        first = block * QUERIES
        end = min(first + QUERIES, queries.shape[0])
        _screen_block(rows, norms, queries[first:end], distances[first:end], indices[first:end])


@helper(inline=True)
def _add_column(metric, p, column, value, out):
    """Add the terms of one feature to the reduced distances of a row of samples."""
    if metric == EUCLIDEAN:
        for j in range(out.shape[0]):
            gap = column[j] - value
            out[j] += gap * gap
    elif metric == MANHATTAN:
        for j in range(out.shape[0]):
            out[j] += abs(column[j] - value)
    elif metric == CHEBYSHEV:
        for j in range(out.shape[0]):
            gap = abs(column[j] - value)
            out[j] = gap if gap > out[j] else out[j]
    else:
        for j in range(out.shape[0]):
            out[j] += abs(column[j] - value) ** p


@helper(inline=True)
def _add_four_manhattan(tile, feature, query, out):
    """Add the terms of four features at once: one load and one store of the sums for four."""
    first, second, third, fourth = tile[feature], tile[feature + 1], tile[feature + 2], tile[feature + 3]
    a, b, c, d = query[feature], query[feature + 1], query[feature + 2], query[feature + 3]
    for j in range(out.shape[0]):
        out[j] += (abs(first[j] - a) + abs(second[j] - b)) + (abs(third[j] - c) + abs(fourth[j] - d))


@helper
def _reduced_distances(metric, p, tile, query, out):
    """Write the reduced distances of a query to a tile of samples, stored feature by feature."""
    out[:] = 0
    feature = 0
    if metric == MANHATTAN:
        while feature + 4 <= query.shape[0]:
            _add_four_manhattan(tile, feature, query, out)
            feature += 4
    while feature < query.shape[0]:
        _add_column(metric, p, tile[feature], query[feature], out)
        feature += 1


@helper
def _scan_block(rows, queries, metric, p, distances, indices):
    values = np.empty(SAMPLES, rows.dtype)
    tile = np.empty((rows.shape[1], SAMPLES), rows.dtype)
    for start in range(0, rows.shape[0], SAMPLES):
        width = min(SAMPLES, rows.shape[0] - start)
        for j in range(width):
            for feature in range(rows.shape[1]):
                tile[feature, j] = rows[start + j, feature]
        for q in range(queries.shape[0]):
            _reduced_distances(metric, p, tile[:, :width], queries[q], values[:width])
            _offer(values[:width], start, distances[q], indices[q])


@cpu_kernel
def scan(rows, queries, metric, p, distances, indices):
    """Keep for each query the rows of least reduced distance, as a heap."""
    for block in prange((queries.shape[0] + QUERIES - 1) // QUERIES):
        first = block * QUERIES
        end = min(first + QUERIES, queries.shape[0])
        _scan_block(rows, queries[first:end], metric, p, distances[first:end], indices[first:end])


@helper(inline=True)
def _cosine_distance(sample, query):
    product = sample_norm = query_norm = 0.0
    for j in range(sample.shape[0]):
        product += sample[j] * query[j]
        sample_norm += sample[j] * sample[j]
        query_norm += query[j] * query[j]
    if sample_norm == 0.0 or query_norm == 0.0:
        return 1.0  # a direction is missing; scikit-learn's choice
    distance = 1.0 - product / (np.sqrt(sample_norm) * np.sqrt(query_norm))
    return min(max(distance, 0.0), 2.0)


@helper(inline=True)
def _reduced_distance(metric, p, sample, query):
    if metric == COSINE:
        return _cosine_distance(sample, query)
    total = 0.0
    for j in range(sample.shape[0]):
        total = add_term(metric, p, total, abs(sample[j] - query[j]))
    return total


@cpu_kernel
def rerank(X, queries, metric, p, candidates, distances, indices):
    """Measure the candidates of each query in float64 and keep the nearest, as a heap."""
    for q in prange(queries.shape[0]):
        for position in range(candidates.shape[1]):
            index = candidates[q, position]
            if index >= 0:
                distance = _reduced_distance(metric, p, X[index], queries[q])
                worst = distances[q, 0]
                if distance < worst or (distance == worst and index < indices[q, 0]):
                    replace_last(distance, index, distances[q], indices[q])


@cpu_kernel
def finish(metric, p, distances, indices):
    """Sort the neighbours of each query, the nearest first, and turn reduced distances into distances."""
    for q in prange(distances.shape[0]):
        sort_candidates(distances[q], indices[q])
        for position in range(distances.shape[1]):
            distances[q, position] = from_reduced(metric, p, distances[q, position])


@cpu_kernel
def vote(codes, indices, weights, scores):
    """Add the weight of each neighbour to the score of its class."""
    for q in prange(indices.shape[0]):
        for position in range(indices.shape[1]):
            scores[q, codes[indices[q, position]]] += weights[q, position]


@cpu_kernel
def average(targets, indices, weights, out):
    """Average the targets of the neighbours of each query by weight."""
    for q in prange(indices.shape[0]):
        total = 0.0
        for position in range(indices.shape[1]):
            total += weights[q, position]
        for output in range(targets.shape[1]):
            value = 0.0
            for position in range(indices.shape[1]):
                value += targets[indices[q, position], output] * weights[q, position]
            out[q, output] = value / total
