"""Rows of the table for colors and features."""

from __future__ import annotations

from functools import partial
from typing import Any

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


def _two_levels(image: Array) -> Array:
    """Let gradients of several channels be equally long, in different directions, all over an image."""
    return changed(image, lambda values: values & np.uint8(0x80))


def _with_holes(image: Array) -> Array:
    """Put a NaN and an infinity into single channels of an RGB image."""

    def change(values: np.ndarray) -> np.ndarray:
        values = values.copy()
        values[..., 3, 4, 2] = np.nan
        values[..., -2, -2, 1] = np.inf
        return values

    return changed(image, change)


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


def _hog_cv(
    image: np.ndarray, cell: int = 8, side: int = 2, bins: int = 9, signed: bool = False
) -> np.ndarray:
    """Describe an image by OpenCV's descriptor, its window being the image cut to full cells."""
    window = image.shape[1] // cell * cell, image.shape[0] // cell * cell
    block, step = (side * cell, side * cell), (cell, cell)
    descriptor = cv2.HOGDescriptor(window, block, step, step, bins, 1, -1, 0, 0.2, True, 64, signed)
    return np.ravel(descriptor.compute(image))


def _hog_skimage(image: np.ndarray, **parameters: Any) -> np.ndarray:
    from skimage.feature import hog

    channel_axis = 2 if image.ndim == 3 else None
    with np.errstate(invalid="ignore"):  # where there are no numbers
        return hog(image, channel_axis=channel_axis, **parameters).astype(np.float32)


HOG_TOLERANCE = Tolerance(absolute=1e-5)
HOG = [
    *(
        Case(
            "hog",
            "opencv",
            cvkit.hog,
            _hog_cv,
            tolerance=HOG_TOLERANCE,
            device_tolerance=HOG_TOLERANCE,
            channels=channels,
            bar=0.6,
            minimum_shape=(17, 16),
            opencv=(4,),
        )
        for channels in (1, 3)
    ),
    Case(
        "hog",
        "opencv 3-pixel cells, channels tie",
        lambda image: cvkit.hog(_two_levels(image), pixels_per_cell=3),
        lambda image: _hog_cv(_two_levels(image), cell=3),
        tolerance=HOG_TOLERANCE,
        device_tolerance=HOG_TOLERANCE,
        channels=3,
        # The last column lies in a cell, and is one of those beyond a multiple of 4.
        minimum_shape=(7, 15),
        opencv=(4,),
    ),
    Case(
        "hog",
        "opencv signed, 12 bins, 6-pixel cells, 3x3 blocks",
        lambda image: cvkit.hog(image, orientations=12, pixels_per_cell=6, cells_per_block=3, signed=True),
        lambda image: _hog_cv(image, cell=6, side=3, bins=12, signed=True),
        tolerance=HOG_TOLERANCE,
        device_tolerance=HOG_TOLERANCE,
        channels=3,
        minimum_shape=(18, 19),
        opencv=(4,),
    ),
    *(
        Case(
            "hog",
            f"skimage {norm}",
            lambda image, norm=norm: cvkit.hog(
                image, layout="skimage", block_norm=norm, pixels_per_cell=(5, 6), gamma=norm != "L1"
            ),
            lambda image, norm=norm: _hog_skimage(
                image,
                block_norm=norm,
                pixels_per_cell=(5, 6),
                cells_per_block=(2, 2),
                transform_sqrt=norm != "L1",
            ),
            against="scikit-image",
            tolerance=HOG_TOLERANCE,
            device_tolerance=HOG_TOLERANCE,
            dtype=dtype,
            channels=channels,
            minimum_shape=(10, 12),
        )
        for norm, dtype, channels in [
            ("L1", "uint8", 1),
            ("L1-sqrt", "uint8", 1),
            ("L2", "uint8", 1),
            ("L2-Hys", "uint8", 1),
            ("L2-Hys", "uint8", 3),
            ("L2-Hys", "float32", 1),
        ]
    ),
    Case(
        "hog",
        "skimage, NaN and infinity",
        lambda image: cvkit.hog(_with_holes(image), layout="skimage", block_norm="L1", cells_per_block=1),
        lambda image: _hog_skimage(
            _with_holes(image), block_norm="L1", cells_per_block=(1, 1), transform_sqrt=True
        ),
        against="scikit-image",
        tolerance=HOG_TOLERANCE,
        device_tolerance=HOG_TOLERANCE,
        dtype="float32",
        channels=3,
        minimum_shape=(16, 24),
    ),
]


FEATURE_CASES: list[Case] = [
    *COLOR,
    *LUV,
    *HOG,
]
