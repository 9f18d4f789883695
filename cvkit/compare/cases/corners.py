"""Rows of the table for corners."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array, to_device, to_host
from cvkit._jit_cuda import on_device
from cvkit.compare.cases.borders import BORDERS
from cvkit.compare.cases.case import Case, Tolerance, image_size

_BAR = 0.8
_BAR_OF_POINTS = 0.9
_BAR_OF_FAST = 1.0


def last_bits(operation: str, largest: float = 1) -> Tolerance:
    """Accept the last bits of squares, or of their products, of derivatives of values up to ``largest``."""
    return Tolerance(absolute=1e-5 * largest ** (4 if operation == "harris" else 2), relative=2e-6)


def _measure_case(
    operation: str,
    block_size: int,
    ksize: int,
    dtype: str = "uint8",
    border: str = "reflect101",
    bar: float | None = None,
) -> Case:
    code = BORDERS[border]
    is_harris = operation == "harris"
    ours = getattr(cvkit, operation)
    return Case(
        operation,
        f"{block_size}, ksize {ksize} {border}",
        lambda image: ours(image, block_size, ksize, border=border),
        lambda image: (
            cv2.cornerHarris(image, block_size, ksize, 0.04, borderType=code)
            if is_harris
            else cv2.cornerMinEigenVal(image, block_size, ksize=ksize, borderType=code)
        ),
        tolerance=last_bits(operation, 1 if dtype == "uint8" else 255),
        dtype=dtype,
        bar=bar,
        # Along a line the smaller eigenvalue is 0, but for what is rounded.
        minimum_shape=(1, 1) if dtype == "uint8" else (5, 5),
    )


MEASURES = [
    _measure_case("harris", 2, 3, bar=_BAR),
    _measure_case("harris", 3, 5, border="reflect"),
    _measure_case("harris", 4, 7),
    _measure_case("harris", 2, 3, "float32"),
    _measure_case("minimum_eigenvalue", 3, 3, bar=_BAR),
    _measure_case("minimum_eigenvalue", 5, 5, border="replicate"),
    _measure_case("minimum_eigenvalue", 2, 3, border="constant"),
    _measure_case("minimum_eigenvalue", 3, 7, "float32"),
]


def one_by_one(find: Callable[[Array], Array]) -> Callable[[Array], Any]:
    """Find points in each image of a stack by itself, because there are more in some than in others."""
    return lambda image: [find(each) for each in image] if image.ndim == 4 else find(image)


@functools.lru_cache(maxsize=32)
def _frame(height: int, width: int) -> np.ndarray:
    mask = np.ones((height, width), bool)
    mask[height // 4 : height // 2, width // 4 : width // 2] = False
    return mask


def _mask(image: Array) -> Array:
    mask = _frame(*image_size(image))
    return to_device(mask) if on_device(image) else mask


def _points_case(
    count: int,
    quality: float,
    distance: float,
    *,
    block_size: int = 3,
    method: str = "minimum_eigenvalue",
    is_masked: bool = False,
    bar: float | None = None,
) -> Case:
    def ours(image: Array) -> np.ndarray:
        mask = _mask(image) if is_masked else None
        return cvkit.good_features(
            image, count, quality, distance, block_size=block_size, method=method, mask=mask
        )

    def reference(image: np.ndarray) -> np.ndarray:
        mask = to_host(_mask(image)).astype(np.uint8) if is_masked else None
        found = cv2.goodFeaturesToTrack(
            image,
            count,
            quality,
            distance,
            mask=mask,
            blockSize=block_size,
            useHarrisDetector=method == "harris",
        )
        return np.empty((0, 2), np.float32) if found is None else found.reshape(-1, 2)

    name = f"{count} of {quality:g}, {distance:g} apart" + (", masked" if is_masked else "")
    return Case("good_features", f"{name}, {method}", one_by_one(ours), reference, bar=bar)


POINTS = [
    _points_case(500, 0.01, 10, bar=_BAR_OF_POINTS),
    _points_case(0, 0.05, 1, block_size=2),
    _points_case(50, 0.001, 2.5, method="harris", is_masked=True),
]


def _scored(points: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return np.concatenate([points, scores.reshape(-1, 1)], axis=1, dtype=np.float32)


def fast_keypoints(image: np.ndarray, threshold: int, *, suppress: bool = True) -> np.ndarray:
    """Return x, y and score of OpenCV's keypoints."""
    found = cv2.FastFeatureDetector.create(threshold, suppress).detect(image)
    points = np.array([point.pt for point in found], np.float32).reshape(-1, 2)
    return _scored(points, np.array([point.response for point in found]))


def _fast_points(image: np.ndarray, threshold: int, suppress: bool) -> np.ndarray:
    found = cv2.FastFeatureDetector.create(threshold, suppress).detect(image)
    return np.asarray(cv2.KeyPoint.convert(found)) if found else np.empty((0, 2), np.float32)


FAST = [
    Case(
        "fast_corners",
        "20, scores",
        one_by_one(lambda image: _scored(*cvkit.fast_corners(image, 20))),
        lambda image: fast_keypoints(image, 20),
    ),
    *(
        Case(
            "fast_corners",
            f"{threshold}, {'suppressed' if suppress else 'all'}",
            one_by_one(
                lambda image, threshold=threshold, suppress=suppress: cvkit.fast_corners(  # type: ignore[misc]
                    image, threshold, suppress=suppress
                )[0]
            ),
            lambda image, threshold=threshold, suppress=suppress: _fast_points(  # type: ignore[misc]
                image, threshold, suppress
            ),
            bar=_BAR_OF_FAST if suppress else None,
        )
        for threshold, suppress in [(20, True), (10, False)]
    ),
]

CORNER_CASES: list[Case] = [*MEASURES, *POINTS, *FAST]
