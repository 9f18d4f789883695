"""Thinning: what OpenCV's contributed modules made of a mask, properties, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise, scene
from tests import reference

METHODS = ["zhang_suen", "guo_hall"]

# Written, and thinned, with opencv-contrib-python 5.0.0: cv2.ximgproc.thinning(mask, thinningType=...).
MASK = """
........................######
........................######
....###.....####........######
....###....###.##............#
...#####...##...#............#
...##.##...###.##.........####
...##.##...######.........####
..###.###..##..###........####
..#######..##...##...........#
..##...##..###.##............#
.##.....##..#####.....########
......................########
......................########
"""
RECORDED = {
    "zhang_suen": """
........................######
.............................#
.............###.............#
............#..##............#
....###.....#...#............#
...#..#.....#...#............#
...#..#....#####...........###
...#..#....#....#............#
..######...#....#............#
..#.....#...#...#............#
..#.....#....###.............#
.............................#
......................########
""",
    "guo_hall": """
........................######
.............................#
.............###.............#
............#...#............#
.....##.....#...#............#
....#..#....#...#............#
....#..#.....###...........###
...#...#....#...#............#
....####....#...#............#
...#....#....#..#............#
.##......#....##.............#
.............................#
......................########
""",
}


def mask_of(text: str) -> np.ndarray:
    return np.array([[255 * (mark == "#") for mark in line] for line in text.split()], np.uint8)


@pytest.mark.parametrize("method", METHODS)
def test_opencv_thins_the_same(method: str) -> None:
    mask, expected = mask_of(MASK), mask_of(RECORDED[method])
    np.testing.assert_array_equal(cvkit.thin(mask, method=method), expected)
    np.testing.assert_array_equal(reference.thin(mask, method), expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1, 1), (2, 70), (70, 2), (3, 3), (40, 63), (33, 64), (35, 65), (34, 600)])
def test_regions_end_at_words_and_strips(shape: tuple[int, int], method: str) -> None:
    for image in (scene(*shape, seed=3), noise(*shape), np.full(shape, 255, np.uint8)):
        np.testing.assert_array_equal(cvkit.thin(image, method=method), reference.thin(image, method))


@pytest.mark.parametrize("method", METHODS)
def test_lines_are_connected_as_regions_are(method: str) -> None:
    mask = np.where(cv2.GaussianBlur(noise(120, 150), (0, 0), 3) > 127, 255, 0).astype(np.uint8)
    mask[[0, -1]] = mask[:, [0, -1]] = 0
    lines = cvkit.thin(mask, method=method)
    np.testing.assert_array_equal(lines, reference.thin(mask, method))
    assert not (lines & ~mask).any()
    assert 0 < np.count_nonzero(lines) < np.count_nonzero(mask) / 3
    # None of them is a square of four pixels, of which Zhang and Suen's turns leave nothing.
    regions, left = (cv2.connectedComponents(image, connectivity=8)[0] for image in (mask, lines))
    assert left == regions
    holes, holes_left = (cv2.connectedComponents(~image, connectivity=4)[0] for image in (mask, lines))
    assert holes_left == holes
    np.testing.assert_array_equal(cvkit.thin(lines, method=method), lines)


def test_pixels_are_set_from_128_on() -> None:
    image = np.array([[0, 1, 127, 128, 129, 255]], np.uint8)
    np.testing.assert_array_equal(cvkit.thin(image), [[0, 0, 0, 255, 255, 255]])


def test_a_stack_is_thinned_image_by_image() -> None:
    stack = np.stack([scene(40, 70, seed=seed) for seed in range(3)])[..., np.newaxis]
    np.testing.assert_array_equal(cvkit.thin(stack), [cvkit.thin(image) for image in stack])
    assert cvkit.thin(stack[:0]).shape == (0, 40, 70, 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda mask: cvkit.thin(mask, method="hilditch"), ValueError, "method must be one of 'zhang_suen'"),
        (lambda mask: cvkit.thin(mask > 0), TypeError, "image must have dtype uint8, got bool"),
        (lambda mask: cvkit.thin(np.stack([mask, mask], axis=2)), ValueError, "image must have 1 channels"),
        (lambda mask: cvkit.thin(mask, 1), TypeError, "thin takes image by position and method, out by key"),
    ],
)
def test_refusals(call: Callable[[np.ndarray], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(noise(5, 6))
