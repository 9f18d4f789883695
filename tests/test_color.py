"""What the table's rows for colour do not say: shapes and refusals."""

from __future__ import annotations

import numpy as np
import pytest

import cvkit
from cvkit.compare.images import noise


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
