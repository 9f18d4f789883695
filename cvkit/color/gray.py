"""Gray images."""

from __future__ import annotations

import numpy as np

from cvkit._dispatch import ImageStack
from cvkit.color._cpu import gray as gray_kernels
from cvkit.typing import ArrayT

# Rec. 601 luma. OpenCV's integer weights sum to 1 << 15, so that white stays white.
_LUMA = (0.299, 0.587, 0.114)
_FIXED_LUMA = (9798, 19235, 3735)


def rgb_to_gray(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Turn an RGB image into gray: 0.299 red + 0.587 green + 0.114 blue.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8, uint16, float32 or float64
        RGB.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (H, W) or (N, H, W, 1)
        Of the dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    Rec. ITU-R BT.601 luma. Integers equal ``cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)`` byte for byte.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.rgb_to_gray(np.array([[[255, 0, 0], [10, 20, 30]]], np.uint8))
    array([[76, 18]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=(3,))
    kernels = stack.kernels(gray_kernels)
    result = stack.output((*stack.shape[:3], 1), is_gray=True)
    if stack.dtype.kind == "u":
        kernels.gray_fixed(stack.array, *map(np.uint32, _FIXED_LUMA), result)
    else:
        kernels.gray_float(stack.array, *map(stack.dtype.type, _LUMA), result)
    return stack.restore(result)


def gray_to_rgb(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Turn a gray image into RGB by repeating its values.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8, uint16, float32 or float64
        Gray.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (H, W, 3) or (N, H, W, 3)
        Of the dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or more channels than one.

    Notes
    -----
    As ``cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.gray_to_rgb(np.array([[7, 9]], np.uint8))
    array([[[7, 7, 7],
            [9, 9, 9]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=(1,))
    result = stack.output((*stack.shape[:3], 3), has_channels=False)
    stack.kernels(gray_kernels).repeat_gray(stack.array, result)
    return stack.restore(result)
