"""Transforms that move pixels by a matrix."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import cvkit
from cvkit import _validate
from cvkit._border import BORDERS
from cvkit.augment.sample import Sample, moved, seen_boxes
from cvkit.augment.transform import Moving, Range, log_uniform, span
from cvkit.typing import BorderMode, WarpInterpolation

__all__ = ["Mirror", "Perspective", "Rotate", "Scale", "Shear", "Warp", "warped"]

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic")


def warped(
    sample: Sample,
    matrix: np.ndarray,
    output_shape: tuple[int, int],
    *,
    interpolation: WarpInterpolation = "nearest",
    border: BorderMode = "constant",
    border_value: float | npt.ArrayLike = 0,
    minimum_visible: float = 0.25,
) -> Sample:
    """Warp an image with its marks by a 3 x 3 matrix, which maps it to the result.

    Examples
    --------
    >>> import numpy as np
    >>> sample = Sample(np.array([[1, 2, 3]], np.uint8), boxes=np.array([[0.0, 0, 1, 1]]))
    >>> mirrored = warped(sample, np.array([[-1.0, 0, 2], [0, 1, 0], [0, 0, 1]]), (1, 3))
    >>> mirrored.image, mirrored.boxes
    (array([[3, 2, 1]], dtype=uint8), array([[2., 0., 3., 1.]]))
    """
    image, boxes, mask, keypoints = sample
    is_affine = not matrix[2, :2].any()
    warp, rows = (cvkit.warp_affine, matrix[:2]) if is_affine else (cvkit.warp_perspective, matrix)
    image = warp(
        image, rows, output_shape, interpolation=interpolation, border=border, border_value=border_value
    )
    if mask is not None:
        mask = warp(mask, rows, output_shape, interpolation="nearest")
    if boxes is not None and len(boxes):
        boxes = seen_boxes(moved(boxes, matrix), *output_shape, minimum_visible)
    if keypoints is not None and len(keypoints):
        keypoints = cvkit.transform_points(keypoints, matrix)
    return Sample(image, boxes, mask, keypoints)


@dataclass(frozen=True)
class Warp(Moving):
    """A transform that moves pixels by a random matrix and keeps the size of the image.

    Parameters
    ----------
    interpolation : {"nearest", "bilinear", "bicubic"}
        How values between pixels come about; those of masks are the nearest ones.
    border : {"constant", "replicate", "reflect", "wrap", "reflect101"}
        What lies beyond the image.
    border_value : float or sequence of C floats
        The value beyond the image for ``"constant"``.
    minimum_visible : float
        The smallest share of a box's area, from 0 to 1, that keeps it when the rest leaves the image.
    probability : float
        How likely the transform is applied at all.
    """

    interpolation: WarpInterpolation = dataclasses.field(default="bilinear", kw_only=True)
    border: BorderMode = dataclasses.field(default="constant", kw_only=True)
    border_value: Any = dataclasses.field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate.one_of(self.interpolation, _INTERPOLATIONS, "interpolation")
        _validate.one_of(self.border, BORDERS, "border")

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        height, width = sample.image.shape[:2]
        matrix = self._matrix(generator, height, width)
        return warped(
            sample,
            matrix,
            (height, width),
            interpolation=self.interpolation,
            border=self.border,
            border_value=self.border_value,
            minimum_visible=self.minimum_visible,
        )

    def _matrix(self, generator: np.random.Generator, height: int, width: int) -> np.ndarray:
        """Draw the 3 x 3 matrix that maps an image of this size to the result."""
        raise NotImplementedError


def _about_center(matrix: np.ndarray, height: int, width: int) -> np.ndarray:
    """Let a 2 x 2 matrix leave the center of an image where it is."""
    center = np.array([width - 1, height - 1]) / 2
    whole = np.eye(3)
    whole[:2, :2] = matrix
    whole[:2, 2] = center - matrix @ center
    return whole


@dataclass(frozen=True)
class Mirror(Warp):
    """Mirror images, left to right unless told otherwise.

    Parameters
    ----------
    axis : {"horizontal", "vertical"}
        Along which pixels change places.
    probability : float
        How likely the transform is applied: half of the images by default.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Mirror
    >>> Mirror(probability=1)(np.array([[1, 2, 3]], np.uint8), [[0, 0, 1, 1]], seed=0)
    (array([[3, 2, 1]], dtype=uint8), array([[2., 0., 3., 1.]]))
    """

    axis: str = "horizontal"
    probability: float = dataclasses.field(default=0.5, kw_only=True)
    interpolation: WarpInterpolation = dataclasses.field(default="nearest", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate.one_of(self.axis, ("horizontal", "vertical"), "axis")

    def _matrix(self, generator: np.random.Generator, height: int, width: int) -> np.ndarray:
        signs = (-1.0, 1.0) if self.axis == "horizontal" else (1.0, -1.0)
        return _about_center(np.diag(signs), height, width)


@dataclass(frozen=True)
class Rotate(Warp):
    """Rotate images about their center.

    Parameters
    ----------
    degrees : float or (float, float)
        Angles, counter-clockwise: up to so many either way, or from the first to the second.
    interpolation, border, border_value, minimum_visible, probability
        As for :class:`Warp`.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Rotate
    >>> Rotate((90, 90))(np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0]], np.uint8), seed=0)[0]
    array([[0, 0, 0],
           [0, 0, 0],
           [0, 1, 0]], dtype=uint8)
    """

    degrees: Range = 15.0

    def __post_init__(self) -> None:
        super().__post_init__()
        span(self.degrees, "degrees")

    def _matrix(self, generator: np.random.Generator, height: int, width: int) -> np.ndarray:
        angle = generator.uniform(*span(self.degrees, "degrees"))
        return _about_center(cvkit.rotation_matrix((0, 0), angle)[:, :2], height, width)


@dataclass(frozen=True)
class Shear(Warp):
    """Slant images along x, about their center.

    Parameters
    ----------
    degrees : float or (float, float)
        Angles of what was upright: up to so many either way, or from the first to the second; below 90.
    interpolation, border, border_value, minimum_visible, probability
        As for :class:`Warp`.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Shear
    >>> Shear((45, 45))(np.array([[0, 1, 0], [0, 1, 0], [0, 1, 0]], np.uint8), seed=0)[0]
    array([[0, 0, 1],
           [0, 1, 0],
           [1, 0, 0]], dtype=uint8)
    """

    degrees: Range = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        span(self.degrees, "degrees", minimum=-89, maximum=89)

    def _matrix(self, generator: np.random.Generator, height: int, width: int) -> np.ndarray:
        angle = generator.uniform(*span(self.degrees, "degrees"))
        return _about_center(np.array([[1.0, -np.tan(np.radians(angle))], [0.0, 1.0]]), height, width)


@dataclass(frozen=True)
class Scale(Warp):
    """Enlarge or shrink what is in images, about their center; the size of the image stays.

    Parameters
    ----------
    factor : (float, float)
        The smallest and the largest factor, above 0; their logarithms are equally likely.
    interpolation, border, border_value, minimum_visible, probability
        As for :class:`Warp`.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Scale
    >>> Scale((2, 2), interpolation="nearest")(np.eye(3, dtype=np.uint8), [[1, 1, 2, 2]], seed=0)[1]
    array([[0.5, 0.5, 2.5, 2.5]])
    """

    factor: tuple[float, float] = (0.8, 1.25)

    def __post_init__(self) -> None:
        super().__post_init__()
        span(self.factor, "factor", above=0)

    def _matrix(self, generator: np.random.Generator, height: int, width: int) -> np.ndarray:
        factor = log_uniform(generator, span(self.factor, "factor", above=0))
        return _about_center(np.diag([factor, factor]), height, width)


@dataclass(frozen=True)
class Perspective(Warp):
    """Tilt images: each of their corners moves inwards by itself.

    Parameters
    ----------
    share : float
        How far corners move at most, as a share of the image's sides, from 0 to 0.4.
    interpolation, border, border_value, minimum_visible, probability
        As for :class:`Warp`.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Perspective
    >>> Perspective(0.2)(np.full((8, 8), 200, np.uint8), seed=0)[0].shape
    (8, 8)
    """

    share: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate.number(self.share, "share", minimum=0, maximum=0.4)

    def _matrix(self, generator: np.random.Generator, height: int, width: int) -> np.ndarray:
        if min(height, width) == 1:  # a line has no quadrilateral
            return np.eye(3)
        sides = np.array([width - 1.0, height - 1.0])
        corners = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
        inwards = np.where(corners == 0, 1.0, -1.0)
        target = corners + inwards * generator.uniform(0, self.share, (4, 2))
        return cvkit.perspective_matrix(corners * sides, target * sides)
