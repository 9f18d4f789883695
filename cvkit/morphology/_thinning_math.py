"""Which pixels of a mask a turn of thinning removes, 64 at a time: one bit for each pixel.

Neighbors are numbered as the methods' authors do: from the one above, clockwise. The second turn of a pair is
the first one upside down.
"""

import numpy as np

from cvkit._jit import helper

ZHANG_SUEN, GUO_HALL = 0, 1

_ONE, _LAST = np.uint64(1), np.uint64(63)


@helper
def neighbors_of(above, here, below):
    """Return eight words, of the neighbors of the pixels of a word in each direction.

    Each argument has three words of a row: those before, at and after the pixels.
    """
    right_above = (above[1] >> _ONE) | (above[2] << _LAST)
    right = (here[1] >> _ONE) | (here[2] << _LAST)
    right_below = (below[1] >> _ONE) | (below[2] << _LAST)
    left_below = (below[1] << _ONE) | (below[0] >> _LAST)
    left = (here[1] << _ONE) | (here[0] >> _LAST)
    left_above = (above[1] << _ONE) | (above[0] >> _LAST)
    return above[1], right_above, right, right_below, below[1], left_below, left, left_above


@helper
def _one_of_four(first, second, third, fourth):
    once = first ^ second ^ third ^ fourth  # or three times
    return once & ~((first & second) | (third & fourth))


@helper
def _two_of_four(first, second, third, fourth):
    return (first & second) | (third & fourth) | ((first | second) & (third | fourth))


@helper
def _by_zhang_suen(neighbors, is_second):
    """Tell which pixels a turn removes after T. Zhang and C. Suen.

    Their set neighbors are 2 to 6 in one arc. So two next to each other are set, and two are not.
    """
    p2, p3, p4, p5, p6, p7, p8, p9 = neighbors
    begins = _one_of_four(~p2 & p3, ~p4 & p5, ~p6 & p7, ~p8 & p9)
    begins_between = _one_of_four(~p3 & p4, ~p5 & p6, ~p7 & p8, ~p9 & p2)
    any_begins = (~p2 & p3) | (~p4 & p5) | (~p6 & p7) | (~p8 & p9)
    any_begins_between = (~p3 & p4) | (~p5 & p6) | (~p7 & p8) | (~p9 & p2)
    is_arc = (begins & ~any_begins_between) | (begins_between & ~any_begins)
    has_two = ((p2 | p4) & p3) | ((p4 | p6) & p5) | ((p6 | p8) & p7) | ((p8 | p2) & p9)
    lacks_one = (p2 & p4 | p3) & (p4 & p6 | p5) & (p6 & p8 | p7) & (p8 & p2 | p9)
    kept = p2 & p8 & (p4 | p6) if is_second else p4 & p6 & (p2 | p8)
    return is_arc & has_two & ~lacks_one & ~kept


@helper
def _by_guo_hall(neighbors, is_second):
    """Tell which pixels a turn removes after Z. Guo and R. Hall.

    Their set neighbors are connected, and make 2 or 3 of four pairs, whichever way they are paired.
    """
    p2, p3, p4, p5, p6, p7, p8, p9 = neighbors
    a, b, c, d = p2 | p3, p4 | p5, p6 | p7, p8 | p9
    e, f, g, h = p9 | p2, p3 | p4, p5 | p6, p7 | p8
    is_connected = _one_of_four(~p2 & f, ~p4 & g, ~p6 & h, ~p8 & e)
    has_two = _two_of_four(a, b, c, d) & _two_of_four(e, f, g, h)
    has_four = a & b & c & d & e & f & g & h
    kept = (p2 | p3 | ~p5) & p4 if is_second else (p6 | p7 | ~p9) & p8
    return is_connected & has_two & ~has_four & ~kept


@helper(force_inline=True)
def removed_by(method, neighbors, is_second):
    """Tell which set pixels a turn removes."""
    if method == ZHANG_SUEN:
        return _by_zhang_suen(neighbors, is_second)
    return _by_guo_hall(neighbors, is_second)
