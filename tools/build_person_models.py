"""Train a model that cvkit ships, and write its model card with all that is measured on it.

python tools/build_person_models.py person-acf DATA --work trained

DATA holds inria/train_pos (crops of 96x160 pixels, named alike up to the last letter when cut from one photograph)
and inria/train_neg, and the sets that ``tools/evaluate_person_models.py`` measures on. None of it is part of cvkit.
The model is the one that ``cvkit train`` makes of the same images.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cvkit.cli.outputs import check_output_folder
from cvkit.cli.programs import ArgumentParser, program
from cvkit.detect import ChannelDetector, HOGDetector, det_curve, load, pretrained
from cvkit.detect.evaluation import Evaluation, average_logarithm, window_det_curve
from cvkit.detect.plot import plot_det
from cvkit.detect.training.calibration import FALSE_POSITIVES_PER_IMAGE, calibrate_detector
from cvkit.detect.training.channels import train_channels
from cvkit.detect.training.examples import Example, ExampleReader, Split, split_examples
from cvkit.detect.training.hog import train_hog
from cvkit.detect.training.pyramids import ChannelCutter
from cvkit.detect.training.windows import WindowCutter
from cvkit.io import walk
from evaluate_person_models import Qualities, Quality, measure_recipe, read_qualities
from person_sets import SEQUENCES, check_development_sets, on_sequence

MODELS = Path(__file__).resolve().parents[1] / "cvkit" / "detect" / "models"
PADDING = 16
# What the sets of the card are.
SETS = (
    "PETS: PETS 2009 S2.L1, every 20th frame at\ntwice its size; TUD-Campus: every 3rd frame; TUD-Stadtmitte: every 5th; "
    "INRIA, held out: see below."
)
HELD_OUT_PEOPLE = (
    ": the people of\nits crops, each once with what is around and once where the image ends at the person, and all "
    "detections on its\nphotographs without people"
)

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

Log-average miss rates, lower is better, and in parentheses average precisions:

| | {name} | {trainings} trainings like it: mean, lowest to highest miss rate | OpenCV 4's default people detector |
|---|---|---|---|
{qualities}

Boxes are standardized to a width of 0.41 of the height, IoU 0.5, {scan},
suppression by overlap with the smaller box above 0.65 for both. {sets}
These sets are those that the recipe was chosen by. The trainings like it have other seeds, and each is without
one photograph of INRIA in 5, which it is measured on{held_out_people}.
OpenCV's model has seen all of INRIA, so it is not compared there.

Of the first training, {held_out} crops, their mirror images and {held_out_negatives} photographs were held out: at
{window_rate} false positives a window it misses {miss_per_window:.1%} of these crops, at the default threshold {miss_at_threshold:.1%}.

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
    # Settings of the model that differ from those of its training.
    detection: dict[str, Any] = field(default_factory=dict)


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


# Rows more than in training: a window fits around people who touch the upper or the lower border of the image, and
# there are not so many more windows.
CHANNELS_PADDING = 20, 16
CHANNELS_CARD = {
    "positions": "each as it is and 4 times moved by up to 2 pixels and scaled by up to 4.6 %",
    "score": "the sum of the trees' votes; a window whose sum falls to -1 is given up",
    "scan": "stride 4, 8 levels an octave and padding\n{} rows and {} columns against stride 8, scale 1.05 and padding 16".format(
        *CHANNELS_PADDING
    ),
    "false_positives": "poles, trees and other upright things",
}
CHANNELS_RECIPE = (
    "10,000 random windows of the photographs, padded by 12 rows and 16 columns and small ones enlarged up to twice; then three "
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
        detection={"padding": CHANNELS_PADDING},
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
        detection={"padding": CHANNELS_PADDING},
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
    parser.add_argument("data", type=Path, help="folder with inria, pets and tud")
    parser.add_argument(
        "--trainings",
        type=int,
        default=3,
        help="trainings to measure, each without other photographs of INRIA",
    )
    parser.add_argument(
        "--work",
        type=Path,
        required=True,
        help="folder of these trainings; those it holds are not repeated",
    )
    parser.add_argument(
        "--output", type=Path, default=MODELS, help="folder of the model; its card goes beside it"
    )
    arguments = parser.parse_args()
    check_development_sets(arguments.data)  # which are needed after an hour
    check_output_folder(arguments.work)
    check_output_folder(arguments.output)
    build(
        arguments.name, arguments.data, arguments.trainings, arguments.work / arguments.name, arguments.output
    )


def build(name: str, data: Path, trainings: int, work: Path, output: Path) -> None:
    """Train on parts to measure and to choose the threshold, then on everything to ship."""
    subject = SUBJECTS[name]
    positives, negatives = (
        list[Example](walk(data / "inria" / folder)) for folder in ("train_pos", "train_neg")
    )
    splits = [split_examples(positives, negatives, fold) for fold in range(trainings)]
    for seed, split in enumerate(splits):
        train(subject, split.objects, split.others, work / f"{seed}.npz", seed)
    judged, split = load(work / "0.npz"), splits[0]
    object_scores, other_scores = subject.window_scores(judged, split)
    by_window = window_det_curve(object_scores, other_scores)
    reader = ExampleReader(judged.window, judged.object_size[0], print)
    measured = calibrate_detector(judged, object_scores, reader.read(split.test_others), print)
    everything = work / "everything.npz"
    train(subject, positives, negatives, everything, seed=0)
    detector = load(everything, **measured)
    model = output / f"{name}.npz"
    detector.save(model)
    weights = cv2.HOGDescriptor_getDefaultPeopleDetector()
    models = {
        "person-hog": pretrained("person-hog"),
        name: detector,
        "OpenCV's default": HOGDetector.from_weights(weights, padding=PADDING),
    }
    evaluations = {
        legend: {set_name: on_sequence(data, sequence, other) for set_name, sequence in SEQUENCES.items()}
        for legend, other in models.items()
    }
    draw(
        model.with_suffix(".png"),
        name,
        {legend: sets["PETS"] for legend, sets in evaluations.items()},
        by_window,
    )
    kept = work.with_suffix(".json")
    of_parts = measure_recipe(work, data, read_qualities(kept), kept)
    slope, offset = measured["calibration"]
    card = CARD.format(
        **subject.card,
        name=name,
        threshold=detector.threshold,
        probability=float(detector.probability(detector.threshold)),
        slope=slope,
        offset=offset,
        rate=FALSE_POSITIVES_PER_IMAGE,
        trainings=trainings,
        qualities=qualities_rows(
            evaluations[name],
            list(of_parts.values()),
            evaluations["OpenCV's default"],
        ),
        sets=SETS,
        miss_per_window=average_logarithm(*by_window[:2], [float(subject.window_rate)]),
        window_rate=subject.window_rate,
        miss_at_threshold=float((object_scores < detector.threshold).mean()),
        held_out=len(split.test_objects),
        held_out_negatives=len(split.test_others),
        held_out_people=HELD_OUT_PEOPLE,
        image=model.with_suffix(".png").name,
    )
    model.with_suffix(".md").write_text(card, encoding="utf-8")
    print(card)


def train(subject: Subject, objects: list[Example], others: list[Example], path: Path, seed: int) -> None:
    """Train, unless that has been done."""
    if not path.exists():
        print(f"training {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        detector = subject.train(objects, others, seed=seed, progress=print)
        for name, value in subject.detection.items():
            setattr(detector, name, value)
        detector.save(path)


def qualities_rows(
    shipped: dict[str, Evaluation], parts: list[Qualities], opencv: dict[str, Evaluation]
) -> str:
    """Write a row of the card for each set."""
    rows = []
    for name in parts[0]:
        rates = [qualities[name].miss_rate for qualities in parts]
        precision = np.mean([qualities[name].precision for qualities in parts])
        spread = f"{np.mean(rates):.3f}, {min(rates):.3f} to {max(rates):.3f} ({precision:.3f})"
        cells = [
            "{:.3f} ({:.3f})".format(*Quality.of(of_model[name])) if name in of_model else ""
            for of_model in (shipped, opencv)
        ]
        rows.append(f"| {name} | {cells[0]} | {spread} | {cells[1]} |")
    return "\n".join(rows)


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


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
