"""Rows of the table whose only reference is a naive version in tests/reference.py."""

from __future__ import annotations

import cvkit
from cvkit.compare.case import Case, Tolerance, image_size
from cvkit.compare.geometry_cases import ONE_LEVEL, rotation, tilt
from tests import reference

SHARPEN = [
    Case(
        "sharpen",
        f"{method} {amount}",
        lambda image, method=method, amount=amount: cvkit.sharpen(image, method, amount),
        lambda image, method=method, amount=amount: reference.sharpen(image, method, amount),
        against="naive",
        channels=channels,
    )
    for method, amount, channels in [
        ("laplacian", 1.0, 1),
        ("laplacian", 0.5, 3),
        ("sobel", 2.0, 3),
    ]
]

# Float images are blended in float32 with weights of float32.
BLEND = Tolerance(absolute=1e-4)


def _warp_case(dtype: str, channels: int, interpolation: str, border: str, perspective: bool) -> Case:
    function = cvkit.warp_perspective if perspective else cvkit.warp_affine
    matrix = tilt if perspective else rotation
    whole = dtype.startswith("u")
    tolerance = ONE_LEVEL if whole else BLEND
    return Case(
        function.__name__,
        f"{interpolation} {border}",
        lambda image: function(
            image,
            matrix(image),
            image_size(image),
            interpolation=interpolation,
            border=border,
            border_value=7,
        ),
        lambda image: reference.warp(image, matrix(image), image_size(image), interpolation, border, 7),
        against="naive",
        tolerance=tolerance,
        device_tolerance=tolerance,
        dtype=dtype,
        channels=channels,
    )


WARP = [
    _warp_case("uint8", 3, "bilinear", "constant", False),
    _warp_case("uint8", 1, "bilinear", "reflect", True),
    _warp_case("uint8", 4, "bilinear", "reflect101", False),
    _warp_case("uint8", 2, "bilinear", "wrap", False),
    _warp_case("uint8", 1, "nearest", "replicate", False),
    _warp_case("uint16", 1, "bilinear", "constant", True),
    _warp_case("float32", 1, "bilinear", "constant", True),
    _warp_case("float32", 3, "bilinear", "replicate", False),
    _warp_case("float64", 2, "bilinear", "replicate", False),
    _warp_case("uint8", 3, "bicubic", "constant", False),
    _warp_case("float32", 1, "bicubic", "reflect101", True),
]

NAIVE_CASES: list[Case] = [*SHARPEN, *WARP]
