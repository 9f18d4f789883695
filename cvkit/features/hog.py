"""Histograms of oriented gradients (Dalal and Triggs 2005), as OpenCV and as scikit-image compute them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, reshaped, to_host
from cvkit.features._cpu import hog as hog_kernels
from cvkit.features._cpu import hog_skimage as hog_skimage_kernels
from cvkit.features._cpu.lanes import LANES, aligned_rows
from cvkit.features._math import Orientations
from cvkit.typing import BlockNorm, HOGLayout

# The CUDA twin keeps a cell's histograms in shared memory of a fixed size.
MAXIMUM_BINS = 64
BLOCK_NORMS = ("L1", "L1-sqrt", "L2", "L2-Hys")


def hog(
    image: Array,
    *,
    orientations: int = 9,
    pixels_per_cell: int | tuple[int, int] = 8,
    cells_per_block: int | tuple[int, int] = 2,
    block_norm: BlockNorm = "L2-Hys",
    gamma: bool = True,
    signed: bool = False,
    layout: HOGLayout = "opencv",
    visualize: bool = False,
    out: Array | None = None,
) -> Any:
    """Describe an image by normalized histograms of its gradient directions.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The image or stack. Of several channels, each pixel counts the one with the strongest gradient, the
        first of equals; layout "opencv" takes the last of equals in the last ``W % 4`` columns, as OpenCV.
    orientations : int
        Number of orientation bins, 1 to 64.
    pixels_per_cell : int or (int, int)
        Size of a cell in pixels, (height, width) or one number for both.
    cells_per_block : int or (int, int)
        Size of a block in cells, (height, width) or one number for both. Blocks overlap: they advance by one
        cell.
    block_norm : {"L1", "L1-sqrt", "L2", "L2-Hys"}
        How a block is normalized; layout "opencv" has "L2-Hys" only.
    gamma : bool
        Take the square root of the values first; that of a negative one is NaN.
    signed : bool
        Bins span 360 degrees instead of 180; layout "opencv" only.
    layout : {"opencv", "skimage"}
        "opencv": votes are shared between neighboring bins and cells, and weighted by a Gaussian over the
        block; the vector runs over block columns, block rows, cell columns, cell rows, bins. "skimage": every
        pixel votes for one bin of one cell; the vector runs over block rows, block columns, cell rows, cell
        columns, bins.
    visualize : bool
        Also return an image of the histograms.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    vector : array, (D,), float32
        The descriptor; (N, D) for a stack.
    drawing : numpy.ndarray, (H, W), float32
        Only with ``visualize``: lines along the edges of each cell, brighter where its histogram is larger.

    Raises
    ------
    TypeError, ValueError
        For an unsuitable image or option, and for an image smaller than one block.

    Notes
    -----
    Layout "opencv" equals ``cv2.HOGDescriptor`` whose window is the image cut to full cells, whose block
    stride is one cell and whose other settings are the arguments above, applied to the same array. Layout
    "skimage" equals ``skimage.feature.hog`` with ``transform_sqrt=gamma``.

    References
    ----------
    N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> ramp = np.tile(np.arange(64, dtype=np.uint8), (128, 1))
    >>> cvkit.hog(ramp).shape
    (3780,)
    >>> cvkit.hog(ramp, layout="skimage", cells_per_block=3, gamma=False).shape
    (6804,)
    """
    stack = ImageStack.of(image, out=out)
    _validate.one_of(layout, ("opencv", "skimage"), "layout")
    _validate.one_of(block_norm, BLOCK_NORMS, "block_norm")
    grid = BlockGrid(
        cell=_validate.kernel_size(pixels_per_cell, "pixels_per_cell", odd=False),
        side=_validate.kernel_size(cells_per_block, "cells_per_block", odd=False),
        bins=_validate.integer(orientations, "orientations", minimum=1, maximum=MAXIMUM_BINS),
        signed=bool(signed),
        gamma=bool(gamma),
    )
    rows, columns = grid.block_count(stack.shape[1:3])
    if rows < 1 or columns < 1:
        least = tuple(cell * side for cell, side in zip(grid.cell, grid.side, strict=True))
        raise ValueError(f"image must have at least {least} pixels for one block, got {stack.shape[1:3]}")
    if layout == "opencv" and block_norm != "L2-Hys":
        raise ValueError(f'block_norm must be "L2-Hys" in layout "opencv", got {block_norm!r}')
    if layout == "skimage" and signed:
        raise ValueError('signed must be False in layout "skimage", got True')
    count = stack.shape[0]
    vectors = stack.output((count, rows * columns * grid.feature_count), np.float32, has_channels=False)
    if layout == "opencv":
        stack.kernels(hog_kernels).flatten(grid.features(stack), vectors)
        block_major = (count, columns, rows, *grid.side[::-1], grid.bins)
    else:
        blocks = reshaped(vectors, (count, rows, columns, grid.feature_count))
        _vote_hard(stack, grid, BLOCK_NORMS.index(block_norm), blocks)
        block_major = (count, rows, columns, *grid.side, grid.bins)
    result = stack.restore(vectors)
    if not visualize:
        return result
    blocks = to_host(vectors).reshape(block_major)
    if layout == "opencv":
        blocks = blocks.transpose(0, 2, 1, 4, 3, 5)
    drawings = np.empty(stack.shape[:3], np.float32)
    for drawing, of_image in zip(drawings, blocks, strict=True):
        _draw(of_image, grid, drawing)
    return result, drawings if stack.rank == 4 else drawings[0]


@dataclass(frozen=True)
class BlockGrid:
    """The geometry of cells and blocks, and the settings that their features depend on."""

    cell: tuple[int, int] = (8, 8)
    side: tuple[int, int] = (2, 2)
    bins: int = 9
    signed: bool = False
    gamma: bool = True

    @property
    def span(self) -> float:
        """The angle that the bins divide, in radians."""
        return 2 * math.pi if self.signed else math.pi

    @property
    def feature_count(self) -> int:
        """Number of values that describe a block."""
        return self.side[0] * self.side[1] * self.bins

    def block_count(self, size: tuple[int, ...]) -> tuple[int, int]:
        """Rows and columns of blocks that fit into ``size`` (height, width) pixels; below 1 if none does."""
        return (
            size[0] // self.cell[0] - self.side[0] + 1,
            size[1] // self.cell[1] - self.side[1] + 1,
        )

    def features(self, stack: ImageStack, *, padding: int = 0, origin: tuple[int, int] = (0, 0)) -> Array:
        """Compute OpenCV's features of all blocks as (image, feature, block row, block column).

        The grid starts at ``origin`` (y, x) of the image padded by ``padding`` reflected pixels on every
        side.
        """
        count, height, width, _ = stack.shape
        rows, columns = self.block_count((height + 2 * padding - origin[0], width + 2 * padding - origin[1]))
        out = stack.empty((count, self.feature_count, rows, columns), np.float32)
        stack.kernels(hog_kernels).block_features(
            stack.array,
            padding,
            origin,
            self.side,
            Orientations(np.int32(self.bins), np.float32(self.bins / self.span)),
            self.gamma,
            role_weights(self.cell, self.side),
            out,
        )
        return out


@lru_cache(maxsize=16)
def role_weights(cell: tuple[int, int], side: tuple[int, int]) -> np.ndarray:
    """Tabulate what a pixel's vote weighs, by its place in the cell and the role of its cell in a block.

    Returns
    -------
    numpy.ndarray, (cell height, cell width, lanes), float32
        Lanes run over (pair of rows, pair of columns), filled with zeros to a multiple of 16. A pair is a
        voting and a receiving cell within the block, at most one apart: number ``2 * voting + receiving``.
    """
    # OpenCV's default: a Gaussian about the block's middle whose sigma is an eighth of height plus width.
    sigma = (cell[0] * side[0] + cell[1] * side[1]) / 8
    vertical, horizontal = (_axis_weights(*sizes, sigma) for sizes in zip(cell, side, strict=True))
    weights = np.einsum("ya,xb->yxab", vertical, horizontal).reshape(*cell, -1)
    lanes = -(-weights.shape[2] // LANES) * LANES
    filled = aligned_rows(cell[0], cell[1] * lanes).reshape(*cell, lanes)
    filled[..., : weights.shape[2]] = weights
    filled[..., weights.shape[2] :] = 0
    return filled


def _axis_weights(cell: int, side: int, sigma: float) -> np.ndarray:
    """Weights along one axis: (place in the cell, pair of voting and receiving cell)."""
    position = np.arange(cell * side)
    gaussian = np.exp(-((position - cell * side / 2) ** 2) / (2 * sigma * sigma))
    center = np.arange(side)[:, np.newaxis]
    share = np.maximum(0.0, 1.0 - np.abs((position + 0.5) / cell - 0.5 - center))
    by_receiver_voter_place = (share * gaussian).reshape(side, side, cell)
    # No vote reaches a cell farther away: the share is 0 from a whole cell on.
    pairs = [
        (voter, near) for voter in range(side) for near in range(voter - 1, voter + 2) if 0 <= near < side
    ]
    return np.stack([by_receiver_voter_place[receiver, voter] for voter, receiver in pairs], axis=1)


def _vote_hard(stack: ImageStack, grid: BlockGrid, block_norm: int, out: Array) -> None:
    """Fill scikit-image's blocks, (image, block row, block column, feature): one bin and one cell a pixel."""
    kernels = stack.kernels(hog_skimage_kernels)
    count, rows, columns, _ = out.shape
    cell_rows, cell_columns = rows + grid.side[0] - 1, columns + grid.side[1] - 1
    cells = stack.empty((count, cell_rows, cell_columns, grid.bins), np.float64)
    kernels.cell_histograms(stack.array, grid.cell, grid.gamma, stack.dtype == np.float32, cells)
    kernels.normalize_blocks(cells, grid.side, block_norm, out)


def _draw(blocks: np.ndarray, grid: BlockGrid, out: np.ndarray) -> None:
    """Draw each cell's histogram, averaged over the blocks that hold the cell, as lines along the edges."""
    rows, columns, side_rows, side_columns, bins = blocks.shape
    cells = np.zeros((rows + side_rows - 1, columns + side_columns - 1, bins))
    seen = np.zeros(cells.shape[:2])
    for row in range(side_rows):
        for column in range(side_columns):
            cells[row : row + rows, column : column + columns] += blocks[:, :, row, column]
            seen[row : row + rows, column : column + columns] += 1
    cells /= seen[..., np.newaxis]
    height, width = grid.cell
    glyphs = np.zeros((bins, height, width), np.float32)
    for orientation_bin in range(bins):
        angle = (orientation_bin + 0.5) * grid.span / bins
        # The edge runs across the gradient.
        step = np.linspace(-1, 1, 4 * max(height, width))
        y = np.rint((height - 1) / 2 + step * (height - 1) / 2 * math.cos(angle)).astype(int)
        x = np.rint((width - 1) / 2 - step * (width - 1) / 2 * math.sin(angle)).astype(int)
        glyphs[orientation_bin, y, x] = 1
    drawn = np.einsum("rcb,byx->rycx", cells, glyphs).reshape(cells.shape[0] * height, cells.shape[1] * width)
    out[:] = 0
    out[: drawn.shape[0], : drawn.shape[1]] = drawn
