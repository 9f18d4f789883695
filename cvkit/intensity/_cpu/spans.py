"""Spans of flat arrays: each begins where a cache line of the result does.

A vector that is stored across two lines takes twice as long, which shows where loops are as fast as memory.
"""

from cvkit._jit import helper
from cvkit._tiles import parts_of

# Values of one task: where a loop needs nothing of its row but its values, rows would only cost calls.
SPAN = 1 << 17

# Bytes of a cache line.
_LINE = 64


@helper
def spans_of(length):
    """Return how many spans cover a flat result, wherever in memory it begins."""
    return parts_of(length, SPAN) + 1


@helper
def aligned_span(task, out):
    """Return where a span of a flat result begins and ends; the first one ends with the first cache line."""
    before = -out.ctypes.data % _LINE // out.itemsize
    stop = min(before + task * SPAN, out.size)
    return min(max(before + (task - 1) * SPAN, 0), stop), stop
