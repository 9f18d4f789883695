"""Transforms that change colors and brightness, of images of bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import cvkit
from cvkit.augment.sample import Sample
from cvkit.augment.transform import Range, Transform, log_uniform, span

__all__ = ["Brightness", "ColorShift", "Contrast", "Gamma", "HueSaturation"]

_VALUES = np.arange(256.0)


def _table(values: np.ndarray) -> np.ndarray:
    """Round values half to even, as pixels are."""
    return np.rint(values).clip(0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Tone(Transform):
    """A transform that gives each value of a pixel another."""

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        channels = sample.image.shape[2] if len(sample.image.shape) > 2 else 1
        return sample._replace(image=cvkit.lookup(sample.image, self._drawn_table(generator, channels)))

    def _drawn_table(self, generator: np.random.Generator, channels: int) -> np.ndarray:
        """Draw what becomes of the 256 values, of all channels or of each."""
        raise NotImplementedError


@dataclass(frozen=True)
class Brightness(Tone):
    """Add a random number to all values.

    Parameters
    ----------
    share : float or (float, float)
        Of 255, from -1 to 1: up to so much either way, or from the first to the second.
    probability : float
        How likely the transform is applied at all.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Brightness
    >>> Brightness((0.2, 0.2))(np.array([[0, 100, 250]], np.uint8), seed=0)[0]
    array([[ 51, 151, 255]], dtype=uint8)
    """

    share: Range = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        span(self.share, "share", minimum=-1, maximum=1)

    def _drawn_table(self, generator: np.random.Generator, channels: int) -> np.ndarray:
        return _table(_VALUES + 255 * generator.uniform(*span(self.share, "share")))


@dataclass(frozen=True)
class Contrast(Tone):
    """Multiply the distance of all values from the middle, 127.5.

    Parameters
    ----------
    factor : (float, float)
        The smallest and the largest factor, from 0 on.
    probability : float
        How likely the transform is applied at all.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Contrast
    >>> Contrast((2, 2))(np.array([[0, 100, 150]], np.uint8), seed=0)[0]
    array([[  0,  72, 172]], dtype=uint8)
    """

    factor: tuple[float, float] = (0.8, 1.2)

    def __post_init__(self) -> None:
        super().__post_init__()
        span(self.factor, "factor", minimum=0)

    def _drawn_table(self, generator: np.random.Generator, channels: int) -> np.ndarray:
        factor = generator.uniform(*span(self.factor, "factor", minimum=0))
        return _table(127.5 + factor * (_VALUES - 127.5))


@dataclass(frozen=True)
class Gamma(Tone):
    """Raise all values, as shares of 255, to a power.

    Parameters
    ----------
    gamma : (float, float)
        The smallest and the largest exponent, above 0; their logarithms are equally likely.
    probability : float
        How likely the transform is applied at all.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Gamma
    >>> Gamma((0.5, 0.5))(np.array([[0, 64, 255]], np.uint8), seed=0)[0]
    array([[  0, 128, 255]], dtype=uint8)
    """

    gamma: tuple[float, float] = (0.7, 1.4)

    def __post_init__(self) -> None:
        super().__post_init__()
        span(self.gamma, "gamma", above=0)

    def _drawn_table(self, generator: np.random.Generator, channels: int) -> np.ndarray:
        gamma = log_uniform(generator, span(self.gamma, "gamma", above=0))
        return _table(255 * (_VALUES / 255) ** gamma)


@dataclass(frozen=True)
class ColorShift(Tone):
    """Add a random number to each channel.

    Parameters
    ----------
    shift : float or (float, float)
        In steps of 1 of 255: up to so many either way, or from the first to the second.
    probability : float
        How likely the transform is applied at all.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import ColorShift
    >>> ColorShift((10, 10))(np.array([[[0, 100, 250]]], np.uint8), seed=0)[0]
    array([[[ 10, 110, 255]]], dtype=uint8)
    """

    shift: Range = 20.0

    def __post_init__(self) -> None:
        super().__post_init__()
        span(self.shift, "shift", minimum=-255, maximum=255)

    def _drawn_table(self, generator: np.random.Generator, channels: int) -> np.ndarray:
        shifts = generator.uniform(*span(self.shift, "shift"), channels)
        return _table(_VALUES[:, np.newaxis] + shifts)


@dataclass(frozen=True)
class HueSaturation(Transform):
    """Turn the hues of RGB images, and multiply their saturation.

    Parameters
    ----------
    degrees : float or (float, float)
        Of the circle of hues: up to so many either way, or from the first to the second.
    saturation : (float, float)
        The smallest and the largest factor, from 0 on.
    probability : float
        How likely the transform is applied at all.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import HueSaturation
    >>> HueSaturation((120, 120), (1, 1))(np.array([[[200, 0, 0]]], np.uint8), seed=0)[0]
    array([[[  0, 200,   0]]], dtype=uint8)
    """

    degrees: Range = 15.0
    saturation: tuple[float, float] = (0.7, 1.3)

    def __post_init__(self) -> None:
        super().__post_init__()
        span(self.degrees, "degrees")
        span(self.saturation, "saturation", minimum=0)

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        degrees = generator.uniform(*span(self.degrees, "degrees"))
        factor = generator.uniform(*span(self.saturation, "saturation", minimum=0))
        # Hues of bytes are 0 to 179, two degrees a step.
        hues = np.mod(np.rint(_VALUES + degrees / 2), 180).astype(np.uint8)
        tables = np.stack([hues, _table(factor * _VALUES), _table(_VALUES)], axis=1)
        return sample._replace(image=cvkit.hsv_to_rgb(cvkit.lookup(cvkit.rgb_to_hsv(sample.image), tables)))
