"""Overlap of boxes, and non-maximum suppression: one box for each object."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit.typing import Overlap, SoftSuppression

# Whether an overlap is measured against the smaller box instead of the union of both.
_AGAINST_SMALLER = {"iou": False, "smaller": True}
# Areas of larger boxes overflow.
_FARTHEST = 1e150


def box_iou(first: npt.ArrayLike, second: npt.ArrayLike, *, overlap: str = "iou") -> np.ndarray:
    """Measure how much each box of one set overlaps each box of another.

    Parameters
    ----------
    first, second : array_like, (N, 4) and (M, 4)
        Boxes: left, top, right, bottom.
    overlap : {"iou", "smaller"}
        The area of the intersection is divided by the area of the union, or by that of the smaller box.

    Returns
    -------
    numpy.ndarray, (N, M), float64
        From 0 (apart) to 1; 0 where the divisor is 0.

    Raises
    ------
    ValueError
        For boxes that are not four finite numbers with left <= right and top <= bottom.

    Examples
    --------
    >>> from cvkit.detect import box_iou
    >>> box_iou([[0, 0, 4, 4]], [[0, 0, 4, 2], [4, 0, 8, 4]])
    array([[0.5, 0. ]])
    """
    first, second = _boxes(first, "first"), _boxes(second, "second")
    against_smaller = _validate.one_of(overlap, _AGAINST_SMALLER, "overlap")
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    intersection = (bottom_right - top_left).clip(min=0).prod(axis=2)
    first_area = (first[:, 2:] - first[:, :2]).prod(axis=1)[:, None]
    second_area = (second[:, 2:] - second[:, :2]).prod(axis=1)
    if against_smaller:
        divisor = np.minimum(first_area, second_area)
    else:
        divisor = first_area + second_area - intersection
    return np.divide(intersection, divisor, out=np.zeros_like(intersection), where=divisor > 0)


def nms(
    xyxy: npt.ArrayLike,
    confidence: npt.ArrayLike,
    *,
    class_id: npt.ArrayLike | None = None,
    threshold: float = 0.5,
    overlap: Overlap = "iou",
) -> np.ndarray:
    """Keep the most confident box of each object: greedy non-maximum suppression.

    The most confident box is kept and removes the boxes of its class that overlap it by more than
    ``threshold``; then the most confident of the rest, and so on.

    Parameters
    ----------
    xyxy : array_like, (N, 4)
        Boxes: left, top, right, bottom.
    confidence : array_like, (N,)
        Confidence of each box. Among equal ones the earlier box wins.
    class_id : array_like of integers, (N,), optional
        Class of each box; boxes of different classes never remove each other.
    threshold : float
        Largest overlap, from 0 to 1, that two boxes of different objects may have.
    overlap : {"iou", "smaller"}
        Intersection over union, or over the smaller box. The latter also removes a small box inside a large
        one, which is usually the same person at another scale.

    Returns
    -------
    numpy.ndarray, int64
        Indices of the boxes kept, by falling confidence.

    Raises
    ------
    TypeError
        For classes that are no integers, masked arrays, and what is no array of numbers.
    ValueError
        For malformed boxes, lengths that differ, a NaN confidence or a threshold outside [0, 1].

    Notes
    -----
    Overlap with the smaller box: Dollár, Tu, Perona and Belongie, *Integral Channel Features*, BMVC 2009.

    Examples
    --------
    >>> from cvkit.detect import nms
    >>> nms([[0, 0, 10, 20], [1, 0, 11, 20], [50, 0, 60, 20]], [0.8, 0.9, 0.3])
    array([1, 2])
    """
    boxes, confidences, classes = _checked_boxes(xyxy, confidence, class_id)
    threshold = _validate.number(threshold, "threshold", minimum=0.0, maximum=1.0)
    against_smaller = _validate.one_of(overlap, _AGAINST_SMALLER, "overlap")
    from cvkit.detect._cpu import suppression as kernels  # Numba, once there are boxes

    order = np.lexsort((-confidences, classes))
    alive = np.ones(len(order), np.uint8)
    kernels.suppress(_columns(boxes[order]), _class_ends(classes[order]), threshold, against_smaller, alive)
    # Back to the caller's order first, so that equal ones of different classes keep it.
    kept = np.sort(order[alive == 1])
    return kept[np.argsort(-confidences[kept], kind="stable")]


def soft_nms(
    xyxy: npt.ArrayLike,
    confidence: npt.ArrayLike,
    *,
    class_id: npt.ArrayLike | None = None,
    method: SoftSuppression = "gaussian",
    sigma: float = 0.5,
    threshold: float = 0.5,
    min_confidence: float = 0.001,
) -> tuple[np.ndarray, np.ndarray]:
    """Lower the confidence of boxes that overlap a surer one, instead of removing them.

    Parameters
    ----------
    xyxy : array_like, (N, 4)
        Boxes: left, top, right, bottom.
    confidence : array_like, (N,)
        Confidence of each box, not negative: the decay multiplies.
    class_id : array_like of integers, (N,), optional
        Class of each box; boxes of different classes do not lower each other.
    method : {"gaussian", "linear"}
        Decay of the confidence by ``exp(-iou ** 2 / sigma)``, or by ``1 - iou`` where the IoU exceeds
        ``threshold``.
    sigma : float
        Width of the Gaussian decay; above 0.
    threshold : float
        IoU above which the linear decay sets in, from 0 to 1.
    min_confidence : float
        Boxes whose confidence falls below are dropped.

    Returns
    -------
    indices : numpy.ndarray, int64
        The boxes kept, by falling new confidence.
    confidence : numpy.ndarray, float64
        Their new confidence.

    Raises
    ------
    TypeError
        For classes that are no integers, masked arrays, and what is no array of numbers.
    ValueError
        For malformed boxes, lengths that differ, negative or a NaN confidence, parameters out of range.

    Notes
    -----
    Bodla, Singh, Chellappa and Davis, *Soft-NMS: Improving Object Detection With One Line of Code*, ICCV
    2017.

    Examples
    --------
    >>> from cvkit.detect import soft_nms
    >>> indices, confidence = soft_nms([[0, 0, 10, 20], [1, 0, 11, 20]], [0.8, 0.9])
    >>> indices
    array([1, 0])
    >>> confidence.round(3)
    array([0.9 , 0.21])
    """
    boxes, confidences, classes = _checked_boxes(xyxy, confidence, class_id)
    if (confidences < 0).any():
        raise ValueError(f"confidence must not be negative, got {confidences.min()}")
    gaussian = _validate.one_of(method, {"gaussian": True, "linear": False}, "method")
    sigma = _validate.number(sigma, "sigma", above=0.0)
    threshold = _validate.number(threshold, "threshold", minimum=0.0, maximum=1.0)
    min_confidence = _validate.number(min_confidence, "min_confidence", minimum=0.0)
    from cvkit.detect._cpu import suppression as kernels

    order = np.argsort(classes, kind="stable")
    decayed = confidences[order]
    kernels.decay(_columns(boxes[order]), _class_ends(classes[order]), gaussian, sigma, threshold, decayed)
    lowered = np.empty_like(decayed)
    lowered[order] = decayed
    kept = np.flatnonzero(lowered >= min_confidence)
    kept = kept[np.argsort(-lowered[kept], kind="stable")]
    return kept, lowered[kept]


def _boxes(value: npt.ArrayLike, name: str) -> np.ndarray:
    """Check boxes. float64, because products of float32 coordinates are exact in it."""
    boxes = _validate.real_array(value, name)
    if boxes.size == 0:
        boxes = boxes.reshape(0, 4)
    boxes = _validate.matrix(boxes, (-1, 4), name)
    inverted = (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
    if inverted.any():
        raise ValueError(f"{name} must have left <= right and top <= bottom, got {boxes[inverted][0]}")
    far = (np.abs(boxes) > _FARTHEST).any(axis=1)
    if far.any():
        raise ValueError(f"{name} must lie within {_FARTHEST:g} of 0, got {boxes[far][0]}")
    return boxes


def _checked_boxes(
    xyxy: npt.ArrayLike, confidence: npt.ArrayLike, class_id: npt.ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    boxes = _boxes(xyxy, "xyxy")
    confidences = _validate.matrix(confidence, (len(boxes),), "confidence")
    if class_id is None:
        return boxes, confidences, np.zeros(len(boxes), np.int64)
    classes = _validate.whole_numbers(class_id, "class_id")
    if classes.shape != confidences.shape:
        raise ValueError(f"class_id must have shape {len(boxes)}, got {classes.shape}")
    return boxes, confidences, classes


def _columns(boxes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Left, top, right and bottom, each contiguous, for the vectorizer."""
    return tuple(np.ascontiguousarray(boxes.T))


def _class_ends(sorted_classes: np.ndarray) -> np.ndarray:
    """For each box, one past the last box of its class."""
    return np.searchsorted(sorted_classes, sorted_classes, side="right")
