"""Every check on an argument and its message: the argument's name, what was given, what is accepted."""

from __future__ import annotations

import functools
import inspect
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

IMAGE_DTYPES: tuple[type, ...] = (np.uint8, np.uint16, np.float32, np.float64)
# Of operations that take derivatives, depths and computed tomograms, too.
SIGNED_DTYPES = (*IMAGE_DTYPES, np.int16)

# Of an image. Kernels number rows and columns, not values, in 32 bits.
LARGEST_SIDE = (1 << 31) - 1
# Of a kernel: its weights are listed, and sums over it fit in 64 bits.
LARGEST_KERNEL = (1 << 20) - 1


def names_of(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)


def host_array(value: Any, name: str) -> np.ndarray:
    """View what NumPy can read as a plain array; not masked ones, whose hidden values would count."""
    if type(value) is np.ndarray:
        return value
    if _is_masked(value):
        raise TypeError(f"{name} must not be a masked array, whose mask would be lost; fill it first")
    try:
        return _as_numpy(value)
    except (ValueError, BufferError) as error:  # lists of different lengths, memory of another processor
        raise TypeError(f"{name} must be an array, got {type(value).__name__}: {error}") from None


def _as_numpy(value: Any) -> np.ndarray:
    """View what NumPy can read, which does not try DLPack by itself."""
    if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        return np.from_dlpack(value)
    return np.asarray(value)


def _is_masked(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_is_masked, value))
    return isinstance(value, np.ma.MaskedArray)


def unlike(
    reference: str, *, pairs: tuple[str, ...] = ()
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Refuse calls by position that follow ``reference``, a function of another order or meaning.

    Python refuses too many arguments, too, but does not say which order is meant. Where ``pairs`` are given,
    a pair by position, which could mean one as well as the other, is refused as well.
    """

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        parameters = inspect.signature(function).parameters.values()
        first = [parameter.name for parameter in parameters if parameter.kind != parameter.KEYWORD_ONLY]
        rest = [parameter.name for parameter in parameters if parameter.kind == parameter.KEYWORD_ONLY]

        @functools.wraps(function)
        def checked(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            if len(args) > len(first):
                raise TypeError(
                    f"{function.__name__} takes {names_of(first)} by position and {names_of(rest)} by "
                    f"keyword, unlike {reference}; got {len(args)} arguments by position"
                )
            if pairs and len(args) > 1 and not isinstance(args[1], int | float) and np.ndim(args[1]):  # type: ignore[arg-type]
                raise TypeError(
                    f"{function.__name__} takes a pair by keyword, as {' or '.join(pairs)}, "
                    f"unlike {reference}; got {args[1]!r} by position"
                )
            return function(*args, **kwargs)

        return checked

    return decorate


def image(
    array: Any,
    *,
    dtypes: tuple[type, ...] = IMAGE_DTYPES,
    channels: tuple[int, ...] | None = (1, 2, 3, 4),
    name: str = "image",
) -> tuple[int, int, int, int]:
    """Check an image or a stack and return its shape as (N, H, W, C); None accepts any number of channels."""
    if array.dtype.type not in dtypes or not array.dtype.isnative:
        accepted = names_of(np.dtype(dtype).name for dtype in dtypes)
        raise TypeError(f"{name} must have dtype {accepted}, got {array.dtype}")
    shape = tuple(array.shape)
    if len(shape) == 2:
        shape = (1, *shape, 1)
    elif len(shape) == 3:
        shape = (1, *shape)
    elif len(shape) != 4:
        raise ValueError(f"{name} must be (H, W), (H, W, C) or a stack (N, H, W, C), got shape {array.shape}")
    if channels is not None and shape[3] not in channels:
        hint = "; a stack of gray images is (N, H, W, 1)" if len(array.shape) == 3 else ""
        raise ValueError(
            f"{name} must have {names_of(channels)} channels, got shape {tuple(array.shape)}{hint}"
        )
    if 0 in shape[1:]:
        raise ValueError(f"{name} must not be empty, got shape {tuple(array.shape)}")
    if max(shape[1:3]) > LARGEST_SIDE:
        raise ValueError(
            f"{name} must have at most {LARGEST_SIDE} rows and columns, got shape {tuple(array.shape)}"
        )
    return shape


def output(out: Any, shape: tuple[int, ...], dtype: np.dtype, is_on_device: bool) -> None:
    """Check an array that a result is to be written to; not whether it overlaps with another."""
    if not is_on_device and (not isinstance(out, np.ndarray) or _is_masked(out)):
        raise TypeError(f"out must be a NumPy array, got {type(out).__name__}")
    if out.dtype != dtype:
        raise TypeError(f"out must have dtype {dtype}, as the result has, got {out.dtype}")
    if tuple(out.shape) != shape:
        raise ValueError(f"out must have shape {shape}, as the result has, got {tuple(out.shape)}")
    is_contiguous = out.is_c_contiguous() if is_on_device else out.flags.carray
    if not is_contiguous:
        raise ValueError("out must be contiguous in C order, aligned and writable, got another array")


def host_only(function: str, is_on_device: bool) -> None:
    """Refuse an array on a GPU where there is no CUDA twin."""
    if is_on_device:
        raise TypeError(f"{function} has no CUDA twin: copy the array by cvkit.to_host, got one on a GPU")


def single_image(shape: tuple[int, ...], name: str = "image") -> None:
    """Refuse a stack."""
    if len(shape) == 4:
        raise ValueError(f"{name} must be one image, got a stack of shape {tuple(shape)}")


def image_of_points(shape: tuple[int, ...], name: str = "image") -> None:
    """Check an image whose points are listed: one, whose pixels 32 bits can number."""
    single_image(shape, name)
    if shape[0] * shape[1] >= 1 << 32:
        raise ValueError(f"{name} must have fewer than {1 << 32} pixels, got shape {tuple(shape)}")


def integer(value: Any, name: str, *, minimum: int | None = None, maximum: int | None = None) -> int:
    """Check a whole number within bounds."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        raise ValueError(f"{name} must be {_bounds(minimum, maximum)}, got {value!r}")
    return number


def _bounds(minimum: Any, maximum: Any) -> str:
    if maximum is None:
        return f"at least {minimum}"
    if minimum is None:
        return f"at most {maximum}"
    return f"from {minimum} to {maximum}"


def _is_real(value: Any) -> bool:
    """Tell whether a value that is no int or float stands for a real number, as a fraction does."""
    return not isinstance(value, np.ma.MaskedArray) and np.asarray(value).dtype.kind in "biufO"


def number(
    value: Any,
    name: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
) -> float:
    """Check a finite number within bounds (``above`` excludes its bound)."""
    try:
        if not isinstance(value, int | float) and not _is_real(value):
            raise TypeError
        result = float(value)
    except OverflowError:  # a whole number that no float holds
        result = math.inf
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {value!r}") from None
    if not math.isfinite(result):
        raise ValueError(f"{name} must be finite, got {value!r}")
    if above is not None and not result > above:
        raise ValueError(f"{name} must be greater than {above}, got {value!r}")
    if (minimum is not None and result < minimum) or (maximum is not None and result > maximum):
        raise ValueError(f"{name} must be {_bounds(minimum, maximum)}, got {value!r}")
    return result


def border_value(value: Any, dtype: np.dtype, *, channels: int = 1, name: str = "border_value") -> np.ndarray:
    """Check what lies beyond an image, one number or one for each channel, and bring it to the image's dtype.

    For integer pixels it is rounded half to even and saturated, as by ``cv2.copyMakeBorder``. Float pixels
    may be NaN or infinite.
    """
    accepted = "one number" if channels == 1 else f"one number or {channels}"
    try:
        given = np.asarray(value)
        if given.dtype.kind not in "biufO":
            raise TypeError
        numbers = np.array([float(number) for number in given.flat]).reshape(given.shape)
    except OverflowError:  # a whole number that no float holds
        numbers = np.asarray(math.inf)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be {accepted}, got {value!r}") from None
    if numbers.shape not in ((), (channels,)):
        raise ValueError(f"{name} must be {accepted}, got {value!r}")
    if dtype.kind in "iu":
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name} must be finite for images of {dtype}, got {value!r}")
        numbers = np.rint(numbers).clip(np.iinfo(dtype).min, np.iinfo(dtype).max)
    with np.errstate(over="ignore"):  # infinite beyond float32, as in OpenCV
        return np.broadcast_to(numbers, channels).astype(dtype)


def _pair(value: Any, name: str, order: str) -> tuple[Any, Any]:
    """Read one value for both axes, or two."""
    if isinstance(value, int | str) or np.ndim(value) == 0:  # the first test is ten times faster
        return value, value
    if len(value) != 2:
        raise ValueError(f"{name} must be one value or {order}, got {value!r}")
    return value[0], value[1]


def kernel_size(value: Any, name: str = "ksize", *, odd: bool = True) -> tuple[int, int]:
    """Check a kernel size, an int or (height, width), and return (height, width)."""
    sizes = [integer(size, name, minimum=1) for size in _pair(value, name, "(height, width)")]
    if max(sizes) > LARGEST_KERNEL:
        raise ValueError(f"{name} must be at most {LARGEST_KERNEL}, got {value!r}")
    if odd and not all(size % 2 for size in sizes):
        raise ValueError(f"{name} must be odd, got {value!r}")
    return sizes[0], sizes[1]


def kernels(value: Any, name: str = "kernels") -> list[Any]:
    """Check that kernels, one at least, come as a sequence, or in an array along its first axis."""
    if np.ndim(value) == 0 if isinstance(value, np.ndarray) else not isinstance(value, Sequence | tuple):
        raise TypeError(f"{name} must be a sequence of kernels, got {value!r}")
    if len(value) == 0:
        raise ValueError(f"{name} must not be empty, got {value!r}")
    return list(value)


def margins(value: Any, name: str) -> tuple[int, int]:
    """Check margins, an int or (rows, columns), and return (rows, columns)."""
    rows, columns = (integer(size, name, minimum=0) for size in _pair(value, name, "(rows, columns)"))
    return rows, columns


def sigma_pair(value: Any, name: str = "sigma", *, minimum: float = 0.0) -> tuple[float, float]:
    """Check a standard deviation, a number or (y, x), and return (y, x)."""
    sigmas = [number(sigma, name, minimum=minimum) for sigma in _pair(value, name, "(y, x)")]
    return sigmas[0], sigmas[1]


def output_shape(value: Any, name: str = "output_shape") -> tuple[int, int]:
    """Check an output shape (height, width)."""
    if np.ndim(value) != 1 or len(value) != 2:
        raise ValueError(f"{name} must be (height, width), got {value!r}")
    height, width = (integer(size, name, minimum=1) for size in value)
    if max(height, width) > LARGEST_SIDE:
        raise ValueError(f"{name} must be at most {LARGEST_SIDE}, got {value!r}")
    return height, width


def one_of(value: Any, accepted: Sequence[Any] | dict[Any, Any], name: str) -> Any:
    """Check a choice; with a dict of choices, return what the choice stands for."""
    if not isinstance(value, str | int | tuple) or value not in accepted:
        raise ValueError(f"{name} must be one of {names_of(map(repr, accepted))}, got {value!r}")
    return accepted[value] if isinstance(accepted, dict) else value


def real_array(value: Any, name: str) -> np.ndarray:
    """Check an array of real numbers, of any shape and dtype.

    NumPy would make numbers of strings, dates and truth values, too, and drop masks and imaginary parts.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} must not be a masked array, whose mask would be lost; fill it first")
    try:
        array = _as_numpy(value)
    except (TypeError, ValueError, BufferError):
        raise TypeError(f"{name} must be an array of numbers, got {value!r}") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be an array of real numbers, got dtype {array.dtype}: {value!r}")
    return array


def whole_numbers(value: Any, name: str) -> np.ndarray:
    """Check an array of integers, of any shape, and return it as int64.

    Not of floats, even whole ones: 2**53 + 1 is 2**53 among them.
    """
    numbers = real_array(value, name)
    if numbers.size and numbers.dtype.kind == "f":
        raise TypeError(f"{name} must be whole numbers of an integer dtype, got dtype {numbers.dtype}")
    if numbers.size and numbers.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} must fit into int64, got {numbers.max()}")
    return np.ascontiguousarray(numbers, dtype=np.int64)


def value_table(
    value: Any, image: np.dtype, channels: int, dtypes: tuple[type, ...], name: str = "table"
) -> np.ndarray:
    """Check a table for the values of integer images and return it as (1 or channels, values).

    Whole numbers of a dtype that is not accepted, such as a list's, become the image's where they fit.
    """
    table = real_array(value, name)
    limits = np.iinfo(image)
    is_other = table.dtype.kind in "iu" and table.dtype.type not in dtypes
    if is_other and limits.min <= table.min(initial=0) and table.max(initial=0) <= limits.max:
        table = table.astype(image)
    if table.dtype.type not in dtypes:
        accepted = names_of(np.dtype(dtype).name for dtype in dtypes)
        raise TypeError(f"{name} must have dtype {accepted}, or hold values of {image}, got {table.dtype}")
    size = limits.max - limits.min + 1
    if table.shape not in ((size,), (size, channels)):
        raise ValueError(f"{name} must have shape ({size},) or ({size}, {channels}), got {table.shape}")
    return np.ascontiguousarray(table.reshape(size, -1).T, dtype=table.dtype.newbyteorder("="))


def matrix(value: Any, shape: tuple[int, ...], name: str = "matrix") -> np.ndarray:
    """Check a finite float64 matrix of the given shape (-1: any length)."""
    result = np.array(real_array(value, name), dtype=np.float64)
    if result.ndim != len(shape) or any(
        want not in (-1, got) for want, got in zip(shape, result.shape, strict=True)
    ):
        wanted = " x ".join("any" if size == -1 else str(size) for size in shape)
        raise ValueError(f"{name} must have shape {wanted}, got {result.shape}")
    if not np.isfinite(result).all():
        raise ValueError(f"{name} must be finite, got {value!r}")
    return result


def value_range(value: Any, dtype: np.dtype, name: str = "range") -> tuple[float, float]:
    """Check bounds of values, (low, high) with high outside, and return them as float32 unless for float64.

    Without a value it is all that integer pixels hold.
    """
    if value is None and dtype.kind == "u":
        return 0.0, float(np.iinfo(dtype).max) + 1
    if np.ndim(value) != 1 or len(value) != 2:
        needed = " for float images" if value is None else ""
        raise ValueError(f"{name} must be (low, high){needed}, got {value!r}")
    low, high = (number(bound, name) for bound in value)
    if dtype != np.float64:
        with np.errstate(over="ignore"):
            low, high = float(np.float32(low)), float(np.float32(high))
    if not math.isfinite(high - low) or low >= high:
        precision = "float64" if dtype == np.float64 else "float32"
        raise ValueError(f"{name} must be (low, high) with low below high as {precision}, got {value!r}")
    return low, high


def reference(shape: tuple[int, ...], image_shape: tuple[int, ...], name: str = "reference") -> None:
    """Check the shapes (N, H, W, C) of references for images: one for all or one for each."""
    if shape[3] != image_shape[3]:
        raise ValueError(f"{name} must have {image_shape[3]} channels as the image, got {shape[3]}")
    if shape[0] not in (1, image_shape[0]):
        raise ValueError(f"{name} must be one image or {image_shape[0]}, got {shape[0]}")


def tiles(value: Any, name: str = "tiles", *, maximum: int = 1 << 16) -> tuple[int, int]:
    """Check how many tiles an image is divided into, an int or (rows, columns), and return a pair."""
    rows, columns = (integer(count, name, minimum=1) for count in _pair(value, name, "(rows, columns)"))
    if rows * columns > maximum:
        raise ValueError(f"{name} must be at most {maximum} in all, got {value!r}")
    return rows, columns
