"""Smoothing by averages: box and Gaussian."""

from __future__ import annotations

import math

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit._memoized import memoized
from cvkit.filters import _linear, _rounding
from cvkit.filters._linear import Arithmetic, Border, Box, Separable, Weights
from cvkit.filters._math import AsItIs
from cvkit.typing import ArrayT, BorderMode


@_validate.unlike("cv2.boxFilter(src, ddepth, ksize)")
def box_filter(
    image: ArrayT,
    ksize: int | tuple[int, int],
    *,
    normalize: bool = True,
    border: BorderMode = "reflect101",
    border_value: float = 0,
    out: ArrayT | None = None,
) -> ArrayT:
    """Average over boxes, or sum over them, as ``cv2.boxFilter``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    ksize : int or (int, int)
        Odd size of the box in pixels, for both axes or as (height, width).
    normalize : bool
        Divide by the number of pixels; else the sums are saturated to the dtype of ``image``.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image.
    border_value : float
        Value beyond the image for ``border="constant"``, rounded and saturated as pixels are.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

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
    Averages of integers are rounded once, to the nearest. Sums of floats run in float64 down the image; gray
    ones over boxes of up to 5 x 5 pixels are summed in their own dtype on the CPU.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.box_filter(np.array([[0, 0, 9, 0, 0]], np.uint8), (1, 3))
    array([[0, 3, 3, 3, 0]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _box(stack.dtype, ksize, normalize, border, border_value).apply(stack)


@memoized
def _box(
    dtype: np.dtype, ksize: int | tuple[int, int], normalize: bool, border: str, border_value: float
) -> _linear.Filter:
    box = Box(*_validate.kernel_size(ksize))
    beyond = Border.of(border, dtype, border_value)
    arithmetic = _box_arithmetic(dtype, box, bool(normalize), _FLOAT64)
    # A few floats are summed in their own dtype; a sum that moves down the image needs more digits.
    one_pass_arithmetic = _box_arithmetic(dtype, box, bool(normalize), dtype)
    return _linear.plan(box, arithmetic, beyond, one_pass_arithmetic=one_pass_arithmetic)


_UNSIGNED = {bits: np.dtype(f"u{bits // 8}") for bits in (16, 32, 64)}
_FLOAT64 = np.dtype(np.float64)


def _unsigned_for(largest: int) -> np.dtype:
    """Smallest dtype that holds sums up to ``largest``, for narrow vector lanes."""
    return next(dtype for bits, dtype in _UNSIGNED.items() if largest < 1 << bits)


def _float_for(largest: int) -> np.dtype:
    """Choose the floats that hold sums up to ``largest`` and round averages right.

    An average of an odd number of values is at least half of one over that number away from a tie, and so
    float32 rounds it right if the sum needs two bits less than the mantissa has.
    """
    return np.dtype(np.float32) if largest < 1 << 22 else _FLOAT64


def _box_arithmetic(dtype: np.dtype, box: Box, normalize: bool, float_dtype: np.dtype) -> Arithmetic:
    """Choose the narrowest dtypes that hold a sum and round an average right; floats are summed as told."""
    area = box.height * box.width
    if dtype.kind == "f":
        rounding = _rounding.real(float_dtype, dtype, scale=1 / area if normalize else 1)
        return Arithmetic(float_dtype, float_dtype, rounding, dtype)
    largest = max(np.iinfo(dtype).max, -np.iinfo(dtype).min)
    if dtype.kind == "i":
        sum_dtype = _float_for(area * largest)
        rounding = _rounding.real(sum_dtype, dtype, scale=1 / area if normalize else 1)
        return Arithmetic(sum_dtype, sum_dtype, rounding, dtype)
    column_dtype, sum_dtype = _unsigned_for(box.height * largest), _unsigned_for(area * largest)
    if not normalize:
        return Arithmetic(column_dtype, sum_dtype, _rounding.saturated(sum_dtype, dtype), dtype)
    division = _rounding.quotient(area, area * largest)
    if division is not None:
        return Arithmetic(column_dtype, _UNSIGNED[16], division, dtype)
    sum_dtype = _float_for(area * largest)
    return Arithmetic(column_dtype, sum_dtype, _rounding.real(sum_dtype, dtype, scale=1 / area), dtype)


@_validate.unlike("cv2.GaussianBlur(src, ksize, sigmaX)", pairs=("sigma=(y, x)", "ksize=(height, width)"))
def gaussian_blur(
    image: ArrayT,
    sigma: float | tuple[float, float] | None = None,
    *,
    ksize: int | tuple[int, int] | None = None,
    border: BorderMode = "reflect101",
    border_value: float = 0,
    out: ArrayT | None = None,
) -> ArrayT:
    """Blur an image with a Gaussian, as ``cv2.GaussianBlur``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    sigma : float or (float, float), optional
        Standard deviation in pixels, for both axes or as (y, x). Missing or 0, it follows from the size:
        ``0.3 * ((ksize - 1) / 2 - 1) + 0.8``, or OpenCV's table for sizes up to 9. A pair is taken by
        keyword only, because ``cv2.GaussianBlur`` has a size in this place.
    ksize : int or (int, int), optional
        Odd kernel size in pixels, for both axes or as (height, width). Missing, it follows from sigma: the
        odd number at ``6 * sigma + 1`` for uint8, ``8 * sigma + 1`` for the other dtypes.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image.
    border_value : float
        Value beyond the image for ``border="constant"``, rounded and saturated as pixels are.
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
        For other dtypes, or a pair by position.
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
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _gaussian(stack.dtype, sigma, ksize, border, border_value).apply(stack)


@memoized
def _gaussian(
    dtype: np.dtype,
    sigma: float | tuple[float, float] | None,
    ksize: int | tuple[int, int] | None,
    border: str,
    border_value: float,
) -> _linear.Filter:
    beyond = Border.of(border, dtype, border_value)
    sigmas = (0.0, 0.0) if sigma is None else _validate.sigma_pair(sigma)
    if ksize is not None:
        sizes = _validate.kernel_size(ksize)
    elif all(sigmas):
        sizes = _size_for(sigmas[0], dtype), _size_for(sigmas[1], dtype)
    else:
        raise ValueError(f"sigma must be greater than 0 where ksize is not given, got {sigma!r}")
    weights, arithmetic = _gaussian_weights(dtype, sizes, sigmas)
    return _linear.plan(weights, arithmetic, beyond)


def _size_for(sigma: float, dtype: np.dtype) -> int:
    """OpenCV's kernel size for a standard deviation: 3 of them to either side for uint8, else 4."""
    deviations = 6 if dtype == np.uint8 else 8
    check_reach(sigma, deviations)
    return round(sigma * deviations + 1) | 1


def check_reach(sigma: float, deviations: int) -> None:
    """Check that a kernel of so many standard deviations can be listed."""
    largest = _validate.LARGEST_KERNEL // deviations
    if sigma > largest:
        raise ValueError(f"sigma must be at most {largest}, got {sigma!r}")


# OpenCV's kernels for a size without a sigma, in 1/256.
_SMALL_GAUSSIANS = {
    1: [256],
    3: [64, 128, 64],
    5: [16, 64, 96, 64, 16],
    7: [8, 28, 56, 72, 56, 28, 8],
    9: [4, 13, 30, 51, 60, 51, 30, 13, 4],
}


_SMALLEST_VARIANCE = 1e-100


def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
    """Weights of a Gaussian, summing to 1, as ``cv2.getGaussianKernel``."""
    if sigma <= 0 and size in _SMALL_GAUSSIANS:
        return np.array(_SMALL_GAUSSIANS[size]) / 256.0
    sigma = sigma if sigma > 0 else 0.15 * size + 0.35
    x = np.arange(size) - size // 2
    # Narrower ones than the smallest variance are as narrow: a single weight.
    weights = np.exp(-0.5 * x * x / max(sigma * sigma, _SMALLEST_VARIANCE))
    return weights / weights.sum()


def _gaussian_weights(
    dtype: np.dtype, sizes: tuple[int, int], sigmas: tuple[float, float]
) -> tuple[Separable, Arithmetic]:
    """Weights along y and x, and how they are summed: as fixed-point numbers for unsigned integers."""
    if dtype.kind != "u":
        y_kernel, x_kernel = map(gaussian_kernel, sizes, sigmas)
        weights = tuple(y_kernel.tolist()), tuple(x_kernel.tolist())
        real = _rounding.float_dtype(dtype)
        once = AsItIs() if dtype.kind == "f" else _rounding.real(real, dtype)
        return Separable((weights,)), Arithmetic(real, real, once, dtype)
    bits = 8 * dtype.itemsize
    y_weights, y_bits = _fixed_point_kernel(sizes[0], sigmas[0], bits)
    x_weights, x_bits = _fixed_point_kernel(sizes[1], sigmas[1], bits)
    column_dtype = _unsigned_for((1 << (bits + y_bits)) - 1)
    sum_dtype = _unsigned_for((1 << (bits + y_bits + x_bits)) - 1)
    rounding = _rounding.fixed_point(y_bits + x_bits, sum_dtype)
    return Separable(((y_weights, x_weights),)), Arithmetic(column_dtype, sum_dtype, rounding, dtype)


def _fixed_point_kernel(size: int, sigma: float, bits: int) -> tuple[Weights, int]:
    """Weights of a Gaussian as whole numbers, and how many bits of fraction they have, at most ``bits``.

    The error of each weight is carried to its neighbor towards the middle, and the middle takes the rest, as
    OpenCV does. Bits that are 0 in all weights are dropped: sums of small kernels then need 16 bits only.
    """
    half: list[int] = []
    error = 0.0
    for weight in gaussian_kernel(size, sigma)[: size // 2]:
        exact = weight * (1 << bits) + error
        half.append(round(exact))
        error = exact - half[-1]
    weights = (*half, (1 << bits) - 2 * sum(half), *reversed(half))
    common = math.gcd(*weights, 1 << bits)
    return tuple(weight // common for weight in weights), bits + 1 - common.bit_length()
