"""Erosion and dilation: the minimum and the maximum over what is around a pixel."""

from __future__ import annotations

import numpy.typing as npt

from cvkit._dispatch import ImageStack
from cvkit.morphology._window import DTYPES, window_of, write_dilation, write_erosion
from cvkit.typing import ArrayT, BorderMode


def erode(
    image: ArrayT,
    element: int | tuple[int, int] | npt.ArrayLike,
    *,
    iterations: int = 1,
    anchor: tuple[int, int] | None = None,
    border: BorderMode = "constant",
    border_value: float | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Replace every pixel by the minimum over an element around it: bright regions shrink.

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
    Equals ``cv2.erode``. Rectangles take time that grows with the logarithm of their sides.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((5, 6), np.uint8)
    >>> image[1:4, 1:4] = 9
    >>> cvkit.erode(image, 3)
    array([[0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0],
           [0, 0, 9, 0, 0, 0],
           [0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=DTYPES, channels=None, out=out)
    window = window_of(element, iterations, anchor, border, border_value)
    result = stack.output()
    write_erosion(stack, stack.array, window, result)
    return stack.restore(result)


def dilate(
    image: ArrayT,
    element: int | tuple[int, int] | npt.ArrayLike,
    *,
    iterations: int = 1,
    anchor: tuple[int, int] | None = None,
    border: BorderMode = "constant",
    border_value: float | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Replace every pixel by the maximum over an element around it: bright regions grow.

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
    Equals ``cv2.dilate``, which does not turn the element around. Rectangles take time that grows with the
    logarithm of their sides.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((4, 5), np.uint8)
    >>> image[1, 1] = 9
    >>> cvkit.dilate(image, [[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    array([[0, 9, 0, 0, 0],
           [9, 9, 9, 0, 0],
           [0, 9, 0, 0, 0],
           [0, 0, 0, 0, 0]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=DTYPES, channels=None, out=out)
    window = window_of(element, iterations, anchor, border, border_value)
    result = stack.output()
    write_dilation(stack, stack.array, window, result)
    return stack.restore(result)
