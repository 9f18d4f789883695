"""Linear filters on either target: :func:`plan` chooses the kernel that applies some weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from cvkit import _validate
from cvkit._border import BORDERS
from cvkit._dispatch import Array, ImageStack
from cvkit._jit import CpuKernel
from cvkit.filters import _rounding
from cvkit.filters._cpu import linear as linear_kernels
from cvkit.filters._cpu import one_pass as one_pass_kernels
from cvkit.filters._cpu import planar as planar_kernels
from cvkit.filters._cpu import smoothing as smoothing_kernels
from cvkit.filters._math import ColumnTaps, FixedPoint, PlanarTaps, RowTaps
from cvkit.filters._rounding import Rounding

Weights: TypeAlias = tuple[float, ...]
Plane: TypeAlias = tuple[Weights, ...]
Term: TypeAlias = tuple[Weights, Weights]


class Box(NamedTuple):
    """A sum over boxes."""

    height: int
    width: int


class Separable(NamedTuple):
    """A sum of products of a column of weights, down the image, and a row."""

    terms: tuple[Term, ...]


class Planar(NamedTuple):
    """Weights of two dimensions."""

    weights: Plane


class Magnitude(NamedTuple):
    """Shares of the image and of the magnitude of its gradient, which two kernels of one size give."""

    kernels: tuple[Plane, Plane]
    shares: tuple[float, float]


class Arithmetic(NamedTuple):
    """How taps are summed and rounded."""

    column_dtype: np.dtype  # of sums down the columns
    sum_dtype: np.dtype  # of sums of these along the rows, or of all taps where columns are not summed first
    rounding: Rounding
    out_dtype: np.dtype


class Border(NamedTuple):
    """What lies beyond an image."""

    mode: int
    value: Any  # of the image's dtype

    @classmethod
    def of(cls, border: str, dtype: np.dtype, value: float = 0) -> Border:
        """Check what a caller asks for."""
        return cls(_validate.one_of(border, BORDERS, "border"), _validate.border_value(value, dtype)[0])


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
        What the kernel takes that filters images on the CPU in one pass.
    channels_in_one_pass : tuple of int
        Of such images.
    """

    out_dtype: np.dtype
    kernel: CpuKernel
    arguments: tuple[Any, ...]
    in_one_pass: tuple[Any, ...] | None = None
    channels_in_one_pass: tuple[int, ...] = ()

    def apply(self, stack: ImageStack) -> Array:
        """Filter and give back the caller's kind of array."""
        out = stack.output(dtype=self.out_dtype)
        if 0 in out.shape:
            return stack.restore(out)
        channels = out.shape[3]
        if self.in_one_pass is not None and channels in self.channels_in_one_pass and not stack.is_on_device:
            one_pass_kernels.separable_in_one_pass(stack.array, (0,) * channels, *self.in_one_pass, out)
        else:
            stack.twin(self.kernel)(stack.array, *self.arguments, out)
        return stack.restore(out)


def plan(
    weights: Box | Separable | Planar | Magnitude,
    arithmetic: Arithmetic,
    border: Border,
    *,
    one_pass_arithmetic: Arithmetic | None = None,
) -> Filter:
    """Choose the kernel, the first of these that serves; the middle weight of each axis is its anchor.

    =====================  =========================================  =======================================
    kernel                 serves                                     because
    =====================  =========================================  =======================================
    separable_in_one_pass  gray images on the CPU: a box, or one      sums of columns stay in registers,
                           column and row, of up to 5 x 5 weights;    or in the first cache
                           the latter for unsigned RGB ones, too
    box                    other boxes                                its time does not grow with the height
    correlate              first derivatives of 3 x 3 of uint8        one loop of three differences is faster
                                                                      than two with sums between them
    separable              other columns and rows, and sums of these  it reads height + width values for each
    correlate              other weights                              it reads height x width values for each
    add_magnitude          magnitudes of gradients                    it is the only one
    =====================  =========================================  =======================================

    ``one_pass_arithmetic`` is for the first of these, where it is not the same as for the others.
    """
    short = None
    match weights:
        case Box():
            term = (1.0,) * weights.height, (1.0,) * weights.width
            short = _in_one_pass(term, one_pass_arithmetic or arithmetic, border)
            kernel, arguments = smoothing_kernels.box, _box(weights, arithmetic, border)
        case Separable(terms):
            if len(terms) == 1:
                short = _in_one_pass(terms[0], arithmetic, border)
            if border.value.dtype == np.uint8 and _is_first_derivative_of_three(terms):
                kernel, arguments = planar_kernels.correlate, _planar(_product(terms[0]), arithmetic, border)
            else:
                kernel, arguments = linear_kernels.separable, _separable(terms, arithmetic, border)
        case Planar(plane):
            kernel, arguments = planar_kernels.correlate, _planar(plane, arithmetic, border)
        case Magnitude():
            kernel, arguments = planar_kernels.add_magnitude, _magnitude(weights, arithmetic, border)
    channels = (1,) if isinstance(weights, Box) else _channels_in_one_pass(arithmetic, border)
    return Filter(arithmetic.out_dtype, kernel, arguments, short, channels)


def _product(term: Term) -> Plane:
    """Return the kernel of two dimensions that a column and a row stand for."""
    return tuple(map(tuple, np.outer(*term).tolist()))


def _is_first_derivative_of_three(terms: tuple[Term, ...]) -> bool:
    """Whether 3 x 3 weights are two rows or columns, for which the planar filter has a loop of its own."""
    if len(terms) > 1 or tuple(map(len, terms[0])) != (3, 3):
        return False
    return np.count_nonzero(np.outer(*terms[0])) == 6


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


def _separable(terms: tuple[Term, ...], arithmetic: Arithmetic, border: Border) -> tuple[Any, ...]:
    column_dtype, sum_dtype = arithmetic.column_dtype, arithmetic.sum_dtype
    y_kernels = np.array([kernel_y for kernel_y, _ in terms], np.float64)
    y_indices, y_weights = _taps(y_kernels, column_dtype)
    x_sizes = [len(kernel_x) for _, kernel_x in terms]
    x_kernels = np.array([[weight for _, kernel_x in terms for weight in kernel_x]])
    x_indices, x_weights = _taps(x_kernels, sum_dtype)
    x_terms = np.repeat(np.arange(len(terms)), x_sizes)
    x_offsets = np.concatenate([np.arange(size) - size // 2 for size in x_sizes])
    y_taps = ColumnTaps(y_indices - y_kernels.shape[1] // 2, y_weights)
    x_taps = RowTaps(x_terms[x_indices], x_offsets[x_indices], x_weights[0])
    with np.errstate(over="ignore", invalid="ignore"):
        outside_columns = y_taps.weights.sum(axis=1, dtype=column_dtype) * column_dtype.type(border.value)
    return y_taps, x_taps, *border, outside_columns, arithmetic.rounding


def _planar(kernel: Plane, arithmetic: Arithmetic, border: Border) -> tuple[Any, ...]:
    y_offsets, x_offsets, weights = _planar_taps(arithmetic.sum_dtype, kernel)
    return PlanarTaps(y_offsets, x_offsets, weights[0]), *border, arithmetic.rounding


def _magnitude(magnitude: Magnitude, arithmetic: Arithmetic, border: Border) -> tuple[Any, ...]:
    taps = _planar_taps(arithmetic.sum_dtype, *magnitude.kernels)
    return taps, *border, tuple(map(arithmetic.sum_dtype.type, magnitude.shares)), arithmetic.rounding


def _planar_taps(sum_dtype: np.dtype, *kernels: Plane) -> PlanarTaps:
    """Taps of kernels of two dimensions and one size."""
    planes = np.array(kernels, np.float64)
    count, height, width = planes.shape
    indices, weights = _taps(planes.reshape(count, -1), sum_dtype)
    rows, columns = np.divmod(indices, width)
    return PlanarTaps(rows - height // 2, columns - width // 2, weights)


def _box(box: Box, arithmetic: Arithmetic, border: Border) -> tuple[Any, ...]:
    column_dtype, sum_dtype = arithmetic.column_dtype, arithmetic.sum_dtype
    with np.errstate(over="ignore"):
        outside_column = np.array([border.value], column_dtype) * column_dtype.type(box.height)
        outside_box = outside_column.astype(sum_dtype) * sum_dtype.type(box.width)
    return tuple(box), *border, outside_column, outside_box, arithmetic.rounding


def _channels_in_one_pass(arithmetic: Arithmetic, border: Border) -> tuple[int, ...]:
    """Gray, and RGB where values are unsigned and sums integers: even and odd ones are taken apart."""
    has_integer_sums = "f" not in (arithmetic.column_dtype.kind, arithmetic.sum_dtype.kind)
    is_unsigned = arithmetic.out_dtype.kind == "u" and border.value.dtype == arithmetic.out_dtype
    return (1, 3) if has_integer_sums and is_unsigned else (1,)


def _in_one_pass(term: Term, arithmetic: Arithmetic, border: Border) -> tuple[Any, ...] | None:
    """Arguments of the kernel that filters in one pass.

    None for more than 5 x 5 weights, or where weights of 0 would let infinite values and NaN reach further
    than the kernel does.
    """
    longest = max(map(len, term))
    if longest > 5:
        return None
    size = 3 if longest <= 3 else 5
    column_dtype, sum_dtype, rounding, _ = arithmetic
    if isinstance(rounding, FixedPoint) and sum_dtype.itemsize == 2 * column_dtype.itemsize:
        sum_dtype, rounding = column_dtype, _rounding.in_halves(rounding, column_dtype)
    y_weights, x_weights = (
        _short_weights(term[0], size, column_dtype),
        _short_weights(term[1], size, sum_dtype),
    )
    if column_dtype.kind == "f" and 0 in (*y_weights, *x_weights):
        return None
    reach = tuple(range(1, size // 2 + 1))
    return reach, y_weights, x_weights, np.empty(0, column_dtype), np.empty(0, sum_dtype), *border, rounding


def _short_weights(kernel: Weights, size: int, dtype: np.dtype) -> tuple[Any, ...]:
    """Weights of 3 or 5 taps in the shortest form that ``cvkit.filters._cpu.one_pass`` knows."""
    before = size // 2 - len(kernel) // 2
    weights = (0.0,) * before + kernel + (0.0,) * (size - len(kernel) - before)
    if weights in ((-1, 0, 1), (1, 1, 1, 1, 1)):
        return ()
    if weights == weights[::-1]:
        weights = weights[weights[0] == 1 : size // 2 + 1]
    return tuple(map(dtype.type, weights))
