"""Average precision by COCO's rules, over strict and lenient overlaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit.detect.detections import Detections
from cvkit.detect.suppression import box_iou

COCO_OVERLAPS = np.linspace(0.5, 0.95, 10)
"""The least intersections over union that COCO averages over."""

_RECALLS = np.linspace(0, 1, 101)
# More detections of an image do not count.
_MOST_DETECTIONS = 100


def coco_average_precision(
    detections: Sequence[Detections],
    truths: Sequence[npt.ArrayLike],
    crowds: Sequence[npt.ArrayLike] | None = None,
) -> np.ndarray:
    """Average the precision over recall for each of COCO's ten overlaps, of one class.

    Parameters
    ----------
    detections : sequence of Detections
        One for each image; the hundred surest count.
    truths : sequence of array_like, (M, 4)
        Labeled boxes (left, top, right, bottom) of each image.
    crowds : sequence of array_like, (K, 4), optional
        Regions of each image with objects that are not labeled one by one: a detection that matches no box,
        and of which enough lies in one, does not count.

    Returns
    -------
    numpy.ndarray, (10,), float64
        For a least intersection over union of 0.5, 0.55 and so on to 0.95; NaN where there are no boxes. The
        mean over these, and over classes, is COCO's mean average precision (mAP).

    Raises
    ------
    ValueError
        If the sequences differ in length, or boxes are malformed.

    References
    ----------
    T.-Y. Lin et al., "Microsoft COCO: common objects in context", ECCV 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.detect import Detections, coco_average_precision
    >>> found = Detections([[0, 0, 10, 20], [50, 0, 60, 13]], [2, 1])
    >>> coco_average_precision([found], [[[0, 0, 10, 20], [50, 0, 60, 20]]]).round(3)
    array([1.   , 1.   , 1.   , 1.   , 0.505, 0.505, 0.505, 0.505, 0.505,
           0.505])
    """
    crowds = [np.empty((0, 4))] * len(truths) if crowds is None else crowds
    if not len(detections) == len(truths) == len(crowds):
        raise ValueError(
            f"detections, truths and crowds must have one entry for each image, "
            f"got {len(detections)}, {len(truths)} and {len(crowds)}"
        )
    confidences: list[np.ndarray] = [np.empty(0)]
    judgments: list[np.ndarray] = [np.empty((len(COCO_OVERLAPS), 0), np.int8)]
    count = 0
    for of_image, boxes, regions in zip(detections, truths, crowds, strict=True):
        boxes = _validate.real_array(boxes, "truths").astype(np.float64).reshape(-1, 4)
        regions = _validate.real_array(regions, "crowds").astype(np.float64).reshape(-1, 4)
        count += len(boxes)
        surest = of_image[np.argsort(-of_image.confidence, kind="stable")[:_MOST_DETECTIONS]]
        confidences.append(surest.confidence)
        judgments.append(_judge(surest.xyxy.astype(np.float64), boxes, regions))
    if count == 0:
        return np.full(len(COCO_OVERLAPS), np.nan)
    order = np.argsort(-np.concatenate(confidences), kind="stable")
    judged = np.concatenate(judgments, axis=1)[:, order]
    return np.array([_average(row[row != _IGNORED] == _RIGHT, count) for row in judged])


_WRONG, _RIGHT, _IGNORED = 0, 1, 2


def _judge(found: np.ndarray, boxes: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Say of each detection, the surest first, what it counts at each overlap, (10, N)."""
    judged = np.full((len(COCO_OVERLAPS), len(found)), _WRONG, np.int8)
    overlap = box_iou(found, boxes)
    share = _share_inside(found, regions)
    for row, least in enumerate(COCO_OVERLAPS):
        free = overlap.copy()
        for place in range(len(found)):
            # Of boxes that overlap alike, COCO takes the last.
            best = len(boxes) - 1 - int(free[place, ::-1].argmax()) if len(boxes) else -1
            if best >= 0 and free[place, best] >= least:
                judged[row, place] = _RIGHT
                free[:, best] = -1
            elif share[place] >= least:
                judged[row, place] = _IGNORED
    return judged


def _share_inside(found: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Return how much of each box lies in the region that holds most of it."""
    low = np.maximum(found[:, np.newaxis, :2], regions[:, :2])
    high = np.minimum(found[:, np.newaxis, 2:], regions[:, 2:])
    area = np.prod(found[:, 2:] - found[:, :2], axis=1)
    common = np.prod((high - low).clip(0), axis=2).max(axis=1, initial=0)
    return np.divide(common, area, out=np.zeros(len(found)), where=area > 0)


def _average(is_right: np.ndarray, count: int) -> float:
    right = np.cumsum(is_right)
    precision = right / np.arange(1, len(right) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    first = np.searchsorted(right / count, _RECALLS, side="left")
    return float(np.append(best_from_here, 0.0)[first].mean())
