"""Histograms of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from cvkit import _validate, _validate_masks
from cvkit._dispatch import Array, ImageStack, as_device_array, contiguous, reshaped
from cvkit._jit_cuda import on_device
from cvkit._memoized import memoized
from cvkit.intensity._cpu import histogram as histogram_kernels
from cvkit.intensity._histogram_math import Bins
from cvkit.typing import ArrayT

# Counters and borders of all bins are listed.
_MOST_BINS = 1 << 20
_NO_MASK = np.ones((1, 1, 1), np.uint8)


@_validate.unlike("cv2.calcHist(images, channels, mask, histSize, ranges)")
def histogram(
    image: ArrayT,
    bins: int = 256,
    *,
    range: tuple[float, float] | None = None,
    mask: Array | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Count how many pixels of each channel have values in each of some bins of equal width.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack; uint8, uint16, float32 or float64.
    bins : int
        How many bins, from 1 to 2**20.
    range : (float, float), optional
        Where the first bin begins and where the last one ends; the end and what lies beyond is in no bin,
        and NaN neither. By default all values that integers can have: (0, 256) or (0, 65536). Float images
        need one.
    mask : array, (H, W) or (N, H, W), optional
        bool or uint8; pixels where it is 0 do not count. One for all images of a stack, or one for each.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (bins,), (C, bins) or (N, C, bins), int64
        Counts; of an image without a channel axis ``(bins,)``.

    Raises
    ------
    TypeError
        For other dtypes, of the image or of the mask.
    ValueError
        For an empty image, an empty range or none where it is needed, or a mask of another shape.

    Notes
    -----
    A value is in the bin ``floor(value * scale + offset)`` as ``cv2.calcHist`` computes it, in float64 from
    bounds that are rounded to float32 (but for float64 images), so that the counts are the same also of
    values on borders. OpenCV returns them as float32.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.histogram(np.array([[0, 10, 100], [100, 101, 255]], np.uint8), 4)
    array([2, 3, 0, 1])
    >>> cvkit.histogram(np.array([[0.0, 0.25, 1.0]]), 2, range=(0, 1))
    array([2, 0])
    """
    stack = ImageStack.of(image, out=out)
    prepared, bin_of = _prepare(bins, range, stack.dtype)
    is_masked, masks = _masks(stack, mask)
    count, _, _, channels = stack.shape
    size = prepared.borders.size - 1
    shape = (count, size) if stack.rank == 2 else (count, channels, size)
    result = stack.output(shape, np.int64, has_channels=False, others=(masks,) if is_masked else ())
    counts = reshaped(result, (count, channels, size))
    kernels = stack.kernels(histogram_kernels)
    if stack.dtype == np.uint8:
        kernels.count_bytes(stack.array, is_masked, masks, bin_of, counts)
    else:
        kernels.count_values(stack.array, is_masked, masks, prepared, counts)
    return stack.restore(result)


def count_levels(stack: ImageStack) -> Array:
    """Count every value that an image of uint8 or uint16 may have: (N, channels, levels), int64."""
    levels = np.iinfo(stack.dtype).max + 1
    prepared, bin_of = _prepare(levels, None, stack.dtype)
    counts = stack.empty((stack.shape[0], stack.shape[3], levels), np.int64)
    kernels = stack.kernels(histogram_kernels)
    if stack.dtype == np.uint8:
        kernels.count_bytes(stack.array, False, _NO_MASK, bin_of, counts)
    else:
        kernels.count_values(stack.array, False, _NO_MASK, prepared, counts)
    return counts


@memoized
def _prepare(bins: Any, value_range: Any, dtype: np.dtype) -> tuple[Bins, np.ndarray]:
    """Check bins and range; for bytes, list the bin of each as well, -1 for none."""
    bins = _validate.integer(bins, "bins", minimum=1, maximum=_MOST_BINS)
    low, high = _validate.value_range(value_range, dtype)
    scale = bins / (high - low)
    offset = -scale * low
    real = np.dtype(np.float64 if dtype == np.float64 else np.float32)
    prepared = Bins(scale, offset, low, high, _borders(bins, scale, offset, low, high, real))
    value = np.arange(256)
    is_inside = (low <= value) & (value < high)
    bin_of = np.floor(value * scale + offset).clip(0, bins - 1)
    return prepared, np.where(is_inside, bin_of, -1).astype(np.int32)


def _borders(bins: int, scale: float, offset: float, low: float, high: float, real: np.dtype) -> np.ndarray:
    """Find the smallest number of each bin, by bisection between the numbers that a dtype has."""
    integer = np.dtype(f"int{8 * real.itemsize}")
    wanted = np.arange(bins + 1)
    below, above = (np.full(bins + 1, _order(np.array(bound, real))) for bound in (low, high))
    while (below < above).any():
        # Their sum may not fit.
        middle = (below >> 1) + (above >> 1) + (below & above & 1)
        value = _order(middle.astype(integer)).view(real).astype(np.float64)
        is_there = np.floor(value * scale + offset) >= wanted
        above = np.where(is_there, middle, above)
        below = np.where(is_there, below, middle + 1)
    borders: np.ndarray = _order(above.astype(integer)).view(real)
    borders[0], borders[-1] = low, high
    return borders


def _order(bits: np.ndarray) -> np.ndarray:
    """Number floats by size, as integers; such numbers become the bits of floats again."""
    bits = bits.view(f"int{8 * bits.itemsize}")
    return bits ^ ((bits >> (8 * bits.itemsize - 1)) & np.iinfo(bits.dtype).max)


def _masks(stack: ImageStack, mask: Array | None) -> tuple[bool, Array]:
    """Check a mask and view it as (1 or N, H, W) of bytes; say whether there is one."""
    if mask is None:
        return False, _NO_MASK
    if on_device(mask) != stack.is_on_device:
        raise ValueError("mask must live where the image lives, got one NumPy and one device array")
    array = as_device_array(mask) if stack.is_on_device else contiguous(_validate.host_array(mask, "mask"))
    _validate_masks.mask(array, stack.shape[:3])
    shape = (1, *array.shape) if len(array.shape) == 2 else tuple(array.shape)
    return True, reshaped(array.view(np.uint8), shape)
