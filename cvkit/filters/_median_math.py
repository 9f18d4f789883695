"""Sorting networks for medians: a fixed order of comparisons, no branch, the same code on both targets.

The median of a square of pixels is found in three steps. First every column is sorted, which neighboring
squares share. Then every row: the columns stay sorted. Now a value has at least as many smaller ones as lie
above and to the left of it, and as many larger ones as lie below and to the right. What has too many of
either is not the median, and so few are left that maxima, minima and two short medians decide.
"""

import numba
from numba import types
from numba.extending import intrinsic

from cvkit._jit import helper


def _select(when_less):
    """Make a function of two numbers that returns one of them, by a selection instead of a branch.

    LLVM leaves a loop over branches on floats scalar.
    """

    def generate(context, builder, signature, arguments):
        first, second = arguments
        if isinstance(signature.return_type, types.Float):
            less = builder.fcmp_ordered("<", first, second)
        elif signature.return_type.signed:
            less = builder.icmp_signed("<", first, second)
        else:
            less = builder.icmp_unsigned("<", first, second)
        return builder.select(less, *(arguments if when_less == "first" else (second, first)))

    return generate


def _minimum_plain(first, second):
    return first if first < second else second


@intrinsic
def _minimum_selected(typing_context, first, second):
    return first(first, second), _select("first")


def _maximum_plain(first, second):
    return second if first < second else first


@intrinsic
def _maximum_selected(typing_context, first, second):
    return first(first, second), _select("second")


minimum = _minimum_plain if numba.config.DISABLE_JIT else _minimum_selected
"""The smaller of two numbers of one type."""
maximum = _maximum_plain if numba.config.DISABLE_JIT else _maximum_selected
"""The larger of two numbers of one type."""


@helper(inline=True)
def insert(low, high, value):
    """Sort three values of which the first two are sorted."""
    return minimum(low, value), maximum(low, minimum(high, value)), maximum(high, value)


@helper(inline=True)
def sort_five(values):
    """Sort five values with nine comparisons, the fewest possible."""
    first, second, third, fourth, fifth = values
    first, second = minimum(first, second), maximum(first, second)
    fourth, fifth = minimum(fourth, fifth), maximum(fourth, fifth)
    third, fifth = minimum(third, fifth), maximum(third, fifth)
    third, fourth = minimum(third, fourth), maximum(third, fourth)
    second, fifth = minimum(second, fifth), maximum(second, fifth)
    first, fourth = minimum(first, fourth), maximum(first, fourth)
    first, third = minimum(first, third), maximum(first, third)
    second, fourth = minimum(second, fourth), maximum(second, fourth)
    second, third = minimum(second, third), maximum(second, third)
    return first, second, third, fourth, fifth


@helper(inline=True)
def clip(value, low, high):
    """Return the median of three values of which ``low`` is at most ``high``."""
    return maximum(low, minimum(high, value))


@helper(inline=True)
def median_of_three(first, second, third):
    """Return the median of three values."""
    return maximum(minimum(first, second), minimum(maximum(first, second), third))


@helper(inline=True)
def two_medians_of_three_rows(above, upper, lower, below):
    """Return the medians of the first three and of the last three of four sorted rows of three values.

    Of each column, sorted, one value can be the median: the largest low one has two smaller low ones and four
    larger values at least, and so on. Both medians begin with the two rows that they share.
    """
    low, high = maximum(upper[0], lower[0]), minimum(upper[2], lower[2])
    center_low, center_high = minimum(upper[1], lower[1]), maximum(upper[1], lower[1])
    return (
        median_of_three(
            maximum(low, above[0]), clip(above[1], center_low, center_high), minimum(high, above[2])
        ),
        median_of_three(
            maximum(low, below[0]), clip(below[1], center_low, center_high), minimum(high, below[2])
        ),
    )


@helper(inline=True)
def median_of_five_columns(row0, row1, row2, row3, row4):
    """Return the median of 5 x 5 values whose columns are sorted: ``row0`` are the columns' smallest.

    With rows sorted, too, the 13th value has at most 12 values on either side: 13 places remain, the diagonal
    from the lower left to the upper right and the two beside it, of four, five and four. Each of the four
    lower ones lies below two neighbors on the diagonal, each of the four upper ones above two. So the i-th
    smallest of the lower is at most the i-th of the diagonal, whose (i + 1)-th is at most the i-th of the
    upper. Of these 13 only the largest lower, the middle diagonal and the smallest upper one have at most six
    on either side.
    """
    _, _, _, lower0, diagonal0 = sort_five(row0)
    _, _, lower1, diagonal1, upper1 = sort_five(row1)
    _, lower2, diagonal2, upper2, _ = sort_five(row2)
    lower3, diagonal3, upper3, _, _ = sort_five(row3)
    diagonal4, upper4, _, _, _ = sort_five(row4)
    low = maximum(maximum(lower0, lower1), maximum(lower2, lower3))
    _, _, middle, _, _ = sort_five((diagonal0, diagonal1, diagonal2, diagonal3, diagonal4))
    high = minimum(minimum(upper1, upper2), minimum(upper3, upper4))
    return median_of_three(low, middle, high)
