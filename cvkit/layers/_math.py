"""Scalar maths of layers that both twins share."""

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
