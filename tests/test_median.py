"""Median: errors, properties, the networks' proof, and a sweep against OpenCV."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from scipy import ndimage

import cvkit
from cvkit.compare.cases.images import noise, scene
from cvkit.filters import median


@pytest.mark.parametrize(
    ("ksize", "message"),
    [(4, "ksize must be odd, got 4"), (0, "ksize must be at least 1"), (-3, "ksize must be")],
)
def test_rejects_sizes(ksize: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cvkit.median_blur(noise(8, 8), ksize)


def test_rejects_types() -> None:
    with pytest.raises(TypeError, match="ksize must be a whole number"):
        cvkit.median_blur(noise(8, 8), 3.0)
    with pytest.raises(TypeError, match="image must have dtype"):
        cvkit.median_blur(np.zeros((8, 8), np.int32), 3)


def test_size_one_is_a_copy() -> None:
    image = noise(5, 6)
    copy = cvkit.median_blur(image, 1)
    np.testing.assert_array_equal(copy, image)
    assert not np.shares_memory(copy, image)


def test_network_of_five_sorts_every_pattern_of_two_values() -> None:
    # A network of comparisons is right for all values if it is right for zeros and ones. The order within a
    # column does not matter to it, so the number of ones in each of five columns gives every case.
    counts = np.array(list(itertools.product(range(6), repeat=5)))
    squares = (np.arange(5)[None, :, None] < counts[:, None, :]).astype(np.uint8)
    centers = cvkit.median_blur(squares[..., None], 5)[:, 2, 2, 0]
    np.testing.assert_array_equal(centers, counts.sum(axis=1) >= 13)


def test_network_of_three_sorts_every_pattern_of_two_values() -> None:
    squares = np.array(list(itertools.product((0, 1), repeat=9)), np.uint8).reshape(-1, 3, 3, 1)
    centers = cvkit.median_blur(squares, 3)[:, 1, 1, 0]
    np.testing.assert_array_equal(centers, squares.sum(axis=(1, 2, 3)) >= 5)


def test_window_larger_than_counters_of_8_bits() -> None:
    image = noise(9, 7)
    expected = ndimage.median_filter(image, 257, mode="nearest")
    np.testing.assert_array_equal(cvkit.median_blur(image, 257), expected)


def test_tiles_join_without_a_seam() -> None:
    image = scene(130, 530)
    np.testing.assert_array_equal(cvkit.median_blur(image, 21), cv2.medianBlur(image, 21))


def test_equal_values_have_a_median_among_ranks() -> None:
    image = (noise(70, 75, 1, "uint16") >> 14).astype(np.uint16)
    expected = ndimage.median_filter(image, 9, mode="nearest")
    np.testing.assert_array_equal(cvkit.median_blur(image, 9), expected)


@pytest.mark.sweep
@pytest.mark.parametrize("ksize", [3, 5, 7, 9, 11, 15, 31, 101, 255])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (2, 2), (33, 47), (300, 521), (1080, 1920)])
def test_sweep_equals_opencv(shape: tuple[int, int], ksize: int) -> None:
    for channels in (1, 3, 4):
        for image in (noise(*shape, channels), scene(shape[0], 2 * shape[1], channels)[:, ::2]):
            expected = cv2.medianBlur(np.ascontiguousarray(image), ksize)
            np.testing.assert_array_equal(cvkit.median_blur(image, ksize), expected)


@pytest.mark.sweep
@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
@pytest.mark.parametrize("ksize", [3, 5, 7, 15])
def test_sweep_of_other_dtypes_equals_scipy(ksize: int, dtype: str) -> None:
    for shape in [(1, 1), (1, 9), (7, 1), (33, 47), (150, 301)]:
        image = noise(*shape, 1, dtype)
        expected = ndimage.median_filter(image, ksize, mode="nearest")
        np.testing.assert_array_equal(cvkit.median_blur(image, ksize), expected)


def test_windows_of_more_pixels_than_32_bits_number_are_refused() -> None:
    largest = median._LARGEST_KSIZE
    assert (3 * largest) ** 2 < 2**31 <= (3 * (largest + 2)) ** 2
    with pytest.raises(ValueError, match="ksize must be at most 15445, got 15447"):
        cvkit.median_blur(np.zeros((4, 4), np.float32), largest + 2)
