"""What the table cannot say of corners and texture: refusals, and where points lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise, scene

IMAGE = scene(60, 80)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cvkit.harris(IMAGE, 0), ValueError, "block_size must be from 1 to 255, got 0"),
        (lambda: cvkit.harris(IMAGE, ksize=4), ValueError, "ksize must be one of 3, 5, 7, got 4"),
        (lambda: cvkit.harris(IMAGE, k=np.nan), ValueError, "k must be finite"),
        (lambda: cvkit.harris(IMAGE.astype(float)), TypeError, "image must have dtype uint8, float32"),
        (lambda: cvkit.harris(scene(9, 9, 3)), ValueError, "image must have 1 channels"),
        (lambda: cvkit.minimum_eigenvalue(IMAGE, border="none"), ValueError, "border must be one of"),
        (lambda: cvkit.good_features(IMAGE, -1, 0.1, 1), ValueError, "count must be at least 0"),
        (lambda: cvkit.good_features(IMAGE, 1, 0, 1), ValueError, "quality must be greater than 0"),
        (lambda: cvkit.good_features(IMAGE, 1, 0.1, -1), ValueError, "minimum_distance must be at least 0"),
        (lambda: cvkit.good_features(IMAGE, 1, 0.1, 1, method="fast"), ValueError, "method must be one of"),
        (
            lambda: cvkit.good_features(IMAGE[None, ..., None], 1, 0.1, 1),
            ValueError,
            "image must be one image",
        ),
        (
            lambda: cvkit.good_features(IMAGE, 1, 0.1, 1, mask=np.ones((3, 3), bool)),
            ValueError,
            r"mask must have shape \(60, 80\)",
        ),
        (lambda: cvkit.fast_corners(IMAGE, 256), ValueError, "threshold must be from 0 to 255, got 256"),
        (lambda: cvkit.fast_corners(IMAGE[None, ..., None], 9), ValueError, "image must be one image"),
        (lambda: cvkit.local_binary_pattern(IMAGE, 32, 1), ValueError, "points must be from 1 to 31, got 32"),
        (lambda: cvkit.local_binary_pattern(IMAGE, 8, 256), ValueError, "radius must be from 0 to 255"),
        (lambda: cvkit.local_binary_pattern(IMAGE, 8, 1, method="x"), ValueError, "method must be one of"),
        (lambda: cvkit.fast_corners(IMAGE.astype(np.float32), 9), TypeError, "image must have dtype uint8"),
    ],
)
def test_what_is_no_call_is_refused_by_name(
    call: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


def test_no_border_changes_what_its_window_does_not_reach() -> None:
    image = noise(20, 24)
    inner = [cvkit.harris(image, 3, border=border)[2:-2, 2:-2] for border in ("reflect", "wrap", "constant")]
    np.testing.assert_array_equal(inner[0], inner[1])
    np.testing.assert_array_equal(inner[0], inner[2])
    wrapped = cvkit.harris(np.tile(image, (3, 3)), 4, 5)[20:40, 24:48]
    np.testing.assert_allclose(cvkit.harris(image, 4, 5, border="wrap"), wrapped, atol=1e-6)


def test_a_number_that_is_none_changes_only_what_its_window_covers() -> None:
    image = scene(40, 40, dtype="float32")
    with_hole = image.copy()
    with_hole[20, 20] = np.nan
    differs = cvkit.harris(with_hole, 3) != cvkit.harris(image, 3)
    assert differs[18:23, 18:23].all()
    assert differs.sum() == 25
    points = cvkit.good_features(with_hole, 0, 0.01, 1)
    assert len(points) > 5
    assert np.abs(points - 20).max(axis=1).min() > 2


def test_features_keep_their_distance_and_their_order() -> None:
    points = cvkit.good_features(IMAGE, 0, 0.001, 7)
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    assert apart[~np.eye(len(points), dtype=bool)].min() >= 7
    strengths = cvkit.minimum_eigenvalue(IMAGE, 3)[tuple(points.astype(int).T[::-1])]
    assert (np.diff(strengths) <= 0).all()
    np.testing.assert_array_equal(cvkit.good_features(IMAGE, 3, 0.001, 7), points[:3])
    # OpenCV ends the process.
    assert len(cvkit.good_features(IMAGE, 0, 0.001, 1e200)) == 1


def test_a_flat_image_has_no_corners() -> None:
    flat = np.full((9, 9), 7, np.uint8)
    assert cvkit.good_features(flat, 5, 0.01, 1).shape == (0, 2)
    points, scores = cvkit.fast_corners(flat, 0)
    assert (points.shape, scores.shape) == ((0, 2), (0,))


def test_scores_are_the_largest_threshold() -> None:
    image = noise(40, 50)
    points, scores = cvkit.fast_corners(image, 30, suppress=False)
    level = int(np.median(scores))
    found, _ = cvkit.fast_corners(image, level, suppress=False)
    np.testing.assert_array_equal(found, points[scores >= level])
