"""Pooling beside naive versions, finite differences and torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cvkit import layers
from tests import reference_layers
from tests.fake_device import fake
from tests.layer_calls import planes
from tests.layer_checks import DTYPES, numeric_gradient, one_thread

__all__ = ["one_thread"]

WINDOWS: list[dict[str, Any]] = [
    {"ksize": 2},
    {"ksize": (3, 2), "stride": 2, "padding": "same"},
    {"ksize": 3, "stride": (2, 1), "padding": 1},
    {"ksize": (2, 5), "stride": 3, "padding": (0, 2)},
    {"ksize": 1, "stride": 4},
]
DILATED: list[dict[str, Any]] = [
    {"ksize": 2, "dilation": (3, 2)},
    {"ksize": 3, "dilation": 2, "padding": "same"},
]


def shape_of(x: np.ndarray, options: dict[str, Any]) -> tuple[int, ...]:
    return layers.max_pool2d(x, **options).shape


@pytest.mark.parametrize("dtype", DTYPES)
def test_pooling_equals_naive_pooling(dtype: type) -> None:
    x = planes(2, 3, 13, 10, dtype=dtype)
    for options in WINDOWS + DILATED:
        found = layers.max_pool2d(x, **options)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, reference_layers.max_pool2d(x, **options), str(options))
    for options in WINDOWS:
        for counts in ({}, {"count_padding": True}, {"count_padding": False}):
            found = layers.avg_pool2d(x, **options, **counts)
            expected = reference_layers.avg_pool2d(x, **options, **counts)
            assert found.dtype == dtype
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7, err_msg=str(options))
    np.testing.assert_allclose(layers.global_pool(x), x.mean(axis=(2, 3)), rtol=1e-5)
    np.testing.assert_array_equal(layers.global_pool(x, "max"), x.max(axis=(2, 3)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_are_those_of_finite_differences(dtype: type) -> None:
    # So short that the largest value stays the largest, and exact.
    step = 2.0**-9
    x = planes(1, 2, 6, 7, dtype=dtype)
    for options in WINDOWS + DILATED:
        gradient = planes(*shape_of(x, options), seed=1, dtype=dtype)
        expected = numeric_gradient(lambda x, o=options: layers.max_pool2d(x, **o), x, gradient, step)
        found = layers.max_pool2d_backward(gradient, x, **options)
        np.testing.assert_allclose(found, expected, atol=2e-4, err_msg=str(options))
        if "dilation" in options:
            continue
        expected = numeric_gradient(lambda x, o=options: layers.avg_pool2d(x, **o), x, gradient, step)
        found = layers.avg_pool2d_backward(gradient, x.shape, **options)
        np.testing.assert_allclose(found, expected, atol=2e-4, err_msg=str(options))
    for method in ("average", "max"):
        gradient = planes(1, 2, seed=1, dtype=dtype)
        expected = numeric_gradient(lambda x, m=method: layers.global_pool(x, m), x, gradient, step)
        np.testing.assert_allclose(
            layers.global_pool_backward(gradient, x, method), expected, atol=2e-4, err_msg=method
        )


def test_gradients_go_to_the_first_of_equal_values() -> None:
    x = np.zeros((1, 1, 3, 3), np.float32)
    gradient = np.ones((1, 1, 2, 2), np.float32)
    found = layers.max_pool2d_backward(gradient, x, 2, stride=1)
    np.testing.assert_array_equal(found[0, 0], [[1, 1, 0], [1, 1, 0], [0, 0, 0]])
    found = layers.global_pool_backward(gradient[..., 0, 0], x, "max")
    assert found[0, 0, 0, 0] == 1 and found.sum() == 1


def test_values_that_are_no_numbers_stay() -> None:
    x = planes(1, 1, 4, 6)
    x[0, 0, 1, 1], x[0, 0, 0, 4] = np.nan, -np.inf
    found = layers.max_pool2d(x, 2)
    np.testing.assert_array_equal(np.isnan(found[0, 0]), [[True, False, False], [False] * 3])
    assert np.isnan(layers.global_pool(x, "max"))
    x[...] = -np.inf
    np.testing.assert_array_equal(layers.max_pool2d(x, 2), np.full((1, 1, 2, 3), -np.inf))
    found = layers.max_pool2d_backward(np.ones((1, 1, 2, 3), np.float32), x, 2)
    assert found[0, 0, ::2, ::2].all() and found.sum() == 6


def test_batches_may_be_empty_and_views_have_gaps() -> None:
    x = planes(2, 3, 8, 8)
    np.testing.assert_array_equal(
        layers.max_pool2d(x[:, ::2, ::-1], 3), layers.max_pool2d(x[:, ::2, ::-1].copy(), 3)
    )
    assert layers.max_pool2d(x[:0], 2).shape == (0, 3, 4, 4)
    assert layers.global_pool(x[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: layers.max_pool2d(x.astype(int), 2), TypeError, "x must have dtype float32, float64"),
        (
            lambda x: layers.max_pool2d(x[0], 2),
            ValueError,
            r"x must be \(N, C, H, W\), got shape \(2, 4, 5\)",
        ),
        (lambda x: layers.max_pool2d(x[:, :0], 2), ValueError, "x must have 1 to"),
        (lambda x: layers.max_pool2d(x, 0), ValueError, "ksize must be at least 1"),
        (lambda x: layers.max_pool2d(x, 6), ValueError, "ksize must be at most the planes and their padding"),
        (lambda x: layers.max_pool2d(x, 2, stride=0), ValueError, "stride must be at least 1"),
        (lambda x: layers.max_pool2d(x, 2, padding=2), ValueError, "padding must be at most half"),
        (lambda x: layers.max_pool2d(x, 2, padding="full"), ValueError, "one of 'same', 'valid', got 'full'"),
        (lambda x: layers.max_pool2d(x, 2, padding=-1), ValueError, "padding must be at least 0"),
        (lambda x: layers.max_pool2d(x, 2, dilation=0), ValueError, "dilation must be at least 1"),
        (lambda x: layers.max_pool2d_backward(x, x, 2), ValueError, r"gradient must have shape \(1, 2, 2, 2"),
        (lambda x: layers.avg_pool2d_backward(x, (1, 2, 4), 2), ValueError, r"must be \(N, C, H, W\)"),
        (lambda x: layers.avg_pool2d_backward(x, (1, 0, 4, 4), 2), ValueError, "input_shape must have 1 to"),
    ],
)
def test_bad_arguments_are_named(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(planes(1, 2, 4, 5))


def test_all_arrays_are_of_one_kind() -> None:
    x = planes(1, 2, 4, 5)
    with pytest.raises(TypeError, match="x must have dtype float64, as gradient has, got float32"):
        layers.global_pool_backward(x[..., 0, 0].astype(np.float64), x)
    with pytest.raises(ValueError, match="x must live where gradient lives"):
        layers.global_pool_backward(fake(x[..., 0, 0]), x)


def test_pooling_equals_that_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    functional = torch.nn.functional
    for options in [{"ksize": 3, "stride": 2, "padding": 1}, {"ksize": (2, 3), "padding": (1, 0)}]:
        x = planes(2, 3, 15, 12)
        given = torch.from_numpy(x).requires_grad_()
        kwargs = {"kernel_size": options["ksize"], **{k: v for k, v in options.items() if k != "ksize"}}
        for name in ("max_pool2d", "avg_pool2d"):
            result = getattr(functional, name)(given, **kwargs)
            np.testing.assert_allclose(
                getattr(layers, name)(x, **options), result.detach(), rtol=1e-5, atol=1e-6
            )
            gradient = planes(*result.shape, seed=1)
            (expected,) = torch.autograd.grad(result, given, torch.from_numpy(gradient))
            source = x if name == "max_pool2d" else x.shape
            found = getattr(layers, f"{name}_backward")(gradient, source, **options)
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
