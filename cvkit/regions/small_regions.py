"""Clean masks: remove regions, and fill holes, that have few pixels."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack
from cvkit.regions._cpu import small_regions as kernels_of_masks
from cvkit.regions._cpu import stats as stats_kernels
from cvkit.regions.labels import ROWS, as_bytes, fill_labels, mask_stack
from cvkit.regions.stats import RegionStats
from cvkit.typing import ArrayT


def remove_small_regions(
    image: ArrayT, minimum_area: int, *, connectivity: int = 8, out: ArrayT | None = None
) -> ArrayT:
    """Set the regions of a mask that have few pixels to 0.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8 or bool
        The mask or stack of masks.
    minimum_area : int
        The number of pixels that the smallest region to stay has.
    connectivity : {8, 4}
        Whether pixels that touch at a corner are of one region, or only those that share a side.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``, and equal to it but in small regions.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, one of colors, a negative area, another connectivity, or more regions than int32
        counts.

    See Also
    --------
    remove_small_holes : the same for what is around them.
    label, region_stats : number and measure regions.

    Notes
    -----
    Equals ``skimage.morphology.remove_small_objects``, whose ``connectivity`` is 1 for 4 and 2 for 8.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.array([[255, 0, 0, 0], [255, 0, 0, 255]], np.uint8)
    >>> cvkit.remove_small_regions(image, 2)
    array([[255,   0,   0,   0],
           [255,   0,   0,   0]], dtype=uint8)
    """
    return _replaced(image, minimum_area, connectivity, out, of_holes=False)


def remove_small_holes(
    image: ArrayT, minimum_area: int, *, connectivity: int = 4, out: ArrayT | None = None
) -> ArrayT:
    """Fill the holes of a mask that have few pixels: regions of pixels that are 0.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8 or bool
        The mask or stack of masks. What is 0 at its border counts as any other hole.
    minimum_area : int
        The number of pixels that the smallest hole to stay has.
    connectivity : {4, 8}
        Whether only pixels that share a side are of one hole, or those that touch at a corner, too. Where
        regions have 8 neighbors, what is between them has 4.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``, and equal to it but in small holes: those are True, or 255.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, one of colors, a negative area, another connectivity, or more holes than int32
        counts.

    See Also
    --------
    remove_small_regions : the same for what holes are in.

    Notes
    -----
    Equals ``skimage.morphology.remove_small_holes``, whose ``connectivity`` is 1 for 4 and 2 for 8.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0]], bool)
    >>> cvkit.remove_small_holes(image, 2)
    array([[ True,  True,  True, False],
           [ True,  True,  True, False],
           [ True,  True,  True, False]])
    """
    return _replaced(image, minimum_area, connectivity, out, of_holes=True)


def _replaced(
    image: Array, minimum_area: int, connectivity: int, out: Array | None, *, of_holes: bool
) -> Array:
    """Replace small regions by 0, or small holes by what a mask is set to."""
    stack = mask_stack(image, out)
    minimum = _validate.integer(minimum_area, "minimum_area", minimum=0, maximum=np.iinfo(np.int64).max)
    rows = _validate.one_of(connectivity, ROWS, "connectivity")
    kernels = stack.kernels(kernels_of_masks)
    shape = stack.shape[:3]
    source = regions = as_bytes(stack.array, shape)
    result = stack.output()
    if of_holes:
        regions = stack.empty(shape, np.uint8)
        kernels.invert(source, regions)
    labels = stack.empty(shape, np.int32)
    counts = fill_labels(stack, regions, rows, labels)
    area = _areas(stack, labels, int(counts.max(initial=0)))
    value = np.uint8(0 if not of_holes else 255 if stack.dtype == np.uint8 else 1)
    kernels.replace_small(source, labels, area, np.int64(minimum), value, as_bytes(result, shape))
    return stack.restore(result)


def _areas(stack: ImageStack, labels: Array, largest: int) -> Array:
    """Count the pixels of each label."""
    shape = stack.shape[0], largest + 1
    stats = RegionStats(
        stack.empty(shape, np.int64), stack.empty((*shape, 4), np.int32), stack.empty((*shape, 2), np.float64)
    )
    stack.kernels(stats_kernels).measure(labels, stats)
    return stats.area
