"""Thresholds: given, found from the histogram, or the mean around each pixel."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, flat, to_host
from cvkit._memoized import memoized
from cvkit.filters.convolution import sep_filter2d
from cvkit.filters.smoothing import box_filter, gaussian_kernel
from cvkit.intensity._cpu import threshold as threshold_kernels
from cvkit.intensity._math import Rule
from cvkit.intensity.histogram import count_levels
from cvkit.typing import AdaptiveMethod, ArrayT, ThresholdFinder, ThresholdMethod

# Name -> what values are replaced by, whether those above the threshold are or all others, and whether the
# rest is kept.
_METHODS = {
    "binary": ("maximum", True, False),
    "binary_inverse": ("maximum", False, False),
    "truncate": ("threshold", True, True),
    "to_zero": ("zero", False, True),
    "to_zero_inverse": ("zero", True, True),
}
_DTYPES = (*_validate.IMAGE_DTYPES, np.int16)


@_validate.unlike("cv2.threshold(src, thresh, maxval, type)")
def threshold(
    image: ArrayT,
    value: float | ThresholdFinder,
    *,
    maximum: float = 255,
    method: ThresholdMethod = "binary",
    out: ArrayT | None = None,
) -> ArrayT:
    """Compare each value with a threshold, as ``cv2.threshold``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack.
    value : float, "otsu" or "triangle"
        The threshold; for integers its floor. By name, what :func:`otsu_threshold` or
        :func:`triangle_threshold` finds, in each image of a stack by itself.
    maximum : float
        What the two binary methods set values to, rounded and saturated as pixels are.
    method : {"binary", "binary_inverse", "truncate", "to_zero", "to_zero_inverse"}
        ``"binary"`` sets values above the threshold to ``maximum`` and others to 0, ``"binary_inverse"`` the
        other way round. ``"truncate"`` sets values above the threshold to the threshold. ``"to_zero"`` keeps
        them and sets others to 0, ``"to_zero_inverse"`` the other way round. NaN becomes 0 by the binary
        methods and stays by the others.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes, or more arguments by position.
    ValueError
        For an empty image, an unknown method, or a value that is not finite.

    See Also
    --------
    otsu_threshold, triangle_threshold : find the threshold.
    adaptive_threshold : another threshold for each pixel.

    Notes
    -----
    Equals OpenCV byte for byte, but for NaN in float64 and int16 truncated to less than it holds.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.array([[10, 100, 200]], np.uint8)
    >>> cvkit.threshold(image, 100)
    array([[  0,   0, 255]], dtype=uint8)
    >>> cvkit.threshold(image, 100, method="truncate")
    array([[ 10, 100, 100]], dtype=uint8)
    >>> cvkit.threshold(image, "otsu")
    array([[  0,   0, 255]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=_DTYPES, out=out)
    kernels = stack.kernels(threshold_kernels)
    if isinstance(value, str):
        found = _validate.one_of(value, FINDERS, "value, unless a number,")(stack.array)
        rules = [_rule(stack.dtype, limit, maximum, method) for limit in found.tolist()]
        result = stack.output()
        for index, rule in enumerate(rules):
            kernels.apply_rule(flat(stack.array[index]), *rule, flat(result[index]))
        return stack.restore(result)
    rule = _rule(stack.dtype, value, maximum, method)
    result = stack.output()
    kernels.apply_rule(flat(stack.array), *rule, flat(result))
    return stack.restore(result)


@memoized
def _rule(dtype: np.dtype, value: float, maximum: float, method: str) -> Rule:
    limit, replacement = _validate.number(value, "value"), _validate.number(maximum, "maximum")
    replaced_by, is_above, keeps_others = _validate.one_of(method, _METHODS, "method")
    replacement = {"maximum": replacement, "threshold": limit, "zero": 0}[replaced_by]
    number = dtype.type
    if dtype.kind == "f":
        with np.errstate(over="ignore"):  # infinite beyond float32, as in OpenCV
            limit, replacement = number(limit), number(replacement)
        low, high = (np.nextafter(limit, number(np.inf)), np.inf) if is_above else (-np.inf, limit)
    else:
        lowest, highest = np.iinfo(dtype).min, np.iinfo(dtype).max
        limit = math.floor(limit)
        replacement = min(max(limit if replaced_by == "threshold" else round(replacement), lowest), highest)
        low, high = (max(limit + 1, lowest), highest) if is_above else (lowest, min(limit, highest))
        if low > high:
            low, high = highest, lowest
    return Rule(number(low), number(high), number(replacement), keeps_others)


def otsu_threshold(image: Array) -> int | np.ndarray:
    """Find the threshold that parts the values of a gray image into two classes, after Otsu.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8 or uint16
        The image or stack.

    Returns
    -------
    int, or numpy.ndarray of int, (N,), for a stack
        The largest value of the darker class: what :func:`threshold` takes.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or one of colors.

    Notes
    -----
    Otsu, N., "A threshold selection method from gray-level histograms", 1979: the variance between the
    classes is largest. The number that ``cv2.threshold`` returns for ``cv2.THRESH_OTSU``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.array([[10, 12, 11], [90, 95, 91]], np.uint8)
    >>> cvkit.otsu_threshold(image)
    12
    >>> cvkit.threshold(image, cvkit.otsu_threshold(image))
    array([[  0,   0,   0],
           [255, 255, 255]], dtype=uint8)
    """
    return _of_histogram(image, threshold_kernels.otsu)


def triangle_threshold(image: Array) -> int | np.ndarray:
    """Find the threshold at the foot of the histogram's one peak, by the triangle method.

    For images of which most belongs to one class, such as a few bright cells before a dark ground.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8 or uint16
        The image or stack.

    Returns
    -------
    int, or numpy.ndarray of int, (N,), for a stack
        The largest value of the darker class: what :func:`threshold` takes.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or one of colors.

    Notes
    -----
    Zack, G., Rogers, W. and Latt, S., "Automatic measurement of sister chromatid exchange frequency", 1977:
    the threshold lies below the point of the histogram that is farthest from the line between its peak and
    the end of its longer side. The number that ``cv2.threshold`` returns for ``cv2.THRESH_TRIANGLE``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.triangle_threshold(np.array([[5, 5, 5, 5], [6, 6, 9, 20]], np.uint8))
    8
    """
    return _of_histogram(image, _triangle)


def _of_histogram(image: Array, find: Callable[[np.ndarray], int]) -> int | np.ndarray:
    """Find a threshold for each image from its histogram."""
    stack = ImageStack.of(image, dtypes=(np.uint8, np.uint16), channels=(1,))
    found = np.array([find(counts) for counts in to_host(count_levels(stack))[:, 0]], np.int64)
    return found if stack.rank == 4 else int(found[0])


def _triangle(counts: np.ndarray) -> int:
    last = len(counts) - 1
    counts = counts.astype(np.int64)
    occurs = counts > 0
    left = max(int(occurs.argmax()) - 1, 0)
    right = min(last - int(occurs[::-1].argmax()) + 1, last)
    peak = int(counts.argmax())
    is_flipped = peak - left < right - peak
    if is_flipped:
        counts, left, peak = counts[::-1], last - right, last - peak
    values = np.arange(left + 1, peak + 1)
    distances = counts[peak] * values + (left - peak) * counts[values]
    farthest = left
    if distances.max(initial=0) > 0:
        farthest = int(values[distances.argmax()])
    return last - (farthest - 1) if is_flipped else farthest - 1


FINDERS = {"otsu": otsu_threshold, "triangle": triangle_threshold}
"""What finds a threshold, by the names that :func:`threshold` takes."""


@_validate.unlike("cv2.adaptiveThreshold(src, maxValue, adaptiveMethod, thresholdType, blockSize, C)")
def adaptive_threshold(
    image: ArrayT,
    ksize: int | tuple[int, int],
    offset: float,
    *,
    maximum: float = 255,
    method: AdaptiveMethod = "mean",
    inverse: bool = False,
    out: ArrayT | None = None,
) -> ArrayT:
    """Compare each pixel with the mean around it, as ``cv2.adaptiveThreshold``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8
        The image or stack, each channel by itself.
    ksize : int or (int, int)
        Odd size of the window in pixels, for both axes or as (height, width).
    offset : float
        What is subtracted from the mean before the pixel is compared with it, rounded up, or down if
        ``inverse``.
    maximum : float
        What pixels above are set to, rounded and saturated as pixels are; others become 0.
    method : {"mean", "gaussian"}
        The mean over the window, or one weighted by a Gaussian of ``0.3 * ((ksize - 1) / 2 - 1) + 0.8``
        pixels; the border is replicated for both.
    inverse : bool
        Set the pixels that are not above to ``maximum`` and others to 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes, or more arguments by position.
    ValueError
        For an empty image, an even or zero size, an unknown method, or a number that is not finite.

    Notes
    -----
    Means are rounded to whole numbers, as in OpenCV, which ``"mean"`` equals byte for byte. A Gaussian mean
    that ends on a half may be rounded to the other side.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.adaptive_threshold(np.array([[10, 10, 40, 60, 60]], np.uint8), 3, 5)
    array([[255,   0, 255, 255, 255]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=(np.uint8,), out=out)
    comparison = _comparison(offset, maximum, inverse)
    # Holds the means until each of them is replaced by the result.
    result = stack.output()
    if _validate.one_of(method, {"mean": True, "gaussian": False}, "method"):
        box_filter(stack.array, ksize, border="replicate", out=result)
    else:
        kernel_y, kernel_x = (gaussian_kernel(size, 0) for size in _validate.kernel_size(ksize))
        sep_filter2d(stack.array, kernel_y=kernel_y, kernel_x=kernel_x, border="replicate", out=result)
    stack.kernels(threshold_kernels).compare_with_means(flat(stack.array), *comparison, flat(result))
    return stack.restore(result)


@memoized
def _comparison(offset: float, maximum: float, inverse: bool) -> tuple[np.int16, bool, np.uint8]:
    """Return the difference from the mean that counts as above, ``inverse``, and what values become."""
    subtracted = _validate.number(offset, "offset")
    highest = min(max(round(_validate.number(maximum, "maximum")), 0), 255)
    whole = math.floor(subtracted) if inverse else math.ceil(subtracted)
    # No difference of bytes is farther from 0 than 255.
    return np.int16(min(max(-whole, -256), 256)), bool(inverse), np.uint8(highest)
