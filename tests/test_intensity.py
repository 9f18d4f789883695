"""What the table's rows for intensities do not say: ends of ranges, NaN, other dtypes and refusals."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise
from cvkit.compare.cases.intensity import METHODS
from tests import reference
from tests.fake_device import fake

ENDS = {
    "uint8": [0, 1, 99, 254, 255],
    "int16": [-32768, -1, 0, 99, 32767],
    "float32": [-np.inf, -1, 99.5, np.inf, np.nan],
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ENDS)
def test_thresholds_at_the_ends_are_those_of_opencv(dtype: str, method: str) -> None:
    image = np.array([ENDS[dtype]], dtype)
    for value in (-2.5, -1, -0.5, 0, 99.5, 254, 255, 256, 32767, 40000):
        for maximum in (-7, 99.5, 300):
            found = cvkit.threshold(image, value, maximum=maximum, method=method)
            expected = cv2.threshold(image, value, maximum, METHODS[method])[1]
            np.testing.assert_array_equal(found, expected, f"{value} {maximum}")


def test_a_threshold_below_all_values_truncates_to_the_least() -> None:
    image = np.array([[-32768, 0, 5]], np.int16)
    assert (cvkit.threshold(image, -1e6, method="truncate") == -32768).all()


def test_thresholds_of_stacks_are_those_of_their_images() -> None:
    stack = np.stack([noise(20, 30, seed=seed) // (seed + 1) for seed in range(3)])[..., np.newaxis]
    for find in (cvkit.otsu_threshold, cvkit.triangle_threshold):
        found = find(stack)
        assert isinstance(found, np.ndarray)
        assert found.tolist() == [find(image[..., 0]) for image in stack]
        assert isinstance(find(stack[0]), int)
        assert find(stack[:0]).shape == (0,)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "image", [np.zeros((3, 4), np.uint8), np.full((5, 5), 255, np.uint8), np.eye(9, dtype=np.uint8)]
)
def test_images_of_one_or_two_values(image: np.ndarray) -> None:
    for find, flag in (
        (cvkit.otsu_threshold, cv2.THRESH_OTSU),
        (cvkit.triangle_threshold, cv2.THRESH_TRIANGLE),
    ):
        assert find(image) == cv2.threshold(image, 0, 255, flag)[0]


def test_thresholds_by_name_are_found_in_each_image() -> None:
    stack = np.stack([noise(20, 30, seed=seed) // (seed + 1) for seed in range(3)])[..., np.newaxis]
    for name, find in (("otsu", cvkit.otsu_threshold), ("triangle", cvkit.triangle_threshold)):
        expected = [cvkit.threshold(image, find(image), maximum=9, method="truncate") for image in stack]
        found = cvkit.threshold(stack, name, maximum=9, method="truncate")
        np.testing.assert_array_equal(found, expected)
        assert cvkit.threshold(stack[:0], name).shape == (0, 20, 30, 1)


def test_the_triangle_method_knows_16_bits() -> None:
    image = (noise(40, 50, dtype=np.uint16).astype(np.float64) ** 2 / 65535).astype(np.uint16)
    for values in (image, 65535 - image):
        assert cvkit.triangle_threshold(values) == reference.triangle_threshold(values)


def test_a_sum_over_any_rectangle_takes_four_values() -> None:
    image = noise(300, 70, 3)
    sums = cvkit.integral_image(image)
    found = sums[290, 50] - sums[20, 50] - sums[290, 7] + sums[20, 7]
    np.testing.assert_array_equal(found, image[20:290, 7:50].sum(axis=(0, 1)))


def test_sums_that_wrap_differ_rightly() -> None:
    sums = cvkit.integral_image(np.full((3000, 3000), 255, np.uint8))
    assert sums[-1, -1] < 0
    assert sums[-1, -1] - sums[-2, -1] == 255 * 3000


def test_strips_of_floats_sum_what_is_above() -> None:
    image = noise(600, 40, dtype=np.float32)
    expected = image.astype(np.float64).cumsum(axis=0).cumsum(axis=1)
    np.testing.assert_allclose(cvkit.integral_image(image)[1:, 1:], expected, rtol=1e-12)


def test_tables_of_lists_are_of_the_dtype_of_the_image() -> None:
    image = noise(7, 9, 3)
    inverse = cvkit.lookup(image, list(range(255, -1, -1)))
    np.testing.assert_array_equal(inverse, 255 - image)
    assert inverse.dtype == np.uint8
    with pytest.raises(TypeError, match=r"table must have dtype .* or hold values of uint8, got int64"):
        cvkit.lookup(image, list(range(256, 0, -1)))


def test_large_images_are_looked_up_by_pairs() -> None:
    image, table = noise(513, 515), (np.arange(256) * 7 % 256).astype(np.int8)
    np.testing.assert_array_equal(cvkit.lookup(image, table), table[image])


def test_negative_values_count_from_the_end_of_the_table() -> None:
    image, table = noise(9, 11, dtype=np.int16), noise(1, 1 << 16, dtype=np.uint16)[0]
    np.testing.assert_array_equal(cvkit.lookup(image, table), table[image])
    with pytest.raises(ValueError, match=r"table must have shape \(65536,\) or \(65536, 1\)"):
        cvkit.lookup(image, table[: 1 << 15])


def test_any_number_of_channels() -> None:
    image = noise(1, 2, 1 << 18)
    table = noise(256, 1 << 18, seed=1)
    expected = np.take_along_axis(table, image[0].astype(np.intp), axis=0)
    np.testing.assert_array_equal(cvkit.lookup(image, table)[0], expected)


def test_gamma_of_16_bits_is_rounded() -> None:
    image = noise(9, 11, dtype=np.uint16)
    np.testing.assert_array_equal(
        cvkit.adjust_gamma(image, 0.45), np.rint((image / 65535) ** 0.45 * 65535).astype(np.uint16)
    )


def test_contrast_knows_nothing_of_nan_and_no_range_to_infinity() -> None:
    image = np.array([[np.nan, 2, 4, 3]], np.float32)
    np.testing.assert_array_equal(cvkit.normalize(image, 0, 1), [[np.nan, 0, 1, 0.5]])
    image[0, 1] = np.inf
    assert np.isnan(cvkit.normalize(image, 0, 1)).all()
    assert (cvkit.normalize(np.full((2, 3), 9, np.uint8), 5, 50) == 5).all()


def test_equal_images_are_alike() -> None:
    image = noise(20, 30, 3)
    assert cvkit.psnr(image, image) == math.inf
    assert cvkit.structural_similarity(image, image) == pytest.approx(1)
    stack = np.stack([image, image // 2])
    assert cvkit.structural_similarity(stack, stack).shape == (2,)  # type: ignore[union-attr]
    assert cvkit.psnr(stack, stack[::-1]) == pytest.approx([cvkit.psnr(image, image // 2)] * 2)


IMAGE, FLOATS = noise(8, 9), noise(8, 9, dtype=np.float32)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cvkit.threshold(IMAGE, 5, method="otsu"), ValueError, "method must be one of 'binary'"),
        (lambda: cvkit.threshold(IMAGE, math.nan), ValueError, "value must be finite"),
        (
            lambda: cvkit.threshold(IMAGE, "mean"),
            ValueError,
            "value, unless a number, must be one of 'otsu', 'triangle', got 'mean'",
        ),
        (lambda: cvkit.threshold(FLOATS, "otsu"), TypeError, "image must have dtype uint8, uint16, got"),
        (lambda: cvkit.threshold(IMAGE.astype(np.int32), 5), TypeError, "image must have dtype .*int16"),
        (lambda: cvkit.otsu_threshold(noise(4, 4, 3)), ValueError, "image must have 1 channels"),
        (lambda: cvkit.triangle_threshold(FLOATS), TypeError, "image must have dtype uint8, uint16"),
        (lambda: cvkit.adaptive_threshold(IMAGE, 4, 2), ValueError, "ksize must be odd"),
        (
            lambda: cvkit.adaptive_threshold(IMAGE, 3, 2, method="x"),
            ValueError,
            "method must be one of 'mean'",
        ),
        (lambda: cvkit.adaptive_threshold(FLOATS, 3, 2), TypeError, "image must have dtype uint8, got"),
        (lambda: cvkit.lookup(IMAGE, np.zeros(255, np.uint8)), ValueError, r"table must have shape \(256,\)"),
        (lambda: cvkit.lookup(FLOATS, np.zeros(256)), TypeError, "image must have dtype uint8, uint16"),
        (lambda: cvkit.lookup(IMAGE, np.zeros(256, complex)), TypeError, "table must be an array of real"),
        (lambda: cvkit.adjust_gamma(IMAGE, -1), ValueError, "gamma must be at least 0"),
        (lambda: cvkit.normalize(IMAGE, 0, 1e10), ValueError, "high must be from"),
        (lambda: cvkit.blend(IMAGE, IMAGE[1:], 1, 1), ValueError, r"same shape, got .*\(8, 9\) and \(7, 9\)"),
        (lambda: cvkit.blend(IMAGE, FLOATS, 1, 1), TypeError, "b must have dtype uint8, got float32"),
        (lambda: cvkit.blend(IMAGE, IMAGE, 1e9, 1), ValueError, "weight_a must be from"),
        (lambda: cvkit.blend(IMAGE, fake(IMAGE), 1, 1), ValueError, "a and b must live on the same device"),
        (lambda: cvkit.psnr(FLOATS, FLOATS), ValueError, "data_range must be given for images of float32"),
        (lambda: cvkit.psnr(IMAGE, IMAGE, data_range=0), ValueError, "data_range must be greater than 0"),
        (
            lambda: cvkit.structural_similarity(IMAGE[:6], IMAGE[:6]),
            ValueError,
            "a must have at least 7 rows",
        ),
        (lambda: cvkit.structural_similarity(IMAGE, IMAGE, ksize=4), ValueError, "ksize must be odd"),
        (lambda: cvkit.structural_similarity(IMAGE, IMAGE, k1=-1), ValueError, "k1 must be at least 0"),
    ],
)
def test_refusals(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
