"""Gabor kernels against OpenCV's, and what their bank refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import scene
from tests.fake_device import fake
from tests.ptx_device import needs_ptx_device, ptx_device

IMAGE = scene(30, 40)


@pytest.mark.parametrize("size", [(1, 1), (5, 9), (21, 3), None])
@pytest.mark.parametrize("theta", [0, 0.3, -2.0, 7.0])
@pytest.mark.parametrize("gamma", [0.4, 1, 2.5])
def test_kernels_are_those_of_opencv(size: tuple[int, int] | None, theta: float, gamma: float) -> None:
    of_opencv = (-1, -1) if size is None else size[::-1]
    for psi in (0, 1.1):
        expected = cv2.getGaborKernel(of_opencv, 2.2, theta, 5.5, gamma, psi)
        found = cvkit.gabor_kernel(size, 2.2, theta, 5.5, gamma, psi)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(
        cvkit.gabor_kernel(size, 2.2, theta, 5.5, gamma),
        cv2.getGaborKernel(of_opencv, 2.2, theta, 5.5, gamma),
        rtol=0,
        atol=1e-14,
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cvkit.gabor_kernel(4, 1, 0, 3, 1), ValueError, "ksize must be odd, got 4"),
        (lambda: cvkit.gabor_kernel(9999, 1, 0, 3, 1), ValueError, "pixels of the kernel must be at most"),
        (lambda: cvkit.gabor_kernel(None, 1e6, 0, 3, 1), ValueError, "ksize must be at most"),
        (lambda: cvkit.gabor_kernel(5, 0, 0, 3, 1), ValueError, "sigma must be from 0.001 to"),
        (lambda: cvkit.gabor_kernel(5, 1, 0, -1, 1), ValueError, "wavelength must be from 0.001 to"),
        (lambda: cvkit.gabor_kernel(5, 1, 0, 3, 0), ValueError, "gamma must be from 0.001 to"),
        (lambda: cvkit.gabor_filter(IMAGE, []), ValueError, "kernels must not be empty"),
        (lambda: cvkit.gabor_filter(IMAGE, [np.ones(3)]), ValueError, "kernels must have shape"),
        (lambda: cvkit.gabor_filter(IMAGE, [np.ones((0, 3))]), ValueError, "kernels must not be empty"),
        (lambda: cvkit.gabor_filter(IMAGE, 3), TypeError, "kernels must be a sequence of kernels, got 3"),
        (lambda: cvkit.gabor_filter(scene(9, 9, 3), [np.eye(3)]), ValueError, "image must have 1 channels"),
    ],
)
def test_what_is_no_kernel_is_refused_by_name(
    call: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


def test_products_of_columns_and_rows_are_the_same_filter() -> None:
    image = scene(60, 50, dtype="float32")
    round_kernel, other = (cvkit.gabor_kernel(21, 4, 0.6, 9, gamma) for gamma in (1, 0.5))
    found = cvkit.gabor_filter(image, np.stack([round_kernel, other]))
    for response, kernel in zip(found, (round_kernel, other), strict=True):
        np.testing.assert_allclose(response, cv2.filter2D(image, cv2.CV_32F, kernel), rtol=0, atol=1e-2)


@needs_ptx_device
def test_stacks_are_filtered_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = np.stack([IMAGE, IMAGE[::-1]])[..., np.newaxis]
    kernels = [np.eye(3), np.ones((1, 4))]
    with ptx_device(monkeypatch):
        found = np.asarray(cvkit.gabor_filter(fake(stack), kernels))
    np.testing.assert_allclose(found, cvkit.gabor_filter(stack, kernels), rtol=1e-6)
    assert found.shape == (2, 2, 30, 40)
