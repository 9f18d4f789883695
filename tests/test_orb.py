"""ORB on images: OpenCV's keypoints and descriptors, the strongest first, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise, scene
from cvkit.compare.cases.matching import orb_table, orb_table_cv
from cvkit.features._orb_math import rotation_of
from cvkit.features.orb import _half_widths


@pytest.mark.parametrize("name", ["street1.jpg", "astronaut.jpg", "chessboard.jpg", "basketball1.png"])
def test_keypoints_and_descriptors_are_those_of_opencv(root: Path, name: str) -> None:
    image = cvkit.read_image(root / "samples" / name)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
    for arguments in ((500,), (60, 1.5, 3)):
        detector = cv2.ORB.create(*arguments)
        named = dict(zip(("count", "scale", "levels"), arguments, strict=False))
        np.testing.assert_array_equal(orb_table(gray, **named), orb_table_cv(gray, detector))


def test_keypoints_are_in_order() -> None:
    keypoints, descriptors = cvkit.orb(scene(200, 260, seed=5), 100, levels=4)
    assert descriptors.shape == (len(keypoints.points), 32)
    assert [len(column) for column in keypoints] == [len(descriptors)] * 5
    assert (np.diff(keypoints.levels) >= 0).all()
    for level in range(4):
        responses = keypoints.responses[keypoints.levels == level]
        assert len(responses) > 5
        assert (np.diff(responses) <= 0).all()
    np.testing.assert_allclose(keypoints.sizes, 31 * np.float32(1.2) ** keypoints.levels, rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (62, 300), (300, 62), (63, 63)])
def test_small_images_have_few_keypoints_or_none(shape: tuple[int, int]) -> None:
    image = noise(*shape)
    keypoints, descriptors = cvkit.orb(image)
    assert descriptors.shape == (len(keypoints.points), 32)
    assert len(descriptors) <= (shape == (63, 63))


def test_a_flat_image_has_no_keypoints() -> None:
    keypoints, descriptors = cvkit.orb(np.full((100, 120), 7, np.uint8))
    assert keypoints.points.shape == (0, 2)
    assert descriptors.shape == (0, 32)


def test_directions_turn_with_the_image() -> None:
    image = cv2.GaussianBlur(scene(160, 160, seed=8), (0, 0), 1)
    upright, _ = cvkit.orb(image, 40, levels=1)
    turned, _ = cvkit.orb(np.rot90(image).copy(), 40, levels=1)
    places = {tuple(point): angle for point, angle in zip(turned.points, turned.angles, strict=True)}
    pairs = [
        (angle, places[y, 159 - x])
        for (x, y), angle in zip(upright.points, upright.angles, strict=True)
        if (y, 159 - x) in places
    ]
    assert len(pairs) > 20
    for before, after in pairs:
        assert (before - after - 90 + 180) % 360 - 180 == pytest.approx(0, abs=0.5)


def test_the_maths_of_directions() -> None:
    for angle in np.linspace(0, 360, 721, dtype=np.float32):
        radians = np.float64(angle * np.float32(np.pi / 180))
        assert rotation_of(angle) == (np.float32(np.cos(radians)), np.float32(np.sin(radians)))
    assert _half_widths().tolist() == [15, 15, 15, 15, 14, 14, 14, 13, 13, 12, 11, 10, 9, 8, 6, 3]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cvkit.orb(noise(9, 9, 3)), "image must have 1 channels"),
        (lambda: cvkit.orb(noise(9, 9)[np.newaxis, ..., np.newaxis]), "image must be one image"),
        (lambda: cvkit.orb(noise(9, 9), 0), "count must be from 1 to"),
        (lambda: cvkit.orb(noise(9, 9), scale=1), "scale must be greater than 1"),
        (lambda: cvkit.orb(noise(9, 9), scale=5), "scale must be"),
        (lambda: cvkit.orb(noise(9, 9), levels=0), "levels must be from 1 to 64"),
        (lambda: cvkit.orb(noise(9, 9), threshold=255), "threshold must be from 1 to 254"),
    ],
)
def test_unsuitable_arguments_are_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(TypeError, match="image must have dtype uint8, got float32"):
        cvkit.orb(noise(9, 9, dtype="float32"))
