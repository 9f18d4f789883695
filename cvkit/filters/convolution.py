"""Filters by kernels of the caller's own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit._memoized import memoized
from cvkit.filters import _linear, _rounding
from cvkit.filters._linear import Arithmetic, Border, Planar, Separable
from cvkit.typing import ArrayT, BorderMode

_OUT_DTYPES = tuple(map(np.dtype, ("uint8", "uint16", "int16", "float32", "float64")))


@_validate.unlike("cv2.filter2D(src, ddepth, kernel)")
def filter2d(
    image: ArrayT,
    kernel: npt.ArrayLike,
    *,
    delta: float = 0,
    border: BorderMode = "reflect101",
    border_value: float = 0,
    out_dtype: npt.DTypeLike | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Correlate an image with a kernel, as ``cv2.filter2D``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    kernel : array_like, (h, w)
        Finite weights. It is not flipped; its anchor is the element ``[h // 2, w // 2]``.
    delta : float
        Added to every result before it is rounded.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image.
    border_value : float
        Value beyond the image for ``border="constant"``, rounded and saturated as pixels are.
    out_dtype : dtype, optional
        uint8, uint16, int16, float32 or float64; missing, the dtype of ``image``. Integers are rounded half
        to even and saturated.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The filtered image, of the shape and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes, or a kernel that is not numeric.
    ValueError
        For an empty image, or a kernel that is empty or not finite.

    Notes
    -----
    Sums are float32, float64 where one of the dtypes is. The time grows with the number of weights that are
    not 0; use :func:`sep_filter2d` where the kernel is a product of a column and a row.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.filter2d(np.array([[1, 2, 4]], np.uint8), [[-1, 0, 1]], out_dtype=np.int16, border="replicate")
    array([[1, 3, 2]], dtype=int16)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _filter2d(stack.dtype, kernel, delta, border, border_value, out_dtype).apply(stack)


@memoized
def _filter2d(
    dtype: np.dtype,
    kernel: npt.ArrayLike,
    delta: float,
    border: str,
    border_value: float,
    out_dtype: npt.DTypeLike | None,
) -> _linear.Filter:
    arithmetic = _arithmetic(dtype, out_dtype, delta)
    weights = tuple(map(tuple, _kernel(kernel, (-1, -1), "kernel", arithmetic.sum_dtype).tolist()))
    return _linear.plan(Planar(weights), arithmetic, Border.of(border, dtype, border_value))


@_validate.unlike("cv2.sepFilter2D(src, ddepth, kernelX, kernelY)")
def sep_filter2d(
    image: ArrayT,
    *,
    kernel_y: npt.ArrayLike,
    kernel_x: npt.ArrayLike,
    delta: float = 0,
    border: BorderMode = "reflect101",
    border_value: float = 0,
    out_dtype: npt.DTypeLike | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Correlate an image with a column and then with a row, as ``cv2.sepFilter2D``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    kernel_y, kernel_x : array_like, (n,)
        Finite weights down the columns and along the rows, not flipped; the anchor is the element ``n // 2``.
        By keyword only, because OpenCV takes the one along the rows first.
    delta : float
        Added to every result before it is rounded.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image.
    border_value : float
        Value beyond the image for ``border="constant"``, rounded and saturated as pixels are.
    out_dtype : dtype, optional
        uint8, uint16, int16, float32 or float64; missing, the dtype of ``image``. Integers are rounded half
        to even and saturated.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The filtered image, of the shape and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes, or kernels that are not numeric.
    ValueError
        For an empty image, or kernels that are empty or not finite.

    Notes
    -----
    Sums are float32, float64 where one of the dtypes is.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.sep_filter2d(np.array([[0, 0, 8, 0, 0]], np.uint8), kernel_y=[1], kernel_x=[0.25, 0.5, 0.25])
    array([[0, 2, 4, 2, 0]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _sep_filter2d(stack.dtype, kernel_y, kernel_x, delta, border, border_value, out_dtype).apply(stack)


@memoized
def _sep_filter2d(
    dtype: np.dtype,
    kernel_y: npt.ArrayLike,
    kernel_x: npt.ArrayLike,
    delta: float,
    border: str,
    border_value: float,
    out_dtype: npt.DTypeLike | None,
) -> _linear.Filter:
    arithmetic = _arithmetic(dtype, out_dtype, delta)
    y_weights = tuple(_kernel(kernel_y, (-1,), "kernel_y", arithmetic.sum_dtype).tolist())
    x_weights = tuple(_kernel(kernel_x, (-1,), "kernel_x", arithmetic.sum_dtype).tolist())
    weights = Separable(((y_weights, x_weights),))
    return _linear.plan(weights, arithmetic, Border.of(border, dtype, border_value))


def _arithmetic(dtype: np.dtype, out_dtype: npt.DTypeLike | None, delta: float) -> Arithmetic:
    out_type = _out_dtype(out_dtype, dtype)
    sum_dtype = _rounding.float_dtype(dtype, out_type)
    rounding = _rounding.real(sum_dtype, out_type, delta=_validate.number(delta, "delta"))
    return Arithmetic(sum_dtype, sum_dtype, rounding, out_type)


def _kernel(value: npt.ArrayLike, shape: tuple[int, ...], name: str, sum_dtype: np.dtype) -> np.ndarray:
    weights = _validate.matrix(value, shape, name)
    if weights.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {weights.shape}")
    _rounding.check_fits(weights, sum_dtype, name)
    return weights


def _out_dtype(value: npt.DTypeLike | None, image_dtype: np.dtype) -> np.dtype:
    if value is None:
        return image_dtype
    for dtype in _OUT_DTYPES:
        if value == dtype:
            return dtype
    raise TypeError(f"out_dtype must be {', '.join(map(str, _OUT_DTYPES))}, got {value!r}")
