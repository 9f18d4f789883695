"""Loops over a segment of memory that filter by three or five taps a side: down columns, then along the row.

Bytes that become bytes are filtered in two loops. The first takes the even and the odd ones of each vector
apart, by a mask and a shift, and keeps sums of columns for a run of them; the second reads these sums at the
places around each pixel. Other values are filtered in one loop that keeps the sums of the columns before in
variables. The compiler turns these into vectors that it shifts by a lane; for bytes that takes longer.

Weights come in tuples, whose length chooses the arithmetic while a kernel is compiled:

three taps: ``()`` is the difference of the outer ones; ``(middle,)`` has outer weights of 1 and
``(outer, middle)`` is symmetric, too; else all three weights
five taps: ``()`` is the sum; ``(inner, middle)`` has outer weights of 1 and ``(outer, inner, middle)`` is
symmetric, too; else all five weights
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import overload

from cvkit._jit import helper
from cvkit._simd.numbers import multiply_add
from cvkit._tiles import parts_of, span
from cvkit.filters._math import rounded

# Pairs of bytes whose sums of columns are kept: few enough for the first cache.
RUN = 4096

# Two bytes side by side as one number: the even one and, shifted, the odd one.
PAIR, _LOW, _BYTE = np.uint16, np.uint16(255), np.uint16(8)


class Arithmetic(NamedTuple):
    """What becomes of the pixels around one: all that is known while this is compiled."""

    reach: Any  # the offsets of the taps behind the middle one: their number tells three from five
    y_weights: Any
    x_weights: Any
    y_sums: Any  # an empty array of the dtype of sums down the columns
    x_sums: Any  # and one of the dtype of sums of these
    rounding: Any


@helper(contract=False)
def _three(before, here, after, weights):
    number = type(here)
    if len(weights) == 0:
        return number(after - before)
    if len(weights) == 1:
        return multiply_add(here, weights[0], number(before + after))
    if len(weights) == 2:
        return multiply_add(number(before + after), weights[0], number(here * weights[1]))
    total = multiply_add(here, weights[1], number(before * weights[0]))
    return multiply_add(after, weights[2], total)


@helper(contract=False)
def _five(first, second, third, fourth, fifth, weights):
    number = type(third)
    if len(weights) == 0:
        return number(number(number(first + fifth) + number(second + fourth)) + third)
    if len(weights) == 2:
        total = multiply_add(number(second + fourth), weights[0], number(first + fifth))
        return multiply_add(third, weights[1], total)
    if len(weights) == 3:
        total = multiply_add(number(second + fourth), weights[1], number(third * weights[2]))
        return multiply_add(number(first + fifth), weights[0], total)
    total = multiply_add(second, weights[1], number(first * weights[0]))
    total = multiply_add(third, weights[2], total)
    total = multiply_add(fourth, weights[3], total)
    return multiply_add(fifth, weights[4], total)


@helper
def _column_of_three(a, b, c, x, arithmetic):
    number = arithmetic.y_sums.dtype.type
    return _three(number(a[x]), number(b[x]), number(c[x]), arithmetic.y_weights)


@helper
def _column_of_five(a, b, c, d, e, x, arithmetic):
    number = arithmetic.y_sums.dtype.type
    return _five(number(a[x]), number(b[x]), number(c[x]), number(d[x]), number(e[x]), arithmetic.y_weights)


@helper
def _row_of_three(before, here, after, arithmetic):
    number = arithmetic.x_sums.dtype.type
    total = _three(number(before), number(here), number(after), arithmetic.x_weights)
    return rounded(total, arithmetic.rounding)


@helper
def _row_of_five(first, second, third, fourth, fifth, arithmetic):
    number = arithmetic.x_sums.dtype.type
    total = _five(
        number(first), number(second), number(third), number(fourth), number(fifth), arithmetic.x_weights
    )
    return rounded(total, arithmetic.rounding)


@helper
def _sum_pairs_of_three(a, b, c, arithmetic, even, odd):
    number, weights = arithmetic.y_sums.dtype.type, arithmetic.y_weights
    for x in range(even.shape[0]):
        even[x] = _three(number(a[x] & _LOW), number(b[x] & _LOW), number(c[x] & _LOW), weights)
        odd[x] = _three(number(a[x] >> _BYTE), number(b[x] >> _BYTE), number(c[x] >> _BYTE), weights)


@helper
def _join_pairs_of_three(even, odd, arithmetic, out):
    for x in range(out.shape[0]):
        first = PAIR(_row_of_three(even[x], odd[x], even[x + 1], arithmetic))
        second = PAIR(_row_of_three(odd[x], even[x + 1], odd[x + 1], arithmetic))
        out[x] = PAIR(first | PAIR(second << _BYTE))


@helper
def _bytes_of_three(a, b, c, arithmetic, sums, out):
    pairs = out.shape[0] // 2
    for run in range(parts_of(pairs, RUN)):
        begin, end = span(run, RUN, pairs)
        even, odd = sums[0, : end - begin + 1], sums[1, : end - begin + 1]
        first, last = 2 * begin, 2 * end + 2
        _sum_pairs_of_three(
            a[first:last].view(PAIR),
            b[first:last].view(PAIR),
            c[first:last].view(PAIR),
            arithmetic,
            even,
            odd,
        )
        _join_pairs_of_three(even, odd, arithmetic, out[2 * begin : 2 * end].view(PAIR))
    if out.shape[0] % 2:
        x = out.shape[0] - 1
        before = _column_of_three(a, b, c, x, arithmetic)
        here = _column_of_three(a, b, c, x + 1, arithmetic)
        out[x] = _row_of_three(before, here, _column_of_three(a, b, c, x + 2, arithmetic), arithmetic)


@helper
def _values_of_three(a, b, c, arithmetic, sums, out):
    before = _column_of_three(a, b, c, 0, arithmetic)
    here = _column_of_three(a, b, c, 1, arithmetic)
    for x in range(out.shape[0]):
        after = _column_of_three(a, b, c, x + 2, arithmetic)
        out[x] = _row_of_three(before, here, after, arithmetic)
        before, here = here, after


@helper
def _sum_pairs_of_five(a, b, c, d, e, arithmetic, even, odd):
    number, weights = arithmetic.y_sums.dtype.type, arithmetic.y_weights
    for x in range(even.shape[0]):
        even[x] = _five(
            number(a[x] & _LOW),
            number(b[x] & _LOW),
            number(c[x] & _LOW),
            number(d[x] & _LOW),
            number(e[x] & _LOW),
            weights,
        )
        odd[x] = _five(
            number(a[x] >> _BYTE),
            number(b[x] >> _BYTE),
            number(c[x] >> _BYTE),
            number(d[x] >> _BYTE),
            number(e[x] >> _BYTE),
            weights,
        )


@helper
def _join_pairs_of_five(even, odd, arithmetic, out):
    for x in range(out.shape[0]):
        first = PAIR(_row_of_five(even[x], odd[x], even[x + 1], odd[x + 1], even[x + 2], arithmetic))
        second = PAIR(_row_of_five(odd[x], even[x + 1], odd[x + 1], even[x + 2], odd[x + 2], arithmetic))
        out[x] = PAIR(first | PAIR(second << _BYTE))


@helper
def _bytes_of_five(a, b, c, d, e, arithmetic, sums, out):
    pairs = out.shape[0] // 2
    for run in range(parts_of(pairs, RUN)):
        begin, end = span(run, RUN, pairs)
        even, odd = sums[0, : end - begin + 2], sums[1, : end - begin + 2]
        first, last = 2 * begin, 2 * end + 4
        _sum_pairs_of_five(
            a[first:last].view(PAIR),
            b[first:last].view(PAIR),
            c[first:last].view(PAIR),
            d[first:last].view(PAIR),
            e[first:last].view(PAIR),
            arithmetic,
            even,
            odd,
        )
        _join_pairs_of_five(even, odd, arithmetic, out[2 * begin : 2 * end].view(PAIR))
    if out.shape[0] % 2:
        x = out.shape[0] - 1
        out[x] = _row_of_five(
            _column_of_five(a, b, c, d, e, x, arithmetic),
            _column_of_five(a, b, c, d, e, x + 1, arithmetic),
            _column_of_five(a, b, c, d, e, x + 2, arithmetic),
            _column_of_five(a, b, c, d, e, x + 3, arithmetic),
            _column_of_five(a, b, c, d, e, x + 4, arithmetic),
            arithmetic,
        )


@helper
def _values_of_five(a, b, c, d, e, arithmetic, sums, out):
    first = _column_of_five(a, b, c, d, e, 0, arithmetic)
    second = _column_of_five(a, b, c, d, e, 1, arithmetic)
    third = _column_of_five(a, b, c, d, e, 2, arithmetic)
    fourth = _column_of_five(a, b, c, d, e, 3, arithmetic)
    for x in range(out.shape[0]):
        fifth = _column_of_five(a, b, c, d, e, x + 4, arithmetic)
        out[x] = _row_of_five(first, second, third, fourth, fifth, arithmetic)
        first, second, third, fourth = second, third, fourth, fifth


def filter_three_rows(a, b, c, arithmetic, sums, out):
    """Filter segments of three rows; each begins one value before ``out`` and ends one behind.

    ``sums`` is scratch space: two rows of more than RUN sums of columns.
    """
    _values_of_three(a, b, c, arithmetic, sums, out)


def filter_five_rows(a, b, c, d, e, arithmetic, sums, out):
    """Filter segments of five rows; each begins two values before ``out`` and ends two behind."""
    _values_of_five(a, b, c, d, e, arithmetic, sums, out)


def _are_bytes(values, sums, out):
    """Whether bytes become bytes by sums of whole numbers; all are types of arrays."""
    return values.dtype == out.dtype == types.uint8 and isinstance(sums.dtype, types.Integer)


@overload(filter_three_rows)
def _filter_three_rows(a, b, c, arithmetic, sums, out):
    """Choose by the types while a kernel is compiled."""
    chosen = _bytes_of_three if _are_bytes(a, sums, out) else _values_of_three
    return lambda a, b, c, arithmetic, sums, out: chosen(a, b, c, arithmetic, sums, out)


@overload(filter_five_rows)
def _filter_five_rows(a, b, c, d, e, arithmetic, sums, out):
    """Choose by the types while a kernel is compiled."""
    chosen = _bytes_of_five if _are_bytes(a, sums, out) else _values_of_five
    return lambda a, b, c, d, e, arithmetic, sums, out: chosen(a, b, c, d, e, arithmetic, sums, out)
