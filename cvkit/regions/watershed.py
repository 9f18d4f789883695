"""Part an image into the basins around markers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cvkit import _validate, _validate_regions
from cvkit._dispatch import ImageStack
from cvkit._jit_cuda import on_device
from cvkit.regions._cpu import watershed as watershed_kernels
from cvkit.typing import ArrayT


def watershed(image: ArrayT, markers: npt.ArrayLike, *, out: ArrayT | None = None) -> ArrayT:
    """Let labels grow from markers over an image until they meet, as ``cv2.watershed`` does.

    Pixels are taken in the order of how little they differ from a neighbor that has a label, so that the
    lines between labels run along the edges of the image.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8
        The image or stack, of 1 to 4 channels. Two pixels differ as their channel does that differs most.
    markers : array_like of integers, (H, W), or (N, H, W) for a stack
        The label from 1 on where it is known, and 0 or less where it is not; one array serves all images.
    out : array, optional
        Takes the labels instead of new memory: contiguous, of the result's shape and int32, and nowhere that
        the image or the markers are.

    Returns
    -------
    array, int32
        The label of each pixel; -1 on the lines where labels meet, and at the border of the image; 0 where no
        label comes. Of one channel: (H, W) for one image, (N, H, W, 1) for a stack.

    Raises
    ------
    TypeError
        For another dtype, an array on a GPU, for which there is no CUDA twin, or markers of floats.
    ValueError
        For an empty image, one of 2**30 pixels or more, or markers of another shape or beyond int32.

    See Also
    --------
    label : makes markers of a mask.
    region_stats : measures the basins.

    Notes
    -----
    Equals ``cv2.watershed(image, markers)``, which takes images of 3 channels only, label for label. The
    algorithm is from F. Meyer, "Color image segmentation", 1992.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.tile(np.array([10, 10, 11, 90, 91, 90], np.uint8), (3, 1))
    >>> markers = np.zeros((3, 6), np.int32)
    >>> markers[1, 1], markers[1, 4] = 1, 2
    >>> cvkit.watershed(image, markers)[1]
    array([-1,  1,  1, -1,  2, -1], dtype=int32)
    """
    _validate.host_only("watershed", on_device(image))
    stack = ImageStack.of(image, dtypes=(np.uint8,), out=out)
    shape = stack.shape[:3]
    labels = _validate_regions.markers(markers, shape)
    result = stack.output((*shape, 1), np.int32, is_gray=True, others=[labels])
    watershed_kernels.flood(stack.array, labels, result.reshape(shape))
    return stack.restore(result)
