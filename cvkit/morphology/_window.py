"""Elements as kernels take them, and the minima and maxima over them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cvkit import _validate
from cvkit._border import BORDERS
from cvkit._dispatch import Array, ImageStack
from cvkit._memoized import memoized
from cvkit.morphology._cpu import erosion as erosion_kernels
from cvkit.morphology._math import Extreme, Outside, Rectangle, Runs
from cvkit.morphology.elements import anchor_of

DTYPES = (np.uint8, np.uint16, np.int16, np.float32, np.float64)


class Window(NamedTuple):
    """An element, how often it is moved over an image, and what it finds beyond."""

    element: Rectangle | Runs
    iterations: int
    border: str
    border_value: float | None


@memoized
def window_of(
    element: Any, iterations: int, anchor: tuple[int, int] | None, border: str, border_value: float | None
) -> Window:
    """Check what a user gives for an element and its use."""
    size, pixels = _pixels(element)
    if pixels is not None:
        return window_of_pixels(pixels, iterations, anchor, border, border_value)
    return _window_of_rectangle(size, iterations, anchor, border, border_value)


def window_of_pixels(
    pixels: np.ndarray,
    iterations: int,
    anchor: tuple[int, int] | None,
    border: str,
    border_value: float | None,
) -> Window:
    """Check the use of an element in which any pixels count, or none."""
    if pixels.all():
        height, width = pixels.shape
        return _window_of_rectangle((height, width), iterations, anchor, border, border_value)
    iterations = _validate.integer(iterations, "iterations", minimum=0)
    row, column = anchor_of(anchor, pixels.shape)
    _validate.one_of(border, BORDERS, "border")
    if not iterations and pixels.any():  # of nothing the extreme stays what it is
        return Window(Rectangle(1, 1, 0, 0), 1, border, border_value)
    return Window(_runs(pixels, row, column), max(iterations, 1), border, border_value)


def _window_of_rectangle(
    size: tuple[int, int],
    iterations: int,
    anchor: tuple[int, int] | None,
    border: str,
    border_value: float | None,
) -> Window:
    """Make one of all iterations: a rectangle moved over an image again and again is a larger rectangle."""
    iterations = _validate.integer(iterations, "iterations", minimum=0)
    row, column = anchor_of(anchor, size)
    height, width = (iterations * (side - 1) + 1 for side in size)
    _validate.one_of(border, BORDERS, "border")
    return Window(Rectangle(height, width, iterations * row, iterations * column), 1, border, border_value)


def _pixels(element: Any) -> tuple[tuple[int, int], np.ndarray | None]:
    """Return the size of an element, and which of its pixels count; None for all."""
    if isinstance(element, int) or np.ndim(element) < 2:
        return _validate.kernel_size(element, "element", odd=False), None
    pixels = _validate.real_array(element, "element") != 0
    if pixels.ndim != 2 or not pixels.any():
        raise ValueError(f"element must be (h, w) and have a pixel that is not 0, got {element!r}")
    _validate.kernel_size(pixels.shape, "element", odd=False)
    return pixels.shape, pixels


def _runs(pixels: np.ndarray, row: int, column: int) -> Runs:
    """Part an element into runs of neighbors in its rows; the minimum over none is the greatest value."""
    steps = np.diff(pixels.astype(np.int8), axis=1, prepend=0, append=0)
    rows, first = np.nonzero(steps == 1)
    _, end = np.nonzero(steps == -1)
    level = np.log2(end - first).astype(np.int64)
    second = end - (1 << level)
    return Runs(
        rows - row,
        first - column,
        second - column,
        level,
        levels=int(level.max(initial=0)) + 1,
        reach=int(max((column - first).max(initial=0), (end - 1 - column).max(initial=0))),
        above=int((rows - row).min(initial=0)),
        below=int((rows - row).max(initial=0)),
    )


def write_erosion(stack: ImageStack, source: Array, window: Window, out: Array) -> None:
    """Write the minima over a window; ``source`` is the stack's array, or another like it."""
    _find_extreme(stack, source, window, False, out)


def write_dilation(stack: ImageStack, source: Array, window: Window, out: Array) -> None:
    """Write the maxima over a window; ``source`` is the stack's array, or another like it."""
    _find_extreme(stack, source, window, True, out)


def _find_extreme(stack: ImageStack, source: Array, window: Window, is_maximum: bool, out: Array) -> None:
    kernels = stack.kernels(erosion_kernels)
    kernel, element = kernels.extreme_of_runs, window.element
    if isinstance(element, Rectangle):
        kernel, element = kernels.extreme_of_rectangles, _clipped(element, stack.shape)
    outside, extreme = _looked_for(
        stack.dtype, is_maximum, window.border, window.border_value, stack.shape[3]
    )
    spare = [stack.empty() for _ in range(min(window.iterations - 1, 2))]
    for remaining in reversed(range(window.iterations)):
        target = spare[(remaining - 1) % 2] if remaining else out
        kernel(source, element, outside, extreme, target)
        source = target


@memoized
def _looked_for(
    dtype: np.dtype, is_maximum: bool, border: str, border_value: float | None, channels: int
) -> tuple[Outside, Extreme]:
    """Return what lies beyond images, and what is looked for in them."""
    least, greatest = range_of(dtype)
    weakest = dtype.type(least if is_maximum else greatest)
    if border_value is not None:
        value = _validate.border_value(border_value, dtype)[0]
    elif dtype.kind == "f":
        # OpenCV takes the greatest or least that is finite, which shows where nothing of an image is inside.
        value = np.finfo(dtype).min if is_maximum else np.finfo(dtype).max
    else:
        value = weakest
    return Outside(BORDERS[border], value, channels), Extreme(is_maximum, weakest)


def _clipped(rectangle: Rectangle, shape: tuple[int, ...]) -> Rectangle:
    """Cut what looks further than an image and its reflections reach: all of them are in it already."""
    above, left = min(rectangle.anchor_y, 2 * shape[1]), min(rectangle.anchor_x, 2 * shape[2])
    below = min(rectangle.height - 1 - rectangle.anchor_y, 2 * shape[1])
    right = min(rectangle.width - 1 - rectangle.anchor_x, 2 * shape[2])
    return Rectangle(above + 1 + below, left + 1 + right, above, left)


def range_of(dtype: np.dtype) -> tuple[float, float]:
    """Return the least and the greatest value of a dtype."""
    if dtype.kind == "f":
        return -np.inf, np.inf
    return np.iinfo(dtype).min, np.iinfo(dtype).max
