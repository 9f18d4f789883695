"""What all transforms have in common: when they are applied, to what, and with which random numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cvkit import _dispatch, _validate
from cvkit._dispatch import as_device_array, to_device, to_host
from cvkit._jit_cuda import on_device
from cvkit.augment.sample import Sample, checked

__all__ = ["Moving", "Range", "Transform", "log_uniform", "on_host", "span", "whole_span"]

Range = float | tuple[float, float]
"""The lowest and the highest of equally likely values; a number alone stands for those from its negative."""


@dataclass(frozen=True)
class Transform:
    """A random change of images and of what is marked in them.

    Subclasses say what is random and what is changed. A transform has no state: equal seeds give equal
    results, in any order and in any process.

    Parameters
    ----------
    probability : float
        How likely the transform is applied at all, from 0 to 1.
    """

    probability: float = dataclasses.field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        _validate.number(self.probability, "probability", minimum=0, maximum=1)

    def __call__(self, image: Any, boxes: Any = None, *, seed: int | Sequence[int]) -> tuple[Any, Any]:
        """Change an image and the boxes in it.

        Parameters
        ----------
        image : array, (H, W), (H, W, C) or (N, H, W, C)
            One image, or a stack whose image k is changed as it would be alone with the seed ``(seed, k)``.
        boxes : array_like, (B, 4 + K), optional
            Left, top, right and bottom in pixels; further columns stay with their box. Of a stack, a sequence
            of N of them.
        seed : int or sequence of int
            Decides what is random.

        Returns
        -------
        image : array
            Where the given one lives.
        boxes : ndarray, or list of N of them, or None
            Clipped to the image, without those of which too little is left.
        """
        changed = self.apply(Sample(image, boxes), seed=seed)
        return changed.image, changed.boxes

    def apply(self, sample: Sample, *, seed: int | Sequence[int]) -> Sample:
        """Change an image with all that is marked in it.

        Parameters
        ----------
        sample : Sample
            An image or a stack, with boxes, a mask and keypoints, as far as there are any.
        seed : int or sequence of int
            Decides what is random.

        Returns
        -------
        Sample

        Raises
        ------
        TypeError, ValueError
            For a seed that is not of whole numbers from 0 on, images of another shape or dtype than the
            transform takes, and marks that do not belong to the image.
        """
        sample = sample._replace(image=_checked_image(sample.image))
        seeds = [_validate.integer(one, "seed", minimum=0) for one in np.atleast_1d(np.asarray(seed, object))]
        if len(sample.image.shape) < 4:
            return self.change(checked(sample), np.random.default_rng(seeds))
        count = len(sample.image)
        marks = [_of_stack(values, count, name) for name, values in sample._asdict().items()]
        changed = [
            self.change(checked(Sample(*parts)), np.random.default_rng([*seeds, number]))
            for number, parts in enumerate(zip(*marks, strict=True))
        ]
        images, boxes, masks, keypoints = zip(*changed, strict=True)
        return Sample(_stacked(images), _listed(boxes), _stacked(masks), _listed(keypoints))

    def change(self, sample: Sample, generator: np.random.Generator) -> Sample:
        """Draw random numbers, and change one image and its marks if these say so."""
        # Drawn even where it decides nothing, so that what follows does not depend on it.
        is_applied = generator.random() < self.probability
        return self._changed(sample, generator) if is_applied else sample

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        raise NotImplementedError


@dataclass(frozen=True)
class Moving(Transform):
    """A transform that moves pixels, so that boxes may leave the image.

    Parameters
    ----------
    minimum_visible : float
        The smallest share of a box's area, from 0 to 1, that keeps it when the rest leaves the image.
    probability : float
        How likely the transform is applied at all.
    """

    minimum_visible: float = dataclasses.field(default=0.25, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate.number(self.minimum_visible, "minimum_visible", minimum=0, maximum=1)


_DTYPES = (np.uint8, np.uint16, np.int16, np.float32, np.float64)


def _checked_image(image: Any) -> Any:
    if on_device(image):
        _validate.image(as_device_array(image), dtypes=_DTYPES, channels=None)
        return image
    image = _validate.host_array(image, "image")
    _validate.image(image, dtypes=_DTYPES, channels=None)
    return image


def _of_stack(values: Any, count: int, name: str) -> Sequence[Any]:
    if values is None:
        return [None] * count
    if len(values) != count:
        raise ValueError(f"{name} must be {count}, one for each image of the stack, got {len(values)}")
    return [values[number] for number in range(count)]


def _listed(values: Sequence[Any]) -> list[Any] | None:
    return None if values[0] is None else list(values)


def _stacked(images: Sequence[Any]) -> Any:
    if images[0] is None:
        return None
    if len({tuple(image.shape) for image in images}) > 1:
        sizes = ", ".join(str(tuple(image.shape[:2])) for image in images)
        raise ValueError(f"image must not be a stack where results differ in size, got {sizes}")
    if not on_device(images[0]):
        return np.stack([np.atleast_3d(image) for image in images])
    parts = [as_device_array(image) for image in images]
    whole = _dispatch.device_empty((len(parts), *parts[0].shape), parts[0].dtype, parts[0].stream)
    for number, part in enumerate(parts):
        whole[number].copy_to_device(part, parts[0].stream)
    return whole


def span(
    value: Range,
    name: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
) -> tuple[float, float]:
    """Check a range of random values, and return its ends.

    Examples
    --------
    >>> span(15, "degrees"), span((1, 2), "sigma", minimum=0)
    ((-15.0, 15.0), (1.0, 2.0))
    """
    has_negative = above is None and (minimum is None or minimum < 0)
    accepted = (
        "a number or the lowest and the highest one" if has_negative else "the lowest and the highest one"
    )
    if np.ndim(value) == 0 and has_negative:
        largest = abs(_validate.number(value, name))
        value = -largest, largest
    if isinstance(value, str) or np.shape(value) != (2,):
        raise ValueError(f"{name} must be {accepted}, got {value!r}")
    low, high = (
        _validate.number(end, name, minimum=minimum, maximum=maximum, above=above)
        for end in value  # type: ignore[union-attr]
    )
    if low > high:
        raise ValueError(f"{name} must be {accepted}, got {value!r}")
    return low, high


def log_uniform(generator: np.random.Generator, ends: tuple[float, float]) -> float:
    """Draw a factor whose logarithm is equally likely anywhere between two.

    Examples
    --------
    >>> round(log_uniform(np.random.default_rng(0), (2.0, 2.0)), 9)
    2.0
    """
    return float(np.exp(generator.uniform(*np.log(ends))))


def whole_span(
    value: tuple[int, int], name: str, *, minimum: int, maximum: int | None = None
) -> tuple[int, int]:
    """Check a range of random whole numbers, and return its ends.

    Examples
    --------
    >>> whole_span((1, 3), "count", minimum=0)
    (1, 3)
    """
    span(value, name, minimum=minimum, maximum=maximum)
    low, high = (_validate.integer(end, name) for end in value)
    return low, high


def on_host(image: Any, change: Any) -> Any:
    """Change an image on the CPU, wherever it lives."""
    return to_device(change(to_host(image))) if on_device(image) else change(image)
