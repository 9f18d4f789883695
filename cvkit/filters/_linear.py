"""Linear filters on either target: taps with their weights, and how a sum becomes a value.

``rounding`` is a tuple whose length chooses the arithmetic while a kernel is compiled:

``AS_IT_IS``                             the sum is the value
``fixed_point(...)``: (half, bits)       weights are whole numbers of 2**-bits; round half up
``quotient(...)``: (half, factor, bits)   divide sums of 16 bits by a whole number; round to the nearest
``real(...)``: (scale, delta, low, high, whole)   scale, add, saturate to [low, high], round half to even
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from cvkit._dispatch import Array, Batch

Rounding = tuple[Any, ...]
Weights = tuple[float, ...]
Plane = tuple[Weights, ...]
Terms = tuple[tuple[Weights, Weights], ...]

AS_IT_IS: Rounding = (np.int32(0),)


@functools.lru_cache
def fixed_point(bits: int, dtype: npt.DTypeLike) -> Rounding:
    """Round sums of weights that have ``bits`` bits of fraction."""
    number = np.dtype(dtype).type
    return number(1 << (bits - 1)), number(bits)


@functools.lru_cache(maxsize=256)
def quotient(divisor: int, largest: int) -> Rounding | None:
    """Divide sums up to ``largest`` by an odd number, in arithmetic of 16 bits; None where that is not exact.

    The quotient is ``(sum + divisor // 2) * factor >> (16 + bits)``.
    """
    largest += divisor // 2
    bits = divisor.bit_length() - 1
    factor = -(-(1 << (16 + bits)) // divisor)
    # The factor is too large by this many parts of the divisor, which must not add up to one in the quotient.
    excess = factor * divisor - (1 << (16 + bits))
    if max(largest, factor) >= 1 << 16 or largest * excess >= 1 << (16 + bits):
        return None
    return np.uint16(divisor // 2), np.uint16(factor), np.uint16(bits)


@functools.lru_cache(maxsize=256)
def real(
    sum_dtype: npt.DTypeLike, out_dtype: npt.DTypeLike, *, scale: float = 1.0, delta: float = 0.0
) -> Rounding:
    """Round and saturate float sums to integers as OpenCV's ``saturate_cast``, or pass floats through."""
    number: Any = np.dtype(sum_dtype).type
    if np.dtype(out_dtype).kind == "f":
        return number(scale), number(delta), number(-np.inf), number(np.inf), number(0)
    limits = np.iinfo(out_dtype)
    # Adding 1.5 * 2**(bits of the mantissa) leaves no bits for a fraction; subtracting it leaves the rest.
    whole = 1.5 * 2.0 ** np.finfo(number).nmant
    return number(scale), number(delta), number(limits.min), number(limits.max), number(whole)


@functools.lru_cache
def float_dtype(*dtypes: npt.DTypeLike) -> np.dtype:
    """Dtype for float sums over images of these dtypes."""
    return np.dtype(np.float64 if any(np.dtype(dtype) == np.float64 for dtype in dtypes) else np.float32)


def _taps(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns of ``weights`` that are not all 0, and their indices.

    Kernels take 2, 3, 5, 6, 7, 9... taps; where that is another count, one of weight 0 is added.
    """
    indices = np.flatnonzero(weights.any(axis=0)) if weights.any() else np.zeros(1, np.intp)
    kept = weights[:, indices]
    if len(indices) == 1 or len(indices) % 4 == 0:
        indices = np.append(indices, indices[-1])
        kept = np.pad(kept, ((0, 0), (0, 1)))
    return indices, kept


@functools.lru_cache(maxsize=256)
def _separable_taps(terms: Terms, y_dtype: np.dtype, x_dtype: np.dtype) -> tuple[np.ndarray, ...]:
    """Offsets and weights along y, and terms, offsets and weights along x, of a sum of separable kernels.

    The last array holds the sum of each term's weights along y. Cached, because NumPy needs half as long for
    it as Sobel's kernel for a picture of 1920 x 1080.
    """
    y_kernels = np.array([kernel_y for kernel_y, _ in terms], np.float64)
    y_indices, y_weights = _taps(y_kernels)
    x_sizes = [len(kernel_x) for _, kernel_x in terms]
    x_indices, x_weights = _taps(np.array([[weight for _, kernel_x in terms for weight in kernel_x]]))
    x_terms = np.repeat(np.arange(len(terms)), x_sizes)
    x_offsets = np.concatenate([np.arange(size) - size // 2 for size in x_sizes])
    y_offsets = y_indices - y_kernels.shape[1] // 2
    return (
        y_offsets,
        y_weights.astype(y_dtype),
        x_terms[x_indices],
        x_offsets[x_indices],
        x_weights[0].astype(x_dtype),
        y_weights.astype(y_dtype).sum(axis=1, dtype=y_dtype),
    )


@functools.lru_cache(maxsize=256)
def product(kernel_y: Weights, kernel_x: Weights) -> Plane:
    """The kernel of two dimensions that a separable kernel stands for."""
    return tuple(map(tuple, np.outer(kernel_y, kernel_x).tolist()))


@functools.lru_cache(maxsize=256)
def is_of_three_differences(kernel: Plane) -> bool:
    """Whether a kernel is a first derivative of 3 x 3, for which the planar filter has a loop of its own."""
    return np.shape(kernel) == (3, 3) and np.count_nonzero(kernel) == 6


@functools.lru_cache(maxsize=256)
def _planar_taps(sum_dtype: np.dtype, *kernels: Plane) -> tuple[np.ndarray, ...]:
    """Offsets in y and x of the taps of kernels of two dimensions and one size, and the weights of each."""
    planes = np.array(kernels, np.float64)
    count, height, width = planes.shape
    indices, weights = _taps(planes.reshape(count, -1))
    rows, columns = np.divmod(indices, width)
    return rows - height // 2, columns - width // 2, weights.astype(sum_dtype)


def separable(
    batch: Batch,
    terms: Terms,
    out: Array,
    *,
    sum_dtypes: tuple[np.dtype, np.dtype],
    rounding: Rounding,
    border: int,
    border_value: float = 0,
) -> None:
    """Filter by the sum of separable kernels ``(kernel_y, kernel_x)``; the middle tap of each is its anchor.

    ``sum_dtypes`` hold the sums along y, then along x; with ``AS_IT_IS`` the second is the dtype of ``out``.
    """
    if 0 in batch.shape:
        return
    *taps, gains = _separable_taps(terms, *sum_dtypes)
    value = batch.dtype.type(border_value)
    batch.kernels("cvkit.filters", "linear").separable(
        batch.array,
        *taps,
        border,
        value,
        gains * gains.dtype.type(value),
        rounding,
        out,
    )


def correlate(
    batch: Batch,
    kernel: Plane,
    out: Array,
    *,
    sum_dtype: np.dtype,
    rounding: Rounding,
    border: int,
    border_value: float = 0,
) -> None:
    """Filter by one kernel of two dimensions; its middle tap is its anchor."""
    if 0 in batch.shape:
        return
    y_offsets, x_offsets, weights = _planar_taps(sum_dtype, kernel)
    batch.kernels("cvkit.filters", "planar").correlate(
        batch.array,
        y_offsets,
        x_offsets,
        weights[0],
        border,
        batch.dtype.type(border_value),
        rounding,
        out,
    )


def add_magnitude(
    batch: Batch,
    kernels: tuple[Plane, Plane],
    out: Array,
    *,
    shares: tuple[float, float],
    sum_dtype: np.dtype,
    rounding: Rounding,
    border: int,
) -> None:
    """Add shares of the image and of the magnitude of the gradient that two kernels give; the border is 0."""
    if 0 in batch.shape:
        return
    y_offsets, x_offsets, weights = _planar_taps(sum_dtype, *kernels)
    batch.kernels("cvkit.filters", "planar").add_magnitude(
        batch.array,
        y_offsets,
        x_offsets,
        weights,
        border,
        sum_dtype.type(shares[0]),
        sum_dtype.type(shares[1]),
        rounding,
        out,
    )
