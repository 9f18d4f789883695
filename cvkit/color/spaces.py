"""Order of color channels, and color spaces that are weighted sums of RGB."""

from __future__ import annotations

import numpy as np

from cvkit._dispatch import Array, ImageStack
from cvkit.color._cpu import spaces as spaces_kernels
from cvkit.typing import ArrayT

# Weights of integers as OpenCV has them: red, green and blue in Y, red - Y in Cr, blue - Y in Cb; back, Cr in
# red, Cr and Cb in green, Cb in blue.
_TO_YCRCB = (0.299, 0.587, 0.114, 0.713, 0.564)
_TO_YCRCB_FIXED = np.array([4899, 9617, 1868, 11682, 9241], np.int32)
_FROM_YCRCB = (1.403, -0.714, -0.344, 1.773)
_FROM_YCRCB_FIXED = np.array([22987, -11698, -5636, 29049], np.int32)
_YCRCB_BITS = 14

# sRGB's primaries for the white D65.
_TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_TO_XYZ_FIXED = np.array([[1689, 1465, 739], [871, 2929, 296], [79, 488, 3892]], np.int32)
_FROM_XYZ = (
    (3.240479, -1.53715, -0.498535),
    (-0.969256, 1.875991, 0.041556),
    (0.055648, -0.204043, 1.057311),
)
_FROM_XYZ_FIXED = np.array([[13273, -6296, -2042], [-3970, 7684, 170], [228, -836, 4331]], np.int32)
_XYZ_BITS = 12


def rgb_to_bgr(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
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


def rgb_to_ycrcb(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Turn an RGB image into YCrCb: luma, and how far red and blue are from it.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8, uint16, float32 or float64
        RGB; floats from 0 to 1, though others are converted alike.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``: Y, then Cr and Cb, which are 128, 32768 or 0.5 for gray.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    Rec. ITU-R BT.601 over the full range, as JPEG files hold it. Integers equal
    ``cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)`` byte for byte.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.rgb_to_ycrcb(np.array([[[255, 0, 0], [90, 90, 90]]], np.uint8))
    array([[[ 76, 255,  85],
            [ 90, 128, 128]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=(3,))
    result = stack.output()
    kernels = stack.kernels(spaces_kernels)
    if stack.dtype.kind == "u":
        kernels.to_ycrcb_fixed(stack.array, _TO_YCRCB_FIXED, _YCRCB_BITS, result)
    else:
        kernels.to_ycrcb_float(stack.array, np.array(_TO_YCRCB, stack.dtype), stack.dtype.type(0.5), result)
    return stack.restore(result)


def ycrcb_to_rgb(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Turn a YCrCb image into RGB, as :func:`rgb_to_ycrcb` made it.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8, uint16, float32 or float64
        Y, Cr and Cb.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        RGB of the shape, dtype and kind of ``image``; integers are saturated.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    Integers equal ``cv2.cvtColor(image, cv2.COLOR_YCrCb2RGB)`` byte for byte.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.ycrcb_to_rgb(np.array([[[76, 255, 85], [90, 128, 128]]], np.uint8))
    array([[[254,   0,   0],
            [ 90,  90,  90]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=(3,))
    result = stack.output()
    kernels = stack.kernels(spaces_kernels)
    if stack.dtype.kind == "u":
        kernels.from_ycrcb_fixed(stack.array, _FROM_YCRCB_FIXED, _YCRCB_BITS, result)
    else:
        kernels.from_ycrcb_float(
            stack.array, np.array(_FROM_YCRCB, stack.dtype), stack.dtype.type(0.5), result
        )
    return stack.restore(result)


def rgb_to_xyz(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Turn an RGB image into CIE XYZ, taking its values for linear light.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8, uint16, float32 or float64
        RGB with sRGB's primaries, but without its gamma, which is not undone.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        X, Y and Z, of the shape, dtype and kind of ``image``; integers are saturated: white has a Z of 1.09.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    For the white D65. Integers equal ``cv2.cvtColor(image, cv2.COLOR_RGB2XYZ)`` byte for byte.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.rgb_to_xyz(np.array([[[255, 0, 0], [200, 200, 200]]], np.uint8))
    array([[[105,  54,   5],
            [190, 200, 218]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=(3,))
    return _multiplied(stack, _TO_XYZ, _TO_XYZ_FIXED)


def xyz_to_rgb(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Turn a CIE XYZ image into RGB of linear light, as :func:`rgb_to_xyz` took it.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8, uint16, float32 or float64
        X, Y and Z.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        RGB of the shape, dtype and kind of ``image``; integers are saturated.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    For the white D65. Integers equal ``cv2.cvtColor(image, cv2.COLOR_XYZ2RGB)`` byte for byte.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.xyz_to_rgb(np.array([[[105, 54, 5], [190, 200, 218]]], np.uint8))
    array([[[255,   0,   0],
            [200, 200, 200]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=(3,))
    return _multiplied(stack, _FROM_XYZ, _FROM_XYZ_FIXED)


def _multiplied(stack: ImageStack, weights: tuple[tuple[float, ...], ...], fixed: np.ndarray) -> Array:
    """Multiply each pixel by a matrix, given as floats and as weights of ``_XYZ_BITS`` bits of fraction."""
    result = stack.output()
    kernels = stack.kernels(spaces_kernels)
    if stack.dtype.kind == "u":
        kernels.multiply_fixed(stack.array, fixed, _XYZ_BITS, result)
    else:
        kernels.multiply_float(stack.array, np.array(weights, stack.dtype), result)
    return stack.restore(result)
