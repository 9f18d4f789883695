"""Corners on the CPU: derivatives, their products and sums of these, one row at a time."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.numbers import multiply_add
from cvkit._tiles import parts_of, strip
from cvkit.features._corner_math import HARRIS, harris_measure, smaller_eigenvalue

# Rows of one task; what lies around them is computed twice.
STRIP = 64

# Columns that OpenCV's vectors cover: there it adds to a product before that is rounded, in the columns that
# are left over after it was.
_LANES = 32


class _Scratch(NamedTuple):
    """Rows that a task of :func:`measure_corners` holds. Row i lies in slot ``i % len(held)``, if it is held.

    Attributes
    ----------
    extended : array
        A row of the image with what lies beyond its ends.
    held, difference, smooth : array
        Rows filtered along x: which ones, and what they became.
    slopes : array
        Derivatives of a row along x and y.
    held_products, products : array
        Products of derivatives: of which rows, and (row, product, column).
    columns, totals : array
        Sums of products down the columns, with what lies beyond their ends, and over squares.
    """

    extended: Any
    held: Any
    difference: Any
    smooth: Any
    slopes: Any
    held_products: Any
    products: Any
    columns: Any
    totals: Any


@helper
def _widen_row(row, extended):
    """Convert a row to the middle of an extended one."""
    before = (extended.shape[0] - row.shape[0]) // 2
    inner = extended[before : before + row.shape[0]]
    for x in range(row.shape[0]):
        inner[x] = np.float32(row[x])


@helper
def _difference_along(extended, weights, out):
    """Differentiate along a row."""
    radius, length = weights.shape[0] - 1, out.shape[0]
    out[:] = np.float32(0)
    for distance in range(1, radius + 1):
        after, before = extended[radius + distance :], extended[radius - distance :]
        weight = weights[distance]
        for x in range(length):
            out[x] = multiply_add(after[x] - before[x], weight, out[x])


@helper(contract=False)
def _smooth_along(extended, weights, out):
    """Smooth along a row, from the left to the right of the kernel."""
    radius, length = weights.shape[0] - 1, out.shape[0]
    fused = length // _LANES * _LANES
    out[:] = np.float32(0)
    for tap in range(2 * radius + 1):
        values, weight = extended[tap:], weights[abs(tap - radius)]
        for x in range(fused):
            out[x] = multiply_add(values[x], weight, out[x])
        for x in range(fused, length):
            out[x] = out[x] + values[x] * weight


@helper
def _filter_row(rows, y, derivatives, border, scratch):
    """Filter row ``y``, which may lie beyond the image, along x, unless it is held."""
    slot = y % scratch.held.shape[0]
    if scratch.held[slot] == y:
        return
    scratch.held[slot] = y
    extended, difference, smooth = scratch.extended, scratch.difference[slot], scratch.smooth[slot]
    row = border_index(y, rows.shape[0], border)
    if row < 0:
        difference[:] = np.float32(0)
        smooth[:] = np.float32(0)
        return
    _widen_row(rows[row], extended)
    extend_row(extended, derivatives.difference.shape[0] - 1, 1, border, np.float32(0))
    _difference_along(extended, derivatives.difference, difference)
    _smooth_along(extended, derivatives.smoothing, smooth)


@helper
def _begin_smoothing(row, weight, out):
    for x in range(out.shape[0]):
        out[x] = row[x] * weight


@helper
def _add_smoothed(above, below, weight, out):
    for x in range(out.shape[0]):
        out[x] = multiply_add(above[x] + below[x], weight, out[x])


@helper
def _add_difference(above, below, weight, out):
    for x in range(out.shape[0]):
        out[x] = multiply_add(below[x] - above[x], weight, out[x])


@helper
def _multiply(dx, dy, products):
    xx, xy, yy = products[0], products[1], products[2]
    for x in range(xx.shape[0]):
        along, across = dx[x], dy[x]
        xx[x] = along * along
        xy[x] = along * across
        yy[x] = across * across


@helper
def _multiply_row(rows, y, derivatives, border, scratch, products):
    """Fill products of the derivatives of row ``y``."""
    difference_weights, smoothing_weights = derivatives
    radius = difference_weights.shape[0] - 1
    for distance in range(-radius, radius + 1):
        _filter_row(rows, y + distance, derivatives, border, scratch)
    difference, smooth, count = scratch.difference, scratch.smooth, scratch.held.shape[0]
    dx, dy = scratch.slopes[0], scratch.slopes[1]
    _begin_smoothing(difference[y % count], smoothing_weights[0], dx)
    dy[:] = np.float32(0)
    for distance in range(1, radius + 1):
        above, below = (y - distance) % count, (y + distance) % count
        _add_smoothed(difference[above], difference[below], smoothing_weights[distance], dx)
        _add_difference(smooth[above], smooth[below], difference_weights[distance], dy)
    _multiply(dx, dy, products)


@helper
def _clear(row):
    for x in range(row.shape[0]):
        row[x] = 0


@helper
def _add_row(row, out):
    for x in range(out.shape[0]):
        out[x] += np.float64(row[x])


@helper
def _sum_columns(rows, y, derivatives, size, border, scratch):
    """Sum products down the columns of the squares around row ``y``."""
    radius = size // 2
    columns, length = scratch.columns, rows.shape[1]
    for product in range(3):
        _clear(columns[product])
    for row in range(y - radius, y - radius + size):
        slot = row % size
        products = scratch.products[slot]
        if scratch.held_products[slot] != row:
            scratch.held_products[slot] = row
            inside = border_index(row, rows.shape[0], border)
            if inside < 0:
                _clear(products.reshape(products.size))
            else:
                _multiply_row(rows, inside, derivatives, border, scratch, products)
        for product in range(3):
            _add_row(products[product], columns[product][radius : radius + length])
    for product in range(3):
        extend_row(columns[product], radius, 1, border, 0.0)


@helper
def _sum_rows(columns, size, totals):
    """Sum along the rows of the squares."""
    for product in range(3):
        _clear(totals[product])
        for offset in range(size):
            _add_row(columns[product][offset:], totals[product])


@helper
def _measure_row(totals, corner, out):
    xx, xy, yy = totals[0], totals[1], totals[2]
    k = corner.k
    if corner.measure == HARRIS:
        for x in range(out.shape[0]):
            out[x] = harris_measure(np.float32(xx[x]), np.float32(xy[x]), np.float32(yy[x]), k)
    else:
        for x in range(out.shape[0]):
            out[x] = smaller_eigenvalue(np.float32(xx[x]), np.float32(xy[x]), np.float32(yy[x]))


@cpu_kernel
def measure_corners(source, derivatives, corner, border, out):
    """Measure how much of a corner each pixel of gray images is."""
    count, height, width, _ = source.shape
    rows, out_rows = source.reshape(count, height, width), out.reshape(count, height, width)
    radius, size = derivatives.difference.shape[0] - 1, corner.size
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        scratch = _Scratch(
            np.empty(width + 2 * radius, np.float32),
            np.full(2 * radius + 1, -height - size - radius),
            np.empty((2 * radius + 1, width), np.float32),
            np.empty((2 * radius + 1, width), np.float32),
            np.empty((2, width), np.float32),
            np.full(size, -height - size),
            np.empty((size, 3, width), np.float32),
            np.empty((3, width + 2 * (size // 2))),
            np.empty((3, width)),
        )
        for y in range(top, bottom):
            _sum_columns(rows[image], y, derivatives, size, border, scratch)
            _sum_rows(scratch.columns, size, scratch.totals)
            _measure_row(scratch.totals, corner, out_rows[image, y])
