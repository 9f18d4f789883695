"""Where the features of a cascade are looked up: corners in the window whose sums are rectangles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvkit.detect.cascade_files import Cascade


class Corners(NamedTuple):
    """Places in the window, and the planes of sums they are looked up in."""

    x: np.ndarray
    y: np.ndarray
    plane: np.ndarray


def feature_corners(cascade: Cascade) -> Corners:
    """Return the corners of the rectangles of each node, (N, 3, 4), or of the blocks of LBP, (N, 4, 4)."""
    rectangles = cascade.rectangles[cascade.feature].astype(np.int64)
    if cascade.weights.size == 0:
        x, y, width, height = (side[:, :, np.newaxis] for side in np.moveaxis(rectangles, -1, 0))
        edge = np.arange(4)
        zeros = np.zeros((len(rectangles), 4, 4), np.int64)
        return Corners(x + width * edge + zeros, y + height * edge[:, np.newaxis] + zeros, zeros)
    is_tilted = cascade.tilted[cascade.feature][:, np.newaxis, np.newaxis]
    x, y = (
        np.where(is_tilted, *pair) for pair in zip(_tilted(rectangles), _upright(rectangles), strict=True)
    )
    return Corners(x, y, 2 * is_tilted.astype(np.int64))


def norm_corners(window: tuple[int, int]) -> Corners:
    """Return the corners of the window without its margin, in the sums and in those of squares, (2, 4)."""
    x, y = _upright(np.array([1, 1, window[1] - 2, window[0] - 2]))
    return Corners(x, y, np.arange(2)[:, np.newaxis])


def _upright(rectangle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of corners whose sums, the first minus two plus the last, are those of rectangles."""
    x, y, width, height = np.moveaxis(rectangle, -1, 0)
    return np.stack([x, x + width, x, x + width], -1), np.stack([y, y, y + height, y + height], -1)


def _tilted(rectangle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same for rectangles turned by 45 degrees about their first corner."""
    x, y, width, height = np.moveaxis(rectangle, -1, 0)
    columns = [x, x - height, x + width, x + width - height]
    return np.stack(columns, -1), np.stack([y, y + height, y + width, y + width + height], -1)
