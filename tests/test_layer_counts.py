"""Sizes, receptive fields and counts beside what small networks show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cvkit import layers
from tests.layer_calls import planes
from tests.layer_checks import one_thread

__all__ = ["one_thread"]

STACK: list[dict[str, Any]] = [
    {"ksize": (3, 2), "stride": 2},
    {"ksize": 2, "stride": 1, "dilation": (2, 3)},
    {"ksize": (1, 3), "stride": (2, 1)},
]


@pytest.mark.parametrize("padding", ["same", "valid", "full", 1, (2, 0)])
def test_sizes_are_those_of_results(padding: Any) -> None:
    for layer in STACK:
        ksize = layer["ksize"] if isinstance(layer["ksize"], tuple) else (layer["ksize"],) * 2
        options = {name: value for name, value in layer.items() if name != "ksize"}
        found = layers.conv2d(planes(1, 1, 9, 12), planes(1, 1, *ksize), padding=padding, **options)
        assert layers.output_size((9, 12), ksize, padding=padding, **options) == found.shape[2:]


def test_a_result_depends_on_its_receptive_field() -> None:
    x = planes(1, 1, 40, 40)
    gradient: np.ndarray | None = None
    inputs = [x]
    for layer in STACK:
        ksize = np.broadcast_to(layer["ksize"], 2)
        options = {name: value for name, value in layer.items() if name != "ksize"}
        inputs.append(
            layers.conv2d(inputs[-1], np.ones((1, 1, *ksize), np.float32), padding="valid", **options)
        )
    seen = []
    for place in ((2, 3), (3, 4)):
        gradient = np.zeros_like(inputs[-1])
        gradient[0, 0][place] = 1
        for layer, source in zip(reversed(STACK), reversed(inputs[:-1]), strict=True):
            weights = np.ones((1, 1, *np.broadcast_to(layer["ksize"], 2)), np.float32)
            options = {name: value for name, value in layer.items() if name != "ksize"}
            gradient, *_ = layers.conv2d_backward(gradient, source, weights, padding="valid", **options)
        rows, columns = (np.flatnonzero(gradient[0, 0].any(axis=axis)) for axis in (1, 0))
        seen.append((rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1))
    size, stride = layers.receptive_field([tuple(layer.values()) for layer in STACK])
    assert size == seen[0][2:] == seen[1][2:]
    assert stride == (seen[1][0] - seen[0][0], seen[1][1] - seen[0][1])


def test_counts_are_those_of_the_arrays() -> None:
    weights = planes(6, 2, 3, 5)
    assert layers.parameter_count(weights.shape) == weights.size + 6
    assert layers.parameter_count(weights.shape, bias=False) == weights.size
    assert layers.parameter_count((10, 64)) == 650
    assert layers.operation_count(weights.shape, (4, 7), count=3) == 3 * 6 * 28 * 2 * 30
    assert layers.operation_count(weights.shape, (4, 7), bias=False) == 6 * 28 * (2 * 30 - 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.output_size((4, 5), 6, padding="valid"), "ksize must be at most the planes"),
        (lambda: layers.output_size((4, 0), 3), "shape must be at least 1"),
        (lambda: layers.receptive_field([3]), r"layers must each be \(ksize, stride, dilation\)"),
        (lambda: layers.receptive_field([(3, 0)]), "stride must be at least 1"),
        (lambda: layers.parameter_count((3, 0)), "weights_shape must be at least 1"),
        (lambda: layers.operation_count((3, 4), (5, 5)), "weights_shape must be 4 whole numbers"),
    ],
)
def test_bad_arguments_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
