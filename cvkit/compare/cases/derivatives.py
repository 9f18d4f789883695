"""Rows of the table for derivatives and edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
import scipy.ndimage

import cvkit
from cvkit._dispatch import Array
from cvkit.compare.cases.borders import with_border
from cvkit.compare.cases.case import EXACT, FLOAT, Case, Tolerance


def _derivative_case(
    operation: str,
    parameters: Mapping[str, object],
    reference: Callable[..., np.ndarray],
    *,
    border: str = "reflect101",
    dtype: str = "uint8",
    channels: int = 1,
    bar: float | None = None,
    tolerance: Tolerance = EXACT,
) -> Case:
    depth = {"uint8": cv2.CV_16S, "float64": cv2.CV_64F}.get(dtype, cv2.CV_32F)
    return Case(
        operation,
        " ".join(f"{name}={value}" for name, value in {**parameters, "border": border}.items()),
        lambda image: getattr(cvkit, operation)(image, **parameters, border=border),
        with_border(
            lambda image, code: reference(image, ddepth=depth, **parameters, borderType=code), border, 8
        ),
        tolerance=tolerance if dtype == "uint8" else FLOAT,
        device_tolerance=tolerance if dtype == "uint8" else FLOAT,
        dtype=dtype,
        channels=channels,
        bar=bar,
    )


# Where scale or delta are no sums of a few powers of 2, the order of OpenCV's roundings decides ties.
_TIES = Tolerance(absolute=1, exceptions=0.1)
_DX, _DY = {"dx": 1, "dy": 0}, {"dx": 0, "dy": 1}

SOBEL = [
    _derivative_case("sobel", _DX, cv2.Sobel, bar=1.1),
    _derivative_case("sobel", _DY, cv2.Sobel, bar=1.1),
    _derivative_case("sobel", _DX, cv2.Sobel, channels=3, bar=1.1),
    _derivative_case("sobel", {**_DY, "ksize": 1}, cv2.Sobel, border="constant"),
    _derivative_case("sobel", {"dx": 1, "dy": 1, "ksize": 5}, cv2.Sobel, border="replicate"),
    _derivative_case("sobel", {"dx": 2, "dy": 0, "ksize": 5}, cv2.Sobel, border="wrap"),
    _derivative_case("sobel", {**_DX, "ksize": 7}, cv2.Sobel, border="reflect"),
    _derivative_case("sobel", {**_DX, "scale": 0.125, "delta": 3}, cv2.Sobel),
    _derivative_case("sobel", {**_DY, "scale": 0.3, "delta": 0.7}, cv2.Sobel, tolerance=_TIES),
    _derivative_case("sobel", {**_DX, "scale": 0.3, "delta": 0.7}, cv2.Sobel, dtype="float32"),
    _derivative_case("sobel", _DX, cv2.Sobel, dtype="int16"),
]
SCHARR = [
    _derivative_case("scharr", _DX, cv2.Scharr, bar=1.1),
    _derivative_case("scharr", _DY, cv2.Scharr, bar=1.1),
    _derivative_case("scharr", _DX, cv2.Scharr, border="replicate", channels=3, bar=1.1),
    _derivative_case("scharr", _DY, cv2.Scharr, dtype="float32"),
]
LAPLACIAN = [
    _derivative_case("laplacian", {"ksize": 1}, cv2.Laplacian, bar=1.0),
    _derivative_case("laplacian", {"ksize": 3}, cv2.Laplacian, bar=0.6),
    _derivative_case("laplacian", {"ksize": 3}, cv2.Laplacian, channels=3, bar=0.6),
    _derivative_case("laplacian", {"ksize": 5}, cv2.Laplacian),
    _derivative_case("laplacian", {"ksize": 1}, cv2.Laplacian, border="constant"),
    _derivative_case("laplacian", {"ksize": 3}, cv2.Laplacian, border="wrap"),
    _derivative_case("laplacian", {"ksize": 3}, cv2.Laplacian, dtype="int16"),
]
_ONES = np.ones(3)
_DIFFERENCE = np.array([-1.0, 0.0, 1.0])
PREWITT = [
    Case(
        "prewitt",
        "dx" if dx else "dy",
        lambda image, dx=dx: cvkit.prewitt(image, dx, 1 - dx),
        lambda image, dx=dx: cv2.sepFilter2D(
            image, cv2.CV_16S, *((_DIFFERENCE, _ONES) if dx else (_ONES, _DIFFERENCE))
        ),
    )
    for dx in (0, 1)
]


LAPLACIAN_OF_GAUSSIAN = [
    Case(
        "laplacian_of_gaussian",
        "sigma 1.5 reflect",
        lambda image: cvkit.laplacian_of_gaussian(image, 1.5, border="reflect"),
        lambda image: scipy.ndimage.gaussian_laplace(image, 1.5),
        against="scipy",
        tolerance=Tolerance(absolute=1e-4),
        device_tolerance=Tolerance(absolute=1e-4),
        dtype="float32",
    )
]


def _canny(
    name: str,
    *,
    low: float = 50,
    high: float = 150,
    ksize: int = 3,
    l2_gradient: bool = False,
    channels: int = 1,
    bar: float | None = None,
) -> Case:
    return Case(
        "canny",
        name,
        lambda image: cvkit.canny(image, low, high, ksize=ksize, l2_gradient=l2_gradient),
        lambda image: cv2.Canny(image, low, high, apertureSize=ksize, L2gradient=l2_gradient),
        channels=channels,
        bar=bar,
    )


def _canny_from_gradients(*, l2_gradient: bool, channels: int) -> Case:
    def ours(image: Array) -> Array:
        dx, dy = cvkit.sobel(image, 1, 0), cvkit.sobel(image, 0, 1)
        return cvkit.canny_from_gradients(dx, dy, 100, 400, l2_gradient=l2_gradient)

    def reference(image: np.ndarray) -> np.ndarray:
        dx, dy = cv2.Sobel(image, cv2.CV_16S, 1, 0), cv2.Sobel(image, cv2.CV_16S, 0, 1)
        return cv2.Canny(dx, dy, 100, 400, L2gradient=l2_gradient)

    name = "100 400 L2" if l2_gradient else "100 400"
    return Case("canny_from_gradients", name, ours, reference, channels=channels)


CANNY = [
    _canny("50 150", bar=0.5),
    _canny("50 150", channels=3, bar=0.5),
    _canny("swapped, L2", low=120, high=40.5, l2_gradient=True, bar=1.0),
    _canny("5x5", low=300, high=1200, ksize=5, bar=1.0),
    _canny("7x7 L2", low=3000, high=9000, ksize=7, l2_gradient=True, channels=3, bar=1.0),
    Case(
        "canny",
        "sigma 1.4",
        lambda image: cvkit.canny(image, 30, 90, sigma=1.4),
        lambda image: cv2.Canny(cv2.GaussianBlur(image, (0, 0), 1.4), 30, 90),
    ),
    _canny_from_gradients(l2_gradient=False, channels=1),
    _canny_from_gradients(l2_gradient=True, channels=3),
]


DERIVATIVE_CASES: list[Case] = [
    *CANNY,
    *LAPLACIAN,
    *LAPLACIAN_OF_GAUSSIAN,
    *PREWITT,
    *SCHARR,
    *SOBEL,
]
