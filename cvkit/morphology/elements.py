"""Structuring elements: which pixels around one count."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cvkit import _validate
from cvkit.typing import ElementShape


def structuring_element(
    shape: ElementShape, ksize: int | tuple[int, int], *, anchor: tuple[int, int] | None = None
) -> np.ndarray:
    """Draw a rectangle, an ellipse or a cross for erosion and its relatives.

    Parameters
    ----------
    shape : {"rectangle", "ellipse", "cross"}
        The ellipse is the largest that fits.
    ksize : int or (int, int)
        Its size in pixels, for both axes or as (height, width).
    anchor : (int, int), optional
        Row and column of the pixel that the arms of a cross meet at; by default the middle.

    Returns
    -------
    numpy.ndarray, (height, width), uint8
        1 where a pixel counts.

    Raises
    ------
    TypeError, ValueError
        For another shape, a size that is not positive, or an anchor outside.

    Notes
    -----
    Equals ``cv2.getStructuringElement``.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.structuring_element("ellipse", 5)
    array([[0, 0, 1, 0, 0],
           [1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1],
           [0, 0, 1, 0, 0]], dtype=uint8)
    """
    _validate.one_of(shape, ("rectangle", "ellipse", "cross"), "shape")
    height, width = _validate.kernel_size(ksize, odd=False)
    row, column = anchor_of(anchor, (height, width))
    element = np.zeros((height, width), np.uint8)
    if shape == "rectangle" or height == width == 1:
        element[:] = 1
    elif shape == "cross":
        element[row], element[:, column] = 1, 1
    else:
        middle_y, middle_x = height // 2, width // 2
        scale = 1 / (middle_y * middle_y) if middle_y else 0.0
        for y in range(height):
            from_middle = y - middle_y
            # Half to even, as OpenCV rounds.
            half = round(middle_x * math.sqrt((middle_y * middle_y - from_middle * from_middle) * scale))
            element[y, max(middle_x - half, 0) : middle_x + half + 1] = 1
    return element


def anchor_of(anchor: Any, size: tuple[int, int]) -> tuple[int, int]:
    """Check the place of an element that lies on the pixel at hand; by default its middle."""
    if anchor is None:
        return size[0] // 2, size[1] // 2
    if np.ndim(anchor) != 1 or len(anchor) != 2:
        raise ValueError(f"anchor must be (row, column), got {anchor!r}")
    row, column = (_validate.integer(place, "anchor") for place in anchor)
    if not (0 <= row < size[0] and 0 <= column < size[1]):
        raise ValueError(f"anchor must lie in the element of {size[0]} x {size[1]}, got {anchor!r}")
    return row, column
