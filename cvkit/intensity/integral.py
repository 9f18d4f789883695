"""Integral images: sums over any rectangle from four values."""

from __future__ import annotations

import numpy as np

from cvkit._dispatch import ImageStack
from cvkit._jit import get_num_threads
from cvkit.intensity._cpu import integral as integral_kernels
from cvkit.typing import ArrayT

# Rows of one task: sums of floats depend on it, those of integers do not.
_STRIP = 256


def integral_image(image: ArrayT, *, squared: bool = False, out: ArrayT | None = None) -> ArrayT:
    """Sum all values above and to the left of each pixel, as ``cv2.integral``.

    The sum over rows ``top`` to ``bottom - 1`` and columns ``left`` to ``right - 1`` then is
    ``sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The image or stack.
    squared : bool
        Sum the squares of the values.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (H + 1, W + 1), (H + 1, W + 1, C) or (N, H + 1, W + 1, C)
        The sums, with a row and a column of zeros before them: int32 for uint8, which wrap from 2**31 on so
        that sums over rectangles of up to 8 million pixels are right all the same; float64 for other dtypes
        and for squares.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image.

    Notes
    -----
    Crow, F., "Summed-area tables for texture mapping", 1984. Sums of integers equal ``cv2.integral`` and
    ``cv2.integral2`` byte for byte. A NaN or an infinity reaches all sums below and to the right of it.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.integral_image(np.array([[1, 2], [3, 4]], np.uint8))
    array([[ 0,  0,  0],
           [ 0,  1,  3],
           [ 0,  4, 10]], dtype=int32)
    """
    stack = ImageStack.of(image, out=out)
    count, height, width, channels = stack.shape
    dtype = np.int32 if stack.dtype == np.uint8 and not squared else np.float64
    result = stack.output((count, height + 1, width + 1, channels), dtype)
    # Whole strips for each thread save a pass where there is one.
    strip_height = _STRIP if stack.dtype.kind == "f" else max(64, -(-height // get_num_threads()))
    stack.kernels(integral_kernels).integrate(stack.array, strip_height, bool(squared), result)
    return stack.restore(result)
