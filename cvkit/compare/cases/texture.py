"""Rows of the table for texture: the reference is scikit-image."""

from __future__ import annotations

import numpy as np

import cvkit
from cvkit.compare.cases.case import Case

# Of scikit-image.
_BAR = 0.1


def skimage_pattern(image: np.ndarray, points: int, radius: float, method: str) -> np.ndarray:
    """Describe an image by scikit-image, which warns of floats."""
    import warnings

    from skimage.feature import local_binary_pattern

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Applying `local_binary_pattern` to floating-point images")
        return local_binary_pattern(image, points, radius, method)


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


TEXTURE_CASES: list[Case] = [
    _pattern_case(8, 1, "default"),
    _pattern_case(8, 1, "ror"),
    _pattern_case(24, 3, "uniform"),
    _pattern_case(8, 1.5, "nri_uniform"),
    _pattern_case(12, 2.25, "var"),
    _pattern_case(6, 1.7, "uniform", "float32"),
]
