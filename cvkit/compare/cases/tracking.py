"""Rows of the table for points that are followed from image to image."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array, to_host
from cvkit.compare.cases.case import Case, Tolerance, changed, image_size


def _smooth(image: np.ndarray) -> np.ndarray:
    """Blur an image or a stack: in noise no point is like itself between pixels."""
    images = image if image.ndim == 4 else image[np.newaxis]
    return np.stack([cv2.blur(one, (7, 7)) for one in images]).reshape(image.shape)


def _moved(image: np.ndarray) -> np.ndarray:
    """Move an image or a stack two pixels to the right and half a pixel down."""
    down, along = (-3, -2) if image.ndim == 4 else (0, 1)
    shifted = np.roll(_smooth(image), 2, axis=along)
    return cv2.addWeighted(shifted, 0.5, np.roll(shifted, 1, axis=down), 0.5, 0).reshape(image.shape)


def _grid(image: Array) -> np.ndarray:
    """Return points, some of them beyond the image: 500 of an image of 1080 rows, few of a small one."""
    height, width = image_size(image)
    rows, columns = min(max(2, height // 50), 20), min(max(2, width // 70), 25)
    x, y = np.meshgrid(np.linspace(-2, width + 1, columns), np.linspace(-2, height + 1, rows))
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def _joined(found: Array, status: Array, error: Array) -> np.ndarray:
    """Put points, status and error side by side; where a point was not found, only that counts."""
    points, is_found = to_host(found), to_host(status).astype(np.float32)
    columns = [points[..., 0], points[..., 1], to_host(error)]
    return np.stack([is_found, *(np.where(is_found > 0, column, 0) for column in columns)], axis=-1)


def _flow(image: Array, **parameters: Any) -> np.ndarray:
    previous, following = changed(image, _smooth), changed(image, _moved)
    return _joined(*cvkit.optical_flow(previous, following, _grid(image), **parameters))


def _flow_cv(image: np.ndarray, window: tuple[int, int] = (21, 21), levels: int = 3) -> np.ndarray:
    found, status, error = cv2.calcOpticalFlowPyrLK(
        _smooth(image), _moved(image), _grid(image), np.empty(0), winSize=window[::-1], maxLevel=levels
    )
    return _joined(found, status[:, 0], error[:, 0])


# Of the points; a mean difference of windows that are so far apart is off by less than a level.
NEAR = Tolerance(absolute=0.05)
FLOW = [
    Case("optical_flow", "500 points", _flow, _flow_cv, tolerance=NEAR, bar=1.0),
    Case(
        "optical_flow",
        "window 9x13, 1 level",
        lambda image: _flow(image, window=(9, 13), levels=1),
        lambda image: _flow_cv(image, (9, 13), 1),
        tolerance=NEAR,
        channels=3,
    ),
]

TRACKING_CASES: list[Case] = [
    *FLOW,
]
