"""What is built from erosions and dilations: openings, closings, hats, gradients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cvkit._dispatch import Array, ImageStack
from cvkit.morphology._cpu import combinations as combination_kernels
from cvkit.morphology._window import (
    DTYPES,
    Window,
    window_of,
    write_dilation,
    write_erosion,
)
from cvkit.typing import ArrayT, BorderMode


def opening(
    image: ArrayT,
    element: int | tuple[int, int] | npt.ArrayLike,
    *,
    iterations: int = 1,
    anchor: tuple[int, int] | None = None,
    border: BorderMode = "constant",
    border_value: float | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Erode, then dilate: bright specks that the element does not fit into disappear.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels, each on its own.
    element : int, (int, int) or array_like, (h, w)
        The size of a rectangle, for both axes or as (height, width); or which pixels count: all that are not
        0, as :func:`structuring_element` draws them.
    iterations : int
        How often; 0 gives a copy.
    anchor : (int, int), optional
        Row and column of the element that lie on the pixel at hand; by default the middle.
    border : {"constant", "reflect101", "reflect", "replicate", "wrap"}
        What lies beyond the image.
    border_value : number, optional
        Of the constant border; by default what is there does not count.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, an element in which nothing counts, or an anchor outside it.

    Notes
    -----
    Equals ``cv2.morphologyEx(image, cv2.MORPH_OPEN, element)``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.opening(np.array([[0, 9, 0, 0, 5, 5, 5]], np.uint8), (1, 3))
    array([[0, 0, 0, 0, 5, 5, 5]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=DTYPES, channels=None, out=out)
    window = window_of(element, iterations, anchor, border, border_value)
    result = stack.output()
    _open(stack, window, result)
    return stack.restore(result)


def closing(
    image: ArrayT,
    element: int | tuple[int, int] | npt.ArrayLike,
    *,
    iterations: int = 1,
    anchor: tuple[int, int] | None = None,
    border: BorderMode = "constant",
    border_value: float | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Dilate, then erode: dark specks that the element does not fit into disappear.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels, each on its own.
    element : int, (int, int) or array_like, (h, w)
        The size of a rectangle, for both axes or as (height, width); or which pixels count: all that are not
        0, as :func:`structuring_element` draws them.
    iterations : int
        How often; 0 gives a copy.
    anchor : (int, int), optional
        Row and column of the element that lie on the pixel at hand; by default the middle.
    border : {"constant", "reflect101", "reflect", "replicate", "wrap"}
        What lies beyond the image.
    border_value : number, optional
        Of the constant border; by default what is there does not count.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, an element in which nothing counts, or an anchor outside it.

    Notes
    -----
    Equals ``cv2.morphologyEx(image, cv2.MORPH_CLOSE, element)``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.closing(np.array([[9, 0, 9, 9, 9, 0, 9]], np.uint8), (1, 3))
    array([[9, 9, 9, 9, 9, 9, 9]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=DTYPES, channels=None, out=out)
    window = window_of(element, iterations, anchor, border, border_value)
    result = stack.output()
    _close(stack, window, result)
    return stack.restore(result)


def morphological_gradient(
    image: ArrayT,
    element: int | tuple[int, int] | npt.ArrayLike,
    *,
    iterations: int = 1,
    anchor: tuple[int, int] | None = None,
    border: BorderMode = "constant",
    border_value: float | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Dilation minus erosion: the outlines of regions.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels, each on its own.
    element : int, (int, int) or array_like, (h, w)
        The size of a rectangle, for both axes or as (height, width); or which pixels count: all that are not
        0, as :func:`structuring_element` draws them.
    iterations : int
        How often; 0 gives a copy.
    anchor : (int, int), optional
        Row and column of the element that lie on the pixel at hand; by default the middle.
    border : {"constant", "reflect101", "reflect", "replicate", "wrap"}
        What lies beyond the image.
    border_value : number, optional
        Of the constant border; by default what is there does not count.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, an element in which nothing counts, or an anchor outside it.

    Notes
    -----
    Equals ``cv2.morphologyEx(image, cv2.MORPH_GRADIENT, element)``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.morphological_gradient(np.array([[0, 0, 9, 9, 9, 9]], np.uint8), 3)
    array([[0, 9, 9, 0, 0, 0]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=DTYPES, channels=None, out=out)
    window = window_of(element, iterations, anchor, border, border_value)
    result = stack.output()
    eroded, dilated = stack.empty(), stack.empty()
    write_erosion(stack, stack.array, window, eroded)
    write_dilation(stack, stack.array, window, dilated)
    _subtract(stack, dilated, eroded, result)
    return stack.restore(result)


def top_hat(
    image: ArrayT,
    element: int | tuple[int, int] | npt.ArrayLike,
    *,
    iterations: int = 1,
    anchor: tuple[int, int] | None = None,
    border: BorderMode = "constant",
    border_value: float | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """The image minus its opening: bright details smaller than the element, on an even ground.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels, each on its own.
    element : int, (int, int) or array_like, (h, w)
        The size of a rectangle, for both axes or as (height, width); or which pixels count: all that are not
        0, as :func:`structuring_element` draws them.
    iterations : int
        How often; 0 gives a copy.
    anchor : (int, int), optional
        Row and column of the element that lie on the pixel at hand; by default the middle.
    border : {"constant", "reflect101", "reflect", "replicate", "wrap"}
        What lies beyond the image.
    border_value : number, optional
        Of the constant border; by default what is there does not count.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, an element in which nothing counts, or an anchor outside it.

    Notes
    -----
    Equals ``cv2.morphologyEx(image, cv2.MORPH_TOPHAT, element)``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.top_hat(np.array([[3, 9, 3, 3, 5, 5, 5]], np.uint8), (1, 3))
    array([[0, 6, 0, 0, 0, 0, 0]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=DTYPES, channels=None, out=out)
    window = window_of(element, iterations, anchor, border, border_value)
    result = stack.output()
    opened = stack.empty()
    _open(stack, window, opened)
    _subtract(stack, stack.array, opened, result)
    return stack.restore(result)


def black_hat(
    image: ArrayT,
    element: int | tuple[int, int] | npt.ArrayLike,
    *,
    iterations: int = 1,
    anchor: tuple[int, int] | None = None,
    border: BorderMode = "constant",
    border_value: float | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """The closing of an image minus the image: dark details smaller than the element.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels, each on its own.
    element : int, (int, int) or array_like, (h, w)
        The size of a rectangle, for both axes or as (height, width); or which pixels count: all that are not
        0, as :func:`structuring_element` draws them.
    iterations : int
        How often; 0 gives a copy.
    anchor : (int, int), optional
        Row and column of the element that lie on the pixel at hand; by default the middle.
    border : {"constant", "reflect101", "reflect", "replicate", "wrap"}
        What lies beyond the image.
    border_value : number, optional
        Of the constant border; by default what is there does not count.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, an element in which nothing counts, or an anchor outside it.

    Notes
    -----
    Equals ``cv2.morphologyEx(image, cv2.MORPH_BLACKHAT, element)``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.black_hat(np.array([[9, 2, 9, 9, 9, 9, 9]], np.uint8), (1, 3))
    array([[0, 7, 0, 0, 0, 0, 0]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=DTYPES, channels=None, out=out)
    window = window_of(element, iterations, anchor, border, border_value)
    result = stack.output()
    closed = stack.empty()
    _close(stack, window, closed)
    _subtract(stack, closed, stack.array, result)
    return stack.restore(result)


def _open(stack: ImageStack, window: Window, out: Array) -> None:
    eroded = stack.empty()
    write_erosion(stack, stack.array, window, eroded)
    write_dilation(stack, eroded, window, out)


def _close(stack: ImageStack, window: Window, out: Array) -> None:
    dilated = stack.empty()
    write_dilation(stack, stack.array, window, dilated)
    write_erosion(stack, dilated, window, out)


def _subtract(stack: ImageStack, first: Array, second: Array, out: Array) -> None:
    dtype = stack.dtype
    if dtype.kind == "f":
        limits = np.array([-np.inf, np.inf], dtype)
    else:
        limits = np.array([np.iinfo(dtype).min, np.iinfo(dtype).max], np.int32)
    stack.kernels(combination_kernels).subtract(first, second, limits, out)
