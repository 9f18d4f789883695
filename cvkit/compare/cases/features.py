"""Rows of the table for features."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array, to_device
from cvkit._jit_cuda import on_device
from cvkit.compare.cases.case import Case, Tolerance, changed, image_size
from cvkit.compare.cases.images import noise, scene


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


MEASURES = {
    "squared_difference": cv2.TM_SQDIFF,
    "correlation": cv2.TM_CCORR,
    "coefficient": cv2.TM_CCOEFF,
}
# Where windows have little contrast, OpenCV's sums in float32 err by more.
MATCHING_TOLERANCE = Tolerance(relative=1e-4, exceptions=0.01)


def _matching(
    dtype: str,
    channels: int,
    method: str,
    shape: tuple[int, int] = (5, 7),
    *,
    normalize: bool = True,
    mask: str | None = None,
    bar: float | None = None,
) -> Case:
    template = scene(*shape, channels, dtype, seed=5)
    weights = None if mask is None else noise(*shape, dtype=mask, seed=6) // (100 if mask == "uint8" else 1)
    code = MEASURES[method] + normalize
    kind = " normalized" if normalize else ""
    masked = "" if mask is None else f", {mask} mask"
    return Case(
        "match_template",
        f"{method}{kind}, {shape[0]}x{shape[1]}{masked}",
        lambda image: cvkit.match_template(image, template, method=method, normalize=normalize, mask=weights),
        lambda image: cv2.matchTemplate(image, template, code, mask=weights),
        tolerance=MATCHING_TOLERANCE,
        device_tolerance=Tolerance(relative=1e-4),
        dtype=dtype,
        channels=channels,
        bar=bar,
        minimum_shape=(shape[0] + 2, shape[1] + 2),
    )


MATCHING = [
    *(_matching("uint8", 1, method, (32, 32), bar=1.0) for method in MEASURES),
    *(_matching("uint8", 1, method, normalize=False) for method in MEASURES),
    _matching("uint8", 3, "squared_difference", normalize=False),
    _matching("uint8", 3, "coefficient"),
    _matching("float32", 1, "correlation"),
    _matching("float32", 3, "coefficient"),
    _matching("uint8", 1, "squared_difference", mask="uint8"),
    _matching("uint8", 3, "coefficient", mask="uint8"),
    _matching("float32", 1, "coefficient", mask="float32"),
]


@functools.lru_cache(maxsize=32)
def _edges(height: int, width: int) -> np.ndarray:
    return cv2.Canny(scene(height, width, seed=3), 50, 150)


def _of_edges(find: Callable[[Array], np.ndarray]) -> Callable[[Array], np.ndarray]:
    """Find shapes among the edges of an image as large as the one given, or of each of a stack."""

    def found(image: Array) -> np.ndarray:
        edges = _edges(*image_size(image))
        shapes = find(to_device(edges) if on_device(image) else edges)
        return np.stack([shapes] * len(image)) if image.ndim == 4 else shapes

    return found


def hough_lines_of_opencv(image: np.ndarray, *arguments: Any, **options: Any) -> np.ndarray:
    """Find lines by OpenCV: distance, angle and votes of each, (n, 3)."""
    found = cv2.HoughLinesWithAccumulator(image, *arguments, **options)
    return np.empty((0, 3), np.float32) if found is None else found.reshape(-1, 3)


def lines_and_votes(image: Array, *arguments: Any, **options: Any) -> np.ndarray:
    """Find lines by cvkit: distance, angle and votes of each, (n, 3)."""
    lines, votes = cvkit.hough_lines(image, *arguments, **options)
    return np.column_stack([lines, votes.astype(np.float32)])


def _hough_lines(
    rho: float, degrees: float, threshold: int, bar: float | None = None, **options: float
) -> Case:
    arguments = rho, np.deg2rad(degrees), threshold
    return Case(
        "hough_lines",
        f"{rho:g} pixels, {degrees:g} degrees" + "".join(f", {name} {options[name]}" for name in options),
        _of_edges(lambda image: lines_and_votes(image, *arguments, **options)),
        _of_edges(lambda image: hough_lines_of_opencv(image, *arguments, **options)),
        bar=bar,
        minimum_shape=(33, 33),
    )


HOUGH = [
    _hough_lines(1, 1, 10, bar=0.8),
    _hough_lines(1.5, 0.7, 12, min_theta=-0.5, max_theta=2.0),
]


FEATURE_CASES: list[Case] = [
    *HOG,
    *HOUGH,
    *MATCHING,
]
