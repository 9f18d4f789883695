"""Remove noise by averaging pixels whose surroundings look alike."""

from __future__ import annotations

import math

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit.filters._cpu import denoising as denoising_kernels
from cvkit.typing import ArrayT

# OpenCV drops weights below this share of the largest.
_SMALLEST_WEIGHT = 0.001

# Where the square of h is smaller, only equal patches weigh anything; a quotient by it is finite.
_SMALLEST_SQUARE = 1e-300


def non_local_means(
    image: ArrayT, h: float = 10, *, patch: int = 7, window: int = 21, out: ArrayT | None = None
) -> ArrayT:
    """Average each pixel with those near it, weighted by how alike the patches around them are.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The image or stack, of 1 to 4 channels, which are compared and averaged together.
    h : float
        Strength, in the image's units: patches whose root mean square difference is ``h`` weigh ``1 / e``.
    patch : int
        Side of the patches, in pixels; an even size counts as the next odd one, as in OpenCV.
    window : int
        Side of the square that is searched around each pixel, in pixels; an even size counts as the next odd
        one.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The denoised image, of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For another dtype, or arguments that are not numbers.
    ValueError
        For an empty image, an ``h`` that is not above 0, or sizes below 1.

    Notes
    -----
    uint8 follows ``cv2.fastNlMeansDenoising`` in whole numbers, with its border (reflect101) and its table of
    weights over rounded distances. The other dtypes have the same weights without that rounding; OpenCV's
    uint16 measures absolute differences instead. Weights below 0.001 count as 0. The algorithm is from A.
    Buades, B. Coll and J.-M. Morel, "A non-local algorithm for image denoising", 2005.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> noisy = np.array([[99, 101, 99, 101], [101, 99, 101, 99]], np.uint8)
    >>> cvkit.non_local_means(noisy, 10, patch=3, window=5)
    array([[100, 100, 100, 100],
           [100, 100, 100, 100]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out)
    h = _validate.number(h, "h", above=0)
    patch_radius = _validate.integer(patch, "patch", minimum=1) // 2
    window_radius = _validate.integer(window, "window", minimum=1) // 2
    kernels = stack.kernels(denoising_kernels)
    result = stack.output()
    side, channels = 2 * patch_radius + 1, stack.shape[3]
    weighing: tuple[int] | tuple[float, float, float]
    sum_dtype: type[np.number]
    if stack.dtype == np.uint8:
        searched = 2 * window_radius + 1
        table, shift = _weights(h, side, searched, channels)
        weighing, sum_dtype = (shift,), _sum_dtype(side, searched, channels)
    else:
        table, sum_dtype = np.empty(0), np.float64
        weighing = _exponential(max(h * h, _SMALLEST_SQUARE) * channels * side * side, stack.dtype)
    sum_type = np.empty(0, sum_dtype)
    kernels.non_local_means(stack.array, table, weighing, sum_type, patch_radius, window_radius, result)
    return stack.restore(result)


def _sum_dtype(patch: int, window: int, channels: int) -> type[np.signedinteger]:
    """Dtype for sums of squared differences over a patch, and of weighted bytes over a window."""
    largest = max(255 * 255 * channels * patch * patch, 255 * window * window)
    return np.int32 if largest < 1 << 31 else np.int64


def _weights(h: float, patch: int, window: int, channels: int) -> tuple[np.ndarray, int]:
    """Tabulate weights over sums of squared differences of patches, shifted right instead of divided.

    The weights are whole numbers, so large that their sums over a window fit in 31 bits, or in the 52 that a
    quotient in double precision takes, where 31 leave nothing. The last one is 0 and stands for all larger
    distances.
    """
    values = 255 * window * window
    largest = (2**31 - 1) // values or min((2**52 - 1) // values, 2**31 - 1)
    shift = (patch * patch - 1).bit_length()
    distances = np.arange((255 * 255 * channels * patch * patch >> shift) + 2) * (
        2.0**shift / (patch * patch)
    )
    weights = np.rint(largest * np.exp(-distances / (max(h * h, _SMALLEST_SQUARE) * channels)))
    weights[weights < _SMALLEST_WEIGHT * largest] = 0
    zero = np.flatnonzero(weights == 0)
    used = weights[: zero[0] + 1] if zero.size else np.append(weights, 0)
    return used.astype(np.int32), shift


def _exponential(e_folding: float, dtype: np.dtype) -> tuple[float, float, float]:
    """Return the exponent of 2 for a distance of 1, the smallest weight that counts, and what rounds results.

    Adding and subtracting a number whose last bit is 1 leaves no fraction.
    """
    rounder = 1.5 * 2.0**52 if dtype.kind == "u" else 0.0
    return -math.log2(math.e) / e_folding, _SMALLEST_WEIGHT, rounder
