"""Convolution beside naive versions, finite differences, filters of images and torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit import layers
from cvkit._jit import thread_limit
from tests import reference_layers
from tests.fake_device import fake
from tests.layer_calls import planes
from tests.layer_checks import DTYPES, numeric_gradient, one_thread

__all__ = ["one_thread"]

# Shapes of planes and of filters, and options.
CASES: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 5, 5, 7), (7, 5, 3, 3), {}),
    ((1, 3, 6, 9), (13, 3, 5, 2), {"stride": 2}),
    ((2, 4, 7, 9), (6, 2, 3, 3), {"groups": 2, "padding": "valid", "stride": (1, 3)}),
    ((1, 9, 4, 40), (9, 1, 3, 3), {"groups": 9, "padding": 1}),
    ((1, 2, 3, 80), (4, 1, 3, 5), {"groups": 2, "padding": "full", "dilation": (2, 1)}),
    ((1, 3, 10, 8), (2, 3, 2, 3), {"padding": (3, 0), "dilation": (3, 2), "stride": (2, 4)}),
    ((2, 6, 5, 7), (8, 6, 1, 1), {}),
    ((1, 6, 5, 7), (8, 3, 1, 1), {"groups": 2, "stride": 3}),
    ((1, 2, 1, 1), (3, 2, 3, 3), {}),
    ((2, 10, 5, 6), (20, 1, 3, 5), {"groups": 10, "dilation": (2, 1), "padding": (1, 2)}),
]


def arrays(case: Any, dtype: type) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shape, filters, _ = case
    return (
        planes(*shape, dtype=dtype),
        planes(*filters, seed=1, dtype=dtype),
        planes(filters[0], seed=2, dtype=dtype),
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_convolution_equals_naive_convolution(dtype: type) -> None:
    for case in CASES:
        x, weights, bias = arrays(case, dtype)
        for method in ("im2col", "direct"):
            found = layers.conv2d(x, weights, bias, **case[2], method=method)
            expected = reference_layers.conv2d(x, weights, bias, **case[2])
            assert found.dtype == dtype
            tolerance = 2e-6 if dtype == np.float32 else 1e-13
            np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance, err_msg=f"{case} {method}")


@pytest.mark.parametrize("threads", [1, pytest.param(2, marks=pytest.mark.sweep)])
def test_blocks_and_tasks_join(threads: int) -> None:
    with thread_limit(threads):
        convolve_large_planes()


def convolve_large_planes() -> None:
    # More rows than a block of columns has, and more than copies of planes in the cache.
    x, weights = planes(1, 9, 190, 100), planes(9, 1, 3, 3, seed=1)
    expected = reference_layers.conv2d(x, weights, groups=9)
    np.testing.assert_allclose(layers.conv2d(x, weights, groups=9), expected, rtol=0, atol=1e-6)
    x, weights = planes(2, 24, 70, 66), planes(13, 24, 3, 3, seed=1)
    expected = reference_layers.conv2d(x, weights)
    for method in ("im2col", "direct"):
        np.testing.assert_allclose(layers.conv2d(x, weights, method=method), expected, rtol=0, atol=3e-5)
    expected = reference_layers.conv2d(x, weights[..., :1, :1])
    for method in ("im2col", "direct"):
        found = layers.conv2d(x, weights[..., :1, :1], method=method)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_are_those_of_finite_differences(dtype: type) -> None:
    tolerance = 2e-5 if dtype == np.float32 else 1e-12
    for case in CASES:
        x, weights, _ = arrays(case, dtype)
        options = case[2]
        gradient = planes(*layers.conv2d(x, weights, **options).shape, seed=3, dtype=dtype)
        of_x, of_weights, of_bias = layers.conv2d_backward(gradient, x, weights, **options)

        def by_weights(weights: np.ndarray, x: np.ndarray = x, options: Any = options) -> np.ndarray:
            return layers.conv2d(x, weights, **options)

        def by_x(x: np.ndarray, weights: np.ndarray = weights, options: Any = options) -> np.ndarray:
            return layers.conv2d(x, weights, **options)

        np.testing.assert_allclose(
            of_x, numeric_gradient(by_x, x, gradient), atol=tolerance, err_msg=str(case)
        )
        expected = numeric_gradient(by_weights, weights, gradient)
        np.testing.assert_allclose(of_weights, expected, atol=tolerance, err_msg=str(case))
        np.testing.assert_allclose(of_bias, gradient.sum(axis=(0, 2, 3)), atol=tolerance)


@pytest.mark.sweep
def test_images_are_filtered_alike() -> None:
    image = planes(40, 50)
    kernel = planes(5, 3, seed=1)
    expected = cvkit.filter2d(image, kernel, border="constant")
    for method in ("im2col", "direct"):
        found = layers.conv2d(image[None, None], kernel[None, None], padding="same", method=method)
        np.testing.assert_allclose(found[0, 0], expected, rtol=0, atol=1e-6)


def test_values_that_are_no_numbers_stay_in_their_windows() -> None:
    x, weights = planes(1, 3, 9, 20), planes(8, 3, 3, 3, seed=1)
    x[0, 1, 4, 7] = np.nan
    for method in ("im2col", "direct"):
        found = np.isnan(layers.conv2d(x, weights, method=method)).all(axis=(0, 1))
        assert found[3:6, 6:9].all() and found.sum() == 9


def test_batches_may_be_empty() -> None:
    x, weights = planes(0, 3, 5, 6), planes(4, 3, 3, 3)
    for method in ("im2col", "direct"):
        assert layers.conv2d(x, weights, method=method).shape == (0, 4, 5, 6)
    of_x, of_weights, of_bias = layers.conv2d_backward(planes(0, 4, 5, 6), x, weights)
    assert of_x.shape == x.shape and not of_weights.any() and not of_bias.any()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"groups": 0}, ValueError, "groups must be at least 1"),
        ({"groups": 3}, ValueError, "groups must divide 4 channels and 6 filters, got 3"),
        ({"groups": 2}, ValueError, "weights must have 2 channels, as x in each of 2 groups"),
        ({"method": "winograd"}, ValueError, "method must be one of 'direct', 'im2col'"),
        ({"padding": "reflect"}, ValueError, "padding must be one of 'same', 'valid', 'full'"),
        ({"dilation": 4, "padding": "valid"}, ValueError, "ksize must be at most the planes"),
        ({"bias": np.zeros(5, np.float32)}, ValueError, r"bias must have shape \(6,\) here, got \(5,\)"),
        ({"bias": np.zeros(6)}, TypeError, "bias must have dtype float32, as x has, got float64"),
        ({"bias": fake(np.zeros(6, np.float32))}, ValueError, "bias must live where x lives"),
    ],
)
def test_bad_arguments_are_named(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        layers.conv2d(planes(1, 4, 5, 6), planes(6, 4, 3, 3), **options)


def test_convolution_equals_that_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    for case in CASES:
        options = case[2]
        if isinstance(options.get("padding", "same"), str):
            continue
        given = [torch.from_numpy(array).requires_grad_() for array in arrays(case, np.float32)]
        result = torch.nn.functional.conv2d(*given, **options)
        gradient = planes(*result.shape, seed=3)
        expected = torch.autograd.grad(result, given, torch.from_numpy(gradient))
        x, weights, bias = arrays(case, np.float32)
        for method in ("im2col", "direct"):
            found = layers.conv2d(x, weights, bias, **options, method=method)
            np.testing.assert_allclose(found, result.detach(), rtol=1e-5, atol=1e-6)
        gradients = layers.conv2d_backward(gradient, x, weights, **options)
        for ours, theirs in zip(gradients, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)
