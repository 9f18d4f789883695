"""Thinning: regions of a mask reduced to lines one pixel wide."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit.morphology._cpu import thinning as thinning_kernels
from cvkit.morphology._thinning_math import GUO_HALL, ZHANG_SUEN
from cvkit.typing import ArrayT, ThinningMethod

_METHODS = {"zhang_suen": ZHANG_SUEN, "guo_hall": GUO_HALL}


@_validate.unlike("cv2.ximgproc.thinning(src, dst, thinningType)")
def thin(image: ArrayT, *, method: ThinningMethod = "zhang_suen", out: ArrayT | None = None) -> ArrayT:
    """Reduce the regions of a mask to lines one pixel wide, which are connected as the regions are.

    Pixels are removed from the outlines, all of a turn at once, until nothing changes.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8
        The mask: pixels from 128 on are set.
    method : {"zhang_suen", "guo_hall"}
        Which pixels a turn removes. The second leaves fewer corners on lines, and takes fewer turns.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        255 on lines, else 0; of the shape and kind of ``image``. The outermost rows and columns lose nothing.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or several channels, or another method.

    Notes
    -----
    Equals ``cv2.ximgproc.thinning(image, thinningType)`` of OpenCV's contributed modules byte for byte. The
    methods are from T. Zhang and C. Suen, "A fast parallel algorithm for thinning digital patterns", 1984,
    and Z. Guo and R. Hall, "Parallel thinning with two-subiteration algorithms", 1989.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> mask = np.zeros((5, 8), np.uint8)
    >>> mask[1:4, 1:7] = 255
    >>> cvkit.thin(mask)
    array([[  0,   0,   0,   0,   0,   0,   0,   0],
           [  0,   0,   0,   0,   0,   0,   0,   0],
           [  0,   0, 255, 255, 255,   0,   0,   0],
           [  0,   0,   0,   0,   0,   0,   0,   0],
           [  0,   0,   0,   0,   0,   0,   0,   0]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=(np.uint8,), channels=(1,), out=out)
    code = _validate.one_of(method, _METHODS, "method")
    result = stack.output()
    stack.kernels(thinning_kernels).thin(stack.array, code, result)
    return stack.restore(result)
