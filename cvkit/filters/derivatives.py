"""Derivatives: Sobel and its relatives, Laplacians, and the gradient of Roberts."""

from __future__ import annotations

import math

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit._memoized import memoized
from cvkit.filters import _linear, _rounding
from cvkit.filters._linear import Arithmetic, Border, Magnitude, Planar, Separable, Weights
from cvkit.filters._math import AsItIs
from cvkit.filters._rounding import Rounding
from cvkit.typing import ArrayT, BorderMode

_DIFFERENCE = (-1.0, 0.0, 1.0)
_LAPLACIANS = {
    1: ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0)),
    3: ((2.0, 0.0, 2.0), (0.0, -8.0, 0.0), (2.0, 0.0, 2.0)),
}
_ROBERTS = (
    ((0.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    ((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
)


@_validate.unlike("cv2.Sobel(src, ddepth, dx, dy)")
def sobel(
    image: ArrayT,
    dx: int,
    dy: int,
    *,
    ksize: int = 3,
    scale: float = 1,
    delta: float = 0,
    border: BorderMode = "reflect101",
    out: ArrayT | None = None,
) -> ArrayT:
    """Differentiate an image after Sobel, as ``cv2.Sobel``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    dx, dy : int
        Orders of the derivative in x and y; at least one is not 0, each is smaller than the kernel.
    ksize : {3, 1, 5, 7}
        Kernel size in pixels; 1 differentiates with 3 pixels and does not smooth.
    scale, delta : float
        The result is ``scale * derivative + delta``.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The derivative: int16 for uint8 images, float32 for uint16 and int16, else of the dtype of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, another size, or orders out of range.

    Notes
    -----
    int16 results are rounded once, half to even, and saturated; they equal ``cv2.Sobel(..., cv2.CV_16S)``
    byte for byte. Only a scale or delta that is no sum of a few powers of 2 makes ties that OpenCV's order of
    roundings decides in its own way.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.sobel(np.array([[0, 10, 20, 20]], np.uint8), 1, 0)
    array([[ 0, 80, 40,  0]], dtype=int16)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _sobel(stack.dtype, dx, dy, ksize, scale, delta, border).apply(stack)


@memoized
def _sobel(
    dtype: np.dtype, dx: int, dy: int, ksize: int, scale: float, delta: float, border: str
) -> _linear.Filter:
    size = _validate.one_of(ksize, (1, 3, 5, 7), "ksize")
    # Where it differentiates, a kernel of size 1 is one of 3.
    order_x = _validate.integer(dx, "dx", minimum=0, maximum=max(size, 3) - 1)
    order_y = _validate.integer(dy, "dy", minimum=0, maximum=max(size, 3) - 1)
    if order_x + order_y == 0:
        raise ValueError(f"dx or dy must be at least 1, got dx={dx!r} and dy={dy!r}")
    term = _sobel_kernel(order_y, size), _sobel_kernel(order_x, size)
    return _derivative(dtype, Separable((term,)), scale, delta, border)


def _sobel_kernel(order: int, size: int) -> Weights:
    """Binomial weights, differentiated ``order`` times."""
    if size == 1 and order > 0:
        size = 3
    kernel = np.ones(1)
    for factor in [[1.0, 1.0]] * (size - 1 - order) + [[-1.0, 1.0]] * order:
        kernel = np.convolve(kernel, factor)
    return tuple(kernel.tolist())


@_validate.unlike("cv2.Scharr(src, ddepth, dx, dy)")
def scharr(
    image: ArrayT,
    dx: int,
    dy: int,
    *,
    scale: float = 1,
    delta: float = 0,
    border: BorderMode = "reflect101",
    out: ArrayT | None = None,
) -> ArrayT:
    """Differentiate an image after Scharr, as ``cv2.Scharr``: 3 x 3, smoothing by 3, 10, 3.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    dx, dy : int
        1 and 0 for the derivative in x, 0 and 1 in y.
    scale, delta : float
        The result is ``scale * derivative + delta``.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The derivative: int16 for uint8 images, float32 for uint16 and int16, else of the dtype of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, or other orders.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.scharr(np.array([[0, 10, 20, 20]], np.uint8), 1, 0)
    array([[  0, 320, 160,   0]], dtype=int16)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _first_derivative(stack.dtype, dx, dy, (3.0, 10.0, 3.0), scale, delta, border).apply(stack)


def prewitt(
    image: ArrayT, dx: int, dy: int, *, border: BorderMode = "reflect101", out: ArrayT | None = None
) -> ArrayT:
    """Differentiate an image after Prewitt: 3 x 3, smoothing by 1, 1, 1.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    dx, dy : int
        1 and 0 for the derivative in x, 0 and 1 in y.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The derivative: int16 for uint8 images, float32 for uint16 and int16, else of the dtype of ``image``.
        It is a sum over the kernel: three times scikit-image's ``prewitt_v`` and ``prewitt_h``, with the same
        sign.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, or other orders.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.prewitt(np.array([[0, 10, 20, 20]], np.uint8), 1, 0)
    array([[ 0, 60, 30,  0]], dtype=int16)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _first_derivative(stack.dtype, dx, dy, (1.0, 1.0, 1.0), 1, 0, border).apply(stack)


@memoized
def _first_derivative(
    dtype: np.dtype,
    dx: int,
    dy: int,
    smoothing: Weights,
    scale: float,
    delta: float,
    border: str,
) -> _linear.Filter:
    order_x = _validate.integer(dx, "dx", minimum=0, maximum=1)
    order_y = _validate.integer(dy, "dy", minimum=0, maximum=1)
    if order_x + order_y != 1:
        raise ValueError(f"one of dx and dy must be 1 and the other 0, got dx={dx!r} and dy={dy!r}")
    term = (smoothing, _DIFFERENCE) if order_x else (_DIFFERENCE, smoothing)
    return _derivative(dtype, Separable((term,)), scale, delta, border)


@_validate.unlike("cv2.Laplacian(src, ddepth)")
def laplacian(
    image: ArrayT,
    *,
    ksize: int = 1,
    scale: float = 1,
    delta: float = 0,
    border: BorderMode = "reflect101",
    out: ArrayT | None = None,
) -> ArrayT:
    """Sum the second derivatives in x and y, as ``cv2.Laplacian``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    ksize : {1, 3, 5}
        Kernel size in pixels; 1 is the 3 x 3 kernel of the four neighbors, 3 that of the diagonal ones, 5
        the sum of the Sobel derivatives of that size.
    scale, delta : float
        The result is ``scale * laplacian + delta``.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The Laplacian: int16 for uint8 images, float32 for uint16 and int16, else of the dtype of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, or another size.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.laplacian(np.array([[0, 10, 20, 20]], np.uint8))
    array([[ 20,   0, -10,   0]], dtype=int16)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _laplacian(stack.dtype, ksize, scale, delta, border).apply(stack)


@memoized
def _laplacian(dtype: np.dtype, ksize: int, scale: float, delta: float, border: str) -> _linear.Filter:
    size = _validate.one_of(ksize, (1, 3, 5), "ksize")
    if size < 5:
        return _derivative(dtype, Planar(_LAPLACIANS[size]), scale, delta, border)
    second, smoothing = _sobel_kernel(2, 5), _sobel_kernel(0, 5)
    terms = (second, smoothing), (smoothing, second)
    return _derivative(dtype, Separable(terms), scale, delta, border)


def _derivative(
    dtype: np.dtype, weights: Separable | Planar, scale: float, delta: float, border: str
) -> _linear.Filter:
    """Filter by whole-numbered weights."""
    arithmetic = _arithmetic(dtype, _gain(weights), scale, delta)
    return _linear.plan(weights, arithmetic, Border.of(border, dtype))


def _gain(weights: Separable | Planar) -> float:
    """Return by how much a filter can enlarge a value: the sum of its weights without their signs."""
    if isinstance(weights, Planar):
        return float(np.abs(weights.weights).sum())
    return sum(float(np.abs(column).sum() * np.abs(row).sum()) for column, row in weights.terms)


def _arithmetic(dtype: np.dtype, gain: float, scale: float, delta: float) -> Arithmetic:
    """Choose dtypes and rounding for whole-numbered weights that enlarge a value by up to ``gain``.

    float32 sums of values of up to 16 bits times whole weights are exact: one rounding is all there is.
    """
    scale, delta = _validate.number(scale, "scale"), _validate.number(delta, "delta")
    is_plain = (scale, delta) == (1, 0)
    rounding: Rounding
    int16, float32 = np.dtype(np.int16), np.dtype(np.float32)
    if dtype != np.uint8:
        out_dtype = _rounding.float_dtype(dtype)
        rounding = AsItIs() if is_plain else _rounding.real(out_dtype, out_dtype, scale=scale, delta=delta)
        return Arithmetic(out_dtype, out_dtype, rounding, out_dtype)
    if gain * 255 > np.iinfo(int16).max:
        rounding = _rounding.real(float32, int16, scale=scale, delta=delta)
        return Arithmetic(float32, float32, rounding, int16)
    rounding = AsItIs() if is_plain else _rounding.scaled(int16, scale=scale, delta=delta)
    return Arithmetic(int16, int16, rounding, int16)


def roberts(image: ArrayT, *, border: BorderMode = "reflect101", out: ArrayT | None = None) -> ArrayT:
    """Magnitude of the gradient from the two diagonals of 2 x 2 pixels, as ``skimage.filters.roberts``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The square root of half the sum of squares, in the units of ``image``: float64 for float64 images,
        else float32.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image.

    Notes
    -----
    The four pixels of a result are the one at its place, those to the right and below, and the one between.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.roberts(np.array([[0, 0, 8, 8]], np.uint8)).round(3)
    array([[0., 8., 0., 0.]], dtype=float32)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _roberts(stack.dtype, border).apply(stack)


@memoized
def _roberts(dtype: np.dtype, border: str) -> _linear.Filter:
    out_dtype = _rounding.float_dtype(dtype)
    weights = Magnitude(_ROBERTS, shares=(0.0, math.sqrt(0.5)))
    arithmetic = Arithmetic(out_dtype, out_dtype, AsItIs(), out_dtype)
    return _linear.plan(weights, arithmetic, Border.of(border, dtype))
