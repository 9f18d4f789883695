"""Resizing and pyramids beyond the table: shapes that meet special cases, what stays constant, errors."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.geometry import pillow_resize
from cvkit.compare.cases.images import noise
from cvkit.geometry import resize

FLAGS = {
    "nearest": cv2.INTER_NEAREST,
    "nearest_exact": cv2.INTER_NEAREST_EXACT,
    "bilinear": cv2.INTER_LINEAR,
    "bilinear_exact": cv2.INTER_LINEAR_EXACT,
    "bicubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
}
# (source, target): one axis halved, enlarged rows of one pixel, odd ratios, both axes apart.
SHAPES = [((8, 12), (4, 7)), ((1, 1), (3, 4)), ((3, 1), (7, 5)), ((1, 9), (1, 4)), ((31, 17), (9, 5))]


@pytest.mark.parametrize("interpolation", ["nearest", "nearest_exact", "bilinear", "bilinear_exact"])
def test_equals_opencv_at_odd_shapes(interpolation: str) -> None:
    for source, target in [*SHAPES, ((7, 5), (31, 2))]:
        image = noise(*source, 3)
        theirs = cv2.resize(image, target[::-1], interpolation=FLAGS[interpolation])
        np.testing.assert_array_equal(cvkit.resize(image, target, interpolation=interpolation), theirs)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_halves_are_rounded_as_in_opencv(dtype: str) -> None:
    for channels in (1, 2, 3, 4, 5):
        image = noise(18, 22, channels, dtype)
        for interpolation in ("area", "bilinear", "bilinear_exact")[: 3 if dtype == "uint8" else 2]:
            theirs = cv2.resize(image, (11, 9), interpolation=FLAGS[interpolation])
            ours = cvkit.resize(image, (9, 11), interpolation=interpolation)
            # OpenCV rounds uint16 otherwise where it has no IPP.
            tolerance = int(dtype == "uint16" and interpolation == "bilinear")
            np.testing.assert_allclose(ours.astype(int).reshape(theirs.shape), theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("interpolation", ["bicubic", "area"])
def test_is_within_a_level_of_opencv_at_odd_shapes(interpolation: str) -> None:
    for source, target in SHAPES:
        image = noise(*source)
        theirs = cv2.resize(image, target[::-1], interpolation=FLAGS[interpolation]).reshape(target)
        ours = cvkit.resize(image, target, interpolation=interpolation)
        assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_area_equals_opencv_where_it_enlarges_an_axis() -> None:
    for source, target in [((5, 7), (15, 14)), ((31, 17), (9, 23)), ((9, 5), (10, 5)), ((1, 9), (4, 2))]:
        image = noise(*source, 3)
        for pixels, tolerance in ((image, 0), (image.astype(np.float32), 1e-4)):
            theirs = cv2.resize(pixels, target[::-1], interpolation=cv2.INTER_AREA)
            ours = cvkit.resize(pixels, target, interpolation="area")
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("interpolation", FLAGS)
def test_same_shape_is_a_copy_and_a_constant_stays(interpolation: str) -> None:
    image = noise(13, 10)
    np.testing.assert_array_equal(cvkit.resize(image, (13, 10), interpolation=interpolation), image)
    constant = np.full((13, 10), 201, np.uint8)
    for shape in [(26, 7), (5, 33)]:
        assert (cvkit.resize(constant, shape, interpolation=interpolation) == 201).all()


def test_area_preserves_the_mean() -> None:
    image = noise(40, 60, 1, "float32")
    small = cvkit.resize(image, (7, 11), interpolation="area")
    np.testing.assert_allclose(small.mean(), image.mean(), rtol=1e-5)


@pytest.mark.parametrize("shape", [(8, 9), (1, 1), (1, 5), (2, 2), (3, 2)])
def test_pyramids_equal_opencv(shape: tuple[int, int]) -> None:
    image = noise(*shape)
    np.testing.assert_array_equal(
        cvkit.pyramid_down(image), cv2.pyrDown(image).reshape(-(-shape[0] // 2), -1)
    )
    np.testing.assert_array_equal(cvkit.pyramid_up(image), cv2.pyrUp(image).reshape(2 * shape[0], -1))


# (source, target): rows first, columns first, by how much each axis shrinks; one axis only; one pixel.
PILLOW_SHAPES = [((40, 50), (11, 30)), ((90, 20), (9, 15)), ((90, 20), (40, 31)), ((70, 9), (70, 4))]
PILLOW_SHAPES += [((9, 70), (4, 70)), ((8, 8), (8, 8)), ((1, 1), (5, 3)), ((300, 2), (1, 1))]


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos"])
def test_antialiased_equals_pillow(interpolation: str) -> None:
    for source, target in PILLOW_SHAPES:
        # Black and white overshoot most.
        for image in (noise(*source, 3), noise(*source) // 128 * 255, noise(*source, 4)):
            theirs = pillow_resize(image, target, interpolation)
            ours = cvkit.resize(image, target, interpolation=interpolation, antialias=True)
            np.testing.assert_array_equal(ours, theirs, f"{image.shape} to {target}")


def test_lanczos_is_always_antialiased() -> None:
    image = noise(30, 40, 3)
    with_it = cvkit.resize(image, (7, 9), interpolation="lanczos", antialias=True)
    np.testing.assert_array_equal(cvkit.resize(image, (7, 9), interpolation="lanczos"), with_it)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_antialiased_constants_stay(dtype: str) -> None:
    constant = np.full((31, 40), 201, dtype)
    for interpolation in ("bilinear", "bicubic", "lanczos"):
        for shape in [(7, 11), (31, 9), (64, 3)]:
            result = cvkit.resize(constant, shape, interpolation=interpolation, antialias=True)
            np.testing.assert_allclose(result, 201, rtol=1e-6)


@pytest.mark.sweep
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos"])
def test_antialiased_equals_pillow_over_many_shapes(interpolation: str, channels: int) -> None:
    generator = np.random.default_rng(6)
    for _ in range(200):
        height, width, *target = map(int, generator.integers(1, 150, 4))
        image = noise(height, width, channels)
        theirs = pillow_resize(image, (target[0], target[1]), interpolation)
        ours = cvkit.resize(image, (target[0], target[1]), interpolation=interpolation, antialias=True)
        np.testing.assert_array_equal(ours, theirs, f"{image.shape} to {target}")


@pytest.mark.sweep
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("interpolation", ["nearest", "nearest_exact", "bilinear"])
def test_equals_opencv_over_many_shapes(interpolation: str, channels: int) -> None:
    generator = np.random.default_rng(5)
    for _ in range(200):
        height, width, *target = map(int, generator.integers(1, 70, 4))
        image = noise(height, width, channels)
        theirs = cv2.resize(image, target[::-1], interpolation=FLAGS[interpolation])
        ours = cvkit.resize(image, target, interpolation=interpolation)
        np.testing.assert_array_equal(ours.reshape(theirs.shape), theirs, f"{image.shape} to {target}")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda image: cvkit.resize(image, (0, 4)), ValueError, "output_shape must be at least 1"),
        (lambda image: cvkit.resize(image, 4), ValueError, r"output_shape must be \(height, width\)"),
        (
            lambda image: cvkit.resize(image, (4, 4), interpolation="cubic"),
            ValueError,
            "interpolation must be",
        ),
        (
            lambda image: cvkit.resize(image, (4, 4), interpolation="area", antialias=True),
            ValueError,
            "interpolation with antialias=True must be one of 'bilinear', 'bicubic', 'lanczos', got 'area'",
        ),
        (
            lambda image: cvkit.resize(image.astype(np.uint16), (4, 4), interpolation="bilinear_exact"),
            TypeError,
            "image must have dtype uint8",
        ),
    ],
)
def test_errors_say_what_is_wrong(call: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(noise(5, 6))  # type: ignore[operator]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("interpolation", FLAGS)
def test_every_count_of_channels_equals_opencv(interpolation: str, channels: int) -> None:
    exact = interpolation not in ("bicubic", "area")
    for width in (1, 2, 7, 8, 15, 16, 17, 33):
        for height_factor, width_factor in ((2, 2), (2, 1), (3, 3), (4, 4), (1.5, 2.3), (0.5, 0.5)):
            image = noise(max(int(5 * height_factor), 1), max(int(width * width_factor), 1), channels)
            theirs = cv2.resize(image, (width, 5), interpolation=FLAGS[interpolation])
            ours = cvkit.resize(image, (5, width), interpolation=interpolation).reshape(theirs.shape)
            is_half = (height_factor, width_factor) == (2, 2) and interpolation == "area"
            worst = np.abs(ours.astype(int) - theirs).max()
            assert worst <= (0 if exact or is_half else 1), (image.shape, worst)


def test_whole_positions_of_very_wide_images_are_kept() -> None:
    wide = 40_000_000
    position = np.array([(1 << 24) + 1, wide - 1.25])  # neither is a float32
    first, fraction = resize._split(position, wide)
    assert first.tolist() == [(1 << 24) + 1, wide - 2]
    assert fraction.tolist() == [0, 0.75]
