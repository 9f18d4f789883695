"""Local binary patterns on the CPU: a row at a time, point by point."""

import math

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import parts_of, strip
from cvkit.features._texture_math import (
    NRI_UNIFORM,
    ROR,
    UNIFORM,
    VAR,
    between,
    directed_number,
    rotated,
    uniform_number,
    variance,
)

# Rows of one task; those around them are converted twice.
STRIP = 64


@helper
def _load_row(rows, y, reach, target):
    """Convert row ``y`` to float64, with zeros around it; beyond the image all are."""
    if y < 0 or y >= rows.shape[0]:
        target[:] = 0.0
        return
    row, inner = rows[y], target[reach : reach + rows.shape[1]]
    target[:reach] = 0.0
    target[reach + rows.shape[1] :] = 0.0
    for x in range(row.shape[0]):
        inner[x] = np.float64(row[x])


@helper
def _copy_from(row, begin, out):
    values = row[begin:]
    for x in range(out.shape[0]):
        out[x] = values[x]


@helper(contract=False)
def _interpolate(top, bottom, begin, places, step, share, out):
    """Interpolate between two rows ``step`` columns from each place."""
    upper, upper_next = top[begin:], top[begin + 1 :]
    lower, lower_next = bottom[begin:], bottom[begin + 1 :]
    whole = math.floor(step)
    for x in range(out.shape[0]):
        # As a difference of rounded numbers, because a tie with the pixel depends on it.
        across = (places[x] + step) - (places[x] + whole)
        out[x] = between((upper[x], upper_next[x], lower[x], lower_next[x]), across, share)


@helper
def _set_bits(values, center, bit, bits):
    for x in range(bits.shape[0]):
        is_above = np.uint32(values[x] - center[x] >= 0)
        bits[x] = np.uint32(bits[x] | np.uint32(is_above << bit))


@helper(contract=False)
def _add_squares(values, totals, squares):
    for x in range(values.shape[0]):
        totals[x] += values[x]
        squares[x] += values[x] * values[x]


@helper
def _sample_point(ring, y, circle, point, places, values):
    """Sample row ``y`` at one point around each of its pixels."""
    step_y, step_x = circle.rows[point], circle.columns[point]
    row = y + step_y
    above, below = math.floor(row), math.ceil(row)
    top, bottom = ring[np.int64(above) % ring.shape[0]], ring[np.int64(below) % ring.shape[0]]
    begin = circle.reach + np.int64(math.floor(step_x))
    if above == below and step_x == math.floor(step_x):
        _copy_from(top, begin, values)
    else:
        _interpolate(top, bottom, begin, places, step_x, row - above, values)


@helper
def _rotate(bits, points, smallest):
    for x in range(bits.shape[0]):
        bits[x] = rotated(bits[x], points)
        smallest[x] = min(smallest[x], bits[x])


@helper
def _write_numbers(bits, points, method, out):
    if method == UNIFORM:
        for x in range(out.shape[0]):
            out[x] = np.float64(uniform_number(bits[x], points))
    elif method == NRI_UNIFORM:
        for x in range(out.shape[0]):
            out[x] = np.float64(directed_number(bits[x], points))
    else:
        for x in range(out.shape[0]):
            out[x] = np.float64(bits[x])


@helper
def _write_variances(totals, squares, points, out):
    for x in range(out.shape[0]):
        out[x] = variance(totals[x], squares[x], points)


@helper
def _describe_row(ring, y, circle, method, scratch, out):
    """Describe row ``y``, with the rows around it in the ring: row i in slot ``i % len(ring)``."""
    places, values, totals, squares, bits, smallest = scratch
    points, width = circle.rows.shape[0], out.shape[0]
    center = ring[y % ring.shape[0]][circle.reach : circle.reach + width]
    totals[:] = 0.0
    squares[:] = 0.0
    bits[:] = np.uint32(0)
    for point in range(points):
        _sample_point(ring, y, circle, point, places, values)
        if method == VAR:
            _add_squares(values, totals, squares)
        else:
            _set_bits(values, center, np.uint32(point), bits)
    if method == VAR:
        _write_variances(totals, squares, np.float64(points), out)
    elif method == ROR:
        copy_row(bits, smallest)
        for _ in range(points - 1):
            _rotate(bits, points, smallest)
        _write_numbers(smallest, points, method, out)
    else:
        _write_numbers(bits, points, method, out)


@cpu_kernel
def describe_patterns(source, circle, method, out):
    """Describe each pixel of gray images by those on a circle around it."""
    count, height, width, _ = source.shape
    rows, out_rows = source.reshape(count, height, width), out.reshape(count, height, width)
    reach = circle.reach
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        ring = np.empty((2 * reach + 1, width + 2 * reach + 1))
        scratch = (
            np.arange(width).astype(np.float64),
            np.empty(width),
            np.empty(width),
            np.empty(width),
            np.empty(width, np.uint32),
            np.empty(width, np.uint32),
        )
        for y in range(top - reach, top + reach):
            _load_row(rows[image], y, reach, ring[y % ring.shape[0]])
        for y in range(top, bottom):
            _load_row(rows[image], y + reach, reach, ring[(y + reach) % ring.shape[0]])
            _describe_row(ring, y, circle, method, scratch, out_rows[image, y])
