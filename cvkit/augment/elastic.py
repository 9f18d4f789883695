"""Elastic distortion: each pixel moves a little, and its neighbors move with it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

import cvkit
from cvkit import _validate
from cvkit._border import BORDERS
from cvkit._dispatch import to_device
from cvkit._jit_cuda import on_device
from cvkit.augment.sample import Sample, seen_boxes
from cvkit.augment.transform import Moving
from cvkit.typing import BorderMode

__all__ = ["Elastic"]

# Points are moved by looking again where they come from; each look shortens the error by how fast the
# displacement changes, which is less than 1 where the image does not fold.
_LOOKS = 8


@dataclass(frozen=True)
class Elastic(Moving):
    """Move pixels by a smooth random field.

    Parameters
    ----------
    displacement : float
        How far pixels move at most along x and along y, in pixels.
    sigma : float
        Of the Gaussian that smooths the field, in pixels; above 0. Below the displacement, images may fold.
    border : {"constant", "replicate", "reflect", "wrap", "reflect101"}
        What lies beyond the image.
    minimum_visible : float
        The smallest share of a box's area, from 0 to 1, that keeps it when the rest leaves the image.
    probability : float
        How likely the transform is applied at all.

    Notes
    -----
    After P. Simard, D. Steinkraus and J. Platt, "Best practices for convolutional neural networks applied to
    visual document analysis", 2003. A box becomes the one around its moved outline.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Elastic
    >>> Elastic(2, 3)(np.full((16, 16), 9, np.uint8), seed=0)[0].shape
    (16, 16)
    """

    displacement: float = 8.0
    sigma: float = 16.0
    border: BorderMode = dataclasses.field(default="reflect101", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate.number(self.displacement, "displacement", minimum=0)
        _validate.number(self.sigma, "sigma", above=0)
        _validate.one_of(self.border, BORDERS, "border")

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        image, boxes, mask, keypoints = sample
        height, width = image.shape[:2]
        shifts = [self._field(generator, height, width) for _ in range(2)]
        y, x = np.mgrid[:height, :width].astype(np.float32)
        maps = x + shifts[0], y + shifts[1]
        if mask is not None:
            mask = _remapped(mask, maps, interpolation="nearest")
        if boxes is not None and len(boxes):
            boxes = seen_boxes(_moved_boxes(boxes, shifts), height, width, self.minimum_visible)
        if keypoints is not None and len(keypoints):
            keypoints = _moved_points(keypoints, shifts)
        return Sample(_remapped(image, maps, border=self.border), boxes, mask, keypoints)

    def _field(self, generator: np.random.Generator, height: int, width: int) -> np.ndarray:
        """Draw how far pixels move along one axis."""
        noise = generator.uniform(-1, 1, (height, width)).astype(np.float32)
        smooth = cvkit.gaussian_blur(noise, self.sigma)
        largest = float(np.abs(smooth).max())
        return smooth * np.float32(self.displacement / largest if largest else 0)


def _remapped(image: Any, maps: tuple[np.ndarray, np.ndarray], **options: Any) -> Any:
    if on_device(image):
        maps = to_device(maps[0]), to_device(maps[1])
    return cvkit.remap(image, *maps, **options)


def _moved_points(points: np.ndarray, shifts: list[np.ndarray]) -> np.ndarray:
    """Return where points go: the pixel at q comes from ``q + shift(q)``."""
    moved = points.copy()
    for _ in range(_LOOKS):
        x, y = (np.ascontiguousarray(moved[:, axis]) for axis in range(2))
        steps = [cvkit.bilinear_sample(shift, x, y, border="replicate") for shift in shifts]
        moved = points - np.stack(steps, axis=1)
    return moved


def _moved_boxes(boxes: np.ndarray, shifts: list[np.ndarray]) -> np.ndarray:
    """Return the boxes around moved outlines, of which 16 points a side are looked at."""
    share = np.linspace(0, 1, 17)
    sides = np.concatenate([np.stack(pair, 1) for pair in ((share, 0 * share), (share, 0 * share + 1))])
    outline = np.concatenate([sides, sides[:, ::-1]])
    corner, size = boxes[:, None, :2], boxes[:, None, 2:4] - boxes[:, None, :2]
    points = corner + outline * size - 0.5
    moved = _moved_points(points.reshape(-1, 2), shifts).reshape(points.shape) + 0.5
    return np.hstack([moved.min(axis=1), moved.max(axis=1), boxes[:, 4:]])
