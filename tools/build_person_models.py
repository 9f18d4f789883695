"""Train a model that cvkit ships, and write its model card with all that is measured on it.

python tools/build_person_models.py person-acf INRIA PETS

INRIA holds train_pos (crops of 96x160 pixels, named alike up to the last letter when cut from one photograph)
and train_neg; PETS holds vtest.avi and gt.txt (MOT15 form). Neither is part of cvkit. The model is the one that
``cvkit train`` makes of the same images.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cvkit.cli.outputs import check_output_folder
from cvkit.cli.programs import ArgumentParser, program
from cvkit.detect import (
    ChannelDetector,
    Detections,
    HOGDetector,
    average_precision,
    det_curve,
    log_average_miss_rate,
    pretrained,
)
from cvkit.detect.evaluation import Evaluation, average_logarithm, evaluate, standardize, window_det_curve
from cvkit.detect.plot import plot_det
from cvkit.detect.training.calibration import FALSE_POSITIVES_PER_IMAGE, calibrate_detector
from cvkit.detect.training.channels import train_channels
from cvkit.detect.training.examples import ExampleReader, Split, split_examples
from cvkit.detect.training.hog import train_hog
from cvkit.detect.training.pyramids import ChannelCutter
from cvkit.detect.training.windows import WindowCutter
from cvkit.detect.window_detector import WindowDetector
from cvkit.io import walk

MODELS = Path(__file__).resolve().parents[1] / "cvkit" / "detect" / "models"
PADDING = 16
FRAME_STEP = 20

CARD = """# {name}

{method} Finds upright people, seen from any side, at least about 100 pixels high (`upscale=2` halves that).

| | |
|---|---|
| trained on | INRIA Person train set: 1208 crops with their mirror images, {positions}; 1218 person-free photographs |
| recipe | `tools/build_person_models.py`: {recipe} |
| score | {score} |
| probability | 1 / (1 + exp({slope:.3f} score {offset:+.3f})): Platt's sigmoid, fitted to held-out crops and to the detections on held-out person-free photographs, about as many crops as photographs |
| default threshold | {threshold:.3f}, a probability of {probability:.2f}: {rate} false positives an image on held-out person-free photographs |
| license of the data | research use; no image is part of cvkit |

## What was measured

| | {name} | OpenCV 4's default people detector |
|---|---|---|
| PETS 2009 S2.L1, every {step}th frame at 2x: log-average miss rate | {pets_lamr:.3f} | {opencv_lamr:.3f} |
| the same: average precision | {pets_ap:.3f} | {opencv_ap:.3f} |
| held-out crops missed at {window_rate} false positives a window | {miss_per_window:.1%} | |
| held-out crops missed at the default threshold | {miss_at_threshold:.1%} | |

Lower miss rates are better. PETS: boxes standardized to a width of 0.41 of the height, IoU 0.5, {scan},
suppression by overlap with the smaller box above 0.65 for both. Held out: {held_out} crops, their
mirror images and {held_out_negatives} photographs, one photograph in 5, from a second training without them. OpenCV's
model has seen all of them, so it is not compared there.

![Miss rate against false positives, on PETS beside other models, and on held-out windows]({image})

## Known failures

People bent, sitting or cut by more than the padding; people below the minimum height; {false_positives}
draw false positives. Crowds lose people to suppression. The training photographs show mostly
pedestrians on streets and in mountains, in daylight, about the year 2000; nothing is known of how well it does on
people who look otherwise.
"""


@dataclass(frozen=True)
class Subject:
    """A model that can be built: how to train it, how to score held-out windows, and what its card says."""

    train: Callable[..., Any]
    # False positives per window at which misses are counted, as text.
    window_rate: str
    window_scores: Callable[[Any, Split], tuple[np.ndarray, np.ndarray]]
    card: dict[str, str]


def hog_scores(detector: HOGDetector, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Score held-out objects, and all windows without one."""
    cutter = WindowCutter(detector.settings, print)
    weights = detector.weights.astype(np.float64)
    return cutter.object_scores(weights, split.test_objects), cutter.other_scores(weights, split.test_others)


def channel_scores(detector: ChannelDetector, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Score held-out objects, and all windows without one."""
    reader = ExampleReader(detector.window, detector.object_size[0], print)
    cutter = ChannelCutter(reader, detector.settings, detector.decorrelation)
    trees = detector.trees
    return cutter.object_scores(trees, split.test_objects), cutter.other_scores(trees, split.test_others)


CHANNELS_CARD = {
    "positions": "each as it is and 4 times moved by up to 2 pixels and scaled by up to 4.6 %",
    "score": "the sum of the trees' votes; a window whose sum falls to -1 is given up",
    "scan": "stride 4 and 8 levels an octave against\nstride 8, scale 1.05 and padding 16",
    "false_positives": "poles, trees and other upright things",
}
CHANNELS_RECIPE = (
    "10,000 random windows of the photographs, padded as in detection and small ones enlarged up to twice; then three "
    "rounds of hard negatives (up to 10,000 windows above -1, 25 a photograph, after suppression, for 32, 128 and 512 "
    "trees; 20,000 are kept); discrete AdaBoost, 2048 trees of depth 2, {drawn} of "
    "the {features} features drawn for each level"
)

SUBJECTS = {
    "person-acf": Subject(
        train=train_channels,
        window_rate="1e-5",
        window_scores=channel_scores,
        card={
            **CHANNELS_CARD,
            "method": "Aggregated channel features (Dollar, Appel, Belongie and Perona 2014) in a window of 64x128 "
            "pixels, and\nboosted trees in a soft cascade.",
            "recipe": CHANNELS_RECIPE.format(drawn=320, features=5120),
        },
    ),
    "person-ldcf": Subject(
        train=partial(train_channels, decorrelate=True),
        window_rate="1e-5",
        window_scores=channel_scores,
        card={
            **CHANNELS_CARD,
            "method": "Locally decorrelated channel features (Nam, Dollar and Han 2014) in a window of 64x128 "
            "pixels, and\nboosted trees in a soft cascade. Fewer errors than person-acf, in about twice its time.",
            "recipe": "four filters of 5x5 a channel, the main components of 90,000 neighborhoods; "
            + CHANNELS_RECIPE.format(drawn=640, features=20480),
        },
    ),
    "person-hog": Subject(
        train=partial(train_hog, C=0.03, padding=PADDING),
        window_rate="1e-4",
        window_scores=hog_scores,
        card={
            "method": "HOG features (Dalal and Triggs 2005, OpenCV's layout) in a window of 64x128 pixels, and a "
            "linear support vector\nmachine.",
            "positions": "in 5 positions",
            "recipe": "10 random windows a photograph, then rounds of the 50 highest windows of each that score above "
            "-1, one found again counting again, until a round brings less than 2 % new ones; C 0.03",
            "score": "proportional to the distance from the separating plane",
            "scan": f"stride 8, scale 1.05,\npadding {PADDING}",
            "false_positives": "poles, trees and window frames\nas tall as a person",
        },
    ),
}


@program
def main() -> None:
    """Read the command line and build the model that it names."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", choices=SUBJECTS, help="the model")
    parser.add_argument("inria", type=Path, help="folder with train_pos and train_neg")
    parser.add_argument("pets", type=Path, help="folder with vtest.avi and gt.txt")
    parser.add_argument(
        "--output", type=Path, default=MODELS, help="folder of the model; its card goes beside it"
    )
    arguments = parser.parse_args()
    for name in ("vtest.avi", "gt.txt"):  # which are needed after an hour
        if not (arguments.pets / name).is_file():
            raise FileNotFoundError(f"no such file: {arguments.pets / name}")
    check_output_folder(arguments.output)
    build(arguments.name, arguments.inria, arguments.pets, arguments.output)


def build(name: str, inria: Path, pets: Path, output: Path) -> None:
    """Train on a part to measure and to choose the threshold, then on everything to ship."""
    subject = SUBJECTS[name]
    positives, negatives = list(walk(inria / "train_pos")), list(walk(inria / "train_neg"))
    split = split_examples(positives, negatives)
    print("training without the held-out part")
    judged = subject.train(split.objects, split.others, progress=print)
    object_scores, other_scores = subject.window_scores(judged, split)
    by_window = window_det_curve(object_scores, other_scores)
    reader = ExampleReader(judged.window, judged.object_size[0], print)
    measured = calibrate_detector(judged, object_scores, reader.read(split.test_others), print)
    print("training on everything")
    detector = subject.train(positives, negatives, progress=print, **measured)
    model = output / f"{name}.npz"
    detector.save(model)
    curves = {name: on_pets(detector, pets)}
    if name != "person-hog":
        curves["person-hog"] = on_pets(pretrained("person-hog"), pets)
    weights = cv2.HOGDescriptor_getDefaultPeopleDetector()
    opencv = curves["OpenCV's default"] = on_pets(HOGDetector.from_weights(weights, padding=PADDING), pets)
    draw(model.with_suffix(".png"), name, curves, by_window)
    slope, offset = measured["calibration"]
    card = CARD.format(
        **subject.card,
        name=name,
        threshold=detector.threshold,
        probability=float(detector.probability(detector.threshold)),
        slope=slope,
        offset=offset,
        rate=FALSE_POSITIVES_PER_IMAGE,
        step=FRAME_STEP,
        pets_lamr=log_average_miss_rate(curves[name]),
        opencv_lamr=log_average_miss_rate(opencv),
        pets_ap=average_precision(curves[name]),
        opencv_ap=average_precision(opencv),
        miss_per_window=average_logarithm(*by_window[:2], [float(subject.window_rate)]),
        window_rate=subject.window_rate,
        miss_at_threshold=float((object_scores < detector.threshold).mean()),
        held_out=len(split.test_objects),
        held_out_negatives=len(split.test_others),
        image=model.with_suffix(".png").name,
    )
    model.with_suffix(".md").write_text(card, encoding="utf-8")
    print(card)


def draw(
    path: Path,
    name: str,
    on_images: dict[str, Evaluation],
    by_window: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Draw the curves on PETS and on held-out windows."""
    panels = [
        (
            "false positives per image (PETS 2009 S2.L1 at 2x)",
            {other: det_curve(evaluation)[:2] for other, evaluation in on_images.items()},
        ),
        ("false positives per window (held out of INRIA)", {name: by_window[:2]}),
    ]
    plot_det(panels, path, dpi=70)


def on_pets(detector: WindowDetector, folder: Path) -> Evaluation:
    """Evaluate on every FRAME_STEP-th frame of PETS 2009 S2.L1 at twice its size."""
    eager = copy.copy(detector)
    eager.threshold, eager.upscale = -1.0, 2.0
    labels = np.loadtxt(folder / "gt.txt", delimiter=",")
    video = cv2.VideoCapture(str(folder / "vtest.avi"))
    found: list[Detections] = []
    truths, ignored = [], []
    number = 0
    while True:
        is_read, frame = video.read()
        number += 1
        if not is_read:
            break
        if (number - 1) % FRAME_STEP:
            continue
        found.append(eager.detect(np.ascontiguousarray(frame[..., ::-1])))
        left, top, width, height, counts = labels[labels[:, 0] == number][:, 2:7].T
        boxes = np.stack([left, top, left + width, top + height], axis=1)
        truths.append(standardize(boxes[counts > 0], 0.41))
        ignored.append(boxes[counts == 0])
    if not found:
        raise OSError(f"{folder / 'vtest.avi'} cannot be read")
    return evaluate(found, truths, ignored)


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
