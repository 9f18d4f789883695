"""Smoothing by averages: box and Gaussian."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from cvkit import _validate
from cvkit._border import BORDERS
from cvkit._dispatch import Array, Batch
from cvkit.filters import _linear


def box_filter(
    image: Array,
    ksize: int | tuple[int, int],
    *,
    normalize: bool = True,
    border: str = "reflect101",
    border_value: float = 0,
) -> Array:
    """Average over boxes, or sum over them, as ``cv2.boxFilter``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The image or stack.
    ksize : int or (int, int)
        Odd size of the box in pixels, for both axes or as (height, width).
    normalize : bool
        Divide by the number of pixels; else the sums are saturated to the dtype of ``image``.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image.
    border_value : float
        Value beyond the image for ``border="constant"``.

    Returns
    -------
    array
        The averages or sums, of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, or an even or zero size.

    Notes
    -----
    Averages of integers are rounded once, to the nearest. Sums of floats run in float64 down the image.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.box_filter(np.array([[0, 0, 9, 0, 0]], np.uint8), (1, 3))
    array([[0, 3, 3, 3, 0]], dtype=uint8)
    """
    batch = Batch.of(image)
    size_y, size_x = _validate.kernel_size(ksize)
    border_code = _validate.one_of(border, BORDERS, "border")
    value = batch.dtype.type(_validate.number(border_value, "border_value"))
    out = batch.empty()
    outside_column, outside_box, rounding = _box_arithmetic(value, size_y, size_x, bool(normalize))
    if 0 not in batch.shape:
        kernels = batch.kernels("cvkit.filters", "smoothing")
        kernels.box(
            batch.array, size_y, size_x, border_code, value, outside_column, outside_box, rounding, out
        )
    return batch.restore(out)


def _column_dtype(dtype: np.dtype, size: int) -> np.dtype:
    """Smallest dtype that holds the sum of a box's column, for narrow vector lanes."""
    if dtype.kind == "u":
        for sum_dtype in (np.dtype(np.uint16), np.dtype(np.uint32)):
            if size * np.iinfo(dtype).max <= np.iinfo(sum_dtype).max:
                return sum_dtype
    return np.dtype(np.float64)


# Typed, because a 0 of one dtype equals the 0 of another.
@functools.lru_cache(maxsize=256, typed=True)
def _box_arithmetic(
    outside: Any, size_y: int, size_x: int, normalize: bool
) -> tuple[np.ndarray, np.ndarray, _linear.Rounding]:
    """Sum of a column and of a box outside the image, in the dtypes for such sums, and their rounding.

    The dtypes are the narrowest that hold a sum and round an average right.
    """
    dtype, area = outside.dtype, size_y * size_x
    column_dtype = _column_dtype(dtype, size_y)
    outside_column = np.array([outside], column_dtype) * column_dtype.type(size_y)
    largest = area * int(np.iinfo(dtype).max) if dtype.kind == "u" else math.inf
    rounding = _linear.quotient(area, int(largest)) if normalize and dtype.kind == "u" else None
    if rounding is not None:
        return outside_column, outside_column.astype(np.uint16) * np.uint16(size_x), rounding
    # An average of an odd number of values is at least half of one over that number away from a tie, and so
    # float32 rounds it right if the sum needs two bits less than the mantissa has.
    sum_dtype = np.dtype(np.float32 if largest < 1 << 22 else np.float64)
    rounding = _linear.real(sum_dtype, dtype, scale=1 / area if normalize else 1.0)
    return outside_column, outside_column.astype(sum_dtype) * sum_dtype.type(size_x), rounding


def gaussian_blur(
    image: Array,
    sigma: float | tuple[float, float] | None = None,
    *,
    ksize: int | tuple[int, int] | None = None,
    border: str = "reflect101",
    border_value: float = 0,
) -> Array:
    """Blur an image with a Gaussian, as ``cv2.GaussianBlur``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The image or stack.
    sigma : float or (float, float), optional
        Standard deviation in pixels, for both axes or as (y, x). Missing or 0, it follows from the size:
        ``0.3 * ((ksize - 1) / 2 - 1) + 0.8``, or OpenCV's table for sizes up to 9.
    ksize : int or (int, int), optional
        Odd kernel size in pixels, for both axes or as (height, width). Missing, it follows from sigma: the
        odd number at ``6 * sigma + 1`` for uint8, ``8 * sigma + 1`` for the other dtypes.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image.
    border_value : float
        Value beyond the image for ``border="constant"``.

    Returns
    -------
    array
        The blurred image, of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, an even or zero size, a negative or infinite sigma, or if both are missing.

    Notes
    -----
    uint8 and uint16 are computed in fixed point with OpenCV's weights of 8 and 16 bits and rounded once, at
    the end: they equal OpenCV byte for byte.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.gaussian_blur(np.array([[0, 0, 64, 0, 0]], np.uint8), ksize=5)
    array([[ 8, 16, 24, 16,  8]], dtype=uint8)
    """
    batch = Batch.of(image)
    border_code = _validate.one_of(border, BORDERS, "border")
    value = _validate.number(border_value, "border_value")
    sigmas = (0.0, 0.0) if sigma is None else _validate.sigma_pair(sigma)
    if ksize is not None:
        sizes = _validate.kernel_size(ksize)
    elif all(sigmas):
        sizes = _size_for(sigmas[0], batch.dtype), _size_for(sigmas[1], batch.dtype)
    else:
        raise ValueError(f"sigma must be greater than 0 where ksize is not given, got {sigma!r}")
    out = batch.empty()
    if batch.dtype.kind == "u":
        bits = 8 * batch.dtype.itemsize
        kernels = (
            _fixed_point_kernel(sizes[0], sigmas[0], bits),
            _fixed_point_kernel(sizes[1], sigmas[1], bits),
        )
        # One axis fills twice the bits of the image, both together four times.
        sum_dtypes = _UNSIGNED[2 * bits], _UNSIGNED[4 * bits]
        rounding = _linear.fixed_point(2 * bits, sum_dtypes[1])
    else:
        kernels = _float_kernel(sizes[0], sigmas[0]), _float_kernel(sizes[1], sigmas[1])
        sum_dtypes = batch.dtype, batch.dtype
        rounding = _linear.AS_IT_IS
    _linear.separable(
        batch,
        (kernels,),
        out,
        sum_dtypes=sum_dtypes,
        rounding=rounding,
        border=border_code,
        border_value=value,
    )
    return batch.restore(out)


_UNSIGNED = {bits: np.dtype(f"u{bits // 8}") for bits in (16, 32, 64)}


def _size_for(sigma: float, dtype: np.dtype) -> int:
    """OpenCV's kernel size for a standard deviation: 3 of them to either side for uint8, else 4."""
    return round(sigma * (6 if dtype == np.uint8 else 8) + 1) | 1


# OpenCV's kernels for a size without a sigma, in 1/256.
_SMALL_GAUSSIANS = {
    1: [256],
    3: [64, 128, 64],
    5: [16, 64, 96, 64, 16],
    7: [8, 28, 56, 72, 56, 28, 8],
    9: [4, 13, 30, 51, 60, 51, 30, 13, 4],
}


def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
    """Weights of a Gaussian, summing to 1, as ``cv2.getGaussianKernel``."""
    if sigma <= 0 and size in _SMALL_GAUSSIANS:
        return np.array(_SMALL_GAUSSIANS[size]) / 256.0
    sigma = sigma if sigma > 0 else 0.15 * size + 0.35
    x = np.arange(size) - size // 2
    weights = np.exp(-0.5 * x * x / (sigma * sigma))
    return weights / weights.sum()


@functools.lru_cache(maxsize=256)
def _float_kernel(size: int, sigma: float) -> _linear.Weights:
    return tuple(gaussian_kernel(size, sigma).tolist())


@functools.lru_cache(maxsize=256)
def _fixed_point_kernel(size: int, sigma: float, bits: int) -> _linear.Weights:
    """Weights of a Gaussian as whole numbers that sum to ``1 << bits``.

    The error of each weight is carried to its neighbour towards the middle, and the middle takes the rest, as
    OpenCV does.
    """
    half = []
    error = 0.0
    for weight in gaussian_kernel(size, sigma)[: size // 2]:
        exact = weight * (1 << bits) + error
        half.append(round(exact))
        error = exact - half[-1]
    return (*half, (1 << bits) - 2 * sum(half), *reversed(half))
