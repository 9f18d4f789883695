"""Halve and double images through a small Gaussian."""

from __future__ import annotations

from typing import Any

import numpy as np

from cvkit import _validate
from cvkit._channels import in_groups
from cvkit._dispatch import ImageStack
from cvkit.geometry._cpu import pyramid as pyramid_kernels
from cvkit.typing import ArrayT


def pyramid_down(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Blur an image by a Gaussian of 5 x 5 and keep every other row and column, as ``cv2.pyrDown``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack, of any number of channels; uint8, uint16, int16, float32 or float64.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The image of half the size, rounded up, of the dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.pyramid_down(np.array([[0, 0, 160, 0, 0]], np.uint8))
    array([[20, 60, 20]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    count, height, width, channels = stack.shape
    result = stack.output((count, (height + 1) // 2, (width + 1) // 2, channels))
    kernels = stack.kernels(pyramid_kernels)
    for _, source, part in in_groups(stack, result):
        kernels.down(source, *_arithmetic(stack.dtype, 8), part)
    return stack.restore(result)


def pyramid_up(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Double an image, as ``cv2.pyrUp``: the rows and columns between come from a Gaussian of 5 x 5.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack, of any number of channels; uint8, uint16, int16, float32 or float64.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The image of twice the size, of the dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.pyramid_up(np.array([[0, 80]], np.uint8))
    array([[20, 40, 70, 80],
           [20, 40, 70, 80]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    count, height, width, channels = stack.shape
    result = stack.output((count, 2 * height, 2 * width, channels))
    kernels = stack.kernels(pyramid_kernels)
    for _, source, part in in_groups(stack, result):
        kernels.up(source, *_arithmetic(stack.dtype, 6), part)
    return stack.restore(result)


def _arithmetic(dtype: np.dtype, bits: int) -> tuple[np.ndarray, tuple[Any, ...]]:
    """An array of the dtype for sums of weights that add up to ``1 << bits``, and what divides these sums."""
    if dtype.kind == "f":
        return np.empty(0, dtype), (dtype.type(0.5**bits),)
    number: Any = np.dtype(f"{dtype.kind}{2 * dtype.itemsize}").type
    return np.empty(0, number), (number(1 << (bits - 1)), number(bits))
