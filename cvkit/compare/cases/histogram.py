"""Rows of the table for histograms and what is made of them."""

from __future__ import annotations

import functools

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array, to_device
from cvkit._jit_cuda import on_device
from cvkit.compare.cases.case import Case, image_size

_BAR = 1.0
_EQUALIZATION_BAR = 0.8
# Of scikit-image.
_MATCHING_BAR = 0.2


@functools.lru_cache(maxsize=32)
def _stripes(height: int, width: int) -> np.ndarray:
    return ((np.arange(height)[:, np.newaxis] + 2 * np.arange(width)) % 5 < 3).astype(np.uint8)


def _mask(image: Array) -> Array:
    """Make a mask of stripes, where the image lives."""
    mask = _stripes(*image_size(image))
    return to_device(mask) if on_device(image) else mask


def calc_hist(
    image: np.ndarray, bins: int, value_range: tuple[float, float], mask: np.ndarray | None = None
) -> np.ndarray:
    """Count as OpenCV does, channel by channel, in integers."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    counts = [cv2.calcHist([image], [channel], mask, [bins], value_range) for channel in range(channels)]
    # OpenCV 4 gives columns.
    return np.stack(counts).reshape(channels, bins).astype(np.int64)


def _histogram_case(
    dtype: str,
    channels: int,
    bins: int,
    value_range: tuple[float, float],
    *,
    is_masked: bool = False,
    bar: float | None = _BAR,
) -> Case:
    def masks(image: Array) -> Array | None:
        return _mask(image) if is_masked else None

    return Case(
        "histogram",
        f"{bins} of {value_range[0]:g} to {value_range[1]:g}" + (", masked" if is_masked else ""),
        lambda image: cvkit.histogram(image, bins, range=value_range, mask=masks(image)),
        lambda image: calc_hist(image, bins, value_range, masks(image)),
        dtype=dtype,
        channels=channels,
        bar=bar,
    )


HISTOGRAM = [
    _histogram_case("uint8", 1, 256, (0, 256)),
    _histogram_case("uint8", 3, 256, (0, 256)),
    _histogram_case("uint8", 1, 17, (3, 250.5)),
    _histogram_case("uint8", 3, 32, (0, 256), is_masked=True),
    _histogram_case("uint16", 1, 1000, (0, 65536)),
    _histogram_case("uint16", 1, 65536, (0, 65536)),
    _histogram_case("float32", 1, 256, (0, 256)),
    _histogram_case("float32", 3, 20, (-7.5, 200), is_masked=True),
]


def _clahe_case(dtype: str, clip_limit: float, tiles: tuple[int, int]) -> Case:
    return Case(
        "clahe",
        f"{clip_limit:g}, {tiles[0]} x {tiles[1]} tiles",
        lambda image: cvkit.clahe(image, clip_limit, tiles=tiles),
        lambda image: cv2.createCLAHE(clip_limit, tiles[::-1]).apply(image),
        dtype=dtype,
        bar=_EQUALIZATION_BAR,
    )


EQUALIZATION = [
    Case("equalize_histogram", "", cvkit.equalize_histogram, cv2.equalizeHist, bar=_EQUALIZATION_BAR),
    # The first of a dtype runs in the simulator, which is slow: few tiles.
    _clahe_case("uint8", 2.5, (2, 3)),
    _clahe_case("uint8", 40, (8, 8)),
    _clahe_case("uint8", 0, (3, 5)),
    _clahe_case("uint16", 2, (2, 1)),
]


@functools.lru_cache(maxsize=32)
def _dark(height: int, width: int, channels: int) -> np.ndarray:
    values = np.random.default_rng(height * width).beta(2, 5, (height, width // 2 + 1, channels))
    return (values * 256).astype(np.uint8)


def _reference(image: Array) -> Array:
    """Make an image to be matched that is darker and smaller, where the image lives."""
    other = _dark(*image_size(image), 1 if image.ndim == 2 else image.shape[-1])
    other = other[..., 0] if image.ndim == 2 else other
    return to_device(other) if on_device(image) else other


def _match_histograms(image: np.ndarray) -> np.ndarray:
    import skimage.exposure

    # Without an axis for the channels its result is of floats.
    other = _reference(image)
    shapes = [(*each.shape[:2], -1) for each in (image, other)]
    return skimage.exposure.match_histograms(
        image.reshape(shapes[0]), other.reshape(shapes[1]), channel_axis=-1
    )


MATCHING = [
    Case(
        "match_histogram",
        "",
        lambda image: cvkit.match_histogram(image, _reference(image)),
        _match_histograms,
        against="scikit-image",
        channels=channels,
        bar=_MATCHING_BAR,
    )
    for channels in (1, 3)
]

HISTOGRAM_CASES: list[Case] = [*HISTOGRAM, *EQUALIZATION, *MATCHING]
