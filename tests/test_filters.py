"""Linear filters: what the table cannot say - errors, dtypes, properties, and grids of parameters."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise

FILTERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "box_filter": lambda image: cvkit.box_filter(image, 5),
    "filter2d": lambda image: cvkit.filter2d(image, np.full((2, 2), 0.25)),
    "gaussian_blur": lambda image: cvkit.gaussian_blur(image, 1.2, ksize=5),
    "laplacian": lambda image: cvkit.laplacian(image),
    "prewitt": lambda image: cvkit.prewitt(image, 1, 0),
    "roberts": lambda image: cvkit.roberts(image),
    "scharr": lambda image: cvkit.scharr(image, 0, 1),
    "sep_filter2d": lambda image: cvkit.sep_filter2d(image, kernel_y=[0.25, 0.5, 0.25], kernel_x=[0.5, 0.5]),
    "sharpen": lambda image: cvkit.sharpen(image),
    "sobel": lambda image: cvkit.sobel(image, 1, 0),
    "unsharp_mask": lambda image: cvkit.unsharp_mask(image),
}
DERIVATIVES = {"laplacian", "prewitt", "roberts", "scharr", "sobel"}


@pytest.mark.parametrize("name", FILTERS)
def test_a_constant_stays_constant_or_becomes_zero(name: str) -> None:
    for shape in [(1, 1), (1, 9), (6, 5)]:
        result = FILTERS[name](np.full(shape, 77, np.uint8))
        assert (result == (0 if name in DERIVATIVES else 77)).all()


@pytest.mark.parametrize("name", FILTERS)
def test_an_empty_stack_gives_an_empty_stack(name: str) -> None:
    assert FILTERS[name](np.empty((0, 4, 5, 3), np.uint8)).shape == (0, 4, 5, 3)


@pytest.mark.parametrize("name", FILTERS)
def test_other_dtypes_and_empty_images_raise(name: str) -> None:
    with pytest.raises(TypeError, match="image must have dtype"):
        FILTERS[name](np.zeros((4, 4), np.int32))
    with pytest.raises(ValueError, match="image must not be empty"):
        FILTERS[name](np.zeros((0, 4), np.uint8))


def test_read_only_and_reversed_views_are_read_as_they_are() -> None:
    image = noise(9, 12)
    image.flags.writeable = False
    expected = cvkit.sobel(np.ascontiguousarray(image[::-1, ::-1]), 1, 0)
    np.testing.assert_array_equal(cvkit.sobel(image[::-1, ::-1], 1, 0), expected)


def test_float_filters_are_linear() -> None:
    a, b = noise(9, 12, dtype=np.float32, seed=1), noise(9, 12, dtype=np.float32, seed=2)
    for name in ("gaussian_blur", "box_filter", "scharr"):
        filtered = FILTERS[name]
        np.testing.assert_allclose(filtered(a + 2 * b), filtered(a) + 2 * filtered(b), rtol=0, atol=0.02)


def test_a_kernel_of_one_tap_moves_the_image() -> None:
    image = noise(6, 7)
    kernel = np.zeros((3, 3))
    kernel[1, 2] = 1
    np.testing.assert_array_equal(cvkit.filter2d(image, kernel)[:, :-1], image[:, 1:])


def test_nan_stays_where_the_kernel_reaches() -> None:
    image = np.zeros((9, 9), np.float32)
    image[4, 4] = np.nan
    assert np.isnan(cvkit.gaussian_blur(image, 1.2, ksize=5)).sum() == 25


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda image: cvkit.box_filter(image, 4), ValueError, "ksize must be odd, got 4"),
        (lambda image: cvkit.box_filter(image, 0), ValueError, "ksize must be at least 1, got 0"),
        (lambda image: cvkit.box_filter(image, 3, border="mirror"), ValueError, "border must be one of"),
        (lambda image: cvkit.gaussian_blur(image), ValueError, "sigma must be greater than 0 where ksize"),
        (lambda image: cvkit.gaussian_blur(image, -1), ValueError, "sigma must be at least 0"),
        (lambda image: cvkit.gaussian_blur(image, np.nan), ValueError, "sigma must be finite"),
        (lambda image: cvkit.gaussian_blur(image, ksize=2.5), TypeError, "ksize must be a whole number"),
        (lambda image: cvkit.filter2d(image, [[np.inf]]), ValueError, "kernel must be finite"),
        (lambda image: cvkit.filter2d(image, [1, 2]), ValueError, "kernel must have shape any x any"),
        (lambda image: cvkit.filter2d(image, np.empty((0, 3))), ValueError, "kernel must not be empty"),
        (lambda image: cvkit.filter2d(image, [[1]], out_dtype="int8"), TypeError, "out_dtype must be"),
        (
            lambda image: cvkit.sep_filter2d(image, kernel_y=[], kernel_x=[1]),
            ValueError,
            "kernel_y must not be empty",
        ),
        (lambda image: cvkit.sobel(image, 0, 0), ValueError, "dx or dy must be at least 1"),
        (lambda image: cvkit.sobel(image, 3, 0), ValueError, "dx must be from 0 to 2, got 3"),
        (lambda image: cvkit.sobel(image, 1, 0, ksize=4), ValueError, "ksize must be one of 1, 3, 5, 7"),
        (lambda image: cvkit.sobel(image, 1, 0, scale=np.nan), ValueError, "scale must be finite"),
        (lambda image: cvkit.scharr(image, 1, 1), ValueError, "one of dx and dy must be 1"),
        (lambda image: cvkit.laplacian(image, ksize=7), ValueError, "ksize must be one of 1, 3, 5"),
        (lambda image: cvkit.laplacian_of_gaussian(image, 0), ValueError, "sigma must be greater than 0"),
        (lambda image: cvkit.sharpen(image, "magic"), ValueError, "method must be one of"),
        (lambda image: cvkit.sharpen(image, amount=-1), ValueError, "amount must be at least 0"),
        (lambda image: cvkit.unsharp_mask(image, threshold=-1), ValueError, "threshold must be at least 0"),
    ],
)
def test_bad_arguments_are_named(call: Callable[..., object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(np.zeros((4, 5), np.uint8))


BORDERS = {
    "reflect101": cv2.BORDER_REFLECT_101,
    "reflect": cv2.BORDER_REFLECT,
    "replicate": cv2.BORDER_REPLICATE,
    "constant": cv2.BORDER_CONSTANT,
}
SWEPT = [
    noise(height, width, channels, seed=height)
    for (height, width), channels in product(
        [(1, 1), (1, 2), (2, 1), (3, 3), (1, 40), (41, 1), (7, 5), (33, 65), (64, 64), (129, 31), (480, 641)],
        (1, 3),
    )
] + [noise(1080, 1920), noise(1080, 1920, 3), noise(40, 90)[:, ::2], noise(90, 40, 3)[::2]]


def assert_equal_over_images_and_borders(
    ours: Callable[[np.ndarray, str], np.ndarray], reference: Callable[[np.ndarray, int], np.ndarray]
) -> None:
    for image, (border, code) in product(SWEPT, BORDERS.items()):
        expected = reference(np.ascontiguousarray(image), code)
        found = ours(image, border)
        assert found.dtype == expected.dtype
        differing = np.count_nonzero(found != expected)
        assert differing == 0, (image.shape, border, differing)


# One of each form of weights that the kernels of one pass know, and of each rounding.
IN_ONE_PASS: dict[
    str, tuple[Callable[[np.ndarray, str], np.ndarray], Callable[[np.ndarray, int], np.ndarray]]
]
IN_ONE_PASS = {
    "difference": (
        lambda image, border: cvkit.sobel(image, 1, 0, border=border),
        lambda image, code: cv2.Sobel(image, cv2.CV_16S, 1, 0, borderType=code),
    ),
    "symmetric": (
        lambda image, border: cvkit.scharr(image, 0, 1, border=border),
        lambda image, code: cv2.Scharr(image, cv2.CV_16S, 0, 1, borderType=code),
    ),
    "any": (
        lambda image, border: cvkit.sobel(image, 1, 1, ksize=5, border=border),
        lambda image, code: cv2.Sobel(image, cv2.CV_16S, 1, 1, ksize=5, borderType=code),
    ),
    "scaled": (
        lambda image, border: cvkit.sobel(image, 0, 1, scale=-0.125, delta=3, border=border),
        lambda image, code: cv2.Sobel(image, cv2.CV_16S, 0, 1, scale=-0.125, delta=3, borderType=code),
    ),
    "saturated": (
        lambda image, border: cvkit.box_filter(image, 3, normalize=False, border=border),
        lambda image, code: cv2.boxFilter(image, -1, (3, 3), normalize=False, borderType=code),
    ),
    "sum": (
        lambda image, border: cvkit.box_filter(image, 5, border=border),
        lambda image, code: cv2.boxFilter(image, -1, (5, 5), borderType=code),
    ),
    "16 bits": (
        lambda image, border: cvkit.gaussian_blur(image, ksize=5, border=border),
        lambda image, code: cv2.GaussianBlur(image, (5, 5), 0, borderType=code),
    ),
    "two sizes": (
        lambda image, border: cvkit.box_filter(image, (3, 5), border=border),
        lambda image, code: cv2.boxFilter(image, -1, (5, 3), borderType=code),
    ),
}


@pytest.mark.parametrize("name", IN_ONE_PASS)
def test_one_pass_meets_the_ends_of_rows_and_strips(name: str) -> None:
    ours, reference = IN_ONE_PASS[name]
    shapes = [(1, 1), (1, 2), (2, 1), (3, 2), (2, 7), (6, 4), (5, 5), (9, 64), (128, 3), (129, 66), (259, 33)]
    for (height, width), (border, code) in product(shapes, BORDERS.items()):
        image = noise(height, width, seed=width)
        np.testing.assert_array_equal(ours(image, border), reference(image, code), f"{image.shape} {border}")


@pytest.mark.parametrize("name", ["gaussian_blur", "scharr"])
def test_floats_do_not_depend_on_where_a_pixel_lies_in_memory(name: str) -> None:
    stack = np.stack([noise(13, 17, dtype=np.float32)] * 40)[..., None]
    filtered = FILTERS[name](stack)
    np.testing.assert_array_equal(filtered, np.broadcast_to(filtered[0], filtered.shape))


@pytest.mark.parametrize(("scale", "delta"), [(2.5, 0), (0.25, 8200), (-1.75, -3), (0, 7), (0.125, 40000)])
def test_scaled_derivatives_are_rounded_and_saturated_as_they_are_written(scale: float, delta: float) -> None:
    image = noise(30, 40) // 255 * np.uint8(255)
    derivative = cvkit.sobel(image, 1, 0).astype(np.float64)
    expected = np.clip(np.rint(derivative * scale + delta), -32768, 32767)
    np.testing.assert_array_equal(cvkit.sobel(image, 1, 0, scale=scale, delta=delta), expected)


def test_parameters_are_checked_whatever_was_accepted_before() -> None:
    image = noise(5, 6)
    cvkit.sobel(image, 1, 0)
    with pytest.raises(TypeError, match="dx must be a whole number, got True"):
        cvkit.sobel(image, True, 0)
    with pytest.raises(ValueError, match="ksize must be one of 1, 3, 5, 7"):
        cvkit.sobel(image, 1, 0, ksize=[3])  # type: ignore[arg-type]  # it has no hash
    np.testing.assert_array_equal(cvkit.box_filter(image, [3, 5]), cvkit.box_filter(image, (3, 5)))


@pytest.mark.sweep
@pytest.mark.parametrize("ksize", [1, 3, 5, 7, 9, 11, 15, 31, (3, 9), (21, 1), (63, 63)])
def test_sweep_box_filter(ksize: int | tuple[int, int]) -> None:
    size = (ksize, ksize) if isinstance(ksize, int) else ksize
    for normalize in (True, False):
        assert_equal_over_images_and_borders(
            lambda image, border, n=normalize: cvkit.box_filter(image, size, normalize=n, border=border),
            lambda image, code, n=normalize: cv2.boxFilter(
                image, -1, size[::-1], normalize=n, borderType=code
            ),
        )


@pytest.mark.sweep
@pytest.mark.parametrize("ksize", [None, 1, 3, 5, 7, 9, 11, 21, 45])
@pytest.mark.parametrize("sigma", [0, 0.3, 0.5, 0.8, 1.0, 1.4, 2.0, 3.0, 5.5, 11.0])
def test_sweep_gaussian_blur(ksize: int | None, sigma: float) -> None:
    if ksize is None and sigma == 0:
        pytest.skip("one of the two must be given")
    assert_equal_over_images_and_borders(
        lambda image, border: cvkit.gaussian_blur(image, sigma, ksize=ksize, border=border),
        lambda image, code: cv2.GaussianBlur(image, (ksize or 0, ksize or 0), sigma, borderType=code),
    )


@pytest.mark.sweep
@pytest.mark.parametrize("ksize", [1, 3, 5, 7])
@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (0, 1), (1, 1), (2, 0), (0, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize(("scale", "delta"), [(1, 0), (1, 7), (0.5, 0), (0.125, -3)])
def test_sweep_sobel(ksize: int, dx: int, dy: int, scale: float, delta: float) -> None:
    assert_equal_over_images_and_borders(
        lambda image, border: cvkit.sobel(
            image, dx, dy, ksize=ksize, scale=scale, delta=delta, border=border
        ),
        lambda image, code: cv2.Sobel(
            image, cv2.CV_16S, dx, dy, ksize=ksize, scale=scale, delta=delta, borderType=code
        ),
    )


@pytest.mark.sweep
@pytest.mark.parametrize(("scale", "delta"), [(1, 0), (1, 7), (0.5, 0), (0.125, -3)])
def test_sweep_scharr_and_laplacian(scale: float, delta: float) -> None:
    for dx in (0, 1):
        assert_equal_over_images_and_borders(
            lambda image, border, dx=dx: cvkit.scharr(
                image, dx, 1 - dx, scale=scale, delta=delta, border=border
            ),
            lambda image, code, dx=dx: cv2.Scharr(
                image, cv2.CV_16S, dx, 1 - dx, scale=scale, delta=delta, borderType=code
            ),
        )
    for ksize in (1, 3, 5):
        assert_equal_over_images_and_borders(
            lambda image, border, ksize=ksize: cvkit.laplacian(
                image, ksize=ksize, scale=scale, delta=delta, border=border
            ),
            lambda image, code, ksize=ksize: cv2.Laplacian(
                image, cv2.CV_16S, ksize=ksize, scale=scale, delta=delta, borderType=code
            ),
        )


@pytest.mark.sweep
@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_sweep_other_dtypes(dtype: str) -> None:
    depth = cv2.CV_64F if dtype == "float64" else cv2.CV_32F
    for channels, (border, code) in product((1, 3), BORDERS.items()):
        image = noise(67, 91, channels, dtype)
        span = float(np.ptp(image))
        pairs = [
            (
                cvkit.gaussian_blur(image, 1.7, border=border),
                cv2.GaussianBlur(image, (0, 0), 1.7, borderType=code),
            ),
            (cvkit.box_filter(image, 7, border=border), cv2.blur(image, (7, 7), borderType=code)),
            (cvkit.sobel(image, 1, 0, border=border), cv2.Sobel(image, depth, 1, 0, borderType=code)),
            (cvkit.laplacian(image, border=border), cv2.Laplacian(image, depth, borderType=code)),
        ]
        for ours, expected in pairs:
            assert ours.dtype == expected.dtype
            np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-5 * span)


@pytest.mark.parametrize("size", [(3.0, 3.0), (3, True), (True, 3), [3, 3.0]])
def test_what_is_memoized_lets_no_equal_number_of_another_type_pass(size: tuple[float, float]) -> None:
    image = noise(8, 8)
    for accepted in ((3, 3), (3, 1), (1, 3)):
        cvkit.box_filter(image, accepted)
        cvkit.gaussian_blur(image, ksize=accepted)
    with pytest.raises(TypeError, match="ksize must be a whole number"):
        cvkit.box_filter(image, size)
    with pytest.raises(TypeError, match="ksize must be a whole number"):
        cvkit.gaussian_blur(image, ksize=size)


def test_a_kernel_that_changes_after_a_call_is_another_one() -> None:
    image = noise(8, 8)
    kernel = np.array([[0.0, 1.0, 0.0]])
    np.testing.assert_array_equal(cvkit.filter2d(image, kernel), image)
    kernel[0, 1] = 0
    assert not cvkit.filter2d(image, kernel).any()
    np.testing.assert_array_equal(cvkit.sep_filter2d(image, kernel_y=[1], kernel_x=kernel[0]), 0 * image)
    kernel[0, 1] = 1
    np.testing.assert_array_equal(cvkit.sep_filter2d(image, kernel_y=[1], kernel_x=kernel[0]), image)
    # The same bytes mean other numbers where the shape, or the dtype, is another.
    column, row = np.array([[1], [2], [1]]), np.array([[1, 2, 1]])
    assert (
        cvkit.filter2d(image, column, out_dtype=np.int16) != cvkit.filter2d(image, row, out_dtype=np.int16)
    ).any()
    words = row.view(np.float64)
    np.testing.assert_array_equal(cvkit.filter2d(image, words), np.zeros_like(image))
    with pytest.raises(ValueError, match="kernel must have shape"):
        cvkit.filter2d(image, row[0])
