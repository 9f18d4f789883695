"""What the twins of morphology are told of an element, and of what lies beyond an image."""

from typing import Any, NamedTuple


class Rectangle(NamedTuple):
    """An element all of whose pixels count."""

    height: int
    width: int
    anchor_y: int
    anchor_x: int


class Runs(NamedTuple):
    """An element of any form, as runs of neighbors in rows; places are relative to the anchor.

    The minimum over a run is that of two runs, whose lengths are a power of two and which may overlap.
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
    value: Any  # of the constant border, counted down from the top where maxima are wanted
    greatest: Any  # what no minimum is above
    channels: int


class Counting(NamedTuple):
    """Maxima are minima of values that are counted down from the top."""

    is_down: bool
    top: Any
