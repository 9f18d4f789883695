"""ORB: corners on a pyramid, their directions, and descriptors of 256 bits (Rublee and others 2011)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, reshaped, to_host
from cvkit.features._cpu import orb as orb_kernels
from cvkit.features._orb_math import PATCH_RADIUS, Tables
from cvkit.features._orb_pattern import PATTERN
from cvkit.geometry.resize import resize

# OpenCV's: how far keypoints are from the border of their level, and the side of the patch they describe.
_MARGIN, _PATCH = 31, 2 * PATCH_RADIUS + 1
_BYTES = PATTERN.shape[1] // 16


class Keypoints(NamedTuple):
    """What is known of M keypoints, level by level, on each the strongest first.

    Attributes
    ----------
    points : numpy.ndarray, (M, 2), float32
        Where they are, (x, y).
    sizes : numpy.ndarray, (M,), float32
        The side of the square that was described, in pixels of the image.
    angles : numpy.ndarray, (M,), float32
        Where their square's upright points to, in degrees from the x axis to the y axis.
    responses : numpy.ndarray, (M,), float32
        Harris' response on their level.
    levels : numpy.ndarray, (M,), int32
        The level of the pyramid on which they were found.
    """

    points: np.ndarray
    sizes: np.ndarray
    angles: np.ndarray
    responses: np.ndarray
    levels: np.ndarray


def orb(
    image: Array, count: int = 500, *, scale: float = 1.2, levels: int = 8, threshold: int = 20
) -> tuple[Keypoints, Array]:
    """Find keypoints and describe them by 256 bits each, as ``cv2.ORB``.

    Parameters
    ----------
    image : array, (H, W) or (H, W, 1), uint8
        A gray image.
    count : int
        How many keypoints to find. There are more where the last of a level are equally strong.
    scale : float
        How much smaller each level of the pyramid is than the one before, more than 1 up to 4.
    levels : int
        How many levels the pyramid has, the image itself included.
    threshold : int
        By how much nine neighbors on the ring around a corner differ from it at least, 1 to 254.

    Returns
    -------
    keypoints : Keypoints
        ``points``, ``sizes``, ``angles``, ``responses`` and ``levels``, in NumPy arrays wherever the image
        lives.
    descriptors : array, (M, 32), uint8
        For :func:`cvkit.match_descriptors`; an array where the image lives.

    Raises
    ------
    TypeError, ValueError
        For other images, or unsuitable numbers.

    Notes
    -----
    Keypoints and descriptors are those of ``cv2.ORB_create(count, scale, levels, fastThreshold=threshold)``,
    whose order depends on how the C++ library selects the strongest. None is within 31 pixels of the border
    of its level.

    References
    ----------
    E. Rublee, V. Rabaud, K. Konolige, G. Bradski, "ORB: an efficient alternative to SIFT or SURF", ICCV 2011.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((100, 100), np.uint8)
    >>> image[40:60, 45:65] = 200
    >>> keypoints, descriptors = cvkit.orb(cvkit.gaussian_blur(image, 1), levels=1)
    >>> keypoints.points.astype(int).tolist()
    [[46, 41], [63, 41], [46, 58], [63, 58]]
    >>> keypoints.angles.round().astype(int).tolist(), descriptors.shape
    ([45, 135, 315, 225], (4, 32))
    """
    stack = ImageStack.of(image, dtypes=(np.uint8,), channels=(1,))
    if stack.rank == 4:
        raise ValueError(f"image must be one image, of which keypoints differ in number, got {image.shape}")
    wanted = _validate.integer(count, "count", minimum=1, maximum=1 << 30)
    factor = _validate.number(scale, "scale", above=1, maximum=4)
    level_count = _validate.integer(levels, "levels", minimum=1, maximum=64)
    contrast = _validate.integer(threshold, "threshold", minimum=1, maximum=254)
    kernels = stack.kernels(orb_kernels)
    planes = _pyramid(reshaped(stack.array, stack.shape[1:3]), factor, level_count)
    shares = _shares(wanted, factor, level_count)
    found = [_strongest(stack, kernels, *level, contrast) for level in zip(planes, shares, strict=False)]
    sizes = [len(places) for places, _ in found]
    total = sum(sizes)
    angles, descriptors = stack.empty((total,), np.float32), stack.empty((total, _BYTES), np.uint8)
    begin = 0
    for plane, (places, _) in zip(planes, found, strict=True):
        if len(places):
            kernels.describe(plane, places, TABLES, begin, angles, descriptors)
        begin += len(places)
    scales = np.repeat([_scale(factor, level) for level in range(len(planes))], sizes).astype(np.float32)
    keypoints = Keypoints(
        np.concatenate([places for places, _ in found]).astype(np.float32) * scales[:, np.newaxis],
        np.float32(_PATCH) * scales,
        to_host(angles),
        np.concatenate([responses for _, responses in found]),
        np.repeat(np.arange(len(planes), dtype=np.int32), sizes),
    )
    return keypoints, stack.give_back(descriptors)


def _scale(factor: float, level: int) -> np.float32:
    """Return how many pixels of the image one of a level is wide."""
    return np.float32(float(np.float32(factor)) ** level)


def _pyramid(plane: Array, factor: float, levels: int) -> list[Array]:
    """Shrink an image step by step; the first level that no keypoint fits into is the last."""
    height, width = plane.shape
    planes = [plane]
    for level in range(1, levels):
        if min(planes[-1].shape) < 2 * _MARGIN + 1:
            break
        scale = _scale(factor, level)
        shape = round(float(np.float32(height) / scale)), round(float(np.float32(width) / scale))
        planes.append(resize(planes[-1], shape, interpolation="bilinear_exact"))
    return planes


def _shares(count: int, factor: float, levels: int) -> list[int]:
    """Share keypoints out among levels, by their sides; the last one gets what is left."""
    ratio = np.float32(1.0 / float(np.float32(factor)))
    share = np.float32(count) * (np.float32(1) - ratio)
    share /= np.float32(1) - np.float32(float(ratio) ** levels)
    shares = []
    for _ in range(levels - 1):
        shares.append(round(float(share)))
        share *= ratio
    return [*shares, max(count - sum(shares), 0)]


def _strongest(
    stack: ImageStack, kernels: Any, plane: Array, share: int, threshold: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of the corners of a level with the strongest responses, (M, 2), and the responses."""
    height, width = plane.shape
    nothing = np.empty((0, 2), np.int32), np.empty(0, np.float32)
    if min(height, width) < 2 * _MARGIN + 1 or share == 0:
        return nothing
    corners = _corners(stack, kernels, plane, threshold)
    # Contrast tells little: twice as many as wanted are compared by their responses.
    corners = corners[_best(corners[:, 2], 2 * share)]
    if not len(corners):
        return nothing
    places = np.ascontiguousarray(corners[:, :2])
    on_device = stack.empty((len(places),), np.float32)
    kernels.respond(plane, places, on_device)
    responses = to_host(on_device)
    kept = np.flatnonzero(_best(responses, share))
    kept = kept[np.argsort(-responses[kept], kind="stable")]
    return places[kept], responses[kept]


def _corners(stack: ImageStack, kernels: Any, plane: Array, threshold: int) -> np.ndarray:
    """List x, y and score of the corners of a level, (M, 3), row by row."""
    height, width = plane.shape
    scores = stack.empty((height, -(-width // 8)), np.uint64)
    counts = stack.empty((height,), np.int32)
    kernels.corners(plane, threshold, _MARGIN, scores, counts)
    starts = np.concatenate([[0], np.cumsum(to_host(counts), dtype=np.int64)])
    found = stack.empty((int(starts[-1]), 3), np.int32)
    kernels.list_corners(scores, starts, found)
    return to_host(found)


def _best(values: np.ndarray, count: int) -> np.ndarray:
    """Tell which values are among the largest, and those that equal the least of these."""
    if len(values) <= count:
        return np.ones(len(values), bool)
    return values >= np.partition(values, -count)[-count]


def _half_widths() -> np.ndarray:
    """Return half the widths of the rows of a disk, from the middle on; mirrored at the diagonal."""
    widths = [round(math.sqrt(PATCH_RADIUS**2 - row**2)) for row in range(PATCH_RADIUS + 1)]
    row = 0
    for other in range(PATCH_RADIUS, math.ceil(PATCH_RADIUS * math.sqrt(2) / 2) - 1, -1):
        while widths[row] == widths[row + 1]:
            row += 1
        widths[other] = row
        row += 1
    return np.array(widths, np.int32)


TABLES = Tables(PATTERN, _half_widths())
"""What describes a keypoint."""
