"""Warps: exact copies, borders, points that come from nowhere, the distance to OpenCV 4, errors."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

import cvkit
from cvkit._border import BORDERS
from cvkit._dispatch import ImageStack
from cvkit.compare.cases.images import noise, scene
from cvkit.geometry import warp
from cvkit.geometry._cpu.coordinates import _affine_row, _perspective_row, locate, locate_nearest
from tests import reference

DTYPES = ("uint8", "uint16", "float32", "float64")
OPENCV = int(cv2.__version__.partition(".")[0])


def exact_copies(image: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Matrices that move whole pixels to whole pixels, and what they must make of the image."""
    height, width = image.shape[:2]
    shifted = np.zeros_like(image)
    shifted[3:, :-2] = image[:-3, 2:]
    turned = np.zeros_like(image)
    side = min(height, width)
    turned[:side, :side] = np.rot90(image[:side, :side])
    return [
        (np.eye(3)[:2], image),
        (np.array([[-1.0, 0, width - 1], [0, 1, 0]]), image[:, ::-1]),
        (np.array([[1.0, 0, 0], [0, -1, height - 1]]), image[::-1]),
        (np.array([[1.0, 0, -2], [0, 1, 3]]), shifted),
        (cvkit.compose(cvkit.rotation_matrix((0, 0), 90), [[1, 0, 0], [0, 1, side - 1]]), turned),
    ]


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
def test_whole_pixel_moves_are_exact_copies(interpolation: str, dtype: str) -> None:
    image = noise(37, 41, 1, dtype)
    for matrix, expected in exact_copies(image):
        if len(np.unique(np.abs(matrix[:, :2]))) == 2 and matrix[0, 0] == 0:
            image_in = image.copy()
            image_in[37:], image_in[:, 37:] = 0, 0
        else:
            image_in = image
        warped = cvkit.warp_affine(image_in, matrix, image.shape, interpolation=interpolation)
        np.testing.assert_array_equal(warped, expected)
        square = np.vstack([matrix, [0, 0, 1]])
        warped = cvkit.warp_perspective(image_in, -2 * square, image.shape, interpolation=interpolation)
        np.testing.assert_array_equal(warped, expected)
    y, x = np.mgrid[:37, :41].astype(np.float32)
    np.testing.assert_array_equal(cvkit.remap(image, x, y, interpolation=interpolation), image)


def test_uint8_is_rarely_even_one_level_from_the_float64_reference() -> None:
    image = noise(64, 96)
    matrix = cvkit.rotation_matrix((40, 30), 17)
    ours = cvkit.warp_affine(image, matrix, (64, 96)).astype(int)
    difference = ours - reference.warp(image, matrix, (64, 96)).astype(int)
    assert np.abs(difference).max() <= 1
    assert (difference != 0).mean() < 0.001


@pytest.mark.parametrize("border", BORDERS)
def test_every_border_far_beyond_the_image(border: str) -> None:
    image = noise(5, 7, 3)
    matrix = np.array([[0.45, 0.1, 8.3], [-0.08, 0.4, 9.1]])
    ours = cvkit.warp_affine(image, matrix, (24, 31), border=border, border_value=(9, 20, 31))
    expected = np.stack(
        [
            reference.warp(image[..., channel], matrix, (24, 31), "bilinear", border, value)
            for channel, value in enumerate((9, 20, 31))
        ],
        axis=-1,
    )
    assert np.abs(ours.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("border", ["constant", "replicate"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
def test_nan_and_infinity_give_the_border_value(interpolation: str, border: str) -> None:
    image = noise(6, 8) | 1
    x = np.array([[np.nan, 2, np.inf, -np.inf, 2, 1e30, 2]], np.float32)
    y = np.array([[2, np.nan, 2, 2, np.inf, 2, 2]], np.float32)
    ours = cvkit.remap(image, x, y, interpolation=interpolation, border=border, border_value=200)
    assert ours[0, :-1].tolist() == [200] * 6
    assert ours[0, -1] == image[2, 2]


def test_what_lies_behind_the_plane_is_the_border_value() -> None:
    image = np.full((20, 20), 50, np.uint8)
    to_result = np.array([[1, 0, 0], [0, 1, 0], [0.05, 0, 1]])  # x = 20 of the result is at infinity
    for matrix, inverse in itertools.product((to_result, -to_result), (False, True)):
        given = cvkit.invert_perspective(matrix) if inverse else matrix
        warped = cvkit.warp_perspective(
            image, given, (20, 60), border="replicate", border_value=9, inverse=inverse
        )
        assert (warped[:, :20] == 50).all()
        assert (warped[:, 20:] == 9).all()


@pytest.mark.skipif(OPENCV != 4, reason="the quantization is OpenCV 4's")
@pytest.mark.parametrize("channels", [1, 3])
def test_differs_from_opencv_4_by_its_quantization_alone(channels: int) -> None:
    image = cv2.GaussianBlur(scene(60, 96, channels), (0, 0), 3)
    matrix = cvkit.rotation_matrix((40, 30), 17)
    steps = [np.abs(np.diff(image.astype(int), axis=axis)).max() for axis in (0, 1)]
    bound = sum(steps) * (1 / 64 + 1 / 1024) + 1
    assert bound < 4
    ours = cvkit.warp_affine(image, matrix, (60, 96), border="replicate").astype(int)
    theirs = cv2.warpAffine(image, matrix, (96, 60), borderMode=cv2.BORDER_REPLICATE).astype(int)
    assert np.abs(ours - theirs).max() <= bound


def test_inverse_takes_the_matrix_from_result_to_image() -> None:
    image = noise(20, 30)
    matrix = cvkit.rotation_matrix((10, 12), 33, 1.2)
    forward = cvkit.warp_affine(image, matrix, (25, 25))
    backward = cvkit.warp_affine(image, cvkit.invert_affine(matrix), (25, 25), inverse=True)
    np.testing.assert_array_equal(forward, backward)


@pytest.mark.parametrize("axis", [0, 1])
def test_of_two_equally_near_pixels_the_even_one_is_taken(axis: int) -> None:
    image = np.tile(np.arange(8, dtype=np.uint8), (8, 1))
    matrix = np.eye(3)
    matrix[1 - axis, 2] = 0.5
    expected = np.array([0, 2, 2, 4, 4, 6, 6, 7], np.uint8)
    for warp_image, size in ((cvkit.warp_affine, 2), (cvkit.warp_perspective, 3)):
        for source in (image, np.dstack([image] * 3)):
            source = source.swapaxes(0, 1 - axis)
            warped = warp_image(
                source, matrix[:size], (8, 8), interpolation="nearest", inverse=True, border="replicate"
            )
            rows = warped.swapaxes(0, 1 - axis)[4].reshape(8, -1)
            assert (rows == expected[:, np.newaxis]).all()


def test_rows_wider_than_a_tile_are_seamless() -> None:
    image = noise(9, 1500, 3)
    matrix = np.array([[1.0, 0.01, 0.3], [0, 1, 0.2]])
    expected = reference.warp(image, matrix, (9, 1500))
    difference = cvkit.warp_affine(image, matrix, (9, 1500)).astype(int) - expected
    assert np.abs(difference).max() <= 1


def test_bilinear_sample_equals_the_reference() -> None:
    image = noise(9, 11, 3)
    x, y = np.array([0.25, 10.5, -3, 4, np.nan]), np.array([7.75, 3, 2, 5, 1])
    expected = [reference.sample(image, *point, "bilinear", "reflect101") for point in zip(x, y, strict=True)]
    sampled = cvkit.bilinear_sample(image, x, y, border="reflect101")
    assert sampled.dtype == np.float32
    np.testing.assert_allclose(sampled, np.array(expected), atol=1e-4)
    assert cvkit.bilinear_sample(np.stack([image, image]), x, y).shape == (2, 5, 3)


@pytest.mark.sweep
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_combination_equals_the_reference(
    interpolation: str, border: str, dtype: str, channels: int
) -> None:
    image = noise(13, 17, channels, dtype)
    matrix = np.array([[1.3, 0.2, -4.3], [-0.3, 0.9, 3.1], [0.004, -0.003, 1]])
    ours = cvkit.warp_perspective(
        image, matrix, (19, 21), interpolation=interpolation, border=border, border_value=7
    )
    expected = reference.warp(image, matrix, (19, 21), interpolation, border, 7)
    tolerance = 1 if dtype.startswith("u") else 1e-4
    assert np.abs(ours.astype(np.float64) - expected).max() <= tolerance


def test_empty_stacks_stay_empty() -> None:
    stack = np.empty((0, 5, 6, 1), np.uint8)
    assert cvkit.warp_affine(stack, np.eye(3)[:2], (3, 4)).shape == (0, 3, 4, 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda image: cvkit.warp_affine(image, np.eye(3), (4, 4)),
            ValueError,
            "matrix must have shape 2 x 3",
        ),
        (
            lambda image: cvkit.warp_affine(image, np.zeros((2, 3)), (4, 4)),
            ValueError,
            "must have an inverse",
        ),
        (
            lambda image: cvkit.warp_affine(image, np.eye(3)[:2], (0, 4)),
            ValueError,
            "output_shape must be at least 1",
        ),
        (
            lambda image: cvkit.warp_affine(image, np.eye(3)[:2], (4, 4), interpolation="cubic"),
            ValueError,
            "interpolation must be one of 'nearest', 'bilinear', 'bicubic'",
        ),
        (
            lambda image: cvkit.warp_affine(image, np.eye(3)[:2], (4, 4), border="edge"),
            ValueError,
            "border must be one of",
        ),
        (
            lambda image: cvkit.warp_affine(image, np.eye(3)[:2], (4, 4), border_value=(1, 2)),
            ValueError,
            "border_value must be one number or 3",
        ),
        (
            lambda image: cvkit.warp_perspective(image, np.ones((3, 3)), (4, 4)),
            ValueError,
            "must have an inverse",
        ),
        (
            lambda image: cvkit.remap(image, np.zeros((2, 3)), np.zeros((3, 2))),
            ValueError,
            "map_x and map_y must have one shape",
        ),
        (
            lambda image: cvkit.bilinear_sample(image, [[0.0]], [[0.0]]),
            ValueError,
            "x and y must have one shape",
        ),
        (
            lambda image: cvkit.warp_affine(image.astype(np.int32), np.eye(3)[:2], (4, 4)),
            TypeError,
            "image must have dtype",
        ),
    ],
)
def test_errors_say_what_is_wrong(call: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(noise(5, 6, 3))  # type: ignore[operator]


def as_large(height: int, width: int, channels: int) -> np.ndarray:
    """Return a view of one pixel as an image of any size."""
    return np.broadcast_to(np.zeros(channels, np.uint8), (height, width, channels))


@pytest.mark.parametrize(
    ("height", "width", "channels"), [(46_400, 46_400, 1), (3, 1 << 30, 4), (70_000, 9, 3)]
)
def test_offsets_of_large_images_are_wide_enough(height: int, width: int, channels: int) -> None:
    image = as_large(height, width, channels)
    offsets = np.zeros(2, warp._offset_dtype(image.size))
    weights = np.empty(2), np.empty(2)
    xs, ys = np.array([1.25, width - 4.0]), np.array([0.0, height - 2.5])
    expected = [channels, ((height - 3) * width + width - 4) * channels]
    locate(xs, ys, image, BORDERS["constant"], 2, offsets, *weights)
    assert offsets.tolist() == expected
    assert weights[0].tolist() == [0.25, 0] and weights[1].tolist() == [0, 0.5]
    locate_nearest(xs, ys - 0.25, image, BORDERS["constant"], offsets)
    assert offsets.tolist() == expected


def test_warps_of_images_beyond_opencv_have_exact_coordinates() -> None:
    batch = ImageStack.of(np.zeros((4, 4), np.uint8))
    assert warp._coordinate_dtype(batch, (4, 32_767)) == np.float32
    assert warp._coordinate_dtype(batch, (32_768, 4)) == np.float64
    xs, ys = np.empty(1), np.empty(1)
    for row in (_affine_row, _perspective_row):
        row(np.array([1.0, 0, 0]), np.array([[0.0, 0, 1]]), 0, 3_000_000_001, xs, ys)
        assert xs.tolist() == [3_000_000_001]


def test_far_coordinates_still_meet_the_border() -> None:
    far = np.array([[3e9, -3e9]])
    image = np.array([[1, 2, 3, 4, 5]], np.uint8)
    for border, expected in (("replicate", [5, 1]), ("wrap", [1, 1]), ("constant", [0, 0])):
        for interpolation in ("nearest", "bilinear"):
            ours = cvkit.remap(image, far, np.zeros((1, 2)), border=border, interpolation=interpolation)
            assert ours.tolist() == [expected]


def test_sides_that_kernels_cannot_number_are_refused() -> None:
    with pytest.raises(ValueError, match="image must have at most 2147483647 rows and columns"):
        cvkit.remap(np.broadcast_to(np.uint8(0), (1, 1 << 31)), [[0.0]], [[0.0]])
    with pytest.raises(ValueError, match="output_shape must be at most 2147483647"):
        cvkit.warp_affine(noise(2, 2), np.eye(2, 3), (1, 1 << 31))
