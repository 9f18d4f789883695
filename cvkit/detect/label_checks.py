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
    from cvkit.detect.labels import LabeledBox, LabeledPicture


class NoAreaWarning(UserWarning):
    """Boxes were left out because they have no area; ``count`` of them."""

    def __init__(self, message: str, count: int) -> None:
        super().__init__(message)
        self.count = count


def checked(pictures: Sequence[LabeledPicture], path: Path) -> list[LabeledPicture]:
    """Return the pictures that a file of labels holds, but for boxes without area.

    Parameters
    ----------
    pictures : sequence of LabeledPicture
        As they were read.
    path : Path
        Where from.

    Returns
    -------
    list of LabeledPicture

    Raises
    ------
    ValueError
        If two pictures have one name, or a box lies outside its picture.

    Warns
    -----
    NoAreaWarning
        If boxes are left out.
    """
    _check_names(pictures, path)
    pictures = _with_areas(pictures, path)
    for picture in pictures:
        _check_boxes(picture, path)
    return pictures


def _check_names(pictures: Sequence[LabeledPicture], path: Path) -> None:
    """Refuse two pictures of one name: nothing could tell which of them is meant."""
    names = Counter(PurePosixPath(picture.name) for picture in pictures)
    for name, count in names.most_common(1):
        if count > 1:
            raise ValueError(f"{path}: {count} pictures are named {name}")


def _with_areas(pictures: Sequence[LabeledPicture], path: Path) -> list[LabeledPicture]:
    """Leave out boxes without area, and warn of them."""
    flat = [(box, picture) for picture in pictures for box in picture.boxes if not _has_area(box)]
    if not flat:
        return list(pictures)
    box, picture = flat[0]
    boxes = f"{len(flat)} boxes without area are" if len(flat) > 1 else "1 box without area is"
    warnings.warn(
        NoAreaWarning(f"{path}: {boxes} left out: {_described(box)} of {picture.name}", len(flat)),
        stacklevel=4,
    )
    return [
        replace(picture, boxes=tuple(box for box in picture.boxes if _has_area(box))) for picture in pictures
    ]


def _has_area(box: LabeledBox) -> bool:
    left, top, right, bottom = box.xyxy
    return all(map(math.isfinite, box.xyxy)) and left < right and top < bottom


def _described(box: LabeledBox) -> str:
    return "box ({:g}, {:g}, {:g}, {:g})".format(*box.xyxy)


def _check_boxes(picture: LabeledPicture, path: Path) -> None:
    """Refuse boxes that no pixel of the picture lies in: they belong to another picture."""
    height, width = picture.size or (math.inf, math.inf)
    for box in picture.boxes:
        left, top, right, bottom = box.xyxy
        if right <= 0 or bottom <= 0 or left >= width or top >= height:
            raise ValueError(f"{path}: {_described(box)} of {picture.name} lies outside the picture")
