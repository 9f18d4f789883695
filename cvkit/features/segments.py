"""Segments of lines, found by the probabilistic Hough transform."""

from __future__ import annotations

import math

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack
from cvkit._memoized import memoized
from cvkit.features._cpu import hough as hough_kernels
from cvkit.features._cpu import segments as segment_kernels
from cvkit.features.hough import directions, transform_size

# Longer than any image is.
_LONGEST = (1 << 31) - 1


@_validate.unlike("cv2.HoughLinesP(image, rho, theta, threshold, lines, minLineLength, maxLineGap)")
def hough_segments(
    image: Array,
    rho: float,
    theta: float,
    threshold: int,
    *,
    minimum_length: int = 0,
    maximum_gap: int = 0,
) -> np.ndarray:
    """Find segments of lines by the probabilistic Hough transform, as ``cv2.HoughLinesP``, on the CPU only.

    Pixels that are not 0 vote for all lines through them, in a random order. When a line has enough votes,
    the segment around the pixel is cut out, and its votes are taken back.

    Parameters
    ----------
    image : array, (H, W) or (H, W, 1), uint8
        Such as :func:`canny` gives it; not on a GPU.
    rho : float
        The step of a line's distance from the origin, in pixels.
    theta : float
        The step of its angle, in radians.
    threshold : int
        How many votes are enough, at least 1.
    minimum_length : int
        How many rows or columns a segment has at least from end to end, without the first.
    maximum_gap : int
        How many pixels in turn may be missing.

    Returns
    -------
    numpy.ndarray, (n, 4), int32
        Of each segment x and y of one end and of the other, in pixels, in the order they are found in.

    Raises
    ------
    TypeError
        For another dtype, or more arguments by position.
    ValueError
        For an array on a GPU, an image of several channels, a stack, a step that is not positive or too small
        for the image, or a threshold, length or gap that is out of range.

    Notes
    -----
    Matas, J., Galambos, C. and Kittler, J., "Robust detection of lines using the progressive probabilistic
    Hough transform", 2000. The random order is OpenCV's, the same in each call, and so are the segments.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((20, 100), np.uint8)
    >>> image[7, 5:95] = 255
    >>> cvkit.hough_segments(image, 1, np.pi / 180, 20, minimum_length=30, maximum_gap=2)
    array([[ 5,  7, 94,  7]], dtype=int32)
    """
    stack = ImageStack.of(image, dtypes=(np.uint8,), channels=(1,))
    _validate.on_host(stack.is_on_device, "hough_segments")
    _validate.one_image(stack.rank)
    size = stack.shape[1:3]
    table, bins = _table(size, rho, theta)
    limits = (
        np.int32((bins - 1) // 2 + 1),
        np.int32(_validate.integer(threshold, "threshold", minimum=1, maximum=_LONGEST)),
        _validate.integer(minimum_length, "minimum_length", minimum=0, maximum=_LONGEST),
        _validate.integer(maximum_gap, "maximum_gap", minimum=0, maximum=_LONGEST),
    )
    pixels = stack.array.reshape(size)
    points = np.empty((2, pixels.size), np.float32)
    points = points[:, : hough_kernels.list_points(pixels, points)]
    counters = np.zeros((table.shape[1], bins + 2), np.int32)
    # No segment without a pixel of its own.
    found = np.empty((4, points.shape[1]), np.int32)
    marks = (pixels != 0).view(np.uint8)
    count = segment_kernels.find_segments(np.ascontiguousarray(points), marks, table, counters, limits, found)
    return np.ascontiguousarray(found[:, :count].T)


@memoized
def _table(size: tuple[int, int], rho: float, theta: float) -> tuple[np.ndarray, int]:
    steps, angles, bins = transform_size(size, rho, theta, math.pi)
    return directions(np.arange(angles) * float(steps[1]), steps[0]), bins
