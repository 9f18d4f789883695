"""Arguments at the ends of what floats hold: a right result, or an error that names the argument."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda image: cvkit.bilateral_filter(image, 100_001, 9, 9), "diameter"),
        (lambda image: cvkit.bilateral_filter(image, 0, 9, 1e300), "sigma_space"),
        (lambda image: cvkit.box_filter(image, (1 << 31) - 1), "ksize"),
        (lambda image: cvkit.box_filter(image, 10**30 + 1), "ksize"),
        (lambda image: cvkit.filter2d(image, [[1e200]]), "kernel"),
        (lambda image: cvkit.filter2d(image, [[1]], delta=1e200), "delta"),
        (lambda image: cvkit.gaussian_blur(image, 1e9), "sigma"),
        (lambda image: cvkit.gaussian_blur(image, 1e308), "sigma"),
        (lambda image: cvkit.gaussian_blur(image, ksize=(1 << 40) + 1), "ksize"),
        (lambda image: cvkit.good_features(image, 1, 1e-3, 1, block_size=256), "block_size"),
        (lambda image: cvkit.gabor_filter(image, [[[1e200]]]), "kernels"),
        (lambda image: cvkit.gabor_kernel(5, 1e200, 0, 3, 1), "sigma"),
        (lambda image: cvkit.harris(image, k=1e200), "k"),
        (lambda image: cvkit.laplacian(image, scale=1e200), "scale"),
        (lambda image: cvkit.laplacian_of_gaussian(image, 1e-300), "sigma"),
        (lambda image: cvkit.laplacian_of_gaussian(image, 1e300), "sigma"),
        (lambda image: cvkit.sep_filter2d(image, kernel_y=[1], kernel_x=[1, 1e200]), "kernel_x"),
        (lambda image: cvkit.sharpen(image, "sobel", 1e200), "amount"),
        (lambda image: cvkit.sobel(image, 1, 0, scale=1e300), "scale"),
        (lambda image: cvkit.unsharp_mask(image, 1, 1e200), "amount"),
        (lambda image: cvkit.unsharp_mask(image, 1e300), "sigma"),
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_what_no_kernel_can_do_is_refused_by_name(
    call: Callable[[np.ndarray], object], name: str, dtype: str
) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be "):
        call(noise(5, 6, dtype=dtype))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("sigma", [1e-300, 1e-160, 1e-60])
def test_the_narrowest_gaussians_change_nothing(sigma: float, dtype: str) -> None:
    image = noise(9, 8, dtype=dtype)
    np.testing.assert_array_equal(cvkit.gaussian_blur(image, sigma), image)
    np.testing.assert_array_equal(cvkit.gaussian_blur(image, sigma, ksize=5), image)
    np.testing.assert_array_equal(cvkit.bilateral_filter(image, 5, 30, sigma), image)
    found = cvkit.bilateral_filter(image, 5, sigma, 3)
    np.testing.assert_allclose(found, image, rtol=1e-6, atol=0)


def test_the_widest_gaussians_are_flat() -> None:
    image = noise(9, 8, dtype="float32")
    np.testing.assert_allclose(
        cvkit.gaussian_blur(image, 1e200, ksize=5), cvkit.box_filter(image, 5), rtol=1e-5
    )
    np.testing.assert_array_equal(
        cvkit.bilateral_filter(image, 5, 1e200, 1e200), cvkit.bilateral_filter(image, 5, 1e9, 1e9)
    )


def test_no_gradient_reaches_the_largest_thresholds() -> None:
    image = noise(9, 8)
    dx, dy = (cvkit.sobel(image.astype(np.float32), *order) for order in ((1, 0), (0, 1)))
    for l2_gradient in (False, True):
        assert not cvkit.canny(image, 1e300, 1e300, l2_gradient=l2_gradient).any()
        assert not cvkit.canny_from_gradients(dx, dy, 1e300, 1e300, l2_gradient=l2_gradient).any()
