"""Transforms that keep a part of an image."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

import cvkit
from cvkit import _validate
from cvkit.augment.sample import Sample
from cvkit.augment.transform import Moving, log_uniform, span
from cvkit.augment.warps import warped
from cvkit.typing import ResizeInterpolation

__all__ = ["Crop", "ResizedCrop"]


@dataclass(frozen=True)
class Crop(Moving):
    """Cut a part of one size out of images, anywhere; 0 is where an image is smaller.

    Parameters
    ----------
    size : (int, int)
        Height and width of the result, in pixels.
    minimum_visible : float
        The smallest share of a box's area, from 0 to 1, that keeps it when the rest is cut off.
    probability : float
        How likely the transform is applied at all.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Crop
    >>> image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    >>> Crop((2, 2))(image, [[0, 0, 4, 3]], seed=1)
    (array([[ 6,  7],
           [10, 11]], dtype=uint8), array([[0., 0., 2., 2.]]))
    """

    size: tuple[int, int]

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate.output_shape(self.size, "size")

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        spare = [given - wanted for given, wanted in zip(sample.image.shape[:2], self.size, strict=True)]
        top, left = (generator.integers(min(room, 0), max(room, 0), endpoint=True) for room in spare)
        return warped(sample, _shift(top, left), self.size, minimum_visible=self.minimum_visible)


@dataclass(frozen=True)
class ResizedCrop(Moving):
    """Cut a part of random size and shape out of images, and bring it to one size.

    Parameters
    ----------
    size : (int, int)
        Height and width of the result, in pixels.
    area : (float, float)
        The smallest and the largest share of the image's area that is kept, above 0 and at most 1.
    aspect : (float, float)
        The smallest and the largest ratio of the part's width to its height; their logarithms are equally
        likely. A part that would not fit is as wide, or as high, as the image.
    interpolation : str
        As for :func:`cvkit.resize`.
    minimum_visible : float
        The smallest share of a box's area, from 0 to 1, that keeps it when the rest is cut off.
    probability : float
        How likely the transform is applied at all.

    Notes
    -----
    The crop of C. Szegedy et al., "Going deeper with convolutions", 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import ResizedCrop
    >>> ResizedCrop((4, 6))(np.full((9, 9, 3), 7, np.uint8), seed=0)[0].shape
    (4, 6, 3)
    """

    size: tuple[int, int]
    area: tuple[float, float] = (0.25, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: ResizeInterpolation = dataclasses.field(default="bilinear", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate.output_shape(self.size, "size")
        span(self.area, "area", above=0, maximum=1)
        span(self.aspect, "aspect", above=0)

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        height, width = sample.image.shape[:2]
        area = height * width * generator.uniform(*span(self.area, "area", above=0, maximum=1))
        aspect = log_uniform(generator, span(self.aspect, "aspect", above=0))
        rows = min(max(round(np.sqrt(area / aspect)), 1), height)
        columns = min(max(round(np.sqrt(area * aspect)), 1), width)
        top = generator.integers(height - rows, endpoint=True)
        left = generator.integers(width - columns, endpoint=True)
        part = warped(sample, _shift(top, left), (rows, columns), minimum_visible=self.minimum_visible)
        return self._resized(part)

    def _resized(self, sample: Sample) -> Sample:
        image, boxes, mask, keypoints = sample
        factors = np.array(self.size[::-1]) / image.shape[1::-1]
        if boxes is not None:
            boxes = np.hstack([boxes[:, :4] * np.tile(factors, 2), boxes[:, 4:]])
        if keypoints is not None:
            keypoints = (keypoints + 0.5) * factors - 0.5
        if mask is not None:
            mask = cvkit.resize(mask, self.size, interpolation="nearest")
        image = cvkit.resize(image, self.size, interpolation=self.interpolation)
        return Sample(image, boxes, mask, keypoints)


def _shift(top: int, left: int) -> np.ndarray:
    return np.array([[1.0, 0, -left], [0, 1, -top], [0, 0, 1]])
