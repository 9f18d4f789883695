"""Contours beside OpenCV's, of masks that no table holds, and what is refused."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit import _validate_regions
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.contours import TIMED_CONTOUR_CASES, in_one_array, opencv_contours
from cvkit.compare.cases.images import noise, scene
from cvkit.compare.cases.table import HOST_CASES
from cvkit.compare.measure.difference import difference
from tests.fake_device import fake

MODES = ("external", "list", "two_level", "tree")
SHAPES = [(1, 1), (1, 9), (7, 1), (2, 2), (5, 6), (17, 23), (64, 97), (259, 33), (9, 1300)]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.label) for case in HOST_CASES])
def test_agrees_with_its_reference(case: Case) -> None:
    for height, width in SHAPES:
        shape = max(height, case.minimum_shape[0]), max(width, case.minimum_shape[1])
        gaps = scene(shape[0], 2 * shape[1], case.channels, case.dtype)[:, ::2]
        for image in (noise(*shape, case.channels, case.dtype), gaps):
            before = image.copy()
            ours, expected = case.ours(image), case.reference(np.ascontiguousarray(image))
            found = difference(ours, expected.reshape(ours.shape), case.tolerance)
            assert found.exceeding <= case.tolerance.exceptions, (shape, found)
            np.testing.assert_array_equal(image, before, "the input was modified")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.label) for case in TIMED_CONTOUR_CASES])
def test_what_is_timed_finds_as_much(case: Case) -> None:
    image = scene(40, 50)
    ours, expected = case.ours(image), case.reference(image)
    assert len(ours[0]) == len(expected[0]) > 0


def assert_as_opencv(mask: np.ndarray) -> None:
    for mode in MODES:
        for method in ("none", "simple"):
            contours, hierarchy = cvkit.find_contours(mask, mode=mode, method=method)
            expected = in_one_array(*opencv_contours(mask, mode, method))
            np.testing.assert_array_equal(in_one_array(contours, hierarchy), expected, f"{mode} {method}")


def rings(height: int, width: int) -> np.ndarray:
    """Draw rings, each in the hole of the one before."""
    y, x = np.indices((height, width))
    depth = np.minimum(np.minimum(y, height - 1 - y), np.minimum(x, width - 1 - x))
    return (depth % 2 == 0).astype(np.uint8)


def snake(height: int, width: int) -> np.ndarray:
    """Draw one line that runs to and fro."""
    mask = np.zeros((height, width), np.uint8)
    mask[::2] = 1
    mask[1::4, -1] = mask[3::4, 0] = 1
    return mask


def spiral(size: int) -> np.ndarray:
    """Draw one line that turns inward."""
    mask = np.zeros((size, size), np.uint8)
    for start in range(0, size // 2, 2):
        end = size - start
        mask[start, max(start - 2, 0) : end] = mask[end - 1, start:end] = 1
        mask[start:end, end - 1] = mask[start + 2 : end, start] = 1
    return mask


def of_dots(height: int, width: int) -> np.ndarray:
    """Draw regions of a pixel."""
    return (np.indices((height, width)) % 2).min(axis=0).astype(np.uint8)


def checkerboard(height: int, width: int) -> np.ndarray:
    """Draw a region that is nothing but corners."""
    return (np.indices((height, width)).sum(axis=0) % 2).astype(np.uint8)


MASKS = {
    "empty": np.zeros((9, 70), np.uint8),
    "full": np.full((9, 70), 255, np.uint8),
    "pixel": np.ones((1, 1), np.uint8),
    "corner": np.eye(3, dtype=np.uint8)[:, ::-1].copy(),
    # More than OpenCV has numbers for, at once and one after the other.
    "rings": rings(600, 610),
    "rings beside rings": np.pad(np.tile(np.pad(rings(21, 19), 1), (12, 14)), 1),
    "snake": snake(130, 200),
    "spiral": spiral(131),
    "dots": of_dots(99, 131),
    "holes": 1 - of_dots(99, 131),
    "checkerboard": checkerboard(99, 130),
    "inside out": 1 - np.pad(rings(40, 50), 3),
}


@pytest.mark.parametrize("name", MASKS)
def test_masks_of_every_kind(name: str) -> None:
    assert_as_opencv(MASKS[name])
    assert_as_opencv(np.ascontiguousarray(MASKS[name].T))


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(40))
def test_random_masks(seed: int) -> None:
    random = np.random.default_rng(seed)
    for size in (20, 20, 20, 60, 200, 500):
        shape = random.integers(1, size, 2)
        mask = (random.random(shape) < random.random()).astype(np.uint8)
        assert_as_opencv(mask)
        assert_as_opencv(cv2.medianBlur(mask, 3))
        assert_as_opencv(np.kron(mask, np.ones((2, 3), np.uint8)))


@pytest.mark.parametrize("name", ["snake", "spiral", "dots", "checkerboard", "rings"])
def test_twelve_million_pixels_take_no_longer_each_than_a_few(name: str) -> None:
    size = 3464
    mask = {
        "snake": lambda: snake(size, size),
        "spiral": lambda: spiral(size),
        "dots": lambda: of_dots(size, size)[: size // 16],
        "checkerboard": lambda: checkerboard(size, size)[: size // 16],
        "rings": lambda: rings(size, size),
    }[name]()
    contours, hierarchy = cvkit.find_contours(mask, mode="tree", method="simple")
    expected = {"snake": 1, "spiral": 1, "dots": (size // 32) * (size // 2), "rings": size // 2}
    assert len(hierarchy) == len(contours) == expected.get(name, len(contours))


def test_points_are_read_as_x_and_y() -> None:
    mask = np.zeros((4, 7), bool)
    mask[2, 3:6] = True
    (contour,), _ = cvkit.find_contours(mask, method="simple")
    assert contour.tolist() == [[3, 2], [5, 2]]
    (contour,), _ = cvkit.find_contours(mask[..., np.newaxis])
    assert contour.tolist() == [[3, 2], [4, 2], [5, 2], [4, 2]]


@pytest.mark.parametrize(
    ("image", "options", "error", "message"),
    [
        (np.zeros((4, 4), np.float32), {}, TypeError, "image must have dtype uint8, bool, got float32"),
        (np.zeros((4, 4, 3), np.uint8), {}, ValueError, "image must have 1 channels"),
        (np.zeros((2, 4, 4, 1), np.uint8), {}, ValueError, "image must be one image, got a stack"),
        (np.zeros((0, 4), np.uint8), {}, ValueError, "image must not be empty"),
        (np.zeros((4, 4), np.uint8), {"mode": "all"}, ValueError, "mode must be one of 'external', 'list'"),
        (np.zeros((4, 4), np.uint8), {"method": 2}, ValueError, "method must be one of 'none', 'simple'"),
        (fake(np.zeros((4, 4), np.uint8)), {}, TypeError, "find_contours has no CUDA twin: copy the array"),
    ],
)
def test_what_is_refused(image: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cvkit.find_contours(image, **options)


def test_more_contours_than_int32_numbers_are_refused() -> None:
    _validate_regions.count_of_contours(2**31 - 1)
    with pytest.raises(ValueError, match=r"image must have at most 2\*\*31 - 1 ends of runs, got 2147483648"):
        _validate_regions.count_of_contours(2**31)
