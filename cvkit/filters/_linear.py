"""Linear filters on either target: taps with their weights, and how a sum becomes a value.

``rounding`` is a tuple whose length chooses the arithmetic while a kernel is compiled:

``AS_IT_IS``: ()                         the sum is the value
``saturated(...)``: (largest,)           a larger sum, which is not negative, becomes the largest value
``fixed_point(...)``: (half, bits)       weights are whole numbers of 2**-bits; round half up
``quotient(...)``: (half, factor, bits)   divide sums of 16 bits by a whole number; round to the nearest
``scaled(...)``: (scale, delta, low, high)   saturate the sum, scale, add, round half to even
``real(...)``: (scale, delta, low, high, whole)   scale, add, saturate to [low, high], round half to even
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cvkit._dispatch import Array, ImageStack
from cvkit._jit import CpuKernel
from cvkit.filters._cpu import linear as linear_kernels
from cvkit.filters._cpu import one_pass as one_pass_kernels
from cvkit.filters._cpu import planar as planar_kernels

Rounding = tuple[Any, ...]
Weights = tuple[float, ...]
Plane = tuple[Weights, ...]
Terms = tuple[tuple[Weights, Weights], ...]

AS_IT_IS: Rounding = ()


@functools.lru_cache
def saturated(sum_dtype: np.dtype, out_dtype: np.dtype) -> Rounding:
    """Store unsigned sums in a narrower dtype."""
    return (sum_dtype.type(np.iinfo(out_dtype).max),)


@functools.lru_cache
def fixed_point(bits: int, dtype: npt.DTypeLike) -> Rounding:
    """Round sums of weights that have ``bits`` bits of fraction."""
    number = np.dtype(dtype).type
    return number((1 << bits) >> 1), number(bits)


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


def check_fits(values: npt.ArrayLike, dtype: npt.DTypeLike, name: str) -> None:
    """Check that numbers are finite in the dtype of sums, too: infinity times 0 were NaN."""
    largest = np.finfo(dtype).max
    if np.abs(values).max() > largest:
        raise ValueError(f"{name} must be from {-largest} to {largest}, got {values!r}")


@functools.lru_cache(maxsize=256)
def real(
    sum_dtype: npt.DTypeLike, out_dtype: npt.DTypeLike, *, scale: float = 1.0, delta: float = 0.0
) -> Rounding:
    """Round and saturate float sums to integers as OpenCV's ``saturate_cast``, or pass floats through."""
    number: Any = np.dtype(sum_dtype).type
    check_fits(scale, number, "scale")
    check_fits(delta, number, "delta")
    if np.dtype(out_dtype).kind == "f":
        return number(scale), number(delta), number(-np.inf), number(np.inf), number(0)
    limits = np.iinfo(out_dtype)
    # Adding 1.5 * 2**(bits of the mantissa) leaves no bits for a fraction; subtracting it leaves the rest.
    whole = 1.5 * 2.0 ** np.finfo(number).nmant
    return number(scale), number(delta), number(limits.min), number(limits.max), number(whole)


@functools.lru_cache(maxsize=256)
def scaled(dtype: np.dtype, *, scale: float, delta: float) -> Rounding:
    """Scale sums of 16 bits and store them in their dtype; the same as :func:`real`, in half the time.

    Sums are saturated before they are scaled, in lanes half as wide, if that gives the same result.
    """
    limits = np.iinfo(dtype)
    number = np.float32
    check_fits(scale, number, "scale")
    check_fits(delta, number, "delta")
    sums = np.arange(limits.min, limits.max + 1)
    values = np.rint(sums * float(number(scale)) + float(number(delta)))
    fitting = sums[(values >= limits.min) & (values <= limits.max)]
    if len(fitting):
        low, high = fitting[[0, -1]]
        if np.array_equal(values[sums.clip(low, high) - limits.min], values.clip(limits.min, limits.max)):
            return number(scale), number(delta), dtype.type(low), dtype.type(high)
    return real(number, dtype, scale=scale, delta=delta)


@functools.lru_cache
def float_dtype(*dtypes: npt.DTypeLike) -> np.dtype:
    """Dtype for float sums over images of these dtypes."""
    return np.dtype(np.float64 if any(np.dtype(dtype) == np.float64 for dtype in dtypes) else np.float32)


def _taps(weights: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Columns of ``weights`` that are not all 0, and their indices.

    Kernels take 2, 3, 5, 6, 7, 9... taps; where that is another count, one tap is made two. Of floats they
    have half its weight each, because infinity times 0 were NaN.
    """
    indices = np.flatnonzero(weights.any(axis=0)) if weights.any() else np.zeros(1, np.intp)
    kept = weights[:, indices]
    if len(indices) == 1 or len(indices) % 4 == 0:
        # The one that the CPU adds to the last before any other: the sum of the halves is exact.
        twin = 0 if len(indices) <= 4 else len(indices) - 3
        indices = np.append(indices, indices[twin])
        kept = np.hstack([kept, np.zeros_like(kept[:, :1])])
        if dtype.kind == "f":
            kept[:, -1] = kept[:, twin] = kept[:, twin] / 2
    return indices, kept.astype(dtype)


@functools.lru_cache(maxsize=256)
def _separable_taps(terms: Terms, y_dtype: np.dtype, x_dtype: np.dtype) -> tuple[np.ndarray, ...]:
    """Offsets and weights along y, and terms, offsets and weights along x, of a sum of separable kernels.

    The last array holds the sum of each term's weights along y. Cached, because NumPy needs half as long for
    it as Sobel's kernel for a picture of 1920 x 1080.
    """
    y_kernels = np.array([kernel_y for kernel_y, _ in terms], np.float64)
    y_indices, y_weights = _taps(y_kernels, y_dtype)
    x_sizes = [len(kernel_x) for _, kernel_x in terms]
    x_indices, x_weights = _taps(
        np.array([[weight for _, kernel_x in terms for weight in kernel_x]]), x_dtype
    )
    x_terms = np.repeat(np.arange(len(terms)), x_sizes)
    x_offsets = np.concatenate([np.arange(size) - size // 2 for size in x_sizes])
    y_offsets = y_indices - y_kernels.shape[1] // 2
    return (
        y_offsets,
        y_weights,
        x_terms[x_indices],
        x_offsets[x_indices],
        x_weights[0],
        y_weights.sum(axis=1, dtype=y_dtype),
    )


@functools.lru_cache(maxsize=256)
def _one_pass_taps(
    kernel_y: Weights, kernel_x: Weights, y_dtype: np.dtype, x_dtype: np.dtype
) -> tuple[Any, ...] | None:
    """Reach, weights along y and x, and arrays of the dtypes of sums, of kernels of up to 5 weights.

    They are what ``cvkit.filters._cpu.one_pass`` takes.

    None where weights of 0 would let infinite values and NaN reach further than the kernel does.
    """
    size = 3 if max(len(kernel_y), len(kernel_x)) <= 3 else 5
    weights_y = _short_weights(kernel_y, size, y_dtype)
    weights_x = _short_weights(kernel_x, size, x_dtype)
    if y_dtype.kind == "f" and 0 in (*weights_y, *weights_x):
        return None
    reach = tuple(range(1, size // 2 + 1))
    return reach, weights_y, weights_x, np.empty(0, y_dtype), np.empty(0, x_dtype)


def _short_weights(kernel: Weights, size: int, dtype: np.dtype) -> tuple[Any, ...]:
    """Weights of 3 or 5 taps in the shortest form that ``cvkit.filters._cpu.one_pass`` knows."""
    before = size // 2 - len(kernel) // 2
    weights = (0.0,) * before + kernel + (0.0,) * (size - len(kernel) - before)
    if weights in ((-1, 0, 1), (1, 1, 1, 1, 1)):
        return ()
    if weights == weights[::-1]:
        weights = weights[weights[0] == 1 : size // 2 + 1]
    return tuple(map(dtype.type, weights))


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
    indices, weights = _taps(planes.reshape(count, -1), sum_dtype)
    rows, columns = np.divmod(indices, width)
    return rows - height // 2, columns - width // 2, weights


@dataclass(frozen=True)
class Filter:
    """A filter for images of one dtype, with all that its kernel takes between the image and the result.

    Parameters
    ----------
    out_dtype : numpy.dtype
        Of the result.
    kernel : CpuKernel
        The CPU twin of the kernel.
    arguments : tuple
        What the kernel takes.
    in_one_pass : tuple, optional
        What the kernel takes that filters gray images on the CPU in one pass.
    """

    out_dtype: np.dtype
    kernel: CpuKernel
    arguments: tuple[Any, ...]
    in_one_pass: tuple[Any, ...] | None = None

    def apply(self, stack: ImageStack) -> Array:
        """Filter and give back the caller's kind of array."""
        out = stack.empty(dtype=self.out_dtype)
        if 0 in out.shape:
            return stack.restore(out)
        if self.in_one_pass is not None and out.shape[3] == 1 and not stack.is_on_device:
            one_pass_kernels.separable_in_one_pass(stack.array, *self.in_one_pass, out)
        else:
            stack.twin(self.kernel)(stack.array, *self.arguments, out)
        return stack.restore(out)


def in_one_pass(
    dtype: np.dtype,
    term: tuple[Weights, Weights],
    *,
    sum_dtypes: tuple[np.dtype, np.dtype],
    rounding: Rounding,
    border: int,
    border_value: float = 0,
) -> tuple[Any, ...] | None:
    """Arguments for filtering gray images by a separable kernel, None if it has more than 5 x 5 weights.

    ``sum_dtypes`` hold the sums along y, then along x.
    """
    if max(map(len, term)) > 5:
        return None
    taps = _one_pass_taps(*term, *sum_dtypes)
    return None if taps is None else (*taps, border, dtype.type(border_value), rounding)


def separable(
    dtype: np.dtype,
    terms: Terms,
    out_dtype: np.dtype,
    *,
    sum_dtypes: tuple[np.dtype, np.dtype],
    rounding: Rounding,
    border: int,
    border_value: float = 0,
) -> Filter:
    """Filter by the sum of separable kernels ``(kernel_y, kernel_x)``; the middle tap of each is its anchor.

    ``sum_dtypes`` hold the sums along y, then along x; with ``AS_IT_IS`` the second is ``out_dtype``.
    """
    short = None
    if len(terms) == 1:
        # Of longer ones, the whole plane would have too many weights.
        is_short = dtype == np.uint8 and max(map(len, terms[0])) <= 3
        kernel = product(*terms[0]) if is_short else ()
        short = in_one_pass(
            dtype,
            terms[0],
            sum_dtypes=sum_dtypes,
            rounding=rounding,
            border=border,
            border_value=border_value,
        )
        if is_of_three_differences(kernel):
            # Three differences in one loop are faster than two passes with a row of sums between them.
            arguments = _planar_arguments(dtype, kernel, sum_dtypes[1], rounding, border, border_value)
            return Filter(out_dtype, planar_kernels.correlate, arguments, short)
    *taps, gains = _separable_taps(terms, *sum_dtypes)
    value = dtype.type(border_value)
    with np.errstate(over="ignore", invalid="ignore"):
        outside_columns = gains * gains.dtype.type(value)
    arguments = (*taps, border, value, outside_columns, rounding)
    return Filter(out_dtype, linear_kernels.separable, arguments, short)


def correlate(
    dtype: np.dtype,
    kernel: Plane,
    out_dtype: np.dtype,
    *,
    sum_dtype: np.dtype,
    rounding: Rounding,
    border: int,
    border_value: float = 0,
) -> Filter:
    """Filter by one kernel of two dimensions; its middle tap is its anchor."""
    arguments = _planar_arguments(dtype, kernel, sum_dtype, rounding, border, border_value)
    return Filter(out_dtype, planar_kernels.correlate, arguments)


def _planar_arguments(
    dtype: np.dtype, kernel: Plane, sum_dtype: np.dtype, rounding: Rounding, border: int, border_value: float
) -> tuple[Any, ...]:
    y_offsets, x_offsets, weights = _planar_taps(sum_dtype, kernel)
    return y_offsets, x_offsets, weights[0], border, dtype.type(border_value), rounding


def add_magnitude(
    stack: ImageStack,
    kernels: tuple[Plane, Plane],
    out: Array,
    *,
    shares: tuple[float, float],
    sum_dtype: np.dtype,
    rounding: Rounding,
    border: int,
) -> None:
    """Add shares of the image and of the magnitude of the gradient that two kernels give; the border is 0."""
    if 0 in stack.shape:
        return
    y_offsets, x_offsets, weights = _planar_taps(sum_dtype, *kernels)
    stack.kernels(planar_kernels).add_magnitude(
        stack.array,
        y_offsets,
        x_offsets,
        weights,
        border,
        sum_dtype.type(shares[0]),
        sum_dtype.type(shares[1]),
        rounding,
        out,
    )
