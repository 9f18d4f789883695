"""Minima and maxima over structuring elements on the CPU: which kernel finds them, for any element."""

from cvkit._simd.lanes import BYTES, Maxima, Minima
from cvkit.morphology._cpu.rectangles import extreme_of_any_rectangles
from cvkit.morphology._cpu.runs import extreme_of_any_runs
from cvkit.morphology._cpu.three_by_three import extreme_of_three_by_three


def _looked_for(extreme):
    """Return what tells a kernel by its type what to look for, so that minima and maxima compile apart."""
    return Maxima(extreme.weakest) if extreme.is_maximum else Minima(extreme.weakest)


def extreme_of_rectangles(source, rectangle, outside, extreme, out):
    """Write the minimum, or the maximum, over a rectangle around each value."""
    height, width, anchor_y, anchor_x = rectangle
    is_long = source.shape[3] == 1 and source.shape[2] * source.itemsize >= BYTES
    if is_long and height == width == 3 and anchor_x == 1:
        extreme_of_three_by_three(source, anchor_y, outside, _looked_for(extreme), out)
    else:
        extreme_of_any_rectangles(source, rectangle, outside, _looked_for(extreme), out)


def extreme_of_runs(source, runs, outside, extreme, out):
    """Write the minimum, or the maximum, over an element of any form around each value."""
    extreme_of_any_runs(source, runs, outside, _looked_for(extreme), out)
