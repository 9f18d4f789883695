"""What is measured of contours, beside OpenCV, and what holds of any shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import scene


def outlines(random: np.random.Generator) -> Iterator[np.ndarray]:
    """Give contours of masks, points of a small lattice with many ties, and points anywhere."""
    mask = (random.random(random.integers(4, 40, 2)) < random.random()).astype(np.uint8)
    for grain in (mask, cv2.medianBlur(np.kron(mask, np.ones((4, 4), np.uint8)), 5)):
        yield from (contour[:, 0] for contour in cv2.findContours(grain, cv2.RETR_LIST, 1)[0][:3])
    for size in random.integers(1, 30, 3):
        yield random.integers(-3, 4, (size, 2)).astype(np.int32)
        yield random.integers(900, 1000, (size, 2)).astype(np.int32)
        yield (random.normal(size=(size, 2)) * 100).astype(np.float32)
        yield (random.integers(-3, 4, (size, 2)) * random.choice([1, 0.5, 0.1, 33.3])).astype(np.float32)


SEEDS = [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.sweep) for seed in range(3, 60))]


@pytest.mark.parametrize("seed", SEEDS)
def test_polygons_have_opencv_points(seed: int) -> None:
    random = np.random.default_rng(seed)
    for points in outlines(random):
        for clockwise in (False, True):
            expected = cv2.convexHull(points, clockwise=clockwise)[:, 0]
            np.testing.assert_array_equal(cvkit.convex_hull(points, clockwise=clockwise), expected)
        for closed in (False, True):
            for tolerance in (0.0, 1.0, float(random.choice([0.5, 3.3, 10]))):
                try:
                    expected = cv2.approxPolyDP(points, tolerance, closed)[:, 0]
                except cv2.error:  # a part begins and ends in one place
                    continue
                found = cvkit.simplify_contour(points, tolerance, closed=closed)
                np.testing.assert_array_equal(found, expected)
                assert found.dtype == points.dtype


@pytest.mark.parametrize("seed", SEEDS)
def test_boxes_are_opencv_boxes(seed: int) -> None:
    for points in outlines(np.random.default_rng(seed)):
        assert cvkit.bounding_box(points) == tuple(cv2.boundingRect(points))
        found, expected = cvkit.minimum_area_box(points), cv2.minAreaRect(points)
        size = 1e-5 * float(np.abs(points).max())
        np.testing.assert_allclose(np.hstack(found), np.hstack(expected), rtol=1e-5, atol=size)
        np.testing.assert_allclose(cv2.boxPoints(found), cv2.boxPoints(expected), atol=10 * size)


@pytest.mark.parametrize("seed", SEEDS)
def test_sums_over_contours_are_opencv_sums(seed: int) -> None:
    for points in outlines(np.random.default_rng(seed)):
        is_whole = points.dtype == np.int32
        rounding = 1e-12 * max(float(np.abs(points).max()), 1)
        for oriented in (False, True):
            area, expected = cvkit.contour_area(points, oriented=oriented), cv2.contourArea(points, oriented)
            assert area == (expected if is_whole else pytest.approx(expected, rel=1e-5, abs=1e3 * rounding))
            length = cvkit.contour_length(points, closed=oriented)
            assert length == pytest.approx(cv2.arcLength(points, oriented), rel=1e-5)
        found, of_opencv = cvkit.moments(points), cv2.moments(points)
        assert list(found) == list(of_opencv)
        for name, moment in of_opencv.items():
            order = int(name[-1]) + int(name[-2])
            # What OpenCV's central moments lose where larger ones cancel out.
            lost = 1e-4 if name[0] == "n" else 1e-12 * max(float(np.abs(points).max()), 1) ** (2 + order)
            assert found[name] == pytest.approx(moment, rel=1e-5, abs=lost), name
        np.testing.assert_allclose(
            cvkit.hu_moments(of_opencv), cv2.HuMoments(of_opencv)[:, 0], rtol=1e-9, atol=1e-300
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_points_lie_where_opencv_finds_them(seed: int) -> None:
    random = np.random.default_rng(seed)
    for contour in outlines(random):
        reach = float(np.abs(contour).max())
        places = [contour[0], contour[len(contour) // 2], *random.uniform(-reach, reach, (3, 2))]
        for place in places:
            point = tuple(map(float, np.float32(place)))
            assert cvkit.point_in_contour(contour, point) == cv2.pointPolygonTest(contour, point, False)
            expected = cv2.pointPolygonTest(contour, point, True)
            found = cvkit.point_in_contour(contour, point, distance=True)
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-6 * reach)


def ellipse(random: np.random.Generator, count: int, noise: float) -> np.ndarray:
    """Draw points near an ellipse."""
    turn = random.uniform(0, 3)
    x, y = random.uniform(5, 100, 2)[:, np.newaxis] * [*map(np.array, _circle(random, count))]
    turned = np.column_stack(
        [x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)]
    )
    return (turned + random.uniform(0, 300, 2) + random.normal(0, noise, (count, 2))).astype(np.float32)


def _circle(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    angles = np.linspace(0, 6, count) + random.uniform(0, 1)
    return np.cos(angles), np.sin(angles)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("count", [5, 6, 40])
def test_ellipses_are_opencv_ellipses(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    for noise in (0.0, 0.01, 0.3):
        points = ellipse(random, count, noise)
        for given in (points, np.rint(points).astype(np.int32)):
            found, expected = cvkit.fit_ellipse(given), cv2.fitEllipse(given)
            for ours, theirs in zip(found[:2], expected[:2], strict=True):
                np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)
            round_one = expected[1][1] / max(expected[1][1] - expected[1][0], 1e-9)
            apart = abs((found[2] - expected[2] + 90) % 180 - 90)
            assert apart < 1e-3 * round_one


def test_ellipses_of_masks() -> None:
    mask = np.where(scene(200, 300) > 150, 255, 0).astype(np.uint8)
    contours = [contour for contour in cvkit.find_contours(mask)[0] if len(contour) > 40]
    fitted = 0
    for contour in contours:
        try:
            found = cvkit.fit_ellipse(contour)
        except ValueError as error:
            assert "points must be near to one ellipse" in str(error)
            continue
        fitted += 1
        np.testing.assert_allclose(np.hstack(found[:2]), np.hstack(cv2.fitEllipse(contour)[:2]), rtol=1e-4)
    assert fitted > len(contours) / 2 > 1


def test_five_points_of_an_ellipse_along_the_axes() -> None:
    for width, height in ((4, 2), (2, 4)):
        points = [(width, 0), (-width, 0), (0, height), (0, -height), (width * 0.6, height * 0.8)]
        found, expected = cvkit.fit_ellipse(points), cv2.fitEllipse(np.float32(points))
        np.testing.assert_allclose(np.hstack(found[:2]), np.hstack(expected[:2]), rtol=1e-5, atol=1e-4)
        assert (found.angle - expected[2] + 90) % 180 == pytest.approx(90)


@pytest.mark.parametrize(
    "points",
    [
        [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)],
        [(3, 3)] * 7,
        [(-2, 2), (-2, 2), (3, 3), (-3, -1), (0, -1)],
        [(-2, -2), (-1, -1), (0, 0), (2, 2), (2, -2), (-2, 2), (1, -1)],
        [(1, 1), (2, 0.5), (4, 0.25), (-1, -1), (-2, -0.5), (-4, -0.25), (0.5, 2)],
    ],
)
def test_what_is_no_ellipse_is_refused(points: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="points must be near to one ellipse, not to a line or another"):
        cvkit.fit_ellipse(points)


def test_a_loop_that_begins_and_ends_in_one_place_is_kept() -> None:
    eight = [[0, 0], [9, 9], [18, 0], [18, 18], [9, 9], [0, 18]]
    assert cvkit.simplify_contour(eight, 1).tolist() == eight
    assert cvkit.simplify_contour([(0, 0), (5, 5), (0, 0)], 1, closed=False).tolist() == [[0, 0], [5, 5]]


def test_the_largest_coordinates_have_a_hull() -> None:
    far = 2**31 - 1
    corners = [[far, far], [-far, far], [-far, -far], [far, -far]]
    assert cvkit.convex_hull([*corners, [far - 1, 0], [0, 0], [far, 1]]).tolist() == corners


def test_moments_turn_with_a_shape() -> None:
    contour = np.array([(1, 2), (9, 3), (7, 8), (2, 5)])
    hu = cvkit.hu_moments(cvkit.moments(contour))
    turned = cvkit.hu_moments(cvkit.moments(contour[:, ::-1] * [-3, 3] + [1000, 5]))
    np.testing.assert_allclose(turned, hu, rtol=1e-9, atol=1e-15)
    mirrored = cvkit.hu_moments(cvkit.moments(contour * [-1, 1]))
    np.testing.assert_allclose(mirrored, [*hu[:6], -hu[6]], rtol=1e-9, atol=1e-15)
    assert set(cvkit.moments(contour[:2]).values()) == {0.0}


def test_large_contours_take_linear_time() -> None:
    angles = np.linspace(0, 2 * math.pi, 400_000)
    circle = np.rint(np.column_stack([np.cos(angles), np.sin(angles)]) * 1e6).astype(np.int32)
    assert cvkit.minimum_area_box(circle).size == pytest.approx((2e6, 2e6), rel=1e-3)
    assert len(cvkit.simplify_contour(circle, 1000)) < 200
    assert cvkit.contour_area(circle) == cv2.contourArea(circle)


CALLS: dict[str, Callable[[Any], Any]] = {
    "contour_area": cvkit.contour_area,
    "contour_length": cvkit.contour_length,
    "moments": cvkit.moments,
    "bounding_box": cvkit.bounding_box,
    "minimum_area_box": cvkit.minimum_area_box,
    "fit_ellipse": cvkit.fit_ellipse,
    "convex_hull": cvkit.convex_hull,
    "simplify_contour": lambda points: cvkit.simplify_contour(points, 1),
    "point_in_contour": lambda points: cvkit.point_in_contour(points, (1, 2)),
}
POINTS = np.array([[1, 1], [9, 2], [8, 8], [5, 9], [2, 7]])


@pytest.mark.parametrize("name", CALLS)
def test_points_of_any_shape_and_dtype(name: str) -> None:
    call = CALLS[name]
    expected = np.hstack([*map(np.ravel, np.atleast_1d(_plain(call(POINTS))))])
    for same in (POINTS.tolist(), POINTS[:, np.newaxis], POINTS.astype(np.uint8), POINTS.astype(np.float16)):
        found = np.hstack([*map(np.ravel, np.atleast_1d(_plain(call(same))))])
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    for other, error, message in [
        (POINTS.T, ValueError, r"must be \d point.* in an array \(n, 2\), got shape \(2, 5\)"),
        (np.empty((0, 2)), ValueError, "must be"),
        (POINTS * 1j, TypeError, "must be an array of real numbers"),
        (POINTS * np.inf, ValueError, "must be finite"),
        (POINTS * (1 << 40), ValueError, "must fit into int32"),
        (np.ma.masked_equal(POINTS, 9), TypeError, "must not be a masked array"),
    ]:
        with pytest.raises(error, match=message):
            call(other)


def _plain(value: Any) -> Any:
    return (
        np.hstack(value)
        if isinstance(value, tuple)
        else list(value.values())
        if isinstance(value, dict)
        else value
    )


def test_other_arguments_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="tolerance must be at least 0, got -1"):
        cvkit.simplify_contour(POINTS, -1)
    with pytest.raises(ValueError, match="point must be 1 point"):
        cvkit.point_in_contour(POINTS, (1, 2, 3))
    with pytest.raises(TypeError, match="moments must be a mapping with nu20, nu11"):
        cvkit.hu_moments([1, 2])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"moments must have nu20, .*, got none of nu03"):
        cvkit.hu_moments({name: value for name, value in cvkit.moments(POINTS).items() if name != "nu03"})
