"""Measure the regions of a label image: area, box and centroid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvkit import _validate_regions
from cvkit._dispatch import Array, ImageStack, reshaped, to_host
from cvkit.regions._cpu import stats as stats_kernels


class RegionStats(NamedTuple):
    """Measurements of regions, of which that of label i has index i; the background has index 0.

    Attributes
    ----------
    area : array, (count,), int64
        The number of pixels.
    box : array, (count, 4), int32
        Left, top, width and height of the smallest box around the region, in pixels.
    centroid : array, (count, 2), float64
        The mean of the pixels' coordinates, (x, y).
    """

    area: Array
    box: Array
    centroid: Array


def region_stats(labels: Array) -> RegionStats:
    """Measure the regions of a label image, as ``cv2.connectedComponentsWithStats`` does.

    Parameters
    ----------
    labels : array, (H, W), (H, W, 1) or (N, H, W, 1), int32
        The labels, as :func:`label` gives them. Pixels of negative ones, such as the lines of
        :func:`watershed`, belong to no region.

    Returns
    -------
    RegionStats
        A named tuple of ``area`` (count,), ``box`` (count, 4), as left, top, width and height, and
        ``centroid`` (count, 2), as (x, y): a row for each number from 0, the background, to the largest
        label. Where a label has no pixels, area and box are 0 and the centroid is NaN. For a stack, each has
        one more axis before, and as many rows as the largest label of all images needs.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For an empty image, one of colors, or a label beyond 65535 and the number of pixels.

    See Also
    --------
    label : number the regions of a mask.

    Notes
    -----
    Equals OpenCV, which counts areas in int32, number for number.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> labels, count = cvkit.label(np.array([[0, 1, 1], [1, 0, 0], [0, 0, 0], [0, 1, 1]], np.uint8))
    >>> stats = cvkit.region_stats(labels)
    >>> stats.area
    array([7, 3, 2])
    >>> stats.box[1:]
    array([[0, 0, 3, 2],
           [1, 3, 2, 1]], dtype=int32)
    >>> stats.centroid[2]
    array([1.5, 3. ])
    """
    stack = ImageStack.of(labels, dtypes=(np.int32,), channels=(1,), name="labels")
    kernels = stack.kernels(stats_kernels)
    count, height, width, _ = stack.shape
    source = reshaped(stack.array, (count, height, width))
    largest = int(to_host(kernels.largest_label(source))[0])
    _validate_regions.largest_label(largest, height * width)
    shape = count, largest + 1
    stats = RegionStats(
        stack.empty(shape, np.int64), stack.empty((*shape, 4), np.int32), stack.empty((*shape, 2), np.float64)
    )
    kernels.measure(source, stats)
    if stack.rank != 4:
        stats = RegionStats(*(reshaped(array, tuple(array.shape[1:])) for array in stats))
    return RegionStats(*map(stack.give_back, stats))
