"""Distance transforms: how far it is from each pixel of a mask to the nearest one that is not in it."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, reshaped
from cvkit.morphology._cpu import distance as distance_kernels
from cvkit.morphology._distance_math import Chamfer
from cvkit.typing import ArrayT, DistanceMetric, MaskSize

_MASK_SIZES = ("exact", 3, 5)


def _chamfer(straight: int, diagonal: int, knight: int = 0) -> Chamfer:
    """Say what steps cost, in units of 2**-16: whatever is one step below 2**32 is told apart."""
    largest = (1 << 32) - 1 - (knight or diagonal)
    return Chamfer(*map(np.uint32, (straight, diagonal, knight, largest)))


# Metric and size -> costs; the rectangular metrics need no larger mask. Those of OpenCV are 0.955 and 1.3693,
# and 1, 1.4 and 2.1969, after G. Borgefors, "Distance transformations in digital images", 1986.
_CHAMFERS = {
    ("l2", 3): _chamfer(62587, 89738),
    ("l2", 5): _chamfer(65536, 91750, 143976),
    **{("l1", size): _chamfer(65536, 131072) for size in _MASK_SIZES},
    **{("chessboard", size): _chamfer(65536, 65536) for size in _MASK_SIZES},
}


@overload
def distance_transform(
    image: ArrayT,
    *,
    metric: DistanceMetric = "l2",
    mask_size: MaskSize = "exact",
    return_indices: Literal[False] = False,
    out: ArrayT | None = None,
) -> ArrayT: ...


@overload
def distance_transform(
    image: ArrayT,
    *,
    metric: DistanceMetric = "l2",
    mask_size: MaskSize = "exact",
    return_indices: Literal[True],
    out: ArrayT | None = None,
) -> tuple[ArrayT, ArrayT]: ...


@overload
def distance_transform(
    image: ArrayT,
    *,
    metric: DistanceMetric = "l2",
    mask_size: MaskSize = "exact",
    return_indices: bool,
    out: ArrayT | None = None,
) -> ArrayT | tuple[ArrayT, ArrayT]: ...


@_validate.unlike("cv2.distanceTransform(src, distanceType, maskSize)")
def distance_transform(
    image: Array,
    *,
    metric: DistanceMetric = "l2",
    mask_size: MaskSize = "exact",
    return_indices: bool = False,
    out: Array | None = None,
) -> Array | tuple[Array, Array]:
    """Measure how far it is from each pixel of a mask to the nearest pixel that is 0.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8
        The mask: what is not 0 is in it.
    metric : {"l2", "l1", "chessboard"}
        Euclidean; the sum of rows and columns in between; or the larger of both.
    mask_size : {"exact", 3, 5}
        Of the Euclidean distance: exact, or the length of steps to neighbors among 3 x 3 or 5 x 5 pixels, a
        few percent off. The other metrics are exact in any case.
    return_indices : bool
        Return where the nearest zeros are, too; for the exact Euclidean distance.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    distances : array, float32
        Of the shape and kind of ``image``; 0 where that is 0.
    indices : array, (H, W, 2) or (N, H, W, 2), int32
        Row and column of a nearest zero, if asked for. Of several that are as near, that of the first column
        counts, and in it the upper one.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or several channels, another metric or size, or indices of approximate distances.

    Notes
    -----
    Approximate, L1 and chessboard distances equal ``cv2.distanceTransform(image, metric, mask_size)`` bit for
    bit, as OpenCV computes them itself; where it has Intel's IPP, that rounds each step in float32. Exact
    Euclidean ones are those of ``scipy.ndimage.distance_transform_edt``, rounded to float32, and of OpenCV's
    ``DIST_MASK_PRECISE``. The indices are SciPy's, with the two first, as last axis, where only one zero is
    the nearest.

    An image without a zero has no distances. It gets what OpenCV gives it, more than any side of an image of
    common size: 65536, or by steps to neighbors 65536 less the longest one; its indices are -1.

    The exact transform takes time linear in the pixels, after P. Felzenszwalb and D. Huttenlocher, "Distance
    transforms of sampled functions", 2012.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> mask = np.full((3, 4), 255, np.uint8)
    >>> mask[0, 0] = 0
    >>> cvkit.distance_transform(mask, metric="l1")
    array([[0., 1., 2., 3.],
           [1., 2., 3., 4.],
           [2., 3., 4., 5.]], dtype=float32)
    >>> distances, indices = cvkit.distance_transform(mask, return_indices=True)
    >>> distances[2, 1] ** 2, indices[2, 1]
    (np.float32(5.0), array([0, 0], dtype=int32))
    """
    stack = ImageStack.of(image, dtypes=(np.uint8,), channels=(1,), out=out)
    _validate.one_of(metric, ("l2", "l1", "chessboard"), "metric")
    _validate.one_of(mask_size, _MASK_SIZES, "mask_size")
    chamfer = _CHAMFERS.get((metric, mask_size))
    if return_indices and chamfer is not None:
        raise ValueError(
            "return_indices must be False unless metric is 'l2' and mask_size 'exact', "
            f"got metric {metric!r} and mask_size {mask_size!r}"
        )
    kernels = stack.kernels(distance_kernels)
    result = stack.output(dtype=np.float32)
    if chamfer is not None:
        kernels.chamfer_distance(stack.array, chamfer, result)
        return stack.restore(result)
    count, height, width, _ = stack.shape
    indices = stack.empty((count if return_indices else 0, height, width, 2), np.int32)
    kernels.euclidean_distance(stack.array, result, indices)
    if not return_indices:
        return stack.restore(result)
    if stack.rank < 4:
        indices = reshaped(indices, (height, width, 2))
    return stack.restore(result), stack.give_back(indices)
