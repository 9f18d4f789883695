"""Dual coordinate descent for linear support vector machines.

The samples are given as four arguments, ``matrix, values, columns, starts``: a dense matrix, read in place,
and three empty arrays; or None and the parts of a CSR matrix. Where an argument is None, Numba removes the
branch that does not apply before it infers types, so that both kinds share one solver.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange


@helper(reorder=True, allocates=True)
def _dense_dot(row, weights):
    total = 0.0
    for k in range(row.shape[0]):
        total += weights[k] * row[k]
    return total


@helper(reorder=True, allocates=True)
def _sparse_dot(values, columns, weights):
    total = 0.0
    for k in range(values.shape[0]):
        total += weights[columns[k]] * values[k]
    return total


@helper(reorder=True, allocates=True)
def _squared_norm(row):
    total = 0.0
    for k in range(row.shape[0]):
        total += np.float64(row[k]) * np.float64(row[k])
    return total


@helper(allocates=True)
def _dense_add(row, factor, weights):
    for k in range(row.shape[0]):
        weights[k] += factor * row[k]


@helper(allocates=True)
def _sparse_add(values, columns, factor, weights):
    for k in range(values.shape[0]):
        weights[columns[k]] += factor * values[k]


@helper(allocates=True)
def _dot(matrix, values, columns, starts, i, weights):
    if matrix is None:
        row = slice(starts[i], starts[i + 1])
        return _sparse_dot(values[row], columns[row], weights)
    return _dense_dot(matrix[i], weights)


@helper(allocates=True)
def _add(matrix, values, columns, starts, i, factor, weights):
    if matrix is None:
        row = slice(starts[i], starts[i + 1])
        _sparse_add(values[row], columns[row], factor, weights)
    else:
        _dense_add(matrix[i], factor, weights)


@helper(allocates=True)
def _norm(matrix, values, columns, starts, i):
    if matrix is None:
        return _squared_norm(values[starts[i] : starts[i + 1]])
    return _squared_norm(matrix[i])


@helper(allocates=True)
def _swap(order, a, b):
    order[a], order[b] = order[b], order[a]


@helper(allocates=True)
def _shuffle(order, count, state):
    """Shuffle the first ``count`` entries with the generator ``state`` (xorshift64*)."""
    for a in range(count - 1):
        state[0] ^= state[0] >> np.uint64(12)
        state[0] ^= state[0] << np.uint64(25)
        state[0] ^= state[0] >> np.uint64(27)
        bits = (state[0] * np.uint64(2685821657736338717)) >> np.uint64(32)
        _swap(order, a, a + np.int64((bits * np.uint64(count - a)) >> np.uint64(32)))


@helper(allocates=True)
def _projected(gradient, alpha, upper):
    """Part of the gradient along which ``alpha`` can still move inside [0, upper]."""
    if alpha == 0.0:
        return min(gradient, 0.0)
    if alpha == upper:
        return max(gradient, 0.0)
    return gradient


@helper(allocates=True)
def _solve(matrix, values, columns, starts, signs, upper, shift, bias, tolerance, max_passes, seed, weights):
    """Solve one two-class problem; ``weights`` ends with the weight of the constant feature ``bias``.

    Samples whose upper bound is zero take no part. Those that rest at a bound with a gradient beyond the
    range of the last pass are set aside ("shrunk"), and all are looked at again before the end.
    """
    feature_count = weights.shape[0] - 1
    order = np.flatnonzero(upper > 0.0)
    alpha = np.zeros(signs.shape[0])
    curvature = np.empty(signs.shape[0])
    for i in order:
        curvature[i] = _norm(matrix, values, columns, starts, i) + bias * bias + shift[i]
    state = np.array([seed], np.uint64)
    active = order.shape[0]
    highest, lowest = np.inf, -np.inf
    weights[:] = 0.0
    coefficients = weights[:feature_count]

    for passes in range(1, max_passes + 1):
        largest, smallest = -np.inf, np.inf
        _shuffle(order, active, state)
        position = 0
        while position < active:
            i = order[position]
            margin = _dot(matrix, values, columns, starts, i, coefficients) + weights[feature_count] * bias
            gradient = signs[i] * margin - 1.0 + alpha[i] * shift[i]
            if (alpha[i] == 0.0 and gradient > highest) or (alpha[i] == upper[i] and gradient < lowest):
                active -= 1
                _swap(order, position, active)
                continue
            projected = _projected(gradient, alpha[i], upper[i])
            largest = max(largest, projected)
            smallest = min(smallest, projected)
            if abs(projected) > 1e-12:
                before = alpha[i]
                # A row of zeros without a constant feature has no curvature: it goes to the bound.
                step = gradient / curvature[i] if curvature[i] > 0.0 else np.copysign(np.inf, gradient)
                alpha[i] = min(max(before - step, 0.0), upper[i])
                change = (alpha[i] - before) * signs[i]
                _add(matrix, values, columns, starts, i, change, coefficients)
                weights[feature_count] += change * bias
            position += 1
        # With LIBLINEAR's criterion, the plain difference, violations that are all equal would count as none.
        if max(largest, 0.0) - min(smallest, 0.0) <= tolerance:
            if active == order.shape[0]:
                return passes, True
            active = order.shape[0]
            highest, lowest = np.inf, -np.inf
        else:
            highest = largest if largest > 0.0 else np.inf
            lowest = smallest if smallest < 0.0 else -np.inf
    return max_passes, False


@cpu_kernel
def dual_coordinate_descent(
    matrix,
    values,
    columns,
    starts,
    classes,
    positive,
    cost,
    positive_weight,
    negative_weight,
    squared,
    bias,
    tolerance,
    max_passes,
    seed,
    weights,
    passes,
    converged,
):
    """Fit one two-class machine for each class in ``positive`` against the rest.

    Each problem has its own generator, seeded alike, so that the models do not depend on the thread count.

    Parameters
    ----------
    matrix, values, columns, starts : the samples, see the module
    classes : (N,) int64, class index of each sample
    positive : (P,) int64, class index that is +1 in each problem
    cost : (N,) float64, cost of each sample's loss
    positive_weight, negative_weight : (P,) float64, factors of the cost on the two sides
    squared : bool, squared hinge loss
    bias : float, value of the constant feature (0 for none)
    weights : (P, D + 1) float64, written
    passes, converged : (P,) int64 and bool, written
    """
    for p in prange(positive.shape[0]):
        sample_count = classes.shape[0]
        signs = np.empty(sample_count)
        upper = np.empty(sample_count)
        shift = np.zeros(sample_count)
        for i in range(sample_count):
            is_positive = classes[i] == positive[p]
            signs[i] = 1.0 if is_positive else -1.0
            upper[i] = cost[i] * (positive_weight[p] if is_positive else negative_weight[p])
            if squared and upper[i] > 0.0:
                shift[i] = 0.5 / upper[i]
                upper[i] = np.inf
        passes[p], converged[p] = _solve(
            matrix,
            values,
            columns,
            starts,
            signs,
            upper,
            shift,
            bias,
            tolerance,
            max_passes,
            seed,
            weights[p],
        )
