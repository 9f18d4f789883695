"""Loops over a segment of memory that filter by three or five taps a side: down columns, then along the row.

Unsigned values that stay as wide as they are, by sums of integers, are filtered in two loops. The first takes
the even and the odd ones of each vector apart, by a mask and a shift, and keeps sums of columns for a run of
them; the second reads these sums at the places around each pixel. Other values are filtered in one loop that
keeps the sums of the columns before in variables, which the compiler turns into vectors that it shifts by a
lane, for images of one channel.
"""

import numpy as np
from numba import types
from numba.extending import overload

from cvkit._jit import helper
from cvkit._tiles import parts_of, span
from cvkit.filters._cpu.short_sums import (
    column_of_five,
    column_of_three,
    lower_half,
    row_of_five,
    row_of_three,
    sum_of_five,
    sum_of_three,
    types_in,
    upper_half,
)
from cvkit.filters._math import AsItIs

# Bytes of sums of columns that are kept for even values, and for odd ones: few enough for the first cache.
RUN = 8192


@helper
def _joined(even, odd, narrow, wide):
    """Return two values as one number of the type of ``wide``; they fit the type of ``narrow``."""
    value, number = type(narrow), type(wide)
    return number(number(value(even)) | number(number(value(odd)) << number(np.iinfo(number).bits // 2)))


@helper
def _value(even, odd, x, distance):
    """Return what is so many values behind the even one of pair ``x``; the compiler knows the distance."""
    return odd[x + distance // 2] if distance % 2 else even[x + distance // 2]


@helper
def _sum_pairs_of_three(a, b, c, arithmetic, even, odd):
    number, weights = arithmetic.y_sums.dtype.type, arithmetic.y_weights
    for x in range(even.shape[0]):
        even[x] = sum_of_three(
            number(lower_half(a[x])), number(lower_half(b[x])), number(lower_half(c[x])), weights
        )
        odd[x] = sum_of_three(
            number(upper_half(a[x])), number(upper_half(b[x])), number(upper_half(c[x])), weights
        )


@helper
def _join_pairs_of_three(even, odd, arithmetic, units, out):
    narrow, wide = units
    step = len(arithmetic.pixel)
    for x in range(out.shape[0]):
        here, after = _value(even, odd, x, step), _value(even, odd, x, 2 * step)
        first = row_of_three(even[x], here, after, arithmetic)
        here, after = _value(even, odd, x, step + 1), _value(even, odd, x, 2 * step + 1)
        second = row_of_three(odd[x], here, after, arithmetic)
        out[x] = _joined(first, second, narrow, wide)


@helper
def _pairs_of_three(a, b, c, arithmetic, sums, units, out):
    """Filter in two loops; ``units`` are numbers of the type of a value, and of the type of two of them."""
    pairs, run = out.shape[0] // 2, RUN // sums.itemsize
    pair, step = type(units[1]), len(arithmetic.pixel)
    for part in range(parts_of(pairs, run)):
        begin, end = span(part, run, pairs)
        even, odd = sums[0, : end - begin + step], sums[1, : end - begin + step]
        first, last = 2 * begin, 2 * (end + step)
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
        before = column_of_three(a, b, c, x, arithmetic)
        here = column_of_three(a, b, c, x + step, arithmetic)
        after = column_of_three(a, b, c, x + 2 * step, arithmetic)
        out[x] = row_of_three(before, here, after, arithmetic)


@helper
def _values_of_three(a, b, c, arithmetic, out):
    before = column_of_three(a, b, c, 0, arithmetic)
    here = column_of_three(a, b, c, 1, arithmetic)
    for x in range(out.shape[0]):
        after = column_of_three(a, b, c, x + 2, arithmetic)
        out[x] = row_of_three(before, here, after, arithmetic)
        before, here = here, after


@helper
def _integers_of_three(a, b, c, arithmetic, out):
    """Filter two values at a time: to round them takes longer than to take their vectors apart."""
    length = out.shape[0]
    before = column_of_three(a, b, c, 0, arithmetic)
    here = column_of_three(a, b, c, 1, arithmetic)
    for pair in range(length // 2):
        even = column_of_three(a, b, c, 2 * pair + 2, arithmetic)
        odd = column_of_three(a, b, c, 2 * pair + 3, arithmetic)
        out[2 * pair] = row_of_three(before, here, even, arithmetic)
        out[2 * pair + 1] = row_of_three(here, even, odd, arithmetic)
        before, here = even, odd
    if length % 2:
        after = column_of_three(a, b, c, length + 1, arithmetic)
        out[length - 1] = row_of_three(before, here, after, arithmetic)


@helper
def _sum_pairs_of_five(a, b, c, d, e, arithmetic, even, odd):
    number, weights = arithmetic.y_sums.dtype.type, arithmetic.y_weights
    for x in range(even.shape[0]):
        even[x] = sum_of_five(
            number(lower_half(a[x])),
            number(lower_half(b[x])),
            number(lower_half(c[x])),
            number(lower_half(d[x])),
            number(lower_half(e[x])),
            weights,
        )
        odd[x] = sum_of_five(
            number(upper_half(a[x])),
            number(upper_half(b[x])),
            number(upper_half(c[x])),
            number(upper_half(d[x])),
            number(upper_half(e[x])),
            weights,
        )


@helper
def _join_pairs_of_five(even, odd, arithmetic, units, out):
    narrow, wide = units
    step = len(arithmetic.pixel)
    for x in range(out.shape[0]):
        first = row_of_five(
            even[x],
            _value(even, odd, x, step),
            _value(even, odd, x, 2 * step),
            _value(even, odd, x, 3 * step),
            _value(even, odd, x, 4 * step),
            arithmetic,
        )
        second = row_of_five(
            odd[x],
            _value(even, odd, x, step + 1),
            _value(even, odd, x, 2 * step + 1),
            _value(even, odd, x, 3 * step + 1),
            _value(even, odd, x, 4 * step + 1),
            arithmetic,
        )
        out[x] = _joined(first, second, narrow, wide)


@helper
def _pairs_of_five(rows, arithmetic, sums, units, out):
    """Filter in two loops, as :func:`_pairs_of_three`."""
    a, b, c, d, e = rows
    pairs, run = out.shape[0] // 2, RUN // sums.itemsize
    pair, step = type(units[1]), len(arithmetic.pixel)
    for part in range(parts_of(pairs, run)):
        begin, end = span(part, run, pairs)
        even, odd = sums[0, : end - begin + 2 * step], sums[1, : end - begin + 2 * step]
        first, last = 2 * begin, 2 * (end + 2 * step)
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
        out[x] = row_of_five(
            column_of_five(a, b, c, d, e, x, arithmetic),
            column_of_five(a, b, c, d, e, x + step, arithmetic),
            column_of_five(a, b, c, d, e, x + 2 * step, arithmetic),
            column_of_five(a, b, c, d, e, x + 3 * step, arithmetic),
            column_of_five(a, b, c, d, e, x + 4 * step, arithmetic),
            arithmetic,
        )


@helper
def _values_of_five(rows, arithmetic, out):
    a, b, c, d, e = rows
    first = column_of_five(a, b, c, d, e, 0, arithmetic)
    second = column_of_five(a, b, c, d, e, 1, arithmetic)
    third = column_of_five(a, b, c, d, e, 2, arithmetic)
    fourth = column_of_five(a, b, c, d, e, 3, arithmetic)
    for x in range(out.shape[0]):
        fifth = column_of_five(a, b, c, d, e, x + 4, arithmetic)
        out[x] = row_of_five(first, second, third, fourth, fifth, arithmetic)
        first, second, third, fourth = second, third, fourth, fifth


@helper
def _integers_of_five(rows, arithmetic, out):
    """Filter two values at a time, because vectors are shifted less often."""
    a, b, c, d, e = rows
    length = out.shape[0]
    first = column_of_five(a, b, c, d, e, 0, arithmetic)
    second = column_of_five(a, b, c, d, e, 1, arithmetic)
    third = column_of_five(a, b, c, d, e, 2, arithmetic)
    fourth = column_of_five(a, b, c, d, e, 3, arithmetic)
    for pair in range(length // 2):
        even = column_of_five(a, b, c, d, e, 2 * pair + 4, arithmetic)
        odd = column_of_five(a, b, c, d, e, 2 * pair + 5, arithmetic)
        out[2 * pair] = row_of_five(first, second, third, fourth, even, arithmetic)
        out[2 * pair + 1] = row_of_five(second, third, fourth, even, odd, arithmetic)
        first, second, third, fourth = third, fourth, even, odd
    if length % 2:
        fifth = column_of_five(a, b, c, d, e, length + 3, arithmetic)
        out[length - 1] = row_of_five(first, second, third, fourth, fifth, arithmetic)


def filter_three_rows(a, b, c, arithmetic, sums, out):
    """Filter segments of three rows; each begins one pixel before ``out`` and ends one behind.

    ``sums`` is scratch space: two rows of more than RUN bytes.
    """
    step = len(arithmetic.pixel)
    columns = [column_of_three(a, b, c, x, arithmetic) for x in range(out.shape[0] + 2 * step)]
    for x in range(out.shape[0]):
        out[x] = row_of_three(*columns[x : x + 2 * step + 1 : step], arithmetic)


def filter_five_rows(rows, arithmetic, sums, out):
    """Filter segments of five rows; each begins two pixels before ``out`` and ends two behind."""
    step = len(arithmetic.pixel)
    columns = [column_of_five(*rows, x, arithmetic) for x in range(out.shape[0] + 4 * step)]
    for x in range(out.shape[0]):
        out[x] = row_of_five(*columns[x : x + 4 * step + 1 : step], arithmetic)


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
    parts = types_in(arithmetic)
    units = _units(a, parts, out)
    if units is not None:
        return lambda a, b, c, arithmetic, sums, out: _pairs_of_three(a, b, c, arithmetic, sums, units, out)
    is_plain = parts["rounding"].instance_class is AsItIs or isinstance(sums.dtype, types.Float)
    chosen = _values_of_three if is_plain else _integers_of_three
    return lambda a, b, c, arithmetic, sums, out: chosen(a, b, c, arithmetic, out)


@overload(filter_five_rows)
def _filter_five_rows(rows, arithmetic, sums, out):
    """Choose by the types while a kernel is compiled."""
    units = _units(rows[0], types_in(arithmetic), out)
    if units is not None:
        return lambda rows, arithmetic, sums, out: _pairs_of_five(rows, arithmetic, sums, units, out)
    chosen = _values_of_five if isinstance(sums.dtype, types.Float) else _integers_of_five
    return lambda rows, arithmetic, sums, out: chosen(rows, arithmetic, out)
