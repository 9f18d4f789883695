"""Optical flow: on the frames of a video as OpenCV, stacks, options, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import scene
from cvkit.video import read_frames
from tests.fake_device import fake

PREVIOUS = cv2.GaussianBlur(scene(60, 70, seed=3), (0, 0), 2)
NEXT = np.roll(PREVIOUS, (1, 2), (0, 1))
POINTS = np.array([[20, 20], [41.5, 30.25], [12, 47]], np.float32)


def frames(root: Path, count: int) -> list[np.ndarray]:
    found = []
    for _, frame in read_frames(root / "samples" / "street.mp4"):
        found.append(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY))
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize("parameters", [{}, {"window": (15, 31), "levels": 2, "epsilon": 0.03}])
def test_points_of_a_video_are_found_where_opencv_finds_them(root: Path, parameters: dict[str, Any]) -> None:
    previous, following = frames(root, 3)[::2]
    points = cv2.goodFeaturesToTrack(previous, 500, 0.01, 5)[:, 0]
    found, status, error = cvkit.optical_flow(previous, following, points, **parameters)
    size, levels = parameters.get("window", (21, 21)), parameters.get("levels", 3)
    criteria = cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 30, parameters.get("epsilon", 0.01)
    expected, expected_status, expected_error = cv2.calcOpticalFlowPyrLK(
        previous, following, points, None, winSize=size[::-1], maxLevel=levels, criteria=criteria
    )
    np.testing.assert_array_equal(status, expected_status[:, 0] > 0)
    assert status.sum() > 450
    np.testing.assert_allclose(found[status], expected[status], atol=0.05)
    np.testing.assert_allclose(error[status], expected_error[status, 0], atol=0.05)
    assert not error[~status].any()


def test_a_guess_is_where_the_search_begins() -> None:
    far = np.roll(PREVIOUS, 30, axis=1)
    guess = POINTS + np.float32([29, 0])
    found, status, _ = cvkit.optical_flow(PREVIOUS, far, POINTS[:1], initial=guess[:1], levels=0)
    expected, _, _ = cv2.calcOpticalFlowPyrLK(
        PREVIOUS, far, POINTS[:1], guess[:1].copy(), maxLevel=0, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    assert status.all()
    np.testing.assert_allclose(found, expected, atol=0.05)
    np.testing.assert_allclose(found, POINTS[:1] + np.float32([30, 0]), atol=0.05)


def test_images_of_a_stack_have_their_own_points_or_the_same() -> None:
    previous, following = (np.stack([a, b])[..., np.newaxis] for a, b in ((PREVIOUS, NEXT), (NEXT, PREVIOUS)))
    for points in (POINTS, np.stack([POINTS, POINTS + 1])):
        found, status, error = cvkit.optical_flow(previous, following, points)
        assert found.shape == (2, 3, 2)
        assert status.shape == error.shape == (2, 3)
        for index in range(2):
            own = points if points.ndim == 2 else points[index]
            alone = cvkit.optical_flow(previous[index], following[index], own)
            for one, of_stack in zip(alone, (found, status, error), strict=True):
                np.testing.assert_array_equal(of_stack[index], one)


def test_what_cannot_be_found_is_not() -> None:
    nowhere = [[np.nan, 20], [1e300, 20], [20, -1e9], [200, 20], [np.inf, -np.inf]]
    found, status, error = cvkit.optical_flow(PREVIOUS, NEXT, nowhere)
    assert found.shape == (5, 2)
    assert not status.any()
    assert not error.any()
    flat = np.zeros_like(PREVIOUS)
    assert not cvkit.optical_flow(flat, flat, POINTS)[1].any()
    assert not cvkit.optical_flow(PREVIOUS, NEXT, POINTS, minimum_eigenvalue=1e9)[1].any()


def test_no_points_and_the_largest_windows() -> None:
    found, status, error = cvkit.optical_flow(PREVIOUS, NEXT, np.empty((0, 2)))
    assert found.shape == (0, 2)
    assert status.shape == error.shape == (0,)
    color = np.dstack([PREVIOUS, NEXT, PREVIOUS, NEXT])
    # Steep edges: the sums over a window need more than 32 bits.
    color = np.where(color > np.median(color), 255, 0).astype(np.uint8)
    moved = np.roll(color, 1, axis=1)
    found, status, _ = cvkit.optical_flow(color, moved, [[30, 30]], window=255, levels=0)
    expected, _, _ = cv2.calcOpticalFlowPyrLK(
        color, moved, np.float32([[30, 30]]), None, winSize=(255, 255), maxLevel=0
    )
    assert status.all()
    np.testing.assert_allclose(found, expected, atol=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cvkit.optical_flow(PREVIOUS, NEXT[1:], POINTS), "next must have the shape of previous"),
        (lambda: cvkit.optical_flow(PREVIOUS, fake(NEXT), POINTS), "live where it lives"),
        (lambda: cvkit.optical_flow(PREVIOUS, NEXT, POINTS[:, :1]), r"points must have shape \(M, 2\)"),
        (lambda: cvkit.optical_flow(PREVIOUS, NEXT, np.zeros((2, 3, 2))), r"points must have shape"),
        (
            lambda: cvkit.optical_flow(PREVIOUS, NEXT, POINTS, initial=POINTS[:2]),
            "initial must have the shape",
        ),
        (lambda: cvkit.optical_flow(PREVIOUS, NEXT, POINTS, window=2), "window must be from 3 to 255, got 2"),
        (lambda: cvkit.optical_flow(PREVIOUS, NEXT, POINTS, window=(3, 256)), "window must be from 3 to 255"),
        (lambda: cvkit.optical_flow(PREVIOUS, NEXT, POINTS, levels=-1), "levels must be from 0 to 30"),
        (lambda: cvkit.optical_flow(PREVIOUS, NEXT, POINTS, max_iterations=0), "max_iterations must be"),
        (lambda: cvkit.optical_flow(PREVIOUS, NEXT, POINTS, epsilon=-1), "epsilon must be at least 0"),
        (
            lambda: cvkit.optical_flow(PREVIOUS, NEXT, POINTS, minimum_eigenvalue=-1),
            "minimum_eigenvalue must",
        ),
    ],
)
def test_unsuitable_arguments_are_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_unsuitable_arrays_are_refused() -> None:
    with pytest.raises(TypeError, match="previous must have dtype uint8, got float32"):
        cvkit.optical_flow(PREVIOUS.astype(np.float32), NEXT, POINTS)
    with pytest.raises(TypeError, match="points must be a NumPy array, as the images are"):
        cvkit.optical_flow(PREVIOUS, NEXT, fake(POINTS))
    with pytest.raises(TypeError, match="points on a GPU must have dtype float32, got float64"):
        cvkit.optical_flow(fake(PREVIOUS), fake(NEXT), fake(POINTS.astype(np.float64)))
