"""Corners after FAST: pixels that an arc of the circle around them is brighter, or darker, than."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, reshaped, to_host
from cvkit.features._cpu import fast as fast_kernels


def fast_corners(image: Array, threshold: int, *, suppress: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Find corners by the circle of 16 pixels around each, as ``cv2.FastFeatureDetector``.

    A pixel is a corner if nine pixels in a row of the circle of radius 3 are all brighter, or all darker,
    than it by more than the threshold.

    Parameters
    ----------
    image : array, (H, W) or (H, W, 1), uint8
        One gray image.
    threshold : int
        From 0 to 255.
    suppress : bool
        Keep of neighboring corners only those whose score exceeds that of all eight neighbors.

    Returns
    -------
    points : numpy.ndarray, (N, 2), float32
        The corners as (x, y), row by row. Both arrays are NumPy's also where the image is on a GPU.
    scores : numpy.ndarray, (N,), int32
        The largest threshold at which each would be a corner.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For an empty image, several of them or one of colors, or a threshold out of range.

    See Also
    --------
    good_features : corners by derivatives, which keep a distance.

    Notes
    -----
    E. Rosten and T. Drummond, "Machine learning for high-speed corner detection", 2006: FAST-9. Points,
    scores and their order are OpenCV's; only without suppression OpenCV leaves the scores at 0.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((20, 20), np.uint8)
    >>> image[8, 12] = 100
    >>> points, scores = cvkit.fast_corners(image, 20)
    >>> points
    array([[12.,  8.]], dtype=float32)
    >>> scores
    array([99], dtype=int32)
    """
    stack = ImageStack.of(image, dtypes=(np.uint8,), channels=(1,))
    _validate.image_of_points(stack.original.shape)
    level = np.uint8(_validate.integer(threshold, "threshold", minimum=0, maximum=255))
    shape = stack.shape[1:3]
    contrast = stack.empty(shape, np.uint8)
    kernels = stack.kernels(fast_kernels)
    kernels.measure_contrast(reshaped(stack.array, shape), level, contrast)
    number, places, strengths = kernels.find_corners(contrast, bool(suppress))
    found = int(to_host(number)[0])
    order = np.argsort(to_host(places[:found]), kind="stable")  # of threads on a GPU there is none
    y, x = np.divmod(to_host(places[:found])[order], np.uint32(shape[1]))
    scores = to_host(strengths[:found])[order].astype(np.int32) - 1
    return np.stack([x, y], axis=1).astype(np.float32), scores
