"""Tables, gamma, contrast and blending: what becomes of a value does not depend on its neighbors."""

from __future__ import annotations

import functools
import math

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, flat, reshaped, to_host
from cvkit._jit_cuda import on_device
from cvkit._memoized import memoized
from cvkit.filters import _rounding
from cvkit.intensity._cpu import lookup as lookup_kernels
from cvkit.intensity._math import Weights
from cvkit.intensity._pairs import pair_of_images
from cvkit.typing import ArrayT

_TABLE_DTYPES = (*_validate.IMAGE_DTYPES, np.int8, np.int16, np.int32)
# Sums are rounded to 32 bits before they are saturated.
_LARGEST_SUM = 1 << 30
# Values of an image whose extremes are found together.
_PART = 1 << 15


def lookup(image: ArrayT, table: Array, *, out: ArrayT | None = None) -> ArrayT:
    """Replace each value by what a table has for it, as ``cv2.LUT``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16 or int16
        The image or stack, of any number of channels.
    table : array_like, (V,) or (V, C)
        What becomes of each of the V = 256 values of uint8 or 65536 of 16 bits: the same for all channels or
        a column for each. Negative values of int16 count from the end of the table, as NumPy's indices do.
        Of uint8, int8, uint16, int16, int32, float32 or float64; whole numbers of another dtype, such as a
        list's, count as of the dtype of the image.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape and kind of ``image`` and the dtype of ``table``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or a table of another shape.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.lookup(np.array([[0, 1, 255]], np.uint8), np.arange(255, -1, -1))
    array([[255, 254,   0]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=(np.uint8, np.uint16, np.int16), channels=None, out=out)
    host_table = to_host(table) if on_device(table) else table
    by_channel = _validate.value_table(host_table, stack.dtype, stack.shape[3], _TABLE_DTYPES)
    result = stack.output(dtype=by_channel.dtype)
    _look_up(stack, by_channel, result)
    return stack.restore(result)


def _look_up(stack: ImageStack, table: np.ndarray, result: Array) -> None:
    """Look up by a table, or one for each channel along the first axis."""
    values = flat(stack.array)
    if stack.dtype.kind == "i":  # without its sign, a negative number is the place from the end of the table
        values = values.view(np.uint16)
    stack.kernels(lookup_kernels).look_up_values(values, table.shape[0], table.reshape(-1), flat(result))


def adjust_gamma(image: ArrayT, gamma: float, *, out: ArrayT | None = None) -> ArrayT:
    """Raise values, as shares of the largest, to a power: above 1 darkens an image and below brightens it.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The image or stack, of any number of channels; floats from 0 to 1. Negative ones become NaN.
    gamma : float
        The power, at least 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``; integers are rounded to the nearest.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, or a gamma that is negative or not finite.

    Notes
    -----
    As ``skimage.exposure.adjust_gamma``, which cuts the fraction of 16 bits off instead of rounding.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.adjust_gamma(np.array([[0, 64, 128, 255]], np.uint8), 0.5)
    array([[  0, 128, 181, 255]], dtype=uint8)
    """
    stack = ImageStack.of(image, channels=None, out=out)
    exponent = _validate.number(gamma, "gamma", minimum=0)
    result = stack.output()
    if stack.dtype.kind == "u":
        _look_up(stack, _gamma_table(stack.dtype, exponent), result)
    else:
        number = stack.dtype.type(exponent)
        stack.kernels(lookup_kernels).raise_to_power(flat(stack.array), number, flat(result))
    return stack.restore(result)


@functools.lru_cache(maxsize=16)
def _gamma_table(dtype: np.dtype, gamma: float) -> np.ndarray:
    largest = np.iinfo(dtype).max
    return np.rint(np.linspace(0, 1, largest + 1) ** gamma * largest).astype(dtype)[np.newaxis]


@_validate.unlike("cv2.normalize(src, dst, alpha, beta, norm_type)")
def normalize(image: ArrayT, low: float, high: float, *, out: ArrayT | None = None) -> ArrayT:
    """Stretch the contrast of an image: its least value becomes ``low`` and its largest ``high``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The image, or a stack of which each image is stretched by itself, all its channels alike, however
        many.
    low, high : float
        The range of the result; in the other order they are swapped.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``; integers are rounded and saturated. An image of one value
        becomes ``low``. NaN stays and does not count; where a value is infinite, there is no range, and all
        become NaN.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image or a number that is not finite.

    Notes
    -----
    ``cv2.normalize(image, None, low, high, cv2.NORM_MINMAX)``, integers byte for byte.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.normalize(np.array([[10, 20, 60]], np.uint8), 0, 255)
    array([[  0,  51, 255]], dtype=uint8)
    """
    stack = ImageStack.of(image, dtypes=_validate.SIGNED_DTYPES, channels=None, out=out)
    largest = None if stack.dtype.kind == "f" else _LARGEST_SUM
    smallest = None if largest is None else -largest
    bounds = sorted(
        _validate.number(value, name, minimum=smallest, maximum=largest)
        for value, name in ((low, "low"), (high, "high"))
    )
    result = stack.output()
    if 0 in stack.shape:
        return stack.restore(result)
    kernels = stack.kernels(lookup_kernels)
    rows = (stack.shape[0], stack.array.size // stack.shape[0])
    values = reshaped(stack.array, rows)
    factors, offsets = _stretching(_ranges(stack, values), bounds, stack.dtype)
    if {*factors.tolist()} == {1.0} and {*offsets.tolist()} == {0.0}:
        stack.copy_to(result)
        return stack.restore(result)
    kernels.scale_values(values, factors, offsets, reshaped(result, rows))
    return stack.restore(result)


def _ranges(stack: ImageStack, values: Array) -> np.ndarray:
    """Find the least and the largest value of each row, (N, 2); infinite and the other way round for NaN."""
    count, length = values.shape
    limits = None if stack.dtype.kind == "f" else np.iinfo(stack.dtype)
    widest = (np.inf, -np.inf) if limits is None else (limits.max, limits.min)
    ranges = stack.empty((count, -(-length // _PART), 2))
    inverted = np.empty(ranges.shape, stack.dtype)
    inverted[...] = widest
    if stack.is_on_device:
        ranges.copy_to_device(inverted, stream=stack.array.stream)
    else:
        ranges = inverted
    stack.kernels(lookup_kernels).find_ranges(values, _PART, ranges)
    parts = to_host(ranges)
    found = np.empty((count, 2), stack.dtype)
    parts[..., 0].min(axis=1, out=found[:, 0])
    parts[..., 1].max(axis=1, out=found[:, 1])
    return found


def _stretching(ranges: np.ndarray, bounds: list[float], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Return the factor and the offset for each range, rounded where OpenCV rounds."""
    low, high = bounds
    sums = _rounding.float_dtype(dtype)
    factors, offsets = np.empty((2, len(ranges)), sums)
    with np.errstate(all="ignore"):
        # One by one: there are few, and for one NumPy takes three times longer.
        for row, (least, largest) in enumerate(ranges.astype(np.float64).tolist()):
            spread = largest - least
            factor = (high - low) * (1 / spread if spread > np.finfo(np.float64).eps else 0.0)
            factor = math.nan if math.isinf(spread) else factor
            factors[row] = factor
            if dtype == np.float32:
                offsets[row] = sums.type(low) - sums.type(least * float(factors[row]))
            else:
                offsets[row] = low - least * factor
    return factors, offsets


@_validate.unlike("cv2.addWeighted(src1, alpha, src2, beta, gamma)")
def blend(
    a: ArrayT, b: ArrayT, weight_a: float, weight_b: float, offset: float = 0, *, out: ArrayT | None = None
) -> ArrayT:
    """Sum two images with weights and an offset, as ``cv2.addWeighted``.

    Parameters
    ----------
    a, b : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, int16, float32 or float64
        The images or stacks, of one shape and dtype and on one device, of any number of channels.
    weight_a, weight_b : float
        Weights of ``a`` and ``b``.
    offset : float
        Added to the sum.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the images are.

    Returns
    -------
    array
        ``weight_a * a + weight_b * b + offset``, rounded and saturated, of the shape, dtype and kind of
        ``a``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For empty images, images of two shapes, or a number that is not finite.

    Notes
    -----
    Integers equal OpenCV byte for byte; both sum in float32, and images of float64 in that.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.blend(np.array([[100, 200]], np.uint8), np.array([[50, 250]], np.uint8), 0.5, 0.5)
    array([[ 75, 225]], dtype=uint8)
    """
    first, second = pair_of_images(a, b, dtypes=_validate.SIGNED_DTYPES, channels=None, out=out)
    result = first.output(others=(second.array,))
    weights = _weights(first.dtype, weight_a, weight_b, offset)
    values = flat(first.array), flat(second.array)
    first.kernels(lookup_kernels).blend_values(*values, *weights, flat(result))
    return first.restore(result)


@memoized
def _weights(dtype: np.dtype, weight_a: float, weight_b: float, offset: float) -> Weights:
    sums = _rounding.float_dtype(dtype)
    given = {"weight_a": weight_a, "weight_b": weight_b, "offset": offset}
    for name, value in given.items():
        if dtype.kind == "f":
            largest = np.finfo(sums).max
        else:
            largest = _LARGEST_SUM // (2 if name == "offset" else 2 * np.iinfo(dtype).max)
        _validate.number(value, name, minimum=-largest, maximum=largest)
    return Weights(*map(sums.type, given.values()))
