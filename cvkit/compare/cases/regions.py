"""Rows of the table for regions: masks that are made of images."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array
from cvkit.compare.cases.case import Case, image_size, made_once

_LEVEL = 127
_MINIMA = {"remove_small_objects": "min_size", "remove_small_holes": "area_threshold"}


def mask_of(image: np.ndarray) -> np.ndarray:
    """Return what is bright in an image."""
    return np.where(image > _LEVEL, 255, 0).astype(np.uint8)


def noisy_mask_of(image: np.ndarray) -> np.ndarray:
    """Return a mask of noise, which each pixel of an image changes."""
    size = int(np.prod(image.shape[-3:] if image.ndim == 4 else image.shape))
    noise = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    return mask_of(image ^ noise.reshape(image.shape[-3:] if image.ndim == 4 else image.shape))


def connected_components(mask: np.ndarray, connectivity: int = 8) -> np.ndarray:
    """Return OpenCV's labels."""
    return np.asarray(cv2.connectedComponents(mask, connectivity=connectivity)[1])


def stats_of(area: np.ndarray, box: np.ndarray, centroid: np.ndarray) -> np.ndarray:
    """Bring measurements into one array, without labels at the end that have no pixels."""
    count = int(np.flatnonzero(area).max(initial=-1)) + 1
    table = np.column_stack([area, box, centroid])[:count]
    table[table[:, 0] == 0, 1:] = 0  # where OpenCV's box is of the largest numbers
    return table


def _opencv_stats(mask: np.ndarray, connectivity: int) -> np.ndarray:
    _, _, stats, centroids = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
    return stats_of(stats[:, cv2.CC_STAT_AREA], stats[:, : cv2.CC_STAT_AREA], centroids)


def _stats(mask: Array, connectivity: int) -> Any:
    """Label and measure a mask; for a stack, give a list, as its images have different numbers of regions."""
    stats = cvkit.region_stats(cvkit.label(mask, connectivity=connectivity)[0])
    arrays = [cvkit.to_host(array) for array in stats]
    return (
        [stats_of(*of_image) for of_image in zip(*arrays, strict=True)]
        if mask.ndim == 4
        else stats_of(*arrays)
    )


def _small(operation: str) -> Callable[..., np.ndarray]:
    """Return a function of scikit-image, which takes truth values and the largest area to change."""

    def call(mask: np.ndarray, minimum_area: int, connectivity: int) -> np.ndarray:
        function = getattr(importlib.import_module("skimage.morphology"), operation)
        # Versions before 0.26 take the smallest area to keep.
        has_maximum = "max_size" in inspect.signature(function).parameters
        area = {"max_size": minimum_area - 1} if has_maximum else {_MINIMA[operation]: minimum_area}
        cleaned = function(mask != 0, **area, connectivity={4: 1, 8: 2}[connectivity])
        return cleaned.astype(np.uint8) * np.uint8(255)

    return call


remove_small_objects, fill_small_holes = _small("remove_small_objects"), _small("remove_small_holes")


def _rows_of_masks(name: str, make: Callable[[np.ndarray], np.ndarray], connectivity: int) -> list[Case]:
    mask = made_once(make)
    return [
        Case(
            "label",
            name,
            lambda image: cvkit.label(mask(image), connectivity=connectivity)[0],
            lambda image: connected_components(mask(image), connectivity),
            bar=0.8,
        ),
        Case(
            "region_stats",
            f"with label {name}",
            lambda image: _stats(mask(image), connectivity),
            lambda image: _opencv_stats(mask(image), connectivity),
            bar=0.8,
        ),
    ]


def _row_of_small(
    operation: str, reference: Callable[..., np.ndarray], minimum_area: int, connectivity: int
) -> Case:
    mask, ours = made_once(noisy_mask_of), getattr(cvkit, operation)
    return Case(
        operation,
        f"{minimum_area}, {connectivity}",
        lambda image: ours(mask(image), minimum_area, connectivity=connectivity),
        lambda image: reference(mask(image), minimum_area, connectivity),
        against="scikit-image",
        bar=0.5,
    )


def grid_of_markers(height: int, width: int) -> np.ndarray:
    """Return a marker in the middle of every 40 x 40 pixels, or one in a small image."""
    y, x = np.mgrid[:height, :width]
    is_marked = (y % 40 == min(20, height // 2)) & (x % 40 == min(20, width // 2))
    return np.where(is_marked, y // 40 * (width // 40 + 1) + x // 40 + 1, 0).astype(np.int32)


def opencv_watershed(image: np.ndarray, markers: np.ndarray) -> np.ndarray:
    """Return OpenCV's labels; of a gray image those of one with three equal channels."""
    colors = (
        image if image.ndim == 3 and image.shape[2] == 3 else cv2.merge([image.reshape(image.shape[:2])] * 3)
    )
    return np.asarray(cv2.watershed(colors, markers.copy()))


def opencv_flood_fill(
    image: np.ndarray,
    seed_point: tuple[int, int],
    value: float,
    tolerance: tuple[float, float],
    method: str,
    connectivity: int,
) -> np.ndarray:
    """Return the image that OpenCV fills."""
    flags = connectivity | (cv2.FLOODFILL_FIXED_RANGE if method == "fixed" else 0)
    below, above = ((limit,) * 4 for limit in tolerance)
    filled = image.copy()
    cv2.floodFill(filled, None, seed_point, (value,) * 4, below, above, flags)
    return filled


def _watershed_case(channels: int) -> Case:
    def markers_of(image: np.ndarray) -> np.ndarray:
        return grid_of_markers(*image_size(image))

    markers = made_once(markers_of)
    return Case(
        "watershed",
        "a marker in 40 x 40",
        lambda image: cvkit.watershed(image, markers(image)),
        lambda image: opencv_watershed(image, markers(image)),
        channels=channels,
        bar=1.0,
    )


def _flood_case(
    tolerance: float,
    method: str,
    connectivity: int,
    channels: int = 1,
    dtype: str = "uint8",
    bar: float | None = None,
) -> Case:
    def middle(image: np.ndarray) -> tuple[int, int]:
        height, width = image_size(image)
        return width // 2, height // 2

    return Case(
        "flood_fill",
        f"{tolerance} {method} {connectivity}",
        lambda image: cvkit.flood_fill(
            image, middle(image), 7, tolerance=tolerance, method=method, connectivity=connectivity
        )[0],
        lambda image: opencv_flood_fill(
            image, middle(image), 7, (tolerance, tolerance), method, connectivity
        ),
        channels=channels,
        dtype=dtype,
        bar=bar,
    )


REGION_HOST_CASES: list[Case] = [
    _watershed_case(3),
    _watershed_case(1),
    _flood_case(20, "floating", 4, bar=1.0),
    _flood_case(20, "floating", 8, bar=1.0),
    _flood_case(60, "fixed", 4, bar=1.0),
    _flood_case(60, "floating", 8, 3),
    _flood_case(90, "fixed", 8, 3),
    _flood_case(20, "floating", 4, dtype="float32", bar=1.0),
]
"""Rows of operations that have no CUDA twin."""

REGION_CASES: list[Case] = [
    *_rows_of_masks("8", mask_of, 8),
    *_rows_of_masks("4", mask_of, 4),
    *_rows_of_masks("8 noise", noisy_mask_of, 8),
    *_rows_of_masks("4 noise", noisy_mask_of, 4),
    _row_of_small("remove_small_regions", remove_small_objects, 5, 8),
    _row_of_small("remove_small_holes", fill_small_holes, 5, 4),
]
