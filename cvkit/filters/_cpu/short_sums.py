"""Sums of three or five taps: down columns, along rows of these, and what is stored for them.

Weights come in tuples, whose length chooses the arithmetic while a kernel is compiled:

three taps: ``()`` is the difference of the outer ones; ``(middle,)`` has outer weights of 1 and
``(outer, middle)`` is symmetric, too; else all three weights
five taps: ``()`` is the sum; ``(inner, middle)`` has outer weights of 1 and ``(outer, inner, middle)`` is
symmetric, too; else all five weights
"""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload

from cvkit._jit import helper
from cvkit._simd.numbers import multiply_add
from cvkit.filters._math import FixedPointInHalves, rounded


class Arithmetic(NamedTuple):
    """What becomes of the pixels around one: all that is known while this is compiled."""

    reach: Any  # the offsets of the taps behind the middle one: their number tells three from five
    pixel: Any  # a number for each channel: a neighbor is as many values further
    y_weights: Any
    x_weights: Any
    y_sums: Any  # an empty array of the dtype of sums down the columns
    x_sums: Any  # and one of the dtype of sums of these
    rounding: Any


def types_in(arithmetic):
    """Return the types of the parts by their names."""
    return dict(zip(arithmetic.fields, arithmetic.types, strict=True))


@helper(contract=False)
def sum_of_three(before, here, after, weights):
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
def sum_of_five(first, second, third, fourth, fifth, weights):
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
def column_of_three(a, b, c, x, arithmetic):
    number = arithmetic.y_sums.dtype.type
    return sum_of_three(number(a[x]), number(b[x]), number(c[x]), arithmetic.y_weights)


@helper
def column_of_five(a, b, c, d, e, x, arithmetic):
    number = arithmetic.y_sums.dtype.type
    return sum_of_five(
        number(a[x]), number(b[x]), number(c[x]), number(d[x]), number(e[x]), arithmetic.y_weights
    )


@helper
def lower_half(pair):
    """Return the even one of two values side by side, which come as one number."""
    number = type(pair)
    return number(pair & number((1 << (np.iinfo(number).bits // 2)) - 1))


@helper
def upper_half(pair):
    """Return the odd one."""
    number = type(pair)
    return number(pair >> number(np.iinfo(number).bits // 2))


@helper
def _joined_halves(total, upper, rounding):
    """Round a sum of which ``total`` are the lower bits and ``upper`` is the sum of the upper halves."""
    number = type(total)
    bits = number(np.iinfo(number).bits // 2)
    lower = number(total - number(upper << bits))
    whole = number(number(upper + number(lower >> bits)) + rounding.half)
    return number(whole >> (rounding.bits & number(np.iinfo(number).bits - 1)))


def _row_of_three_at_once(before, here, after, arithmetic):
    number = arithmetic.x_sums.dtype.type
    total = sum_of_three(number(before), number(here), number(after), arithmetic.x_weights)
    return rounded(total, arithmetic.rounding)


def _row_of_five_at_once(first, second, third, fourth, fifth, arithmetic):
    number = arithmetic.x_sums.dtype.type
    total = sum_of_five(
        number(first), number(second), number(third), number(fourth), number(fifth), arithmetic.x_weights
    )
    return rounded(total, arithmetic.rounding)


def _row_of_three_in_halves(before, here, after, arithmetic):
    total = sum_of_three(before, here, after, arithmetic.x_weights)
    upper = sum_of_three(upper_half(before), upper_half(here), upper_half(after), arithmetic.x_weights)
    return _joined_halves(total, upper, arithmetic.rounding)


def _row_of_five_in_halves(first, second, third, fourth, fifth, arithmetic):
    total = sum_of_five(first, second, third, fourth, fifth, arithmetic.x_weights)
    upper = sum_of_five(
        upper_half(first),
        upper_half(second),
        upper_half(third),
        upper_half(fourth),
        upper_half(fifth),
        arithmetic.x_weights,
    )
    return _joined_halves(total, upper, arithmetic.rounding)


def row_of_three(before, here, after, arithmetic):
    in_halves = isinstance(arithmetic.rounding, FixedPointInHalves)
    chosen = _row_of_three_in_halves if in_halves else _row_of_three_at_once
    return chosen(before, here, after, arithmetic)


def row_of_five(first, second, third, fourth, fifth, arithmetic):
    in_halves = isinstance(arithmetic.rounding, FixedPointInHalves)
    chosen = _row_of_five_in_halves if in_halves else _row_of_five_at_once
    return chosen(first, second, third, fourth, fifth, arithmetic)


@overload(row_of_three)
def _choose_row_of_three(before, here, after, arithmetic):
    """Choose by the rounding while a kernel is compiled."""
    in_halves = types_in(arithmetic)["rounding"].instance_class is FixedPointInHalves
    return _row_of_three_in_halves if in_halves else _row_of_three_at_once


@overload(row_of_five)
def _choose_row_of_five(first, second, third, fourth, fifth, arithmetic):
    """Choose by the rounding while a kernel is compiled."""
    in_halves = types_in(arithmetic)["rounding"].instance_class is FixedPointInHalves
    return _row_of_five_in_halves if in_halves else _row_of_five_at_once
