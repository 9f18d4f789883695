"""Linear filters on either target: taps with their weights, and how a sum becomes a value.

``rounding`` is a tuple whose length chooses the arithmetic while a kernel is compiled:

``AS_IT_IS``                             the sum is the value
``fixed_point(...)``: (half, bits)       weights are whole numbers of 2**-bits; round half up
``real(...)``: (scale, delta, low, high, whole)   scale, add, saturate to [low, high], round half to even
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cvkit._dispatch import Array, Batch

Rounding = tuple[Any, ...]

AS_IT_IS: Rounding = (np.int32(0),)


def fixed_point(bits: int, dtype: npt.DTypeLike) -> Rounding:
    """Round sums of weights that have ``bits`` bits of fraction."""
    number = np.dtype(dtype).type
    return number(1 << (bits - 1)), number(bits)


def real(
    sum_dtype: npt.DTypeLike, out_dtype: npt.DTypeLike, *, scale: float = 1.0, delta: float = 0.0
) -> Rounding:
    """Round and saturate float sums to integers as OpenCV's ``saturate_cast``, or pass floats through."""
    number = np.dtype(sum_dtype).type
    if np.dtype(out_dtype).kind == "f":
        return number(scale), number(delta), number(-np.inf), number(np.inf), number(0)
    limits = np.iinfo(out_dtype)
    # Adding and subtracting 1.5 * 2**(bits of the mantissa) leaves a whole number: the sum has no bits for less.
    whole = 1.5 * 2.0 ** np.finfo(number).nmant
    return number(scale), number(delta), number(limits.min), number(limits.max), number(whole)


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


def separable(
    batch: Batch,
    terms: Sequence[tuple[np.ndarray, np.ndarray]],
    out: Array,
    *,
    sum_dtypes: tuple[npt.DTypeLike, npt.DTypeLike],
    rounding: Rounding,
    border: int,
    border_value: float = 0,
) -> None:
    """Filter by the sum of separable kernels ``(kernel_y, kernel_x)``; the middle tap of each is its anchor.

    ``sum_dtypes`` hold the sums along y and then along x; with ``AS_IT_IS`` the second is the dtype of ``out``.
    """
    if 0 in batch.shape:
        return
    y_dtype, x_dtype = map(np.dtype, sum_dtypes)
    y_kernels = np.array([kernel_y for kernel_y, _ in terms])
    y_indices, y_weights = _taps(y_kernels)
    x_sizes = [len(kernel_x) for _, kernel_x in terms]
    x_indices, x_weights = _taps(np.concatenate([kernel_x for _, kernel_x in terms])[np.newaxis])
    x_terms = np.repeat(np.arange(len(terms)), x_sizes)
    x_offsets = np.concatenate([np.arange(size) - size // 2 for size in x_sizes])
    value = batch.dtype.type(border_value)
    batch.kernels("cvkit.filters", "linear").separable(
        batch.array,
        y_indices - y_kernels.shape[1] // 2,
        y_weights.astype(y_dtype),
        x_terms[x_indices],
        x_offsets[x_indices],
        x_weights[0].astype(x_dtype),
        border,
        value,
        (y_weights.sum(axis=1) * value).astype(y_dtype),
        rounding,
        out,
    )


def correlate(
    batch: Batch,
    kernel: np.ndarray,
    out: Array,
    *,
    sum_dtype: npt.DTypeLike,
    rounding: Rounding,
    border: int,
    border_value: float = 0,
) -> None:
    """Filter by one kernel of two dimensions; its middle tap is its anchor."""
    if 0 in batch.shape:
        return
    y_offsets, x_offsets, weights = planar_taps(kernel, sum_dtype)
    batch.kernels("cvkit.filters", "linear").correlate(
        batch.array,
        y_offsets,
        x_offsets,
        weights,
        border,
        batch.dtype.type(border_value),
        rounding,
        out,
    )


def planar_taps(kernel: np.ndarray, dtype: npt.DTypeLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offsets in y and x and weights of the taps of a kernel of two dimensions."""
    height, width = kernel.shape
    indices, weights = _taps(kernel.reshape(1, -1))
    rows, columns = np.divmod(indices, width)
    return rows - height // 2, columns - width // 2, weights[0].astype(dtype)
