"""The table: operation, parameters, reference and tolerance; it drives tests, benchmark and README."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import scipy.ndimage
import skimage.filters

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
# The same for one pixel of a float picture, where the values have no range of their own but the picture's 255.
_FLOAT_255 = Tolerance(absolute=1e-6 * 255)

_BORDERS = {
    "reflect101": cv2.BORDER_REFLECT_101,
    "reflect": cv2.BORDER_REFLECT,
    "replicate": cv2.BORDER_REPLICATE,
    "constant": cv2.BORDER_CONSTANT,
}


def _with_border(
    reference: Callable[[np.ndarray, int], np.ndarray], border: str, margin: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Give OpenCV's name for ``border`` to ``reference``; filter a padded picture for "wrap", which it lacks."""
    if border != "wrap":
        return lambda image: reference(image, _BORDERS[border])

    def wrapped(image: np.ndarray) -> np.ndarray:
        pad = ((margin, margin), (margin, margin), (0, 0))[: image.ndim]
        padded = np.pad(image, pad, mode="wrap")
        return reference(padded, cv2.BORDER_REPLICATE)[margin:-margin, margin:-margin]

    return wrapped


BOX_FILTER = [
    Case(
        "box_filter",
        f"{ksize} {border}{'' if normalize else ' sum'}",
        lambda image, ksize=ksize, border=border, normalize=normalize: cvkit.box_filter(
            image, ksize, border=border, normalize=normalize
        ),
        _with_border(
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
        tolerance=EXACT if dtype.startswith("u") else FLOAT,
        device_tolerance=EXACT if dtype.startswith("u") else FLOAT,
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
    ]
]

GAUSSIAN_BLUR = [
    Case(
        "gaussian_blur",
        f"size {ksize} sigma {sigma} {border}",
        lambda image, ksize=ksize, sigma=sigma, border=border: cvkit.gaussian_blur(
            image, sigma, ksize=ksize, border=border
        ),
        _with_border(
            lambda image, code, ksize=ksize, sigma=sigma: cv2.GaussianBlur(
                image, (ksize or 0, ksize or 0), sigma or 0, borderType=code
            ),
            border,
            16,
        ),
        tolerance=EXACT if dtype.startswith("u") else FLOAT,
        device_tolerance=EXACT if dtype.startswith("u") else FLOAT,
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
    ]
]


def _derivative_case(
    operation: str,
    parameters: dict[str, object],
    reference: Callable[..., np.ndarray],
    *,
    border: str = "reflect101",
    dtype: str = "uint8",
    channels: int = 1,
    bar: float | None = None,
    tolerance: Tolerance = EXACT,
) -> Case:
    depth = {"uint8": cv2.CV_16S, "uint16": cv2.CV_32F, "float32": cv2.CV_32F, "float64": cv2.CV_64F}[dtype]
    return Case(
        operation,
        " ".join(f"{name}={value}" for name, value in {**parameters, "border": border}.items()),
        lambda image: getattr(cvkit, operation)(image, **parameters, border=border),
        _with_border(
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
ROBERTS = [
    Case(
        "roberts",
        "reflect",
        lambda image: cvkit.roberts(image, border="reflect"),
        lambda image: skimage.filters.roberts(image.astype(np.float64)).astype(np.float32),
        against="scikit-image",
        tolerance=FLOAT,
        device_tolerance=FLOAT,
    )
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

_KERNEL_Y = np.array([0.2, 0.5, -0.1, 0.3, 0.4])
_KERNEL_X = np.array([0.3, -0.4, 0.8])
_PLANE = np.array([[0.1, 0.2, -0.3, 0.1], [0.4, 0.7, 0.2, 0.0], [-0.2, 0.1, 0.3, 0.2]])
# OpenCV sums float taps in another order; ties may round the other way.
_ONE_OFF = Tolerance(absolute=1, exceptions=1e-3)
FILTER_2D = [
    Case(
        "filter2d",
        f"3x4 {border}",
        lambda image, border=border: cvkit.filter2d(image, _PLANE, border=border, delta=3),
        lambda image, border=border: cv2.filter2D(image, -1, _PLANE, delta=3, borderType=_BORDERS[border]),
        tolerance=_FLOAT_255 if dtype == "float32" else _ONE_OFF,
        device_tolerance=_FLOAT_255 if dtype == "float32" else _ONE_OFF,
        dtype=dtype,
        channels=channels,
    )
    for border, dtype, channels in [
        ("reflect101", "uint8", 1),
        ("constant", "uint8", 3),
        ("replicate", "float32", 1),
    ]
]
SEP_FILTER_2D = [
    Case(
        "sep_filter2d",
        f"5x3 {border}",
        lambda image, border=border: cvkit.sep_filter2d(image, _KERNEL_Y, _KERNEL_X, border=border),
        lambda image, border=border: cv2.sepFilter2D(
            image, -1, _KERNEL_X, _KERNEL_Y, borderType=_BORDERS[border]
        ),
        tolerance=_FLOAT_255 if dtype == "float32" else _ONE_OFF,
        device_tolerance=_FLOAT_255 if dtype == "float32" else _ONE_OFF,
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
        tolerance=_FLOAT_255 if dtype == "float32" else EXACT,
        device_tolerance=_FLOAT_255 if dtype == "float32" else EXACT,
        dtype=dtype,
        channels=channels,
    )
    # A float difference next to a threshold would fall to either side.
    for threshold, dtype, channels in [(0, "uint8", 1), (10, "uint8", 3), (0, "float32", 1)]
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
    # OpenCV has no large sizes beyond 8 bits.
    Case(
        "median_blur",
        "7",
        lambda image: cvkit.median_blur(image, 7),
        lambda image: scipy.ndimage.median_filter(image, 7, mode="nearest"),
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
            image, diameter, sigma_color, sigma_space, borderType=_BORDERS[border]
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


CASES: list[Case] = [
    *RESIZE,
    *BILATERAL,
    *BOX_FILTER,
    *CANNY,
    *DENOISING,
    *FILTER_2D,
    *GAUSSIAN_BLUR,
    *LAPLACIAN,
    *LAPLACIAN_OF_GAUSSIAN,
    *MEDIAN,
    *PREWITT,
    *ROBERTS,
    *SCHARR,
    *SEP_FILTER_2D,
    *SOBEL,
    *UNSHARP_MASK,
]
