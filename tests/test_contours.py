"""Contours beside OpenCV's, of masks that no table holds, and what is refused."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
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
        "dots": lambda: of_dots(size, size)[: size // 4],
        "checkerboard": lambda: checkerboard(size, size)[: size // 16],
        "rings": lambda: rings(size, size),
    }[name]()
    contours, hierarchy = cvkit.find_contours(mask, mode="tree", method="simple")
    expected = {"snake": 1, "spiral": 1, "dots": (size // 8) * (size // 2), "rings": size // 2}
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


SQUARE = np.array([[1, 1], [1, 6], [6, 6], [6, 1]], np.int32)


def test_contours_of_a_mask_are_drawn_as_the_mask() -> None:
    mask = np.where(scene(60, 70) > 127, 255, 0).astype(np.uint8)
    contours, _ = cvkit.find_contours(mask, mode="tree", method="simple")
    filled = cvkit.draw_contours(np.zeros_like(mask), contours, 255, filled=True)
    np.testing.assert_array_equal(filled, mask)
    assert not cvkit.draw_contours(np.zeros_like(mask), [], 255, filled=True).any()


def test_what_two_contours_enclose_is_not_filled() -> None:
    image = np.zeros((8, 8), np.uint8)
    drawn = cvkit.draw_contours(image, [SQUARE, np.array([[3, 3], [3, 5], [5, 5], [5, 3]])], 7, filled=True)
    assert drawn[4, 4] == 0
    assert drawn[4, 3] == drawn[2, 2] == 7
    assert not image.any()


def test_points_come_in_opencv_shape_and_as_lists() -> None:
    image = np.zeros((8, 9, 3), np.float32)
    expected = cvkit.draw_contours(image, [SQUARE], (1, 2.5, 3))
    for same in (SQUARE[:, np.newaxis], SQUARE.tolist(), SQUARE.astype(np.uint16)):
        np.testing.assert_array_equal(cvkit.draw_contours(image, [same], (1, 2.5, 3)), expected)
    assert set(map(tuple, expected.reshape(-1, 3).tolist())) == {(0, 0, 0), (1, 2.5, 3)}
    out = np.empty_like(image)
    assert cvkit.draw_contours(image, [SQUARE, []], (1, 2.5, 3), out=out) is out
    np.testing.assert_array_equal(out, expected)


IMAGE = np.zeros((4, 5), np.uint8)


@pytest.mark.parametrize(
    ("image", "contours", "color", "error", "message"),
    [
        (IMAGE, SQUARE, 1, TypeError, "contours must be a list or tuple of arrays of points, got ndarray"),
        (IMAGE, [SQUARE + 0.5], 1, TypeError, "contours must be whole numbers"),
        (IMAGE, [SQUARE.T], 1, ValueError, r"contours must be points \(x, y\) in arrays \(n, 2\), got shape"),
        (IMAGE, [SQUARE.astype(np.int64) + (1 << 40)], 1, ValueError, "contours must fit into int32"),
        (IMAGE, [SQUARE - (1 << 25)], 1, ValueError, "contours must begin at most 16777216 rows above"),
        (IMAGE, [SQUARE], (1, 2), ValueError, "color must be one number"),
        (IMAGE[np.newaxis, ..., np.newaxis], [SQUARE], 1, ValueError, "image must be one image"),
        (IMAGE.astype(np.int8), [SQUARE], 1, TypeError, "image must have dtype"),
        (fake(IMAGE), [SQUARE], 1, TypeError, "draw_contours has no CUDA twin"),
    ],
)
def test_what_is_not_drawn(
    image: Any, contours: Any, color: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cvkit.draw_contours(image, contours, color, filled=True)


def test_the_farthest_points_are_drawn() -> None:
    far = np.array([[-(2**31), 2], [2**31 - 1, 2], [2**31 - 1, 2**31 - 1]], np.int64)
    for filled in (False, True):
        assert cvkit.draw_contours(IMAGE, [far], 9, filled=filled)[2].all()
