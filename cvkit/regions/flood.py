"""Fill what hangs together around a pixel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cvkit import _validate, _validate_regions
from cvkit._dispatch import Array, ImageStack
from cvkit._jit_cuda import on_device
from cvkit.regions._cpu import flood as flood_kernels
from cvkit.regions._cpu.flood import Rule
from cvkit.typing import FloodMethod

# Dtypes that hold the differences of two pixels.
_DIFFERENCES = {
    np.dtype(np.uint8): np.int16,
    np.dtype(np.uint16): np.int32,
    np.dtype(np.float32): np.float32,
    np.dtype(np.float64): np.float64,
}


class FloodFill(NamedTuple):
    """What :func:`flood_fill` returns.

    Attributes
    ----------
    image : array
        The image with the filled pixels.
    mask : array, uint8
        255 where pixels are filled, and 0 elsewhere.
    """

    image: Array
    mask: Array


@_validate.unlike("cv2.floodFill(image, mask, seedPoint, newVal, loDiff, upDiff, flags)")
def flood_fill(
    image: Array,
    seed_point: npt.ArrayLike,
    value: float | npt.ArrayLike,
    *,
    tolerance: float | npt.ArrayLike = 0,
    method: FloodMethod = "floating",
    connectivity: int = 4,
    out: Array | None = None,
) -> FloodFill:
    """Fill a pixel and all that resemble it and hang together with it, as ``cv2.floodFill`` does.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The image or stack, of 1 to 4 channels; each image of a stack is filled from the same point.
    seed_point : (int, int)
        The pixel (x, y) that is filled first.
    value : float, or one for each channel
        What pixels are filled with, rounded and saturated as pixels are.
    tolerance : float, or (float, float)
        How far each channel of a pixel may be from what it is compared with, or how far below and how far
        above; rounded for integers.
    method : {"floating", "fixed"}
        ``"floating"`` compares a pixel with its neighbor that is filled, so that what is filled may drift
        away from the seed; ``"fixed"`` compares it with the seed.
    connectivity : {4, 8}
        Whether only pixels that share a side are neighbors, or those that touch at a corner, too.
    out : array, optional
        Takes the image instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    image : array
        Of the shape and dtype of ``image``, and equal to it but where it is filled.
    mask : array, uint8
        255 where pixels are filled and 0 elsewhere, of one channel: (H, W), or (N, H, W, 1) for a stack.

    Raises
    ------
    TypeError
        For other dtypes, an array on a GPU, for which there is no CUDA twin, or more arguments by position.
    ValueError
        For an empty image, a point outside, a negative tolerance, or an unknown method or connectivity.

    See Also
    --------
    region_stats : area and box of the mask.

    Notes
    -----
    uint8 and float32 of 1 and 3 channels equal ``cv2.floodFill``, whose ``loDiff`` and ``upDiff`` are the
    tolerance, and ``cv2.FLOODFILL_FIXED_RANGE`` the fixed method. The time is linear in what is filled.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.array([[10, 12, 14, 90], [80, 80, 16, 90]], np.uint8)
    >>> cvkit.flood_fill(image, (0, 0), 1, tolerance=2).image
    array([[ 1,  1,  1, 90],
           [80, 80,  1, 90]], dtype=uint8)
    >>> cvkit.flood_fill(image, (0, 0), 1, tolerance=2, method="fixed").mask
    array([[255, 255,   0,   0],
           [  0,   0,   0,   0]], dtype=uint8)
    """
    _validate.host_only("flood_fill", on_device(image))
    stack = ImageStack.of(image, out=out)
    count, height, width, channels = stack.shape
    seed = _validate_regions.pixel(seed_point, (height, width), "seed_point")
    filling = _validate.border_value(value, stack.dtype, channels=channels, name="value")
    lowest, highest = _bounds(tolerance, stack.dtype, channels)
    is_fixed = _validate.one_of(method, {"floating": False, "fixed": True}, "method")
    has_diagonals = _validate.one_of(connectivity, {4: False, 8: True}, "connectivity")
    result = stack.output()
    mask = np.zeros((count, height, width), np.uint8)
    # Among equal pixels it is the same whom they are compared with, and less to compare.
    is_exact = not lowest.any() and not highest.any()
    rule = Rule(lowest, highest, is_fixed or is_exact, has_diagonals)
    flood_kernels.fill(stack.array, seed, filling, rule, result, mask)
    return FloodFill(stack.restore(result), mask[..., np.newaxis] if stack.rank == 4 else mask[0])


def _bounds(
    tolerance: float | npt.ArrayLike, dtype: np.dtype, channels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest difference that each channel may have."""
    limits = _validate_regions.tolerance(tolerance)
    number = np.dtype(_DIFFERENCES[dtype])
    if number.kind == "i":
        limits = limits.clip(max=np.iinfo(dtype).max).round()
    with np.errstate(over="ignore"):  # infinite beyond float32
        below, above = limits.astype(number)
    return np.full(channels, -below, number), np.full(channels, above, number)
