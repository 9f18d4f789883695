"""Lines and circles by the Hough transform: what the table of cases cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.features._cpu import hough as hough_kernels
from tests.fake_device import fake

IMAGE = np.zeros((40, 60), np.uint8)
IMAGE[11, 3:50] = 1
ANGLE = np.pi / 180


def test_a_drawn_line_has_the_most_votes() -> None:
    lines, votes = cvkit.hough_lines(IMAGE[..., np.newaxis], 1, ANGLE, 40)
    assert votes.tolist() == [47]
    np.testing.assert_allclose(lines, [[11, np.pi / 2]], rtol=1e-6)
    assert lines.dtype == np.float32
    assert votes.dtype == np.int32


def test_drawn_segments_are_found_with_their_ends() -> None:
    image = np.zeros((200, 300), np.uint8)
    drawn = [(10, 20, 280, 20), (30, 190, 30, 40), (100, 60, 200, 160), (120, 180, 250, 50)]
    for x, y, to_x, to_y in drawn:
        cv2.line(image, (x, y), (to_x, to_y), 255)
    found = cvkit.hough_segments(image, 1, ANGLE, 30, minimum_length=40, maximum_gap=3)
    assert found.dtype == np.int32
    for segment in drawn:
        ends = {segment[:2], segment[2:]}
        distances = [
            max(min(np.hypot(*np.subtract(end, other)) for other in (row[:2], row[2:])) for end in ends)
            for row in found
        ]
        assert min(distances) <= 3


def test_nothing_has_no_lines() -> None:
    assert cvkit.hough_segments(np.zeros_like(IMAGE), 1, ANGLE, 1).shape == (0, 4)
    lines, votes = cvkit.hough_lines(np.zeros_like(IMAGE), 1, ANGLE, 0)
    assert lines.shape == (0, 2)
    assert votes.shape == (0,)


def test_more_points_than_narrow_counters_hold() -> None:
    image = np.ones((300, 300), np.uint8)
    lines, votes = cvkit.hough_lines(image, 600, 3, 1000, max_theta=1)
    expected = cv2.HoughLinesWithAccumulator(image, 600, 3, 1000, max_theta=1)[:, 0]
    np.testing.assert_array_equal(np.column_stack([lines, votes]), expected)
    assert votes[0] > 1 << 16


def test_more_maxima_than_there_is_room_for() -> None:
    counters = np.zeros((5, 9), np.int32)
    counters[1:4:2, 1:8:2] = 7
    found = np.empty((2, 3), np.int32)
    assert hough_kernels.list_maxima(counters, 6, found) == 8
    assert found.tolist() == [[0, 0, 0], [0, 2, 4]]


@pytest.mark.parametrize(
    ("image", "arguments", "options", "error", "message"),
    [
        (IMAGE.astype(np.float32), (1, 1, 1), {}, TypeError, "image must have dtype uint8"),
        (np.zeros((4, 4, 3), np.uint8), (1, 1, 1), {}, ValueError, "image must have 1 channels"),
        (IMAGE[np.newaxis, ..., np.newaxis], (1, 1, 1), {}, ValueError, "image must be one image"),
        (IMAGE, (0, 1, 1), {}, ValueError, "rho must be greater than 0"),
        (IMAGE, (1e-9, 1, 1), {}, ValueError, "rho must be larger"),
        (IMAGE, (1e-50, 1, 1), {}, ValueError, "rho must be a step"),
        (IMAGE, (1, -1, 1), {}, ValueError, "theta must be greater than 0"),
        (IMAGE, (1, 1e-9, 1), {}, ValueError, "theta must be larger"),
        (IMAGE, (1, 1, -1), {}, ValueError, "threshold must be at least 0"),
        (IMAGE, (1, 1, 0.5), {}, TypeError, "threshold must be a whole number"),
        (IMAGE, (1, 1, 1), {"min_theta": np.nan}, ValueError, "min_theta must be finite"),
        (IMAGE, (1, 1, 1), {"min_theta": 2, "max_theta": 1}, ValueError, "max_theta must be from 2.0"),
    ],
)
def test_what_no_transform_can_do_is_refused(
    image: Any, arguments: Any, options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cvkit.hough_lines(image, *arguments, **options)


@pytest.mark.parametrize(
    ("image", "options", "error", "message"),
    [
        (IMAGE.astype(np.float32), {}, TypeError, "image must have dtype uint8"),
        (IMAGE[np.newaxis, ..., np.newaxis], {}, ValueError, "image must be one image"),
        (fake(IMAGE), {}, TypeError, "hough_segments has no CUDA twin"),
        (IMAGE, {"rho": -1}, ValueError, "rho must be greater than 0"),
        (IMAGE, {"theta": 1e-9}, ValueError, "theta must be larger"),
        (IMAGE, {"threshold": 0}, ValueError, "threshold must be from 1"),
        (IMAGE, {"minimum_length": -1}, ValueError, "minimum_length must be from 0"),
        (IMAGE, {"maximum_gap": 1.5}, TypeError, "maximum_gap must be a whole number"),
    ],
)
def test_what_has_no_segments_is_refused(
    image: Any, options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cvkit.hough_segments(image, **{"rho": 1, "theta": 0.1, "threshold": 9, **options})


@pytest.mark.parametrize("side", [1.0, 2.0])
def test_drawn_circles_are_found(side: float) -> None:
    image = np.full((200, 260), 30, np.uint8)
    drawn = [(60, 60, 40), (180, 70, 25), (150, 150, 33)]
    for x, y, radius in drawn:
        cv2.circle(image, (x, y), radius, 190, -1, cv2.LINE_AA)
    image = cvkit.gaussian_blur(image, 1)
    circles, votes = cvkit.hough_circles(
        image, 20, threshold=25, minimum_radius=10, maximum_radius=60, side=side
    )
    assert (np.diff(votes) <= 0).all()
    assert votes.dtype == np.int32
    for circle in drawn:
        assert np.abs(circles - circle).max(axis=1).min() <= 2 * side


def test_coins_are_circles(root: Path) -> None:
    image = cvkit.gaussian_blur(cvkit.read_image(root / "samples" / "coins.png", "gray"), 1.5)
    circles, votes = cvkit.hough_circles(image, 30, threshold=25, minimum_radius=12, maximum_radius=40)
    expected = cv2.HoughCircles(
        image, cv2.HOUGH_GRADIENT, 1, 30, param1=100, param2=25, minRadius=12, maxRadius=40
    )
    np.testing.assert_array_equal(circles, expected.reshape(-1, 3))
    assert len(circles) == 24
    assert (votes > 25).all()


def test_nothing_has_no_circles() -> None:
    circles, votes = cvkit.hough_circles(np.zeros_like(IMAGE), 5)
    assert circles.shape == (0, 3)
    assert votes.shape == (0,)


@pytest.mark.parametrize(
    ("image", "options", "error", "message"),
    [
        (IMAGE.astype(np.float32), {}, TypeError, "image must have dtype uint8"),
        (IMAGE[np.newaxis, ..., np.newaxis], {}, ValueError, "image must be one image"),
        (fake(IMAGE), {}, TypeError, "hough_circles has no CUDA twin"),
        (IMAGE, {"minimum_distance": 0}, ValueError, "minimum_distance must be greater than 0"),
        (IMAGE, {"threshold": 0}, ValueError, "threshold must be from 1"),
        (IMAGE, {"edge_threshold": 0}, ValueError, "edge_threshold must be from 1"),
        (IMAGE, {"side": 0.5}, ValueError, "side must be from 1"),
        (IMAGE, {"minimum_radius": -1}, ValueError, "minimum_radius must be from 0"),
        (IMAGE, {"minimum_radius": 5, "maximum_radius": 5}, ValueError, "maximum_radius must be from 6"),
    ],
)
def test_what_has_no_circles_is_refused(
    image: Any, options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cvkit.hough_circles(image, **{"minimum_distance": 9, **options})
