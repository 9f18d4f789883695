"""Minima and maxima over structuring elements on the CPU: which kernel finds them, for any element."""

from cvkit._simd.lanes import BYTES, Maxima, Minima
from cvkit.morphology._cpu.rectangles import extreme_of_any_rectangles
from cvkit.morphology._cpu.runs import extreme_of_any_runs
from cvkit.morphology._cpu.three_by_three import extreme_of_three_by_three


def _looked_for(extreme):
    """Return what tells a kernel by its type what to look for, so that minima and maxima compile apart."""
    return Maxima(extreme.weakest) if extreme.is_maximum else Minima(extreme.weakest)


def _holds_lanes(source):
    return source.shape[3] == 1 and source.shape[2] * source.itemsize >= BYTES


def _is_cross_of_three(runs):
    return (
        (runs.reach, runs.above, runs.below, runs.levels) == (1, -1, 1, 2)
        and runs.first.tolist() == [0, -1, 0]
        and runs.second.tolist() == [0, 0, 0]
    )


def extreme_of_rectangles(source, rectangle, outside, extreme, out):
    """Write the minimum, or the maximum, over a rectangle around each value."""
    height, width, anchor_y, anchor_x = rectangle
    found = _looked_for(extreme)
    if height == width == 3 and anchor_x == 1 and _holds_lanes(source):
        extreme_of_three_by_three(source, anchor_y, None, outside, found, out)
    else:
        extreme_of_any_rectangles(source, rectangle, outside, found, out)


def extreme_of_runs(source, runs, outside, extreme, out):
    """Write the minimum, or the maximum, over an element of any form around each value."""
    found = _looked_for(extreme)
    if _is_cross_of_three(runs) and _holds_lanes(source):
        extreme_of_three_by_three(source, 1, True, outside, found, out)
    else:
        extreme_of_any_runs(source, runs, outside, found, out)
