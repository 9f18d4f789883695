"""What the twins of morphology are told of an element, and of what lies beyond an image."""

from typing import Any, NamedTuple

from cvkit._jit import helper


class Rectangle(NamedTuple):
    """An element all of whose pixels count."""

    height: int
    width: int
    anchor_y: int
    anchor_x: int


class Runs(NamedTuple):
    """An element of any form, as runs of neighbors in rows; places are relative to the anchor.

    What is found over a run is found over two of a power of two, which may overlap.
    """

    rows: Any  # (runs,) int64
    first: Any  # (runs,) int64; where it begins
    second: Any  # (runs,) int64; where the second of the two begins
    level: Any  # (runs,) int64; the power of two
    levels: int
    reach: int  # columns beyond an image that are looked at
    above: int  # the first row, at most 0
    below: int  # the last row, at least 0


class Outside(NamedTuple):
    """What lies beyond an image whose pixels have ``channels`` values."""

    border: int
    value: Any  # of the constant border
    channels: int


class Extreme(NamedTuple):
    """Whether maxima are looked for instead of minima, and the value that none can lose against."""

    is_maximum: bool
    weakest: Any


class Extent(NamedTuple):
    """What a dtype holds."""

    least: Any
    greatest: Any
    total: Any  # a value and its opposite, in the reverse order, add up to it


@helper
def stronger(value, other, is_maximum):
    """Return the smaller of two values, or the greater."""
    return value if (value > other if is_maximum else value < other) else other
