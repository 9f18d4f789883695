"""Rows of the table for erosion, dilation, and what is built from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit.compare.cases.borders import with_border
from cvkit.compare.cases.case import Case

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


_element = cvkit.structuring_element
MORPHOLOGY_CASES: list[Case] = [
    _case("erode", "3", _element("rectangle", 3), bar=0.9),
    _case("erode", "3", _element("rectangle", 3), channels=3),
    _case("erode", "15", _element("rectangle", 15), bar=0.5),
    _case("erode", "15 ellipse", _element("ellipse", 15), bar=0.5),
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
]
