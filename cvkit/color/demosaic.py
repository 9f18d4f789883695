"""Color images of a camera's mosaic of red, green and blue pixels."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit.color._cpu import demosaic as demosaic_kernels
from cvkit.typing import ArrayT, BayerPattern, DemosaicMethod

# Row and column of the first red pixel.
_PATTERNS = {"rggb": (0, 0), "grbg": (0, 1), "gbrg": (1, 0), "bggr": (1, 1)}
_METHODS = {"bilinear": False, "edge_aware": True}


def demosaic(
    image: ArrayT,
    pattern: BayerPattern = "rggb",
    *,
    method: DemosaicMethod = "bilinear",
    out: ArrayT | None = None,
) -> ArrayT:
    """Interpolate the raw image of a camera with a Bayer mosaic, whose every pixel has one color, to RGB.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8 or uint16
        The mosaic.
    pattern : {"rggb", "grbg", "gbrg", "bggr"}
        The colors of the first two pixels of the first row, and of the second row.
    method : {"bilinear", "edge_aware"}
        ``"bilinear"`` takes the mean of the neighbors that have a color; ``"edge_aware"`` takes green, where
        it is missing, from the two opposite neighbors that differ less.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (H, W, 3) or (N, H, W, 3)
        RGB, of the dtype and kind of ``image``. Outermost pixels are those next to them, and images of fewer
        than three rows or columns become black.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, more channels than one, or an unknown pattern or method.

    Notes
    -----
    Equals ``cv2.cvtColor(image, cv2.COLOR_BayerRGGB2RGB)`` and its like, or ``cv2.COLOR_BayerRGGB2RGB_EA``,
    byte for byte. OpenCV's older names count from the second pixel of the second row: ``COLOR_BayerBG2RGB``
    is for ``"rggb"``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> mosaic = np.zeros((4, 4), np.uint8)
    >>> mosaic[::2, ::2] = 200
    >>> cvkit.demosaic(mosaic)[1, 1]
    array([200,   0,   0], dtype=uint8)
    """
    red = _validate.one_of(pattern, _PATTERNS, "pattern")
    is_edge_aware = _validate.one_of(method, _METHODS, "method")
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.uint16), channels=(1,))
    result = stack.output((*stack.shape[:3], 3), has_channels=False)
    number = np.uint16 if stack.dtype == np.uint8 else np.uint32
    stack.kernels(demosaic_kernels).demosaic(stack.array, red, number, is_edge_aware, result)
    return stack.restore(result)
