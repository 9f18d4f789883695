"""Pooling of boxes beside naive versions and finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cvkit import layers
from tests import reference_layers
from tests.layer_calls import BOXES, planes
from tests.layer_checks import DTYPES, numeric_gradient, one_thread

__all__ = ["one_thread"]

ALIGNED: list[dict[str, Any]] = [
    {},
    {"spatial_scale": 0.5, "sampling_ratio": 2},
    {"aligned": True},
    {"aligned": True, "sampling_ratio": 3, "spatial_scale": 0.25},
]


def test_boxes_are_pooled_as_by_the_naive_version() -> None:
    x = planes(2, 3, 9, 11)
    for scale in (1, 0.5):
        found = layers.roi_pool(x, BOXES, (3, 2), spatial_scale=scale)
        expected = reference_layers.roi_pool(x, BOXES, (3, 2), spatial_scale=scale)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)
    for options in ALIGNED:
        found = layers.roi_align(x, BOXES, (3, 2), **options)
        expected = reference_layers.roi_align(x, BOXES, (3, 2), **options)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6, err_msg=str(options))


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_are_those_of_finite_differences(dtype: type) -> None:
    # So short that the largest value stays the largest, and exact.
    step = 2.0**-9
    x = planes(2, 1, 5, 6, dtype=dtype)
    gradient = planes(len(BOXES), 1, 3, 2, seed=1, dtype=dtype)
    expected = numeric_gradient(lambda x: layers.roi_pool(x, BOXES, (3, 2)), x, gradient, step)
    np.testing.assert_allclose(layers.roi_pool_backward(gradient, x, BOXES), expected, atol=2e-4)
    for options in ALIGNED:

        def forward(x: np.ndarray, options: Any = options) -> np.ndarray:
            return layers.roi_align(x, BOXES, (3, 2), **options)

        found = layers.roi_align_backward(gradient, x.shape, BOXES, **options)
        np.testing.assert_allclose(found, numeric_gradient(forward, x, gradient, step), atol=2e-4)


def test_large_boxes_take_no_longer_than_planes() -> None:
    x = np.ones((1, 1, 5, 6), np.float32)
    found = layers.roi_align(x, [[0, -1e9, -1e9, 1e9, 1e9]], (2, 2))
    assert found.shape == (1, 1, 2, 2) and (found < 1e-6).all()
    np.testing.assert_array_equal(layers.roi_pool(x, [[0, -1e9, -1e9, 1e9, 1e9]], (1, 1)), [[[[1]]]])


def test_there_may_be_no_boxes() -> None:
    x, none = planes(1, 2, 5, 6), np.empty((0, 5))
    assert layers.roi_pool(x, none, (2, 3)).shape == layers.roi_align(x, none, (2, 3)).shape == (0, 2, 2, 3)
    assert not layers.roi_align_backward(planes(0, 2, 2, 3), x.shape, none).any()


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([[0, 1, 2, 3]], "boxes must have shape any x 5"),
        ([[2, 0, 0, 1, 1]], "boxes must begin with the number of an item, from 0 to 1"),
        ([[0.5, 0, 0, 1, 1]], "boxes must begin with the number of an item"),
        ([[0, 2, 0, 1, 1]], "got one that ends before it begins"),
        ([[0, 0, 0, np.inf, 1]], "boxes must be finite"),
        ([[0, 0, 0, 1e10, 1]], "boxes must lie within"),
    ],
)
def test_bad_boxes_are_named(boxes: Any, message: str) -> None:
    for pool in (layers.roi_pool, layers.roi_align):
        with pytest.raises(ValueError, match=message):
            pool(planes(2, 2, 5, 6), boxes, (2, 2))


def test_bad_arguments_are_named() -> None:
    x, boxes = planes(1, 2, 5, 6), [[0, 0, 0, 3, 3]]
    with pytest.raises(ValueError, match="sampling_ratio must be from 1 to 1024, got 0"):
        layers.roi_align(x, boxes, (2, 2), sampling_ratio=0)
    with pytest.raises(ValueError, match="spatial_scale must be greater than 0"):
        layers.roi_pool(x, boxes, (2, 2), spatial_scale=0)
    with pytest.raises(ValueError, match=r"gradient must have shape \(1, 2, 2, 2\) here"):
        layers.roi_pool_backward(planes(2, 2, 2, 2), x, boxes)
    with pytest.raises(ValueError, match=r"output_shape must be \(height, width\)"):
        layers.roi_pool(x, boxes, 2)  # type: ignore[arg-type]
