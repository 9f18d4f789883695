"""Texture: what the pixels around each have in common."""

from __future__ import annotations

import math

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit._memoized import memoized
from cvkit.features._cpu import texture as texture_kernels
from cvkit.features._texture_math import DEFAULT, NRI_UNIFORM, ROR, UNIFORM, VAR, Circle
from cvkit.typing import ArrayT, BinaryPatternMethod

_METHODS = {"default": DEFAULT, "ror": ROR, "uniform": UNIFORM, "nri_uniform": NRI_UNIFORM, "var": VAR}
# Patterns are numbers of 32 bits, and rows as far away are held.
_MOST_POINTS = 31
_LARGEST_RADIUS = 255


def local_binary_pattern(
    image: ArrayT,
    points: int,
    radius: float,
    *,
    method: BinaryPatternMethod = "default",
    out: ArrayT | None = None,
) -> ArrayT:
    """Describe each pixel by which points on a circle around it are as bright, or brighter.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8, uint16, float32 or float64
        The gray image or stack. Beyond it everything is 0.
    points : int
        How many points are on the circle, from 1 to 31.
    radius : float
        The circle's radius in pixels, up to 255; points between pixels are interpolated.
    method : {"default", "ror", "uniform", "nri_uniform", "var"}
        ``"default"`` is the number whose bit i tells whether point i is at least as bright, counted
        counter-clockwise from the right; ``"ror"`` the smallest of its rotations. ``"uniform"`` counts the
        bits of patterns in which at most two bits differ from the next, and gives ``points + 1`` to others;
        ``"nri_uniform"`` tells those of one count apart by where they begin. ``"var"`` is the variance of the
        points, NaN where it is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, float64
        The descriptions, of the shape of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or one of colors, a number out of range, or an unknown method.

    Notes
    -----
    T. Ojala, M. Pietikainen and T. Maenpaa, "Multiresolution gray-scale and rotation invariant texture
    classification with local binary patterns", 2002. The values are those of
    ``skimage.feature.local_binary_pattern``, whose interpolation decides whether a point is as bright as the
    pixel where all around it is equal.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.array([[9, 9, 9], [1, 5, 9], [1, 1, 1]], np.uint8)
    >>> cvkit.local_binary_pattern(image, 8, 1)[1, 1]
    np.float64(15.0)
    >>> cvkit.local_binary_pattern(image, 8, 1, method="uniform")[1, 1]
    np.float64(4.0)
    """
    stack = ImageStack.of(image, channels=(1,), out=out)
    circle, mode = _circle(points, radius, method)
    result = stack.output(dtype=np.float64)
    stack.kernels(texture_kernels).describe_patterns(stack.array, circle, mode, result)
    return stack.restore(result)


@memoized
def _circle(points: int, radius: float, method: str) -> tuple[Circle, int]:
    count = _validate.integer(points, "points", minimum=1, maximum=_MOST_POINTS)
    distance = _validate.number(radius, "radius", minimum=0, maximum=_LARGEST_RADIUS)
    mode = _validate.one_of(method, _METHODS, "method")
    angles = 2 * np.pi * np.arange(count, dtype=np.float64) / count
    rows, columns = np.round(-distance * np.sin(angles), 5), np.round(distance * np.cos(angles), 5)
    reach = max(1, math.ceil(max(np.abs(rows).max(), np.abs(columns).max())))
    return Circle(rows, columns, reach), mode
