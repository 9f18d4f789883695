"""Find what a detector's scores mean, on images that it was not trained on."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np

from cvkit.detect.training.examples import Example, Progress, Scene, is_near
from cvkit.detect.window_detector import WindowDetector
from cvkit.ml.svm.platt import fit_sigmoid

# The default threshold lets through this many false positives an image.
FALSE_POSITIVES_PER_IMAGE = 0.1
# Detections below it are so many, and so surely none, that they need not be looked at.
_LEAST_SCORE = -1.0


def calibrate_detector(
    detector: WindowDetector,
    object_scores: np.ndarray,
    images: Iterable[tuple[int, Example, np.ndarray]],
    progress: Progress,
) -> dict[str, Any]:
    """Find the threshold and Platt's sigmoid.

    Parameters
    ----------
    detector : WindowDetector
        Trained without the images.
    object_scores : numpy.ndarray
        Scores of the middle windows of held-out objects; -inf where a cascade gave up.
    images : iterable of (number, Example, image)
        Held-out images; detections away from the objects in them are false.
    progress : callable
        Is told the result.

    Returns
    -------
    dict
        ``threshold``, the score that FALSE_POSITIVES_PER_IMAGE reach, and ``calibration``.

    Raises
    ------
    ValueError
        If the objects score no higher than the false positives.
    """
    others = [false_scores(detector, example, image) for _, example, image in images]
    false = np.sort(np.concatenate([np.empty(0, np.float32), *others]))[::-1]
    # Scores of objects that a cascade gave up, and of what it might have found where it found nothing false.
    positive = np.where(np.isfinite(object_scores), object_scores, _LEAST_SCORE)
    negative = false if len(false) else np.full(len(others), _LEAST_SCORE)
    scores = np.concatenate([positive, negative]).astype(np.float64)
    slope, offset = fit_sigmoid(scores, np.arange(len(scores)) < len(object_scores))
    if slope >= 0:
        raise ValueError("held-out objects score no higher than other windows: nothing to calibrate by")
    threshold = threshold_for(false, len(others))
    progress(
        f"threshold {threshold:.3f} at {FALSE_POSITIVES_PER_IMAGE} false positives an image, where "
        f"{(object_scores < threshold).mean():.1%} of the held-out objects are missed"
    )
    return {"threshold": threshold, "calibration": (slope, offset)}


def false_scores(detector: WindowDetector, example: Example, image: np.ndarray) -> np.ndarray:
    """Scores of all detections that lie away from the objects of an image, down to a low score."""
    eager = copy.copy(detector)
    eager.threshold = _LEAST_SCORE
    found = eager.detect(image)
    if isinstance(example, Scene) and example.boxes:
        found = found[~is_near(found.xyxy, example)]
    return found.confidence


def threshold_for(false: np.ndarray, image_count: int, rate: float = FALSE_POSITIVES_PER_IMAGE) -> float:
    """Find the least threshold that lets through ``rate`` false detections an image.

    Examples
    --------
    >>> round(threshold_for(np.array([3.0, 2.0, 1.0]), 20), 6)
    1.0
    >>> threshold_for(np.array([3.0, 2.0, 1.0]), 40)
    -1.0
    """
    allowed = round(rate * image_count)
    if len(false) <= allowed:
        return _LEAST_SCORE
    return float(np.nextafter(np.float32(false[allowed]), np.float32(np.inf)))
