"""The Laplacian of a Gaussian, whose zero crossings are edges."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit._memoized import memoized
from cvkit.filters import _linear, _rounding
from cvkit.filters._linear import Arithmetic, Border, Separable, Weights
from cvkit.filters._math import AsItIs
from cvkit.filters.smoothing import check_reach, gaussian_kernel
from cvkit.typing import ArrayT, BorderMode

# The second derivative of a narrower Gaussian is beyond float32.
_SMALLEST_SIGMA = 1e-15


def laplacian_of_gaussian(
    image: ArrayT, sigma: float, *, border: BorderMode = "reflect101", out: ArrayT | None = None
) -> ArrayT:
    """Laplacian of an image blurred with a Gaussian, as ``scipy.ndimage.gaussian_laplace``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image or stack, of any number of channels.
    sigma : float or (float, float)
        Standard deviation in pixels, greater than 0, for both axes or as (y, x). Kernels reach 4 of them.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        float64 for float64 images, else float32: the response to an edge is small and its zero crossing what
        counts, so that it is not rounded.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, or a sigma that is not positive.

    Notes
    -----
    Marr, D. and Hildreth, E., "Theory of edge detection", 1980. The kernel is the sum of two separable ones.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.zeros((9, 9), np.float32)
    >>> image[4, 4] = 1
    >>> cvkit.laplacian_of_gaussian(image, 1.0)[4, 4].round(3)
    np.float32(-0.318)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    return _laplacian_of_gaussian(stack.dtype, sigma, border).apply(stack)


@memoized
def _laplacian_of_gaussian(
    dtype: np.dtype, sigma: float | tuple[float, float], border: str
) -> _linear.Filter:
    sigmas = _validate.sigma_pair(sigma)
    if 0 in sigmas:
        raise ValueError(f"sigma must be greater than 0, got {sigma!r}")
    if min(sigmas) < _SMALLEST_SIGMA:
        raise ValueError(f"sigma must be at least {_SMALLEST_SIGMA}, got {sigma!r}")
    (smooth_y, second_y), (smooth_x, second_x) = map(_gaussian_and_second_derivative, sigmas)
    out_dtype = _rounding.float_dtype(dtype)
    weights = Separable(((second_y, smooth_x), (smooth_y, second_x)))
    arithmetic = Arithmetic(out_dtype, out_dtype, AsItIs(), out_dtype)
    return _linear.plan(weights, arithmetic, Border.of(border, dtype))


def _gaussian_and_second_derivative(sigma: float) -> tuple[Weights, Weights]:
    check_reach(sigma, 8)
    radius = int(4 * sigma + 0.5)
    gaussian = gaussian_kernel(2 * radius + 1, sigma)
    x = np.arange(-radius, radius + 1)
    second = gaussian * (x * x / sigma**4 - 1 / sigma**2)
    return tuple(gaussian), tuple(second.tolist())
