"""Checks on what layers of networks are given: arrays of planes, weights, and sliding windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from cvkit import _validate

DTYPES: tuple[type, ...] = (np.float32, np.float64)
PADDINGS = ("same", "valid", "full")
# What lies around planes of images; more could not be counted in 32 bits together with them.
_LARGEST_PADDING = (1 << 20) - 1


def tensor(array: Any, name: str, axes: str = "(N, C, H, W)") -> None:
    """Check dtype, rank and size of an array; of its axes, only that of the batch may be empty."""
    if array.dtype.type not in DTYPES or not array.dtype.isnative:
        accepted = _validate.names_of(np.dtype(dtype).name for dtype in DTYPES)
        raise TypeError(f"{name} must have dtype {accepted}, got {array.dtype}")
    shape = tuple(array.shape)
    if len(shape) != len(axes.rstrip(",)").split(",")):
        raise ValueError(f"{name} must be {axes}, got shape {shape}")
    if 0 in shape[1:] or max(shape, default=0) > _validate.LARGEST_SIDE:
        raise ValueError(
            f"{name} must have 1 to {_validate.LARGEST_SIDE} along each axis but the first, got shape {shape}"
        )


def beside(array: Any, name: str, first: Any, first_name: str, *, is_together: bool) -> None:
    """Check that an array has the dtype of the first one and lives where it does."""
    if not is_together:
        raise ValueError(f"{name} must live where {first_name} lives, got one NumPy and one device array")
    if array.dtype != first.dtype:
        raise TypeError(f"{name} must have dtype {first.dtype}, as {first_name} has, got {array.dtype}")


def shape_of(array: Any, name: str, shape: tuple[int, ...]) -> None:
    """Check that an array has the shape that follows from the other arguments."""
    if tuple(array.shape) != shape:
        raise ValueError(f"{name} must have shape {shape} here, got {tuple(array.shape)}")


def tensor_shape(value: Any, name: str) -> tuple[int, int, int, int]:
    """Check the shape (N, C, H, W) of an array that is not there."""
    if np.ndim(value) != 1 or len(value) != 4:
        raise ValueError(f"{name} must be (N, C, H, W), got {value!r}")
    count, channels, height, width = (_validate.integer(size, name, minimum=0) for size in value)
    if 0 in (channels, height, width) or max(value) > _validate.LARGEST_SIDE:
        raise ValueError(f"{name} must have 1 to {_validate.LARGEST_SIDE} along each axis, got {value!r}")
    return count, channels, height, width


def padding(value: Any, accepted: tuple[str, ...] = PADDINGS) -> str | tuple[int, int]:
    """Check what is added around planes: a name, or how many (rows, columns) at each side."""
    if isinstance(value, str):
        name: str = _validate.one_of(value, accepted, "padding")
        return name
    rows, columns = _validate.margins(value, "padding")
    if max(rows, columns) > _LARGEST_PADDING:
        raise ValueError(f"padding must be at most {_LARGEST_PADDING}, got {value!r}")
    return rows, columns


def window_fits(size: tuple[int, int], shape: tuple[int, int], padded: tuple[int, int]) -> None:
    """Check that a window has a place in planes with what is added around them."""
    if size[0] > padded[0] or size[1] > padded[1]:
        raise ValueError(
            f"ksize must be at most the planes and their padding, got a window of {size} with its dilation "
            f"on planes of {shape} that are {padded} with padding"
        )


def pooling_padding(padding: tuple[int, int], size: tuple[int, int]) -> None:
    """Check that no window of a pooling layer lies beyond the planes."""
    if padding[0] > size[0] // 2 or padding[1] > size[1] // 2:
        raise ValueError(f"padding must be at most half of the window {size}, got {padding}")


def grouped(channels: int, weights_shape: tuple[int, ...], groups: Any, name: str = "weights") -> None:
    """Check that groups divide channels and filters, and that filters have the channels of a group."""
    count = _validate.integer(groups, "groups", minimum=1)
    filters, of_group = weights_shape[:2]
    if channels % count or filters % count:
        raise ValueError(f"groups must divide {channels} channels and {filters} filters, got {groups!r}")
    if of_group * count != channels:
        raise ValueError(
            f"{name} must have {channels // count} channels, as x in each of {count} groups, "
            f"got shape {tuple(weights_shape)}"
        )


def transposed(channels: int, weights_shape: tuple[int, ...], groups: Any) -> int:
    """Check that filters are spread around so many channels, and return how many filters there are."""
    count = _validate.integer(groups, "groups", minimum=1)
    if channels % count:
        raise ValueError(f"groups must divide {channels} channels, got {groups!r}")
    if weights_shape[0] != channels:
        raise ValueError(
            f"weights must have {channels} channels first, as x, got shape {tuple(weights_shape)}"
        )
    return weights_shape[1] * count


def output_padding(value: Any, stride: tuple[int, int], padding: Any) -> tuple[int, int]:
    """Check how many rows and columns of results are added at the ends, and return a pair."""
    rows, columns = _validate.margins(value, "output_padding")
    if rows >= stride[0] or columns >= stride[1]:
        raise ValueError(f"output_padding must be less than the stride {stride}, got {value!r}")
    if padding == "same" and (rows or columns):
        raise ValueError(f'output_padding must be 0 for padding="same", got {value!r}')
    return rows, columns


def results_left(shape: tuple[int, int]) -> None:
    """Check that padding leaves results over."""
    if min(shape) < 1 or max(shape) > _validate.LARGEST_SIDE:
        raise ValueError(f"padding must leave 1 to {_validate.LARGEST_SIDE} results, got {shape}")


# How far from the planes a corner of a box may lie, so that whole numbers hold it.
_FARTHEST = 1 << 30


def boxes(array: np.ndarray, count: int, scale: float, dtype: np.dtype) -> np.ndarray:
    """Check boxes, (R, 5), of so many items, and bring them to a dtype."""
    items = array[:, 0]
    if ((items != np.floor(items)) | (items < 0) | (items >= count)).any():
        raise ValueError(f"boxes must begin with the number of an item, from 0 to {count - 1}, got {items}")
    if (array[:, 3:] < array[:, 1:3]).any():
        raise ValueError("boxes must be left, top, right and bottom, got one that ends before it begins")
    if np.abs(array[:, 1:] * scale).max(initial=0) > _FARTHEST or (items > 1 << 24).any():
        raise ValueError(f"boxes must lie within {_FARTHEST} pixels of the planes, got {array}")
    return np.ascontiguousarray(array, dtype)


def layer(value: Any) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Check window, stride and dilation of a layer, of which the last ones may be missing."""
    if not isinstance(value, tuple | list) or not 1 <= len(value) <= 3:
        raise ValueError(f"layers must each be (ksize, stride, dilation), or begin so, got {value!r}")
    given = [*value, 1, 1][:3]
    names = ("ksize", "stride", "dilation")
    sizes, strides, dilations = (
        _validate.kernel_size(number, name, odd=False) for number, name in zip(given, names, strict=True)
    )
    return sizes, strides, dilations


def weights_shape(value: Any, *, rank: int | None = None) -> tuple[int, ...]:
    """Check the shape of weights."""
    if np.ndim(value) != 1 or len(value) == 0 or (rank is not None and len(value) != rank):
        raise ValueError(f"weights_shape must be {rank or 'a tuple of'} whole numbers, got {value!r}")
    return tuple(_validate.integer(size, "weights_shape", minimum=1) for size in value)
