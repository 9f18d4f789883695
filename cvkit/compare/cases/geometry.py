"""Rows of the table for resizing, pyramids and warps."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit._dispatch import Array
from cvkit._jit_cuda import on_device
from cvkit.compare.cases.case import EXACT, FLOAT, Case, Tolerance, image_size


def _scaled(image: Array, scale: float) -> tuple[int, int]:
    height, width = image_size(image)
    return max(1, round(height * scale)), max(1, round(width * scale))


# OpenCV's weights of 11 bits against one rounding at the end: near a tie the two round apart.
TIES = Tolerance(absolute=1)
# Float images of values up to 255, summed in another order.
LAST_BITS = Tolerance(absolute=1e-4)


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


def pillow_resize(image: np.ndarray, shape: tuple[int, int], name: str) -> np.ndarray:
    """Resize by Pillow's filter of a name; what it has no mode for, channel by channel.

    Parameters
    ----------
    image : numpy.ndarray, (H, W) or (H, W, C)
        Of a dtype that Pillow has a mode for: uint8, uint16 or float32.
    shape : (int, int)
        Height and width of the result.
    name : {"bilinear", "bicubic", "lanczos"}
        The filter.

    Returns
    -------
    numpy.ndarray
    """
    from PIL import Image

    mode = {3: "RGB", 4: "CMYK"}.get(image.shape[2]) if image.ndim == 3 else None
    if mode and image.dtype == np.uint8:  # four channels without the meaning of alpha
        whole = Image.frombytes(mode, image.shape[1::-1], image.tobytes())
        return np.asarray(whole.resize(shape[::-1], Image.Resampling[name.upper()]))
    planes = np.atleast_3d(image)
    resized = [
        np.asarray(Image.fromarray(plane).resize(shape[::-1], Image.Resampling[name.upper()]))
        for plane in np.moveaxis(planes, 2, 0)
    ]
    return np.stack(resized, axis=2).reshape(*shape, *image.shape[2:])


# Two passes in float32, rounded one after the other, against float64: near a tie they round apart, twice.
TWO_TIES = Tolerance(absolute=2)


def _pillow_case(interpolation: str, scale: float, channels: int = 1, **row: Any) -> Case:
    return Case(
        "resize",
        f"{interpolation} antialias {scale}",
        lambda image: cvkit.resize(image, _scaled(image, scale), interpolation=interpolation, antialias=True),
        lambda image: pillow_resize(image, _scaled(image, scale), interpolation),
        against="pillow",
        channels=channels,
        **row,
    )


RESIZE = [
    *(
        Case(
            "resize",
            f"bilinear_exact {scale}",
            lambda image, scale=scale: cvkit.resize(
                image, _scaled(image, scale), interpolation="bilinear_exact"
            ),
            lambda image, scale=scale: cv2.resize(
                image, _scaled(image, scale)[::-1], interpolation=cv2.INTER_LINEAR_EXACT
            ),
            channels=channels,
        )
        for scale in (0.5, 0.952, 1.5)
        for channels in (1, 3)
    ),
    _resize_case("bilinear", cv2.INTER_LINEAR, 0.5, bar=0.8),
    _resize_case("bilinear", cv2.INTER_LINEAR, 0.5, 3, bar=0.8, other_on_arm=(5,)),
    _resize_case("bilinear", cv2.INTER_LINEAR, 0.5, 2, other_on_arm=(5,)),
    _resize_case("bilinear", cv2.INTER_LINEAR, 0.5, 4),
    _resize_case("bilinear", cv2.INTER_LINEAR, 0.37, other_on_arm=(4, 5)),
    _resize_case("bilinear", cv2.INTER_LINEAR, 1.5, bar=0.9, other_on_arm=(4, 5)),
    _resize_case("bilinear", cv2.INTER_LINEAR, 1.5, 3, bar=0.9),
    *(
        _resize_case(
            interpolation,
            flag,
            scale,
            dtype=dtype,
            tolerance=tolerance,
            device_tolerance=tolerance,
            other_on_arm=(4, 5),
        )
        for interpolation, flag, scale, dtype, tolerance in (
            ("bilinear", cv2.INTER_LINEAR, 1.5, "float32", LAST_BITS),
            ("bilinear", cv2.INTER_LINEAR, 0.37, "uint16", TIES),
            ("bilinear", cv2.INTER_LINEAR, 0.5, "uint16", TIES),
            ("bilinear", cv2.INTER_LINEAR, 2, "int16", TIES),
            ("area", cv2.INTER_AREA, 0.37, "int16", TIES),
            ("bicubic", cv2.INTER_CUBIC, 0.6, "float32", LAST_BITS),
        )
    ),
    _resize_case("nearest", cv2.INTER_NEAREST, 0.7, 3),
    _resize_case("nearest", cv2.INTER_NEAREST, 2.3),
    # OpenCV 5 takes the pixel before where a center lies on the line between two.
    _resize_case("nearest_exact", cv2.INTER_NEAREST_EXACT, 0.7, 3, opencv=(4,)),
    _resize_case("nearest_exact", cv2.INTER_NEAREST_EXACT, 2.3, dtype="uint16", opencv=(4,)),
    _pillow_case("bilinear", 0.26, 3, bar=0.35),
    _pillow_case("bicubic", 0.26, 3, bar=0.35),
    _pillow_case("lanczos", 0.26, 3, bar=0.35),
    _pillow_case("lanczos", 0.26, bar=0.35),
    _pillow_case("lanczos", 0.6, 4),
    _pillow_case("bicubic", 1.7),
    _pillow_case("bicubic", 0.26, 3, dtype="uint16", tolerance=TWO_TIES, device_tolerance=TWO_TIES),
    _pillow_case("lanczos", 0.26, dtype="float32", tolerance=FLOAT, device_tolerance=FLOAT),
    _resize_case("bicubic", cv2.INTER_CUBIC, 1.5, 3, tolerance=TIES, device_tolerance=TIES),
    _resize_case("area", cv2.INTER_AREA, 0.3, 3, tolerance=TIES, device_tolerance=TIES),
    *(_resize_case("area", cv2.INTER_AREA, 0.5, channels) for channels in (1, 2, 3, 4)),
    _resize_case("area", cv2.INTER_AREA, 1.7, 3),
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
    for dtype, tolerance in (("uint8", EXACT), ("int16", EXACT), ("float32", LAST_BITS))
    for operation, ours, reference in (
        ("pyramid_down", cvkit.pyramid_down, cv2.pyrDown),
        ("pyramid_up", cvkit.pyramid_up, cv2.pyrUp),
    )
]


def _vector_shape(image: Array) -> tuple[int, int]:
    """Return a shape near the image's whose rows OpenCV 5 computes with its vector code alone."""
    height, width = image_size(image)
    return height, -(-width // 32) * 32


def rotation(image: Array) -> np.ndarray:
    """Return the matrix of a turn by 17 degrees about the center."""
    height, width = image_size(image)
    return cvkit.rotation_matrix(((width - 1) / 2, (height - 1) / 2), 17)


def tilt(image: Array) -> np.ndarray:
    """Return the matrix of a mild perspective."""
    height, width = image_size(image)
    return np.array(
        [[1.02, 0.03, -0.01 * width], [0.01, 0.98, 0.01 * height], [0.04 / width, 0.03 / height, 1]]
    )


@lru_cache(maxsize=4)
def _swirl(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return maps that bend an image and leave it on all sides; made once, as they take longer than remap."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return 1.1 * x + np.sin(y / 7) - 2, 1.1 * y + np.cos(x / 9) - 2


@lru_cache(maxsize=4)
def _swirl_on_device(height: int, width: int) -> tuple[Array, Array]:
    map_x, map_y = _swirl(height, width)
    return cvkit.to_device(map_x), cvkit.to_device(map_y)


def _remap(image: Array, interpolation: str) -> Array:
    maps = (_swirl_on_device if on_device(image) else _swirl)(*_vector_shape(image))
    return cvkit.remap(image, *maps, interpolation=interpolation)


def _warps(interpolation: str, flag: int, channels: int, versions: tuple[int, ...], **row: Any) -> list[Case]:
    """Rows for the three warps under one interpolation."""
    on_arm = (5,) if channels == 1 else ()
    return [
        Case(
            "warp_affine",
            f"{interpolation} against OpenCV {versions[0]}",
            lambda image: cvkit.warp_affine(
                image, rotation(image), _vector_shape(image), interpolation=interpolation
            ),
            lambda image: cv2.warpAffine(image, rotation(image), _vector_shape(image)[::-1], flags=flag),
            channels=channels,
            opencv=versions,
            **row,
        ),
        Case(
            "warp_perspective",
            f"{interpolation} against OpenCV {versions[0]}",
            lambda image: cvkit.warp_perspective(
                image, tilt(image), _vector_shape(image), interpolation=interpolation
            ),
            lambda image: cv2.warpPerspective(image, tilt(image), _vector_shape(image)[::-1], flags=flag),
            channels=channels,
            opencv=versions,
            other_on_arm=on_arm,
            **row,
        ),
        Case(
            "remap",
            f"{interpolation} against OpenCV {versions[0]}",
            lambda image: _remap(image, interpolation),
            lambda image: cv2.remap(image, *_swirl(*_vector_shape(image)), flag),
            channels=channels,
            opencv=versions,
            other_on_arm=on_arm,
            **row,
        ),
    ]


# OpenCV 4 rounds each coordinate to 1/32 pixel (by at most 1/64, and by 1/1024 before that in warpAffine).
# Between neighbors a value changes by at most 255 a pixel along each axis, and both results are rounded.
QUANTIZED = Tolerance(absolute=2 * 255 * (1 / 64 + 1 / 1024) + 1)
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
            tolerance=QUANTIZED,
            device_tolerance=ONE_LEVEL,
            bar=1.0,
        ),
        *_warps("nearest", cv2.INTER_NEAREST, channels, (5,)),
    )
]


GEOMETRY_CASES: list[Case] = [
    *RESIZE,
    *PYRAMID,
    *WARP,
]
