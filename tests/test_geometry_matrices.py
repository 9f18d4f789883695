"""Matrices against OpenCV's and against what they must do to points."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest

import cvkit
from cvkit._jit import thread_limit

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


def noisy_pairs(seed: int, count: int, outliers: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs under HOMOGRAPHY with noise of half a pixel, the first ``outliers`` of them far off."""
    generator = np.random.default_rng(seed)
    source = generator.uniform(0, 500, (count, 2))
    target = cvkit.transform_points(source, HOMOGRAPHY) + generator.normal(0, 0.5, (count, 2))
    target[:outliers] += generator.uniform(20, 200, (outliers, 2))
    return source, target


def apart(source: np.ndarray, target: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return np.linalg.norm(cvkit.transform_points(source, matrix) - target, axis=1)


def test_inliers_are_those_of_the_matrix_returned() -> None:
    for seed in range(200):
        source, target = noisy_pairs(seed, 40, 15)
        matrix, inliers = cvkit.find_homography(source, target, threshold=1.0, seed=seed)
        np.testing.assert_array_equal(inliers, apart(source, target, matrix) <= 1.0)


def test_find_homography_fits_closer_than_opencv() -> None:
    source, target = noisy_pairs(0, 300, 0)
    ours, _ = cvkit.find_homography(source, target, method="least_squares")
    theirs, _ = cv2.findHomography(source, target)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    assert (apart(source, target, ours) ** 2).sum() <= (apart(source, target, theirs) ** 2).sum() * (1 + 1e-9)
    target[:90] += 100
    matrix, inliers = cvkit.find_homography(source, target)
    among_inliers, _ = cvkit.find_homography(source[inliers], target[inliers], method="least_squares")
    np.testing.assert_allclose(matrix, among_inliers, rtol=1e-6)
    assert inliers.sum() >= (cv2.findHomography(source, target, cv2.RANSAC, 3.0)[1] > 0).sum()


def test_find_homography_of_very_many_pairs_stays_linear() -> None:
    cvkit.find_homography(*noisy_pairs(1, 100, 30))  # so that nothing is compiled below
    source, target = noisy_pairs(1, 200_000, 60_000)
    tracemalloc.start()
    matrix, inliers = cvkit.find_homography(source, target)
    cvkit.find_homography(source, target, method="least_squares")
    assert tracemalloc.get_traced_memory()[1] < 40 * source.nbytes
    tracemalloc.stop()
    np.testing.assert_allclose(matrix, HOMOGRAPHY, rtol=0.01)
    assert 139_900 < inliers.sum() < 142_000


@pytest.mark.parametrize("method", ["ransac", "least_squares"])
@pytest.mark.parametrize("unit", [1e-150, 1e-9, 1e-7, 1e7, 1e150])
def test_find_homography_knows_no_unit(method: str, unit: float) -> None:
    source, target = noisy_pairs(2, 50, 0)
    matrix, inliers = cvkit.find_homography(source, target, method=method)
    for from_unit, to_unit in ((1.0, unit), (unit, 1.0), (unit, unit)):
        scaled, as_before = cvkit.find_homography(
            source * from_unit, target * to_unit, method=method, threshold=3 * to_unit
        )
        back = np.diag([1 / to_unit, 1 / to_unit, 1]) @ scaled @ np.diag([from_unit, from_unit, 1])
        np.testing.assert_allclose(back, matrix, rtol=1e-6)
        np.testing.assert_array_equal(as_before, inliers)


@pytest.mark.parametrize("method", ["ransac", "least_squares"])
def test_find_homography_of_far_and_of_narrow_points(method: str) -> None:
    source = noisy_pairs(3, 60, 0)[0]
    for shift, stretch in ((1e6, 1.0), (0.0, 1e-8)):
        moved = source * (1, stretch) + shift
        matrix, inliers = cvkit.find_homography(moved, source * (stretch, 1) - shift, method=method)
        assert inliers.all()
        np.testing.assert_allclose(
            cvkit.transform_points(moved, matrix), source * (stretch, 1) - shift, atol=1e-4
        )


def test_a_pair_far_away_costs_no_precision() -> None:
    source, target = noisy_pairs(4, 60, 0)
    source[7], target[9] = 1e17, -1e15
    matrix, inliers = cvkit.find_homography(source, target)
    assert np.flatnonzero(~inliers).tolist() == [7, 9]
    np.testing.assert_allclose(matrix, HOMOGRAPHY, rtol=0.1)


def test_the_seed_alone_decides_where_ransac_looks() -> None:
    source, target = noisy_pairs(5, 80, 50)
    runs = [cvkit.find_homography(source, target, seed=9, max_iterations=40) for _ in range(2)]
    np.testing.assert_array_equal(runs[0][0], runs[1][0])
    np.testing.assert_array_equal(runs[0][1], runs[1][1])


def test_the_number_of_threads_changes_no_bit_of_a_homography() -> None:
    source, target = noisy_pairs(7, 20_000, 6000)
    for method in ("ransac", "least_squares"):
        matrix, inliers = cvkit.find_homography(source, target, method=method)
        with thread_limit(1):
            alone, inliers_alone = cvkit.find_homography(source, target, method=method)
        np.testing.assert_array_equal(matrix, alone)
        np.testing.assert_array_equal(inliers, inliers_alone)


LINE = np.stack([np.arange(12.0), 3 * np.arange(12.0) + 1], axis=1)


@pytest.mark.parametrize("method", ["ransac", "least_squares"])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_points_that_determine_no_matrix_are_refused(method: str, unit: float, shift: float) -> None:
    general = noisy_pairs(6, 12, 0)[0]
    turned = LINE @ [[0.6, 0.8], [-0.8, 0.6]]
    off_one = LINE.copy()
    off_one[3] += 5, -2
    three_places = general[np.arange(12) % 3]
    for points in (LINE, turned, off_one, three_places, np.full((12, 2), 0.3)):
        for pair in ((points, general), (general, points), (points, points)):
            with pytest.raises(ValueError, match="on a line"):
                cvkit.find_homography(
                    *[(p + shift) * unit for p in pair], method=method, threshold=1e-6 * unit
                )


def test_matrices_know_no_unit() -> None:
    for unit in (1e-160, 1e-9, 1e9, 1e160):
        affine = cvkit.affine_matrix(SQUARE[:3] * unit, QUAD[:3])
        np.testing.assert_allclose(cvkit.transform_points(SQUARE[:3] * unit, affine), QUAD[:3], atol=1e-9)
        perspective = cvkit.perspective_matrix(SQUARE, QUAD * unit)
        mapped = cvkit.transform_points(SQUARE, perspective) / unit
        np.testing.assert_allclose(mapped, QUAD, atol=1e-9)
        np.testing.assert_allclose(
            cvkit.invert_affine(affine * unit)[:, :2], np.linalg.inv(affine[:, :2]) / unit
        )
        np.testing.assert_allclose(
            cvkit.invert_perspective(HOMOGRAPHY * unit), np.linalg.inv(HOMOGRAPHY) / unit, rtol=1e-9
        )
        with pytest.raises(ValueError, match="src must not hold three points on a line"):
            cvkit.perspective_matrix(LINE[:4] * unit, QUAD)
        with pytest.raises(ValueError, match="must have an inverse"):
            cvkit.invert_affine(np.array([[0.1, 0.2, 0], [0.3, 0.6, 0]]) * unit)
        with pytest.raises(ValueError, match="must have an inverse"):
            cvkit.invert_perspective(np.outer([0.1, 0.2, 0.3], [0.7, 0.9, 1.1]) * unit)


def test_matrices_of_points_far_from_the_origin() -> None:
    far = SQUARE + 1e9
    np.testing.assert_allclose(cvkit.affine_matrix(far[:3], SQUARE[:3])[:, :2], np.eye(2), atol=1e-12)
    np.testing.assert_allclose(cvkit.transform_points(SQUARE, cvkit.perspective_matrix(SQUARE, far)), far)
    with pytest.raises(ValueError, match="src must not hold three points on a line"):
        cvkit.affine_matrix(LINE[:3] / 7 + 1e9, QUAD[:3])
