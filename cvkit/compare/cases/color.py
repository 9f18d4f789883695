"""Rows of the table for colors."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array
from cvkit.compare.cases.case import EXACT, FLOAT, Case, Tolerance, changed

COLOR = [
    Case(
        operation,
        "",
        getattr(cvkit, operation),
        partial(cv2.cvtColor, code=code),
        tolerance=FLOAT if dtype == "float32" else EXACT,
        device_tolerance=FLOAT if dtype == "float32" else EXACT,
        dtype=dtype,
        channels=3,
    )
    for operation, code in [("rgb_to_gray", cv2.COLOR_RGB2GRAY), ("rgb_to_bgr", cv2.COLOR_RGB2BGR)]
    for dtype in ("uint8", "uint16", "float32")
]


def _unit(image: Array) -> Array:
    """Bring a float image of 0 to 255 to 0 to 1."""
    return changed(image, lambda values: values / np.float32(255))


LUV = [
    Case(
        "rgb_to_luv",
        "",
        cvkit.rgb_to_luv if dtype == "uint8" else lambda image: cvkit.rgb_to_luv(_unit(image)),
        partial(cv2.cvtColor, code=cv2.COLOR_RGB2Luv)
        if dtype == "uint8"
        else lambda image: cv2.cvtColor(_unit(image), cv2.COLOR_RGB2Luv),
        # OpenCV interpolates in a table for bytes, and in one for the gamma and one for the cube root of
        # floats, which is 0.016 off near black.
        tolerance=Tolerance(absolute=1) if dtype == "uint8" else Tolerance(absolute=0.02),
        device_tolerance=Tolerance(absolute=1 if dtype == "uint8" else 1e-3),
        dtype=dtype,
        channels=3,
    )
    for dtype in ("uint8", "float32")
]

COLOR_CASES: list[Case] = [*COLOR, *LUV]
