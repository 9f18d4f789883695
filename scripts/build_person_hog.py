"""Train the person-hog model that cvkit ships, and write its model card with all that is measured on it.

python scripts/build_person_hog.py INRIA PETS

INRIA holds train_pos (crops of 96x160 pixels, named alike up to the last letter when cut from one photograph)
and train_neg; PETS holds vtest.avi and gt.txt (MOT15 form). Neither is part of cvkit.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

import cvkit
from cvkit.detect import Detections, HOGDetector, average_precision, log_average_miss_rate
from cvkit.detect.evaluation import Evaluation, evaluate
from cvkit.detect.training import train_hog
from cvkit.io import walk

MODEL = Path(__file__).resolve().parents[1] / "cvkit" / "detect" / "models" / "person-hog.npz"
PADDING = 16
FALSE_POSITIVES_PER_PICTURE = 0.1
FALSE_POSITIVES_PER_WINDOW = 1e-4
HELD_OUT_SHARE = 5  # one photograph in this many
FRAME_STEP = 20

CARD = """# person-hog

HOG features (Dalal and Triggs 2005, OpenCV's layout) in a window of 64x128 pixels, and a linear support vector
machine. Finds upright people, seen from any side, at least about 100 pixels high (`upscale=2` halves that).

| | |
|---|---|
| trained on | INRIA Person train set: 1208 crops with their mirror images, in 5 positions; 1218 person-free photographs |
| recipe | `scripts/build_person_hog.py`: 10 random windows a photograph, then {rounds} rounds of the 50 highest windows of each that score above -1; C {C} |
| score | distance from the separating plane; not a probability |
| default threshold | {threshold:.3f}: {rate} false positives a picture on held-out person-free photographs |
| licence of the data | research use; no picture is part of cvkit |

## What was measured

| | person-hog | OpenCV 4's default people detector |
|---|---|---|
| PETS 2009 S2.L1, every {step}th frame at 2x: log-average miss rate | {pets_lamr:.3f} | {opencv_lamr:.3f} |
| the same: average precision | {pets_ap:.3f} | {opencv_ap:.3f} |
| held-out crops missed at 1e-4 false positives a window | {miss_per_window:.1%} | |
| held-out crops missed at the default threshold | {miss_at_threshold:.1%} | |

Lower miss rates are better. PETS: boxes standardised to a width of 0.41 of the height, IoU 0.5, stride 8, scale 1.05,
padding {padding}, suppression by overlap with the smaller box above 0.65 for both. Held out: {held_out} crops and
{held_out_negatives} photographs, one photograph in {share}, from a second training without them.

## Known failures

People bent, sitting or cut by more than the padding; people below the minimum height; poles, trees and window frames
as tall as a person draw false positives. Crowds lose people to suppression. The training photographs show mostly
pedestrians on streets and in mountains, in daylight, about the year 2000; nothing is known of how well it does on
people who look otherwise.
"""


def main(
    inria: Annotated[Path, typer.Argument(help="Folder with train_pos and train_neg.")],
    pets: Annotated[Path, typer.Argument(help="Folder with vtest.avi and gt.txt.")],
    rounds: Annotated[int, typer.Option(help="Rounds of hard negatives.")] = 2,
    cost: Annotated[float, typer.Option(help="Cost C of a misclassified window.")] = 0.03,
    output: Annotated[Path, typer.Option(help="Where the model goes; the card goes beside it.")] = MODEL,
) -> None:
    """Train on a part to measure and to choose the threshold, then on everything to ship."""
    positives, negatives = list(walk(inria / "train_pos")), list(walk(inria / "train_neg"))
    photographs = sorted({path.stem[:-1] for path in positives})
    held_out = set(photographs[::HELD_OUT_SHARE])
    test_crops = [path for path in positives if path.stem[:-1] in held_out]
    test_negatives = negatives[::HELD_OUT_SHARE]
    typer.echo("training without the held-out part")
    judged = train_hog(
        [path for path in positives if path.stem[:-1] not in held_out],
        [path for path in negatives if path not in set(test_negatives)],
        rounds=rounds,
        C=cost,
        progress=typer.echo,
        padding=PADDING,
    )
    crop_scores = np.array([middle_score(judged, cvkit.read_image(path)) for path in test_crops])
    strict = window_threshold(judged, test_negatives)
    threshold = picture_threshold(judged, test_negatives)
    typer.echo("training on everything")
    detector = train_hog(
        positives, negatives, rounds=rounds, C=cost, progress=typer.echo, padding=PADDING, threshold=threshold
    )
    detector.save(output)
    ours = on_pets(detector, pets)
    opencv = on_pets(HOGDetector(cv2.HOGDescriptor_getDefaultPeopleDetector().ravel(), padding=PADDING), pets)
    card = CARD.format(
        rounds=rounds,
        C=cost,
        threshold=threshold,
        rate=FALSE_POSITIVES_PER_PICTURE,
        step=FRAME_STEP,
        pets_lamr=log_average_miss_rate(ours),
        opencv_lamr=log_average_miss_rate(opencv),
        pets_ap=average_precision(ours),
        opencv_ap=average_precision(opencv),
        miss_per_window=float((crop_scores < strict).mean()),
        miss_at_threshold=float((crop_scores < threshold).mean()),
        padding=PADDING,
        held_out=len(test_crops),
        held_out_negatives=len(test_negatives),
        share=HELD_OUT_SHARE,
    )
    output.with_suffix(".md").write_text(card, encoding="utf-8")
    typer.echo(card)


def middle_score(detector: HOGDetector, crop: np.ndarray) -> float:
    """Score the middle window of a crop of 96x160 pixels, whose margin of 16 pixels is two cells."""
    exact = HOGDetector(detector.weights, padding=0)
    (grid,) = exact.scored_grids(crop)
    return float(grid.scores[2, 2])


def window_threshold(detector: HOGDetector, negatives: list[Path]) -> float:
    """Find the score that FALSE_POSITIVES_PER_WINDOW of all windows of the negatives reach."""
    exact = HOGDetector(detector.weights, padding=0)
    scores = [
        grid.scores.ravel()
        for path in negatives
        for level in exact.pyramid(cvkit.read_image(path))
        for grid in exact.scored_grids(level.image)
    ]
    return float(np.quantile(np.concatenate(scores), 1 - FALSE_POSITIVES_PER_WINDOW))


def picture_threshold(detector: HOGDetector, negatives: list[Path]) -> float:
    """Find the score that FALSE_POSITIVES_PER_PICTURE detections a negative exceed."""
    eager = HOGDetector(detector.weights, padding=PADDING, threshold=-0.5)
    scores = np.concatenate([eager.detect(cvkit.read_image(path)).confidence for path in negatives])
    allowed = round(FALSE_POSITIVES_PER_PICTURE * len(negatives))
    return float(np.sort(scores)[::-1][allowed])


def on_pets(detector: HOGDetector, folder: Path) -> Evaluation:
    """Evaluate on every FRAME_STEP-th frame of PETS 2009 S2.L1 at twice its size."""
    eager = HOGDetector(detector.weights, padding=PADDING, threshold=-1.0, upscale=2.0)
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
        middle, half = left + width / 2, 0.41 * height / 2
        standard = np.stack([middle - half, top, middle + half, top + height], axis=1)
        truths.append(standard[counts > 0])
        ignored.append(boxes[counts == 0])
    if not found:
        sys.exit(f"{folder / 'vtest.avi'} cannot be read")
    return evaluate(found, truths, ignored)


if __name__ == "__main__":
    typer.run(main)
