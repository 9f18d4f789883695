"""Dual coordinate descent for linear support vector machines.

The samples are given as four arguments, ``matrix, values, columns, starts``: a dense matrix, read in place,
and three empty arrays; or None and the parts of a CSR matrix. Where an argument is None, Numba removes the
branch that does not apply before it infers types, so that both kinds share one solver.
"""

from collections import namedtuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.ml._math import dot

Classes = namedtuple("Classes", "indices positive cost positive_weight negative_weight")
"""Class index (N,) int64 and cost (N,) of each sample; of each problem, the class index (P,) int64 that is
+1, and the factors (P,) of the cost on its two sides."""

Settings = namedtuple("Settings", "squared bias tolerance max_passes seed")
"""Whether the hinge loss is squared, the value of the constant feature (0 for none), when to end, and
the seed of the generator."""

Solution = namedtuple("Solution", "weights passes converged")
"""Of each problem, the weights (P, D + 1) that end with that of the constant feature, passes (P,) int64, and
whether the tolerance was reached (P,) bool."""

_Dual = namedtuple("_Dual", "signs upper shift")
"""Targets +-1, bounds of alpha, and what is added to the diagonal of the Hessian."""


@helper(reorder=True)
def _sparse_dot(values, columns, weights):
    total = 0.0
    for k in range(values.shape[0]):
        total += weights[columns[k]] * values[k]
    return total


@helper(reorder=True)
def _squared_norm(row):
    total = 0.0
    for k in range(row.shape[0]):
        total += np.float64(row[k]) * np.float64(row[k])
    return total


@helper
def _dense_add(row, factor, weights):
    for k in range(row.shape[0]):
        weights[k] += factor * row[k]


@helper
def _sparse_add(values, columns, factor, weights):
    for k in range(values.shape[0]):
        weights[columns[k]] += factor * values[k]


@helper
def _dot(matrix, values, columns, starts, i, weights):
    if matrix is None:
        row = slice(starts[i], starts[i + 1])
        return _sparse_dot(values[row], columns[row], weights)
    return dot(matrix[i], weights)


@helper
def _add(matrix, values, columns, starts, i, factor, weights):
    if matrix is None:
        row = slice(starts[i], starts[i + 1])
        _sparse_add(values[row], columns[row], factor, weights)
    else:
        _dense_add(matrix[i], factor, weights)


@helper
def _norm(matrix, values, columns, starts, i):
    if matrix is None:
        return _squared_norm(values[starts[i] : starts[i + 1]])
    return _squared_norm(matrix[i])


@helper
def _swap(order, a, b):
    order[a], order[b] = order[b], order[a]


@helper
def _shuffle(order, count, state):
    """Shuffle the first ``count`` entries with the generator ``state`` (xorshift64*)."""
    for a in range(count - 1):
        state[0] ^= state[0] >> np.uint64(12)
        state[0] ^= state[0] << np.uint64(25)
        state[0] ^= state[0] >> np.uint64(27)
        bits = (state[0] * np.uint64(2685821657736338717)) >> np.uint64(32)
        _swap(order, a, a + np.int64((bits * np.uint64(count - a)) >> np.uint64(32)))


@helper
def _projected(gradient, alpha, upper):
    """Part of the gradient along which ``alpha`` can still move inside [0, upper]."""
    if alpha == 0.0:
        return min(gradient, 0.0)
    if alpha == upper:
        return max(gradient, 0.0)
    return gradient


@helper(allocates=True)
def _solve(matrix, values, columns, starts, dual, settings, weights):
    """Solve one two-class problem; return its passes, and whether the tolerance was reached.

    Samples whose upper bound is zero take no part. Those that rest at a bound with a gradient beyond the
    range of the last pass are set aside ("shrunk"), and all are looked at again before the end.
    """
    signs, upper, shift = dual
    _, bias, tolerance, max_passes, seed = settings
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


@helper(allocates=True)
def _fit_problem(matrix, values, columns, starts, classes, settings, solution, problem):
    """Fit one binary SVM.

    A function of its own: inside a parallel loop, Numba drops what is written to the arrays of a tuple.
    """
    sample_count = classes.indices.shape[0]
    signs = np.empty(sample_count)
    upper = np.empty(sample_count)
    shift = np.zeros(sample_count)
    positive = classes.positive[problem]
    above, below = classes.positive_weight[problem], classes.negative_weight[problem]
    for i in range(sample_count):
        is_positive = classes.indices[i] == positive
        signs[i] = 1.0 if is_positive else -1.0
        upper[i] = classes.cost[i] * (above if is_positive else below)
        if settings.squared and upper[i] > 0.0:
            shift[i] = 0.5 / upper[i]
            upper[i] = np.inf
    dual = _Dual(signs, upper, shift)
    weights = solution.weights[problem]
    passes, converged = _solve(matrix, values, columns, starts, dual, settings, weights)
    solution.passes[problem], solution.converged[problem] = passes, converged


@cpu_kernel
def dual_coordinate_descent(matrix, values, columns, starts, classes, settings, solution):
    """Fit one binary SVM for each class in ``classes.positive`` against the rest.

    Each problem has its own generator, seeded alike, so that the models do not depend on the thread count.

    Parameters
    ----------
    matrix, values, columns, starts : the samples, see the module
    classes : Classes
    settings : Settings
    solution : Solution, written
    """
    for problem in prange(classes.positive.shape[0]):
        _fit_problem(matrix, values, columns, starts, classes, settings, solution, problem)
