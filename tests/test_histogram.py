"""Histograms and equalization beyond the table: refusals, masks, odd floats, images of many pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.histogram import calc_hist
from cvkit.compare.cases.images import noise, scene
from tests.fake_device import fake

IMAGE = noise(9, 8)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cvkit.histogram(IMAGE, 0), ValueError, "bins must be from 1 to 1048576, got 0"),
        (lambda: cvkit.histogram(IMAGE, 2.5), TypeError, "bins must be a whole number, got 2.5"),
        (lambda: cvkit.histogram(IMAGE.astype(np.int16)), TypeError, "image must have dtype uint8"),
        (
            lambda: cvkit.histogram(IMAGE.astype(np.float32)),
            ValueError,
            r"range must be \(low, high\) for float images, got None",
        ),
        (lambda: cvkit.histogram(IMAGE, range=(3, 3)), ValueError, "range must be .* low below high"),
        (
            lambda: cvkit.histogram(IMAGE, range=(1, 1 + 1e-9)),
            ValueError,
            r"range must be \(low, high\) with low below high as float32, got \(1, 1.000000001\)",
        ),
        (lambda: cvkit.histogram(IMAGE, range=(0, 1e39)), ValueError, "range must be .* as float32"),
        (lambda: cvkit.histogram(IMAGE, range=7), ValueError, r"range must be \(low, high\), got 7"),
        (lambda: cvkit.histogram(IMAGE, range=(0, "1")), TypeError, "range must be a number, got '1'"),
        (lambda: cvkit.histogram(IMAGE, mask=np.ones((8, 9), bool)), ValueError, "mask must have shape"),
        (lambda: cvkit.histogram(IMAGE, mask=np.ones((9, 8))), TypeError, "mask must have dtype bool or"),
        (
            lambda: cvkit.histogram(IMAGE, mask=fake(np.ones((9, 8), bool))),
            ValueError,
            "mask must live where the image lives",
        ),
        (
            lambda: cvkit.equalize_histogram(IMAGE.astype(np.float32)),
            TypeError,
            "image must have dtype uint8, uint16",
        ),
        (lambda: cvkit.clahe(noise(9, 8, 3)), ValueError, "image must have 1 channels"),
        (lambda: cvkit.clahe(IMAGE, -1), ValueError, "clip_limit must be at least 0, got -1"),
        (lambda: cvkit.clahe(IMAGE, tiles=(0, 8)), ValueError, "tiles must be at least 1, got 0"),
        (lambda: cvkit.clahe(IMAGE, tiles=(1 << 10, 65)), ValueError, "tiles must be at most 65536 in all"),
        (
            lambda: cvkit.clahe(IMAGE, 2, (4, 8)),  # type: ignore[misc]
            TypeError,
            r"clahe takes image, clip_limit by position and tiles, out by keyword, unlike cv2.createCLAHE",
        ),
        (lambda: cvkit.match_histogram(IMAGE, noise(5, 5, 3)), ValueError, "reference must have 1 channels"),
        (
            lambda: cvkit.match_histogram(IMAGE, noise(5, 5, dtype="uint16")),
            TypeError,
            "reference must have dtype uint8, got uint16",
        ),
        (
            lambda: cvkit.match_histogram(np.stack([IMAGE] * 3)[..., None], np.stack([IMAGE] * 2)[..., None]),
            ValueError,
            "reference must be one image or 3, got 2",
        ),
        (
            lambda: cvkit.match_histogram(IMAGE, fake(IMAGE)),
            ValueError,
            "reference must live where the image lives",
        ),
    ],
)
def test_what_cannot_be_right_is_refused(
    call: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


def test_calls_in_the_order_of_opencv_are_refused() -> None:
    arguments = [IMAGE], [0], None, [256], [0, 256]
    cv2.calcHist(*arguments)
    with pytest.raises(TypeError, match=r"histogram takes image, bins by position .* unlike cv2\.calcHist"):
        cvkit.histogram(*arguments)  # type: ignore[misc]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_images_of_many_pixels_are_counted_by_pairs_and_words(channels: int) -> None:
    image = scene(601, 607, channels)
    planes = image.reshape(-1, channels).T
    expected = [np.bincount(plane, minlength=256) for plane in planes]
    np.testing.assert_array_equal(cvkit.histogram(image).reshape(channels, 256), expected)
    table = cvkit.equalize_histogram(image)
    for plane, new in zip(planes, table.reshape(-1, channels).T, strict=True):
        expected_plane = cv2.equalizeHist(np.ascontiguousarray(plane)[np.newaxis])
        np.testing.assert_array_equal(new, expected_plane.ravel())


def test_several_parts_of_an_image_are_added_up() -> None:
    image = noise(1100, 1000, 1, "uint16")
    np.testing.assert_array_equal(cvkit.histogram(image, 65536), np.bincount(image.ravel(), minlength=65536))
    np.testing.assert_array_equal(
        cvkit.histogram(image.view(np.uint8)), np.bincount(image.view(np.uint8).ravel(), minlength=256)
    )


def test_shapes_follow_the_image() -> None:
    stack = noise(6, 5, 3)[np.newaxis].repeat(2, axis=0)
    assert cvkit.histogram(stack[0, ..., 0], 7).shape == (7,)
    assert cvkit.histogram(stack[0], 7).shape == (3, 7)
    assert cvkit.histogram(stack[..., :1], 7).shape == (2, 1, 7)
    assert cvkit.histogram(stack[:0], 7).shape == (0, 3, 7)
    assert cvkit.histogram(stack).dtype == np.int64
    for function in (cvkit.equalize_histogram, lambda image: cvkit.match_histogram(image, stack[0])):
        assert function(stack[:0]).shape == (0, 6, 5, 3)
    assert cvkit.clahe(stack[:0, ..., :1]).shape == (0, 6, 5, 1)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_each_image_of_a_stack_may_have_its_mask(dtype: str) -> None:
    stack = np.stack([noise(7, 9, 3, dtype, seed) for seed in range(2)])
    masks = np.random.default_rng(0).integers(0, 2, (2, 7, 9)).astype(bool)
    counts = cvkit.histogram(stack, 16, range=(0, 256), mask=masks)
    for image, mask, found in zip(stack, masks, counts, strict=True):
        np.testing.assert_array_equal(found, calc_hist(image, 16, (0, 256), mask.astype(np.uint8)))
        np.testing.assert_array_equal(
            cvkit.histogram(image, 16, range=(0, 256), mask=255 * mask.view("u1")), found
        )
    shared = cvkit.histogram(stack, 16, range=(0, 256), mask=masks[0])
    np.testing.assert_array_equal(shared[0], counts[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_without_a_place_are_in_no_bin(dtype: str) -> None:
    huge = np.finfo(dtype).max
    image = np.array([[np.nan, np.inf, -np.inf, huge, -huge, -0.0, 0.0, 1.0, 2.0]], dtype)
    np.testing.assert_array_equal(cvkit.histogram(image, 4, range=(0, 2)), [2, 0, 1, 0])
    with np.errstate(over="ignore"):
        widest = cvkit.histogram(image, 2, range=(-huge / 4, huge / 4))
    np.testing.assert_array_equal(widest, [0, 4])


def test_borders_of_bins_are_where_opencv_rounds() -> None:
    # A tiny number below 0 is lost where the range is shifted to begin at 0.
    image = np.array([[-1e-30, -1e-3, 0.0, 0.1, 0.3, 0.7, 1e-30, -254.99999]], np.float32)
    for bins, bounds in [(511, (-255, 256)), (10, (-0.1, 1)), (3, (0, 0.3)), (7, (-1e-3, 0.7))]:
        np.testing.assert_array_equal(
            cvkit.histogram(image, bins, range=bounds), calc_hist(image, bins, bounds)[0]
        )


def test_one_level_stays() -> None:
    for dtype in (np.uint8, np.uint16):
        image = np.full((5, 7), 77, dtype)
        np.testing.assert_array_equal(cvkit.equalize_histogram(image), image)


def test_an_image_matched_with_itself_stays() -> None:
    for dtype in ("uint8", "uint16"):
        image = noise(40, 30, 3, dtype)
        np.testing.assert_array_equal(cvkit.match_histogram(image, image), image)


def test_each_image_of_a_stack_may_have_its_reference() -> None:
    images = np.stack([noise(9, 8, 3, seed=seed) for seed in range(2)])
    others = np.stack([scene(12, 5, 3, seed=seed) for seed in range(2)])
    found = cvkit.match_histogram(images, others)
    for image, other, matched in zip(images, others, found, strict=True):
        np.testing.assert_array_equal(matched, cvkit.match_histogram(image, other))
