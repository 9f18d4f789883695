"""Rows of the table for intensities: thresholds, tables, sums and comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array
from cvkit.compare.cases.case import EXACT, Case, Tolerance

METHODS = {
    "binary": cv2.THRESH_BINARY,
    "binary_inverse": cv2.THRESH_BINARY_INV,
    "truncate": cv2.THRESH_TRUNC,
    "to_zero": cv2.THRESH_TOZERO,
    "to_zero_inverse": cv2.THRESH_TOZERO_INV,
}


def _threshold(dtype: str, channels: int, value: float, maximum: float, method: str) -> Case:
    return Case(
        "threshold",
        f"{value} {method}",
        lambda image: cvkit.threshold(image, value, maximum=maximum, method=method),
        lambda image: cv2.threshold(image, value, maximum, METHODS[method])[1],
        dtype=dtype,
        channels=channels,
        bar=1.0,
    )


THRESHOLD = [
    _threshold("uint8", 1, 127, 255, "binary"),
    _threshold("uint8", 3, 99.7, 200.5, "binary_inverse"),
    _threshold("uint8", 1, 127, 255, "truncate"),
    _threshold("uint8", 4, 127, 255, "to_zero"),
    _threshold("uint8", 1, 127, 255, "to_zero_inverse"),
    _threshold("uint16", 1, 30000.5, 40000.5, "binary"),
    _threshold("float32", 1, 99.7, 1, "binary"),
    _threshold("float32", 3, 99.7, 1, "truncate"),
    _threshold("float64", 1, 99.7, 1, "to_zero_inverse"),
]


def _found(function: Callable[[Array], Any]) -> Callable[[Array], np.ndarray]:
    """Return what a function finds in an image, or in each of a stack, as an array."""
    return lambda image: np.asarray(function(image), np.float64)


def _found_by_opencv(flag: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda image: np.asarray(cv2.threshold(image, 0, 255, flag)[0])


FOUND = [
    Case(operation, "", _found(getattr(cvkit, operation)), _found_by_opencv(flag), dtype=dtype, bar=1.0)
    for operation, flag, dtype in [
        ("otsu_threshold", cv2.THRESH_OTSU, "uint8"),
        ("otsu_threshold", cv2.THRESH_OTSU, "uint16"),
        ("triangle_threshold", cv2.THRESH_TRIANGLE, "uint8"),
    ]
]

# A weighted mean that ends on a half in one order of sums does not in another.
_TIES = Tolerance(absolute=255, exceptions=1e-3)


def _adaptive(method: str, ksize: int, offset: float, *, inverse: bool = False) -> Case:
    by_mean = method == "mean"
    flags = (
        cv2.ADAPTIVE_THRESH_MEAN_C if by_mean else cv2.ADAPTIVE_THRESH_GAUSSIAN_C,
        cv2.THRESH_BINARY_INV if inverse else cv2.THRESH_BINARY,
    )
    return Case(
        "adaptive_threshold",
        f"{method} {ksize} {offset}{' inverse' if inverse else ''}",
        lambda image: cvkit.adaptive_threshold(image, ksize, offset, method=method, inverse=inverse),
        lambda image: cv2.adaptiveThreshold(image, 255, *flags, ksize, offset),
        tolerance=EXACT if by_mean else _TIES,
        device_tolerance=EXACT if by_mean else _TIES,
        bar=0.8 if by_mean else None,
    )


ADAPTIVE = [
    _adaptive("mean", 11, 2),
    _adaptive("mean", 31, -3.5, inverse=True),
    _adaptive("gaussian", 11, 2.5),
    _adaptive("gaussian", 5, 2.5, inverse=True),
]

INTENSITY_CASES: list[Case] = [*THRESHOLD, *FOUND, *ADAPTIVE]
