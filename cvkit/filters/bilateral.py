"""Smooth an image where it varies little, and keep its edges."""

from __future__ import annotations

import functools
import math

import numpy as np

from cvkit import _validate
from cvkit._border import BORDERS
from cvkit._dispatch import ImageStack
from cvkit.filters._cpu import bilateral as bilateral_kernels
from cvkit.typing import ArrayT, BorderMode

# A tile keeps the weights of as many rows, for each pixel of the disc: their size grows with its cube.
_LARGEST_RADIUS = 100
_SMALLEST_VARIANCE = 1e-300


@_validate.unlike("cv2.bilateralFilter(src, d, sigmaColor, sigmaSpace, dst, borderType)")
def bilateral_filter(
    image: ArrayT,
    diameter: int,
    sigma_color: float,
    sigma_space: float,
    *,
    border: BorderMode = "reflect101",
    out: ArrayT | None = None,
) -> ArrayT:
    """Average each pixel with those around it that look like it.

    A neighbor's weight falls with its distance in space and with its difference in color, the sum over
    channels of absolute differences, both as a Gaussian.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The image or stack, of 1 to 4 channels.
    diameter : int
        Diameter of the neighborhood, a disc, in pixels; at least 3 is used. With 0 or less it is three times
        ``sigma_space``.
    sigma_color : float
        Standard deviation of the weight over colors, in the image's units.
    sigma_space : float
        Standard deviation of the weight over distances, in pixels.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies outside the image; with ``"constant"`` it is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The smoothed image, of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For another dtype, or arguments that are not numbers.
    ValueError
        For an empty image, a sigma that is not above 0, a disc of more than 201 pixels, or an unknown border.

    Notes
    -----
    Follows ``cv2.bilateralFilter``, whose weights come from tables, those of floats with interpolation, and
    differ in the last bits. For small discs of uint8 it may call Intel's IPP, whose results are up to 1 less.
    The algorithm is from C. Tomasi and R. Manduchi, "Bilateral filtering for gray and color images", 1998.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> edge = np.array([[10, 12, 10, 200, 202, 200]], np.uint8)
    >>> cvkit.bilateral_filter(edge, 5, 20, 10)
    array([[ 11,  11,  11, 201, 201, 201]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out)
    diameter = _validate.integer(diameter, "diameter")
    sigma_color = _validate.number(sigma_color, "sigma_color", above=0)
    sigma_space = _validate.number(sigma_space, "sigma_space", above=0)
    border_code = _validate.one_of(border, BORDERS, "border")
    radius = _radius(diameter, sigma_space)
    kernels = stack.kernels(bilateral_kernels)
    result = stack.output()
    real = np.dtype(np.float64 if stack.dtype == np.float64 else np.float32)
    # Of the narrowest Gaussians the exponent is the largest number, because infinity times 0 is NaN.
    exponent = 0.5 / max(sigma_color * sigma_color, _SMALLEST_VARIANCE) * math.log2(math.e)
    scale = -real.type(min(exponent, float(np.finfo(real.type(0)).max)))
    offsets_y, offsets_x, space = _half_disc(radius, sigma_space)
    rounded = stack.dtype.kind == "u"
    kernels.bilateral(
        stack.array, scale, rounded, offsets_y, offsets_x, space.astype(real), border_code, result
    )
    return stack.restore(result)


def _radius(diameter: int, sigma_space: float) -> int:
    if diameter > 2 * _LARGEST_RADIUS + 1:
        raise ValueError(f"diameter must be at most {2 * _LARGEST_RADIUS + 1}, got {diameter}")
    if diameter <= 0 and 1.5 * sigma_space > _LARGEST_RADIUS:
        raise ValueError(
            f"sigma_space must be at most {_LARGEST_RADIUS / 1.5:.1f} without a diameter, got {sigma_space}"
        )
    return max(diameter // 2 if diameter > 0 else round(1.5 * sigma_space), 1)


@functools.lru_cache(maxsize=64)
def _half_disc(radius: int, sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offsets (y, x) of the neighbors that follow a pixel in reading order, and their weights by distance.

    Those that precede it are their opposites, with the same weights.
    """
    y, x = np.mgrid[0 : radius + 1, -radius : radius + 1]
    squared = y**2 + x**2
    follows = (squared <= radius**2) & ((y > 0) | (x > 0))
    weights = np.exp(squared[follows] * (-0.5 / max(sigma * sigma, _SMALLEST_VARIANCE))).astype(np.float32)
    return y[follows].astype(np.int64), x[follows].astype(np.int64), weights
