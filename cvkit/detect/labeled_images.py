"""Images with the boxes that somebody, or a detector, has given them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Size = tuple[int, int]


class LabeledBox(NamedTuple):
    """One box of an image.

    Parameters
    ----------
    xyxy : (float, float, float, float)
        Left, top, right and bottom in pixels.
    label : str
        Name of its class.
    is_ignored : bool
        Whether it counts neither as an object nor as background: COCO's crowds, Pascal VOC's difficult ones.
    confidence : float, optional
        How sure a detector was.
    """

    xyxy: tuple[float, float, float, float]
    label: str
    is_ignored: bool = False
    confidence: float | None = None


@dataclass(frozen=True)
class LabeledImage:
    """The boxes of one image.

    Parameters
    ----------
    name : str
        The image's path as the labels give it, with slashes; of YOLO, as it is in the folder of images.
    boxes : tuple of LabeledBox
        In the order of the file.
    size : (int, int), optional
        Height and width in pixels, where known.
    """

    name: str
    boxes: tuple[LabeledBox, ...]
    size: Size | None = None
