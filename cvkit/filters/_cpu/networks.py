"""Sorting networks for medians: a fixed order of comparisons, no branch, the same code on both targets.

The median of a square of pixels is found in three steps. First every column is sorted, which neighboring
squares share. Then every row: the columns stay sorted. Now a value has at least as many smaller ones as lie
above and to the left of it, and as many larger ones as lie below and to the right. What has too many of
either is not the median, and so few are left that maxima, minima and two short medians decide.
"""

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


@intrinsic
def smaller(typing_context, first, second):
    """Return the smaller of two numbers of one type."""
    return first(first, second), _select("first")


@intrinsic
def larger(typing_context, first, second):
    """Return the larger of two numbers of one type."""
    return first(first, second), _select("second")


@helper(inline=True)
def insert(low, high, value):
    """Sort three values of which the first two are sorted."""
    return smaller(low, value), larger(low, smaller(high, value)), larger(high, value)


@helper(inline=True)
def sort_five(values):
    """Sort five values with nine comparisons, the fewest possible."""
    first, second, third, fourth, fifth = values
    first, second = smaller(first, second), larger(first, second)
    fourth, fifth = smaller(fourth, fifth), larger(fourth, fifth)
    third, fifth = smaller(third, fifth), larger(third, fifth)
    third, fourth = smaller(third, fourth), larger(third, fourth)
    second, fifth = smaller(second, fifth), larger(second, fifth)
    first, fourth = smaller(first, fourth), larger(first, fourth)
    first, third = smaller(first, third), larger(first, third)
    second, fourth = smaller(second, fourth), larger(second, fourth)
    second, third = smaller(second, third), larger(second, third)
    return first, second, third, fourth, fifth


@helper(inline=True)
def clip(value, low, high):
    """Return the median of three values of which ``low`` is at most ``high``."""
    return larger(low, smaller(high, value))


@helper(inline=True)
def median_of_three(first, second, third):
    """Return the median of three values."""
    return larger(smaller(first, second), smaller(larger(first, second), third))


@helper(inline=True)
def two_medians_of_three_rows(above, upper, lower, below):
    """Return the medians of the first three and of the last three of four sorted rows of three values.

    Of each column, sorted, one value can be the median: the largest low one has two smaller low ones and four
    larger values at least, and so on. Both medians begin with the two rows that they share.
    """
    low, high = larger(upper[0], lower[0]), smaller(upper[2], lower[2])
    center_low, center_high = smaller(upper[1], lower[1]), larger(upper[1], lower[1])
    return (
        median_of_three(
            larger(low, above[0]), clip(above[1], center_low, center_high), smaller(high, above[2])
        ),
        median_of_three(
            larger(low, below[0]), clip(below[1], center_low, center_high), smaller(high, below[2])
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
    low = larger(larger(lower0, lower1), larger(lower2, lower3))
    _, _, middle, _, _ = sort_five((diagonal0, diagonal1, diagonal2, diagonal3, diagonal4))
    high = smaller(smaller(upper1, upper2), smaller(upper3, upper4))
    return median_of_three(low, middle, high)
