"""Extremes of a few values each along many rows, and rows that lie beyond an image.

What is passed are whole blocks of rows: a call takes as long as a short row.
"""

from typing import Any, NamedTuple

from cvkit._border import border_index
from cvkit._jit import helper
from cvkit._rows import copy_row
from cvkit._simd.lanes import (
    fourth_lanes_after,
    lanes_after,
    lanes_of,
    load_lanes,
    second_lanes_after,
    store_lanes,
    stronger,
)
from cvkit._tiles import parts_of


class Rows(NamedTuple):
    """Rows one below the other in a flat array."""

    values: Any
    first: int  # where the first one begins
    stride: int  # from one to the next


class Span(NamedTuple):
    """How much is found."""

    rows: int
    count: int  # of values in each row; lanes are found whole
    last: int  # where the last lanes of a row begin at most, which then overlap those before


@helper
def extremes_of_two(source, taps, extreme, span, out):
    """Write the extremes of two values each, which lie ``taps`` after each value of the source.

    Where lanes do not overlap ``out`` may be the source: what is read later lies further on.
    """
    lanes = lanes_of(out.values)
    for row in range(span.rows):
        first, target = source.first + row * source.stride + taps[0], out.first + row * out.stride
        second = first - taps[0] + taps[1]
        for part in range(parts_of(span.count, lanes)):
            x = min(part * lanes, span.last)
            one, other = load_lanes(source.values, first + x), load_lanes(source.values, second + x)
            store_lanes(out.values, target + x, stronger(extreme, one, other))


@helper
def extremes_of_three(source, taps, extreme, span, out):
    """Write the extremes of three values each."""
    lanes = lanes_of(out.values)
    for row in range(span.rows):
        first, target = source.first + row * source.stride + taps[0], out.first + row * out.stride
        second, third = first - taps[0] + taps[1], first - taps[0] + taps[2]
        for part in range(parts_of(span.count, lanes)):
            x = min(part * lanes, span.last)
            one, other = load_lanes(source.values, first + x), load_lanes(source.values, second + x)
            found = stronger(extreme, stronger(extreme, one, other), load_lanes(source.values, third + x))
            store_lanes(out.values, target + x, found)


@helper
def extremes_of_four(source, taps, extreme, span, out):
    """Write the extremes of four values each."""
    lanes = lanes_of(out.values)
    for row in range(span.rows):
        first, target = source.first + row * source.stride + taps[0], out.first + row * out.stride
        second, third, fourth = (
            first - taps[0] + taps[1],
            first - taps[0] + taps[2],
            first - taps[0] + taps[3],
        )
        for part in range(parts_of(span.count, lanes)):
            x = min(part * lanes, span.last)
            one, other = load_lanes(source.values, first + x), load_lanes(source.values, second + x)
            found = stronger(extreme, one, other)
            one, other = load_lanes(source.values, third + x), load_lanes(source.values, fourth + x)
            store_lanes(out.values, target + x, stronger(extreme, found, stronger(extreme, one, other)))


@helper
def extremes_of_eight_neighbors(source, extreme, span, out):
    """Write the extremes of each value and the seven after it; nothing overlaps.

    Each value is read once, and those of three times as many lanes beyond what is found: what follows in a
    row is moved in registers.
    """
    lanes = lanes_of(out.values)
    for row in range(span.rows):
        first, target = source.first + row * source.stride, out.first + row * out.stride
        here, value = load_lanes(source.values, first), load_lanes(source.values, first + lanes)
        two = stronger(extreme, here, lanes_after(here, value))
        after = load_lanes(source.values, first + 2 * lanes)
        next_two = stronger(extreme, value, lanes_after(value, after))
        four = stronger(extreme, two, second_lanes_after(two, next_two))
        value, two = after, next_two
        for x in range(0, span.count, lanes):
            after = load_lanes(source.values, first + x + 3 * lanes)
            next_two = stronger(extreme, value, lanes_after(value, after))
            next_four = stronger(extreme, two, second_lanes_after(two, next_two))
            eight = stronger(extreme, four, fourth_lanes_after(four, next_four))
            store_lanes(out.values, target + x, eight)
            value, two, four = after, next_two, next_four


@helper
def fill(value, out):
    """Fill a row."""
    for x in range(out.shape[0]):
        out[x] = value


@helper
def copy_window(rows, top, outside, out):
    """Copy the rows from ``top`` on, which may lie beyond the image, to the rows of ``out``."""
    height, length = rows.shape
    for row in range(out.shape[0]):
        inside = border_index(top + row, height, outside.border)
        target = out[row][:length]
        if inside < 0:
            fill(outside.value, target)
        else:
            copy_row(rows[inside], target)
