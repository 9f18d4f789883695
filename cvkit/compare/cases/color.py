"""Rows of the table for colors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array
from cvkit.compare.cases.case import EXACT, FLOAT, FLOAT_255, Case, Once, Tolerance, made_once

# Of the reference's time, for bytes.
_BARS = {
    **dict.fromkeys(("rgb_to_ycrcb", "ycrcb_to_rgb", "rgb_to_xyz", "xyz_to_rgb"), 0.9),
    **dict.fromkeys(("rgb_to_lab", "lab_to_rgb", "rgb_to_luv", "luv_to_rgb"), 0.6),
}


def _color_case(operation: str, code: int, dtype: str, **row: Any) -> Case:
    """Make a row of an operation that converts three channels, or one, into three."""
    tolerance = EXACT if dtype.startswith("uint") else FLOAT
    row = {"tolerance": tolerance, "device_tolerance": tolerance, "channels": 3, **row}
    if dtype == "uint8":
        row.setdefault("bar", _BARS.get(operation))
    return Case(
        operation, "", getattr(cvkit, operation), partial(cv2.cvtColor, code=code), dtype=dtype, **row
    )


# Float images of one pixel have no range of their own but that of their values.
_LINEAR_FLOAT = Tolerance(absolute=FLOAT_255.absolute, relative=FLOAT.relative)

LINEAR = [
    *(
        _color_case(operation, code, dtype)
        for operation, code in [("rgb_to_gray", cv2.COLOR_RGB2GRAY), ("rgb_to_bgr", cv2.COLOR_RGB2BGR)]
        for dtype in ("uint8", "uint16", "float32")
    ),
    *(
        _color_case("gray_to_rgb", cv2.COLOR_GRAY2RGB, dtype, channels=1)
        for dtype in ("uint8", "uint16", "float32")
    ),
    *(
        _color_case(operation, code, dtype)
        if dtype != "float32"
        else _color_case(operation, code, dtype, tolerance=_LINEAR_FLOAT, device_tolerance=_LINEAR_FLOAT)
        for operation, code in [
            ("rgb_to_ycrcb", cv2.COLOR_RGB2YCrCb),
            ("ycrcb_to_rgb", cv2.COLOR_YCrCb2RGB),
            ("rgb_to_xyz", cv2.COLOR_RGB2XYZ),
            ("xyz_to_rgb", cv2.COLOR_XYZ2RGB),
        ]
        for dtype in ("uint8", "uint16", "float32")
    ),
]


def _scaled(low: Any, high: Any) -> Once:
    """Return what spreads a float image of 0 to 255 over other ranges, and is not timed."""
    low, high = np.float32(low), np.float32(high)
    return made_once(lambda values: low + values * ((high - low) / np.float32(255)))


_unit = _scaled(0, 1)
_hue_first = _scaled(0, [359, 1, 1])


def by_vectors(image: np.ndarray, code: int) -> np.ndarray:
    """Convert by OpenCV's own vectors: what is left of a row it rounds otherwise, and so does Intel's IPP."""
    width = image.shape[1]
    wide = cv2.copyMakeBorder(image, 0, 0, 0, -width % 64, cv2.BORDER_REPLICATE)
    with_ipp = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        return np.ascontiguousarray(cv2.cvtColor(wide, code)[:, :width])
    finally:
        cv2.ipp.setUseIPP(with_ipp)


_HUE_CODES = {
    "rgb_to_hsv": (cv2.COLOR_RGB2HSV, cv2.COLOR_RGB2HSV_FULL),
    "hsv_to_rgb": (cv2.COLOR_HSV2RGB, cv2.COLOR_HSV2RGB_FULL),
    "rgb_to_hls": (cv2.COLOR_RGB2HLS, cv2.COLOR_RGB2HLS_FULL),
    "hls_to_rgb": (cv2.COLOR_HLS2RGB, cv2.COLOR_HLS2RGB_FULL),
}


def _full_range(operation: str) -> Callable[[Array], Array]:
    return lambda image: getattr(cvkit, operation)(image, full_range=True)


def _converted(
    operation: str, code: int, scaled: Callable[[Array], Array], dtype: str = "float32", **row: Any
) -> Case:
    """Make a row of a conversion of floats of other ranges than 0 to 255."""
    convert = getattr(cvkit, operation)
    row = {"tolerance": FLOAT, "device_tolerance": FLOAT, **row}
    return Case(
        operation,
        "",
        lambda image: convert(scaled(image)),
        lambda image: cv2.cvtColor(np.asarray(scaled(image)), code),
        dtype=dtype,
        channels=3,
        **row,
    )


# Floats of 0 to 1, or degrees, whose range in an image of one pixel is none.
_HUE_FLOAT = Tolerance(absolute=1e-4)

HUE = [
    *(
        Case(
            operation,
            name,
            ours,
            partial(by_vectors, code=code),
            channels=3,
            bar=0.9 if not name else None,
        )
        for operation, codes in _HUE_CODES.items()
        for name, ours, code in [
            ("", getattr(cvkit, operation), codes[0]),
            ("full_range", _full_range(operation), codes[1]),
        ]
    ),
    *(
        _converted(operation, codes[0], scaled, tolerance=_HUE_FLOAT, device_tolerance=_HUE_FLOAT)
        for (operation, codes), scaled in zip(
            _HUE_CODES.items(), (_unit, _hue_first, _unit, _hue_first), strict=True
        )
    ),
]


def _rgb2lab(image: np.ndarray) -> np.ndarray:
    import skimage.color

    return np.asarray(skimage.color.rgb2lab(_unit(image)), np.float32)


# OpenCV interpolates Lab of floats between colors that lie 1 / 32 apart; for Luv, and back, it has tables for
# the gamma and the cube root, which are off near black.
_LAB_LATTICE = Tolerance(absolute=1.5)
_TABLES = Tolerance(absolute=2e-4)
# Of the digits of a matrix that is given with three, and of powers.
_DIGITS = Tolerance(absolute=0.02)
_LAB = _scaled([0, -100, -100], [100, 100, 100])

LIGHTNESS = [
    _color_case("rgb_to_lab", cv2.COLOR_RGB2Lab, "uint8"),
    _color_case("lab_to_rgb", cv2.COLOR_Lab2RGB, "uint8"),
    _color_case("rgb_to_luv", cv2.COLOR_RGB2Luv, "uint8"),
    _color_case("luv_to_rgb", cv2.COLOR_Luv2RGB, "uint8"),
    _converted(
        "rgb_to_lab", cv2.COLOR_RGB2Lab, _unit, tolerance=_LAB_LATTICE, device_tolerance=Tolerance(1e-3)
    ),
    Case(
        "rgb_to_lab",
        "as scikit-image",
        lambda image: cvkit.rgb_to_lab(_unit(image)),
        _rgb2lab,
        against="scikit-image",
        tolerance=_DIGITS,
        device_tolerance=Tolerance(1e-3),
        dtype="float32",
        channels=3,
        bar=0.2,
    ),
    _converted("rgb_to_luv", cv2.COLOR_RGB2Luv, _unit, tolerance=_DIGITS, device_tolerance=Tolerance(1e-3)),
    _converted("lab_to_rgb", cv2.COLOR_Lab2RGB, _LAB, tolerance=_TABLES, device_tolerance=Tolerance(1e-4)),
    _converted("luv_to_rgb", cv2.COLOR_Luv2RGB, _LAB, tolerance=_TABLES, device_tolerance=Tolerance(1e-4)),
]


def _demosaic_case(pattern: str, method: str, dtype: str, **row: Any) -> Case:
    ending = "_EA" if method == "edge_aware" else ""
    code = getattr(cv2, f"COLOR_Bayer{pattern.upper()}2RGB{ending}")
    return Case(
        "demosaic",
        f"{pattern} {method}",
        lambda image: cvkit.demosaic(image, pattern, method=method),
        partial(cv2.cvtColor, code=code),
        dtype=dtype,
        **row,
    )


DEMOSAIC = [
    _demosaic_case("rggb", "bilinear", "uint8", bar=1.0),
    _demosaic_case("grbg", "edge_aware", "uint8", bar=1.0),
    _demosaic_case("gbrg", "bilinear", "uint16", bar=1.0),
    _demosaic_case("bggr", "edge_aware", "uint16", bar=1.0),
]

COLOR_CASES: list[Case] = [*LINEAR, *HUE, *LIGHTNESS, *DEMOSAIC]
