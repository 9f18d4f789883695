"""Channel features of a picture at many scales (Dollar, Appel, Belongie and Perona 2014)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

import cvkit
from cvkit._dispatch import Array, Batch
from cvkit.features.channels import (
    Quantization,
    cell_sums,
    decorrelated,
    filter_taps,
    luv_pixels,
    quantization,
    smoothed,
)

CELL = 4
ORIENTATIONS = 6
CHANNELS = 4 + ORIENTATIONS


class Level(NamedTuple):
    """One level of a pyramid.

    ``scale`` (y, x) is what one pixel of the level measures in the picture; ``channels`` are (channel, cell
    row, cell column) bytes of the padded level.
    """

    scale: tuple[float, float]
    channels: Array


class Decorrelation(NamedTuple):
    """What makes channels of 2 x 2 pixels locally decorrelated ones of 4 x 4.

    ``filters`` is (10, K, 5, 5); a byte of filter k of channel c stands for ``offset`` + byte / ``scale`` at
    c * K + k.
    """

    filters: np.ndarray
    offset: np.ndarray
    scale: np.ndarray


@dataclass(frozen=True)
class ChannelPyramid:
    """Which levels a pyramid has, and how their channels are computed.

    Parameters
    ----------
    window : (int, int)
        Height and width in pixels; levels which, padded, are smaller end the pyramid.
    padding : (int, int)
        Rows above and below and columns left and right of each level that repeat its outermost pixels.
    scales_per_octave : int
        Levels from one size to half of it.
    decorrelation : Decorrelation, optional
        Makes locally decorrelated channels.
    """

    window: tuple[int, int]
    padding: tuple[int, int]
    scales_per_octave: int
    decorrelation: Decorrelation | None = None

    def levels(self, picture: Array, *, upscale: float = 1.0, smallest_scale: float = 0.0) -> Iterator[Level]:
        """Yield the levels of a picture, (H, W) or (H, W, 3) uint8, the largest first.

        Levels whose pixels measure less than ``smallest_scale`` pixels of the picture are left out.
        """
        size = picture.shape[:2]
        if upscale != 1.0:
            shape = tuple(max(1, round(extent * upscale)) for extent in size)
            picture = cvkit.resize(picture, shape, interpolation="bilinear_exact")
        octave = luv_pixels(Batch.of(picture))
        for index, shape in enumerate(self._shapes(picture.shape[:2])):
            # Each level is made from the one an octave above it or less, whose pixels are at most twice as
            # fine: an average over few pixels, and hardly another result than from the picture itself.
            pixels = octave
            if tuple(octave.shape[1:3]) != shape:
                pixels = _shrunk(octave, shape)
            if index > 0 and index % self.scales_per_octave == 0:
                octave = pixels
            scale = (size[0] / shape[0], size[1] / shape[1])
            if min(scale) >= smallest_scale:
                yield Level(scale, self._channels(pixels))

    def _shapes(self, size: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """Sizes of the levels that have room for the window."""
        height, width = size
        index = 0
        while True:
            scale = 2.0 ** (index / self.scales_per_octave)
            rows, columns = max(1, round(height / scale)), max(1, round(width / scale))
            padded = rows + 2 * self.padding[0], columns + 2 * self.padding[1]
            if padded[0] < self.window[0] or padded[1] < self.window[1] or (rows, columns) == (1, 1):
                return
            yield rows, columns
            index += 1

    def _channels(self, pixels: Array) -> Array:
        if self.decorrelation is None:
            cells = cell_sums(pixels, cell=CELL, orientations=ORIENTATIONS, padding=self.padding)
            return smoothed(cells, quantization(ORIENTATIONS))[0]
        filters, offset, scale = self.decorrelation
        cells = cell_sums(pixels, cell=CELL // 2, orientations=ORIENTATIONS, padding=self.padding, multiple=2)
        return decorrelated(cells, filter_taps(filters), Quantization(offset, scale))[0]


def _shrunk(pixels: Array, shape: tuple[int, int]) -> Array:
    """Shrink (1, H, W, 4) float32 by averaging what each pixel of the result covers."""
    batch = Batch.of(pixels)
    out = batch.empty((1, *shape, 4))
    tables = [*_area_table(batch.shape[1], shape[0]), *_area_table(batch.shape[2], shape[1])]
    kernels = batch.kernels("cvkit.detect", "channel_pyramid")
    kernels.shrink(batch.array.reshape(batch.shape[1:]), *tables, out.reshape(out.shape[1:]))
    return out


@lru_cache(maxsize=128)
def _area_table(source_size: int, target_size: int) -> tuple[np.ndarray, np.ndarray]:
    """For each target pixel: the first source pixel it covers, and the share of it and of its successors."""
    scale = source_size / target_size
    taps = min(source_size, math.ceil(scale) + 1)
    start = np.arange(target_size) * scale
    first = np.minimum(np.floor(start), source_size - taps)
    index = first[:, np.newaxis] + np.arange(taps)
    stop = np.minimum(start + scale, source_size)[:, np.newaxis]
    covered = (np.minimum(stop, index + 1) - np.maximum(start[:, np.newaxis], index)).clip(0, None)
    return first.astype(np.uint32), (covered / covered.sum(axis=1, keepdims=True)).astype(np.float32)
