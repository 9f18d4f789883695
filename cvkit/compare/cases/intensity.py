"""Rows of the table for intensities: thresholds, tables, sums and comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array
from cvkit.compare.cases.case import EXACT, FLOAT, FLOAT_255, Case, Tolerance, changed

METHODS = {
    "binary": cv2.THRESH_BINARY,
    "binary_inverse": cv2.THRESH_BINARY_INV,
    "truncate": cv2.THRESH_TRUNC,
    "to_zero": cv2.THRESH_TOZERO,
    "to_zero_inverse": cv2.THRESH_TOZERO_INV,
}


def _threshold(dtype: str, channels: int, value: float, maximum: float, method: str) -> Case:
    return Case(
        "threshold",
        f"{value} {method}",
        lambda image: cvkit.threshold(image, value, maximum=maximum, method=method),
        lambda image: cv2.threshold(image, value, maximum, METHODS[method])[1],
        dtype=dtype,
        channels=channels,
        bar=1.0,
    )


THRESHOLD = [
    _threshold("uint8", 1, 127, 255, "binary"),
    _threshold("uint8", 3, 99.7, 200.5, "binary_inverse"),
    _threshold("uint8", 1, 127, 255, "truncate"),
    _threshold("uint8", 4, 127, 255, "to_zero"),
    _threshold("uint8", 1, 127, 255, "to_zero_inverse"),
    _threshold("uint16", 1, 30000.5, 40000.5, "binary"),
    _threshold("float32", 1, 99.7, 1, "binary"),
    _threshold("float32", 3, 99.7, 1, "truncate"),
    _threshold("float64", 1, 99.7, 1, "to_zero_inverse"),
]


def _threshold_by_name(name: str, flag: int) -> Case:
    return Case(
        "threshold",
        name,
        lambda image: cvkit.threshold(image, name),
        lambda image: cv2.threshold(image, 0, 255, flag)[1],
        bar=1.0,
    )


THRESHOLD += [
    _threshold_by_name("otsu", cv2.THRESH_OTSU),
    _threshold_by_name("triangle", cv2.THRESH_TRIANGLE),
]


def _found(function: Callable[[Array], Any]) -> Callable[[Array], np.ndarray]:
    """Return what a function finds in an image, or in each of a stack, as an array."""
    return lambda image: np.asarray(function(image), np.float64)


def _found_by_opencv(flag: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda image: np.asarray(cv2.threshold(image, 0, 255, flag)[0])


FOUND = [
    Case(operation, "", _found(getattr(cvkit, operation)), _found_by_opencv(flag), dtype=dtype, bar=1.0)
    for operation, flag, dtype in [
        ("otsu_threshold", cv2.THRESH_OTSU, "uint8"),
        ("otsu_threshold", cv2.THRESH_OTSU, "uint16"),
        ("triangle_threshold", cv2.THRESH_TRIANGLE, "uint8"),
    ]
]

# A weighted mean that ends on a half in one order of sums does not in another.
_TIES = Tolerance(absolute=255, exceptions=1e-3)


def _adaptive(method: str, ksize: int, offset: float, *, inverse: bool = False) -> Case:
    by_mean = method == "mean"
    flags = (
        cv2.ADAPTIVE_THRESH_MEAN_C if by_mean else cv2.ADAPTIVE_THRESH_GAUSSIAN_C,
        cv2.THRESH_BINARY_INV if inverse else cv2.THRESH_BINARY,
    )
    return Case(
        "adaptive_threshold",
        f"{method} {ksize} {offset}{' inverse' if inverse else ''}",
        lambda image: cvkit.adaptive_threshold(image, ksize, offset, method=method, inverse=inverse),
        lambda image: cv2.adaptiveThreshold(image, 255, *flags, ksize, offset),
        tolerance=EXACT if by_mean else _TIES,
        device_tolerance=EXACT if by_mean else _TIES,
        bar=0.8 if by_mean else None,
    )


ADAPTIVE = [
    _adaptive("mean", 11, 2),
    _adaptive("mean", 31, -3.5, inverse=True),
    _adaptive("gaussian", 11, 2.5),
    _adaptive("gaussian", 5, 2.5, inverse=True),
]


def _table(dtype: str, channels: int, size: int = 256) -> np.ndarray:
    """Return a table in which no two neighbors are close, with a column for each channel."""
    values = np.arange(size * channels).reshape(size, channels) * 7919 % size
    return np.ascontiguousarray((values if channels > 1 else values[:, 0]).astype(dtype))


def _lookup(dtype: str, channels: int, table: np.ndarray) -> Case:
    columns = "" if table.ndim == 1 else ", by channel"
    # To OpenCV the columns of a table are its channels.
    by_opencv = table if table.ndim == 1 else table[np.newaxis]
    return Case(
        "lookup",
        f"{table.dtype}{columns}",
        lambda image: cvkit.lookup(image, table),
        lambda image: cv2.LUT(image, by_opencv),
        dtype=dtype,
        channels=channels,
        bar=1.0,
    )


LOOKUP = [
    _lookup("uint8", 1, _table("uint8", 1)),
    _lookup("uint8", 3, _table("uint8", 1)),
    _lookup("uint8", 3, _table("uint8", 3)),
    _lookup("uint8", 4, _table("float32", 4)),
    _lookup("uint8", 7, _table("uint8", 7)),
    _lookup("uint16", 1, _table("uint16", 1, 1 << 16)),
    _lookup("int16", 1, _table("uint16", 1, 1 << 16)),
]


def _gamma(image: np.ndarray) -> np.ndarray:
    import skimage.exposure

    return skimage.exposure.adjust_gamma(image, 2.2)


# Of powers of up to 255.
_LAST_BITS_OF_POWERS = Tolerance(absolute=1e-6 * 255**2.2)

GAMMA = [
    Case(
        "adjust_gamma",
        "2.2",
        lambda image: cvkit.adjust_gamma(image, 2.2),
        _gamma,
        against="scikit-image",
        bar=0.2,
    ),
    Case(
        "adjust_gamma",
        "2.2",
        lambda image: cvkit.adjust_gamma(image, 2.2),
        _gamma,
        against="scikit-image",
        tolerance=_LAST_BITS_OF_POWERS,
        device_tolerance=_LAST_BITS_OF_POWERS,
        dtype="float32",
    ),
]


def _normalize(dtype: str, channels: int, low: float, high: float) -> Case:
    tolerance = FLOAT if dtype.startswith("f") else EXACT
    return Case(
        "normalize",
        f"{low} {high}",
        lambda image: cvkit.normalize(image, low, high),
        lambda image: cv2.normalize(image, np.empty_like(image), low, high, cv2.NORM_MINMAX),
        tolerance=tolerance,
        device_tolerance=tolerance,
        dtype=dtype,
        channels=channels,
    )


NORMALIZE = [
    _normalize("uint8", 1, 0, 255),
    _normalize("uint8", 3, 300.5, -20),
    _normalize("uint16", 1, 0, 65535),
    _normalize("int16", 1, -1000, 40000.5),
    _normalize("float32", 1, 0, 1),
]


def _blend(dtype: str, channels: int, weight_a: float, weight_b: float, offset: float) -> Case:
    tolerance = FLOAT_255 if dtype.startswith("f") else EXACT
    # One of another content takes as long to make as the two to blend: time shows without.
    other = _mirrored if channels > 1 else _same
    return Case(
        "blend",
        f"{weight_a} {weight_b} {offset}",
        lambda image: cvkit.blend(image, other(image), weight_a, weight_b, offset),
        lambda image: cv2.addWeighted(image, weight_a, other(image), weight_b, offset),
        tolerance=tolerance,
        device_tolerance=tolerance,
        dtype=dtype,
        channels=channels,
        bar=1.0 if channels == 1 else None,
    )


def _same(image: Array) -> Array:
    return image


def _mirrored(image: Array) -> Array:
    """Return another image of the same shape and values."""
    axis = 0 if image.ndim < 4 else 1
    return changed(image, lambda values: np.ascontiguousarray(np.flip(values, axis)))


BLEND = [
    _blend("uint8", 1, 0.3, 0.55, 0),
    _blend("uint8", 3, 1.5, -0.75, 10.25),
    _blend("uint16", 1, 0.3, 0.55, 0),
    _blend("int16", 3, 1.5, -0.75, 10.25),
    _blend("float32", 1, 0.3, 0.7, -3.1),
]


def _integral(dtype: str, channels: int, *, squared: bool = False) -> Case:
    tolerance = Tolerance(relative=1e-12) if dtype.startswith("f") else EXACT
    return Case(
        "integral_image",
        "squared" if squared else "",
        lambda image: cvkit.integral_image(image, squared=squared),
        lambda image: cv2.integral2(image)[1] if squared else cv2.integral(image),
        tolerance=tolerance,
        device_tolerance=tolerance,
        dtype=dtype,
        channels=channels,
        bar=1.0,
    )


INTEGRAL = [
    _integral("uint8", 1),
    _integral("uint8", 3),
    _integral("uint8", 1, squared=True),
    _integral("float32", 1),
]


def _psnr(image: np.ndarray) -> np.ndarray:
    import skimage.metrics

    found = skimage.metrics.peak_signal_noise_ratio(image, _mirrored(image), data_range=255)
    return np.asarray(found, np.float64)


def _similarity(image: np.ndarray, **parameters: Any) -> np.ndarray:
    """Return scikit-image's map; its float32 has fewer digits than the differences that count."""
    import skimage.metrics

    wide, other = (values.astype(np.float64) for values in (image, _mirrored(image)))
    channel_axis = 2 if image.ndim == 3 else None
    found = skimage.metrics.structural_similarity(
        wide, other, data_range=255, channel_axis=channel_axis, full=True, **parameters
    )
    return np.concatenate([found[1].ravel(), [found[0]]]).astype(np.float32)


def _our_similarity(image: Array, **parameters: Any) -> np.ndarray:
    """Return the map and behind it the mean, for each image of a stack."""
    means, maps = cvkit.structural_similarity(
        image, _mirrored(image), data_range=255, full=True, **parameters
    )
    rows = cvkit.to_host(maps).reshape(np.size(means), -1)
    joined = np.concatenate([rows, np.reshape(means, (-1, 1))], axis=1).astype(np.float32)
    return joined if image.ndim == 4 else joined[0]


_MILLIONTH = Tolerance(absolute=1e-6)


def _structure(dtype: str, channels: int, method: str) -> Case:
    is_gaussian = method == "gaussian"
    return Case(
        "structural_similarity",
        method,
        lambda image: _our_similarity(image, method=method),
        lambda image: _similarity(image, gaussian_weights=is_gaussian),
        against="scikit-image",
        tolerance=_MILLIONTH,
        # Sums in float32.
        device_tolerance=Tolerance(absolute=2e-5),
        dtype=dtype,
        channels=channels,
        bar=0.2,
        minimum_shape=(11, 11),
    )


METRICS = [
    *(
        Case(
            "psnr",
            "",
            lambda image: np.asarray(cvkit.psnr(image, _mirrored(image), data_range=255), np.float64),
            _psnr,
            against="scikit-image",
            tolerance=_MILLIONTH,
            device_tolerance=Tolerance(absolute=1e-4),
            dtype=dtype,
            bar=0.2 if dtype == "uint8" else None,
            minimum_shape=(2, 2),
        )
        for dtype in ("uint8", "float32")
    ),
    _structure("uint8", 1, "uniform"),
    _structure("uint8", 3, "gaussian"),
    _structure("float32", 1, "uniform"),
]

INTENSITY_CASES: list[Case] = [
    *THRESHOLD,
    *FOUND,
    *ADAPTIVE,
    *LOOKUP,
    *GAMMA,
    *NORMALIZE,
    *BLEND,
    *INTEGRAL,
    *METRICS,
]
