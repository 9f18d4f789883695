"""Sums over pairs of points: how many agree with each of many matrices, and the equations of the best fit."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange

# Pairs that one task adds up. The sums of tasks are added in order, whatever the number of threads.
BLOCK = 4096
# The sums of one task: six products of coordinates under four weights, nine of gradients, one of squares.
SUMS = 34


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
def count_agreeing(matrices, source, target, threshold, counts):
    """Count for each matrix the pairs of points, (2, N), that agree with it; none agree with NaN."""
    for candidate in prange(matrices.shape[0]):
        counts[candidate] = _count_agreeing(matrices[candidate], source, target, threshold)


@helper
def _add_up(matrix, algebraic, source, target, start, stop, sums):
    """Fill the sums of the pairs from ``start`` to ``stop``; see :func:`add_up`."""
    m00, m01, m02 = matrix[0, 0], matrix[0, 1], matrix[0, 2]
    m10, m11, m12 = matrix[1, 0], matrix[1, 1], matrix[1, 2]
    m20, m21, m22 = matrix[2, 0], matrix[2, 1], matrix[2, 2]
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


@cpu_kernel
def add_up(matrix, algebraic, source, target, sums):
    """Add up, for each block of pairs of points (2, N), what their equations in a matrix consist of.

    With (x, y, 1) divided by its depth under ``matrix``, and mapped to (u, v), the sums are: its six products
    xx, xy, x, yy, y, 1, once as they are, times u, times v, and times uu + vv; its three coordinates times
    the distance from the partner along u, along v, and along (u, v); and the square of the distance.
    The ``algebraic`` sums are those of depth 1 and no distance: (u, v) is the partner.
    """
    pairs = source.shape[1]
    for block in prange(sums.shape[0]):
        own = np.zeros(SUMS)
        _add_up(matrix, algebraic, source, target, block * BLOCK, min((block + 1) * BLOCK, pairs), own)
        sums[block] = own
