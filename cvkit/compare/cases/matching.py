"""Rows of the table for descriptors and their matches."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array, to_device, to_host
from cvkit._jit_cuda import on_device
from cvkit.compare.cases.case import Case

_BYTES, _COUNT = 32, 2000


def _descriptors(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make descriptors of an image's bytes, 2,000 and 2,000 at most; few bits of them are set."""
    count = min(_COUNT, image.size // (2 * _BYTES))
    rows = image.reshape(-1)[: 2 * count * _BYTES].reshape(2, count, _BYTES)
    return rows[0] & np.uint8(0x11), np.ascontiguousarray(rows[1, ::-1]) & np.uint8(0x11)


def _match(image: Array) -> np.ndarray:
    """Return the second and the distance for each first."""
    images = to_host(image) if image.ndim == 4 else to_host(image)[np.newaxis]
    results = []
    for one in images:
        pair = _descriptors(one)
        matches = cvkit.match_descriptors(*(map(to_device, pair) if on_device(image) else pair))
        results.append(np.stack([matches.second, matches.distance], axis=1))
    return np.stack(results) if image.ndim == 4 else results[0]


def _match_cv(image: np.ndarray) -> np.ndarray:
    matches = cv2.BFMatcher(cv2.NORM_HAMMING).match(*_descriptors(image))
    return np.array([(match.trainIdx, match.distance) for match in matches], np.int64)


MATCH = [
    Case(
        "match_descriptors", "2,000 and 2,000 of 32 bytes", _match, _match_cv, bar=1.0, minimum_shape=(8, 8)
    ),
]

# Keypoints in the table of an image; there are more than wanted where some are equally strong.
_ROWS = 700


def keypoint_table(points: Any, numbers: Any, levels: Any, descriptors: np.ndarray) -> np.ndarray:
    """Put keypoints and their descriptors into a table of 700 rows, from the upper left on, level by level.

    Parameters
    ----------
    points : array_like, (M, 2)
        x and y.
    numbers : array_like, (M, 3)
        Sizes, angles and responses.
    levels : array_like, (M,)
        Levels.
    descriptors : numpy.ndarray, (M, 32), uint8

    Returns
    -------
    numpy.ndarray, (700, 38), float64
        What is left is -1.
    """
    columns = (np.reshape(levels, (-1, 1)), np.reshape(points, (-1, 2)), np.reshape(numbers, (-1, 3)))
    rows = np.concatenate([*columns, descriptors], axis=1, dtype=np.float64)
    rows = rows[np.lexsort((rows[:, 1], rows[:, 2], rows[:, 0]))][:_ROWS]
    return np.pad(rows, ((0, _ROWS - len(rows)), (0, 0)), constant_values=-1)


def orb_table(image: Array, *arguments: Any, **parameters: Any) -> np.ndarray:
    """Make the table of an image or of each of a stack, by :func:`cvkit.orb`."""
    if image.ndim == 4:
        return np.stack([orb_table(one, *arguments, **parameters) for one in image])
    keypoints, descriptors = cvkit.orb(image, *arguments, **parameters)
    numbers = np.stack([keypoints.sizes, keypoints.angles, keypoints.responses], axis=1)
    return keypoint_table(keypoints.points, numbers, keypoints.levels, to_host(descriptors))


def orb_table_cv(image: np.ndarray, detector: Any) -> np.ndarray:
    """Make the table of an image by OpenCV's detector."""
    found, descriptors = detector.detectAndCompute(image, None)
    return keypoint_table(
        [keypoint.pt for keypoint in found],
        [(keypoint.size, keypoint.angle, keypoint.response) for keypoint in found],
        [keypoint.octave for keypoint in found],
        np.empty((0, _BYTES)) if descriptors is None else descriptors,
    )


ORB = [
    Case(
        "orb",
        "500",
        orb_table,
        lambda image: orb_table_cv(image, cv2.ORB.create(500)),
        bar=1.2,
        minimum_shape=(80, 100),
    ),
]

MATCHING_CASES: list[Case] = [
    *MATCH,
    *ORB,
]
