"""Separable kernels on the CPU, and the sums that all linear filters here are made of: weighted sums of rows.

A tap is a segment of a row and its weight. Rows are seen flat, as width times channels values, so that one
loop serves every channel count and a neighbor in x is ``channels`` values further.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, strip
from cvkit.filters._math import rounded

# Rows of output that one task makes.
STRIP = 64


class Image(NamedTuple):
    """What a task reads: an image's rows, flat, and what lies beyond them."""

    rows: Any  # (height, width * channels)
    channels: Any
    border: Any
    outside: Any  # a row of the border's value


class _Scratch(NamedTuple):
    """What a task writes on its way."""

    tap_rows: Any  # for each tap along y, the row it is in
    tap_starts: Any  # and where it begins there: at 0
    x_starts: Any  # for each tap along x, where it begins in its extended row
    columns: Any  # for each term, its sums down the columns, extended to both sides
    begin: Any  # where the inner ones begin
    total: Any  # sums along a row


@helper
def _two(a, b, weights, total):
    number = total.dtype.type
    weight_a, weight_b = weights[0], weights[1]
    for x in range(total.shape[0]):
        total[x] = number(number(number(a[x]) * weight_a) + number(number(b[x]) * weight_b))


@helper
def _three(a, b, c, weights, total):
    number = total.dtype.type
    weight_a, weight_b, weight_c = weights[0], weights[1], weights[2]
    for x in range(total.shape[0]):
        outer = number(number(number(a[x]) * weight_a) + number(number(c[x]) * weight_c))
        total[x] = number(number(number(b[x]) * weight_b) + outer)


@helper
def _five(a, b, c, d, e, weights, total):
    number = total.dtype.type
    weight_a, weight_b, weight_c, weight_d, weight_e = (
        weights[0],
        weights[1],
        weights[2],
        weights[3],
        weights[4],
    )
    for x in range(total.shape[0]):
        outer = number(number(number(a[x]) * weight_a) + number(number(e[x]) * weight_e))
        inner = number(number(number(b[x]) * weight_b) + number(number(d[x]) * weight_d))
        total[x] = number(number(number(c[x]) * weight_c) + number(inner + outer))


@helper
def _three_differences(a, b, c, d, e, f, weights, total):
    """Sum six taps whose weights are those of the first three, mirrored and negated: a first derivative."""
    number = total.dtype.type
    weight_a, weight_b, weight_c = weights[0], weights[1], weights[2]
    for x in range(total.shape[0]):
        outer = number(number(number(a[x]) - number(f[x])) * weight_a)
        middle = number(number(number(b[x]) - number(e[x])) * weight_b)
        inner = number(number(number(c[x]) - number(d[x])) * weight_c)
        total[x] = number(number(outer + middle) + inner)


@helper
def _add_four(a, b, c, d, weights, total):
    number = total.dtype.type
    weight_a, weight_b, weight_c, weight_d = weights[0], weights[1], weights[2], weights[3]
    for x in range(total.shape[0]):
        outer = number(number(number(a[x]) * weight_a) + number(number(d[x]) * weight_d))
        inner = number(number(number(b[x]) * weight_b) + number(number(c[x]) * weight_c))
        total[x] = number(total[x] + number(inner + outer))


@helper(inline=True)
def row_segment(rows, outside, row, start, length):
    """Return a part of a row, or of ``outside`` where the row is -1."""
    if row < 0:
        return outside[:length]
    return rows[row][start : start + length]


@helper
def _is_antisymmetric(weights):
    symmetric_parts = 0
    for tap in range(weights.shape[0]):
        symmetric_parts += weights[tap] != -weights[weights.shape[0] - 1 - tap]
    return symmetric_parts == 0


@helper
def weighted_sum(rows, outside, tap_rows, tap_starts, weights, total):
    """Sum the taps into ``total``; tap t begins at ``rows[tap_rows[t], tap_starts[t]]``.

    A row of -1 stands for the row ``outside``. The count of taps is 2 or 3, or has a remainder of 1, 2 or 3
    when divided by 4: two, three or five of them begin the sum, in one loop, and four at a time are added.
    The six of a first derivative, the upper half of the weights minus the lower, are one loop.
    """
    length = total.shape[0]
    count = weights.shape[0]
    a = row_segment(rows, outside, tap_rows[0], tap_starts[0], length)
    b = row_segment(rows, outside, tap_rows[1], tap_starts[1], length)
    if count == 6 and _is_antisymmetric(weights):
        done = 6
        c = row_segment(rows, outside, tap_rows[2], tap_starts[2], length)
        d = row_segment(rows, outside, tap_rows[3], tap_starts[3], length)
        e = row_segment(rows, outside, tap_rows[4], tap_starts[4], length)
        f = row_segment(rows, outside, tap_rows[5], tap_starts[5], length)
        _three_differences(a, b, c, d, e, f, weights, total)
    elif count % 4 == 2:
        done = 2
        _two(a, b, weights, total)
    else:
        c = row_segment(rows, outside, tap_rows[2], tap_starts[2], length)
        if count % 4 == 3:
            done = 3
            _three(a, b, c, weights, total)
        else:
            done = 5
            d = row_segment(rows, outside, tap_rows[3], tap_starts[3], length)
            e = row_segment(rows, outside, tap_rows[4], tap_starts[4], length)
            _five(a, b, c, d, e, weights, total)
    for tap in range(done, count, 4):
        a = row_segment(rows, outside, tap_rows[tap], tap_starts[tap], length)
        b = row_segment(rows, outside, tap_rows[tap + 1], tap_starts[tap + 1], length)
        c = row_segment(rows, outside, tap_rows[tap + 2], tap_starts[tap + 2], length)
        d = row_segment(rows, outside, tap_rows[tap + 3], tap_starts[tap + 3], length)
        _add_four(a, b, c, d, weights[tap : tap + 4], total)


@helper
def round_and_store(total, rounding, out):
    """Round a row of sums into a row of the result."""
    for x in range(out.shape[0]):
        out[x] = rounded(total[x], rounding)


@helper
def filter_segment(rows, outside, tap_rows, tap_starts, weights, rounding, total, out):
    """Sum the taps, as :func:`weighted_sum`, and round into ``out``; ``total`` is scratch space."""
    # Nothing to round: what is known of a tuple while this is compiled is its length.
    if len(rounding) == 0:
        weighted_sum(rows, outside, tap_rows, tap_starts, weights, out)
    else:
        weighted_sum(rows, outside, tap_rows, tap_starts, weights, total[: out.shape[0]])
        round_and_store(total, rounding, out)


@helper
def largest_offset(offsets):
    """Return how many pixels a row must be extended by for these taps."""
    radius = 0
    for offset in offsets:
        radius = max(radius, abs(offset))
    return radius


@helper(allocates=True)
def extended_rows(count, reach, length, dtype):
    """Allocate rows of ``length`` values and ``reach`` more at both ends; return also where the inner begin.

    They begin on a cache line, because stores of vectors that straddle two lines are slower.
    """
    line = 64 // np.empty(0, dtype).itemsize
    stride = (length + 2 * reach + 2 * line - 1) // line * line
    rows = np.empty((count, stride), dtype)
    misplaced = (rows.ctypes.data // rows.itemsize + reach) % line
    return rows, reach + (line - misplaced) % line


@helper
def _filter_strip(image, y_taps, x_taps, outside_columns, rounding, bounds, scratch, out):
    """Filter the rows between ``bounds``."""
    height, length = image.rows.shape
    radius = largest_offset(x_taps.offsets)
    reach, begin = radius * image.channels, scratch.begin
    tap_rows, columns = scratch.tap_rows, scratch.columns
    for y in range(bounds[0], bounds[1]):
        for tap in range(tap_rows.shape[0]):
            tap_rows[tap] = border_index(y + y_taps.offsets[tap], height, image.border)
        for term in range(columns.shape[0]):
            sums, weights = columns[term, begin : begin + length], y_taps.weights[term]
            weighted_sum(image.rows, image.outside, tap_rows, scratch.tap_starts, weights, sums)
            extended = columns[term, begin - reach : begin + length + reach]
            extend_row(extended, radius, image.channels, image.border, outside_columns[term])
        filter_segment(
            columns,
            columns[0],
            x_taps.terms,
            scratch.x_starts,
            x_taps.weights,
            rounding,
            scratch.total,
            out[y],
        )


@cpu_kernel
def separable(source, y_taps, x_taps, border, border_value, outside_columns, rounding, out):
    """Filter down the columns, once for each term, then along the rows over all terms together."""
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height, length)
    outside = np.full(length, border_value, source.dtype)
    radius = largest_offset(x_taps.offsets)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        position, top, bottom = strip(task, strips, STRIP, height)
        terms = y_taps.weights.shape[0]
        columns, begin = extended_rows(terms, radius * channels, length, y_taps.weights.dtype)
        scratch = _Scratch(
            np.empty_like(y_taps.offsets),
            np.zeros_like(y_taps.offsets),
            begin + x_taps.offsets * channels,
            columns,
            begin,
            np.empty(length, x_taps.weights.dtype),
        )
        image = Image(rows[position], channels, border, outside)
        _filter_strip(
            image, y_taps, x_taps, outside_columns, rounding, (top, bottom), scratch, out_rows[position]
        )
