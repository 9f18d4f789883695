"""Deterministic images of any size, channel count and dtype for parity tests and benchmarks."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

MAXIMA = {"uint8": 255.0, "uint16": 65535.0, "float32": 255.0, "float64": 255.0}
"""Largest value that the images of a dtype hold; float images use the range of uint8."""


def noise(
    height: int, width: int, channels: int = 1, dtype: npt.DTypeLike = np.uint8, seed: int = 0
) -> np.ndarray:
    """Uniform noise: every rounding and every tie of an operation occurs somewhere in it.

    Parameters
    ----------
    height, width, channels : int
        Size of the image; one channel gives a (height, width) array.
    dtype : dtype
        uint8, uint16, float32 or float64.
    seed : int
        The same seed gives the same image.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> noise(2, 3, channels=3).shape
    (2, 3, 3)
    """
    maximum = MAXIMA[np.dtype(dtype).name]
    generator = np.random.default_rng(seed)
    values = generator.uniform(0, maximum, (height, width, channels))
    if np.dtype(dtype).kind == "u":
        values = np.floor(values / maximum * (maximum + 1)).clip(0, maximum)
    return _shaped(values.astype(dtype))


def scene(
    height: int, width: int, channels: int = 1, dtype: npt.DTypeLike = np.uint8, seed: int = 0
) -> np.ndarray:
    """Smooth shading, sharp shapes and a little sensor noise: statistics like a camera's images.

    Parameters and result are those of :func:`noise`.

    Examples
    --------
    >>> scene(4, 5).dtype
    dtype('uint8')
    """
    maximum = MAXIMA[np.dtype(dtype).name]
    generator = np.random.default_rng(seed)
    coarse = generator.uniform(0, 255, (height // 8 + 2, width // 8 + 2, channels)).astype(np.float32)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).reshape(
        height, width, channels
    )
    image = cv2.GaussianBlur(image, (0, 0), 2).reshape(height, width, channels)
    for shape in range(max(4, height * width // 30000)):
        x, y = int(generator.integers(0, width)), int(generator.integers(0, height))
        size = int(generator.integers(2, max(3, min(height, width) // 4)))
        color = generator.uniform(0, 255, channels)
        if shape % 2:
            image[y : y + size, x : x + size] = color
        else:
            image[y : y + 2, x : x + size] = color
    image = (image + generator.normal(0, 5, image.shape)).clip(0, 255) * (maximum / 255.0)
    return _shaped(image.astype(dtype))


def _shaped(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values[..., 0] if values.shape[2] == 1 else values)


def adapted(image: np.ndarray, channels: int = 1, dtype: npt.DTypeLike = np.uint8) -> np.ndarray:
    """Bring an RGB image to the channels and the dtype that an operation is compared on.

    Parameters
    ----------
    image : numpy.ndarray, (H, W, 3), uint8
        RGB.
    channels : int
        1 gives gray, 3 RGB, 4 RGB with gray behind.
    dtype : dtype
        uint8, uint16, float32 or float64; values are spread over the range that :func:`noise` uses.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> adapted(np.full((1, 1, 3), 255, np.uint8), dtype="uint16")
    array([[65535]], dtype=uint16)
    """
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., np.newaxis]
    planes = gray if channels == 1 else np.concatenate([image, gray], axis=2)[..., :channels]
    name = np.dtype(dtype).name
    return _shaped((planes * (MAXIMA[name] / 255.0)).astype(dtype))
