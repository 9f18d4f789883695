"""Outlines of regions, as OpenCV finds them."""

from __future__ import annotations

import numpy as np

from cvkit import _validate, _validate_regions
from cvkit._dispatch import Array, ImageStack
from cvkit._jit_cuda import on_device
from cvkit._tiles import parts_of
from cvkit.regions._cpu import contours as kernels
from cvkit.regions._cpu.contours import WORD, Borders, Pixels, Wanted
from cvkit.typing import ContourMethod, ContourMode

# Which contours have parents: outer ones, and those of holes.
_PARENTS = {
    "external": (False, False),
    "list": (False, False),
    "two_level": (False, True),
    "tree": (True, True),
}


@_validate.unlike("cv2.findContours(image, mode, method)")
def find_contours(
    image: Array, *, mode: ContourMode = "external", method: ContourMethod = "none"
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Follow the outlines of the regions of a mask, and of their holes.

    Parameters
    ----------
    image : array, (H, W) or (H, W, 1), uint8 or bool
        The mask: what is not 0 is set. Set pixels that touch at a side or a corner are of one region; what
        lies beyond the image is not set, so that regions may reach its border.
    mode : {"external", "list", "two_level", "tree"}
        Which contours: of regions that lie in no hole of another one; all; all, with those of holes inside
        the one of their region; all, with the whole tree of regions in holes of regions.
    method : {"none", "simple"}
        Which points: every pixel of the outline, or only those where its direction changes.

    Returns
    -------
    contours : tuple of numpy.ndarray, (n, 2), int32
        Points (x, y), set pixels all: counterclockwise around regions as the image is seen, and clockwise
        around holes. Arrays share their memory, though no point.
    hierarchy : numpy.ndarray, (contours, 4), int32
        Of each contour the next and the previous one on its level, the first one inside, and the one around
        it, or -1.

    Raises
    ------
    TypeError
        For another dtype, or an array on a GPU: there is no CUDA twin.
    ValueError
        For an empty image, several channels or a stack, or another mode or method.

    Notes
    -----
    Equals ``cv2.findContours(image, mode, method)`` point for point and in its order, but for an axis of one
    element in either result; the modes are ``cv2.RETR_EXTERNAL``, ``RETR_LIST``, ``RETR_CCOMP`` and
    ``RETR_TREE``, the methods ``cv2.CHAIN_APPROX_NONE`` and ``CHAIN_APPROX_SIMPLE``. The time is proportional
    to the pixels and points. The algorithm is from S. Suzuki and K. Abe, "Topological structural analysis of
    digitized binary images by border following", 1985.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((5, 6), np.uint8)
    >>> image[1:4, 1:5] = 1
    >>> contours, hierarchy = cvkit.find_contours(image, method="simple")
    >>> contours[0].tolist()
    [[1, 1], [1, 3], [4, 3], [4, 1]]
    >>> hierarchy
    array([[-1, -1, -1, -1]], dtype=int32)
    """
    outer_parents, hole_parents = _validate.one_of(mode, _PARENTS, "mode")
    _validate.one_of(method, ("none", "simple"), "method")
    _validate.host_only("find_contours", on_device(image))
    stack = ImageStack.of(image, dtypes=(np.uint8, np.bool_), channels=(1,))
    _validate.single_image(stack.original.shape)
    mask = stack.array[0, :, :, 0].view(np.uint8)
    height, width = mask.shape
    size = parts_of(height * width, WORD) * WORD
    neighbors = np.empty(size, np.uint8)
    most_points, most_borders = kernels.gather_neighbors(mask, neighbors)
    _validate_regions.count_of_contours(most_borders)
    labels = np.empty(size if hole_parents else 0, np.int32)
    pixels = Pixels(neighbors, np.zeros(size, np.uint8), labels, kernels.moves_of(width), width)
    borders = Borders(
        np.empty(most_points, np.int64),
        np.empty(most_borders + 1, np.int64),
        np.empty(most_borders, np.int32),
        np.empty(most_borders, np.bool_),
    )
    wanted = Wanted(mode == "external", outer_parents, hole_parents, method == "none")
    count = kernels.follow_borders(pixels, wanted, borders)
    hierarchy = np.empty((count, 4), np.int32)
    begins, ends = np.empty((2, count), np.int64)
    kernels.arrange(borders, hierarchy, begins, ends)
    points = borders.points.view(np.int32).reshape(-1, 2)
    # Pairs of numbers instead would have Python collect its garbage again and again.
    return tuple(map(points.__getitem__, map(slice, begins.tolist(), ends.tolist()))), hierarchy
