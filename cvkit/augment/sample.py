"""An image with what is marked in it, and how marks follow the image through a warp."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import cvkit
from cvkit import _validate

__all__ = ["Sample", "checked", "moved", "seen_boxes"]


class Sample(NamedTuple):
    """An image, or a stack, with what is marked in it.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        On the CPU or a GPU.
    boxes : array_like, (B, 4 + K), optional
        Left, top, right and bottom in pixels, from 0 to the image's sides; further columns, such as a class,
        stay with their box. Of a stack, a sequence of N of them.
    mask : array, (H, W) or (H, W, C), optional
        Marks every pixel; warped without new values, and 0 beyond the image. Of a stack, (N, H, W, C).
    keypoints : array_like, (P, 2), optional
        x and y in pixels, whole numbers at the pixels' centers. All are kept, also outside the image.
        Of a stack, a sequence of N of them.

    Examples
    --------
    >>> import numpy as np
    >>> Sample(np.zeros((4, 6), np.uint8), boxes=[[1, 1, 3, 4]]).mask is None
    True
    """

    image: Any
    boxes: Any = None
    mask: Any = None
    keypoints: Any = None


def checked(sample: Sample) -> Sample:
    """Check one image and its marks, and make float64 arrays of boxes and keypoints.

    Raises
    ------
    TypeError, ValueError
        For boxes that are not (B, 4) or wider, keypoints that are not (P, 2), values that are not finite, and
        a mask of other sides than the image.

    Examples
    --------
    >>> import numpy as np
    >>> checked(Sample(np.zeros((4, 6), np.uint8), boxes=[[1, 1, 3, 4]])).boxes
    array([[1., 1., 3., 4.]])
    """
    boxes, keypoints = sample.boxes, sample.keypoints
    if boxes is not None:
        boxes = _rows(boxes, "boxes", 4)
        if boxes.shape[1] < 4 or (boxes[:, 2:4] < boxes[:, :2]).any():
            raise ValueError(f"boxes must be rows of left, top, right and bottom, got {sample.boxes!r}")
    if keypoints is not None:
        keypoints = _rows(keypoints, "keypoints", 2)
        if keypoints.shape[1] != 2:
            raise ValueError(f"keypoints must be rows of x and y, got shape {keypoints.shape}")
    if sample.mask is not None and tuple(sample.mask.shape[:2]) != tuple(sample.image.shape[:2]):
        sides = f"{tuple(sample.mask.shape[:2])}, the image {tuple(sample.image.shape[:2])}"
        raise ValueError(f"mask must have the sides of the image, got {sides}")
    return Sample(sample.image, boxes, sample.mask, keypoints)


def _rows(values: npt.ArrayLike, name: str, columns: int) -> np.ndarray:
    rows = _validate.real_array(values, name).astype(np.float64)
    if rows.size == 0:
        return np.empty((0, columns if rows.ndim != 2 else max(rows.shape[1], columns)))
    if rows.ndim != 2:
        raise ValueError(f"{name} must be rows of numbers, got shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError(f"{name} must be finite, got {values!r}")
    return rows


def moved(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the upright boxes around boxes that a 3 x 3 matrix of pixels' centers has moved.

    Examples
    --------
    >>> import numpy as np
    >>> moved(np.array([[0.0, 0, 2, 4]]), np.array([[0.0, -1, 9], [1, 0, 0], [0, 0, 1]]))
    array([[ 6.,  0., 10.,  2.]])
    """
    x, y = boxes[:, [0, 2, 0, 2]] - 0.5, boxes[:, [1, 1, 3, 3]] - 0.5
    corners = cvkit.transform_points(np.stack([x, y], axis=2).reshape(-1, 2), matrix)
    corners = corners.reshape(-1, 4, 2) + 0.5
    return np.hstack([corners.min(axis=1), corners.max(axis=1), boxes[:, 4:]])


def seen_boxes(boxes: np.ndarray, height: int, width: int, minimum_visible: float) -> np.ndarray:
    """Clip boxes to an image, and leave out those of which too small a share of the area is seen.

    Examples
    --------
    >>> import numpy as np
    >>> seen_boxes(np.array([[-2.0, 0, 2, 4], [-3, 0, 1, 4]]), 10, 10, 0.5)
    array([[0., 0., 2., 4.]])
    """
    clipped = boxes.copy()
    clipped[:, [0, 2]] = clipped[:, [0, 2]].clip(0, width)
    clipped[:, [1, 3]] = clipped[:, [1, 3]].clip(0, height)
    area, seen = _areas(boxes), _areas(clipped)
    return clipped[(seen > 0) & (seen >= minimum_visible * area)]


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
