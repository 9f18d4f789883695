"""Matrices against OpenCV's and against what they must do to points."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import cvkit

SQUARE = np.array([[0, 0], [100, 0], [100, 80], [0, 80]], np.float64)
QUAD = np.array([[13, 7], [94, 22], [101, 93], [-4, 71]], np.float64)
HOMOGRAPHY = np.array([[1.1, 0.2, -5], [-0.1, 0.9, 12], [1e-3, -5e-4, 1]])


def test_affine_matrix_equals_opencv() -> None:
    ours = cvkit.affine_matrix(SQUARE[:3], QUAD[:3])
    theirs = cv2.getAffineTransform(SQUARE[:3].astype(np.float32), QUAD[:3].astype(np.float32))
    np.testing.assert_allclose(ours, theirs, atol=1e-10)
    np.testing.assert_allclose(cvkit.transform_points(SQUARE[:3], ours), QUAD[:3], atol=1e-10)


def test_perspective_matrix_equals_opencv() -> None:
    ours = cvkit.perspective_matrix(SQUARE, QUAD)
    theirs = cv2.getPerspectiveTransform(SQUARE.astype(np.float32), QUAD.astype(np.float32))
    np.testing.assert_allclose(ours, theirs, atol=1e-10)
    np.testing.assert_allclose(cvkit.transform_points(SQUARE, ours), QUAD, atol=1e-9)


@pytest.mark.parametrize(("angle", "scale"), [(17, 1.0), (-200.5, 0.3), (90, 2.0), (450, 1.0)])
def test_rotation_matrix_equals_opencv(angle: float, scale: float) -> None:
    ours = cvkit.rotation_matrix((12.5, -3), angle, scale)
    np.testing.assert_allclose(ours, cv2.getRotationMatrix2D((12.5, -3), angle, scale), atol=1e-12)


@pytest.mark.parametrize("quarters", range(-5, 6))
def test_quarter_turns_are_exact(quarters: int) -> None:
    matrix = cvkit.rotation_matrix((0, 0), 90 * quarters)
    np.testing.assert_array_equal(matrix, np.rint(matrix))


def test_inverses_undo() -> None:
    affine = cvkit.affine_matrix(SQUARE[:3], QUAD[:3])
    np.testing.assert_allclose(cvkit.invert_affine(affine), cv2.invertAffineTransform(affine), atol=1e-12)
    identity = cvkit.compose(HOMOGRAPHY, cvkit.invert_perspective(HOMOGRAPHY))
    np.testing.assert_allclose(identity, np.eye(3), atol=1e-12)


def test_compose_applies_the_first_first() -> None:
    shift, turn = np.array([[1.0, 0, 7], [0, 1, 0]]), cvkit.rotation_matrix((0, 0), 90)
    composed = cvkit.compose(shift, turn)
    assert composed.shape == (2, 3)
    expected = cvkit.transform_points(cvkit.transform_points(QUAD, shift), turn)
    np.testing.assert_allclose(cvkit.transform_points(QUAD, composed), expected)
    assert cvkit.compose(shift, HOMOGRAPHY).shape == (3, 3)


def test_similarity_matrix_turns_scales_and_moves() -> None:
    matrix = cvkit.similarity_matrix(90, 2, (10, 20))
    np.testing.assert_allclose(cvkit.transform_points([[1, 0]], matrix), [[10, 18]])


def test_transform_points_equals_opencv() -> None:
    theirs = cv2.perspectiveTransform(QUAD[np.newaxis], HOMOGRAPHY)[0]
    np.testing.assert_allclose(cvkit.transform_points(QUAD, HOMOGRAPHY), theirs)
    at_infinity = cvkit.transform_points([[1, 0]], [[1, 0, 0], [0, 1, 0], [-1, 0, 1]])
    assert not np.isfinite(at_infinity).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cvkit.affine_matrix([[0, 0], [1, 1], [2, 2]], SQUARE[:3]), "src must not hold three points"),
        (lambda: cvkit.affine_matrix([[0, 0], [0, 0], [2, 1]], SQUARE[:3]), "src must not hold three points"),
        (lambda: cvkit.perspective_matrix(SQUARE, QUAD[[0, 0, 1, 2]]), "dst must not hold three points"),
        (lambda: cvkit.affine_matrix(SQUARE, QUAD), r"src must have shape 3 x 2, got \(4, 2\)"),
        (lambda: cvkit.invert_affine([[1, 2, 0], [2, 4, 0]]), "matrix must have an inverse"),
        (lambda: cvkit.invert_perspective(np.ones((3, 3))), "matrix must have an inverse"),
        (lambda: cvkit.transform_points([[np.nan, 0]], HOMOGRAPHY), "points must be finite"),
        (lambda: cvkit.compose(), "matrices must hold at least one"),
        (lambda: cvkit.find_homography(SQUARE[:3], QUAD[:3]), "must hold 4 pairs or more"),
        (lambda: cvkit.find_homography([[1, 1]] * 6, [[1, 1]] * 6), "repeated or on a line"),
        (
            lambda: cvkit.find_homography([[i, i] for i in range(8)], [[i, 2 * i] for i in range(8)]),
            "on a line",
        ),
        (lambda: cvkit.find_homography([[1, 1]] * 4, QUAD), "src must not hold one point only"),
    ],
)
def test_errors_say_what_is_wrong(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


def test_points_far_from_the_origin_are_not_a_line() -> None:
    far = SQUARE[:3] / 100 + 1e6
    np.testing.assert_allclose(
        cvkit.transform_points(far, cvkit.affine_matrix(far, SQUARE[:3])), SQUARE[:3], atol=1e-3
    )


def test_find_homography_sees_through_outliers() -> None:
    generator = np.random.default_rng(3)
    source = generator.uniform(0, 500, (200, 2))
    target = cvkit.transform_points(source, HOMOGRAPHY) + generator.normal(0, 0.3, (200, 2))
    wrong = generator.permutation(200)[:90]
    target[wrong] += generator.uniform(30, 200, (90, 2))
    matrix, inliers = cvkit.find_homography(source, target)
    assert set(np.flatnonzero(~inliers)) == set(wrong)
    corners = SQUARE * 4
    exact = cvkit.transform_points(corners, HOMOGRAPHY)
    assert np.abs(cvkit.transform_points(corners, matrix) - exact).max() < 1
    theirs, _ = cv2.findHomography(source, target, cv2.RANSAC)
    assert (
        np.abs(cvkit.transform_points(corners, matrix) - cvkit.transform_points(corners, theirs)).max() < 0.5
    )


def test_find_homography_fits_all_points_without_ransac() -> None:
    matrix, inliers = cvkit.find_homography(SQUARE, QUAD, method="least_squares")
    np.testing.assert_allclose(matrix, cvkit.perspective_matrix(SQUARE, QUAD), atol=1e-9)
    assert inliers.all()
