"""The table: operation, parameters, reference and tolerance; it drives tests, benchmark and README."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

import cvkit
from cvkit._border import BORDERS
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
        ``"opencv"``, ``"scikit-image"``, ``"scipy"`` or ``"naive"``.
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
    *(
        Case(
            "canny_from_gradients",
            "100 400 L2" if l2_gradient else "100 400",
            lambda image, l2_gradient=l2_gradient: cvkit.canny_from_gradients(
                cvkit.sobel(image, 1, 0), cvkit.sobel(image, 0, 1), 100, 400, l2_gradient=l2_gradient
            ),
            lambda image, l2_gradient=l2_gradient: cv2.Canny(
                cv2.Sobel(image, cv2.CV_16S, 1, 0),
                cv2.Sobel(image, cv2.CV_16S, 0, 1),
                100,
                400,
                L2gradient=l2_gradient,
            ),
            channels=channels,
        )
        for l2_gradient, channels in ((False, 1), (True, 3))
    ),
]


def _median(
    ksize: int, *, dtype: str = "uint8", channels: int = 1, bar: float | None = None
) -> Case:
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
    # OpenCV has no large sizes beyond 8 bits.
    Case(
        "median_blur",
        "7",
        lambda image: cvkit.median_blur(image, 7),
        lambda image: ndimage.median_filter(image, 7, mode="nearest"),
        against="scipy",
        dtype="uint16",
        bar=0.2,
    ),
]


# OpenCV sums the same weights in another order: quotients that end on a half may round to either side.
_ROUNDING = Tolerance(exceptions=1e-4)
# 1e-5 of the range of the pictures, which results on tiny pictures do not span.
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
    _bilateral(0, 30, 3, border="wrap", dtype="float32", channels=3, bar=1.2),
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


CASES: list[Case] = [*RESIZE, *CANNY, *MEDIAN, *BILATERAL, *DENOISING]
