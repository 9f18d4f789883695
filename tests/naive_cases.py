"""Rows of the table whose only reference is a naive version in tests/reference.py."""

from __future__ import annotations

import numpy as np

import cvkit
from cvkit._dispatch import Array
from cvkit.compare.cases.case import Case, Tolerance, changed, image_size
from cvkit.compare.cases.features import HOG_TOLERANCE
from cvkit.compare.cases.geometry import ONE_LEVEL, rotation, tilt
from tests import reference

SHARPEN = [
    Case(
        "sharpen",
        f"{method} {amount}",
        lambda image, method=method, amount=amount: cvkit.sharpen(image, method, amount),
        lambda image, method=method, amount=amount: reference.sharpen(image, method, amount),
        against="naive",
        channels=channels,
    )
    for method, amount, channels in [
        ("laplacian", 1.0, 1),
        ("laplacian", 0.5, 3),
        ("sobel", 2.0, 3),
    ]
]

# Float images are blended in float32 with weights of float32.
BLEND = Tolerance(absolute=1e-4)


def _shear(image: Array) -> np.ndarray:
    """Return a matrix whose inverse is exact in eighths: what lies halfway does so in float32, too."""
    return np.array([[1, 0.5, -2.25], [-0.25, 0.875, 1.5]])


def _warp_case(dtype: str, channels: int, interpolation: str, border: str, perspective: bool) -> Case:
    function = cvkit.warp_perspective if perspective else cvkit.warp_affine
    matrix = tilt if perspective else _shear if interpolation == "nearest" else rotation
    tolerance = BLEND if dtype.startswith("float") else ONE_LEVEL
    return Case(
        function.__name__,
        f"{interpolation} {border}",
        lambda image: function(
            image,
            matrix(image),
            image_size(image),
            interpolation=interpolation,
            border=border,
            border_value=7,
        ),
        lambda image: reference.warp(image, matrix(image), image_size(image), interpolation, border, 7),
        against="naive",
        tolerance=tolerance,
        device_tolerance=tolerance,
        dtype=dtype,
        channels=channels,
    )


WARP = [
    _warp_case("uint8", 3, "bilinear", "constant", False),
    _warp_case("uint8", 1, "bilinear", "reflect", True),
    _warp_case("uint8", 4, "bilinear", "reflect101", False),
    _warp_case("uint8", 2, "bilinear", "wrap", False),
    _warp_case("uint8", 1, "nearest", "replicate", False),
    _warp_case("uint16", 1, "bilinear", "constant", True),
    _warp_case("int16", 1, "bilinear", "constant", False),
    _warp_case("int16", 3, "bicubic", "reflect", True),
    _warp_case("int16", 1, "nearest", "replicate", False),
    _warp_case("float32", 1, "bilinear", "constant", True),
    _warp_case("float32", 3, "bilinear", "replicate", False),
    _warp_case("float64", 2, "bilinear", "replicate", False),
    _warp_case("uint8", 3, "bicubic", "constant", False),
    _warp_case("float32", 1, "bicubic", "reflect101", True),
]

CANNY = [
    Case(
        "canny",
        f"{low} {high}{' L2' if l2_gradient else ''}",
        lambda image, low=low, high=high, l2=l2_gradient: cvkit.canny(image, low, high, l2_gradient=l2),
        lambda image, low=low, high=high, l2=l2_gradient: reference.canny(image, low, high, l2),
        against="naive",
        dtype=dtype,
        channels=channels,
    )
    for low, high, l2_gradient, dtype, channels in [
        (20000, 60000, False, "uint16", 1),
        (20000.5, 60000, True, "uint16", 3),
        (70.5, 200.25, False, "float32", 1),
        (70.5, 200.25, True, "float64", 2),
    ]
]

DENOISING = [
    Case(
        "non_local_means",
        f"{h} {patch} {window}",
        lambda image, h=h, patch=patch, window=window: cvkit.non_local_means(
            image, h, patch=patch, window=window
        ),
        lambda image, h=h, patch=patch, window=window: reference.non_local_means(image, h, patch, window),
        against="naive",
        tolerance=tolerance,
        device_tolerance=tolerance,
        dtype=dtype,
        channels=channels,
    )
    # Weights have the precision of float32.
    for h, patch, window, dtype, channels, tolerance in [
        (4000, 3, 5, "uint16", 1, ONE_LEVEL),
        (40, 5, 3, "float32", 3, BLEND),
        (25, 3, 5, "float64", 2, BLEND),
    ]
]


# The arctangent of the kernels is a polynomial, 0.01 degrees off.
CHANNELS = [
    Case(
        "channel_features",
        f"cell {cell}, {orientations} orientations{'' if quantize else ', floats'}",
        lambda image, cell=cell, orientations=orientations, quantize=quantize: cvkit.channel_features(
            _as_unit(image), cell=cell, orientations=orientations, quantize=quantize
        ),
        lambda image, cell=cell, orientations=orientations, quantize=quantize: reference.channel_features(
            _as_unit(image), cell, orientations, quantize
        ),
        against="naive",
        tolerance=ONE_LEVEL if quantize else Tolerance(absolute=1e-3),
        device_tolerance=ONE_LEVEL if quantize else Tolerance(absolute=1e-4),
        dtype=dtype,
        channels=channels,
        minimum_shape=(cell, cell),
    )
    for cell, orientations, quantize, dtype, channels in [
        (4, 6, True, "uint8", 3),
        (4, 6, True, "uint8", 1),
        (2, 6, False, "uint8", 3),
        (3, 9, False, "float32", 3),
        (3, 9, True, "float32", 3),
    ]
]


def _as_unit(image: Array) -> Array:
    """Bring floats of 0 to 255 to 0 to 1."""
    return image if image.dtype == np.uint8 else changed(image, lambda values: values / np.float32(255))


_FILTERS = np.random.default_rng(8).normal(scale=0.2, size=(10, 2, 5, 5)).astype(np.float32)
_RULE = np.full(20, -0.4, np.float32), np.full(20, 250, np.float32)

DECORRELATED = [
    Case(
        "ldcf_features",
        "2 filters",
        lambda image: cvkit.ldcf_features(image, _FILTERS, *_RULE),
        lambda image: reference.ldcf_features(image, _FILTERS, *_RULE),
        against="naive",
        tolerance=ONE_LEVEL,
        device_tolerance=ONE_LEVEL,
        channels=3,
        minimum_shape=(4, 4),
    )
]


def _with_nan(image: Array) -> Array:
    """Return an image of bytes as floats with a NaN in the last channel of one pixel."""

    def change(values: np.ndarray) -> np.ndarray:
        floats = values.astype(np.float32)
        floats[..., 7, 4, -1] = np.nan
        return floats

    return changed(image, change)


HOG = [
    Case(
        "hog",
        "opencv, NaN",
        lambda image: cvkit.hog(_with_nan(image), gamma=False),
        lambda image: reference.hog_blocks_without(cvkit.hog(image, gamma=False), image.shape, (7, 4)),
        against="naive",
        tolerance=HOG_TOLERANCE,
        device_tolerance=HOG_TOLERANCE,
        channels=3,
        minimum_shape=(24, 19),
    )
]

# What OpenCV does not take.
HISTOGRAM = [
    Case(
        "histogram",
        "100 of -3 to 200",
        lambda image: cvkit.histogram(image, 100, range=(-3, 200)),
        lambda image: reference.histogram(image, 100, (-3, 200)),
        against="naive",
        dtype="float64",
        channels=2,
    ),
    Case(
        "equalize_histogram",
        "16 bits",
        cvkit.equalize_histogram,
        reference.equalize_histogram,
        against="naive",
        dtype="uint16",
    ),
    Case(
        "equalize_histogram",
        "each channel",
        cvkit.equalize_histogram,
        lambda image: np.stack([reference.equalize_histogram(plane) for plane in image.T]).T,
        against="naive",
        channels=3,
    ),
]

# Of the modules that contributors maintain, which no wheel of OpenCV has besides its own.
THINNING = [
    Case(
        "thin",
        method,
        lambda image, method=method: cvkit.thin(image, method=method),
        lambda image, method=method: reference.thin(image, method),
        against="naive",
    )
    for method in ("zhang_suen", "guo_hall")
]

NAIVE_CASES: list[Case] = [
    *CANNY,
    *CHANNELS,
    *DECORRELATED,
    *DENOISING,
    *HISTOGRAM,
    *HOG,
    *SHARPEN,
    *THINNING,
    *WARP,
]
