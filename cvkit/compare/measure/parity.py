"""Compare the results of rows of the tables with their references'."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

import cvkit
from cvkit.compare.cases.case import Case, Tolerance
from cvkit.compare.cases.detectors import DetectorCase, OpenCVDetector, our_detector
from cvkit.compare.measure.difference import difference
from cvkit.compare.measure.documents import Row
from cvkit.compare.measure.machine import reference_version

# Windows below the threshold of every detector, so that more than a handful are compared.
_WINDOW_THRESHOLD = -1.5
_SCORE_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Results:
    """Two results of one operation, and how they differ.

    Parameters
    ----------
    row : dict
        The measured differences, for the document.
    ours, reference : numpy.ndarray
        The results.
    """

    row: Row
    ours: np.ndarray
    reference: np.ndarray


def compare_case(case: Case, image: np.ndarray, name: str, *, on_cuda: bool = False) -> Results:
    """Run a row of the table of images on both sides.

    Parameters
    ----------
    case : Case
        The row.
    image : numpy.ndarray
        Of the row's dtype and channels.
    name : str
        What the image is called in the document.
    on_cuda : bool
        Whether cvkit works on the GPU.

    Returns
    -------
    Results

    Examples
    --------
    >>> from cvkit.compare.cases.table import CASES
    >>> from cvkit.compare.cases.images import noise
    >>> compare_case(CASES[0], noise(9, 7, channels=3), "noise").row["equal"]
    1.0
    """
    ours = cvkit.to_host(case.ours(cvkit.to_device(image))) if on_cuda else case.ours(image)
    reference = case.reference(image).reshape(ours.shape)
    found = difference(ours, reference, case.tolerance)
    row = {
        "section": "parity",
        "operation": case.operation,
        "name": case.name,
        "label": case.label,
        "dtype": case.dtype,
        "channels": case.channels,
        "height": image.shape[0],
        "width": image.shape[1],
        "image": name,
        "device": "cuda" if on_cuda else "cpu",
        "reference_version": reference_version(case.against),
        **asdict(found),
        "tolerance": asdict(case.tolerance),
        "agrees": found.exceeding <= case.tolerance.exceptions,
    }
    return Results(row, ours, reference)


def compare_detector(case: DetectorCase, image: np.ndarray, name: str, *, on_cuda: bool = False) -> Row:
    """Compare all windows above a low threshold, and their scores, with the same weights on both sides.

    Parameters
    ----------
    case : DetectorCase
        The row.
    image : numpy.ndarray, (H, W, 3), uint8
        Where to look, RGB.
    name : str
        What the image is called in the document.
    on_cuda : bool
        Whether cvkit works on the GPU.

    Returns
    -------
    dict
        ``largest`` and ``mean`` are differences of scores of windows that both found, ``equal`` their share.

    Examples
    --------
    >>> from cvkit.compare.cases.images import scene
    >>> row = compare_detector(DetectorCase(200, 150, 1, bar=1.0), scene(200, 150, channels=3), "scene")
    >>> row["equal"], row["agrees"]
    (1.0, True)
    """
    image = case.adapted(image)
    boxes, scores = our_detector(threshold=_WINDOW_THRESHOLD).detect_windows(
        cvkit.to_device(image) if on_cuda else image
    )
    expected = _by_window(*OpenCVDetector().detect(image, threshold=_WINDOW_THRESHOLD, group=0))
    found = _by_window(boxes, scores)
    shared = sorted(found.keys() & expected.keys())
    gaps = [abs(found[window] - expected[window]) for window in shared] or [0.0]
    either = found.keys() | expected.keys()
    share = len(shared) / len(either) if either else 1.0
    return {
        "section": "parity",
        "operation": case.operation,
        "name": f"{case.name}, scores of {len(expected)} windows",
        "label": case.label,
        "dtype": "uint8",
        "channels": case.channels,
        "height": case.height,
        "width": case.width,
        "image": name,
        "device": "cuda" if on_cuda else "cpu",
        "reference_version": reference_version(case.against),
        "largest": max(gaps),
        "mean": sum(gaps) / len(gaps),
        "equal": share,
        "exceeding": 1.0 - share,
        "tolerance": asdict(Tolerance(absolute=_SCORE_TOLERANCE)),
        "agrees": share == 1.0 and max(gaps) <= _SCORE_TOLERANCE,
    }


def _by_window(boxes: np.ndarray, scores: np.ndarray) -> dict[tuple[float, ...], float]:
    return {tuple(box.tolist()): float(score) for box, score in zip(boxes, scores, strict=True)}
