"""Color spaces, and the two orders of color channels."""

from __future__ import annotations

from functools import cache

import numpy as np

from cvkit._dispatch import Array, ImageStack
from cvkit.color._cpu import spaces as spaces_kernels

# The ranges of L, u and v that OpenCV spreads over 0 to 255.
_LUV_LOW, _LUV_HIGH = (0, -134, -140), (100, 220, 122)


def rgb_to_bgr(image: Array, *, out: Array | None = None) -> Array:
    """Reverse the order of the color channels, from RGB to OpenCV's BGR or back.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8, uint16, float32 or float64
        RGB or BGR.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        A new array of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.rgb_to_bgr(np.array([[[1, 2, 3]]], np.uint8))
    array([[[3, 2, 1]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=(3,))
    result = stack.output()
    stack.kernels(spaces_kernels).reverse_channels(stack.array, result)
    return stack.restore(result)


def rgb_to_luv(image: Array, *, out: Array | None = None) -> Array:
    """Turn an RGB image into CIE L*u*v*, in which distances are about those that people see.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8 or float32
        RGB with sRGB's gamma; floats from 0 to 1, values beyond count as the nearer of the two;
        NaN gives NaN.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``. Floats are L from 0 to 100, u from -134 to 220, v from -140
        to 122; bytes spread each of these ranges over 0 to 255.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    CIE 1976 for the white D65, as ``cv2.cvtColor(image, cv2.COLOR_RGB2Luv)``: floats to 0.02, which is the
    error of OpenCV's tables near black, and bytes to one level.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.rgb_to_luv(np.array([[[255, 255, 255], [255, 0, 0]]], np.uint8))
    array([[[255,  97, 136],
            [136, 223, 173]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(3,))
    result = stack.output()
    if stack.dtype == np.uint8:
        low, high = np.array(_LUV_LOW), np.array(_LUV_HIGH)
        fill_luv(stack, 255 / (high - low), -low * 255 / (high - low), result)
    else:
        fill_luv(stack, np.ones(3), np.zeros(3), result)
    return stack.restore(result)


def fill_luv(stack: ImageStack, gain: np.ndarray, offset: np.ndarray, out: Array) -> None:
    """Fill the first three channels of ``out`` with L*u*v*, each times its gain plus its offset.

    ``stack`` holds uint8 or float32, gray (as three equal channels) or RGB; bytes in ``out`` are rounded.
    """
    kernels = stack.kernels(spaces_kernels)
    gain, offset = gain.astype(np.float32), offset.astype(np.float32)
    if stack.dtype == np.uint8:
        is_integer = np.dtype(out.dtype) == np.uint8
        kernels.luv_of_bytes(stack.array, _light_of_bytes(), gain, offset, is_integer, out)
    else:
        kernels.luv_of_floats(stack.array, gain, offset, out)


@cache
def _light_of_bytes() -> np.ndarray:
    """Tabulate the linear light of each byte, from 0 to 1."""
    value = np.arange(256) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)
