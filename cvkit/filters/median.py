"""Replace every pixel by the median of its neighborhood."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit.filters._cpu import median as median_kernels
from cvkit.typing import ArrayT

# Kernels number the pixels of a tile and its surroundings, 3 x 3 windows in all, in 32 bits.
_LARGEST_KSIZE = 15_445


def median_blur(image: ArrayT, ksize: int, *, out: ArrayT | None = None) -> ArrayT:
    """Blur an image by the median of a square around each pixel, which keeps edges and removes specks.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels, each on its own. Pixels outside repeat the outermost.
    ksize : int
        Side of the square, in pixels; odd, at most 15445. With 1 the result is a copy.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The blurred image, of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For another dtype, or a size that is not a whole number.
    ValueError
        For an empty image, or a size that is even or below 1.

    Notes
    -----
    Equals ``cv2.medianBlur(image, ksize)`` where OpenCV has it: all sizes of uint8, 3 and 5 of uint16 and
    float32.

    Sizes 3 and 5 are sorting networks. Above, uint8 takes time that hardly depends on the size on the CPU, by
    S. Perreault and P. Hebert, "Median filtering in constant time", 2007, and grows with it on CUDA. Other
    dtypes move a window of ranks, in time that grows with the size on the CPU, and with its square on CUDA.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> speck = np.full((3, 4), 7, np.uint8)
    >>> speck[1, 1] = 255
    >>> cvkit.median_blur(speck, 3)
    array([[7, 7, 7, 7],
           [7, 7, 7, 7],
           [7, 7, 7, 7]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    ksize = _validate.integer(ksize, "ksize", maximum=_LARGEST_KSIZE)
    _validate.kernel_size(ksize)
    kernels = stack.kernels(median_kernels)
    result = stack.output()
    if ksize == 1:
        stack.copy_to(result)
    elif ksize == 3:
        kernels.median_3(stack.array, result)
    elif ksize == 5:
        kernels.median_5(stack.array, result)
    elif stack.dtype == np.uint8:
        kernels.median_histogram(stack.array, ksize, result)
    else:
        kernels.median_ranks(stack.array, ksize, result)
    return stack.restore(result)
