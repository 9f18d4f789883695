"""Contours drawn into images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cvkit import _validate, _validate_regions
from cvkit._dispatch import ImageStack
from cvkit._jit_cuda import on_device
from cvkit.regions._cpu import drawing as kernels
from cvkit.regions._cpu.drawing import SHIFT, Edges, Outlines

# Edges are followed from where they begin: their steps are rounded.
_MOST_ROWS_ABOVE = 1 << 24


@_validate.unlike("cv2.drawContours(image, contours, contourIdx, color, thickness)")
def draw_contours(
    image: np.ndarray,
    contours: Sequence[npt.ArrayLike],
    color: float | Sequence[float],
    *,
    filled: bool = False,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Draw contours into a copy of an image, as lines of one pixel's width or filled.

    Parameters
    ----------
    image : array, (H, W) or (H, W, C)
        The image; uint8, uint16, float32 or float64.
    contours : sequence of array_like, (n, 2) or (n, 1, 2)
        Points (x, y) of each contour, whole numbers; parts beyond the image are left out.
    color : number or sequence of numbers
        Of all channels or for each; rounded and saturated as pixels are.
    filled : bool
        Whether to fill what an odd number of the contours enclose: not the holes of regions, therefore, where
        the contours are all that :func:`find_contours` finds.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    numpy.ndarray
        Of the shape and dtype of ``image``.

    Raises
    ------
    TypeError
        For another dtype, points that are not whole numbers, or an array on a GPU: there is no CUDA twin.
    ValueError
        For an empty image or a stack, points of another shape or far above the image, or another number of
        values in ``color``.

    Notes
    -----
    Equals ``cv2.drawContours(image, contours, -1, color)``, with ``thickness=cv2.FILLED`` for ``filled``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.draw_contours(np.zeros((4, 6), np.uint8), [[(0, 0), (5, 1), (2, 3)]], 9)
    array([[9, 9, 9, 0, 0, 0],
           [0, 9, 0, 9, 9, 9],
           [0, 9, 0, 9, 9, 0],
           [0, 0, 9, 0, 0, 0]], dtype=uint8)
    """
    _validate.host_only("draw_contours", on_device(image))
    stack = ImageStack.of(image, channels=None, out=out)
    _validate.single_image(stack.original.shape)
    outlines = _outlines(_validate_regions.contours(contours))
    pixel = _validate.border_value(color, stack.dtype, channels=stack.shape[3], name="color")
    result = stack.output()
    stack.copy_to(result)
    kernels.draw_outlines(outlines, pixel, result.reshape(-1, stack.shape[3]), stack.shape[2])
    if filled:
        _fill(outlines, pixel, result[0])
    return stack.restore(result)


def _outlines(contours: list[np.ndarray]) -> Outlines:
    begins = np.zeros(len(contours) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, contours), np.int64, len(contours)), out=begins[1:])
    return Outlines(np.concatenate(contours or [np.empty((0, 2), np.int32)]), begins)


def _fill(outlines: Outlines, pixel: np.ndarray, image: np.ndarray) -> None:
    height, width = image.shape[:2]
    found = Edges(*np.empty((4, len(outlines.points)), np.int64))
    count = kernels.collect_edges(outlines, (height, width), found)
    if not count:
        return
    edges = Edges(*(values[:count] for values in found))
    top, bottom = int(edges.top.min()), int(edges.top.max())
    _validate_regions.rows_above(top, _MOST_ROWS_ABOVE)
    order = np.empty(count, np.int64)
    if top >= 0 and bottom < height and edges.place.min() >= 0 and edges.place.max() < width << SHIFT:
        kernels.sort_edges(edges, (height, width), order)
    else:
        order = np.lexsort((edges.place, edges.top))
    kernels.fill_between(edges, order, pixel, image.reshape(height, -1))
