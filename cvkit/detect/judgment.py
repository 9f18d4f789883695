"""How good the detections of labeled images are, class by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from cvkit.detect import evaluation
from cvkit.detect.coco_evaluation import coco_average_precision
from cvkit.detect.detections import Detections
from cvkit.detect.labeled_images import LabeledImage
from cvkit.detect.labels import all_boxes, boxes_of, detections_of, pair, select_class

# Where COCO's average precision for one overlap stands among those for all.
_AT_50, _AT_75 = 0, 5


class Judgment(NamedTuple):
    """What ``cvkit evaluate`` finds out.

    Attributes
    ----------
    summary : dict
        Numbers by their names.
    classes : dict
        For each class COCO's average precisions by their names; None where it has no objects.
    result : Evaluation or None
        The detections of the only class, each judged; None where there are several.
    """

    summary: dict[str, Any]
    classes: dict[str, dict[str, float | None]]
    result: evaluation.Evaluation | None


class _Boxes(NamedTuple):
    """Detections, objects and regions to ignore of one class, for each image."""

    detections: list[Detections]
    truths: list[np.ndarray]
    ignored: list[np.ndarray]


def judge(
    found: Sequence[LabeledImage],
    truths: Sequence[LabeledImage],
    regions: Sequence[LabeledImage],
    *,
    label: str | None = None,
    min_iou: float = 0.5,
    aspect: float | None = None,
) -> Judgment:
    """Compare detections to labels, of one class or of all.

    Parameters
    ----------
    found, truths : sequence of LabeledImage
        Detections and labels; their images are brought together by their names.
    regions : sequence of LabeledImage
        Where detections do not count.
    label : str, optional
        The class to judge; by default all.
    min_iou : float
        Least intersection over union of a match, where one class is judged.
    aspect : float, optional
        Width for a height of 1 that labeled boxes get.

    Raises
    ------
    ValueError
        If names may stand for several images, the class has no box, or a detection has no confidence.
    """
    there = sorted({box.label for image in truths for box in image.boxes})
    if label is None and len(there) > 1:
        matched = {name: _match(found, truths, regions, name, name, aspect) for name in there}
        return _judge_all(matched)
    label = select_class(truths, label, "LABELS")
    several = len({box.label for image in found for box in image.boxes}) > 1
    found_label = select_class(found, label if several else None, "DETECTIONS")
    boxes = _match(found, truths, regions, found_label, label, aspect)
    result = evaluation.evaluate(*boxes, min_iou=min_iou)
    precisions = _precisions(boxes)
    summary = {
        "images": result.image_count,
        "objects": result.object_count,
        "detections": len(result.confidence),
        "log_average_miss_rate": evaluation.log_average_miss_rate(result),
        "average_precision": evaluation.average_precision(result),
        "average_precision_coco": evaluation.average_precision(result, recall_points=101),
        "mean_average_precision": precisions["mean_average_precision"] or 0.0,
    }
    return Judgment(summary, {str(label): precisions}, result)


def _match(
    found: Sequence[LabeledImage],
    truths: Sequence[LabeledImage],
    regions: Sequence[LabeledImage],
    found_label: str | None,
    label: str | None,
    aspect: float | None,
) -> _Boxes:
    found = pair(truths, found, "DETECTIONS")
    regions = pair(truths, regions, "--ignore")
    return _Boxes(
        [detections_of(image, found_label) for image in found],
        [evaluation.standardize(boxes_of(image, label), aspect) for image in truths],
        [
            np.concatenate([boxes_of(image, label, ignored=True), all_boxes(region)])
            for image, region in zip(truths, regions, strict=True)
        ],
    )


def _judge_all(matched: dict[str, _Boxes]) -> Judgment:
    classes = {label: _precisions(boxes) for label, boxes in matched.items()}
    summary: dict[str, Any] = {
        "images": max(len(boxes.truths) for boxes in matched.values()),
        "objects": sum(len(truths) for boxes in matched.values() for truths in boxes.truths),
        "detections": sum(len(found) for boxes in matched.values() for found in boxes.detections),
    }
    for name in ("mean_average_precision", "mean_average_precision_50", "mean_average_precision_75"):
        values = [value for precisions in classes.values() if (value := precisions[name]) is not None]
        summary[name] = float(np.mean(values)) if values else 0.0
    return Judgment(summary, classes, None)


def _precisions(boxes: _Boxes) -> dict[str, float | None]:
    values = coco_average_precision(*boxes)
    named = {"": values.mean(), "_50": values[_AT_50], "_75": values[_AT_75]}
    return {
        f"mean_average_precision{name}": None if np.isnan(value) else float(value)
        for name, value in named.items()
    }
