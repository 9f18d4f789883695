"""Rows of the table for texture."""

from __future__ import annotations

import math

import cv2
import numpy as np

import cvkit
from cvkit.compare.cases.case import Case, Tolerance

# Of scikit-image.
_BAR = 0.1
# Of 255 times some twenty, which the weights of a kernel add up to without their signs.
_SUMS = Tolerance(absolute=1e-6 * 255 * 20)


def skimage_pattern(image: np.ndarray, points: int, radius: float, method: str) -> np.ndarray:
    """Describe an image by scikit-image, which warns of floats and takes none that are read-only."""
    import warnings

    from skimage.feature import local_binary_pattern

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Applying `local_binary_pattern` to floating-point images")
        return local_binary_pattern(np.require(image, requirements="W"), points, radius, method)


def _pattern_case(points: int, radius: float, method: str, dtype: str = "uint8") -> Case:
    return Case(
        "local_binary_pattern",
        f"{points}, {radius:g}, {method}",
        lambda image: cvkit.local_binary_pattern(image, points, radius, method=method),
        lambda image: skimage_pattern(image, points, radius, method),
        against="scikit-image",
        dtype=dtype,
        bar=_BAR,
    )


PATTERNS = [
    _pattern_case(8, 1, "default"),
    _pattern_case(8, 1, "ror"),
    _pattern_case(24, 3, "uniform"),
    _pattern_case(8, 1.5, "nri_uniform"),
    _pattern_case(12, 2.25, "var"),
    _pattern_case(6, 1.7, "uniform", "float32"),
]

# Of one size and of another, one of them a sum of two products.
_BANK = [
    *(cvkit.gabor_kernel(9, 2.5, angle * math.pi / 4, 6, 0.5, 0) for angle in range(3)),
    cvkit.gabor_kernel((11, 7), 2, 0.4, 5, 1),
]


def filter_bank(
    image: np.ndarray, kernels: list[np.ndarray], code: int = cv2.BORDER_REFLECT_101
) -> np.ndarray:
    """Filter an image by OpenCV with one kernel after another."""
    return np.stack([cv2.filter2D(image, cv2.CV_32F, kernel, borderType=code) for kernel in kernels])


GABOR = [
    Case(
        "gabor_filter",
        "4 kernels",
        lambda image: cvkit.gabor_filter(image, _BANK),
        lambda image: filter_bank(image, _BANK),
        tolerance=_SUMS,
        device_tolerance=_SUMS,
        dtype=dtype,
    )
    for dtype in ("uint8", "float32")
]

TEXTURE_CASES: list[Case] = [*PATTERNS, *GABOR]
