"""Rows of the table for contours: of one image on the CPU, as there is no CUDA twin.

Masks are made of images once, so that they cost no time where an operation on them is timed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit.compare.cases.case import Case, made_once

_MODES = {
    "external": cv2.RETR_EXTERNAL,
    "list": cv2.RETR_LIST,
    "two_level": cv2.RETR_CCOMP,
    "tree": cv2.RETR_TREE,
}
_METHODS = {"none": cv2.CHAIN_APPROX_NONE, "simple": cv2.CHAIN_APPROX_SIMPLE}
_NOISE = "noise"
_PHOTOGRAPH = "photograph"


def opencv_contours(mask: np.ndarray, mode: str, method: str) -> tuple[Sequence[np.ndarray], np.ndarray]:
    """Return OpenCV's contours and hierarchy without the axes that have one element always."""
    contours, hierarchy = cv2.findContours(mask, _MODES[mode], _METHODS[method])
    if not contours:
        return (), np.empty((0, 4), np.int32)
    return [contour[:, 0] for contour in contours], hierarchy[0]


def in_one_array(contours: Sequence[np.ndarray], hierarchy: np.ndarray) -> np.ndarray:
    """Bring all that describes contours into one array of integers."""
    lengths = [len(contour) for contour in contours]
    return np.concatenate([lengths, hierarchy.ravel(), *(contour.ravel() for contour in contours)]).astype(
        np.int64
    )


def mask_of(image: np.ndarray, kind: str = _PHOTOGRAPH) -> np.ndarray:
    """Return what is bright in an image, or in an image that was mixed with noise."""
    if kind == _NOISE:
        image = image ^ np.random.default_rng(0).integers(0, 256, image.shape, dtype=np.uint8)
    return np.where(image > 127, 255, 0).astype(np.uint8)


def _found(kind: str, mode: str, method: str) -> Case:
    return Case(
        "find_contours",
        f"{mode} {method}, {kind}",
        lambda image: in_one_array(*cvkit.find_contours(mask_of(image, kind), mode=mode, method=method)),
        lambda image: in_one_array(*opencv_contours(mask_of(image, kind), mode, method)),
    )


def _timed(kind: str, mode: str, method: str) -> Case:
    mask = made_once(lambda image: mask_of(image, kind))
    ours: Any = cvkit.find_contours
    opencv: Any = cv2.findContours
    return Case(
        "find_contours",
        f"{mode} {method}, {kind}, time only",
        lambda image: ours(mask(image), mode=mode, method=method),
        lambda image: opencv(mask(image), _MODES[mode], _METHODS[method]),
        bar=0.9,
    )


def opencv_drawing(image: np.ndarray, contours: Sequence[np.ndarray], color: Any, filled: bool) -> np.ndarray:
    """Let OpenCV draw into a copy of an image."""
    return np.asarray(cv2.drawContours(image.copy(), contours, -1, color, cv2.FILLED if filled else 1))


def _drawn(filled: bool, dtype: str, channels: int) -> Case:
    color = (250, 20, 90)[:channels]

    def contours(image: np.ndarray) -> Sequence[np.ndarray]:
        gray = image if image.ndim == 2 else image[..., 0]
        return opencv_contours(mask_of(gray), "tree", "simple")[0]

    return Case(
        "draw_contours",
        "filled" if filled else "outlines",
        lambda image: cvkit.draw_contours(image, list(contours(image)), color, filled=filled),
        lambda image: opencv_drawing(image, contours(image), color, filled),
        dtype=dtype,
        channels=channels,
    )


CONTOUR_CASES: list[Case] = [
    *(_found(_PHOTOGRAPH, mode, "none") for mode in _MODES),
    *(_found(_NOISE, mode, "simple") for mode in _MODES),
    *(_drawn(filled, *kind) for filled in (False, True) for kind in (("uint8", 1), ("float32", 3))),
]
TIMED_CONTOUR_CASES: list[Case] = [
    *(_timed(_PHOTOGRAPH, mode, "none") for mode in _MODES),
    *(_timed(_NOISE, mode, "simple") for mode in ("external", "list", "tree")),
]
"""Whose results are tuples of arrays, and cost time to bring into one."""
