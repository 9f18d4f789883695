"""Distance transforms: indices, images without zeros, long ways, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import scipy.ndimage

import cvkit
from cvkit.compare.cases.images import noise, scene
from cvkit.compare.cases.morphology import opencv_distance
from tests.reference import nearest_zeros

KINDS = [("l2", "exact"), ("l2", 5), ("l2", 3), ("l1", 3), ("chessboard", 3)]
# More rows than a band, more columns than a tile and than vectors take.
SHAPES = [(1, 1), (1, 40), (40, 1), (33, 17), (70, 35)]


def masks(shape: tuple[int, int]) -> list[np.ndarray]:
    image = noise(*shape)
    few = np.full(shape, 7, np.uint8)
    few[shape[0] // 2, shape[1] // 3] = few[-1, 0] = 0
    blobs = (scene(*shape) > 100).astype(np.uint8)
    return [image // 128, (image > 9).astype(np.uint8), few, blobs, np.zeros_like(image), np.ones_like(image)]


@pytest.mark.parametrize("shape", SHAPES)
def test_of_several_nearest_zeros_the_first_column_then_the_first_row_counts(shape: tuple[int, int]) -> None:
    for mask in masks(shape):
        distances, indices = cvkit.distance_transform(mask, return_indices=True)
        squares, expected = nearest_zeros(mask)
        np.testing.assert_array_equal(indices, expected)
        if not mask.all():
            np.testing.assert_allclose(distances, np.sqrt(squares), rtol=1e-6)
        np.testing.assert_array_equal(distances, cvkit.distance_transform(mask))


def test_indices_are_those_of_scipy_where_one_zero_is_the_nearest() -> None:
    mask = (scene(90, 130) > 60).astype(np.uint8)
    distances, indices = cvkit.distance_transform(mask, return_indices=True)
    expected, places = scipy.ndimage.distance_transform_edt(mask, return_indices=True)
    np.testing.assert_allclose(distances, expected, rtol=1e-6)
    backwards = cvkit.distance_transform(mask[::-1, ::-1], return_indices=True)[1][::-1, ::-1]
    is_clear = (indices == np.subtract(mask.shape, 1) - backwards).all(axis=2)
    assert is_clear.mean() > 0.5
    np.testing.assert_array_equal(indices[is_clear], np.moveaxis(places, 0, -1)[is_clear])


@pytest.mark.parametrize(("metric", "mask_size"), KINDS)
def test_an_image_without_a_zero_gets_what_opencv_gives_it(metric: str, mask_size: int | str) -> None:
    full = np.full((5, 7), 255, np.uint8)
    found = cvkit.distance_transform(full, metric=metric, mask_size=mask_size)
    np.testing.assert_array_equal(found, opencv_distance(full, metric, mask_size))
    assert found.min() == found.max() > 65533


@pytest.mark.parametrize(("metric", "mask_size"), KINDS[1:])
@pytest.mark.parametrize("axis", [0, 1])
def test_distances_beyond_16_bits_end_where_those_of_opencv_do(
    metric: str, mask_size: int | str, axis: int
) -> None:
    line = np.full((1, 66_000), 1, np.uint8)
    line[0, 30] = 0
    mask = np.moveaxis(line, 0, axis)
    found = cvkit.distance_transform(mask, metric=metric, mask_size=mask_size)
    np.testing.assert_array_equal(found, opencv_distance(mask, metric, mask_size))


def test_exact_distances_are_so_along_any_side() -> None:
    line = np.full((1, 70_000), 1, np.uint8)
    line[0, 0] = 0
    for mask in (line, line.T):
        found = cvkit.distance_transform(mask).ravel()
        np.testing.assert_array_equal(found, np.arange(70_000))


def test_exact_distances_are_those_of_opencv() -> None:
    mask = (noise(80, 600) > 3).astype(np.uint8)
    np.testing.assert_array_equal(cvkit.distance_transform(mask), opencv_distance(mask, "l2", "exact"))
    by_default = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.testing.assert_allclose(cvkit.distance_transform(mask), by_default, rtol=1e-6)


def test_a_stack_is_measured_image_by_image() -> None:
    stack = np.stack(masks((33, 17)))[..., np.newaxis]
    for metric, mask_size in KINDS:
        found = cvkit.distance_transform(stack, metric=metric, mask_size=mask_size)
        each = [cvkit.distance_transform(mask, metric=metric, mask_size=mask_size) for mask in stack]
        np.testing.assert_array_equal(found, each)
    distances, indices = cvkit.distance_transform(stack, return_indices=True)
    assert distances.shape == stack.shape
    assert indices.shape == (*stack.shape[:3], 2)
    np.testing.assert_array_equal(indices[1], cvkit.distance_transform(stack[1], return_indices=True)[1])
    assert cvkit.distance_transform(stack[:0], return_indices=True)[1].shape == (0, 33, 17, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda mask: cvkit.distance_transform(mask, metric="l3"), ValueError, "metric must be one of 'l2'"),
        (lambda mask: cvkit.distance_transform(mask, mask_size=4), ValueError, "mask_size must be one of"),
        (lambda mask: cvkit.distance_transform(mask, mask_size=[3]), ValueError, "mask_size must be one of"),
        (
            lambda mask: cvkit.distance_transform(mask, mask_size=3, return_indices=True),
            ValueError,
            "return_indices must be False unless .* got metric 'l2' and mask_size 3",
        ),
        (lambda mask: cvkit.distance_transform(mask > 0), TypeError, "image must have dtype uint8, got bool"),
        (
            lambda mask: cvkit.distance_transform(mask[..., None][:, :, [0, 0]]),
            ValueError,
            "image must have 1",
        ),
    ],
)
def test_refusals(call: Callable[[np.ndarray], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(noise(5, 6))
