"""How good detections are: matching to labeled boxes, miss rates and precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit.detect.detections import Detections
from cvkit.detect.suppression import box_iou

# The false positives per image at which miss rates are averaged: nine points, evenly spaced in the
# logarithm.
REFERENCE_RATES = np.logspace(-2, 0, 9)
# A miss rate of 0 has no logarithm; this takes its place in the geometric mean.
_LEAST_MISS_RATE = 1e-6


@dataclass(frozen=True)
class Evaluation:
    """Detections of a set of images, surest first, each judged right or wrong.

    Parameters
    ----------
    confidence : numpy.ndarray, (N,), float32
        Descending.
    is_right : numpy.ndarray, (N,), bool
        Whether the detection is the one that its object counts.
    object_count : int
        Labeled objects of all images.
    image_count : int
        Number of images.
    """

    confidence: np.ndarray
    is_right: np.ndarray
    object_count: int
    image_count: int


def evaluate(
    detections: Sequence[Detections],
    truths: Sequence[npt.ArrayLike],
    ignored: Sequence[npt.ArrayLike] | None = None,
    *,
    min_iou: float = 0.5,
) -> Evaluation:
    """Match the detections of each image to its labeled boxes, surest first.

    A detection takes the free box it overlaps most, if by at least ``min_iou``. One that takes none and
    lies at least half in an ignored region counts as nothing, else it is wrong.

    Parameters
    ----------
    detections : sequence of Detections
        One for each image.
    truths : sequence of array_like, (M, 4)
        Labeled boxes (left, top, right, bottom) of each image.
    ignored : sequence of array_like, (K, 4), optional
        Regions of each image in which detections do not count.
    min_iou : float
        Least intersection over union of a match.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        If the sequences differ in length.

    Examples
    --------
    >>> found = Detections([[0, 0, 10, 20], [1, 0, 11, 20], [50, 0, 60, 20]], [3, 2, 1])
    >>> evaluate([found], [[[0, 0, 10, 20]]]).is_right
    array([ True, False, False])
    >>> evaluate([found], [[[0, 0, 10, 20]]], [[[45, 0, 70, 30]]]).is_right
    array([ True, False])
    """
    min_iou = _validate.number(min_iou, "min_iou", above=0.0, maximum=1.0)
    ignored = [np.empty((0, 4))] * len(truths) if ignored is None else ignored
    if not len(detections) == len(truths) == len(ignored):
        raise ValueError(
            f"detections, truths and ignored must have one entry for each image, "
            f"got {len(detections)}, {len(truths)} and {len(ignored)}"
        )
    confidences, judgments, object_count = [], [], 0
    for of_image, boxes, regions in zip(detections, truths, ignored, strict=True):
        boxes = _validate.real_array(boxes, "truths").astype(np.float64).reshape(-1, 4)
        regions = _validate.real_array(regions, "ignored").astype(np.float64).reshape(-1, 4)
        object_count += len(boxes)
        of_image = of_image[np.argsort(-of_image.confidence, kind="stable")]
        taken = _take_boxes(of_image.xyxy, boxes, min_iou)
        counts = taken | ~_mostly_inside(of_image.xyxy, regions)
        confidences.append(of_image.confidence[counts])
        judgments.append(taken[counts])
    confidence = np.concatenate([np.empty(0, np.float32), *confidences])
    order = np.argsort(-confidence, kind="stable")
    is_right = np.concatenate([np.empty(0, bool), *judgments])[order]
    return Evaluation(confidence[order], is_right, object_count, len(truths))


def _take_boxes(found: np.ndarray, boxes: np.ndarray, min_iou: float) -> np.ndarray:
    """Let each detection in turn take the free box it overlaps most; tell which ones got one."""
    taken = np.zeros(len(found), bool)
    if not len(boxes):
        return taken
    overlap = box_iou(found, boxes)
    for index in range(len(found)):
        best = int(overlap[index].argmax())
        if overlap[index, best] >= min_iou:
            taken[index] = True
            overlap[:, best] = -1
    return taken


def _mostly_inside(found: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Tell which boxes lie at least half in one region."""
    if not len(regions):
        return np.zeros(len(found), bool)
    low = np.maximum(found[:, np.newaxis, :2], regions[:, :2])
    high = np.minimum(found[:, np.newaxis, 2:], regions[:, 2:])
    common = np.prod((high - low).clip(0), axis=2)
    area = np.prod(found[:, 2:] - found[:, :2], axis=1)
    return (common >= 0.5 * area[:, np.newaxis]).any(axis=1)


def standardize(boxes: npt.ArrayLike, aspect: float | None) -> np.ndarray:
    """Give labeled boxes one aspect, since detectors' boxes have one and arms and bags are no part of it.

    Parameters
    ----------
    boxes : array_like, (N, 4)
        Left, top, right and bottom.
    aspect : float, optional
        Width for a height of 1; 0.41 is usual for people. None leaves boxes as they are.

    Returns
    -------
    numpy.ndarray, (N, 4), float64
        Of the same height and center.

    References
    ----------
    P. Dollar, C. Wojek, B. Schiele and P. Perona, "Pedestrian detection: an evaluation of the state of the
    art", PAMI 2012.

    Examples
    --------
    >>> standardize([[0, 0, 30, 100]], 0.5)
    array([[-10.,   0.,  40., 100.]])
    """
    boxes = np.array(_validate.real_array(boxes, "boxes"), np.float64).reshape(-1, 4)
    if aspect is None:
        return boxes
    aspect = _validate.number(aspect, "aspect", above=0.0)
    left, top, right, bottom = boxes.T
    middle, half = (left + right) / 2, aspect * (bottom - top) / 2
    return np.stack([middle - half, top, middle + half, bottom], axis=1)


def det_curve(evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Trade misses against false positives by moving the threshold.

    Parameters
    ----------
    evaluation : Evaluation
        From :func:`evaluate`.

    Returns
    -------
    false_positives_per_image, miss_rate, threshold : numpy.ndarray, (N,)
        One point for each detection, its confidence being the threshold, from sure to unsure.

    Examples
    --------
    >>> found = Detections([[0, 0, 10, 20], [50, 0, 60, 20]], [2, 1])
    >>> det_curve(evaluate([found], [[[0, 0, 10, 20]]]))[:2]
    (array([0., 1.]), array([0., 0.]))
    """
    right = np.cumsum(evaluation.is_right)
    wrong = np.cumsum(~evaluation.is_right)
    miss_rate = 1 - right / max(1, evaluation.object_count)
    return wrong / max(1, evaluation.image_count), miss_rate, evaluation.confidence


def window_det_curve(
    objects: npt.ArrayLike, others: npt.ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Trade misses against false positives for single windows (Dalal and Triggs 2005).

    Parameters
    ----------
    objects : array_like, (N,)
        Scores of windows with an object.
    others : array_like, (M,)
        Scores of windows without.

    Returns
    -------
    false_positives_per_window, miss_rate, threshold : numpy.ndarray
        One point for each distinct score of the objects, from sure to unsure: what scores at least as much
        counts as found.

    Raises
    ------
    ValueError
        If there are no objects or no others.

    Examples
    --------
    >>> window_det_curve([3, 1], [2, 0, 0, 0])
    (array([0.  , 0.25]), array([0.5, 0. ]), array([3., 1.]))
    """
    objects, others = np.sort(np.ravel(objects)).astype(float), np.sort(np.ravel(others)).astype(float)
    if not objects.size or not others.size:
        raise ValueError(f"objects and others must have scores, got {objects.size} and {others.size}")
    threshold = np.unique(objects)[::-1]
    misses = np.searchsorted(objects, threshold, side="left")
    rejected = np.searchsorted(others, threshold, side="left")
    return (others.size - rejected) / others.size, misses / objects.size, threshold


def log_average_miss_rate(evaluation: Evaluation) -> float:
    """Average the miss rate, geometrically, over 0.01 to 1 false positives per image.

    At each of nine rates it takes the last point of the curve at or below the rate, and a miss rate of 1
    where there is none.

    Parameters
    ----------
    evaluation : Evaluation
        From :func:`evaluate`.

    Returns
    -------
    float
        0 for perfect detections, 1 for none.

    References
    ----------
    P. Dollar, C. Wojek, B. Schiele and P. Perona, "Pedestrian detection: an evaluation of the state of the
    art", PAMI 2012.

    Examples
    --------
    >>> log_average_miss_rate(evaluate([Detections.empty()], [[[0, 0, 10, 20]]]))
    1.0
    """
    rates, miss_rate, _ = det_curve(evaluation)
    return average_logarithm(rates, miss_rate, REFERENCE_RATES)


def average_logarithm(rates: np.ndarray, miss_rate: np.ndarray, points: npt.ArrayLike) -> float:
    """Average a curve's miss rate geometrically over some rates of false positives.

    Parameters
    ----------
    rates, miss_rate : numpy.ndarray, (N,)
        The curve, its rates ascending.
    points : array_like
        Rates at which to read it: the last value at or below, 1 where there is none.

    Returns
    -------
    float
        The geometric mean.
    """
    points = np.searchsorted(rates, points, side="right") - 1
    values = np.where(points >= 0, np.append(miss_rate, 1.0)[points], 1.0)
    return float(np.exp(np.mean(np.log(np.maximum(values, _LEAST_MISS_RATE)))))


def precision_recall(evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """Trade precision against recall by moving the threshold.

    Parameters
    ----------
    evaluation : Evaluation
        From :func:`evaluate`.

    Returns
    -------
    precision, recall : numpy.ndarray, (N,)
        One point for each detection, from sure to unsure. The precision is made monotone: the best one at
        this recall or more.

    Examples
    --------
    >>> found = Detections([[0, 0, 10, 20], [50, 0, 60, 20]], [2, 1])
    >>> precision_recall(evaluate([found], [[[50, 0, 60, 20]]]))
    (array([0.5, 0.5]), array([0., 1.]))
    """
    right = np.cumsum(evaluation.is_right)
    precision = right / np.arange(1, len(right) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return best_from_here, right / max(1, evaluation.object_count)


def average_precision(evaluation: Evaluation, *, recall_points: int | None = None) -> float:
    """Average the precision over recall, as the area under the curve made monotone.

    Parameters
    ----------
    evaluation : Evaluation
        From :func:`evaluate`.
    recall_points : int, optional
        Average over this many evenly spaced recalls from 0 to 1 instead: 101 is COCO's rule, 11 that of
        Pascal VOC before 2010.

    Returns
    -------
    float
        1 for perfect detections, 0 for none.

    References
    ----------
    M. Everingham et al., "The Pascal visual object classes challenge", IJCV 2010 (the rule since VOC 2010).
    T.-Y. Lin et al., "Microsoft COCO: common objects in context", ECCV 2014.

    Examples
    --------
    >>> found = Detections([[0, 0, 10, 20], [50, 0, 60, 20]], [2, 1])
    >>> average_precision(evaluate([found], [[[50, 0, 60, 20]]]))
    0.5
    """
    precision, recall = precision_recall(evaluation)
    if recall_points is None:
        return float(np.sum(np.diff(recall, prepend=0.0) * precision))
    recall_points = _validate.integer(recall_points, "recall_points", minimum=2)
    first = np.searchsorted(recall, np.linspace(0, 1, recall_points), side="left")
    return float(np.append(precision, 0.0)[first].mean())
