"""Morphology: elements, refusals, and what tables cannot say."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise, scene
from cvkit.compare.cases.morphology import reconstruction
from tests.fake_device import fake

SHAPES = {"rectangle": cv2.MORPH_RECT, "ellipse": cv2.MORPH_ELLIPSE, "cross": cv2.MORPH_CROSS}


@pytest.mark.parametrize("shape", SHAPES)
def test_elements_are_those_of_opencv(shape: str) -> None:
    for height in range(1, 26):
        for width in range(1, 26):
            expected = cv2.getStructuringElement(SHAPES[shape], (width, height))
            np.testing.assert_array_equal(cvkit.structuring_element(shape, (height, width)), expected)
    crossed = cvkit.structuring_element("cross", (4, 5), anchor=(0, 4))
    np.testing.assert_array_equal(crossed, cv2.getStructuringElement(cv2.MORPH_CROSS, (5, 4), anchor=(4, 0)))


@pytest.mark.parametrize("size", [1, 4, (3, 7), (17, 2)])
def test_a_size_is_a_rectangle(size: Any) -> None:
    image = noise(33, 41)
    ones = cvkit.structuring_element("rectangle", size)
    np.testing.assert_array_equal(cvkit.erode(image, size), cv2.erode(image, ones))
    np.testing.assert_array_equal(cvkit.erode(image, ones.tolist()), cvkit.erode(image, size))


@pytest.mark.parametrize("border", ["constant", "replicate", "reflect", "reflect101", "wrap"])
def test_rectangles_beyond_everything_find_the_extremes(border: str) -> None:
    image = noise(7, 9)
    for element, iterations in (((1 << 20) - 1, 1), (5, 1 << 40)):
        found = cvkit.dilate(image, element, iterations=iterations, border=border)
        np.testing.assert_array_equal(found, np.full_like(image, image.max()))


def test_the_dual_of_an_erosion_is_a_dilation() -> None:
    image, element = scene(40, 50, dtype="uint16"), cvkit.structuring_element("ellipse", 7)
    np.testing.assert_array_equal(cvkit.erode(~image, element), ~cvkit.dilate(image, element))


def test_signed_images_and_their_borders() -> None:
    image = noise(20, 30, dtype="uint16").view(np.int16)
    element = cvkit.structuring_element("cross", 3)
    for value in (-40_000, -5, 7.5):
        expected = cv2.dilate(image, element, borderValue=(value,) * 4, borderType=cv2.BORDER_CONSTANT)
        np.testing.assert_array_equal(cvkit.dilate(image, element, border_value=value), expected)
    expected = cv2.morphologyEx(image, cv2.MORPH_GRADIENT, element)
    np.testing.assert_array_equal(cvkit.morphological_gradient(image, element), expected)


def test_a_nan_changes_only_what_its_window_covers() -> None:
    image = scene(20, 20, dtype="float32")
    expected = cvkit.erode(image, 5)
    damaged = image.copy()
    damaged[10, 10] = np.nan
    found = cvkit.erode(damaged, 5)
    found[8:13, 8:13] = expected[8:13, 8:13]
    np.testing.assert_array_equal(found, expected)


def test_patterns_of_set_or_of_clear_pixels_only() -> None:
    mask = np.where(noise(15, 17) > 99, 255, 0).astype(np.uint8)
    for pattern in ([[1, 0, 1]], [[-1], [0], [-1]]):
        expected = cv2.morphologyEx(mask, cv2.MORPH_HITMISS, np.array(pattern, np.int32))
        np.testing.assert_array_equal(cvkit.hit_or_miss(mask, pattern), expected)
    # A pattern that is a rectangle grows with each iteration, which shows where borders are mirrored.
    pair, image = np.ones((1, 2), np.int32), np.array([[163, 69, 10]], np.uint8)
    options = {"anchor": (1, 0), "iterations": 2, "borderType": cv2.BORDER_REFLECT_101}
    found = cvkit.hit_or_miss(image, pair, anchor=(0, 1), iterations=2, border="reflect101")
    np.testing.assert_array_equal(found, cv2.morphologyEx(image, cv2.MORPH_HITMISS, pair, **options))
    assert cvkit.opening(np.zeros((0, 4, 5, 1), np.uint8), 3).shape == (0, 4, 5, 1)


def serpentine(height: int, width: int) -> np.ndarray:
    """Draw one corridor that fills an image, row by row."""
    mask = np.zeros((height, width), np.uint8)
    mask[::2] = 255
    mask[1::4, -1] = mask[3::4, 0] = 255
    return mask


def test_a_corridor_is_followed_to_its_end() -> None:
    mask = serpentine(2001, 2001)
    ramp = np.minimum(np.linspace(0, 255, 2001).astype(np.uint8)[:, np.newaxis], mask)
    end = np.zeros_like(mask)
    end[-1, -1 if mask[-2, -1] == 0 else 0] = 255
    for marker in (end, ramp):  # each row of the ramp is greater than all before it
        np.testing.assert_array_equal(cvkit.reconstruct(marker, mask), mask)


@pytest.mark.parametrize("method", ["dilation", "erosion"])
def test_reconstruction_of_extreme_and_of_signed_values(method: str) -> None:
    signed = noise(20, 30, dtype="uint16").view(np.int16)
    infinite = np.where(noise(20, 30) > 200, np.inf, scene(20, 30, dtype="float64"))
    infinite[noise(20, 30) < 50] = -np.inf
    for mask in (signed, infinite, np.full((3, 4), -128, np.int16), np.array([[np.inf]])):
        marker = np.minimum(mask, mask[::-1]) if method == "dilation" else np.maximum(mask, mask[::-1])
        expected = reconstruction(marker, mask, method)
        np.testing.assert_array_equal(cvkit.reconstruct(marker, mask, method=method), expected)


def test_each_image_of_a_stack_is_reconstructed_by_itself() -> None:
    masks = np.stack([scene(20, 30), noise(20, 30)])[..., np.newaxis]
    markers = masks // 2
    found = cvkit.reconstruct(markers, masks)
    for image in range(2):
        expected = reconstruction(markers[image, ..., 0], masks[image, ..., 0], "dilation")
        np.testing.assert_array_equal(found[image, ..., 0], expected)
    assert cvkit.reconstruct(masks[:0], masks[:0], method="erosion").shape == (0, 20, 30, 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda image: cvkit.reconstruct(image + 1, image),
            ValueError,
            r"marker must be at most mask everywhere, got \d+ where mask is \d+ in image 0, row 0, column 0",
        ),
        (
            lambda image: cvkit.reconstruct(image - 1, image, method="erosion"),
            ValueError,
            "marker must be at least mask everywhere, got",
        ),
        (
            lambda image: cvkit.reconstruct(image * np.float32(np.nan), image.astype(np.float32)),
            ValueError,
            "at most mask everywhere, got nan",
        ),
        (lambda image: cvkit.reconstruct(image, image[1:]), ValueError, "marker and mask must have the same"),
        (lambda image: cvkit.reconstruct(image, image, method="x"), ValueError, "method must be one of"),
        (lambda image: cvkit.reconstruct(image, image / 2), TypeError, "mask must have dtype uint8"),
        (lambda image: cvkit.reconstruct(image, fake(image)), ValueError, "must live on the same device"),
        (
            lambda image: cvkit.reconstruct(*[np.stack([image] * 3, axis=2)] * 2),
            ValueError,
            "marker must have 1 channels",
        ),
    ],
)
def test_a_marker_that_no_mask_holds_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(scene(5, 6).clip(1, 254))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda image: cvkit.erode(image, np.zeros((3, 3))), ValueError, "element must be .* not 0, got"),
        (lambda image: cvkit.erode(image, np.ones((2, 2, 2))), ValueError, "element must be"),
        (lambda image: cvkit.erode(image, 0), ValueError, "element must be at least 1, got 0"),
        (lambda image: cvkit.erode(image, "3"), TypeError, "element must be a whole number, got '3'"),
        (lambda image: cvkit.erode(image, 3, anchor=(3, 0)), ValueError, "anchor must lie in the element"),
        (lambda image: cvkit.erode(image, 3, anchor=1), ValueError, "anchor must be"),
        (lambda image: cvkit.erode(image, 3, iterations=-1), ValueError, "iterations must be at least 0"),
        (lambda image: cvkit.erode(image, 3, border="none"), ValueError, "border must be one of"),
        (lambda image: cvkit.erode(image, 3, border_value="x"), TypeError, "border_value must be one number"),
        (lambda image: cvkit.erode(image.astype(bool), 3), TypeError, "image must have dtype uint8"),
        (lambda image: cvkit.hit_or_miss(image, [[0]]), ValueError, "element must be .* of 1, 0 and -1"),
        (lambda image: cvkit.hit_or_miss(image, [[2]]), ValueError, "element must be .* of 1, 0 and -1"),
        (lambda image: cvkit.hit_or_miss(image.astype(np.uint16), [[1]]), TypeError, "image must have dtype"),
        (lambda image: cvkit.structuring_element("circle", 3), ValueError, "shape must be one of"),
        (lambda image: cvkit.structuring_element("cross", (3, 0)), ValueError, "ksize must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(noise(5, 6))
