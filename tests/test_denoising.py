"""Bilateral filter and non-local means: errors, properties and sweeps against OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import cvkit
from cvkit._border import BORDERS
from cvkit.compare.cases.images import noise, scene
from cvkit.filters import denoising


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((9, 0, 5), {}, "sigma_color must be greater than 0"),
        ((9, float("nan"), 5), {}, "sigma_color must be finite"),
        ((9, 5, -1), {}, "sigma_space must be greater than 0"),
        ((9, 5, 5), {"border": "mirror"}, "border must be one of"),
    ],
)
def test_bilateral_rejects_values(
    arguments: tuple[int, float, float], options: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        cvkit.bilateral_filter(noise(8, 8), *arguments, **options)


@pytest.mark.parametrize(
    ("h", "options", "message"),
    [
        (0, {}, "h must be greater than 0"),
        (float("inf"), {}, "h must be finite"),
        (10, {"patch": 0}, "patch must be at least 1"),
        (10, {"window": -1}, "window must be at least 1"),
    ],
)
def test_non_local_means_rejects_values(h: float, options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cvkit.non_local_means(noise(8, 8), h, **options)


def test_rejects_types() -> None:
    with pytest.raises(TypeError, match="diameter must be a whole number"):
        cvkit.bilateral_filter(noise(8, 8), 9.5, 10, 10)
    with pytest.raises(TypeError, match="image must have dtype uint8, uint16, float32, float64, got int16"):
        cvkit.non_local_means(np.zeros((8, 8), np.int16))


def test_a_constant_stays_what_it_is() -> None:
    for dtype in (np.uint8, np.float32):
        image = np.full((9, 11), 77, dtype)
        np.testing.assert_array_equal(cvkit.bilateral_filter(image, 9, 75, 75), image)
    for dtype in (np.uint8, np.uint16):
        image = np.full((9, 11), 77, dtype)
        np.testing.assert_array_equal(cvkit.non_local_means(image, 10, patch=3, window=5), image)


def test_a_huge_color_sigma_makes_a_gaussian_disc() -> None:
    image = noise(20, 21, 1, "float32")
    y, x = np.mgrid[-2:3, -2:3]
    disc = np.where(x**2 + y**2 <= 4, np.exp(-(x**2 + y**2) / (2 * 1.5**2)), 0)
    expected = cv2.filter2D(image, -1, disc / disc.sum())
    np.testing.assert_allclose(cvkit.bilateral_filter(image, 5, 1e6, 1.5), expected, atol=255e-5)


def test_bilateral_of_a_scene_is_within_one_of_opencv() -> None:
    image = scene(150, 530)  # several tiles
    ours = cvkit.bilateral_filter(image, 9, 75, 75).astype(int)
    gap = np.abs(ours - cv2.bilateralFilter(image, 9, 75, 75))
    assert gap.max() <= 1
    assert (gap > 0).mean() <= 1e-4


def test_non_local_means_of_a_scene_equals_opencv() -> None:
    image = scene(60, 300)  # several tiles
    ours = cvkit.non_local_means(image, 10, patch=5, window=11)
    np.testing.assert_array_equal(ours, cv2.fastNlMeansDenoising(image, None, 10, 5, 11))


@pytest.mark.parametrize(("channels", "patch"), [(1, 183), (3, 105), (4, 91), (1, 301)])
def test_large_patches_of_bytes_do_not_overflow(channels: int, patch: int) -> None:
    stripes = np.zeros((9, 12, channels), np.uint8)
    stripes[::2] = 255
    # No stripe is like its neighbor, and all like the next but one.
    np.testing.assert_array_equal(cvkit.non_local_means(stripes, 10, patch=patch, window=5), stripes)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_where_h_is_tiny_only_equal_pixels_count(dtype: str) -> None:
    image = np.array([[10, 90]], dtype)
    np.testing.assert_array_equal(cvkit.non_local_means(image, 1e-200, patch=1, window=3), image)


def test_equal_pixels_have_a_weight_in_windows_of_any_size() -> None:
    # A search through such a window would take minutes.
    for window in (2901, 2903, 100_001):
        table, _ = denoising._weights(10, 1, window, 1)
        assert table[0] > 0


@pytest.mark.sweep
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("border", BORDERS)
def test_sweep_of_bilateral_agrees_with_opencv(border: str, channels: int, dtype: str) -> None:
    if dtype == "float32" and border == "constant":
        pytest.skip("OpenCV reads beyond its table of weights where zeros lie outside the image's range")
    use_ipp = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)  # the primitives, used on one thread, round half of all values differently
    try:
        for shape in [(1, 1), (1, 9), (7, 1), (2, 2), (17, 23), (200, 301)]:
            for image in (noise(*shape, channels, dtype), scene(*shape, channels, dtype)):
                for diameter, color, space in [
                    (9, 75, 75),
                    (5, 20, 3),
                    (0, 30, 2),
                    (1, 10, 10),
                    (15, 500, 5),
                ]:
                    ours = cvkit.bilateral_filter(image, diameter, color, space, border=border)
                    expected = cv2.bilateralFilter(image, diameter, color, space, borderType=BORDERS[border])
                    gap = np.abs(ours.astype(np.float64) - expected)
                    assert gap.max() <= (1 if dtype == "uint8" else 255e-5)
                    assert dtype != "uint8" or (gap > 0).mean() <= 1e-4
    finally:
        cv2.ipp.setUseIPP(use_ipp)


@pytest.mark.sweep
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sweep_of_non_local_means_equals_opencv(channels: int) -> None:
    for shape in [(1, 1), (1, 9), (7, 1), (2, 2), (17, 23), (70, 301)]:
        for image in (noise(*shape, channels), scene(*shape, channels)):
            for h, patch, window in [(10, 7, 21), (3, 3, 9), (40, 5, 13), (1000, 4, 8)]:
                ours = cvkit.non_local_means(image, h, patch=patch, window=window)
                expected = cv2.fastNlMeansDenoising(image, None, h, patch, window)
                np.testing.assert_array_equal(ours, expected.reshape(ours.shape))
