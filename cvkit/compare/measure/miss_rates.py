"""Judge detectors on labeled images: OpenCV's people detector and the models that cvkit ships."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cvkit.compare.cases.detectors import OpenCVDetector, our_detector
from cvkit.compare.measure.documents import Row
from cvkit.compare.measure.machine import opencv_major, reference_version
from cvkit.detect import Detections, pretrained
from cvkit.detect.evaluation import (
    Evaluation,
    average_precision,
    det_curve,
    evaluate,
    log_average_miss_rate,
    standardize,
)
from cvkit.detect.labels import boxes_of, read_labels, select_class
from cvkit.detect.loading import pretrained_names
from cvkit.detect.path_index import PathIndex
from cvkit.io import read_ahead, walk

Detect = Callable[[np.ndarray], Detections]

# Far below every threshold, so that the curves go on beyond one false positive an image.
_LOWEST_SCORE = -1.0


def opencv_people() -> Detect:
    """Return OpenCV's people detector, its windows suppressed and cut to the person as cvkit's are."""
    descriptor, ours = OpenCVDetector(), our_detector()

    def detect(image: np.ndarray) -> Detections:
        windows, scores = descriptor.detect(image, threshold=_LOWEST_SCORE, group=0)
        boxes = ours.object_boxes(windows)
        kept = ours.suppress(boxes, scores)
        return Detections(boxes[kept], scores[kept])

    return detect


def detectors() -> dict[str, Detect]:
    """Return what there is to judge here, by name; OpenCV's own only where it still has one."""
    found: dict[str, Detect] = {}
    if opencv_major() < 5:
        found[f"{reference_version('opencv')}, default people detector"] = opencv_people()
    for name in pretrained_names():
        found[f"cvkit {name}"] = pretrained(name, threshold=_LOWEST_SCORE).detect
    return found


@dataclass(frozen=True)
class LabeledImages:
    """Images, the people in them, and regions that do not count.

    Parameters
    ----------
    paths : list of Path
        The images.
    people, ignored : list of numpy.ndarray, (N, 4)
        Boxes (left, top, right, bottom) of each image.
    """

    paths: list[Path]
    people: list[np.ndarray]
    ignored: list[np.ndarray]


def find_labeled(
    folder: str | os.PathLike[str], labels: str | os.PathLike[str], *, aspect: float | None = None
) -> LabeledImages:
    """Bring images and labels together, without reading the images.

    Parameters
    ----------
    folder : path
        Where the images are.
    labels : path
        Their labels, as :func:`cvkit.detect.labels.read_labels` takes them.
    aspect : float, optional
        Labeled boxes are made this wide for a height of 1.

    Returns
    -------
    LabeledImages

    Raises
    ------
    OSError, ValueError
        If the labels cannot be read or name an image that is not there.
    """
    images = read_labels(labels, images=folder)
    label = select_class(images, None, "labels")
    index = PathIndex(walk(folder))
    paths = []
    for image in images:
        path = index.find(image.name)
        if path is None:
            raise ValueError(f"labels name {image.name}, which is not in {os.fspath(folder)}")
        paths.append(Path(path))
    return LabeledImages(
        paths,
        [standardize(boxes_of(image, label), aspect) for image in images],
        [boxes_of(image, label, ignored=True) for image in images],
    )


def compare_miss_rates(
    labeled: LabeledImages,
    *,
    judged: dict[str, Detect] | None = None,
    unreadable: Callable[[Path, OSError], None] = lambda path, error: None,
) -> list[Row]:
    """Let detectors find the people in labeled images and compare what they miss.

    Parameters
    ----------
    labeled : LabeledImages
        Where to look, and what is there.
    judged : dict of str to callable, optional
        Detectors by name; :func:`detectors` by default.
    unreadable : callable
        Called with each image that cannot be read, which then does not count, and the reason.

    Returns
    -------
    list of dict
        One row for each detector: log-average miss rate, average precision, median milliseconds an image,
        and the corners of the curve of miss rate over false positives an image.
    """
    judged = detectors() if judged is None else judged
    found: dict[str, list[Detections]] = {name: [] for name in judged}
    times: dict[str, list[float]] = {name: [] for name in judged}
    read = []
    with closing(read_ahead(labeled.paths)) as images:
        for number, (path, image) in enumerate(images):
            if isinstance(image, OSError):
                unreadable(path, image)
                continue
            read.append(number)
            for name, detect in judged.items():
                start = time.perf_counter()
                found[name].append(detect(image))
                times[name].append(time.perf_counter() - start)
    people = [labeled.people[number] for number in read]
    ignored = [labeled.ignored[number] for number in read]
    return [_row(name, evaluate(found[name], people, ignored), times[name]) for name in judged if read]


def _row(name: str, result: Evaluation, times: list[float]) -> Row:
    rates, misses, _ = det_curve(result)
    corners = np.flatnonzero(np.diff(misses, prepend=np.inf))
    return {
        "section": "miss rate",
        "operation": "detect",
        "name": name,
        "label": f"detect[{name}]",
        "images": result.image_count,
        "objects": result.object_count,
        "log_average_miss_rate": log_average_miss_rate(result),
        "average_precision": average_precision(result),
        "milliseconds": float(np.median(times)) * 1e3,
        "false_positives": rates[corners].tolist(),
        "miss_rate": misses[corners].tolist(),
    }
