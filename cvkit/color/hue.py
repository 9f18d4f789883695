"""Color spaces of hue: HSV and HLS."""

from __future__ import annotations

import numpy as np

from cvkit._dispatch import ImageStack
from cvkit.color._cpu import hue as hue_kernels
from cvkit.typing import ArrayT

_SIXTHS_OF_DEGREES = np.float32(6 / 360)


def rgb_to_hsv(image: ArrayT, *, full_range: bool = False, out: ArrayT | None = None) -> ArrayT:
    """Turn an RGB image into hue, saturation and value, the largest of the channels.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8 or float32
        RGB; floats from 0 to 1.
    full_range : bool
        Whether the hue of bytes fills them, 0 to 255. Else it is half of the degrees, 0 to 179. Floats have
        degrees in any case.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Hue, saturation and value, of the shape, dtype and kind of ``image``: bytes from 0 to 255 but for the
        hue; floats from 0 to 1, the hue in degrees. Gray has hue 0.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    Bytes equal ``cv2.cvtColor`` with ``COLOR_RGB2HSV`` or ``COLOR_RGB2HSV_FULL``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.rgb_to_hsv(np.array([[[255, 0, 0], [0, 0, 200], [90, 90, 90]]], np.uint8))
    array([[[  0, 255, 255],
            [120, 255, 200],
            [  0,   0,  90]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(3,))
    result = stack.output()
    kernels = stack.kernels(hue_kernels)
    if stack.dtype == np.uint8:
        turn = _turn(full_range)
        kernels.hsv_from_bytes(stack.array, np.int32(turn), np.float32(turn << 12), result)
    else:
        kernels.hsv_from_floats(stack.array, result)
    return stack.restore(result)


def hsv_to_rgb(image: ArrayT, *, full_range: bool = False, out: ArrayT | None = None) -> ArrayT:
    """Turn an image of hue, saturation and value into RGB, as :func:`rgb_to_hsv` made it.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8 or float32
        Hue, saturation and value; a hue beyond a full turn counts as what is left of it.
    full_range : bool
        Whether the hue of bytes fills them, 0 to 255. Else it is half of the degrees, 0 to 179. Floats have
        degrees in any case.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        RGB of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    Bytes equal ``cv2.cvtColor`` with ``COLOR_HSV2RGB``, which cuts fractions off, or ``COLOR_HSV2RGB_FULL``;
    where OpenCV has Intel's IPP, that rounds the latter. So do the last few pixels of OpenCV's rows.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.hsv_to_rgb(np.array([[[0, 255, 255], [120, 255, 200], [0, 0, 90]]], np.uint8))
    array([[[255,   0,   0],
            [  0,   0, 200],
            [ 90,  90,  90]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(3,))
    result = stack.output()
    kernels = stack.kernels(hue_kernels)
    if stack.dtype == np.uint8:
        kernels.bytes_from_hsv(stack.array, _sixths(full_range), result)
    else:
        kernels.floats_from_hsv(stack.array, _SIXTHS_OF_DEGREES, result)
    return stack.restore(result)


def rgb_to_hls(image: ArrayT, *, full_range: bool = False, out: ArrayT | None = None) -> ArrayT:
    """Turn an RGB image into hue, lightness and saturation.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8 or float32
        RGB; floats from 0 to 1.
    full_range : bool
        Whether the hue of bytes fills them, 0 to 255. Else it is half of the degrees, 0 to 179. Floats have
        degrees in any case.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Hue, lightness and saturation, of the shape, dtype and kind of ``image``: bytes from 0 to 255 but for
        the hue; floats from 0 to 1, the hue in degrees. Gray has hue and saturation 0.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    Lightness is the mean of the largest and the smallest channel. Bytes equal ``cv2.cvtColor`` with
    ``COLOR_RGB2HLS`` or ``COLOR_RGB2HLS_FULL``; where OpenCV has Intel's IPP, that rounds the latter
    otherwise, within one level.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.rgb_to_hls(np.array([[[255, 0, 0], [0, 0, 200], [90, 90, 90]]], np.uint8))
    array([[[  0, 128, 255],
            [120, 100, 255],
            [  0,  90,   0]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(3,))
    result = stack.output()
    kernels = stack.kernels(hue_kernels)
    if stack.dtype == np.uint8:
        kernels.hls_from_bytes(stack.array, np.float32(_turn(full_range) / 360), result)
    else:
        kernels.hls_from_floats(stack.array, result)
    return stack.restore(result)


def hls_to_rgb(image: ArrayT, *, full_range: bool = False, out: ArrayT | None = None) -> ArrayT:
    """Turn an image of hue, lightness and saturation into RGB, as :func:`rgb_to_hls` made it.

    Parameters
    ----------
    image : array, (H, W, 3) or (N, H, W, 3), uint8 or float32
        Hue, lightness and saturation; a hue beyond a full turn counts as what is left of it.
    full_range : bool
        Whether the hue of bytes fills them, 0 to 255. Else it is half of the degrees, 0 to 179. Floats have
        degrees in any case.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        RGB of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or another number of channels.

    Notes
    -----
    Bytes equal ``cv2.cvtColor`` with ``COLOR_HLS2RGB`` or ``COLOR_HLS2RGB_FULL``; where OpenCV has Intel's
    IPP, that rounds the latter otherwise, within one level.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.hls_to_rgb(np.array([[[0, 128, 255], [120, 100, 255], [0, 90, 0]]], np.uint8))
    array([[[255,   1,   1],
            [  0,   0, 200],
            [ 90,  90,  90]]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(3,))
    result = stack.output()
    kernels = stack.kernels(hue_kernels)
    if stack.dtype == np.uint8:
        kernels.bytes_from_hls(stack.array, _sixths(full_range), result)
    else:
        kernels.floats_from_hls(stack.array, _SIXTHS_OF_DEGREES, result)
    return stack.restore(result)


def _turn(full_range: bool) -> int:
    """Return what a full turn would be among the hues of bytes that are made."""
    return 256 if full_range else 180


def _sixths(full_range: bool) -> np.float32:
    """Return what makes sixths of a turn of the hues of bytes that are read; OpenCV's fill 0 to 255 there."""
    return np.float32(6 / (255 if full_range else 180))
