"""Rows of the table for smoothing, denoising, sharpening and general kernels."""

from __future__ import annotations

import cv2
import numpy as np
import scipy.ndimage

import cvkit
from cvkit.compare.cases.borders import BORDERS, with_border
from cvkit.compare.cases.case import EXACT, FLOAT, FLOAT_255, Case, Tolerance

BOX_FILTER = [
    Case(
        "box_filter",
        f"{ksize} {border}{'' if normalize else ' sum'}",
        lambda image, ksize=ksize, border=border, normalize=normalize: cvkit.box_filter(
            image, ksize, border=border, normalize=normalize
        ),
        with_border(
            lambda image, code, ksize=ksize, normalize=normalize: cv2.boxFilter(
                image,
                -1,
                (ksize, ksize) if isinstance(ksize, int) else ksize[::-1],
                normalize=normalize,
                borderType=code,
            ),
            border,
            8,
        ),
        tolerance=FLOAT if dtype == "float32" else EXACT,
        device_tolerance=FLOAT_255 if dtype == "float32" else EXACT,
        dtype=dtype,
        channels=channels,
        bar=bar,
    )
    for ksize, border, normalize, dtype, channels, bar in [
        (5, "reflect101", True, "uint8", 1, 1.0),
        (5, "reflect101", True, "uint8", 3, 1.2),
        (3, "constant", True, "uint8", 1, None),
        ((3, 7), "replicate", True, "uint8", 1, None),
        (15, "reflect", True, "uint8", 3, None),
        (7, "wrap", True, "uint8", 1, None),
        (3, "reflect101", False, "uint8", 1, None),
        (17, "reflect101", True, "uint8", 1, None),
        (5, "reflect101", True, "float32", 1, None),
        (5, "reflect101", True, "uint16", 1, None),
        (5, "reflect101", True, "int16", 1, None),
    ]
]

# OpenCV sums float taps in another order; ties may round the other way.
_ONE_OFF = Tolerance(absolute=1, exceptions=1e-3)

GAUSSIAN_BLUR = [
    Case(
        "gaussian_blur",
        f"size {ksize} sigma {sigma} {border}",
        lambda image, ksize=ksize, sigma=sigma, border=border: cvkit.gaussian_blur(
            image, sigma, ksize=ksize, border=border
        ),
        with_border(
            lambda image, code, ksize=ksize, sigma=sigma: cv2.GaussianBlur(
                image, (ksize or 0, ksize or 0), sigma or 0, borderType=code
            ),
            border,
            16,
        ),
        tolerance={"float32": FLOAT, "int16": _ONE_OFF}.get(dtype, EXACT),
        device_tolerance={"float32": FLOAT_255, "int16": _ONE_OFF}.get(dtype, EXACT),
        dtype=dtype,
        channels=channels,
        bar=bar,
    )
    for ksize, sigma, border, dtype, channels, bar in [
        (5, 1.2, "reflect101", "uint8", 1, 0.7),
        (5, 1.2, "reflect101", "uint8", 3, 0.7),
        (None, 3.0, "reflect101", "uint8", 1, 1.0),
        (None, 3.0, "reflect101", "uint8", 3, 1.2),
        (3, None, "replicate", "uint8", 1, None),
        (7, None, "constant", "uint8", 3, None),
        (9, None, "reflect", "uint8", 1, None),
        (None, 1.7, "wrap", "uint8", 1, None),
        (5, 1.2, "reflect101", "float32", 1, None),
        (None, 1.2, "reflect101", "uint16", 1, None),
        (None, 1.2, "reflect101", "int16", 1, None),
    ]
]

_KERNEL_Y = np.array([0.2, 0.5, -0.1, 0.3, 0.4])
_KERNEL_X = np.array([0.3, -0.4, 0.8])
_PLANE = np.array([[0.1, 0.2, -0.3, 0.1], [0.4, 0.7, 0.2, 0.0], [-0.2, 0.1, 0.3, 0.2]])
FILTER_2D = [
    Case(
        "filter2d",
        f"3x4 {border}",
        lambda image, border=border: cvkit.filter2d(image, _PLANE, border=border, delta=3),
        lambda image, border=border: cv2.filter2D(image, -1, _PLANE, delta=3, borderType=BORDERS[border]),
        tolerance=FLOAT_255 if dtype == "float32" else _ONE_OFF,
        device_tolerance=FLOAT_255 if dtype == "float32" else _ONE_OFF,
        dtype=dtype,
        channels=channels,
    )
    for border, dtype, channels in [
        ("reflect101", "uint8", 1),
        ("constant", "uint8", 3),
        ("constant", "int16", 1),
        ("replicate", "float32", 1),
    ]
]
SEP_FILTER_2D = [
    Case(
        "sep_filter2d",
        f"5x3 {border}",
        lambda image, border=border: cvkit.sep_filter2d(
            image, kernel_y=_KERNEL_Y, kernel_x=_KERNEL_X, border=border
        ),
        lambda image, border=border: cv2.sepFilter2D(
            image, -1, _KERNEL_X, _KERNEL_Y, borderType=BORDERS[border]
        ),
        tolerance=FLOAT_255 if dtype == "float32" else _ONE_OFF,
        device_tolerance=FLOAT_255 if dtype == "float32" else _ONE_OFF,
        dtype=dtype,
        channels=channels,
    )
    for border, dtype, channels in [("reflect101", "uint8", 1), ("constant", "float32", 3)]
]


def _unsharp_mask_by_opencv(image: np.ndarray, sigma: float, amount: float, threshold: float) -> np.ndarray:
    blurred = cv2.GaussianBlur(image, (0, 0), sigma)
    detailed = cv2.addWeighted(image, 1 + amount, blurred, -amount, 0)
    return np.where(cv2.absdiff(image, blurred) < threshold, image, detailed)


UNSHARP_MASK = [
    Case(
        "unsharp_mask",
        f"sigma 1.5 amount 1.5 threshold {threshold}",
        lambda image, threshold=threshold: cvkit.unsharp_mask(image, 1.5, 1.5, threshold=threshold),
        lambda image, threshold=threshold: _unsharp_mask_by_opencv(image, 1.5, 1.5, threshold),
        tolerance=FLOAT_255 if dtype == "float32" else EXACT,
        device_tolerance=FLOAT_255 if dtype == "float32" else EXACT,
        dtype=dtype,
        channels=channels,
    )
    # A float difference next to a threshold would fall to either side.
    for threshold, dtype, channels in [(0, "uint8", 1), (10, "uint8", 3), (0, "float32", 1)]
]


def _median(ksize: int, *, dtype: str = "uint8", channels: int = 1, bar: float | None = None) -> Case:
    return Case(
        "median_blur",
        str(ksize),
        lambda image: cvkit.median_blur(image, ksize),
        lambda image: cv2.medianBlur(image, ksize),
        dtype=dtype,
        channels=channels,
        bar=bar,
    )


MEDIAN = [
    _median(3, bar=1.2),
    _median(3, channels=3, bar=1.2),
    _median(3, dtype="uint16", bar=1.2),
    _median(5, bar=0.8),
    _median(5, channels=4, bar=1.2),
    _median(5, dtype="float32", bar=1.0),
    _median(7, bar=1.0),
    _median(11, channels=3, bar=1.0),
    _median(11, bar=1.0),
    _median(31, bar=1.0),
    # OpenCV has no large sizes beyond 8 bits, and no signed numbers.
    *(
        Case(
            "median_blur",
            str(ksize),
            lambda image, ksize=ksize: cvkit.median_blur(image, ksize),
            lambda image, ksize=ksize: scipy.ndimage.median_filter(image, ksize, mode="nearest"),
            against="scipy",
            dtype=dtype,
            bar=0.2,
        )
        for ksize, dtype in ((7, "uint16"), (3, "int16"), (7, "int16"))
    ),
]


# OpenCV sums the same weights in another order: quotients that end on a half may round to either side.
_ROUNDING = Tolerance(exceptions=1e-4)
# 1e-5 of the range of the images, which results on tiny images do not span.
_OF_RANGE = Tolerance(absolute=255e-5)


def _bilateral(
    diameter: int,
    sigma_color: float,
    sigma_space: float,
    *,
    border: str = "reflect101",
    dtype: str = "uint8",
    channels: int = 1,
    bar: float | None = None,
) -> Case:
    tolerance = _ROUNDING if dtype == "uint8" else _OF_RANGE
    return Case(
        "bilateral_filter",
        f"{diameter} {sigma_color} {sigma_space} {border}",
        lambda image: cvkit.bilateral_filter(image, diameter, sigma_color, sigma_space, border=border),
        lambda image: cv2.bilateralFilter(
            image, diameter, sigma_color, sigma_space, borderType=BORDERS[border]
        ),
        tolerance=tolerance,
        device_tolerance=tolerance,
        dtype=dtype,
        channels=channels,
        bar=bar,
    )


BILATERAL = [
    _bilateral(9, 75, 75, bar=1.0),
    _bilateral(9, 75, 75, channels=3, bar=1.2),
    _bilateral(9, 75, 75, dtype="float32", bar=1.0),
    _bilateral(0, 30, 1, border="reflect", dtype="float32", channels=3, bar=1.2),
]


def _non_local_means(
    h: float, *, patch: int = 7, window: int = 21, channels: int = 1, bar: float | None = None
) -> Case:
    return Case(
        "non_local_means",
        f"{h} {patch} {window}",
        lambda image: cvkit.non_local_means(image, h, patch=patch, window=window),
        lambda image: cv2.fastNlMeansDenoising(image, None, h, patch, window),
        channels=channels,
        bar=bar,
    )


DENOISING = [
    _non_local_means(10, patch=3, window=5),
    _non_local_means(30, patch=3, window=6, channels=3),
]


FILTER_CASES: list[Case] = [
    *BILATERAL,
    *BOX_FILTER,
    *DENOISING,
    *FILTER_2D,
    *GAUSSIAN_BLUR,
    *MEDIAN,
    *SEP_FILTER_2D,
    *UNSHARP_MASK,
]
