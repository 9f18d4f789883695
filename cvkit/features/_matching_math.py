"""How alike a template and a window are, from their sums: what both twins compute for each window."""

import math
from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import helper

CORRELATION, COEFFICIENT, SQUARED_DIFFERENCE = range(3)

# A window whose squares spread by no more counts as constant: absolute, and as a share of its squares.
_LEAST_SPREAD = 0.5
_LEAST_SHARE = 10 * 2.0**-23
# And as a share of the squares that it was computed from.
_LEAST_DIGITS = 1e-12
# A quotient that is larger is one of rounding errors.
_LARGEST_QUOTIENT = 1.125


class Rule(NamedTuple):
    """What becomes of the sums over a window.

    Attributes
    ----------
    measure : int
        CORRELATION, COEFFICIENT or SQUARED_DIFFERENCE.
    is_normalized : bool
        Whether to divide by the lengths of window and template.
    is_whole : bool
        Whether sums of products are whole numbers but for rounding errors.
    needs_values : bool
        Whether sums of values over windows are needed beside those of squares.
    constant : float
        What is added to sums of products, or for SQUARED_DIFFERENCE the template's sum of squares.
    length : float
        The template's length as a vector.
    unlike : float
        The score of a window that has no length.
    height, width : int
        The shape of a window.
    """

    measure: Any
    is_normalized: Any
    is_whole: Any
    needs_values: Any
    constant: Any
    length: Any
    unlike: Any
    height: Any
    width: Any


@helper
def whole(value):
    """Return the nearest whole number, of values up to 2**51 in size."""
    # Leaves no bits for a fraction, and then the rest.
    return (value + 1.5 * 2.0**52) - 1.5 * 2.0**52


@helper
def measured(products, squares, rule):
    """Return what is to be normalized, of a sum of products and one of squares."""
    if rule.measure == SQUARED_DIFFERENCE:
        difference = squares - 2 * products + rule.constant
        # The larger of two would lose NaN.
        return 0.0 if difference < 0 else difference
    return products + rule.constant


@helper
def _length(spread, squares, centered):
    """Return the length of a window as a vector, 0 where rounding errors may be all there is."""
    least = max(min(_LEAST_SPREAD, _LEAST_SHARE * squares), _LEAST_DIGITS * centered)
    return math.sqrt(0.0 if spread <= least else spread)


@helper
def normalized(value, spread, squares, centered, rule):
    """Divide by the lengths of window and template, of which ``spread`` is the window's square.

    ``squares`` is the window's sum of squares, also where the length is that of its contrast, and
    ``centered`` that of values less the centers.
    """
    limit = _length(spread, squares, centered) * rule.length
    size = abs(value)
    quotient = value / (limit if limit > 0 else 1.0)
    rounded = 1.0 if value > 0 else -1.0
    beyond = rounded if size < limit * _LARGEST_QUOTIENT else rule.unlike
    # A difference that is not 0 is NaN: no comparison tells.
    return (quotient if size < limit else beyond) + ((value - value) + (spread - spread))


@helper
def measured_masked(moments, masses, x, rule):
    """Measure a window by its weighted sums.

    ``moments`` are the sums for each window: of products, of squares, and for COEFFICIENT those of the
    channels' values by the weights and by their squares; ``masses`` are the sums of these weights.
    """
    products = np.float64(moments[0, x])
    products = whole(products) if rule.is_whole else products
    value = products + rule.constant
    if rule.measure == SQUARED_DIFFERENCE and value < 0:
        value = 0.0
    if not rule.is_normalized:
        return value
    spread = np.float64(moments[1, x])
    if rule.measure == COEFFICIENT:
        channels = masses.shape[1]
        for channel in range(channels):
            total = moments[2 + channel, x]
            mean = total / masses[0, channel]
            spread -= mean * (2 * moments[2 + channels + channel, x] - mean * masses[1, channel])
    squares = np.float64(moments[1, x])
    limit = _length(spread, squares, squares) * rule.length
    return (value / limit if limit > 0 else rule.unlike) + ((value - value) + (spread - spread))
