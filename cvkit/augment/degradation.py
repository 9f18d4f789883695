"""Transforms that make images worse: blur, noise, compression, and parts that are hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import cvkit
from cvkit import _validate
from cvkit._decoding import decode
from cvkit.augment.sample import Sample
from cvkit.augment.transform import Transform, on_host, span, whole_span
from cvkit.io import encode_image

__all__ = ["Blur", "Cutout", "JPEGArtifacts", "Noise"]


@dataclass(frozen=True)
class Blur(Transform):
    """Smooth images by a Gaussian.

    Parameters
    ----------
    sigma : (float, float)
        The smallest and the largest standard deviation, in pixels, above 0.
    probability : float
        How likely the transform is applied at all.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Blur
    >>> Blur((1, 1))(np.array([[0, 0, 100, 0, 0]], np.uint8), seed=0)[0]
    array([[11, 25, 40, 25, 11]], dtype=uint8)
    """

    sigma: tuple[float, float] = (0.3, 2.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        span(self.sigma, "sigma", above=0)

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        sigma = generator.uniform(*span(self.sigma, "sigma", above=0))
        return sample._replace(image=cvkit.gaussian_blur(sample.image, sigma))


@dataclass(frozen=True)
class Noise(Transform):
    """Add Gaussian noise, of its own for each value.

    Parameters
    ----------
    sigma : (float, float)
        The smallest and the largest standard deviation, in units of the pixels' values, from 0 on.
    probability : float
        How likely the transform is applied at all.

    Notes
    -----
    Noise is drawn by NumPy on the CPU; images on a GPU are copied there and back.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Noise
    >>> Noise((5, 5))(np.full((4, 4), 100, np.uint8), seed=0)[0].std() > 1
    np.True_
    """

    sigma: tuple[float, float] = (2.0, 10.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        span(self.sigma, "sigma", minimum=0)

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        sigma = generator.uniform(*span(self.sigma, "sigma", minimum=0))

        def noisy(image: np.ndarray) -> np.ndarray:
            kind = np.float64 if image.dtype == np.float64 else np.float32
            values = generator.standard_normal(image.shape, kind)
            values *= kind(sigma)
            values += image
            if image.dtype.kind == "f":
                return values
            limits = np.iinfo(image.dtype)
            return np.rint(values, out=values).clip(limits.min, limits.max, out=values).astype(image.dtype)

        return sample._replace(image=on_host(sample.image, noisy))


@dataclass(frozen=True)
class JPEGArtifacts(Transform):
    """Write images of bytes as JPEG, and read them again.

    Parameters
    ----------
    quality : (int, int)
        The lowest and the highest quality, from 1 to 100.
    probability : float
        How likely the transform is applied at all.

    Notes
    -----
    OpenCV encodes on the CPU; images on a GPU are copied there and back.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import JPEGArtifacts
    >>> JPEGArtifacts((20, 20))(np.full((4, 4), 100, np.uint8), seed=0)[0].shape
    (4, 4)
    """

    quality: tuple[int, int] = (30, 95)

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_span(self.quality, "quality", minimum=1, maximum=100)

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        quality = int(generator.integers(*self.quality, endpoint=True))

        def compressed(image: np.ndarray) -> np.ndarray:
            mode = "gray" if image.ndim == 2 or image.shape[2] == 1 else "rgb"
            found = decode(encode_image(image, ".jpg", quality=quality), mode)
            return found.reshape(image.shape)

        return sample._replace(image=on_host(sample.image, compressed))


@dataclass(frozen=True)
class Cutout(Transform):
    """Hide rectangles of images; marks in them stay.

    Parameters
    ----------
    count : (int, int)
        The smallest and the largest number of rectangles, from 0 on.
    share : (float, float)
        The smallest and the largest side, as a share of the image's, from 0 to 1; of each side by itself.
    value : float or sequence of C floats
        What the rectangles are filled with.
    probability : float
        How likely the transform is applied at all.

    Notes
    -----
    After T. DeVries and G. Taylor, "Improved regularization of convolutional neural networks with Cutout",
    2017. Images on a GPU are copied to the CPU and back.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.augment import Cutout
    >>> hidden, _ = Cutout((1, 1), (0.5, 0.5))(np.full((4, 4), 9, np.uint8), seed=0)
    >>> int((hidden == 0).sum())
    4
    """

    count: tuple[int, int] = (1, 3)
    share: tuple[float, float] = (0.05, 0.25)
    value: float | tuple[float, ...] = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_span(self.count, "count", minimum=0)
        span(self.share, "share", minimum=0, maximum=1)

    def _changed(self, sample: Sample, generator: np.random.Generator) -> Sample:
        sides = np.array(sample.image.shape[:2])
        count = int(generator.integers(*self.count, endpoint=True))
        shares = generator.uniform(*span(self.share, "share", minimum=0, maximum=1), (count, 2))
        sizes = np.rint(shares * sides).astype(int)
        starts = generator.integers(0, sides - sizes, endpoint=True)

        def hidden(image: np.ndarray) -> np.ndarray:
            channels = image.shape[2] if image.ndim == 3 else 1
            value = _validate.border_value(self.value, image.dtype, channels=channels, name="value")
            result = image.copy()
            for (top, left), (height, width) in zip(starts, sizes, strict=True):
                result[top : top + height, left : left + width] = value if image.ndim == 3 else value[0]
            return result

        return sample._replace(image=on_host(sample.image, hidden))
