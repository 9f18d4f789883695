"""The sets that person models are developed on, and how detectors do on them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from cvkit.detect import Detections
from cvkit.detect.evaluation import Evaluation, evaluate, standardize
from cvkit.detect.training.examples import split_examples
from cvkit.detect.window_detector import WindowDetector
from cvkit.io import walk

# Detections are looked at down to this score, which is below what any use has a threshold for.
_LEAST_SCORE = -1.0
# Width of a person for a height of 1.
_ASPECT = 0.41
# Where the person stands in a crop of 96x160 pixels: top, bottom and middle column.
_TOP, _BOTTOM, _MIDDLE = 32, 128, 48
# Pixels of the person that are cut off where a crop ends at the person.
_CUT = 4


class Sequence(NamedTuple):
    """A video with labels in MOT15 form, of which every ``step``-th frame is looked at, enlarged."""

    video: str
    labels: str
    step: int
    upscale: float


SEQUENCES = {
    "PETS": Sequence("pets/vtest.avi", "pets/gt.txt", 20, 2.0),
    "TUD-Campus": Sequence("tud/TUD-Campus/TUD-Campus.mp4", "tud/TUD-Campus/gt/gt.txt", 3, 1.0),
    "TUD-Stadtmitte": Sequence(
        "tud/TUD-Stadtmitte/TUD-Stadtmitte.mp4", "tud/TUD-Stadtmitte/gt/gt.txt", 5, 1.0
    ),
}
"""The sets that no model is trained on."""


def check_development_sets(data: Path) -> None:
    """Say which file or folder of the sets is missing, if one is."""
    files = [name for sequence in SEQUENCES.values() for name in sequence[:2]]
    for name in ("inria/train_pos", "inria/train_neg", *files):
        if not (data / name).exists():
            raise FileNotFoundError(f"no such file or folder: {data / name}")


def on_sequence(data: Path, sequence: Sequence, detector: WindowDetector) -> Evaluation:
    """Evaluate on the frames of a video."""
    table = np.loadtxt(data / sequence.labels, delimiter=",")
    eager = _eager(detector, sequence.upscale)
    found: list[Detections] = []
    truths, ignored = [], []
    for number, frame in _frames(data / sequence.video, sequence.step):
        found.append(eager.detect(frame))
        left, top, width, height, counts = table[table[:, 0] == number][:, 2:7].T
        boxes = np.stack([left, top, left + width, top + height], axis=1)
        truths.append(standardize(boxes[counts > 0], _ASPECT))
        ignored.append(boxes[counts == 0])
    return evaluate(found, truths, ignored)


def _frames(path: Path, step: int) -> Iterator[tuple[int, np.ndarray]]:
    """Read every ``step``-th frame as RGB, with its number, from 1."""
    video = cv2.VideoCapture(str(path))
    for number in count(1):
        is_read, frame = video.read()
        if not is_read:
            break
        if (number - 1) % step == 0:
            yield number, np.ascontiguousarray(frame[..., ::-1])
    if number == 1:
        raise OSError(f"{path} cannot be read")


def on_held_out(inria: Path, fold: int, detector: WindowDetector) -> Evaluation:
    """Evaluate on INRIA's training photographs of one fold, which the detector has not been trained on.

    People are those of the crops, each as it is and once more where the image ends at the person: at the
    left, upper, right or lower edge of the box in turn, four pixels inside. False positives are counted on
    the photographs without people.
    """
    split = split_examples(list(walk(inria / "train_pos")), list(walk(inria / "train_neg")), fold)
    eager = _eager(detector, 1.0)
    found: list[Detections] = []
    truths: list[np.ndarray] = []
    for number, path in enumerate(split.test_objects):
        crop = _read(path)
        for image, box in ((crop, _person()), _cut_at(crop, number % 4)):
            found.append(eager.detect(image))
            truths.append(box[np.newaxis])
    ignored = [np.array([[-np.inf, -np.inf, np.inf, np.inf]])] * len(found)
    for path in split.test_others:
        found.append(eager.detect(_read(path)))
        truths.append(np.empty((0, 4)))
        ignored.append(np.empty((0, 4)))
    return replace(evaluate(found, truths, ignored), image_count=len(split.test_others))


def _person() -> np.ndarray:
    """Return the box of the person in a crop."""
    half = _ASPECT * (_BOTTOM - _TOP) / 2
    return np.array([_MIDDLE - half, _TOP, _MIDDLE + half, _BOTTOM])


def _cut_at(crop: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a crop off where the person begins: left, top, right or bottom; return it and the person's box."""
    box = _person()
    edge = side % 2
    at = round(box[side]) + (_CUT if side < 2 else -_CUT)
    part = slice(at, None) if side < 2 else slice(None, at)
    cut = crop[:, part] if edge == 0 else crop[part]
    if side < 2:
        box[[edge, edge + 2]] -= at
    return np.ascontiguousarray(cut), box


def _read(path: object) -> np.ndarray:
    image = cv2.imread(str(path))
    if image is None:
        raise OSError(f"{path} cannot be read")
    return np.ascontiguousarray(image[..., ::-1])


def _eager(detector: WindowDetector, upscale: float) -> WindowDetector:
    """Return a detector that gives all that scores more than what no use has a threshold for."""
    eager = copy.copy(detector)
    eager.threshold, eager.upscale = _LEAST_SCORE, upscale
    return eager
