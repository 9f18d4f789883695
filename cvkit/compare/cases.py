"""The table: operation, parameters, reference and tolerance; it drives tests, benchmark and README."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array
from cvkit._jit import on_device


@dataclass(frozen=True)
class Tolerance:
    """How far a result may be from its reference.

    Parameters
    ----------
    absolute : float
        Accepted difference of a value.
    relative : float
        Accepted difference as a share of the reference's value range, added to ``absolute``.
    exceptions : float
        Share of values that may differ by more.
    """

    absolute: float = 0.0
    relative: float = 0.0
    exceptions: float = 0.0


EXACT = Tolerance()
# Float results against a reference that sums in another order.
FLOAT = Tolerance(relative=1e-5)


@dataclass(frozen=True)
class Case:
    """One row: an operation with parameters, on one kind of picture, against one reference.

    Parameters
    ----------
    operation : str
        Public name, ``cvkit.<operation>``.
    name : str
        Parameters that tell this row from the operation's others; unique within the operation.
    ours, reference : callable
        Take a picture (``ours`` also a device array) and return the result.
    against : str
        ``"opencv"``, ``"scikit-image"`` or ``"naive"``.
    tolerance : Tolerance
        How far ``ours`` may be from ``reference``.
    device_tolerance : Tolerance
        How far the CUDA twin may be from the CPU twin.
    dtype : str
        dtype of the picture.
    channels : int
        Channels of the picture.
    bar : float or None
        Largest accepted ratio of cvkit's time to the reference's, 1920x1080, one thread each.
    minimum_shape : tuple of int
        Smallest (height, width) the reference accepts.
    opencv : tuple of int
        Major versions of OpenCV whose result the row demands.
    """

    operation: str
    name: str
    ours: Callable[[Array], Array]
    reference: Callable[[np.ndarray], np.ndarray]
    against: str = "opencv"
    tolerance: Tolerance = EXACT
    device_tolerance: Tolerance = EXACT
    dtype: str = "uint8"
    channels: int = 1
    bar: float | None = None
    minimum_shape: tuple[int, int] = (1, 1)
    opencv: tuple[int, ...] = (4, 5)

    @property
    def label(self) -> str:
        """Operation, parameters and kind of picture in one string, unique in the table."""
        return f"{self.operation}[{self.name}]-{self.dtype}x{self.channels}"


def _scaled(image: Array, scale: float) -> tuple[int, int]:
    height, width = image.shape[1:3] if image.ndim == 4 else image.shape[:2]
    return max(1, round(height * scale)), max(1, round(width * scale))


RESIZE = [
    Case(
        "resize",
        f"bilinear_exact {scale}",
        lambda image, scale=scale: cvkit.resize(image, _scaled(image, scale), interpolation="bilinear_exact"),
        lambda image, scale=scale: cv2.resize(
            image, _scaled(image, scale)[::-1], interpolation=cv2.INTER_LINEAR_EXACT
        ),
        channels=channels,
    )
    for scale in (0.5, 0.952, 1.5)
    for channels in (1, 3)
]

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


def _even(image: Array) -> Array:
    """Cut an odd row and column off, so that half the size is half of it exactly."""
    rows = image.shape[-3 if image.ndim == 4 else 0] // 2 * 2
    columns = image.shape[-2 if image.ndim == 4 else 1] // 2 * 2
    return image[:, :rows, :columns] if image.ndim == 4 else image[:rows, :columns]


def _resize_case(interpolation: str, flag: int, scale: float, channels: int = 1, **row: Any) -> Case:
    return Case(
        "resize",
        f"{interpolation} {scale}",
        lambda image: cvkit.resize(_even(image), _scaled(_even(image), scale), interpolation=interpolation),
        lambda image: cv2.resize(_even(image), _scaled(_even(image), scale)[::-1], interpolation=flag),
        channels=channels,
        minimum_shape=(2, 2),
        **row,
    )


# OpenCV's weights of 11 bits against one rounding at the end: near a tie the two round apart.
TIES = Tolerance(absolute=1)
# Float pictures of values up to 255, summed in another order.
LAST_BITS = Tolerance(absolute=1e-4)

RESIZE += [
    _resize_case("bilinear", cv2.INTER_LINEAR, 0.5, bar=0.8),
    _resize_case("bilinear", cv2.INTER_LINEAR, 0.5, 3, bar=0.8),
    _resize_case("bilinear", cv2.INTER_LINEAR, 0.37),
    _resize_case("bilinear", cv2.INTER_LINEAR, 1.5, bar=0.9),
    _resize_case("bilinear", cv2.INTER_LINEAR, 1.5, 3, bar=0.9),
    _resize_case(
        "bilinear", cv2.INTER_LINEAR, 1.5, dtype="float32", tolerance=LAST_BITS, device_tolerance=LAST_BITS
    ),
    _resize_case("bilinear", cv2.INTER_LINEAR, 0.37, dtype="uint16", tolerance=TIES, device_tolerance=TIES),
    _resize_case("nearest", cv2.INTER_NEAREST, 0.7, 3),
    _resize_case("nearest", cv2.INTER_NEAREST, 2.3),
    _resize_case("bicubic", cv2.INTER_CUBIC, 1.5, 3, tolerance=TIES, device_tolerance=TIES),
    _resize_case(
        "bicubic", cv2.INTER_CUBIC, 0.6, dtype="float32", tolerance=LAST_BITS, device_tolerance=LAST_BITS
    ),
    _resize_case("area", cv2.INTER_AREA, 0.3, 3, tolerance=TIES, device_tolerance=TIES),
    _resize_case("area", cv2.INTER_AREA, 0.5),
]

PYRAMID = [
    Case(
        operation,
        "",
        ours,
        reference,
        tolerance=tolerance,
        device_tolerance=tolerance,
        dtype=dtype,
        channels=3,
    )
    for dtype, tolerance in (("uint8", EXACT), ("float32", LAST_BITS))
    for operation, ours, reference in (
        ("pyramid_down", cvkit.pyramid_down, cv2.pyrDown),
        ("pyramid_up", cvkit.pyramid_up, cv2.pyrUp),
    )
]


def _size(image: Array) -> tuple[int, int]:
    height, width = image.shape[1:3] if image.ndim == 4 else image.shape[:2]
    return int(height), int(width)


def _vector_shape(image: Array) -> tuple[int, int]:
    """Return a shape near the image's whose rows OpenCV 5 computes with its vector code alone."""
    height, width = _size(image)
    return height, -(-width // 32) * 32


def _rotation(image: Array) -> np.ndarray:
    height, width = _size(image)
    return cvkit.rotation_matrix(((width - 1) / 2, (height - 1) / 2), 17)


def _tilt(image: Array) -> np.ndarray:
    height, width = _size(image)
    return np.array(
        [[1.02, 0.03, -0.01 * width], [0.01, 0.98, 0.01 * height], [0.04 / width, 0.03 / height, 1]]
    )


def _swirl(image: Array) -> tuple[np.ndarray, np.ndarray]:
    """Return maps that bend the image and leave it on all sides."""
    height, width = _vector_shape(image)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return 1.1 * x + np.sin(y / 7) - 2, 1.1 * y + np.cos(x / 9) - 2


def _remap(image: Array, interpolation: str) -> Array:
    maps = _swirl(image)
    if on_device(image):
        maps = tuple(map(cvkit.to_device, maps))
    return cvkit.remap(image, *maps, interpolation=interpolation)


def _warps(interpolation: str, flag: int, channels: int, versions: tuple[int, ...], **row: Any) -> list[Case]:
    """Rows for the three warps under one interpolation."""
    return [
        Case(
            "warp_affine",
            f"{interpolation} against OpenCV {versions[0]}",
            lambda image: cvkit.warp_affine(
                image, _rotation(image), _vector_shape(image), interpolation=interpolation
            ),
            lambda image: cv2.warpAffine(image, _rotation(image), _vector_shape(image)[::-1], flags=flag),
            channels=channels,
            opencv=versions,
            **row,
        ),
        Case(
            "warp_perspective",
            f"{interpolation} against OpenCV {versions[0]}",
            lambda image: cvkit.warp_perspective(
                image, _tilt(image), _vector_shape(image), interpolation=interpolation
            ),
            lambda image: cv2.warpPerspective(image, _tilt(image), _vector_shape(image)[::-1], flags=flag),
            channels=channels,
            opencv=versions,
            **row,
        ),
        Case(
            "remap",
            f"{interpolation} against OpenCV {versions[0]}",
            lambda image: _remap(image, interpolation),
            lambda image: cv2.remap(image, *_swirl(image), flag),
            channels=channels,
            opencv=versions,
            **row,
        ),
    ]


# OpenCV 4 rounds each coordinate to 1/32 pixel (by at most 1/64, and by 1/1024 before that in warpAffine).
# Between neighbours a value changes by at most 255 a pixel along each axis, and both results are rounded.
QUANTISED = Tolerance(absolute=2 * 255 * (1 / 64 + 1 / 1024) + 1)
# Two targets may round a tie between their last bits differently.
ONE_LEVEL = Tolerance(absolute=1)

WARP = [
    row
    for channels in (1, 3)
    for row in (
        *_warps("bilinear", cv2.INTER_LINEAR, channels, (5,), device_tolerance=ONE_LEVEL, bar=1.0),
        *_warps(
            "bilinear",
            cv2.INTER_LINEAR,
            channels,
            (4,),
            tolerance=QUANTISED,
            device_tolerance=ONE_LEVEL,
            bar=1.0,
        ),
        *_warps("nearest", cv2.INTER_NEAREST, channels, (5,)),
    )
]


def _hog_cv(
    image: np.ndarray, cell: int = 8, side: int = 2, bins: int = 9, signed: bool = False
) -> np.ndarray:
    """Describe an image by OpenCV's descriptor, its window being the image cut to full cells."""
    window = image.shape[1] // cell * cell, image.shape[0] // cell * cell
    block, step = (side * cell, side * cell), (cell, cell)
    descriptor = cv2.HOGDescriptor(window, block, step, step, bins, 1, -1, 0, 0.2, True, 64, signed)
    return descriptor.compute(image).ravel()


def _hog_skimage(image: np.ndarray, **parameters: Any) -> np.ndarray:
    from skimage.feature import hog

    channel_axis = 2 if image.ndim == 3 else None
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
]


CASES: list[Case] = [*COLOR, *RESIZE, *PYRAMID, *WARP, *HOG]
