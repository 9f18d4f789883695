"""Contours drawn into images, and what is not drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import scene
from tests.fake_device import fake

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
