"""Hit or miss: where a pattern of set and of clear pixels fits a mask."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit.morphology._cpu import hit_or_miss as hit_or_miss_kernels
from cvkit.morphology._window import window_of_pixels, write_dilation, write_erosion
from cvkit.typing import ArrayT, BorderMode


def hit_or_miss(
    image: ArrayT,
    element: npt.ArrayLike,
    *,
    iterations: int = 1,
    anchor: tuple[int, int] | None = None,
    border: BorderMode = "constant",
    border_value: float | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Find where a pattern of set and of clear pixels fits a mask.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8
        The mask: 0 is clear and 255 is set; bits between are taken one by one.
    element : array_like, (h, w)
        The pattern: 1 where a pixel has to be set, -1 where it has to be clear, 0 where it does not matter.
    iterations : int
        How often the set and the clear part are eroded each; 0 looks at the pixel at hand only.
    anchor : (int, int), optional
        Row and column of the element that lie on the pixel at hand; by default the middle.
    border : {"constant", "reflect101", "reflect", "replicate", "wrap"}
        What lies beyond the image.
    border_value : number, optional
        Of the constant border; by default what is there fits.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        255 where the pattern fits, else 0; of the shape and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or several channels, an element of other numbers or of zeros alone.

    Notes
    -----
    Equals ``cv2.morphologyEx(image, cv2.MORPH_HITMISS, element)``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> corner = [[0, -1, -1], [1, 1, -1], [0, 1, 0]]
    >>> mask = np.zeros((4, 5), np.uint8)
    >>> mask[1:, :4] = 255
    >>> np.argwhere(cvkit.hit_or_miss(mask, corner))
    array([[1, 3]])
    """
    stack = ImageStack.of(image, dtypes=(np.uint8,), channels=(1,), out=out)
    pattern = _validate.whole_numbers(element, "element")
    if pattern.ndim != 2 or not np.isin(pattern, (-1, 0, 1)).all() or not pattern.any():
        raise ValueError(f"element must be (h, w) of 1, 0 and -1 and not of zeros alone, got {element!r}")
    # What is clear is set in the opposite image, whose erosion is the opposite of the dilation.
    opposite = None if border_value is None else 255 - _validate.number(border_value, "border_value")
    result = stack.output()
    kept, excluded = stack.empty(), stack.empty()
    is_set = window_of_pixels(pattern == 1, iterations, anchor, border, border_value)
    is_clear = window_of_pixels(pattern == -1, iterations, anchor, border, opposite)
    write_erosion(stack, stack.array, is_set, kept)
    write_dilation(stack, stack.array, is_clear, excluded)
    stack.kernels(hit_or_miss_kernels).exclude(kept, excluded, result)
    return stack.restore(result)
