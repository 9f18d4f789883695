"""Detection in images of any size, tile by tile, in memory that does not grow with them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

import cvkit
from cvkit import _validate
from cvkit._dispatch import Array
from cvkit.detect.detections import Detections
from cvkit.detect.window_detector import WindowDetector

_TILE = 2048
# Objects of up to so many times the smallest are looked for in the tiles of one size of the image, and larger
# ones in the image at half that size: twice would do, if an object were as large in one as in the other.
_REACH = 3

Box = tuple[int, int, int, int]


def detect_in_tiles(detector: WindowDetector, image: Array, *, tile: int = _TILE) -> Detections:
    """Find the objects in an image that is too large to be looked at in one piece.

    Tiles of the image give the small objects, those of the image at half its size larger ones, and so on; an
    object counts in the tile that its center lies in, and each tile reaches over its neighbors by as much as
    such an object needs.

    Parameters
    ----------
    detector : WindowDetector
        Any detector.
    image : array, (H, W) or (H, W, 3), uint8
        Gray or RGB; as :meth:`WindowDetector.detect` takes it.
    tile : int
        Height and width of a tile without its margins, in pixels.

    Returns
    -------
    Detections
        Boxes around the objects, surest first. Near the edges of tiles they may differ by some pixels from
        what one piece would give.

    Raises
    ------
    TypeError, ValueError
        If the image or the tile is unsuitable.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.detect import detect_in_tiles, pretrained
    >>> len(detect_in_tiles(pretrained("person-hog"), np.zeros((300, 400), np.uint8), tile=200))
    0
    """
    tile = _validate.integer(tile, "tile", minimum=1)
    reach = _REACH * detector.smallest_object / detector.upscale
    margin = math.ceil(_REACH / 2 * max(detector.window) / detector.upscale)
    parts, level = [], image
    while True:
        factors = np.array([image.shape[1] / level.shape[1], image.shape[0] / level.shape[0]])
        is_last = level.shape[0] * level.shape[1] <= tile * tile or min(level.shape[:2]) < 2
        largest = math.inf if is_last else reach
        if largest * factors[1] > detector.min_height:
            smaller = detector.at_scale(float(factors[1]))
            for core, part in _tiles(level.shape, max(level.shape[:2]) if is_last else tile, margin):
                found = _kept(smaller.detect(level, region=part), core, largest)
                parts.append(Detections(found.xyxy * np.tile(factors, 2), found.confidence, found.class_id))
        if is_last:
            break
        half = (math.ceil(level.shape[0] / 2), math.ceil(level.shape[1] / 2))
        level = cvkit.resize(level, half, interpolation="bilinear_exact")
    every = Detections.concatenate(parts)
    return every[detector.suppress(every.xyxy, every.confidence)]


def _tiles(shape: tuple[int, ...], tile: int, margin: int) -> Iterator[tuple[Box, Box]]:
    """Cut an image into tiles of equal size; yield each without and with its margins."""
    height, width = shape[:2]
    rows, columns = (
        np.linspace(0, size, math.ceil(size / tile) + 1).astype(int).tolist() for size in (height, width)
    )
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            part = (
                max(0, left - margin),
                max(0, top - margin),
                min(width, right + margin),
                min(height, bottom + margin),
            )
            yield (left, top, right, bottom), part


def _kept(found: Detections, core: Box, largest: float) -> Detections:
    """Choose the objects that are not too large and whose centers lie in the core of a tile, or beside it.

    Boxes reach over the edges of the image by some pixels, but their centers do not.
    """
    center = (found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2
    height = found.xyxy[:, 3] - found.xyxy[:, 1]
    inside = ((center >= core[:2]) & (center < core[2:])).all(axis=1)
    return found[inside & (height < largest)]
