"""What runs on a GPU and has no row in the table of image operations, for the report on the GPU.

There the CPU twin is the reference, so that these rows need no other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import cvkit
from cvkit._dispatch import Array
from cvkit._jit_cuda import on_device
from cvkit.compare.cases.case import EXACT, Case, Tolerance, image_size
from cvkit.compare.cases.geometry import ONE_LEVEL
from cvkit.compare.cases.images import scene
from cvkit.detect import pretrained

_SCORES = Tolerance(absolute=1e-4)
_DISTANCES = Tolerance(relative=1e-5)
# Learners take the rows of an image as samples, and know this many features.
_FEATURES = 64
_SAMPLES = 256


def _row(operation: str, name: str, call: Callable[[Array], Any], **settings: Any) -> Case:
    return Case(operation, name, call, call, against="cpu", **settings)


@cache
def _learner(name: str, fitted_on_device: bool = False) -> Any:
    from cvkit.ml import SVC, KMeans, KNeighborsClassifier, LinearSVC

    X, y = scene(_SAMPLES, _FEATURES, dtype="float64", seed=1), np.arange(_SAMPLES) % 3
    learners = {
        "KMeans": KMeans(8, n_init=1, random_state=0),
        "KNeighborsClassifier": KNeighborsClassifier(5),
        "LinearSVC": LinearSVC(),
        "SVC": SVC(gamma=1e-5),
    }
    return learners[name].fit(cvkit.to_device(X) if fitted_on_device else X, y)


def _distances_to_neighbors(X: Array) -> Array:
    """Return distances only: equally near neighbors may come in any order."""
    learner = _learner("KNeighborsClassifier", on_device(X))
    return learner.kneighbors(X[:, :_FEATURES])[0]


def _windows(model: str, image: Array) -> np.ndarray:
    boxes, scores = pretrained(model).detect_windows(image)
    return np.column_stack([boxes, scores])


def _pyramid(image: Array) -> np.ndarray:
    """Return the channels of all levels of the pyramid."""
    levels = pretrained("person-acf", padding=0).levels(image)
    return np.concatenate([cvkit.to_host(level.channels).ravel() for level in levels])


def _cascade(image: Array) -> np.ndarray:
    """Score the windows of one level from the same bytes on both targets; -1 for those given up."""
    detector = pretrained("person-acf", padding=0)
    channels = next(iter(detector.levels(cvkit.to_host(image)))).channels
    scores = detector.scored_windows(cvkit.to_device(channels) if on_device(image) else channels)
    return np.maximum(cvkit.to_host(scores), np.float32(-1))


IMAGE_CASES: list[Case] = [
    _row(
        "channel_features",
        "bytes",
        cvkit.channel_features,
        device_tolerance=ONE_LEVEL,
        channels=3,
        minimum_shape=(4, 4),
    ),
    *(
        _row("sharpen", method, lambda image, method=method: cvkit.sharpen(image, method), channels=3)
        for method in ("laplacian", "sobel")
    ),
    *(
        _row(
            "warp_affine",
            f"{interpolation} by a shift",
            lambda image, interpolation=interpolation: cvkit.warp_affine(
                image, np.array([[1, 0, 3.25], [0, 1, -2.5]]), image_size(image), interpolation=interpolation
            ),
            device_tolerance=ONE_LEVEL if dtype == "uint16" else Tolerance(absolute=1e-4),
            dtype=dtype,
        )
        for interpolation in ("bilinear", "bicubic")
        for dtype in ("uint16", "float32")
    ),
]
"""Functions of an image or a stack."""

SINGLE_IMAGE_CASES: list[Case] = [
    *(
        _row(
            detector,
            f"windows of {model}",
            lambda image, model=model: _windows(model, image),
            device_tolerance=_SCORES,
            channels=3,
            minimum_shape=(200, 120),
        )
        for detector, model in (
            ("HOGDetector", "person-hog"),
            ("ChannelDetector", "person-acf"),
            ("ChannelDetector", "person-ldcf"),
        )
    ),
    _row(
        "KMeans",
        "labels",
        lambda X: _learner("KMeans").predict(X[:, :_FEATURES]),
        device_tolerance=EXACT,
        dtype="float64",
        minimum_shape=(1, _FEATURES),
    ),
    _row(
        "KNeighborsClassifier",
        "distances",
        _distances_to_neighbors,
        device_tolerance=_DISTANCES,
        dtype="float64",
        minimum_shape=(1, _FEATURES),
    ),
    *(
        _row(
            name,
            "decision function",
            lambda X, name=name: _learner(name).decision_function(X[:, :_FEATURES]),
            device_tolerance=_DISTANCES,
            dtype="float64",
            minimum_shape=(1, _FEATURES),
        )
        for name in ("LinearSVC", "SVC")
    ),
]
"""Detectors, which take one image, and learners, which take its rows as samples."""
