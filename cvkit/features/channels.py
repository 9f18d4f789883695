"""Aggregated and locally decorrelated channel features (Dollar et al. 2014, Nam et al. 2014)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, Operand, to_host
from cvkit.color.lightness import fill_luv
from cvkit.features._cpu import channel_cells as cells_kernels
from cvkit.features._cpu import channels as channels_kernels
from cvkit.typing import ArrayT

# L, u and v are brought to about 0 to 1, each by the same factor, so that their gradients compare.
_COLOR_GAIN = np.full(3, 1 / 270)
_COLOR_OFFSET = np.array([0, 88, 134]) / 270
# What bytes stand for, from 0 to 255: L, u, v, magnitude, and each orientation.
_LOW = (0.0, 0.15, 0.25, 0.0, 0.0)
_RANGE = (0.372, 0.5, 0.55, 1.1, 0.9)
MAXIMUM_ORIENTATIONS = 64


def channel_features(
    image: ArrayT, *, cell: int = 4, orientations: int = 6, quantize: bool = True, out: ArrayT | None = None
) -> ArrayT:
    """Describe each cell of an image by its color, the strength of its edges and their orientations.

    Parameters
    ----------
    image : array, (H, W), (H, W, 3) or (N, H, W, 1 or 3), uint8 or float32
        Gray or RGB, floats from 0 to 1. Gray counts as three equal channels.
    cell : int
        Height and width of a cell in pixels. Rows and columns that fill no cell are left out.
    orientations : int
        Number of orientation channels over 180 degrees, 1 to 64.
    quantize : bool
        Return bytes, as detectors use them, and not floats.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (4 + orientations, H // cell, W // cell), uint8 or float32
        The mean over each cell of L, u and v, of the normalized magnitude of the gradient, and of the shares
        of it along each orientation, smoothed over neighboring cells; (N, ...) for a stack. A byte b of L
        stands for b / 255 * 0.372, of u for 0.15 + b / 255 * 0.5, of v for 0.25 + b / 255 * 0.55, of the
        magnitude for b / 255 * 1.1 and of an orientation for b / 255 * 0.9.

    Raises
    ------
    TypeError, ValueError
        For an unsuitable image or option, for an image smaller than one cell, and for NaN where it would have
        to be a byte.

    Notes
    -----
    L / 270, (u + 88) / 270 and (v + 134) / 270 are smoothed by [1 2 1] / 4 along both axes. Each pixel takes
    the gradient of the channel where it is longest; its length is divided by 0.005 plus the lengths around
    it, averaged by triangles of radius 5. It votes for the two nearest of the orientations k * 180 /
    ``orientations`` degrees.

    References
    ----------
    P. Dollar, R. Appel, S. Belongie and P. Perona, "Fast feature pyramids for object detection", PAMI 2014.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> ramp = np.tile(np.arange(64, dtype=np.uint8), (128, 1))
    >>> cvkit.channel_features(ramp).shape
    (10, 32, 16)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(1, 3))
    cell = _validate.integer(cell, "cell", minimum=1)
    orientations = _validate.integer(orientations, "orientations", minimum=1, maximum=MAXIMUM_ORIENTATIONS)
    if min(stack.shape[1:3]) < cell:
        raise ValueError(
            f"image must have at least {cell}x{cell} pixels for one cell, got {stack.shape[1:3]}"
        )
    if quantize:
        _refuse_nan(stack, "; quantize=False takes it")
    count, height, width, _ = stack.shape
    shape = count, 4 + orientations, height // cell, width // cell
    result = stack.output(shape, np.uint8 if quantize else np.float32, has_channels=False)
    cells = cell_sums(luv_pixels(stack), cell=cell, orientations=orientations)
    smooth(cells, quantization(orientations) if quantize else None, result)
    return stack.restore(result)


def ldcf_features(
    image: ArrayT,
    filters: npt.ArrayLike,
    offset: npt.ArrayLike,
    scale: npt.ArrayLike,
    *,
    out: ArrayT | None = None,
) -> ArrayT:
    """Describe each cell of 4 x 4 pixels by filters over the channels, which remove their correlations.

    Parameters
    ----------
    image : array, (H, W), (H, W, 3) or (N, H, W, 1 or 3), uint8 or float32
        As for :func:`channel_features`.
    filters : array_like, (10, K, 5, 5)
        K filters for each of the ten channels over cells of 2 x 2 pixels, for example the main components of
        their neighborhoods (:func:`learn_filters`). They correlate; they are not mirrored.
    offset, scale : array_like, (10 * K,)
        What bytes stand for: ``offset`` + byte / ``scale``.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (10 * K, H // 4, W // 4), uint8
        Filter k of channel c at c * K + k; (N, ...) for a stack.

    Raises
    ------
    TypeError, ValueError
        For an unsuitable image, filters of another shape, and an image that is smaller than 4 x 4 pixels or
        holds NaN.

    Notes
    -----
    The channels of cells of 2 x 2 pixels are smoothed by [1 2 1] / 4 along both axes, filtered, mirrored at
    the border, and averaged over 2 x 2 neighbors.

    References
    ----------
    W. Nam, P. Dollar and J. H. Han, "Local decorrelation for improved pedestrian detection", NIPS 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.features.channels import ldcf_features
    >>> ramp = np.tile(np.arange(64, dtype=np.uint8), (128, 1))
    >>> means = np.full((10, 1, 5, 5), 1 / 25)
    >>> ldcf_features(ramp, means, np.zeros(10), np.full(10, 255)).shape
    (10, 32, 16)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.float32), channels=(1, 3))
    kernels = filter_taps(filters)
    count = kernels.shape[0] * kernels.shape[1]
    rule = Quantization(
        _validate.matrix(offset, (count,), "offset").astype(np.float32),
        _validate.matrix(scale, (count,), "scale").astype(np.float32),
    )
    if min(stack.shape[1:3]) < 4:
        raise ValueError(f"image must have at least 4x4 pixels, got {stack.shape[1:3]}")
    _refuse_nan(stack)
    shape = stack.shape[0], count, stack.shape[1] // 4, stack.shape[2] // 4
    result = stack.output(shape, np.uint8, has_channels=False)
    cells = cell_sums(luv_pixels(stack), cell=2, orientations=6, multiple=2)
    decorrelate(cells, kernels, rule, result)
    return stack.restore(result)


def _refuse_nan(stack: ImageStack, advice: str = "") -> None:
    """Raise if the image holds what no byte stands for; infinities do not: they count as 0 and as 1."""
    if stack.dtype == np.uint8:
        return
    found = stack.zeros((1,), np.uint8)
    stack.kernels(channels_kernels).find_nan(stack.array, found)
    if to_host(found)[0]:
        raise ValueError(f"image must be without NaN to become bytes, got NaN{advice}")


class Quantization(NamedTuple):
    """What bytes stand for: ``offset`` + byte / ``scale``, float32, one of each for every channel."""

    offset: np.ndarray
    scale: np.ndarray


@cache
def quantization(orientations: int) -> Quantization:
    """Return what the bytes of :func:`channel_features` stand for."""
    which = [0, 1, 2, 3, *([4] * orientations)]
    return Quantization(np.array(_LOW, np.float32)[which], (255 / np.array(_RANGE)).astype(np.float32)[which])


def luv_pixels(stack: ImageStack) -> Array:
    """Convert to (N, H, W, 4) float32: L, u and v, each about 0 to 1; the fourth makes a pixel one move."""
    out = stack.empty((*stack.shape[:3], 4), np.float32)
    fill_luv(stack, _COLOR_GAIN, _COLOR_OFFSET, out)
    return out


def cell_sums(
    pixels: Array, *, cell: int, orientations: int, padding: tuple[int, int] = (0, 0), multiple: int = 1
) -> Array:
    """Compute the channels of each cell of ``luv_pixels``, not yet smoothed over cells.

    ``padding`` repeats the outermost pixels: rows above and below, columns left and right. The rows and the
    columns of cells are whole multiples of ``multiple``.
    """
    stack = ImageStack.of(pixels)
    count, height, width, _ = stack.shape
    rows, columns = (
        (size + 2 * more) // (cell * multiple) * multiple
        for size, more in zip((height, width), padding, strict=True)
    )
    out = stack.empty((count, 4 + orientations, rows, columns), np.float32)
    stack.kernels(channels_kernels).cell_sums(stack.array, padding, cell, out)
    return out


def smooth(cells: Array, rule: Quantization | None, out: Array) -> None:
    """Smooth cells by [1 2 1] / 4 along both axes, as floats or, by a rule, as bytes."""
    kernels = Operand(cells, cells).kernels(cells_kernels)
    if rule is None:
        kernels.smooth(cells, out)
    else:
        kernels.smooth_bytes(cells, *rule, out)


def smoothed(cells: Array, rule: Quantization | None) -> Array:
    """Smooth cells into new memory, as :func:`smooth`."""
    out = Operand(cells, cells).empty(cells.shape, cells.dtype if rule is None else np.uint8)
    smooth(cells, rule, out)
    return out


def filter_taps(filters: npt.ArrayLike) -> np.ndarray:
    """Check filters and average each over 2 x 2 neighbors: (10, K, 6, 6) float32."""
    filters = _validate.matrix(filters, (10, -1, 5, 5), "filters")
    taps = np.zeros((*filters.shape[:2], 6, 6))
    for row in range(2):
        for column in range(2):
            taps[:, :, row : row + 5, column : column + 5] += filters / 4
    return taps.astype(np.float32)


def decorrelate(cells: Array, taps: np.ndarray, rule: Quantization, out: Array) -> None:
    """Filter cells of 2 x 2 pixels at every second cell, by ``filter_taps``, and round to bytes."""
    Operand(cells, cells).kernels(cells_kernels).decorrelate_bytes(cells, taps, *rule, out)


def decorrelated(cells: Array, taps: np.ndarray, rule: Quantization) -> Array:
    """Filter cells into new memory, as :func:`decorrelate`."""
    count, _, rows, columns = cells.shape
    shape = count, taps.shape[0] * taps.shape[1], rows // 2, columns // 2
    out = Operand(cells, cells).empty(shape, np.uint8)
    decorrelate(cells, taps, rule, out)
    return out
