"""Corners: where an image changes along every direction."""

from __future__ import annotations

import numpy as np

from cvkit import _validate, _validate_masks
from cvkit._border import BORDERS
from cvkit._dispatch import Array, ImageStack, as_device_array, contiguous, reshaped, to_host
from cvkit._jit_cuda import on_device
from cvkit._memoized import memoized
from cvkit.features._corner_math import HARRIS, SMALLER_EIGENVALUE, Corner, Derivatives
from cvkit.features._cpu import corner_points as point_kernels
from cvkit.features._cpu import corners as corner_kernels
from cvkit.typing import ArrayT, BorderMode, CornerMethod

_DTYPES = (np.uint8, np.float32)
# Of squares: rows of so many products are held.
_LARGEST_BLOCK = 255
_METHODS = {"minimum_eigenvalue": SMALLER_EIGENVALUE, "harris": HARRIS}
_NO_MASK = np.ones((1, 1), np.uint8)
_LARGEST_FLOAT = float(np.finfo(np.float32).max)


@_validate.unlike("cv2.cornerHarris(src, blockSize, ksize, k, dst, borderType)")
def harris(
    image: ArrayT,
    block_size: int = 2,
    ksize: int = 3,
    k: float = 0.04,
    *,
    border: BorderMode = "reflect101",
    out: ArrayT | None = None,
) -> ArrayT:
    """Measure how much of a corner each pixel is, after Harris, as ``cv2.cornerHarris``.

    The measure is large where the image changes along every direction, negative on edges and near 0 where
    nothing changes.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8 or float32
        The gray image or stack.
    block_size : int
        Sides of the square around a pixel over which products of derivatives are summed, in pixels, from 1
        to 255.
    ksize : {3, 5, 7}
        Size of the Sobel kernels in pixels.
    k : float
        What the squared trace of the matrix of these sums counts against its determinant; 0.04 to 0.06 is
        usual.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image, and beyond the products; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, float32
        The measure, of the shape of ``image``. Derivatives are scaled so that it does not depend on the
        sizes, nor on whether an image has values from 0 to 255 as uint8 or from 0 to 1 as float32.

    Raises
    ------
    TypeError
        For other dtypes, or more arguments by position.
    ValueError
        For an empty image or one of colors, a size out of range, or a number that is not finite.

    See Also
    --------
    minimum_eigenvalue : the measure of Shi and Tomasi.
    good_features : the strongest corners as points.

    Notes
    -----
    C. Harris and M. Stephens, "A combined corner and edge detector", 1988. For uint8 the values are OpenCV's,
    but for the last bit of one among many thousands: OpenCV's sums run along the rows, and keep what the
    values that left them were rounded to. The three borders are OpenCV's; ``"constant"`` may be another's.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((7, 7), np.uint8)
    >>> image[3:, 3:] = 255
    >>> int(cvkit.harris(image, 3).argmax()) == 3 * 7 + 3
    True
    """
    stack = ImageStack.of(image, dtypes=_DTYPES, channels=(1,), out=out)
    return _measured(stack, HARRIS, block_size, ksize, k, border)


@_validate.unlike("cv2.cornerMinEigenVal(src, blockSize, dst, ksize, borderType)")
def minimum_eigenvalue(
    image: ArrayT,
    block_size: int = 2,
    ksize: int = 3,
    *,
    border: BorderMode = "reflect101",
    out: ArrayT | None = None,
) -> ArrayT:
    """Measure how much of a corner each pixel is, after Shi and Tomasi, as ``cv2.cornerMinEigenVal``.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8 or float32
        The gray image or stack.
    block_size : int
        Sides of the square around a pixel over which products of derivatives are summed, in pixels, from 1
        to 255.
    ksize : {3, 5, 7}
        Size of the Sobel kernels in pixels.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image, and beyond the products; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, float32
        The smaller eigenvalue of the matrix of sums of products, of the shape of ``image``; scaled as by
        :func:`harris`.

    Raises
    ------
    TypeError
        For other dtypes, or more arguments by position.
    ValueError
        For an empty image or one of colors, or a size out of range.

    See Also
    --------
    good_features : the strongest corners as points.

    Notes
    -----
    J. Shi and C. Tomasi, "Good features to track", 1994. How far the values are OpenCV's is said of
    :func:`harris`.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((7, 7), np.uint8)
    >>> image[3:, 3:] = 255
    >>> int(cvkit.minimum_eigenvalue(image, 3).argmax()) == 3 * 7 + 3
    True
    """
    stack = ImageStack.of(image, dtypes=_DTYPES, channels=(1,), out=out)
    return _measured(stack, SMALLER_EIGENVALUE, block_size, ksize, 0, border)


def _measured(stack: ImageStack, measure: int, block_size: int, ksize: int, k: float, border: str) -> Array:
    arguments = _prepared(stack.dtype, measure, block_size, ksize, k, border)
    result = stack.output(dtype=np.float32)
    stack.kernels(corner_kernels).measure_corners(stack.array, *arguments, result)
    return stack.restore(result)


@memoized
def _prepared(
    dtype: np.dtype, measure: int, block_size: int, ksize: int, k: float, border: str
) -> tuple[Derivatives, Corner, int]:
    size = _validate.integer(block_size, "block_size", minimum=1, maximum=_LARGEST_BLOCK)
    radius = _validate.one_of(ksize, {3: 1, 5: 2, 7: 3}, "ksize")
    mode = _validate.one_of(border, BORDERS, "border")
    share = _validate.number(k, "k", minimum=-_LARGEST_FLOAT, maximum=_LARGEST_FLOAT)
    difference = np.convolve([-1.0, 0.0, 1.0], _binomial(2 * radius - 2))
    smoothing = _binomial(2 * radius)
    scale = np.float32(1 / (smoothing.sum() * size * (255 if dtype == np.uint8 else 1)))
    derivatives = Derivatives(
        difference[radius:].astype(np.float32), smoothing[radius:].astype(np.float32) * scale
    )
    return derivatives, Corner(size, measure, np.float32(share)), mode


def _binomial(order: int) -> np.ndarray:
    weights = np.ones(1)
    for _ in range(order):
        weights = np.convolve(weights, [1.0, 1.0])
    return weights


@_validate.unlike("cv2.goodFeaturesToTrack(image, maxCorners, qualityLevel, minDistance, corners, mask)")
def good_features(
    image: Array,
    count: int,
    quality: float,
    minimum_distance: float,
    *,
    block_size: int = 3,
    ksize: int = 3,
    mask: Array | None = None,
    method: CornerMethod = "minimum_eigenvalue",
    k: float = 0.04,
) -> np.ndarray:
    """Find the strongest corners that keep a distance, as ``cv2.goodFeaturesToTrack``.

    Parameters
    ----------
    image : array, (H, W) or (H, W, 1), uint8 or float32
        One gray image.
    count : int
        How many points at most; 0 for all.
    quality : float
        Share of the strongest corner's measure that others have to exceed, greater than 0.
    minimum_distance : float
        How far points are apart, in pixels; the stronger one stays.
    block_size, ksize : int
        As for :func:`minimum_eigenvalue`.
    mask : array, (H, W), optional
        bool or uint8; where it is 0 there are no corners.
    method : {"minimum_eigenvalue", "harris"}
        The measure.
    k : float
        As for :func:`harris`.

    Returns
    -------
    numpy.ndarray, (points, 2), float32
        The points as (x, y), the strongest first; of equal ones that which comes later in the image. It is
        an array of NumPy also where the image is on a GPU: points are chosen one after another.

    Raises
    ------
    TypeError
        For another dtype, of the image or of the mask, or more arguments by position.
    ValueError
        For an empty image, several of them or one of colors, a number out of range, an unknown method or a
        mask of another shape.

    See Also
    --------
    minimum_eigenvalue, harris : the measures.

    Notes
    -----
    A corner is a pixel that none of its eight neighbors exceeds. J. Shi and C. Tomasi, "Good features to
    track", 1994. For uint8 the points and their order are OpenCV's; where corners are equal, as among pixels
    of two levels, the last bits of its sums may order a few of them otherwise.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((20, 20), np.uint8)
    >>> image[5:12, 6:14] = 255
    >>> cvkit.good_features(image, 2, 0.1, 3)
    array([[13., 11.],
           [ 6., 11.]], dtype=float32)
    """
    stack = ImageStack.of(image, dtypes=_DTYPES, channels=(1,))
    _validate.image_of_points(stack.original.shape)
    most = _validate.integer(count, "count", minimum=0)
    share = _validate.number(quality, "quality", above=0)
    distance = _validate.number(minimum_distance, "minimum_distance", minimum=0)
    measure = _validate.one_of(method, _METHODS, "method")
    arguments = _prepared(stack.dtype, measure, block_size, ksize, k, "reflect101")
    is_masked, marks = _mask(stack, mask)
    response = stack.empty(stack.shape, np.float32)
    stack.kernels(corner_kernels).measure_corners(stack.array, *arguments, response)
    height, width = stack.shape[1:3]
    response = reshaped(response, (height, width))
    places = _strongest_first(stack.kernels(point_kernels).find_peaks(response, is_masked, marks, share))
    # Of a distance that nothing reaches no cell has to be larger than the image.
    cell = max(1, round(min(distance, max(height, width))))
    has_cells = distance >= 1
    cells = np.full((-(-height // cell), -(-width // cell)) if has_cells else (1, 1), -1, np.int32)
    points = np.empty((min(most or places.size, places.size), 2), np.float32)
    return points[: point_kernels.keep_apart(places, width, distance, cells, cell, points)]


def _strongest_first(peaks: tuple[Array, Array, Array]) -> np.ndarray:
    """Order places by strength and, where that is equal, by themselves; the largest are the first."""
    number, places, strengths = peaks
    found = int(to_host(number)[0])
    # Positive floats are ordered as their bits are.
    bits = to_host(strengths[:found]).view(np.uint32).astype(np.uint64)
    keys = np.sort((bits << np.uint64(32)) | to_host(places[:found]))[::-1]
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _mask(stack: ImageStack, mask: Array | None) -> tuple[bool, Array]:
    """Check a mask and view it as (H, W) of bytes; say whether there is one."""
    if mask is None:
        return False, _NO_MASK
    if on_device(mask) != stack.is_on_device:
        raise ValueError("mask must live where the image lives, got one NumPy and one device array")
    array = as_device_array(mask) if stack.is_on_device else contiguous(_validate.host_array(mask, "mask"))
    _validate_masks.mask(array, stack.shape[:3])
    return True, reshaped(array.view(np.uint8), stack.shape[1:3])
