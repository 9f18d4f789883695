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
