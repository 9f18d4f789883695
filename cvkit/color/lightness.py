"""Color spaces of lightness: CIE L*a*b* and L*u*v*."""

from __future__ import annotations

from functools import cache

import numpy as np

from cvkit._dispatch import Array, ImageStack
from cvkit.color import _lightness_tables as tables
from cvkit.color._cpu import lightness as lightness_kernels
from cvkit.typing import ArrayT


def rgb_to_lab(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Turn an RGB image into CIE L*a*b*, in which distances are about those that people see.

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
        Of the shape, dtype and kind of ``image``. Floats are L from 0 to 100, and a and b from about -110 to
        110; bytes spread L over 0 to 255 and add 128 to a and b.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    CIE 1976 for the white D65. Bytes equal ``cv2.cvtColor(image, cv2.COLOR_RGB2Lab)``. Floats are what the
    formula says, as in scikit-image; OpenCV's are interpolated between colors that lie 1 / 32 apart.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.rgb_to_lab(np.array([[[255, 255, 255], [255, 0, 0]]], np.uint8))
    array([[[255, 128, 128],
            [136, 208, 195]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(3,))
    result = stack.output()
    kernels = stack.kernels(lightness_kernels)
    if stack.dtype == np.uint8:
        kernels.lab_of_bytes(stack.array, *tables.lab_tables(), result)
    else:
        kernels.lab_of_floats(stack.array, result)
    return stack.restore(result)


def lab_to_rgb(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Turn a CIE L*a*b* image into RGB, as :func:`rgb_to_lab` took it.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8 or float32
        L, a and b.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        RGB with sRGB's gamma, of the shape, dtype and kind of ``image``; what no screen shows is cut off at 0
        and 1.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    Bytes equal ``cv2.cvtColor(image, cv2.COLOR_Lab2RGB)``, floats to 1e-4.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.lab_to_rgb(np.array([[[255, 128, 128], [136, 208, 195]]], np.uint8))
    array([[[255, 255, 255],
            [255,   2,   1]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(3,))
    result = stack.output()
    kernels = stack.kernels(lightness_kernels)
    if stack.dtype == np.uint8:
        kernels.bytes_of_lab(stack.array, *tables.light_tables(True), result)
    else:
        kernels.floats_of_lab(stack.array, result)
    return stack.restore(result)


def rgb_to_luv(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
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
    CIE 1976 for the white D65, as ``cv2.cvtColor(image, cv2.COLOR_RGB2Luv)``: bytes equal its, which are
    interpolated between colors that lie eight levels apart; floats to 0.02, which is the error of its tables
    near black.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.rgb_to_luv(np.array([[[255, 255, 255], [255, 0, 0]]], np.uint8))
    array([[[255,  96, 136],
            [135, 222, 173]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(3,))
    result = stack.output()
    kernels = stack.kernels(lightness_kernels)
    if stack.dtype == np.uint8:
        kernels.luv_bytes_of_bytes(stack.array, tables.luv_lattice(), result)
    else:
        fill_luv(stack, np.ones(3), np.zeros(3), result)
    return stack.restore(result)


def luv_to_rgb(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Turn a CIE L*u*v* image into RGB, as :func:`rgb_to_luv` took it.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8 or float32
        L, u and v.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        RGB with sRGB's gamma, of the shape, dtype and kind of ``image``; what no screen shows is cut off at 0
        and 1.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    Bytes equal ``cv2.cvtColor(image, cv2.COLOR_Luv2RGB)``, floats to 1e-4.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.luv_to_rgb(np.array([[[255, 96, 136], [135, 222, 173]]], np.uint8))
    array([[[254, 255, 255],
            [254,   0,   0]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(3,))
    result = stack.output()
    kernels = stack.kernels(lightness_kernels)
    if stack.dtype == np.uint8:
        kernels.bytes_of_luv(stack.array, *tables.light_tables(False), result)
    else:
        kernels.floats_of_luv(stack.array, result)
    return stack.restore(result)


def fill_luv(stack: ImageStack, gain: np.ndarray, offset: np.ndarray, out: Array) -> None:
    """Fill the first three channels of ``out`` with L*u*v*, each times its gain plus its offset.

    ``stack`` holds uint8 or float32, gray (as three equal channels) or RGB; ``out`` holds float32.
    """
    kernels = stack.kernels(lightness_kernels)
    gain, offset = gain.astype(np.float32), offset.astype(np.float32)
    if stack.dtype == np.uint8:
        kernels.luv_of_bytes(stack.array, _light_of_bytes(), gain, offset, out)
    else:
        kernels.luv_of_floats(stack.array, gain, offset, out)


@cache
def _light_of_bytes() -> np.ndarray:
    """Tabulate the linear light of each byte, from 0 to 1."""
    value = np.arange(256) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)
