"""Linear classifiers over HOG features from the files of ``cv2.HOGDescriptor`` and ``cv2.ml.SVM``."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cvkit._decoding import without_messages
from cvkit._opencv import opencv

# How the descriptor's file begins, and the name of the node that holds a support vector machine.
_DESCRIPTOR_MARK, _MACHINE_NODE = b"winSize", "opencv_ml_svm"
# Both stand near the beginning of their files.
_HEAD = 1000
# OpenCV's defaults, the only values that the kernels know.
_FIXED = {"derivAperture": 1, "histogramNormType": 0, "L2HysThreshold": 0.2, "nlevels": 64}
# Of two classes, OpenCV's decision is positive for the one with the smaller label.
_CLASSIFIERS = ("C_SVC", "NU_SVC")
_REGRESSIONS = ("EPS_SVR", "NU_SVR", "ONE_CLASS")


class StoredClassifier(NamedTuple):
    """What a file of OpenCV says.

    Parameters
    ----------
    weights : numpy.ndarray, (D + 1,), float64
        Weights and bias.
    settings : dict
        Those of :class:`cvkit.detect.HOGDetector` that the file holds.
    """

    weights: np.ndarray
    settings: dict[str, Any]


def is_linear_classifier(path: str | os.PathLike[str]) -> bool:
    """Tell the files that :func:`read_linear_classifier` reads from others, such as cascades.

    Parameters
    ----------
    path : path
        A file.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_linear_classifier(__file__)
    True
    """
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return _DESCRIPTOR_MARK in head or _MACHINE_NODE.encode() in head


def read_linear_classifier(path: str | os.PathLike[str]) -> StoredClassifier:
    """Read what ``cv2.HOGDescriptor.save`` or ``cv2.ml.SVM.save`` wrote, as XML, YAML or JSON.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    StoredClassifier

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged or neither of both, or holds what no linear detector can do.

    Examples
    --------
    >>> read_linear_classifier(__file__)
    Traceback (most recent call last):
    ...
    ValueError: ...opencv_files.py holds no linear classifier of OpenCV: ...
    """
    cv2 = opencv()
    content = Path(path).read_bytes()
    try:
        with without_messages():
            storage = cv2.FileStorage(
                content.decode("utf-8"), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY
            )
            machine = storage.getNode(_MACHINE_NODE)
            if not machine.empty():
                return _read_machine(machine)
            return _read_descriptor(storage.getFirstTopLevelNode())
    except (ValueError, SystemError, cv2.error) as error:
        reason = str(error) if type(error) is ValueError else "it is cut off, or of another format"
        raise ValueError(f"{os.fspath(path)} holds no linear classifier of OpenCV: {reason}") from error


def _read_descriptor(node: Any) -> StoredClassifier:
    for name, value in _FIXED.items():
        _expect(name, _numbers(node, name, 1), [value])
    pairs = {
        name: [int(number) for number in _numbers(node, name, 2)]
        for name in ("winSize", "blockSize", "blockStride", "cellSize")
    }
    if min(min(sides) for sides in pairs.values()) < 1:
        raise ValueError(f"sizes must be at least 1, got {pairs}")
    window, block, cell = pairs["winSize"], pairs["blockSize"], pairs["cellSize"]
    _expect("blockStride", pairs["blockStride"], cell)
    _expect("winSigma", _numbers(node, "winSigma", 1), [sum(block) / 8])
    if any(side % length for side, length in zip(block, cell, strict=True)):
        raise ValueError(f"blockSize must be whole cells of {cell}, got {block}")
    bins = int(_numbers(node, "nbins", 1)[0])
    is_signed = not node.getNode("signedGradient").empty() and bool(_numbers(node, "signedGradient", 1)[0])
    settings = {
        "window": (window[1], window[0]),
        "orientations": bins,
        "pixels_per_cell": (cell[1], cell[0]),
        "stride": math.gcd(*cell),
        "cells_per_block": (block[1] // cell[1], block[0] // cell[0]),
        "signed": is_signed,
        "gamma": bool(_numbers(node, "gammaCorrection", 1)[0]),
    }
    blocks = [(side - length) // step + 1 for side, length, step in zip(window, block, cell, strict=True)]
    size = math.prod(blocks) * block[0] * block[1] // (cell[0] * cell[1]) * bins
    weights = _numbers(node, "SVMDetector")
    if len(weights) == size:  # OpenCV takes it without the bias, too
        weights = np.append(weights, 0.0)
    return StoredClassifier(weights, settings)


def _read_machine(node: Any) -> StoredClassifier:
    kernel = node.getNode("kernel").getNode("type").string()
    if kernel != "LINEAR":
        raise ValueError(f"the kernel must be LINEAR, got {kernel or 'none'}")
    kind = node.getNode("svmType").string()
    if kind not in _CLASSIFIERS + _REGRESSIONS:
        raise ValueError(f"svmType must be one of {', '.join(_CLASSIFIERS + _REGRESSIONS)}, got {kind!r}")
    decisions = node.getNode("decision_functions")
    if decisions.size() != 1:
        raise ValueError(f"there must be one decision, between two classes, got {decisions.size()}")
    decision = decisions.at(0)
    factors = _numbers(decision, "alpha")
    size = int(_numbers(node, "var_count", 1)[0])
    rows = node.getNode("support_vectors")
    count = int(_numbers(decision, "sv_count", 1)[0])
    places = range(count) if decision.getNode("index").empty() else _numbers(decision, "index").astype(int)
    if not len(places) == len(factors) == count or not all(0 <= place < rows.size() for place in places):
        raise ValueError("the decision names support vectors that are not there")
    weights = np.zeros(size)
    for place, factor in zip(places, factors, strict=True):
        weights += factor * _values(rows.at(int(place)), "support_vectors", size)
    decided = np.append(weights, -_numbers(decision, "rho", 1)[0])
    return StoredClassifier(-decided if kind in _CLASSIFIERS else decided, {})


def _numbers(node: Any, name: str, count: int | None = None) -> np.ndarray:
    """Return the numbers below a node, and refuse another count of them."""
    return _values(node.getNode(name), name, count)


def _values(node: Any, name: str, count: int | None) -> np.ndarray:
    if node.empty():
        raise ValueError(f"it has no {name}")
    items = [node.at(place) for place in range(node.size())] if node.isSeq() else [node]
    if not all(item.isInt() or item.isReal() for item in items):
        raise ValueError(f"{name} must be numbers")
    values = np.array([item.real() for item in items])
    if count is not None and len(values) != count:
        raise ValueError(f"{name} must have {count} values, got {len(values)}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite")
    return values


def _expect(name: str, values: Any, wanted: Any) -> None:
    if not np.allclose(values, wanted, rtol=1e-6, atol=0):
        raise ValueError(f"{name} must be {list(wanted)}, the only value known here, got {list(values)}")
