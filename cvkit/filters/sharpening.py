"""Sharpening: by Laplacian, by gradient, and by unsharp masking."""

from __future__ import annotations

from typing import Any

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit._memoized import memoized
from cvkit.filters import _linear, _rounding
from cvkit.filters._cpu import sharpening as sharpening_kernels
from cvkit.filters._linear import Arithmetic, Border, Magnitude, Planar
from cvkit.filters.smoothing import gaussian_blur
from cvkit.typing import ArrayT, BorderMode, SharpenMethod

_SOBEL = (
    ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0)),
    ((-1.0, -2.0, -1.0), (0.0, 0.0, 0.0), (1.0, 2.0, 1.0)),
)
# A ramp that rises by one level for each pixel gives the Sobel kernels 8.
_SOBEL_UNIT = 8.0
# Of details; its products with values of pixels are still float32.
_LARGEST_AMOUNT = 1e30


def _strength(amount: float) -> float:
    strength = _validate.number(amount, "amount", minimum=0)
    return _validate.number(strength, "amount", maximum=_LARGEST_AMOUNT)


def sharpen(
    image: ArrayT,
    method: SharpenMethod = "laplacian",
    amount: float = 1.0,
    *,
    border: BorderMode = "reflect101",
    out: ArrayT | None = None,
) -> ArrayT:
    """Sharpen an image by its Laplacian or by the magnitude of its Sobel gradient.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    method : {"laplacian", "sobel"}
        ``"laplacian"`` subtracts the Laplacian of the four neighbors, ``"sobel"`` adds the magnitude of the
        gradient, in levels for each pixel.
    amount : float
        Factor of what is subtracted or added, at least 0.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The sharpened image, rounded and saturated, of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, an unknown method or a negative amount.

    Notes
    -----
    Gonzalez, R. and Woods, R., "Digital Image Processing", chapter 3: image enhancement using derivatives.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.sharpen(np.array([[10, 10, 20, 20]], np.uint8))
    array([[10,  0, 30, 20]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _sharpen(stack.dtype, method, amount, border).apply(stack)


@memoized
def _sharpen(dtype: np.dtype, method: str, amount: float, border: str) -> _linear.Filter:
    by_laplacian = _validate.one_of(method, {"laplacian": True, "sobel": False}, "method")
    strength = _strength(amount)
    beyond = Border.of(border, dtype)
    sum_dtype = _rounding.float_dtype(dtype)
    arithmetic = Arithmetic(sum_dtype, sum_dtype, _rounding.real(sum_dtype, dtype), dtype)
    if by_laplacian:
        weights = ((0.0, -strength, 0.0), (-strength, 1 + 4 * strength, -strength), (0.0, -strength, 0.0))
        return _linear.plan(Planar(weights), arithmetic, beyond)
    return _linear.plan(Magnitude(_SOBEL, shares=(1.0, strength / _SOBEL_UNIT)), arithmetic, beyond)


def unsharp_mask(
    image: ArrayT,
    sigma: float | tuple[float, float] = 1.0,
    amount: float = 1.0,
    *,
    threshold: float = 0,
    border: BorderMode = "reflect101",
    out: ArrayT | None = None,
) -> ArrayT:
    """Sharpen an image by what a Gaussian blur takes from it.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    sigma : float or (float, float)
        Standard deviation of the blur in pixels, for both axes or as (y, x); see :func:`gaussian_blur`.
    amount : float
        Factor of the difference between image and blur that is added, at least 0.
    threshold : float
        Differences smaller than this leave the pixel as it is, at least 0.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image for the blur; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The sharpened image, rounded and saturated, of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, a sigma that is not positive, or a negative amount or threshold.

    Notes
    -----
    The recipe is OpenCV's (documentation of ``cv::Mat``): ``GaussianBlur``, then ``addWeighted`` where the
    contrast reaches the threshold.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.unsharp_mask(np.array([[10, 10, 20, 20]], np.uint8))
    array([[ 9,  7, 23, 21]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    detail = _detail(stack.dtype, amount, threshold)
    # Holds the blur until each pixel of it is replaced by the result.
    result = gaussian_blur(stack.array, sigma=sigma, border=border, out=stack.output())
    if 0 not in stack.shape:
        stack.kernels(sharpening_kernels).add_detail(stack.array, *detail, result)
    return stack.restore(result)


@memoized
def _detail(dtype: np.dtype, amount: float, threshold: float) -> tuple[Any, ...]:
    """Return what the kernel takes between the image and its blur."""
    strength = _strength(amount)
    least = _validate.number(threshold, "threshold", minimum=0)
    sum_dtype = _rounding.float_dtype(dtype)
    number = sum_dtype.type
    return number(strength), number(least), _rounding.real(sum_dtype, dtype)
