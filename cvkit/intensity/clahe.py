"""Contrast-limited adaptive histogram equalization."""

from __future__ import annotations

import functools

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit.intensity._cpu import clahe as clahe_kernels
from cvkit.intensity._histogram_math import Neighbors
from cvkit.typing import ArrayT


@_validate.unlike("cv2.createCLAHE(clipLimit, tileGridSize), whose grid is (columns, rows)")
def clahe(
    image: ArrayT,
    clip_limit: float = 40.0,
    *,
    tiles: int | tuple[int, int] = (8, 8),
    out: ArrayT | None = None,
) -> ArrayT:
    """Equalize an image by what is around each pixel, without blowing up the noise of flat places.

    The image is divided into tiles, each with a table that equalizes it, made from a histogram whose high
    counts are cut off and spread over all levels. A pixel is blended from what the four nearest tables say.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1)
        The image or stack, gray; uint8 or uint16. Of a color image, take the lightness.
    clip_limit : float
        Where counts are cut off, as a multiple of their mean: 1 hardly gains contrast, 2 to 4 are usual.
        0 cuts off nothing.
    tiles : int or (int, int)
        Rows and columns of tiles, at most 65536 in all.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, more than one channel, a negative limit or fewer than one tile.

    Notes
    -----
    Equals ``cv2.createCLAHE(clip_limit, (columns, rows)).apply(image)`` byte for byte. Where tiles do not
    divide the image, it is extended at the right and at the bottom, on both axes, by reflection.

    K. Zuiderveld: Contrast limited adaptive histogram equalization. Graphics Gems IV, 1994.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> int(np.ptp(cvkit.clahe(image, 4, tiles=2))) > int(np.ptp(image))
    True
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.uint16), channels=(1,))
    clip_limit = _validate.number(clip_limit, "clip_limit", minimum=0)
    rows, columns = _validate.tiles(tiles)
    result = stack.output()
    kernels = stack.kernels(clahe_kernels)
    count, height, width, _ = stack.shape
    is_divided = height % rows == 0 and width % columns == 0
    # A full row or column of pixels for each tile is added where the other axis has a rest.
    tile_height = height // rows + (0 if is_divided else 1)
    tile_width = width // columns + (0 if is_divided else 1)
    levels = np.iinfo(stack.dtype).max + 1
    area = tile_height * tile_width
    limit = max(int(clip_limit * area / levels), 1) if clip_limit > 0 else 0
    tables = stack.empty((count, rows, columns, levels), stack.dtype)
    scale = np.float32(levels - 1) / np.float32(area)
    kernels.tile_tables(stack.array, (tile_height, tile_width), np.int32(min(limit, area)), scale, tables)
    kernels.blend_tables(
        stack.array,
        tables,
        _neighbors(height, rows, tile_height),
        _neighbors(width, columns, tile_width),
        result,
    )
    return stack.restore(result)


@functools.lru_cache
def _neighbors(length: int, tiles: int, tile_length: int) -> Neighbors:
    """Find the tiles around each pixel of an axis, in OpenCV's float32."""
    one, half = np.float32(1), np.float32(0.5)
    position = np.arange(length).astype(np.float32) * (one / np.float32(tile_length)) - half
    first = np.floor(position)
    second_weight = position - first
    starts = np.searchsorted(first, np.arange(-1, tiles + 1))
    return Neighbors(first.astype(np.int32), one - second_weight, second_weight, starts.astype(np.int64))
