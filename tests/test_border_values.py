"""What lies beyond an image is rounded and saturated alike everywhere, as ``cv2.copyMakeBorder`` does."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise

_WEIGHTS = [0.25, 0.5, 0.25]
_MOVE = np.array([[1, 0, 1], [0, 1, -1]])
_Y, _X = np.mgrid[-1:7, -1:8].astype(np.float32)

OPERATIONS: dict[str, Callable[..., np.ndarray]] = {
    "box_filter 3": lambda image, **border: cvkit.box_filter(image, 3, **border),
    "box_filter 7": lambda image, **border: cvkit.box_filter(image, 7, **border),
    "filter2d": lambda image, **border: cvkit.filter2d(image, np.outer(_WEIGHTS, _WEIGHTS), **border),
    "gaussian_blur 5": lambda image, **border: cvkit.gaussian_blur(image, ksize=5, **border),
    "gaussian_blur 7": lambda image, **border: cvkit.gaussian_blur(image, ksize=7, **border),
    "sep_filter2d": lambda image, **border: cvkit.sep_filter2d(
        image, kernel_y=_WEIGHTS, kernel_x=_WEIGHTS, **border
    ),
}
WARPS: dict[str, Callable[..., np.ndarray]] = {
    "warp_affine": lambda image, **border: cvkit.warp_affine(image, _MOVE, (6, 7), **border),
    "warp_perspective": lambda image, **border: cvkit.warp_perspective(
        image, np.vstack([_MOVE, [0, 0, 1]]), (6, 7), interpolation="nearest", **border
    ),
    "remap": lambda image, **border: cvkit.remap(image, _X - 1, _Y + 1, **border)[1:7, 1:8],
    "bilinear_sample": lambda image, **border: cvkit.bilinear_sample(
        image, (_X - 1)[1:7, 1:8].ravel(), (_Y + 1)[1:7, 1:8].ravel(), **border
    ).reshape(6, 7),
}
VALUES = (300, -1, 254.9, 254.5, 0.5, 1.5, -0.4, 70000, 1e12, np.float32(2.5), True)


def surrounded(image: np.ndarray, margin: int, value: float) -> np.ndarray:
    """The image with the border that OpenCV makes of a value, which it cuts to 32 bits for whole pixels."""
    fitting = float(value) if image.dtype.kind == "f" else min(float(value), 2.0**31 - 1)
    sides = (margin, margin, margin, margin)
    return cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=fitting)


@pytest.mark.parametrize(
    "dtype", ["uint8", *(pytest.param(dtype, marks=pytest.mark.sweep) for dtype in ("uint16", "float32"))]
)
@pytest.mark.parametrize("name", OPERATIONS)
def test_filters_see_the_border_that_opencv_makes(name: str, dtype: str) -> None:
    image = noise(6, 7, dtype=dtype)
    for value in VALUES if dtype != "float32" else VALUES[:6]:
        expected = OPERATIONS[name](surrounded(image, 3, value))[3:-3, 3:-3]
        found = OPERATIONS[name](image, border="constant", border_value=value)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 if dtype == "float32" else 0)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("name", WARPS)
def test_warps_see_the_border_that_opencv_makes(name: str, dtype: str) -> None:
    image = noise(6, 7, dtype=dtype)
    for value in VALUES:
        expected = surrounded(image, 1, value)[2:8, 0:7]
        np.testing.assert_array_equal(WARPS[name](image, border_value=value), expected)


@pytest.mark.parametrize("name", [*OPERATIONS, *WARPS])
def test_values_that_pixels_cannot_have_are_refused_by_name(name: str) -> None:
    function = (OPERATIONS | WARPS)[name]
    refused: list[tuple[Any, type[Exception], str]] = [
        (np.nan, ValueError, "border_value must be finite for images of uint8, got nan"),
        (np.inf, ValueError, "border_value must be finite for images of uint8, got inf"),
        (10**400, ValueError, "border_value must be finite for images of uint8, got 1000"),
        ("7", TypeError, "border_value must be one number, got '7'"),
        (1j, TypeError, "border_value must be one number, got 1j"),
        (None, TypeError, "border_value must be one number, got None"),
        ((1, 2), ValueError, r"border_value must be one number, got \(1, 2\)"),
    ]
    for (value, error, message), border in product(refused, ("constant", "replicate")):
        with pytest.raises(error, match=message):
            function(noise(6, 7), border=border, border_value=value)


def test_float_pixels_may_be_nan_or_infinite_beyond_the_image() -> None:
    image = noise(6, 7, dtype=np.float32)
    for name, function in (OPERATIONS | WARPS).items():
        for value in (np.nan, np.inf, 1e300):  # the last one is beyond float32
            found = function(image, border="constant", border_value=value)
            finite = np.isfinite(found)
            assert finite.any() or name.endswith("7"), name
            assert not finite.all(), name


def test_each_channel_has_its_own_value() -> None:
    image = noise(6, 7, 3)
    warped = cvkit.warp_affine(image, _MOVE, (6, 7), border_value=(300, -1, 1.5))
    assert warped[0, 0].tolist() == [255, 0, 2]
    assert warped[5].tolist() == [[255, 0, 2]] * 7
