"""What is wrong with labels: what is refused, and what is left out with a warning."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cvkit.detect.labeled_images import LabeledBox, LabeledImage


class NoAreaWarning(UserWarning):
    """Boxes were left out because they have no area; ``count`` of them."""

    def __init__(self, message: str, count: int) -> None:
        super().__init__(message)
        self.count = count


def checked(images: Sequence[LabeledImage], path: Path) -> list[LabeledImage]:
    """Return the images that a file of labels holds, but for boxes without area.

    Parameters
    ----------
    images : sequence of LabeledImage
        As they were read.
    path : Path
        Where from.

    Returns
    -------
    list of LabeledImage

    Raises
    ------
    ValueError
        If two images have one name, or a box lies outside its image.

    Warns
    -----
    NoAreaWarning
        If boxes are left out.
    """
    _check_names(images, path)
    images = _with_areas(images, path)
    for image in images:
        _check_boxes(image, path)
    return images


def _check_names(images: Sequence[LabeledImage], path: Path) -> None:
    """Refuse two images of one name: nothing could tell which of them is meant."""
    names = Counter(PurePosixPath(image.name) for image in images)
    for name, count in names.most_common(1):
        if count > 1:
            raise ValueError(f"{path}: {count} images are named {name}")


def _with_areas(images: Sequence[LabeledImage], path: Path) -> list[LabeledImage]:
    """Leave out boxes without area, and warn of them."""
    flat = [(box, image) for image in images for box in image.boxes if not _has_area(box)]
    if not flat:
        return list(images)
    box, image = flat[0]
    boxes = f"{len(flat)} boxes without area are" if len(flat) > 1 else "1 box without area is"
    warnings.warn(
        NoAreaWarning(f"{path}: {boxes} left out: {_described(box)} of {image.name}", len(flat)),
        stacklevel=4,
    )
    return [replace(image, boxes=tuple(box for box in image.boxes if _has_area(box))) for image in images]


def _has_area(box: LabeledBox) -> bool:
    left, top, right, bottom = box.xyxy
    return all(map(math.isfinite, box.xyxy)) and left < right and top < bottom


def _described(box: LabeledBox) -> str:
    return "box ({:g}, {:g}, {:g}, {:g})".format(*box.xyxy)


def _check_boxes(image: LabeledImage, path: Path) -> None:
    """Refuse boxes that no pixel of the image lies in: they belong to another image."""
    height, width = image.size or (math.inf, math.inf)
    for box in image.boxes:
        left, top, right, bottom = box.xyxy
        if right <= 0 or bottom <= 0 or left >= width or top >= height:
            raise ValueError(f"{path}: {_described(box)} of {image.name} lies outside the image")
