"""Transforms that are made of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cvkit.augment.sample import Sample
from cvkit.augment.transform import Transform

__all__ = ["Compose", "OneOf"]


@dataclass(frozen=True)
class _Combination(Transform):
    transforms: Sequence[Transform]

    def __post_init__(self) -> None:
        super().__post_init__()
        for transform in self.transforms:
            if not isinstance(transform, Transform):
                raise TypeError(f"transforms must be a sequence of transforms, got {transform!r}")


@dataclass(frozen=True)
class Compose(_Combination):
    """Apply transforms one after the other, each as likely as it says.

    Parameters
    ----------
    transforms : sequence of Transform
        In their order.
    probability : float
        How likely any of them is applied.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Brightness, Compose, Mirror
    >>> both = Compose([Mirror(probability=1), Brightness((0.2, 0.2))])
    >>> both(np.array([[0, 100]], np.uint8), seed=3)[0]
    array([[151,  51]], dtype=uint8)
    """

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        for transform in self.transforms:
            sample = transform.change(sample, generator)
        return sample


@dataclass(frozen=True)
class OneOf(_Combination):
    """Apply one of several transforms, all equally likely.

    Parameters
    ----------
    transforms : sequence of Transform
        One at least.
    probability : float
        How likely any of them is applied.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Brightness, OneOf
    >>> either = OneOf([Brightness((0.2, 0.2)), Brightness((-0.2, -0.2))])
    >>> sorted({int(either(np.array([[100]], np.uint8), seed=seed)[0][0, 0]) for seed in range(9)})
    [49, 151]
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.transforms:
            raise ValueError("transforms must be one at least, got none")

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        return self.transforms[int(generator.integers(len(self.transforms)))].change(sample, generator)
