"""Find edges as thin lines, after Canny."""

from __future__ import annotations

import math

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack
from cvkit.filters import derivatives, smoothing
from cvkit.filters._cpu import canny as canny_kernels
from cvkit.typing import ArrayT

# The derivative of 7 x 7 bytes does not fit in 16 bits: OpenCV, and this module, divide it and the thresholds
# by 16.
_SCALES = {3: 1.0, 5: 1.0, 7: 1 / 16}

# |dx| + |dy| of an 8-bit image stays below 2 * 12240 (of 5 x 5 pixels, the largest), in 16 bits. Squares need
# 32, and so do gradients that come from outside.
_NARROW, _WIDE = np.int16, np.int32

_GRADIENT_DTYPES = (np.int16, np.float32, np.float64)


@_validate.unlike("cv2.Canny(image, threshold1, threshold2, edges, apertureSize, L2gradient)")
def canny(
    image: ArrayT,
    low: float,
    high: float,
    *,
    ksize: int = 3,
    l2_gradient: bool = False,
    sigma: float | tuple[float, float] | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Find edges as lines one pixel wide, as ``cv2.Canny`` does.

    A pixel is a candidate where its gradient is a maximum across the edge and above ``low``. Candidates above
    ``high`` are edges, and so is every candidate that a chain of candidates links to an edge.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The image or stack, of 1 to 4 channels; each pixel counts with its strongest gradient of all channels.
    low, high : float
        Thresholds of the gradient's magnitude, as the Sobel operator of ``ksize`` gives it, without scaling.
        They are swapped if they are out of order.
    ksize : {3, 5, 7}
        Aperture of the Sobel operator, in pixels.
    l2_gradient : bool
        Measure the magnitude as ``sqrt(dx**2 + dy**2)`` instead of ``|dx| + |dy|``.
    sigma : float or (float, float), optional
        Standard deviation of a Gaussian blur before the gradient, in pixels, one number or (y, x).
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, uint8
        255 on edges and 0 elsewhere, of one channel: (H, W) for one image, (N, H, W, 1) for a stack. Where a
        derivative is NaN, and beside it, there is no edge.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For an empty image, a threshold that is not finite, another aperture or a negative ``sigma``.

    Notes
    -----
    uint8 equals ``cv2.Canny(image, low, high, apertureSize=ksize, L2gradient=l2_gradient)`` byte for byte.
    The other dtypes, which OpenCV lacks, take the same decisions on float gradients, without rounding. The
    algorithm is from J. Canny, "A computational approach to edge detection", 1986.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.repeat(np.array([[0, 0, 0, 200, 200]], np.uint8), 3, axis=0)
    >>> cvkit.canny(image, 100, 300)
    array([[  0,   0, 255,   0,   0],
           [  0,   0, 255,   0,   0],
           [  0,   0, 255,   0,   0]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out)
    _validate.one_of(ksize, tuple(_SCALES), "ksize")
    is_byte = stack.dtype == np.uint8
    scale = _SCALES[ksize] if is_byte else 1.0
    thresholds = _thresholds(low, high, scale, l2_gradient, _magnitude_dtype(stack.dtype, l2_gradient))
    result = stack.output((*stack.shape[:3], 1), np.uint8, is_gray=True)
    if sigma is not None:
        stack.array = smoothing.gaussian_blur(stack.array, sigma=sigma)
    if ksize == 3 and is_byte:
        kernels = stack.kernels(canny_kernels)
        kernels.edges_of_image(stack.array, thresholds, bool(l2_gradient), result)
        return stack.restore(result)
    dx, dy = (
        ImageStack.of(
            derivatives.sobel(stack.array, *orders, ksize=ksize, scale=scale, border="replicate"),
            dtypes=_GRADIENT_DTYPES,
        )
        for orders in ((1, 0), (0, 1))
    )
    _fill_edges(dx, dy, thresholds, l2_gradient, result)
    return stack.restore(result)


def canny_from_gradients(
    dx: ArrayT, dy: ArrayT, low: float, high: float, *, l2_gradient: bool = False, out: ArrayT | None = None
) -> ArrayT:
    """Find edges as lines one pixel wide in an image whose derivatives are known.

    Parameters
    ----------
    dx, dy : array, (H, W), (H, W, C) or (N, H, W, C), int16, float32 or float64
        Derivatives along x and y, of one dtype and of 1 to 4 channels; each pixel counts with its strongest
        gradient.
    low, high : float
        Thresholds of the gradient's magnitude; swapped if they are out of order.
    l2_gradient : bool
        Measure the magnitude as ``sqrt(dx**2 + dy**2)`` instead of ``|dx| + |dy|``.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, uint8
        255 on edges and 0 elsewhere, of one channel: (H, W) for one image, (N, H, W, 1) for a stack.

    Raises
    ------
    TypeError
        For another dtype, or two different ones.
    ValueError
        For shapes that differ, empty arrays, or a threshold that is not finite.

    Notes
    -----
    int16 equals ``cv2.Canny(dx, dy, low, high, L2gradient=l2_gradient)`` byte for byte while ``|dx|`` is at
    most 27145. Beyond, OpenCV's arithmetic overflows and this one's does not. On one thread OpenCV may use
    Intel's primitives, which decide ties in another way.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> dx = np.tile(np.array([0, 10, 40, 10, 0], np.int16), (2, 1))
    >>> cvkit.canny_from_gradients(dx, np.zeros_like(dx), 5, 30)
    array([[  0,   0, 255,   0,   0],
           [  0,   0, 255,   0,   0]], dtype=uint8)
    """
    gradient_x = ImageStack.of(dx, dtypes=_GRADIENT_DTYPES, name="dx", out=out)
    gradient_y = ImageStack.of(dy, dtypes=(gradient_x.dtype.type,), name="dy")
    if gradient_x.original.shape != gradient_y.original.shape:
        shapes = f"{gradient_x.original.shape} and {gradient_y.original.shape}"
        raise ValueError(f"dx and dy must have the same shape, got {shapes}")
    if gradient_x.is_on_device != gradient_y.is_on_device:
        raise ValueError("dx and dy must live on the same device, got one NumPy and one device array")
    dtype = _WIDE if gradient_x.dtype == np.int16 else _magnitude_dtype(gradient_x.dtype, l2_gradient)
    thresholds = _thresholds(low, high, 1.0, l2_gradient, dtype)
    result = gradient_x.output((*gradient_x.shape[:3], 1), np.uint8, is_gray=True, others=[gradient_y.array])
    _fill_edges(gradient_x, gradient_y, thresholds, l2_gradient, result)
    return gradient_x.restore(result)


def _fill_edges(
    dx: ImageStack, dy: ImageStack, thresholds: np.ndarray, l2_gradient: bool, out: Array
) -> None:
    dx.kernels(canny_kernels).edges_of_gradients(dx.array, dy.array, thresholds, bool(l2_gradient), out)


def _magnitude_dtype(image: np.dtype, l2_gradient: bool) -> type:
    """Dtype that holds the magnitudes of the gradients of an image: exactly, if the image holds integers."""
    if image == np.uint8:
        return _WIDE if l2_gradient else _NARROW
    return np.float64 if l2_gradient or image == np.float64 else np.float32


def _thresholds(low: float, high: float, scale: float, l2_gradient: bool, dtype: type) -> np.ndarray:
    """Order thresholds, and round them as OpenCV does; their dtype is the one magnitudes are compared in."""
    ordered = sorted(_validate.number(value, name) * scale for value, name in ((low, "low"), (high, "high")))
    is_integer = np.dtype(dtype).kind == "i"
    # Beyond this no gradient of 16 bits is longer in either coordinate: OpenCV stops here, too.
    longest = 32767.0 if is_integer and l2_gradient else math.inf
    bounded = [max(0.0, min(value, longest)) for value in ordered]
    if l2_gradient:
        bounded = [value * value for value in bounded]
    if is_integer:
        bounded = [math.floor(min(value, np.iinfo(dtype).max)) for value in bounded]
    with np.errstate(over="ignore"):  # infinite beyond float32
        return np.array(bounded, dtype)
