"""Loops over a segment of memory that filter by three or five taps a side: down columns, then along the row.

Unsigned values that stay as wide as they are, by sums of integers, are filtered in two loops. The first takes
the even and the odd ones of each vector apart, by a mask and a shift, and keeps sums of columns for a run of
them; the second reads these sums at the places around each pixel. Other values are filtered in one loop that
keeps the sums of the columns before in variables, which the compiler turns into vectors that it shifts by a
lane.

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
from cvkit.filters._math import AsItIs, rounded

# Bytes of sums of columns that are kept for even values, and for odd ones: few enough for the first cache.
RUN = 8192


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
def _lower(pair):
    """Return the even one of two values side by side, which come as one number."""
    number = type(pair)
    return number(pair & number((1 << (np.iinfo(number).bits // 2)) - 1))


@helper
def _upper(pair):
    """Return the odd one."""
    number = type(pair)
    return number(pair >> number(np.iinfo(number).bits // 2))


@helper
def _joined(even, odd, narrow, wide):
    """Return two values as one number of the type of ``wide``; they fit the type of ``narrow``."""
    value, number = type(narrow), type(wide)
    return number(number(value(even)) | number(number(value(odd)) << number(np.iinfo(number).bits // 2)))


@helper
def _sum_pairs_of_three(a, b, c, arithmetic, even, odd):
    number, weights = arithmetic.y_sums.dtype.type, arithmetic.y_weights
    for x in range(even.shape[0]):
        even[x] = _three(number(_lower(a[x])), number(_lower(b[x])), number(_lower(c[x])), weights)
        odd[x] = _three(number(_upper(a[x])), number(_upper(b[x])), number(_upper(c[x])), weights)


@helper
def _join_pairs_of_three(even, odd, arithmetic, units, out):
    narrow, wide = units
    for x in range(out.shape[0]):
        first = _row_of_three(even[x], odd[x], even[x + 1], arithmetic)
        second = _row_of_three(odd[x], even[x + 1], odd[x + 1], arithmetic)
        out[x] = _joined(first, second, narrow, wide)


@helper
def _pairs_of_three(a, b, c, arithmetic, sums, units, out):
    """Filter in two loops; ``units`` are numbers of the type of a value, and of the type of two of them."""
    pairs, run = out.shape[0] // 2, RUN // sums.itemsize
    pair = type(units[1])
    for part in range(parts_of(pairs, run)):
        begin, end = span(part, run, pairs)
        even, odd = sums[0, : end - begin + 1], sums[1, : end - begin + 1]
        first, last = 2 * begin, 2 * end + 2
        _sum_pairs_of_three(
            a[first:last].view(pair),
            b[first:last].view(pair),
            c[first:last].view(pair),
            arithmetic,
            even,
            odd,
        )
        _join_pairs_of_three(even, odd, arithmetic, units, out[2 * begin : 2 * end].view(pair))
    if out.shape[0] % 2:
        x = out.shape[0] - 1
        before = _column_of_three(a, b, c, x, arithmetic)
        here = _column_of_three(a, b, c, x + 1, arithmetic)
        out[x] = _row_of_three(before, here, _column_of_three(a, b, c, x + 2, arithmetic), arithmetic)


@helper
def _values_of_three(a, b, c, arithmetic, out):
    before = _column_of_three(a, b, c, 0, arithmetic)
    here = _column_of_three(a, b, c, 1, arithmetic)
    for x in range(out.shape[0]):
        after = _column_of_three(a, b, c, x + 2, arithmetic)
        out[x] = _row_of_three(before, here, after, arithmetic)
        before, here = here, after


@helper
def _integers_of_three(a, b, c, arithmetic, out):
    """Filter two values at a time: to round them takes longer than to take their vectors apart."""
    length = out.shape[0]
    before = _column_of_three(a, b, c, 0, arithmetic)
    here = _column_of_three(a, b, c, 1, arithmetic)
    for pair in range(length // 2):
        even = _column_of_three(a, b, c, 2 * pair + 2, arithmetic)
        odd = _column_of_three(a, b, c, 2 * pair + 3, arithmetic)
        out[2 * pair] = _row_of_three(before, here, even, arithmetic)
        out[2 * pair + 1] = _row_of_three(here, even, odd, arithmetic)
        before, here = even, odd
    if length % 2:
        after = _column_of_three(a, b, c, length + 1, arithmetic)
        out[length - 1] = _row_of_three(before, here, after, arithmetic)


@helper
def _sum_pairs_of_five(a, b, c, d, e, arithmetic, even, odd):
    number, weights = arithmetic.y_sums.dtype.type, arithmetic.y_weights
    for x in range(even.shape[0]):
        even[x] = _five(
            number(_lower(a[x])),
            number(_lower(b[x])),
            number(_lower(c[x])),
            number(_lower(d[x])),
            number(_lower(e[x])),
            weights,
        )
        odd[x] = _five(
            number(_upper(a[x])),
            number(_upper(b[x])),
            number(_upper(c[x])),
            number(_upper(d[x])),
            number(_upper(e[x])),
            weights,
        )


@helper
def _join_pairs_of_five(even, odd, arithmetic, units, out):
    narrow, wide = units
    for x in range(out.shape[0]):
        first = _row_of_five(even[x], odd[x], even[x + 1], odd[x + 1], even[x + 2], arithmetic)
        second = _row_of_five(odd[x], even[x + 1], odd[x + 1], even[x + 2], odd[x + 2], arithmetic)
        out[x] = _joined(first, second, narrow, wide)


@helper
def _pairs_of_five(rows, arithmetic, sums, units, out):
    """Filter in two loops, as :func:`_pairs_of_three`."""
    a, b, c, d, e = rows
    pairs, run = out.shape[0] // 2, RUN // sums.itemsize
    pair = type(units[1])
    for part in range(parts_of(pairs, run)):
        begin, end = span(part, run, pairs)
        even, odd = sums[0, : end - begin + 2], sums[1, : end - begin + 2]
        first, last = 2 * begin, 2 * end + 4
        _sum_pairs_of_five(
            a[first:last].view(pair),
            b[first:last].view(pair),
            c[first:last].view(pair),
            d[first:last].view(pair),
            e[first:last].view(pair),
            arithmetic,
            even,
            odd,
        )
        _join_pairs_of_five(even, odd, arithmetic, units, out[2 * begin : 2 * end].view(pair))
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
def _values_of_five(rows, arithmetic, out):
    a, b, c, d, e = rows
    first = _column_of_five(a, b, c, d, e, 0, arithmetic)
    second = _column_of_five(a, b, c, d, e, 1, arithmetic)
    third = _column_of_five(a, b, c, d, e, 2, arithmetic)
    fourth = _column_of_five(a, b, c, d, e, 3, arithmetic)
    for x in range(out.shape[0]):
        fifth = _column_of_five(a, b, c, d, e, x + 4, arithmetic)
        out[x] = _row_of_five(first, second, third, fourth, fifth, arithmetic)
        first, second, third, fourth = second, third, fourth, fifth


@helper
def _integers_of_five(rows, arithmetic, out):
    """Filter two values at a time, because vectors are shifted less often."""
    a, b, c, d, e = rows
    length = out.shape[0]
    first = _column_of_five(a, b, c, d, e, 0, arithmetic)
    second = _column_of_five(a, b, c, d, e, 1, arithmetic)
    third = _column_of_five(a, b, c, d, e, 2, arithmetic)
    fourth = _column_of_five(a, b, c, d, e, 3, arithmetic)
    for pair in range(length // 2):
        even = _column_of_five(a, b, c, d, e, 2 * pair + 4, arithmetic)
        odd = _column_of_five(a, b, c, d, e, 2 * pair + 5, arithmetic)
        out[2 * pair] = _row_of_five(first, second, third, fourth, even, arithmetic)
        out[2 * pair + 1] = _row_of_five(second, third, fourth, even, odd, arithmetic)
        first, second, third, fourth = third, fourth, even, odd
    if length % 2:
        fifth = _column_of_five(a, b, c, d, e, length + 3, arithmetic)
        out[length - 1] = _row_of_five(first, second, third, fourth, fifth, arithmetic)


def filter_three_rows(a, b, c, arithmetic, sums, out):
    """Filter segments of three rows; each begins one value before ``out`` and ends one behind.

    ``sums`` is scratch space: two rows of more than RUN bytes.
    """
    _values_of_three(a, b, c, arithmetic, out)


def filter_five_rows(rows, arithmetic, sums, out):
    """Filter segments of five rows; each begins two values before ``out`` and ends two behind."""
    _values_of_five(rows, arithmetic, out)


def _types_in(arithmetic):
    """Return the types of the parts by their names."""
    return dict(zip(arithmetic.fields, arithmetic.types, strict=True))


def _units(values, parts, out):
    """Return a number as wide as a value and one as wide as two if the loops of pairs serve; takes types."""
    sums = parts["y_sums"].dtype, parts["x_sums"].dtype
    if values.dtype != out.dtype or not all(isinstance(dtype, types.Integer) for dtype in sums):
        return None
    units = {types.uint8: (np.uint8(0), np.uint16(0)), types.uint16: (np.uint16(0), np.uint32(0))}
    return units.get(out.dtype)


@overload(filter_three_rows)
def _filter_three_rows(a, b, c, arithmetic, sums, out):
    """Choose by the types while a kernel is compiled."""
    parts = _types_in(arithmetic)
    units = _units(a, parts, out)
    if units is not None:
        return lambda a, b, c, arithmetic, sums, out: _pairs_of_three(a, b, c, arithmetic, sums, units, out)
    is_plain = parts["rounding"].instance_class is AsItIs or isinstance(sums.dtype, types.Float)
    chosen = _values_of_three if is_plain else _integers_of_three
    return lambda a, b, c, arithmetic, sums, out: chosen(a, b, c, arithmetic, out)


@overload(filter_five_rows)
def _filter_five_rows(rows, arithmetic, sums, out):
    """Choose by the types while a kernel is compiled."""
    units = _units(rows[0], _types_in(arithmetic), out)
    if units is not None:
        return lambda rows, arithmetic, sums, out: _pairs_of_five(rows, arithmetic, sums, units, out)
    chosen = _values_of_five if isinstance(sums.dtype, types.Float) else _integers_of_five
    return lambda rows, arithmetic, sums, out: chosen(rows, arithmetic, out)
