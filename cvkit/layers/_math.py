"""Scalar maths of layers that both twins share."""

import math

import numpy as np

from cvkit._jit import helper


@helper
def is_more(value, most):
    """Tell whether a value takes the place of the largest so far: also where it is no number, as in torch."""
    return (value > most) | (value != value)


@helper
def taps_inside(first, dilation, taps, size):
    """Return the first tap of a window that lies inside an axis, and the one after the last.

    ``first`` is the place of tap 0, ``dilation`` how far one is from the next.
    """
    begin = (dilation - 1 - first) // dilation if first < 0 else 0
    end = (size - first + dilation - 1) // dilation if first < size else 0
    return min(begin, taps), min(end, taps)


@helper
def clamped(value, least, most):
    """Return the nearest value within bounds; written out, it is typed alike on both targets."""
    return least if value < least else most if value > most else value


@helper
def rounded(value):
    """Round half away from zero, as C does."""
    half = type(value)(0.5)
    return np.int64(math.floor(value + half)) if value >= 0 else np.int64(math.ceil(value - half))


@helper
def bin_of_box(begin, end, scale, part, parts, size):
    """Return where one of the equal parts of a box begins and ends along an axis, cut off at the plane."""
    number = type(scale)
    first, last = rounded(begin * scale), rounded(end * scale)
    length = (number(last - first + 1) if last > first else number(1)) / number(parts)
    start = first + np.int64(math.floor(number(part) * length))
    stop = first + np.int64(math.ceil(number(part + 1) * length))
    return clamped(start, 0, size), clamped(stop, 0, size)


@helper
def grid_of_box(begin, end, grid, parts):
    """Return where a box begins along an axis, how long each part is, and how many samples it has."""
    number = type(grid.scale)
    start = begin * grid.scale - grid.offset
    length = end * grid.scale - grid.offset - start
    if not grid.aligned and length < number(1):
        length = number(1)
    step = length / number(parts)
    count = np.int64(grid.ratio) if grid.ratio > 0 else np.int64(math.ceil(step))
    return start, step, count


@helper
def samples_inside(base, step, count, size):
    """Return the first sample of a part of a box that may lie on a plane, and the one after the last.

    One more at each side, which rounding could put there; others have no value.
    """
    number = type(step)
    if count < 1:
        return np.int64(0), np.int64(0)
    each, most = step / number(count), number(count)
    if each <= number(0):
        return np.int64(0), np.int64(count)
    begin = np.int64(math.floor(clamped((number(-1) - base) / each, number(0), most))) - 2
    end = np.int64(math.ceil(clamped((number(size) - base) / each, number(0), most))) + 2
    return clamped(begin, 0, count), clamped(end, 0, count)


@helper
def sample_of(base, step, count, index):
    """Return the place of a sample of a part of a box."""
    number = type(step)
    return base + (number(index) + number(0.5)) * step / number(count)


@helper
def neighbors_of(place, size):
    """Return the two places that a sample lies between, and how far behind the first; -1 beyond the plane."""
    number = type(place)
    if place < number(-1) or place > number(size):
        return np.int64(-1), np.int64(-1), number(0)
    place = place if place > number(0) else number(0)
    low = np.int64(place)
    if low >= size - 1:
        return np.int64(size - 1), np.int64(size - 1), number(0)
    return low, np.int64(low + 1), place - number(low)
