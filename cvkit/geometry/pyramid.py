"""Halve and double images through a small Gaussian."""

from __future__ import annotations

import numpy as np

from cvkit._dispatch import Array, Batch
from cvkit.geometry._math import HALF_UP
from cvkit.geometry.resize import weigh


def pyramid_down(image: Array) -> Array:
    """Blur an image by a Gaussian of 5 x 5 and keep every other row and column, as ``cv2.pyrDown``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack; uint8, uint16, float32 or float64.

    Returns
    -------
    array
        The image of half the size, rounded up, of the dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.pyramid_down(np.array([[0, 0, 160, 0, 0]], np.uint8))
    array([[20, 60, 20]], dtype=uint8)
    """
    batch = Batch.of(image)
    count, height, width, channels = batch.shape
    out = batch.empty((count, (height + 1) // 2, (width + 1) // 2, channels))
    weigh(batch, _down_taps(height), _down_taps(width), HALF_UP, out)
    return batch.restore(out)


def pyramid_up(image: Array) -> Array:
    """Double an image, as ``cv2.pyrUp``: the rows and columns between come from a Gaussian of 5 x 5.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack; uint8, uint16, float32 or float64.

    Returns
    -------
    array
        The image of twice the size, of the dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.pyramid_up(np.array([[0, 80]], np.uint8))
    array([[20, 40, 70, 80],
           [20, 40, 70, 80]], dtype=uint8)
    """
    batch = Batch.of(image)
    count, height, width, channels = batch.shape
    out = batch.empty((count, 2 * height, 2 * width, channels))
    weigh(batch, _up_taps(height), _up_taps(width), HALF_UP, out)
    return batch.restore(out)


def _down_taps(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Every other pixel and two on each side, mirrored at the border without repeating the outermost."""
    index = 2 * np.arange((size + 1) // 2) + np.arange(-2, 3)[:, np.newaxis]
    period = max(2 * size - 2, 1)
    index = np.abs((index + size - 1) % period - (size - 1)) if size > 1 else index * 0
    weights = np.array([[1], [4], [6], [4], [1]]) / 16
    return index, np.broadcast_to(weights, index.shape)


def _up_taps(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights 1, 6, 1 on a pixel and 4, 4 between two; mirrored at the start, repeated at the end."""
    pixel = np.repeat(np.arange(size), 2)
    index = pixel + np.arange(-1, 2)[:, np.newaxis]
    index = np.minimum(np.abs(index), size - 1)
    on_pixel, between = np.array([[1], [6], [1]]) / 8, np.array([[0], [4], [4]]) / 8
    return index, np.where(np.arange(2 * size) % 2 == 0, on_pixel, between)
