"""Lines found by the Hough transform."""

from __future__ import annotations

import math

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, reshaped, to_host
from cvkit._memoized import memoized
from cvkit.features._cpu import hough as hough_kernels

# Counters of one transform, and bins of an angle: OpenCV numbers them in 32 bits, float32 tells them apart.
_MOST_COUNTERS = 1 << 28
_MOST_BINS = 1 << 22


@_validate.unlike("cv2.HoughLines(image, rho, theta, threshold, lines, srn, stn, min_theta, max_theta)")
def hough_lines(
    image: Array,
    rho: float,
    theta: float,
    threshold: int,
    *,
    min_theta: float = 0.0,
    max_theta: float = math.pi,
) -> tuple[np.ndarray, np.ndarray]:
    """Find lines by the standard Hough transform, as ``cv2.HoughLines``.

    Every pixel that is not 0 votes for all lines through it; lines with more votes than ``threshold`` and
    than similar lines are found.

    Parameters
    ----------
    image : array, (H, W) or (H, W, 1), uint8
        Such as :func:`canny` gives it.
    rho : float
        The step of a line's distance from the origin, in pixels.
    theta : float
        The step of its angle, in radians.
    threshold : int
        How many votes are not enough; 0 or more.
    min_theta, max_theta : float
        The smallest angle and the largest, in radians.

    Returns
    -------
    lines : numpy.ndarray, (n, 2), float32
        Of each line the distance from the middle of the upper left pixel, in pixels, and the angle between
        its normal and the x axis, in radians: ``x * cos(angle) + y * sin(angle) == distance``. Those with
        most votes come first, of equal ones those with the smaller angle, then with the smaller distance.
    votes : numpy.ndarray, (n,), int32
        How many pixels voted for each.

    Raises
    ------
    TypeError
        For another dtype, or more arguments by position.
    ValueError
        For an image of several channels, a stack, a step that is not positive or too small for the image, a
        negative threshold, or a largest angle that is less than the smallest.

    Notes
    -----
    Duda, R. and Hart, P., "Use of the Hough transformation to detect lines and curves in pictures", 1972. The
    same lines in the same order with the same votes as ``cv2.HoughLinesWithAccumulator``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((20, 100), np.uint8)
    >>> image[7, 5:95] = 255
    >>> lines, votes = cvkit.hough_lines(image, 1, np.pi / 180, 80)
    >>> lines
    array([[7.       , 1.5707964]], dtype=float32)
    >>> votes
    array([90], dtype=int32)
    """
    stack = ImageStack.of(image, dtypes=(np.uint8,), channels=(1,))
    _validate.single_image(stack.original.shape)
    _, height, width, _ = stack.shape
    size = height, width
    steps, table, bins = _table(size, rho, theta, min_theta, max_theta)
    least = _validate.integer(threshold, "threshold", minimum=0)
    kernels = stack.kernels(hough_kernels)
    pixels = reshaped(stack.array, size)
    counters = stack.zeros((table.shape[1] + 2, bins + 2), np.int32)
    # There may be as many as pixels; memory that none is written to costs nothing.
    points = stack.empty((2, height * width), np.float32)
    count = kernels.list_points(pixels, points)
    kernels.vote_for_lines(points, count, table, (bins - 1) // 2 + 1, counters)
    found, votes = counted_maxima(to_host(counters), min(least, np.iinfo(np.int32).max))
    lines = np.empty((len(votes), 2), np.float32)
    lines[:, 0] = (found[1] - (bins - 1) // 2).astype(np.float32) * steps[0]
    lines[:, 1] = np.float32(min_theta) + found[0].astype(np.float32) * steps[1]
    return lines, votes


@memoized
def _table(
    size: tuple[int, int], rho: float, theta: float, min_theta: float, max_theta: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return both steps, cosines and sines of all angles in steps, and the number of bins of an angle."""
    first = _validate.number(min_theta, "min_theta", minimum=-1e4, maximum=1e4)
    last = _validate.number(max_theta, "max_theta", minimum=first, maximum=1e4)
    steps, angles, bins = transform_size(size, rho, theta, last - first)
    # One after the other, each rounded, as OpenCV adds them up.
    values = np.full(angles, steps[1], np.float32)
    values[0] = np.float32(first)
    values = np.add.accumulate(values, dtype=np.float32).astype(np.float64)
    return steps, directions(values, steps[0]), bins


def transform_size(
    size: tuple[int, int], rho: float, theta: float, turn: float
) -> tuple[np.ndarray, int, int]:
    """Check the steps of a transform; return them, and how many angles there are and bins of each."""
    steps = np.array([_validate.number(rho, "rho", above=0), _validate.number(theta, "theta", above=0)])
    with np.errstate(over="ignore", under="ignore"):
        steps = steps.astype(np.float32)
    for step, name, given in zip(steps, ("rho", "theta"), (rho, theta), strict=True):
        if not 1e-30 < step < 1e30:
            raise ValueError(f"{name} must be a step that float32 holds, got {given!r}")
    bins = round((2 * sum(size) + 1) / float(steps[0]))
    if bins > _MOST_BINS:
        raise ValueError(f"rho must be larger for an image of {size}, got {rho!r}")
    step = float(steps[1])
    angles = math.floor(turn / step) + 1
    # Half a turn brings the same lines again.
    if angles > 1 and abs(math.pi - (angles - 1) * step) < step / 2:
        angles -= 1
    if (angles + 2) * (bins + 2) > _MOST_COUNTERS:
        raise ValueError(f"theta must be larger for an image of {size} and this rho, got {theta!r}")
    return steps, angles, bins


def directions(angles: np.ndarray, rho: np.float32) -> np.ndarray:
    """Return cosines and sines in steps of ``rho``."""
    inverse = float(np.float32(1) / rho)
    # NumPy's have other last bits on other processors.
    functions = (math.cos, math.sin)
    return np.array([[function(angle) * inverse for angle in angles] for function in functions], np.float32)


def counted_maxima(counters: np.ndarray, threshold: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the angles and bins of most votes among their neighbors, and the votes, most first."""
    found = np.empty((2, 1 << 10), np.int32)
    count = hough_kernels.list_maxima(counters, threshold, found)
    if count > found.shape[1]:
        found = np.empty((2, count), np.int32)
        hough_kernels.list_maxima(counters, threshold, found)
    found = found[:, :count]
    votes = counters[found[0] + 1, found[1] + 1]
    # Angles and bins are in order already.
    order = np.argsort(-votes, kind="stable")
    return found[:, order], votes[order]
