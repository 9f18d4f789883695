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


CASES: list[Case] = [*COLOR, *RESIZE, *HOG]
