"""Channel features of an image at many scales (Dollar, Appel, Belongie and Perona 2014)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

import cvkit
from cvkit._dispatch import Array, ImageStack, reshaped, to_host
from cvkit.detect._cpu import channel_pyramid as channel_pyramid_kernels
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


class ChannelLevel(NamedTuple):
    """One level of a pyramid.

    ``scale`` (y, x) is what one pixel of the level measures in the image; ``channels`` are (channel, cell
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
        Height and width in pixels; levels which, padded, are smaller, or hold no cell,
        end the pyramid.
    padding : (int, int)
        Rows above and below and columns left and right of each level that repeat its outermost pixels.
    scales_per_octave : int
        Levels from one size to half of it.
    decorrelation : Decorrelation, optional
        Makes locally decorrelated channels.
    exponents : sequence of float, optional
        Makes the pyramid a fast one: channels are computed once an octave, and those of the levels between
        are interpolated in them. That of channel c is multiplied by the ratio of the sizes to the power of
        -exponents[c].
    """

    window: tuple[int, int]
    padding: tuple[int, int]
    scales_per_octave: int
    decorrelation: Decorrelation | None = None
    exponents: Sequence[float] | None = None

    @property
    def _cell(self) -> int:
        """Height and width in pixels of the cells that are computed, before any filters."""
        return CELL if self.decorrelation is None else CELL // 2

    def levels(
        self, image: Array, *, upscale: float = 1.0, smallest_scale: float = 0.0
    ) -> Iterator[ChannelLevel]:
        """Yield the levels of an image, (H, W) or (H, W, 3) uint8, the largest first.

        Levels whose pixels measure less than ``smallest_scale`` pixels of the image are left out.
        """
        size = image.shape[:2]
        if upscale != 1.0:
            shape = tuple(max(1, round(extent * upscale)) for extent in size)
            image = cvkit.resize(image, shape, interpolation="bilinear_exact")
        shapes = list(self._shapes(image.shape[:2]))
        scales = [(size[0] / height, size[1] / width) for height, width in shapes]
        wanted = [index for index, scale in enumerate(scales) if min(scale) >= smallest_scale]
        if not wanted:
            return
        find_cells = self._exact if self.exponents is None else self._approximate
        for index, cells in zip(wanted, find_cells(image, shapes, wanted), strict=True):
            yield ChannelLevel(scales[index], self._features(cells))

    def _shapes(self, size: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """Sizes of the levels that have room for the window."""
        height, width = size
        index = 0
        while True:
            scale = 2.0 ** (index / self.scales_per_octave)
            rows, columns = round(height / scale), round(width / scale)
            padded = rows + 2 * self.padding[0], columns + 2 * self.padding[1]
            if min(rows, columns) < CELL or padded[0] < self.window[0] or padded[1] < self.window[1]:
                return
            yield rows, columns
            index += 1

    def _images(
        self, image: Array, shapes: list[tuple[int, int]], wanted: Collection[int]
    ) -> Iterator[Array]:
        """Scale an image to the wanted ones of its levels.

        Each is made from the one an octave above it or less, whose pixels are at most twice as fine: an
        average over few pixels, and hardly another result than from the image itself.
        """
        octave = luv_pixels(ImageStack.of(image))
        for index in range(max(wanted) + 1):
            starts_octave = index % self.scales_per_octave == 0
            if index in wanted or starts_octave:
                pixels = octave if index == 0 else _shrunk(octave, shapes[index])
                if index in wanted:
                    yield pixels
                if starts_octave:
                    octave = pixels

    def _exact(self, image: Array, shapes: list[tuple[int, int]], wanted: Collection[int]) -> Iterator[Array]:
        """Compute the cells of each wanted level from its own pixels."""
        for pixels in self._images(image, shapes, wanted):
            yield cell_sums(
                pixels,
                cell=self._cell,
                orientations=ORIENTATIONS,
                padding=self.padding,
                multiple=CELL // self._cell,
            )

    def _approximate(
        self, image: Array, shapes: list[tuple[int, int]], wanted: Collection[int]
    ) -> Iterator[Array]:
        """Interpolate the cells of each wanted level in those of the nearest level that starts an octave."""
        octaves = range(0, len(shapes), self.scales_per_octave)
        nearest = {index: min(octaves, key=lambda octave: abs(octave - index)) for index in wanted}
        needed = sorted(set(nearest.values()))
        cells = {
            octave: cell_sums(pixels, cell=self._cell, orientations=ORIENTATIONS)
            for octave, pixels in zip(needed, self._images(image, shapes, needed), strict=True)
        }
        for index in wanted:
            octave = nearest[index]
            yield self._interpolated(cells[octave], shapes[octave], shapes[index])

    def _interpolated(self, cells: Array, size: tuple[int, int], target: tuple[int, int]) -> Array:
        """Interpolate cells of a level of ``size`` pixels for one of ``target`` pixels, padded."""
        assert self.exponents is not None
        stack = ImageStack(cells, 4, cells)
        tables = [
            _cell_table(*sizes, source_cells, self._cell, padding // self._cell)
            for *sizes, source_cells, padding in zip(size, target, stack.shape[2:], self.padding, strict=True)
        ]
        ratio = math.sqrt((target[0] * target[1]) / (size[0] * size[1]))
        gain = np.power(ratio, -np.array(self.exponents)).astype(np.float32)
        out = stack.empty((1, CHANNELS, len(tables[0][0]), len(tables[1][0])), np.float32)
        kernels = stack.kernels(channel_pyramid_kernels)
        kernels.interpolate_cells(
            reshaped(cells, stack.shape[1:]), *tables[0], *tables[1], gain, reshaped(out, out.shape[1:])
        )
        return out

    def _features(self, cells: Array) -> Array:
        """Make the bytes of a level of its cells."""
        if self.decorrelation is None:
            return smoothed(cells, quantization(ORIENTATIONS))[0]
        filters, offset, scale = self.decorrelation
        return decorrelated(cells, filter_taps(filters), Quantization(offset, scale))[0]


def estimate_exponents(images: Iterable[Array], *, scales_per_octave: int = 8) -> tuple[float, ...]:
    """Estimate how the channels of smaller versions of an image follow from the image's own.

    Shrunk to a size of s < 1, the mean of channel c becomes s ** -exponent[c] times what it was; for edges,
    which move closer together, that is more.

    Parameters
    ----------
    images : iterable of (H, W) or (H, W, 3) uint8
        Some hundred images of the kind that will be searched, larger than 32 x 32 pixels.
    scales_per_octave : int
        How many sizes between an image and its half are looked at.

    Returns
    -------
    tuple of float
        One for each of the ten channels, for the setting ``exponents`` of :class:`ChannelDetector`.

    Raises
    ------
    ValueError
        If there is no image.

    References
    ----------
    P. Dollar, R. Appel, S. Belongie and P. Perona, "Fast feature pyramids for object detection", PAMI 2014.

    Examples
    --------
    >>> noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    >>> exponents = estimate_exponents([noise])
    >>> len(exponents), abs(exponents[0]) < 0.1
    (10, True)
    """
    pyramid = ChannelPyramid((16, 16), (0, 0), scales_per_octave)
    indices = range(scales_per_octave + 1)
    sums = np.zeros((len(indices), CHANNELS))
    for image in images:
        shapes = list(pyramid._shapes(image.shape[:2]))
        sums += [to_host(cells)[0].mean(axis=(1, 2)) for cells in pyramid._exact(image, shapes, indices)]
    if not sums.any():
        raise ValueError("images must be at least one")
    shrinkage = np.array(indices) / scales_per_octave  # in octaves
    sums = np.maximum(sums, np.finfo(np.float32).tiny)  # an orientation that no image has
    change = np.log2(sums / sums[0])
    return tuple(float(slope) for slope in shrinkage @ change / (shrinkage @ shrinkage))


def _shrunk(pixels: Array, shape: tuple[int, int]) -> Array:
    """Shrink (1, H, W, 4) float32 by averaging what each pixel of the result covers."""
    stack = ImageStack.of(pixels)
    out = stack.empty((1, *shape, 4))
    tables = [*_area_table(stack.shape[1], shape[0]), *_area_table(stack.shape[2], shape[1])]
    kernels = stack.kernels(channel_pyramid_kernels)
    kernels.shrink(reshaped(stack.array, stack.shape[1:]), *tables, reshaped(out, out.shape[1:]))
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


@lru_cache(maxsize=256)
def _cell_table(
    size: int, target_size: int, cells: int, cell: int, padding: int
) -> tuple[np.ndarray, np.ndarray]:
    """For each cell of a level: the first of the two cells that it lies between, and the second's weight.

    ``size`` and ``target_size`` are pixels of the level whose cells are given and of the one to make;
    ``padding`` cells at both ends repeat the outermost.
    """
    count = target_size // cell
    index = np.arange(-padding, count + padding).clip(0, max(count - 1, 0))
    position = ((index + 0.5) * (size / target_size) - 0.5).clip(0, cells - 1)
    first = np.minimum(np.floor(position), max(cells - 2, 0))
    return first.astype(np.uint32), (position - first).astype(np.float32)
