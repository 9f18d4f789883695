"""Circles, found by the Hough transform along gradients."""

from __future__ import annotations

import math

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack
from cvkit.features._cpu import circles as circle_kernels
from cvkit.features.hough import counted_maxima
from cvkit.filters.canny import canny_from_gradients
from cvkit.filters.derivatives import sobel

_LARGEST = (1 << 31) - 1
# Beyond, centers have no fractions of a pixel in float32.
_LARGEST_SIDE = 1 << 20


@_validate.unlike(
    "cv2.HoughCircles(image, method, dp, minDist, circles, param1, param2, minRadius, maxRadius)"
)
def hough_circles(
    image: Array,
    minimum_distance: float,
    *,
    threshold: int = 100,
    minimum_radius: int = 0,
    maximum_radius: int | None = None,
    edge_threshold: int = 100,
    side: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Find circles by the Hough transform along gradients, as ``cv2.HoughCircles``, on the CPU only.

    Edges vote for the centers that lie along their gradients, up to the largest radius to either side. Around
    each center with more votes than ``threshold`` and than its neighbors the radius with most edges for its
    length is taken, if these are more than ``threshold``, too.

    Parameters
    ----------
    image : array, (H, W) or (H, W, 1), uint8
        Gray values, not edges; not on a GPU. Smoothed ones give fewer false circles.
    minimum_distance : float
        A circle whose center is nearer to that of one with more edges is left out; in pixels.
    threshold : int
        How many votes, and how many edges, are not enough; at least 1.
    minimum_radius, maximum_radius : int
        The smallest radius and the largest, in pixels; the latter is the longer side of the image by default.
    edge_threshold : int
        The upper threshold of :func:`canny`, of which the lower is half.
    side : float
        How many pixels, 1 or more, lie along the side of the squares that votes are counted for.

    Returns
    -------
    circles : numpy.ndarray, (n, 3), float32
        Of each circle x and y of its center and its radius, in pixels, those with most edges first.
    votes : numpy.ndarray, (n,), int32
        How many edges lie on each.

    Raises
    ------
    TypeError
        For another dtype, an array on a GPU, or more arguments by position.
    ValueError
        For an image of several channels, a stack, or a number that is out of range.

    Notes
    -----
    Yuen, H. et al., "Comparative study of Hough transform methods for circle finding", 1990. The same circles
    as ``cv2.HOUGH_GRADIENT`` finds.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> y, x = np.mgrid[:80, :100]
    >>> image = (20 + 200 * np.clip(26 - np.hypot(x - 60, y - 40), 0, 1)).astype(np.uint8)
    >>> circles, votes = cvkit.hough_circles(image, 20, threshold=30, maximum_radius=40)
    >>> circles
    array([[60.5, 40.5, 25.2]], dtype=float32)
    """
    stack = ImageStack.of(image, dtypes=(np.uint8,), channels=(1,))
    _validate.host_only("hough_circles", stack.is_on_device)
    _validate.single_image(stack.original.shape)
    height, width = stack.shape[1:3]
    distance = np.float32(_validate.number(minimum_distance, "minimum_distance", above=0, maximum=1e18))
    least = _validate.integer(threshold, "threshold", minimum=1, maximum=_LARGEST)
    high = _validate.integer(edge_threshold, "edge_threshold", minimum=1, maximum=_LARGEST)
    step = np.float32(_validate.number(side, "side", minimum=1, maximum=_LARGEST_SIDE))
    longest = max(height, width)
    smallest = _validate.integer(minimum_radius, "minimum_radius", minimum=0, maximum=_LARGEST_SIDE)
    largest = max(longest, smallest + 2)
    if maximum_radius is not None:
        largest = _validate.integer(
            maximum_radius, "maximum_radius", minimum=smallest + 1, maximum=2 * _LARGEST_SIDE
        )
    radii = smallest, largest
    pixels = stack.array.reshape(height, width)
    dx, dy = (sobel(pixels, *order, border="replicate") for order in ((1, 0), (0, 1)))
    edges = canny_from_gradients(dx, dy, max(1, high // 2), high)
    scale = np.float32(1) / step
    shape = [math.ceil(float(np.float32(length) * scale)) + 2 for length in (height, width)]
    counters = np.zeros(shape, np.int32)
    points = np.empty((2, pixels.size), np.float32)
    count = circle_kernels.vote_for_centers(edges, dx, dy, scale, radii, counters, points)
    centers, _ = counted_maxima(counters, least)
    found = np.empty((4, centers.shape[1]), np.float32)
    points = np.ascontiguousarray(points[:, :count])
    circle_kernels.measure(centers + 1, points, radii, step, found)
    found = found[:, found[3] > least]
    found = np.ascontiguousarray(found[:, np.lexsort((found[1], found[0], -found[2], -found[3]))])
    kept = np.empty(found.shape[1], np.bool_)
    circle_kernels.keep_apart(found, distance, kept)
    return np.ascontiguousarray(found[:3, kept].T), found[3, kept].astype(np.int32)
