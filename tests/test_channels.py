"""Images of more than four channels: every channel as if it were alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise
from tests.fake_device import fake
from tests.ptx_device import needs_ptx_device, ptx_device

_MATRIX = np.array([[1.02, 0.1, -3], [-0.1, 0.97, 2]])
_TILT = np.vstack([_MATRIX, [1e-4, 2e-4, 1]])
_MAP_Y, _MAP_X = np.mgrid[:31, :37].astype(np.float32) * 1.1 - 2

OPERATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "resize nearest": lambda image: cvkit.resize(image, (20, 50), interpolation="nearest"),
    "resize bilinear": lambda image: cvkit.resize(image, (20, 50)),
    "resize bilinear_exact": lambda image: cvkit.resize(image, (20, 50), interpolation="bilinear_exact"),
    "resize to half": lambda image: cvkit.resize(image[:30, :36], (15, 18), interpolation="area"),
    "resize bicubic": lambda image: cvkit.resize(image, (20, 50), interpolation="bicubic"),
    "resize area": lambda image: cvkit.resize(image, (11, 13), interpolation="area"),
    "resize lanczos": lambda image: cvkit.resize(image, (11, 50), interpolation="lanczos"),
    "warp_affine nearest": lambda image: cvkit.warp_affine(image, _MATRIX, (31, 37), interpolation="nearest"),
    "warp_affine": lambda image: cvkit.warp_affine(image, _MATRIX, (31, 37), border_value=9),
    "warp_perspective": lambda image: cvkit.warp_perspective(image, _TILT, (31, 37), border="reflect"),
    "remap bicubic": lambda image: cvkit.remap(image, _MAP_X, _MAP_Y, interpolation="bicubic"),
    "pyramid_down": cvkit.pyramid_down,
    "pyramid_up": cvkit.pyramid_up,
    "box_filter": lambda image: cvkit.box_filter(image, 5),
    "gaussian_blur": lambda image: cvkit.gaussian_blur(image, 1.5),
    "median_blur 3": lambda image: cvkit.median_blur(image, 3),
    "median_blur 9": lambda image: cvkit.median_blur(image, 9),
    "filter2d": lambda image: cvkit.filter2d(image, np.array([[1, 2, 1], [0, 3, 1], [2, 0, 1.0]])),
    "sobel": lambda image: cvkit.sobel(image, 1, 0),
    "laplacian": cvkit.laplacian,
    "unsharp_mask": lambda image: cvkit.unsharp_mask(image, 1.5),
    "erode": lambda image: cvkit.erode(image, 5),
    "black_hat": lambda image: cvkit.black_hat(image, [[0, 1, 0], [1, 1, 1], [0, 1, 0]]),
}


def one_by_one(operation: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> np.ndarray:
    return np.stack([operation(image[..., channel]) for channel in range(image.shape[2])], axis=2)


# The kernels of the others take channels as these do.
FIRST = {"resize bilinear", "resize nearest", "resize lanczos", "warp_affine", "pyramid_down", "box_filter"}
FIRST |= {"gaussian_blur", "median_blur 3", "filter2d", "sobel", "erode", "black_hat"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in FIRST else pytest.mark.sweep) for name in OPERATIONS],
)
def test_many_channels_are_their_images_one_by_one(name: str) -> None:
    for channels in (5, 17):
        image = noise(31, 37, channels)
        np.testing.assert_array_equal(OPERATIONS[name](image), one_by_one(OPERATIONS[name], image))


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("resize area", "uint16"), ("gaussian_blur", "float32"), ("warp_affine", "float32")],
)
@pytest.mark.sweep
def test_many_channels_of_other_dtypes(name: str, dtype: str) -> None:
    image = noise(31, 37, 6, dtype)
    alone = one_by_one(OPERATIONS[name], image)
    np.testing.assert_allclose(OPERATIONS[name](image), alone, rtol=1e-5, atol=1e-4)


def test_empty_stacks_of_many_channels() -> None:
    assert cvkit.resize(np.empty((0, 9, 11, 6), np.uint8), (5, 7)).shape == (0, 5, 7, 6)


def test_each_of_many_channels_has_its_border_value() -> None:
    image, values = noise(9, 11, 7), np.arange(7) * 30
    away = cvkit.warp_affine(image, [[1, 0, 50], [0, 1, 0]], (9, 11), border_value=values)
    np.testing.assert_array_equal(away, np.broadcast_to(values, (9, 11, 7)))
    with pytest.raises(ValueError, match="border_value must be one number or 7"):
        cvkit.warp_affine(image, _MATRIX, (9, 11), border_value=values[:5])


def test_a_result_of_many_channels_goes_where_it_is_told() -> None:
    image, out = noise(9, 11, 6), np.empty((5, 7, 6), np.uint8)
    assert cvkit.resize(image, (5, 7), out=out) is out
    np.testing.assert_array_equal(out, cvkit.resize(image, (5, 7)))


@needs_ptx_device
@pytest.mark.parametrize(
    "name",
    [
        *("resize bilinear", "resize area", "resize lanczos", "warp_affine nearest", "warp_affine"),
        *("remap bicubic", "pyramid_down", "gaussian_blur", "median_blur 3", "filter2d"),
    ],
)
def test_cuda_twins_take_many_channels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image = noise(31, 37, 6)
    operation = OPERATIONS[name]
    if name.startswith("remap"):
        with ptx_device(monkeypatch):
            found = cvkit.remap(fake(image), fake(_MAP_X), fake(_MAP_Y), interpolation="bicubic")
            found = np.asarray(cvkit.to_host(found))
    else:
        with ptx_device(monkeypatch):
            found = np.asarray(cvkit.to_host(operation(fake(image))))
    # Floats between may round a tie apart.
    assert np.abs(found.astype(int) - operation(image)).max() <= 1
