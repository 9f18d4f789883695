"""Checks on the arguments of regions: labels, markers, seeds, and how many regions there may be."""

from __future__ import annotations

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
