"""Transposed convolution beside naive versions, finite differences and torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cvkit import layers
from tests import reference_layers
from tests.layer_calls import planes
from tests.layer_checks import DTYPES, numeric_gradient, one_thread

__all__ = ["one_thread"]

# Shapes of planes and of filters, and options.
CASES: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 5, 6), (3, 4, 3, 3), {}),
    ((1, 4, 4, 5), (4, 2, 3, 2), {"stride": 2, "groups": 2}),
    ((2, 2, 3, 4), (2, 3, 2, 3), {"stride": (2, 3), "padding": 1, "output_padding": (1, 2)}),
    ((1, 3, 6, 5), (3, 2, 2, 3), {"padding": "full", "dilation": (2, 1)}),
    ((1, 2, 3, 3), (2, 2, 1, 1), {"stride": 3, "padding": "valid"}),
    ((1, 4, 3, 4), (4, 1, 4, 4), {"stride": 2, "padding": 1, "groups": 4}),
]


def arrays(case: Any, dtype: type) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shape, filters, options = case
    count = filters[1] * options.get("groups", 1)
    return (
        planes(*shape, dtype=dtype),
        planes(*filters, seed=1, dtype=dtype),
        planes(count, seed=2, dtype=dtype),
    )


def test_filters_are_spread_as_by_the_naive_version() -> None:
    for case in CASES:
        x, weights, bias = arrays(case, np.float32)
        found = layers.conv_transpose2d(x, weights, bias, **case[2])
        expected = reference_layers.conv_transpose2d(x, weights, bias, **case[2])
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6, err_msg=str(case))


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_are_those_of_finite_differences(dtype: type) -> None:
    tolerance = 2e-5 if dtype == np.float32 else 1e-12
    for case in CASES:
        x, weights, _ = arrays(case, dtype)
        options = case[2]
        gradient = planes(*layers.conv_transpose2d(x, weights, **options).shape, seed=3, dtype=dtype)
        of_x, of_weights, of_bias = layers.conv_transpose2d_backward(gradient, x, weights, **options)

        def by_weights(weights: np.ndarray, x: np.ndarray = x, options: Any = options) -> np.ndarray:
            return layers.conv_transpose2d(x, weights, **options)

        def by_x(x: np.ndarray, weights: np.ndarray = weights, options: Any = options) -> np.ndarray:
            return layers.conv_transpose2d(x, weights, **options)

        np.testing.assert_allclose(
            of_x, numeric_gradient(by_x, x, gradient), atol=tolerance, err_msg=str(case)
        )
        expected = numeric_gradient(by_weights, weights, gradient)
        np.testing.assert_allclose(of_weights, expected, atol=tolerance, err_msg=str(case))
        np.testing.assert_allclose(of_bias, gradient.sum(axis=(0, 2, 3)), atol=tolerance)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": 3}, "groups must divide 4 channels, got 3"),
        ({"output_padding": 1}, r"output_padding must be less than the stride \(1, 1\), got 1"),
        ({"output_padding": 1, "stride": 2}, "output_padding must be 0 for padding=.same., got 1"),
        ({"padding": 4}, r"padding must leave 1 to \d+ results, got \(-1, 0\)"),
        ({"bias": np.zeros(4, np.float32)}, r"bias must have shape \(6,\) here"),
    ],
)
def test_bad_arguments_are_named(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layers.conv_transpose2d(planes(1, 4, 5, 6), planes(4, 6, 3, 3), **options)
    with pytest.raises(ValueError, match="weights must have 4 channels first"):
        layers.conv_transpose2d(planes(1, 4, 5, 6), planes(6, 4, 3, 3))


def test_transposed_convolution_equals_that_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    for case in CASES:
        options = case[2]
        if isinstance(options.get("padding", "same"), str):
            continue
        given = [torch.from_numpy(array).requires_grad_() for array in arrays(case, np.float32)]
        result = torch.nn.functional.conv_transpose2d(*given, **options)
        gradient = planes(*result.shape, seed=3)
        expected = torch.autograd.grad(result, given, torch.from_numpy(gradient))
        x, weights, bias = arrays(case, np.float32)
        found = layers.conv_transpose2d(x, weights, bias, **options)
        np.testing.assert_allclose(found, result.detach(), rtol=1e-5, atol=1e-6)
        gradients = layers.conv_transpose2d_backward(gradient, x, weights, **options)
        for ours, theirs in zip(gradients, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)
