"""What the table's rows for color do not say: shapes and refusals."""

from __future__ import annotations

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise


def test_shapes() -> None:
    image = noise(5, 7, 3)
    assert cvkit.rgb_to_gray(image).shape == (5, 7)
    assert cvkit.rgb_to_gray(image[None]).shape == (1, 5, 7, 1)
    assert cvkit.rgb_to_gray(np.empty((0, 5, 7, 3), np.uint8)).shape == (0, 5, 7, 1)
    assert cvkit.rgb_to_bgr(image[None]).shape == (1, 5, 7, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_equal_channels_stay_what_they_are(dtype: type) -> None:
    gray = noise(16, 40, 1, dtype)
    found = cvkit.rgb_to_gray(np.dstack([gray] * 3))
    np.testing.assert_allclose(found, gray, rtol=1e-6 if dtype is np.float32 else 0)


def test_double_precision_is_kept() -> None:
    image = noise(4, 6, 3, np.float64)
    np.testing.assert_allclose(cvkit.rgb_to_gray(image), image @ [0.299, 0.587, 0.114], rtol=1e-14)


@pytest.mark.parametrize("function", [cvkit.rgb_to_gray, cvkit.rgb_to_bgr])
def test_refusals(function: object) -> None:
    with pytest.raises(ValueError, match=r"image must have 3 channels, got shape \(4, 4\)"):
        function(np.zeros((4, 4), np.uint8))  # type: ignore[operator]
    with pytest.raises(ValueError, match="image must have 3 channels"):
        function(np.zeros((4, 4, 4), np.uint8))  # type: ignore[operator]
    with pytest.raises(TypeError, match="image must have dtype uint8, uint16, float32, float64, got int32"):
        function(np.zeros((4, 4, 3), np.int32))  # type: ignore[operator]


def test_nan_is_neither_black_nor_white() -> None:
    image = noise(3, 20, 3, np.float32) / np.float32(255)
    whole = cvkit.rgb_to_luv(image)
    image[1, 13, 2] = np.nan
    image[0, 0], image[0, 1] = np.inf, -np.inf
    found = cvkit.rgb_to_luv(image)
    assert np.isnan(found[1, 13]).all()
    assert np.isnan(found).sum() == 3
    np.testing.assert_array_equal(found[2], whole[2])
    np.testing.assert_allclose(found[0, :2, 0], [100, 0], atol=1e-4)


def test_channels_of_cells_without_numbers_are_nan_and_no_bytes() -> None:
    image = noise(48, 48, 3, np.float32) / np.float32(255)
    whole = cvkit.channel_features(image, quantize=False)
    moved = image.copy()
    moved[21, 22, 2] = 1.0
    moved = cvkit.channel_features(moved, quantize=False)
    image[21, 22, 2] = np.nan
    found = cvkit.channel_features(image, quantize=False)
    assert np.isnan(found[:, 5, 5]).all()
    assert np.isnan(found[moved != whole]).all()
    np.testing.assert_array_equal(found[~np.isnan(found)], whole[~np.isnan(found)])
    with pytest.raises(ValueError, match="image must be without NaN to become bytes, got NaN; quantize"):
        cvkit.channel_features(image)
    filters = np.full((10, 1, 5, 5), 0.04)
    with pytest.raises(ValueError, match="image must be without NaN to become bytes"):
        cvkit.ldcf_features(image, filters, np.zeros(10), np.full(10, 255))


def test_shapes_of_gray_and_mosaics() -> None:
    gray = noise(5, 7)
    for function in (cvkit.gray_to_rgb, cvkit.demosaic):
        assert function(gray).shape == (5, 7, 3)
        assert function(gray[..., None]).shape == (5, 7, 3)
        assert function(gray[None, ..., None]).shape == (1, 5, 7, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda image: cvkit.rgb_to_hsv(image.astype(np.uint16)),
            TypeError,
            "dtype uint8, float32, got uint16",
        ),
        (
            lambda image: cvkit.lab_to_rgb(image.astype(np.float64)),
            TypeError,
            "dtype uint8, float32, got float64",
        ),
        (lambda image: cvkit.gray_to_rgb(image), ValueError, "image must have 1 channels"),
        (lambda image: cvkit.demosaic(image), ValueError, "image must have 1 channels"),
        (
            lambda image: cvkit.demosaic(image[..., 0], "rgbg"),
            ValueError,
            "pattern must be one of 'rggb', 'grbg'",
        ),
        (
            lambda image: cvkit.demosaic(image[..., 0], method="vng"),
            ValueError,
            "method must be one of 'bilinear'",
        ),
        (
            lambda image: cvkit.demosaic(image[..., 0].astype(np.float32)),
            TypeError,
            "dtype uint8, uint16, got",
        ),
    ],
)
def test_what_has_no_such_color_is_refused(call: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(noise(6, 8, 3))  # type: ignore[operator]


def test_hues_go_round() -> None:
    image = noise(4, 30, 3, np.float32) / np.float32(255)
    image[..., 0] = np.arange(120, dtype=np.float32).reshape(4, 30) * 3
    for function in (cvkit.hsv_to_rgb, cvkit.hls_to_rgb):
        expected = function(image)
        for turns in (-2, -1, 1, 3):
            moved = image + np.array([360 * turns, 0, 0], np.float32)
            np.testing.assert_allclose(function(moved), expected, atol=1e-4)


@pytest.mark.parametrize("function", [cvkit.rgb_to_hsv, cvkit.rgb_to_hls])
def test_no_hue_is_made_of_nan(function: object) -> None:
    image = noise(3, 20, 3, np.float32) / np.float32(255)
    whole = function(image)  # type: ignore[operator]
    for channel in range(3):
        image[1, 5 + channel, channel] = np.nan
    found = function(image)  # type: ignore[operator]
    assert np.isnan(found[1, 5:8]).all()
    assert np.isnan(found).sum() == 9
    np.testing.assert_array_equal(found[[0, 2]], whole[[0, 2]])


def test_a_mosaic_of_one_color_is_that_color() -> None:
    image = np.empty((7, 9, 3), np.uint8)
    image[:] = 200, 90, 30
    rows, columns = np.mgrid[:7, :9]
    channel = rows % 2 + columns % 2
    mosaic = np.take_along_axis(image, channel[..., None], axis=2)[..., 0]
    for method in ("bilinear", "edge_aware"):
        np.testing.assert_array_equal(cvkit.demosaic(mosaic, method=method), image)
