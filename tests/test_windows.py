"""A NaN, an infinity or a huge value changes only what its window covers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise

_KERNEL = [0.2, 0.3, 0.1, 0.2, 0.1, 0.05, 0.05]

# Of each form that kernels have: a filter, how far its window reaches up and down, and to the sides.
FILTERS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], int, int]] = {
    "bilateral_filter": (lambda image: cvkit.bilateral_filter(image, 9, 75, 75), 4, 4),
    "box_filter 3x3": (lambda image: cvkit.box_filter(image, 3), 1, 1),
    "box_filter 7x7": (lambda image: cvkit.box_filter(image, 7, border="replicate"), 3, 3),
    "box_filter 15x1": (lambda image: cvkit.box_filter(image, (15, 1)), 7, 0),
    "box_filter 1x7": (lambda image: cvkit.box_filter(image, (1, 7), normalize=False), 0, 3),
    "filter2d": (lambda image: cvkit.filter2d(image, np.full((3, 4), 0.1)), 1, 2),
    "gaussian_blur 5": (lambda image: cvkit.gaussian_blur(image, 1.2, ksize=5), 2, 2),
    "gaussian_blur 9": (lambda image: cvkit.gaussian_blur(image, ksize=9), 4, 4),
    "laplacian": (lambda image: cvkit.laplacian(image), 1, 1),
    "laplacian 5": (lambda image: cvkit.laplacian(image, ksize=5), 2, 2),
    "laplacian_of_gaussian": (lambda image: cvkit.laplacian_of_gaussian(image, 1), 4, 4),
    "median_blur 3": (lambda image: cvkit.median_blur(image, 3), 1, 1),
    "median_blur 5": (lambda image: cvkit.median_blur(image, 5), 2, 2),
    "median_blur 7": (lambda image: cvkit.median_blur(image, 7), 3, 3),
    "non_local_means": (lambda image: cvkit.non_local_means(image, 25, patch=3, window=5), 3, 3),
    "prewitt": (lambda image: cvkit.prewitt(image, 1, 0), 1, 1),
    "roberts": (lambda image: cvkit.roberts(image), 1, 1),
    "scharr": (lambda image: cvkit.scharr(image, 0, 1), 1, 1),
    "sep_filter2d": (lambda image: cvkit.sep_filter2d(image, kernel_y=_KERNEL, kernel_x=[1]), 3, 0),
    "sharpen": (lambda image: cvkit.sharpen(image), 1, 1),
    "sharpen sobel": (lambda image: cvkit.sharpen(image, "sobel"), 1, 1),
    "sobel": (lambda image: cvkit.sobel(image, 1, 0), 1, 1),
    "sobel 7": (lambda image: cvkit.sobel(image, 0, 2, ksize=7), 3, 3),
    "unsharp_mask": (lambda image: cvkit.unsharp_mask(image, 1.0), 4, 4),
}
# Beside borders, and on either side of the first row of a strip and of a tile.
PLACES = [(0, 0), (9, 8), (63, 4), (64, 1), (129, 5)]


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", FILTERS)
def test_a_value_changes_only_what_its_window_covers(name: str, channels: int) -> None:
    function, reach_y, reach_x = FILTERS[name]
    image = noise(140, 9, channels, np.float32)
    expected = function(image)
    for (y, x), value in product(PLACES, (np.nan, np.inf, 1e17, -3e38)):
        spoilt = image.copy()
        spoilt[y, x] = value
        outside = np.ones(image.shape[:2], bool)
        outside[max(y - reach_y, 0) : y + reach_y + 1, max(x - reach_x, 0) : x + reach_x + 1] = False
        np.testing.assert_array_equal(function(spoilt)[outside], expected[outside], f"{value} at {y, x}")


Along = Callable[[np.ndarray], np.ndarray]


def _aligned(scale: float, size: int) -> Along:
    return lambda index: ((index + 0.5) * scale - 0.5).clip(0, size - 1)


def _resized(interpolation: str, shape: tuple[int, int], reach: float) -> tuple[Any, Along, Along, Along]:
    """Pixels nearer than ``reach`` to where a pixel of the result lies count for it."""
    along_y, along_x = _aligned(70 / shape[0], 70), _aligned(9 / shape[1], 9)
    return (
        lambda image: cvkit.resize(image, shape, interpolation=interpolation),
        along_y,
        along_x,
        lambda distance: distance < reach - 1e-9,
    )


def _moved(operation: str, interpolation: str, reach: int) -> tuple[Any, Along, Along, Along]:
    matrix = np.array([[1.0, 0, -2], [0, 1, 1], [0, 0, 1]])[: 2 if operation == "warp_affine" else 3]
    return (
        lambda image: getattr(cvkit, operation)(image, matrix, (70, 9), interpolation=interpolation),
        lambda index: index - 1.0,
        lambda index: index + 2.0,
        lambda distance: distance <= reach,
    )


# A change of geometry, where rows and columns of its result lie in the image, and which distances count.
GEOMETRY = {
    "area, a whole factor": _resized("area", (14, 3), 3),
    "area, parts of pixels": _resized("area", (28, 4), 1.75),
    "area, seven rows": _resized("area", (10, 9), 4),
    "area, enlarged": _resized("area", (140, 18), 1),
    "bicubic, enlarged": _resized("bicubic", (210, 27), 2),
    "bicubic, made smaller": _resized("bicubic", (30, 5), 2),
    "bilinear, enlarged": _resized("bilinear", (210, 27), 1),
    "bilinear, made smaller": _resized("bilinear", (14, 3), 1),
    "bilinear, as it is": _resized("bilinear", (70, 9), 1),
    "lanczos, enlarged": _resized("lanczos", (210, 27), 3),
    "nearest": _resized("nearest", (35, 20), 1.5),
    "pyramid_down": (cvkit.pyramid_down, lambda y: 2 * y, lambda x: 2 * x, lambda distance: distance <= 2),
    "pyramid_up": (cvkit.pyramid_up, lambda y: y / 2, lambda x: x / 2, lambda distance: distance <= 1),
    "warp_affine": _moved("warp_affine", "bilinear", 1),
    "warp_affine bicubic": _moved("warp_affine", "bicubic", 2),
    "warp_perspective": _moved("warp_perspective", "bilinear", 1),
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", GEOMETRY)
def test_a_value_changes_only_what_is_made_of_it(name: str, channels: int) -> None:
    function, along_y, along_x, counts = GEOMETRY[name]
    image = noise(70, 9, channels, np.float32)
    expected = function(image)
    rows, columns = along_y(np.arange(expected.shape[0])), along_x(np.arange(expected.shape[1]))
    for (y, x), value in product([(0, 0), (9, 8), (63, 4), (65, 1)], (np.nan, np.inf, 1e17)):
        spoilt = image.copy()
        spoilt[y, x] = value
        outside = ~np.outer(counts(np.abs(rows - y)), counts(np.abs(columns - x)))
        np.testing.assert_array_equal(function(spoilt)[outside], expected[outside], f"{value} at {y, x}")


def test_infinity_stays_infinite_in_a_mean_of_three_rows_and_columns() -> None:
    image = np.ones((9, 9), np.float32)
    image[3, 3] = np.inf
    expected = np.ones((3, 3), np.float32)
    expected[1, 1] = np.inf
    np.testing.assert_array_equal(cvkit.resize(image, (3, 3), interpolation="area"), expected)


@pytest.mark.parametrize("taps", [1, 4, 8])
def test_infinity_stays_infinite_under_every_count_of_weights(taps: int) -> None:
    image = np.ones((5, 20), np.float32)
    image[2, 9] = np.inf
    for channels in (1, 3):
        pixels = image if channels == 1 else np.dstack([image] * 3)
        for found in (
            cvkit.filter2d(pixels, np.full((1, taps), 0.5)),
            cvkit.sep_filter2d(pixels, kernel_y=[2], kernel_x=np.full(taps, 0.25)),
        ):
            assert np.isinf(found[2]).sum() == taps * channels
            assert (found[np.isfinite(found)] == taps / 2).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e17, 1e300])
def test_box_sums_and_non_local_means_of_doubles_forget_what_left_them(value: float) -> None:
    image = np.zeros((40, 1))
    image[0] = value
    smooth = cvkit.box_filter(image, 7, border="replicate").ravel()
    assert np.flatnonzero(smooth != 0).tolist() == [0, 1, 2, 3]
    alike = np.full((40, 1), 0.25)
    alike[0] = value
    assert (cvkit.non_local_means(alike, 10, patch=5, window=7)[6:] == 0.25).all()


def test_box_sums_of_zeros_are_zeros() -> None:
    image = noise(90, 30, dtype=np.float64)
    image[20:] = 0
    assert (cvkit.box_filter(image, 9)[24:] == 0).all()


@pytest.mark.parametrize("ksize", [1, 3, 5, 7, (31, 3), (101, 1), (1, 9)])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("float64", 1e-11)])
def test_box_filter_of_floats_equals_opencv_in_double_precision(
    ksize: int | tuple[int, int], dtype: str, tolerance: float
) -> None:
    size = (ksize, ksize) if isinstance(ksize, int) else ksize[::-1]
    for (height, width), channels in product([(1, 1), (5, 6), (130, 5), (9, 50)], (1, 3)):
        image = noise(height, width, channels, dtype)
        for border, code in {"reflect101": cv2.BORDER_REFLECT_101, "constant": cv2.BORDER_CONSTANT}.items():
            expected = cv2.boxFilter(image.astype(np.float64), -1, size, borderType=code)
            found = cvkit.box_filter(image, ksize, border=border)
            np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
