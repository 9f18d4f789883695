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
from cvkit.compare.cases.case import Case, changed

_LEVEL = 127
_MINIMA = {"remove_small_objects": "min_size", "remove_small_holes": "area_threshold"}
Mask = Callable[[Any], Any]


def made_once(make: Callable[[np.ndarray], np.ndarray]) -> Mask:
    """Return a function that makes something of an image, where it is, and keeps it until another comes.

    So it costs no time where an operation on it is timed.
    """
    latest: list[Any] = [None, None]

    def made(image: Array) -> Array:
        if latest[0] is not image:
            latest[:] = image, changed(image, make)
        return latest[1]

    return made


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
        bar=0.2,
    )


REGION_CASES: list[Case] = [
    *_rows_of_masks("8", mask_of, 8),
    *_rows_of_masks("4", mask_of, 4),
    *_rows_of_masks("8 noise", noisy_mask_of, 8),
    *_rows_of_masks("4 noise", noisy_mask_of, 4),
    _row_of_small("remove_small_regions", remove_small_objects, 5, 8),
    _row_of_small("remove_small_holes", fill_small_holes, 5, 4),
]
