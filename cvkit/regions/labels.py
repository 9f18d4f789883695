"""Label the regions of binary images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvkit import _validate, _validate_regions
from cvkit._dispatch import Array, ImageStack, reshaped, to_host
from cvkit.regions._cpu import labels as label_kernels

# Rows that are taken together: where diagonals count, all that touches in two of them is one piece.
ROWS = {4: 1, 8: 2}


class Labels(NamedTuple):
    """What :func:`label` returns.

    Attributes
    ----------
    labels : array, int32
        The number of each pixel's region, 0 for the background.
    region_count : int, or numpy.ndarray of int64, (N,), for a stack
        The number of regions.
    """

    labels: Array
    region_count: int | np.ndarray


@_validate.unlike("cv2.connectedComponents(image, labels, connectivity, ltype)")
def label(image: Array, *, connectivity: int = 8, out: Array | None = None) -> Labels:
    """Number the connected regions of pixels that are not 0, as ``cv2.connectedComponents`` does.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8 or bool
        The mask or stack of masks.
    connectivity : {8, 4}
        Whether pixels that touch at a corner are neighbors, or only those that share a side.
    out : array, optional
        Takes the labels instead of new memory: contiguous, of the image's shape and int32, and nowhere that
        the image is.

    Returns
    -------
    labels : array, int32
        Of the image's shape: 0 where the image is 0, and from 1 on the number of the pixel's region. Each
        image of a stack is numbered by itself.
    region_count : int, or numpy.ndarray of int64, (N,), for a stack
        The number of regions, one less than OpenCV returns, which counts the background.

    Raises
    ------
    TypeError
        For other dtypes, or more arguments by position.
    ValueError
        For an empty image, one of colors, another connectivity, or more regions than int32 counts.

    See Also
    --------
    region_stats : area, box and centroid of each region.
    remove_small_regions, remove_small_holes : clean a mask.

    Notes
    -----
    Equals OpenCV number for number. Regions of 4 neighbors are numbered in the order of their first pixels,
    row by row; those of 8 in the order of the first blocks of 2 x 2 pixels that they lie in. The time is
    linear in the pixels, whatever the regions look like. The algorithm is union-find, over runs of pixels on
    the CPU, after L. He et al., "Fast connected-component labeling", 2009.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.array([[0, 9, 0, 0], [9, 0, 0, 9]], np.uint8)
    >>> labels, count = cvkit.label(image)
    >>> labels
    array([[0, 1, 0, 0],
           [1, 0, 0, 2]], dtype=int32)
    >>> cvkit.label(image, connectivity=4)[1]
    3
    """
    stack = mask_stack(image, out)
    rows = _validate.one_of(connectivity, ROWS, "connectivity")
    result = stack.output(dtype=np.int32)
    shape = stack.shape[:3]
    counts = fill_labels(stack, as_bytes(stack.array, shape), rows, reshaped(result, shape))
    return Labels(stack.restore(result), counts if stack.rank == 4 else int(counts[0]))


def mask_stack(image: Array, out: Array | None) -> ImageStack:
    """Check a mask or a stack of them."""
    return ImageStack.of(image, dtypes=(np.uint8, np.bool_), channels=(1,), out=out)


def as_bytes(array: Array, shape: tuple[int, ...]) -> Array:
    """View bytes or truth values as bytes, in another shape."""
    return reshaped(array if array.dtype == np.uint8 else array.view(np.uint8), shape)


def fill_labels(stack: ImageStack, source: Array, rows: int, out: Array) -> np.ndarray:
    """Write the labels of the regions of ``source``, a mask of each image, found in bands of ``rows``.

    Return how many each image has.
    """
    kernels = stack.kernels(label_kernels)
    regions, counts = kernels.find_regions(source, rows)
    found: np.ndarray = to_host(counts)
    _validate_regions.region_count(int(found.max(initial=0)))
    kernels.write_labels(source, rows, regions, out)
    return found
