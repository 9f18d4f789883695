"""The table: operation, parameters, reference and tolerance; it drives tests, benchmark and README."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
import scipy.ndimage
import skimage.filters

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
# The same for float pictures of one pixel, whose values have no range of their own but the picture's 255.
_FLOAT_255 = Tolerance(absolute=1e-6 * 255)

_BORDERS = {
    "reflect101": cv2.BORDER_REFLECT_101,
    "reflect": cv2.BORDER_REFLECT,
    "replicate": cv2.BORDER_REPLICATE,
    "constant": cv2.BORDER_CONSTANT,
}

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


def _with_border(
    reference: Callable[[np.ndarray, int], np.ndarray], border: str, margin: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Pass OpenCV's code for ``border``; for "wrap", which it lacks, filter a padded picture."""
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
    parameters: Mapping[str, object],
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
    *COLOR,
    *HOG,
    *RESIZE,
    *PYRAMID,
    *WARP,
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
