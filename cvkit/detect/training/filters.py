"""Learn the filters of locally decorrelated channel features (Nam, Dollar and Han 2014)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cvkit._dispatch import ImageStack
from cvkit.detect.channel_pyramid import CELL, CHANNELS, ORIENTATIONS, Decorrelation
from cvkit.features.channels import cell_sums, filter_taps, luv_pixels, smoothed

_SIZE = 5
_FILTERS = 4
# A feature averages a filter over 2 x 2 places, and so sees one cell more.
_SEEN = _SIZE + 1
# Neighborhoods that one image gives.
_PATCHES = 200
# Of each filter's values, so many at either end may share a byte.
_CLIPPED = 0.003
# The least range that is spread over a byte: less than one step of one color of one pixel makes. What varies
# less, such as the hues of gray images, is rounding and stays one byte.
_LEAST_RANGE = 1e-3


def learn_decorrelation(images: Iterable[np.ndarray], generator: np.random.Generator) -> Decorrelation:
    """Find the main components of the channels' neighborhoods, and what range their values have.

    Parameters
    ----------
    images : iterable of (H, W) or (H, W, 3) uint8
        A few hundred images as the detector will see them; those with less than 6 x 6 cells are left out.
    generator : numpy.random.Generator
        Chooses the neighborhoods.

    Returns
    -------
    Decorrelation
        Four filters a channel, the component of most variance first, their absolute values adding up to 1.

    Raises
    ------
    ValueError
        If no image is large enough.
    """
    least = _SEEN * CELL // 2
    patches = [_patches(image, generator) for image in images if min(image.shape[:2]) >= least]
    if not patches:
        raise ValueError(f"images must hold one of at least {least}x{least} pixels")
    seen = np.concatenate(patches, axis=1)
    centered = [part - part.mean(axis=(1, 2, 3), keepdims=True) for part in patches]
    middle = np.concatenate(centered, axis=1)[:, :, :_SIZE, :_SIZE].reshape(CHANNELS, -1, _SIZE**2)
    # Not a matrix product: its sums could depend on the number of threads.
    covariance = np.einsum("cpi,cpj->cij", middle, middle)
    filters = np.array([_components(matrix) for matrix in covariance], np.float32)
    values = np.einsum("cpyx,ckyx->ckp", seen, filter_taps(filters).astype(np.float64))
    low, high = np.quantile(values.reshape(CHANNELS * _FILTERS, -1), [_CLIPPED, 1.0 - _CLIPPED], axis=1)
    scale = 255.0 / np.maximum(high - low, _LEAST_RANGE)
    return Decorrelation(filters, low.astype(np.float32), scale.astype(np.float32))


def _patches(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Cut random neighborhoods out of the channels of 2 x 2 pixels: (channel, patch, row, column)."""
    stack = ImageStack.of(image, dtypes=(np.uint8,), channels=(1, 3))
    sums = cell_sums(luv_pixels(stack), cell=CELL // 2, orientations=ORIENTATIONS, multiple=2)
    channels = smoothed(sums, None)[0]
    rows, columns = (generator.integers(0, size - _SEEN + 1, _PATCHES) for size in channels.shape[1:])
    down, across = np.indices((_SEEN, _SEEN))
    return channels[:, rows[:, None, None] + down, columns[:, None, None] + across].astype(np.float64)


def _components(covariance: np.ndarray) -> np.ndarray:
    """Return the main components as filters, (filter, 5, 5)."""
    _, vectors = np.linalg.eigh(covariance)
    filters = vectors.T[::-1][:_FILTERS]
    largest = np.take_along_axis(filters, np.abs(filters).argmax(axis=1)[:, None], axis=1)
    filters = filters * np.sign(largest) / np.abs(filters).sum(axis=1, keepdims=True)
    return filters.reshape(-1, _SIZE, _SIZE)
