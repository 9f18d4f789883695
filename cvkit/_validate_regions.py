"""Checks on what regions and contours are given: labels, markers, seeds, points, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cvkit import _validate


def region_count(count: int) -> None:
    """Check the number of regions in an image; labels are int32."""
    if count > np.iinfo(np.int32).max:
        raise ValueError(f"image must have at most {np.iinfo(np.int32).max} regions, got {count}")


def largest_label(label: int, pixels: int) -> None:
    """Check the largest label of an image: there is a measurement for each number up to it."""
    if label > max(pixels, (1 << 16) - 1):
        raise ValueError(f"labels must be at most {max(pixels, (1 << 16) - 1)} in this image, got {label}")


def pixel(value: Any, shape: tuple[int, int], name: str) -> tuple[int, int]:
    """Check the place (x, y) of a pixel in an image of ``shape``, (height, width)."""
    if np.ndim(value) != 1 or len(value) != 2:
        raise ValueError(f"{name} must be (x, y), got {value!r}")
    x, y = (_validate.integer(coordinate, name) for coordinate in value)
    if not (0 <= x < shape[1] and 0 <= y < shape[0]):
        raise ValueError(f"{name} must be (x, y) inside the image of shape {shape}, got {value!r}")
    return x, y


def tolerance(value: Any) -> np.ndarray:
    """Check how far values may be apart, one number or (below, above), and return the two."""
    limits = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(limits) != 2:
        raise ValueError(f"tolerance must be one number or (below, above), got {value!r}")
    return np.array([_validate.number(limit, "tolerance", minimum=0) for limit in limits])


# Pixels of a watershed: twice their number fits into int32, with some numbers to spare.
_MOST_MARKED = (1 << 30) - 1


def markers(value: Any, shape: tuple[int, int, int], name: str = "markers") -> np.ndarray:
    """Check labels for images of ``shape``, (N, H, W), one array for all or for each, as (1 or N, H, W)."""
    is_ready = type(value) is np.ndarray and value.dtype == np.int32
    array = value if is_ready else _validate.whole_numbers(value, name)
    if array.shape == (*shape, 1):
        array = array[..., 0]
    if array.shape not in (shape, shape[1:]):
        raise ValueError(f"{name} must have shape {shape[1:]} or {shape}, got {array.shape}")
    if shape[1] * shape[2] > _MOST_MARKED:
        raise ValueError(f"image must have at most {_MOST_MARKED} pixels, got {shape[1]} x {shape[2]}")
    limits = np.iinfo(np.int32)
    least, largest = array.min(initial=0), array.max(initial=0)
    if not limits.min <= least <= largest <= limits.max:
        raise ValueError(f"{name} must fit into int32, got {least} to {largest}")
    return np.require(array.reshape(-1, *shape[1:]), np.int32, requirements=["C", "A", "W"])


def contours(value: Any, name: str = "contours") -> list[np.ndarray]:
    """Check outlines and return the points (x, y) of each as (n, 2) int32."""
    # Of one contour in an array each point would be taken for a contour.
    if not isinstance(value, list | tuple):
        raise TypeError(f"{name} must be a list or tuple of arrays of points, got {type(value).__name__}")
    int32 = np.dtype(np.int32)
    # There may be many as find_contours gives them.
    return [
        points
        if type(points) is np.ndarray and points.dtype is int32 and points.ndim == 2 and points.shape[1] == 2
        else _contour(points, name)
        for points in value
    ]


def _contour(value: Any, name: str) -> np.ndarray:
    points = _validate.real_array(value, name)
    if points.size == 0:
        return np.empty((0, 2), np.int32)
    points = _validate.whole_numbers(
        points[:, 0] if points.ndim == 3 and points.shape[1] == 1 else points, name
    )
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"{name} must be points (x, y) in arrays (n, 2), got shape {points.shape}")
    if points.min() < np.iinfo(np.int32).min or points.max() > np.iinfo(np.int32).max:
        raise ValueError(f"{name} must fit into int32, got {points.min()} to {points.max()}")
    return points.astype(np.int32)


def points(value: Any, name: str = "points", *, least: int = 1) -> np.ndarray:
    """Check points (x, y) and return them as (n, 2), int32, float32 or float64; OpenCV's are (n, 1, 2)."""
    array = _validate.real_array(value, name)
    if array.ndim == 3 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 2 or array.shape[1] != 2 or len(array) < least:
        wanted = f"{least} point{'s' if least > 1 else ''} (x, y) or more"
        raise ValueError(f"{name} must be {wanted} in an array (n, 2), got shape {array.shape}")
    if array.dtype.kind == "f":
        array = array.astype(np.float32 if array.itemsize <= 4 else np.float64, copy=False)
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, got {value!r}")
    limits = np.iinfo(np.int32)
    if array.min() < limits.min or array.max() > limits.max:
        raise ValueError(f"{name} must fit into int32, got {array.min()} to {array.max()}")
    return np.ascontiguousarray(array, None if array.dtype.kind == "f" else np.int32)


def ellipse(is_found: bool, value: Any, name: str = "points") -> None:
    """Refuse points through which no ellipse runs, or more than one."""
    if not is_found:
        raise ValueError(f"{name} must be near to one ellipse, not to a line or another conic, got {value!r}")


def named_numbers(value: Any, names: Sequence[str], name: str) -> list[float]:
    """Check that a mapping holds numbers of some names, and return them."""
    if not isinstance(value, Mapping):
        raise TypeError(
            f"{name} must be a mapping with {_validate.names_of(names)}, got {type(value).__name__}"
        )
    missing = [key for key in names if key not in value]
    if missing:
        raise ValueError(
            f"{name} must have {_validate.names_of(names)}, got none of {_validate.names_of(missing)}"
        )
    return [_validate.number(value[key], f"{name}[{key!r}]") for key in names]


def rows_above(top: int, most: int) -> None:
    """Check how far above an image contours begin, whose edges are followed from row to row."""
    if top < -most:
        raise ValueError(f"contours must begin at most {most} rows above the image to be filled, got {top}")


def count_of_contours(count: int) -> None:
    """Check that contours can be numbered by int32."""
    if count > np.iinfo(np.int32).max:
        raise ValueError(f"image must have at most 2**31 - 1 ends of runs, got {count}")
