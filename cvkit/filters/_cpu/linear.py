"""Linear filters on the CPU: weighted sums of rows.

A tap is a stretch of a row and its weight. Rows are seen flat, as width times channels values, so that one
loop serves every channel count and a neighbor in x is ``channels`` values further.
"""

import numpy as np

from cvkit._border import border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit.filters._math import finish

# Rows of output that one task makes.
STRIP = 64


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
def stretch(rows, outside, row, start, length):
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
def weigh(rows, outside, tap_rows, tap_starts, weights, total):
    """Sum the taps into ``total``; tap t begins at ``rows[tap_rows[t], tap_starts[t]]``.

    A row of -1 stands for the row ``outside``. The count of taps is 2 or 3, or has a remainder of 1, 2 or 3
    when divided by 4: two, three or five of them begin the sum, in one loop, and four at a time are added.
    The six of a first derivative, the upper half of the weights minus the lower, are one loop.
    """
    length = total.shape[0]
    count = weights.shape[0]
    a = stretch(rows, outside, tap_rows[0], tap_starts[0], length)
    b = stretch(rows, outside, tap_rows[1], tap_starts[1], length)
    if count == 6 and _is_antisymmetric(weights):
        done = 6
        c = stretch(rows, outside, tap_rows[2], tap_starts[2], length)
        d = stretch(rows, outside, tap_rows[3], tap_starts[3], length)
        e = stretch(rows, outside, tap_rows[4], tap_starts[4], length)
        f = stretch(rows, outside, tap_rows[5], tap_starts[5], length)
        _three_differences(a, b, c, d, e, f, weights, total)
    elif count % 4 == 2:
        done = 2
        _two(a, b, weights, total)
    else:
        c = stretch(rows, outside, tap_rows[2], tap_starts[2], length)
        if count % 4 == 3:
            done = 3
            _three(a, b, c, weights, total)
        else:
            done = 5
            d = stretch(rows, outside, tap_rows[3], tap_starts[3], length)
            e = stretch(rows, outside, tap_rows[4], tap_starts[4], length)
            _five(a, b, c, d, e, weights, total)
    for tap in range(done, count, 4):
        a = stretch(rows, outside, tap_rows[tap], tap_starts[tap], length)
        b = stretch(rows, outside, tap_rows[tap + 1], tap_starts[tap + 1], length)
        c = stretch(rows, outside, tap_rows[tap + 2], tap_starts[tap + 2], length)
        d = stretch(rows, outside, tap_rows[tap + 3], tap_starts[tap + 3], length)
        _add_four(a, b, c, d, weights[tap : tap + 4], total)


@helper
def finish_row(total, rounding, out):
    """Round a row of sums into a row of the result."""
    for x in range(out.shape[0]):
        out[x] = finish(total[x], total, rounding)


@helper(allocates=True)
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
def _separable_strip(
    rows,
    outside,
    y_offsets,
    y_weights,
    x_terms,
    x_weights,
    border,
    outside_columns,
    rounding,
    channels,
    top,
    bottom,
    tap_rows,
    tap_starts,
    x_starts,
    columns,
    begin,
    radius,
    total,
    out,
):
    """Filter the rows from ``top`` to ``bottom``; the last arrays before ``out`` are scratch space."""
    length = rows.shape[1]
    reach = radius * channels
    for y in range(top, bottom):
        for tap in range(y_offsets.shape[0]):
            tap_rows[tap] = border_index(y + y_offsets[tap], rows.shape[0], border)
        for term in range(columns.shape[0]):
            column = columns[term]
            weigh(rows, outside, tap_rows, tap_starts, y_weights[term], column[begin : begin + length])
            extended = column[begin - reach : begin + length + reach]
            extend_row(extended, radius, channels, border, outside_columns[term])
        if len(rounding) == 0:
            weigh(columns, columns[0], x_terms, x_starts, x_weights, out[y])
        else:
            weigh(columns, columns[0], x_terms, x_starts, x_weights, total)
            finish_row(total, rounding, out[y])


@cpu_kernel
def separable(
    source,
    y_offsets,
    y_weights,
    x_terms,
    x_offsets,
    x_weights,
    border,
    border_value,
    outside_columns,
    rounding,
    out,
):
    """Filter down the columns, once for each term, then along the rows over all terms together."""
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, height, length)
    outside = np.full(length, border_value, source.dtype)
    radius = largest_offset(x_offsets)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        columns, begin = extended_rows(y_weights.shape[0], radius * channels, length, y_weights.dtype)
        x_starts = begin + x_offsets * channels
        total = np.empty(length, x_weights.dtype)
        tap_rows = np.empty_like(y_offsets)
        tap_starts = np.zeros_like(y_offsets)
        _separable_strip(
            rows[image],
            outside,
            y_offsets,
            y_weights,
            x_terms,
            x_weights,
            border,
            outside_columns,
            rounding,
            channels,
            top,
            min(top + STRIP, height),
            tap_rows,
            tap_starts,
            x_starts,
            columns,
            begin,
            radius,
            total,
            out_rows[image],
        )
