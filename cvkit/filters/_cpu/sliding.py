"""Sums over windows of rows that slide down an image, of floats: nothing that left a window stays in its sum.

A sum that adds what enters and subtracts what leaves never loses a NaN, an infinity, or what a huge value
rounded away. Here rows are parted into blocks as long as the window instead. A window is the end of one block
and the beginning of the next: both are sums that only grow, one from the end of a block upwards, one from its
beginning downwards. The algorithm is from M. van Herk, "A fast algorithm for local minimum and maximum
filters on rectangular and octagonal kernels", 1992.
"""

from cvkit._jit import helper
from cvkit._rows import copy_row


@helper
def _begin(row, end, held, beginning, window):
    number = window.dtype.type
    for x in range(window.shape[0]):
        value = number(row[x])
        held[x] = beginning[x] = value
        window[x] = value + end[x]


@helper
def _grow(row, end, held, beginning, window):
    number = window.dtype.type
    for x in range(window.shape[0]):
        value = number(row[x])
        held[x] = value
        total = beginning[x] + value
        beginning[x] = total
        window[x] = total + end[x]


@helper
def _add_row(row, total):
    for x in range(total.shape[0]):
        total[x] = total[x] + row[x]


@helper
def _complete(row, held, window):
    """End a block: its rows become the sums from each of them to the end, and the first one is a window."""
    last = held.shape[0] - 1
    copy_row(row, held[last])
    for position in range(last - 1, -1, -1):
        _add_row(held[position + 1], held[position])
    copy_row(held[0], window)


@helper
def slide_window(row, held, position, beginning, window):
    """Let ``row`` enter a window of as many rows as ``held`` has, and sum it, once as many have entered.

    The caller counts positions from 0 to the last row of ``held``, and then from 0 again. The rows before the
    position hold the block so far, ``beginning`` their sum, and those from the position on the sums from a
    row of the block before to its end.
    """
    if position == held.shape[0] - 1:
        _complete(row, held, window)
    elif position == 0:
        _begin(row, held[1], held[0], beginning, window)
    else:
        _grow(row, held[position + 1], held[position], beginning, window)
