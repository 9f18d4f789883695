"""Sums over pairs of points: how many agree with the matrices of samples, and the best fit to all."""

import math

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.geometry import _points

# Pairs that one task adds up. The sums of tasks are added in order, whatever the number of threads.
BLOCK = 4096
# The sums of one task: six products of coordinates under four weights, nine of gradients, one of squares.
SUMS = 34
# Where the six different products of three coordinates stand in a matrix of all nine.
_SYMMETRIC = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])
# Of the fit: steps at most, the share of the sum of squares by which a step must lessen it to go on, and the
# distance that rounding leaves between points of size 1.
_MAX_STEPS = 30
_SETTLED = 1e-10
_ROUNDING = 8 * 2.0**-52

_on_a_line = helper(_points.on_a_line)
_solve_four = helper(_points.solve_four)


@helper
def _make_different(sample, size):
    """Replace numbers that were drawn twice, in the way of Floyd's algorithm."""
    for place in range(1, 4):
        for before in range(place):
            if sample[before] == sample[place]:
                sample[place] = size - 4 + place


@helper
def _in_general_position(points, sample):
    """Tell whether no three of the four points of ``sample`` lie on a line."""
    a, b, c, d = points[sample[0]], points[sample[1]], points[sample[2]], points[sample[3]]
    return not (_on_a_line(a, b, c) or _on_a_line(a, b, d) or _on_a_line(a, c, d) or _on_a_line(b, c, d))


@helper
def _count_agreeing(matrix, source, target, threshold):
    """Count the pairs that ``matrix`` maps to within ``threshold`` of each other.

    Distances are compared before they are divided by the depth of the mapped point.
    """
    x, y, u, v = source[0], source[1], target[0], target[1]
    m00, m01, m02 = matrix[0, 0], matrix[0, 1], matrix[0, 2]
    m10, m11, m12 = matrix[1, 0], matrix[1, 1], matrix[1, 2]
    m20, m21, m22 = matrix[2, 0], matrix[2, 1], matrix[2, 2]
    square = threshold * threshold
    count = 0
    for i in range(x.shape[0]):
        depth = m20 * x[i] + m21 * y[i] + m22
        across = m00 * x[i] + m01 * y[i] + m02 - u[i] * depth
        down = m10 * x[i] + m11 * y[i] + m12 - v[i] * depth
        reach = square * (depth * depth)
        count += (across * across + down * down <= reach) & (reach > 0)
    return count


@cpu_kernel
def count_agreeing(samples, source, target, near_source, near_target, threshold, counts):
    """Count for each sample of four pairs the pairs that agree with the matrix through the four.

    ``source`` and ``target`` are (N, 2); ``near_source`` and ``near_target``, (2, N), are the same points
    where they lie about the origin, and the threshold is in the units of the latter. The last numbers of a
    sample are replaced if they were drawn before. Samples with three points on a line, and NaN, count 0.
    """
    pairs = source.shape[0]
    for i in prange(samples.shape[0]):
        sample, four_source, four_target = samples[i], np.empty((4, 2)), np.empty((4, 2))
        _make_different(sample, pairs)
        counts[i] = 0
        if _in_general_position(source, sample) and _in_general_position(target, sample):
            for corner in range(4):
                for axis in range(2):
                    four_source[corner, axis] = near_source[axis, sample[corner]]
                    four_target[corner, axis] = near_target[axis, sample[corner]]
            matrix = np.empty((3, 3))
            _solve_four(four_source, four_target, matrix)
            counts[i] = _count_agreeing(matrix, near_source, near_target, threshold)


@helper
def _add_up(matrix, algebraic, source, target, start, stop, sums):
    """Fill the sums of the pairs from ``start`` to ``stop``.

    With (x, y, 1) divided by its depth under ``matrix``, and mapped to (u, v), the sums are: its six products
    xx, xy, x, yy, y, 1, once as they are, times u, times v, and times uu + vv; its three coordinates times
    the distance from the partner along u, along v, and along (u, v); and the square of the distance.
    The ``algebraic`` sums are those of depth 1 and no distance: (u, v) is the partner.
    """
    m00, m01, m02 = matrix[0, 0], matrix[0, 1], matrix[0, 2]
    m10, m11, m12 = matrix[1, 0], matrix[1, 1], matrix[1, 2]
    m20, m21, m22 = matrix[2, 0], matrix[2, 1], matrix[2, 2]
    for i in range(SUMS):
        sums[i] = 0
    for i in range(start, stop):
        x, y, one, u, v = source[0, i], source[1, i], 1.0, target[0, i], target[1, i]
        across = down = 0.0
        if not algebraic:
            one = 1 / (m20 * x + m21 * y + m22)
            u, v = (m00 * x + m01 * y + m02) * one, (m10 * x + m11 * y + m12) * one
            across, down = u - target[0, i], v - target[1, i]
            x, y = x * one, y * one
        products = x * x, x * y, x * one, y * y, y * one, one * one
        square, along = u * u + v * v, u * across + v * down
        for product in range(6):
            sums[product] += products[product]
            sums[6 + product] += products[product] * u
            sums[12 + product] += products[product] * v
            sums[18 + product] += products[product] * square
        for coordinate, value in enumerate((x, y, one)):
            sums[24 + coordinate] += value * across
            sums[27 + coordinate] += value * down
            sums[30 + coordinate] += value * along
        sums[33] += across * across + down * down


@helper
def _fill_equations(blocks, gradient, curvature):
    """Turn the sums of blocks into half the gradient and the Gauss-Newton matrix of second derivatives.

    With a point p = (x, y, 1) divided by its depth, and mapped to (u, v), the derivatives of u are
    (p, 0, -u p) and those of v are (0, p, -v p).
    """
    sums = blocks[0]
    for block in range(1, blocks.shape[0]):
        for i in range(SUMS):
            sums[i] += blocks[block, i]
    for i in range(3):
        gradient[i], gradient[3 + i], gradient[6 + i] = sums[24 + i], sums[27 + i], -sums[30 + i]
        for j in range(3):
            product = _SYMMETRIC[i, j]
            curvature[i, j] = curvature[3 + i, 3 + j] = sums[product]
            curvature[i, 3 + j] = curvature[3 + i, j] = 0
            curvature[i, 6 + j] = curvature[6 + i, j] = -sums[6 + product]
            curvature[3 + i, 6 + j] = curvature[6 + i, 3 + j] = -sums[12 + product]
            curvature[6 + i, 6 + j] = sums[18 + product]


@helper
def _solve(matrix, values):
    """Solve equations in place, by Cholesky's factors; to NaN if ``matrix`` is not positive definite."""
    size = values.shape[0]
    for row in range(size):
        for column in range(row):
            for k in range(column):
                matrix[row, column] -= matrix[row, k] * matrix[column, k]
            matrix[row, column] /= matrix[column, column]
            matrix[row, row] -= matrix[row, column] * matrix[row, column]
            values[row] -= matrix[row, column] * values[column]
        matrix[row, row] = math.sqrt(matrix[row, row])
        values[row] /= matrix[row, row]
    for row in range(size - 1, -1, -1):
        for below in range(row + 1, size):
            values[row] -= matrix[below, row] * values[below]
        values[row] /= matrix[row, row]


@helper
def _step(matrix, gradient, curvature, damping, damped, trial):
    """Fill ``trial`` with ``matrix``, of norm 1, after a step of Levenberg and Marquardt.

    The scale of a matrix means nothing: a term that punishes its change keeps steps from it.
    """
    values, step = matrix.reshape(9), trial.reshape(9)
    trace = 0.0
    for i in range(9):
        trace += curvature[i, i]
    for i in range(9):
        step[i] = gradient[i]
        for j in range(9):
            damped[i, j] = curvature[i, j] + trace * values[i] * values[j]
        damped[i, i] += damping * curvature[i, i]
    _solve(damped, step)
    square = 0.0
    for i in range(9):
        step[i] = values[i] - step[i]
        square += step[i] * step[i]
    for i in range(9):
        step[i] /= math.sqrt(square)


@cpu_kernel
def add_up_algebraic(source, target, blocks, equations):
    """Fill the equations, (9, 9), that points be mapped to their partners, (2, N)."""
    pairs = source.shape[1]
    for block in prange(blocks.shape[0]):
        stop = min((block + 1) * BLOCK, pairs)
        _add_up(equations, True, source, target, block * BLOCK, stop, blocks[block])
    _fill_equations(blocks, np.empty(9), equations)


@cpu_kernel
def lessen_distances(matrix, source, target, blocks):
    """Step ``matrix``, of norm 1, on to the least sum of squared distances of pairs of points (2, N).

    The sum never grows. ``blocks`` is scratch for the sums of :func:`_add_up`, one row a block of pairs.
    """
    pairs = source.shape[1]
    trial, gradient, curvature, damped = matrix.copy(), np.empty(9), np.empty((9, 9)), np.empty((9, 9))
    least, damping = np.inf, 1e-3
    for _ in range(1 + _MAX_STEPS):
        for block in prange(blocks.shape[0]):
            stop = min((block + 1) * BLOCK, pairs)
            _add_up(trial, False, source, target, block * BLOCK, stop, blocks[block])
        total = 0.0
        for block in range(blocks.shape[0]):
            total += blocks[block, 33]
        if total < least:
            settled = total >= (1 - _SETTLED) * least
            least = total
            for i in range(9):
                matrix[i // 3, i % 3] = trial[i // 3, i % 3]
            _fill_equations(blocks, gradient, curvature)
            damping *= 0.1
        else:
            settled = damping > 1
            damping *= 100
        # Where all pairs agree, steps would follow nothing but rounding.
        if settled or not pairs * _ROUNDING**2 < least < np.inf:
            break
        _step(matrix, gradient, curvature, damping, damped, trial)
