"""Deterministic images of any size, channel count and dtype for parity tests and benchmarks."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

RANGES = {
    "uint8": (0.0, 255.0),
    "uint16": (0.0, 65535.0),
    "int16": (-32768.0, 32767.0),
    "float32": (0.0, 255.0),
    "float64": (0.0, 255.0),
}
"""Least and largest value that the images of a dtype hold; float images use the range of uint8."""


def noise(
    height: int, width: int, channels: int = 1, dtype: npt.DTypeLike = np.uint8, seed: int = 0
) -> np.ndarray:
    """Uniform noise: every rounding and every tie of an operation occurs somewhere in it.

    Parameters
    ----------
    height, width, channels : int
        Size of the image; one channel gives a (height, width) array.
    dtype : dtype
        uint8, uint16, int16, float32 or float64.
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
    least, largest = RANGES[np.dtype(dtype).name]
    width_of_range = largest - least
    generator = np.random.default_rng(seed)
    values = generator.uniform(0, width_of_range, (height, width, channels))
    if np.dtype(dtype).kind != "f":
        values = np.floor(values / width_of_range * (width_of_range + 1)).clip(0, width_of_range)
    return _shaped((values + least).astype(dtype))


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
    return _shaped(_spread((image + generator.normal(0, 5, image.shape)).clip(0, 255), dtype))


def _spread(image: np.ndarray, dtype: npt.DTypeLike) -> np.ndarray:
    """Spread values from 0 to 255 over the range of a dtype."""
    least, largest = RANGES[np.dtype(dtype).name]
    return (image * ((largest - least) / 255.0) + least).astype(dtype)


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
        uint8, uint16, int16, float32 or float64; values are spread over the range that :func:`noise` uses.

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
    return _shaped(_spread(planes, dtype))
