"""Rows of the table for erosion, dilation, what is built from them, and distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import scipy.ndimage

import cvkit
from cvkit._dispatch import Array
from cvkit.compare.cases.borders import with_border
from cvkit.compare.cases.case import EXACT, Case, Tolerance, changed, image_size

_COMBINATIONS = {
    "opening": cv2.MORPH_OPEN,
    "closing": cv2.MORPH_CLOSE,
    "morphological_gradient": cv2.MORPH_GRADIENT,
    "top_hat": cv2.MORPH_TOPHAT,
    "black_hat": cv2.MORPH_BLACKHAT,
    "hit_or_miss": cv2.MORPH_HITMISS,
}
# The upper right corner of a region.
_CORNER = np.array([[0, -1, -1], [1, 1, -1], [0, 1, 0]])


def opencv(operation: str) -> Callable[..., np.ndarray]:
    """Return OpenCV's function of an image and an element."""
    if operation in ("erode", "dilate"):
        function: Callable[..., np.ndarray] = getattr(cv2, operation)
        return function
    return lambda image, element, **options: cv2.morphologyEx(
        image, _COMBINATIONS[operation], element, **options
    )


def _case(
    operation: str,
    name: str,
    element: np.ndarray,
    dtype: str = "uint8",
    channels: int = 1,
    border: str = "constant",
    bar: float | None = None,
    **options: Any,
) -> Case:
    ours, reference = getattr(cvkit, operation), opencv(operation)
    return Case(
        operation,
        name if border == "constant" else f"{name} {border}",
        lambda image: ours(image, element, border=border, **options),
        with_border(
            lambda image, code: reference(
                image, element.astype(np.int32 if name == "corner" else np.uint8), borderType=code, **options
            ),
            border,
            16,
        ),
        dtype=dtype,
        channels=channels,
        bar=bar,
    )


_METRICS = {"l2": cv2.DIST_L2, "l1": cv2.DIST_L1, "chessboard": cv2.DIST_C}


def opencv_distance(mask: np.ndarray, metric: str, mask_size: int | str) -> np.ndarray:
    """Measure distances as OpenCV itself does: where it has Intel's IPP, that rounds them otherwise."""
    with_ipp = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        return cv2.distanceTransform(mask, _METRICS[metric], 0 if mask_size == "exact" else int(mask_size))
    finally:
        cv2.ipp.setUseIPP(with_ipp)


def _scipy_distance(mask: np.ndarray) -> np.ndarray:
    """Measure distances by SciPy, which has no meaning for a mask without zeros."""
    if mask.all():
        return np.full(mask.shape, 65536, np.float32)
    return np.asarray(scipy.ndimage.distance_transform_edt(mask), np.float32)


def _opencv_mask(image: np.ndarray) -> np.ndarray:
    return cv2.threshold(image, 127, 255, cv2.THRESH_BINARY)[1]


def _distance_case(metric: str, mask_size: int | str, bar: float, *, by_scipy: bool = False) -> Case:
    return Case(
        "distance_transform",
        f"{metric} {mask_size}{' as SciPy' if by_scipy else ''}",
        lambda image: cvkit.distance_transform(
            cvkit.threshold(image, 127), metric=metric, mask_size=mask_size
        ),
        lambda image: (
            _scipy_distance(_opencv_mask(image))
            if by_scipy
            else opencv_distance(_opencv_mask(image), metric, mask_size)
        ),
        against="scipy" if by_scipy else "opencv",
        tolerance=Tolerance(relative=1e-6) if by_scipy else EXACT,
        bar=bar,
    )


def reconstruction(marker: np.ndarray, mask: np.ndarray, method: str) -> np.ndarray:
    """Return scikit-image's reconstruction in the dtype of the images."""
    from skimage.morphology import reconstruction as by_scikit_image

    result: np.ndarray = by_scikit_image(marker, mask, method)
    return result.astype(mask.dtype)


def lowered(image: np.ndarray) -> np.ndarray:
    """Return a marker that lowers what is brighter than around it: the image less an eighth of its range."""
    return image - np.minimum(image, image.dtype.type((65535 if image.dtype == np.uint16 else 255) // 8))


def framed(image: np.ndarray) -> np.ndarray:
    """Return a marker that fills holes: an image at its edges, and its maximum inside."""
    images = image.reshape(-1, *image_size(image))
    marker = np.full_like(images, image.max(initial=0))
    for edge in np.s_[:, [0, -1]], np.s_[:, :, [0, -1]]:
        marker[edge] = images[edge]
    return marker.reshape(image.shape)


def _reconstruct(name: str, make: Callable[[np.ndarray], np.ndarray], method: str, dtype: str) -> Case:
    def ours(image: Array) -> Array:
        return cvkit.reconstruct(changed(image, make), image, method=method)

    def reference(image: np.ndarray) -> np.ndarray:
        return reconstruction(make(image), image, method)

    return Case("reconstruct", name, ours, reference, against="scikit-image", dtype=dtype, bar=0.2)


_element = cvkit.structuring_element
MORPHOLOGY_CASES: list[Case] = [
    _case("erode", "3", _element("rectangle", 3), bar=0.9),
    _case("erode", "3", _element("rectangle", 3), channels=3),
    _case("erode", "15", _element("rectangle", 15), bar=0.5),
    _case("erode", "15 ellipse", _element("ellipse", 15), bar=0.5),
    _case("erode", "3 cross", _element("cross", 3), bar=0.9),
    _case("erode", "(4, 6)", _element("rectangle", (4, 6)), border="reflect101"),
    _case("erode", "5 cross, 2 times", _element("cross", 5), "float32", border="wrap", iterations=2),
    _case("dilate", "3", _element("rectangle", 3), bar=0.9),
    _case("dilate", "15", _element("rectangle", 15), bar=0.5),
    _case("dilate", "15 ellipse", _element("ellipse", 15), channels=3, bar=0.5),
    _case("dilate", "3, 3 times", _element("rectangle", 3), "uint16", border="replicate", iterations=3),
    _case("dilate", "5 cross", _element("cross", 5), "float32", border="reflect"),
    *(_case(name, "5 ellipse", _element("ellipse", 5)) for name in ("opening", "closing")),
    *(
        _case(name, "5", _element("rectangle", 5))
        for name in ("morphological_gradient", "top_hat", "black_hat")
    ),
    _case("morphological_gradient", "3", _element("rectangle", 3), "float32", 3),
    _case("hit_or_miss", "corner", _CORNER),
    _distance_case("l2", "exact", 1.0),
    _distance_case("l2", "exact", 0.2, by_scipy=True),
    _distance_case("l2", 5, 0.8),
    _distance_case("l2", 3, 0.8),
    _distance_case("l1", 3, 0.8),
    _distance_case("chessboard", 3, 0.8),
    _reconstruct("lowered", lowered, "dilation", "uint8"),
    _reconstruct("lowered", lowered, "dilation", "float32"),
    _reconstruct("holes", framed, "erosion", "uint8"),
    _reconstruct("holes", framed, "erosion", "uint16"),
]
