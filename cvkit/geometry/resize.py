"""Change the size of an image."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from cvkit import _validate
from cvkit._channels import in_groups
from cvkit._dispatch import Array, ImageStack
from cvkit.geometry import _resampling
from cvkit.geometry._cpu import resize as resize_kernels
from cvkit.geometry._cpu import resize_passes as pass_kernels
from cvkit.geometry._cpu import resize_weighted as weighted_kernels
from cvkit.geometry._math import WEIGHT_BITS, Limits
from cvkit.typing import ArrayT, ResizeInterpolation

# Weights of OpenCV's INTER_LINEAR_EXACT: the two of an axis sum to 1 << 8, so that a value times the weights
# of both axes fills 24 bits and nothing is lost before the one rounding at the end.
_EXACT_BITS = 8
# Weights of OpenCV's INTER_LINEAR for bytes.
_BILINEAR_BITS = 11

# Tables are cached, because NumPy needs as long for them as the kernels for a small image.
_Taps = tuple[np.ndarray, np.ndarray]
"""For each target index its first neighbor, which may lie beyond the border, and the weights of all."""


@_validate.unlike("cv2.resize(src, dsize, dst, fx, fy, interpolation)")
def resize(
    image: ArrayT,
    output_shape: tuple[int, int],
    *,
    interpolation: ResizeInterpolation = "bilinear",
    antialias: bool = False,
    out: ArrayT | None = None,
) -> ArrayT:
    """Resize an image by interpolation, with pixel centers aligned as in OpenCV and Pillow.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack, of any number of channels; uint8, uint16, int16, float32 or float64.
    output_shape : (int, int)
        Height and width of the result, in pixels.
    interpolation : {"bilinear", "bilinear_exact", "nearest", "nearest_exact", "bicubic", "area", "lanczos"}
        ``"bilinear_exact"`` is for uint8 only: it rounds once, at the end. ``"area"`` averages what each
        pixel of the result covers; it is the choice for making images smaller. Where it enlarges an axis, it
        is bilinear on both, as in OpenCV: pixels stay flat but for a blend where one meets the next.
        ``"nearest_exact"`` takes the pixel that a center lies in; ``"nearest"`` one up to half a pixel before
        it. ``"lanczos"`` is Pillow's, with the widest filter, and always antialiased.
    antialias : bool
        Whether bilinear and bicubic interpolation widen their filter by how much an axis shrinks, as Pillow
        does, so that every source pixel counts. The bicubic filter is then Pillow's, of a = -0.5.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The resized image, of the dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, a size below 1, an unknown interpolation, or one that knows no antialiasing.

    Notes
    -----
    For uint8, ``"bilinear"``, ``"bilinear_exact"`` and ``"nearest"`` equal ``cv2.resize`` with
    ``INTER_LINEAR``, ``INTER_LINEAR_EXACT`` and ``INTER_NEAREST`` byte for byte, and so does ``"area"`` with
    ``INTER_AREA`` where it enlarges an axis or halves both, the latter for uint16, too. ``"nearest_exact"``
    is ``INTER_NEAREST_EXACT`` of OpenCV 4 for any dtype; where a center lies between two pixels, OpenCV 5
    takes the one before. Other combinations are computed in floating point and rounded once, half to even;
    OpenCV's, of fewer bits, are within one level of them.

    With ``antialias``, and by ``"lanczos"``, uint8 of any channels equals ``Image.resize`` of Pillow 13 byte
    for byte, with its weights of 22 bits and its two passes, each rounded; older ones resize rows first even
    where the height shrinks much more than the width. Alpha is a channel like the others, as in Pillow's
    ``"RGBa"``. uint16 is rounded after each pass, too, but summed in float32, within two levels of Pillow's
    ``"I;16"``. Floats are summed in their dtype without rounding, Pillow's mode ``"F"`` in float64.

    NaN and infinity reach those pixels of the result in which theirs has a weight other than 0.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.resize(np.array([[0, 100]], np.uint8), (1, 4))
    array([[  0,  25,  75, 100]], dtype=uint8)
    """
    _validate.one_of(interpolation, _INTERPOLATIONS, "interpolation")
    if antialias:
        _validate.one_of(interpolation, tuple(_ANTIALIASED), "interpolation with antialias=True")
    stack = (
        ImageStack.of(image, out=out, channels=None, dtypes=(np.uint8,))
        if interpolation == "bilinear_exact"
        else ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    )
    height, width = _validate.output_shape(output_shape)
    count, source_height, source_width, channels = stack.shape
    result = stack.output((count, height, width, channels))
    kind: str = interpolation
    if interpolation == "area" and (height > source_height or width > source_width):
        kind = _ENLARGED_AREA
    if antialias or interpolation == "lanczos":
        kind = _ANTIALIASED[interpolation]
    if stack.dtype == np.uint8 and kind in _ANTIALIASED.values():
        _resize_by_passes(stack, kind, stack.array, result)
    else:
        for _, source, part in in_groups(stack, result):
            _resize(stack, kind, source, part)
    return stack.restore(result)


def _resize(stack: ImageStack, interpolation: str, source: Array, result: Array) -> None:
    """Resize some channels of a stack."""
    kernels = stack.kernels(resize_kernels)
    (source_height, source_width), (height, width) = source.shape[1:3], result.shape[1:3]
    if stack.dtype.kind == "u" and interpolation in _HALVING and _is_half(stack, height, width):
        kernels.halve(source, _halves_go_to_even(stack, interpolation), _UNITS[stack.dtype], result)
    elif interpolation in _NEAREST:
        near_rows = _NEAREST[interpolation](source_height, height)
        near_columns = _NEAREST[interpolation](source_width, width)
        kernels.nearest(source, near_rows, near_columns, result)
    elif interpolation == "bilinear_exact":
        rows, columns = _exact_table(source_height, height), _exact_table(source_width, width)
        kernels.bilinear_exact(source, *rows, *columns, result)
    elif stack.dtype == np.uint8 and interpolation in _PAIRS:
        rows = _bilinear_rows(interpolation, source_height, height)
        columns = _bilinear_columns(interpolation, source_width, width)
        kernels.bilinear(source, *rows, *columns, result)
    elif interpolation in _ANTIALIASED.values() and (stack.dtype.kind != "f" or stack.is_on_device):
        # Floats, which need no rounding between, on a GPU only: there every value is a sum of its own.
        _resize_by_passes(stack, interpolation, source, result)
    else:
        _resize_at_once(stack, interpolation, source, result)


def _resize_at_once(stack: ImageStack, interpolation: str, source: Array, result: Array) -> None:
    """Resize to the shape of ``result`` by weighted sums in floating point, rounded at the end."""
    real = np.dtype(np.float64 if stack.dtype == np.float64 else np.float32)
    rows = _table(interpolation, source.shape[1], result.shape[1], real)
    columns = _table(interpolation, source.shape[2], result.shape[2], real)
    limits = Limits.of(stack.dtype, real)
    stack.kernels(weighted_kernels).weighted(source, *rows, *columns, limits, result)


def _resize_by_passes(stack: ImageStack, interpolation: str, source: Array, result: Array) -> None:
    """Resize one axis after the other, integers rounded after each, in the order of Pillow 13."""
    count, height, width, channels = source.shape
    new_height, new_width = result.shape[1:3]
    if new_height == height or new_width == width:
        _resize_axis(stack, interpolation, source, result)
        return
    is_height_first = new_height < height and height - new_height > 2 * (width - new_width)
    shape = (count, new_height, width) if is_height_first else (count, height, new_width)
    between = stack.empty((*shape, channels))
    _resize_axis(stack, interpolation, source, between)
    _resize_axis(stack, interpolation, between, result)


def _resize_axis(stack: ImageStack, interpolation: str, source: Array, result: Array) -> None:
    """Resize the width, or the height if the width stays."""
    if stack.dtype != np.uint8:
        _resize_at_once(stack, interpolation, source, result)
        return
    kernels = stack.kernels(pass_kernels)
    is_width = source.shape[2] != result.shape[2]
    axis, kernel = (2, kernels.along_rows) if is_width else (1, kernels.along_columns)
    kernel(source, *_fixed_point_table(interpolation, source.shape[axis], result.shape[axis]), result)


_INTERPOLATIONS = ("nearest", "nearest_exact", "bilinear_exact", "bilinear", "bicubic", "area", "lanczos")
_ENLARGED_AREA = "area of an enlarged axis"
# Those with antialiasing, which share nothing with those without.
_ANTIALIASED = {name: f"antialiased {name}" for name in _resampling.FILTERS}

# Three names of the mean of 2 x 2 values, where the result has half the size.
_HALVING = ("bilinear", "bilinear_exact", "area")
# For each dtype, numbers as wide as two values and as four.
_UNITS = {
    np.dtype(np.uint8): (np.uint16(0), np.uint32(0)),
    np.dtype(np.uint16): (np.uint32(0), np.uint64(0)),
}


def _is_half(stack: ImageStack, height: int, width: int) -> bool:
    return stack.shape[1:3] == (2 * height, 2 * width)


def _halves_go_to_even(stack: ImageStack, interpolation: str) -> bool:
    """Whether OpenCV rounds halves to even: where it converts floats, for want of vector code of integers."""
    channels = stack.shape[3]
    if interpolation == "bilinear_exact":
        return channels > 4
    return channels not in (1, 3, 4) or (interpolation == "bilinear" and stack.dtype == np.uint16)


def _centers(source_size: int, target_size: int) -> np.ndarray:
    """Where the center of each target pixel lies among the source pixels."""
    return (np.arange(target_size) + 0.5) * (source_size / target_size) - 0.5


@functools.lru_cache
def _exact_table(source_size: int, target_size: int) -> tuple[np.ndarray, np.ndarray]:
    """For each target index: the first of two source indices, and the fixed-point weight of the second."""
    # Beyond the outermost centers the outermost pixel counts alone. The pair stays inside the image there,
    # so that kernels need no test.
    position = _centers(source_size, target_size).clip(0, source_size - 1)
    first = np.minimum(np.floor(position), max(source_size - 2, 0))
    weight = np.rint((position - first) * (1 << _EXACT_BITS))
    return first.astype(np.uint32), weight.astype(np.uint16)


@functools.lru_cache
def _bilinear_rows(interpolation: str, source_size: int, target_size: int) -> _Taps:
    """For each target row: its two source rows and their weights of 11 bits, as in OpenCV.

    Beyond the outermost centers the outermost row is blended with itself, which rounds in its own way.
    """
    first, fraction = _PAIRS[interpolation](source_size, target_size)
    index = np.stack([first, first + 1]).clip(0, source_size - 1)
    return index.astype(np.uint32), _fixed_point(fraction)


@functools.lru_cache
def _bilinear_columns(interpolation: str, source_size: int, target_size: int) -> _Taps:
    """For each target column: the first of its two source columns, and the weights of both.

    Unlike rows, columns beyond the outermost centers are the outermost column alone.
    """
    first, fraction = _PAIRS[interpolation](source_size, target_size)
    fraction[(first < 0) | (first >= source_size - 1)] = 0
    first = first.clip(0, source_size - 1)
    weights = _fixed_point(fraction)
    # The pair stays inside the image: its second column takes over at the right end.
    if source_size > 1:
        at_end = first == source_size - 1
        first[at_end] -= 1
        weights[:, at_end] = weights[::-1, at_end]
    return first.astype(np.uint32), weights


def _centered_pairs(source_size: int, target_size: int) -> tuple[np.ndarray, np.ndarray]:
    """The first of the two pixels around the center of each target pixel, and the weight of the second."""
    return _split(_centers(source_size, target_size), source_size)


def _split(position: np.ndarray, source_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Integer part and fraction, in the float32 that OpenCV uses while that holds every integer."""
    position = position.astype(np.float32 if source_size <= 1 << 24 else np.float64)
    first = np.floor(position)
    return first, (position - first).astype(np.float32)


def _enlarged_area_pairs(source_size: int, target_size: int) -> tuple[np.ndarray, np.ndarray]:
    """The two pixels that each target pixel covers parts of, as OpenCV has it where it enlarges an axis."""
    inverse_scale = target_size / source_size
    index = np.arange(target_size)
    first = np.floor(index * (1 / inverse_scale))
    beyond = ((index + 1) - (first + 1) * inverse_scale).astype(np.float32)
    return first, np.where(beyond <= 0, np.float32(0), beyond - np.floor(beyond))


_PAIRS = {"bilinear": _centered_pairs, _ENLARGED_AREA: _enlarged_area_pairs}


def _fixed_point(fraction: np.ndarray) -> np.ndarray:
    scale = np.float32(1 << _BILINEAR_BITS)
    return np.rint(np.stack([(1 - fraction) * scale, fraction * scale])).astype(np.int16)


@functools.lru_cache
def _nearest_table(source_size: int, target_size: int) -> np.ndarray:
    """Source index of each target index."""
    # OpenCV's two divisions: one would put some integer positions on the other side of their pixel.
    scale = 1 / (target_size / source_size)
    return np.floor(np.arange(target_size) * scale).clip(0, source_size - 1).astype(np.uint32)


@functools.lru_cache
def _nearest_exact_table(source_size: int, target_size: int) -> np.ndarray:
    """Source index of each target index, by OpenCV's steps of 1/65536 pixel."""
    step = ((source_size << 16) + target_size // 2) // target_size
    index = (np.arange(target_size) * step + (step // 2 - source_size % 2)) >> 16
    return index.clip(0, source_size - 1).astype(np.uint32)


_NEAREST = {"nearest": _nearest_table, "nearest_exact": _nearest_exact_table}


@functools.lru_cache
def _fixed_point_table(interpolation: str, source_size: int, target_size: int) -> _Taps:
    """For each target index the first of its neighbors, and their weights as Pillow rounds them."""
    first, weights = _TAPS[interpolation](source_size, target_size)
    scaled = np.ascontiguousarray(weights.T) * (1 << WEIGHT_BITS)
    return first.astype(np.uint32), np.trunc(scaled + np.copysign(0.5, scaled)).astype(np.int32)


@functools.lru_cache
def _table(interpolation: str, source_size: int, target_size: int, dtype: np.dtype) -> _Taps:
    """Taps as kernels want them: an even number of weights for each target index."""
    first, weights = _TAPS[interpolation](source_size, target_size)
    if len(weights) % 2:
        weights = np.pad(weights, ((0, 1), (0, 0)))
    return first.astype(np.int64), weights.astype(dtype)


def _bilinear_taps(source_size: int, target_size: int) -> _Taps:
    position = _centers(source_size, target_size)
    first = np.floor(position)
    return first, np.stack([1 - (position - first), position - first])


def _bicubic_taps(source_size: int, target_size: int) -> _Taps:
    """Keys' cubic with a = -0.75, as in OpenCV; beyond the border the outermost pixel repeats."""
    position = _centers(source_size, target_size)
    first = np.floor(position)
    offsets = np.arange(-1, 3)[:, np.newaxis]
    t = np.abs(position - first - offsets)
    a = -0.75
    near, far = ((a + 2) * t - (a + 3)) * t * t + 1, ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return first - 1, np.where(t <= 1, near, far)


def _area_taps(source_size: int, target_size: int) -> _Taps:
    """Weigh each source pixel by the share of the target pixel that it covers."""
    # In whole numbers, as parts of a source pixel, so that what is not covered has a weight of 0.
    start = np.arange(target_size) * source_size
    stop = start + source_size
    first = start // target_size
    index = first + np.arange((-(-stop // target_size) - first).max())[:, np.newaxis]
    overlap = np.minimum(stop, (index + 1) * target_size) - np.maximum(start, index * target_size)
    return first, overlap.clip(0, None) / source_size


def _enlarged_area_taps(source_size: int, target_size: int) -> _Taps:
    first, fraction = _enlarged_area_pairs(source_size, target_size)
    return first, np.stack([1 - fraction, fraction])


_TAPS: dict[str, Callable[[int, int], _Taps]] = {
    "bilinear": _bilinear_taps,
    "bicubic": _bicubic_taps,
    "area": _area_taps,
    _ENLARGED_AREA: _enlarged_area_taps,
    **{_ANTIALIASED[name]: functools.partial(_resampling.taps, name) for name in _ANTIALIASED},
}
