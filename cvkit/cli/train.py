"""``cvkit train``: train a detector on pictures of one's own."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cvkit.cli.errors import WrongUsageError

if TYPE_CHECKING:
    from cvkit.detect.training_examples import Example

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


class Kind(str, Enum):
    """What can be trained."""

    person_hog = "person-hog"


class WrongSize(str, Enum):
    """What to do with crops of the wrong size."""

    refuse = "refuse"
    resize = "resize"


def train(
    kind: Annotated[
        Kind, typer.Argument(help="HOG and a linear SVM; for people, unless the options say otherwise.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The model to write (.npz).")
    ],
    positives: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Crops of one object each, as large in the middle as in the window."
        ),
    ] = None,
    negatives: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Pictures without the object.")
    ] = None,
    images: Annotated[Path | None, typer.Option(metavar="DIR", help="Full pictures, for --labels.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Their labels: COCO .json, Pascal VOC .xml, or a folder; YOLO .txt folder."),
    ] = None,
    label: Annotated[str | None, typer.Option("--class", help="The class to learn, of several.")] = None,
    window: Annotated[
        str, typer.Option(metavar="HxW", help="Height and width of the window, pixels.")
    ] = "128x64",
    cell: Annotated[str, typer.Option(metavar="HxW", help="Height and width of a cell of HOG.")] = "8x8",
    object_size: Annotated[
        str, typer.Option(metavar="HxW", help="Height and width of the object as shares of the window's.")
    ] = "0.8x0.656",
    shift: Annotated[int, typer.Option(help="Use objects also shifted by this many pixels.")] = 2,
    wrong_size: Annotated[
        WrongSize,
        typer.Option(help="Crops smaller than the window or more than twice as large: leave out or resize."),
    ] = WrongSize.refuse,
    rounds: Annotated[int, typer.Option(help="Rounds of hard negatives at most; few new ones end them.")] = 8,
    cost: Annotated[
        list[float] | None,
        typer.Option(
            "--C",
            help="Cost C of a misclassified window; of several the best on held-out ones. [default: 0.03]",
        ),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(help="Find the threshold and probabilities by a training without 1 photograph in 5."),
    ] = True,
    max_memory: Annotated[
        str, typer.Option(metavar="SIZE", help="Memory for features, such as 500M; beyond it a file is used.")
    ] = "2G",
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep the state here; the same command goes on after an interruption."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.")] = 0,
) -> None:
    """Train a detector from crops and pictures without the object, or from labelled pictures.

    Exit code: 0 all went well, 2 wrong usage, 130 interrupted; with --work, what was done is kept.
    """
    from rich.console import Console

    from cvkit.detect.training import train_hog
    from cvkit.detect.training_state import forget

    console = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
    settings: dict[str, Any] = {
        "window": _pair(window, "--window", int),
        "cell": _pair(cell, "--cell", int),
        "object_size": _pair(object_size, "--object-size", float),
    }
    if not output.parent.is_dir():
        raise WrongUsageError(f"--output: there is no folder {output.parent}")
    try:
        with_object, without = _examples(positives, negatives, images, labels, label)
        detector = train_hog(
            with_object,
            without,
            rounds=rounds,
            C=cost or 0.03,
            shift=shift,
            wrong_size=wrong_size.value,
            calibrate=calibrate,
            max_memory=_bytes(max_memory),
            work=work,
            seed=seed,
            progress=console.print,
            padding=16,
            **settings,
        )
        detector.save(output)
    except (OSError, ValueError, TypeError) as error:
        raise WrongUsageError(str(error)) from None
    if work is not None:
        forget(work)
    console.print(f"written to {output}")


def _examples(
    positives: Path | None,
    negatives: Path | None,
    images: Path | None,
    labels: Path | None,
    label: str | None,
) -> tuple[list[Example], list[Example]]:
    """Find the pictures with the object and those without."""
    from cvkit.io import walk

    by_crops, by_labels = (positives, negatives), (images, labels)
    if images is not None and labels is not None and by_crops == (None, None):
        return _labelled(images, labels, label)
    if positives is None or negatives is None or by_labels != (None, None):
        raise WrongUsageError("give --positives and --negatives, or --images and --labels")
    found: list[list[Any]] = []
    for name, folder in (("--positives", positives), ("--negatives", negatives)):
        pictures = list(walk(folder))
        if not pictures:
            raise WrongUsageError(f"{name}: no pictures in {folder}")
        found.append(pictures)
    return found[0], found[1]


def _labelled(images: Path, labels: Path, label: str | None) -> tuple[list[Example], list[Example]]:
    """Find labelled pictures; boxes to be ignored are no objects, but keep negatives away."""
    from cvkit.detect.labels import PathIndex, boxes_of, read_labels, select_class
    from cvkit.detect.training_examples import Scene
    from cvkit.io import walk

    pictures = read_labels(labels, images=images)
    label = select_class(pictures, label, "--labels")
    if label is None:
        raise WrongUsageError(f"--labels: {labels} has no boxes")
    index = PathIndex(walk(images))
    with_object: list[Example] = []
    without: list[Example] = []
    for picture in pictures:
        path = index.find(picture.name)
        if path is None:
            raise WrongUsageError(f"--images: there is no {picture.name} in {images}")
        objects, ignored = boxes_of(picture, label), boxes_of(picture, label, ignored=True)
        if len(objects):
            with_object.append(Scene(path, _tuples(objects)))
        without.append(Scene(path, _tuples([*objects, *ignored])))
    return with_object, without


def _tuples(boxes: Any) -> tuple[tuple[float, float, float, float], ...]:
    return tuple((float(left), float(top), float(right), float(bottom)) for left, top, right, bottom in boxes)


def _pair(text: str, name: str, number: type) -> tuple[Any, Any]:
    """Read HxW, or one number for both."""
    parts = text.split("x")
    try:
        values = [number(part) for part in parts]
    except ValueError:
        values = []
    if len(values) not in (1, 2):
        raise WrongUsageError(f"{name} must be HEIGHTxWIDTH, got {text!r}")
    return values[0], values[-1]


def _bytes(text: str) -> int:
    """Read a size such as 500M."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMG]?)B?", text.strip().upper())
    if match is None:
        raise WrongUsageError(f"--max-memory must be a size such as 500M or 2G, got {text!r}")
    return int(float(match[1]) * _UNITS[match[2]])
