"""``cvkit train``: train a detector on images of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cvkit.cli.errors import WrongUsageError, wrong_usage
from cvkit.cli.options import with_options
from cvkit.cli.outputs import check_output_file, check_output_folder
from cvkit.cli.progress import tell, told_warnings

if TYPE_CHECKING:
    from cvkit.detect.training.examples import Example
    from cvkit.detect.window_detector import WindowDetector

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}

# Options that only some kinds know, by the names of their parameters here.
_OF_HOG = {"pixels_per_cell": "--pixels-per-cell", "cost": "--C"}
_OF_CHANNELS = {"trees": "--trees", "copies": "--copies", "zoom": "--zoom"}


class Kind(str, Enum):
    """What can be trained."""

    person_acf = "person-acf"
    person_ldcf = "person-ldcf"
    person_hog = "person-hog"


class WrongSize(str, Enum):
    """What to do with crops of the wrong size."""

    refuse = "refuse"
    resize = "resize"


@dataclass(kw_only=True)
class TrainOptions:
    """The options of ``cvkit train``."""

    kind: Annotated[
        Kind,
        typer.Argument(
            help="Boosted trees over channel features (acf), the same over locally decorrelated ones (ldcf: "
            "fewer errors, slower), or HOG and a linear SVM; for people, unless the options say otherwise."
        ),
    ]
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The model to write (.npz).")]
    positives: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Crops of one object each, as large in the middle as in the window."
        ),
    ] = None
    negatives: Annotated[Path | None, typer.Option(metavar="DIR", help="Images without the object.")] = None
    images: Annotated[Path | None, typer.Option(metavar="DIR", help="Full images, for --labels.")] = None
    labels: Annotated[
        Path | None,
        typer.Option(help="Their labels: COCO .json, Pascal VOC .xml, or a folder; YOLO .txt folder."),
    ] = None
    label: Annotated[str | None, typer.Option("--class", help="The class to learn, of several.")] = None
    window: Annotated[str, typer.Option(metavar="HxW", help="Height and width of the window, pixels.")] = (
        "128x64"
    )
    pixels_per_cell: Annotated[
        str, typer.Option(metavar="HxW", help="hog: height and width of a cell, pixels.")
    ] = "8x8"
    object_size: Annotated[
        str, typer.Option(metavar="HxW", help="Height and width of the object as shares of the window's.")
    ] = "0.8x0.656"
    shift: Annotated[
        int, typer.Option(help="Use objects also shifted by this many pixels, or up to so many (acf, ldcf).")
    ] = 2
    copies: Annotated[
        int, typer.Option(help="acf, ldcf: use each object so often, moved and scaled at random.")
    ] = 5
    zoom: Annotated[
        float, typer.Option(help="acf, ldcf: the natural logarithm of the scale of copies, at most.")
    ] = 0.045
    wrong_size: Annotated[
        WrongSize,
        typer.Option(help="Crops smaller than the window or more than twice as large: leave out or resize."),
    ] = WrongSize.refuse
    rounds: Annotated[
        int | None,
        typer.Option(help="Rounds of hard negatives; few new ones end those of hog. [default: 3, hog: 8]"),
    ] = None
    trees: Annotated[
        int, typer.Option(help="acf, ldcf: trees of the detector; each round before has a fourth.")
    ] = 2048
    cost: Annotated[
        list[float] | None,
        typer.Option(
            "--C",
            help="hog: cost C of a misclassified window; of several the best on held-out ones. "
            "[default: 0.03]",
        ),
    ] = None
    calibrate: Annotated[
        bool,
        typer.Option(help="Find the threshold and probabilities by a training without 1 image in 5."),
    ] = True
    max_memory: Annotated[
        str, typer.Option(metavar="SIZE", help="Memory for features, such as 500M; beyond it a file is used.")
    ] = "2G"
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep the state here; the same command goes on after an interruption."
        ),
    ] = None
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.")] = 0


@with_options(TrainOptions)
def train(context: typer.Context, options: TrainOptions) -> None:
    """Train a detector from crops and images without the object, or from labeled images.

    Exit code: 0 all went well, 2 wrong usage, 130 interrupted; with --work, what was done is kept.
    """
    from cvkit.detect.training.state import remove_state

    _refuse_options_of_others(context, options.kind)
    check_output_file(options.output, "--output", ".npz")
    if options.work is not None:
        check_output_folder(options.work)
    settings = _settings(options)
    with wrong_usage(), told_warnings():
        with_object, without = _examples(options)
    with wrong_usage():
        detector = _trainer(options.kind)(with_object, without, **settings)
        detector.save(options.output)
    if options.work is not None:
        remove_state(options.work)
    tell(f"written to {options.output}")


def _settings(options: TrainOptions) -> dict[str, Any]:
    """Give the trainer what the options say."""
    settings: dict[str, Any] = {
        "window": _pair(options.window, "--window", int),
        "object_size": _pair(options.object_size, "--object-size", float),
        "shift": options.shift,
        "wrong_size": options.wrong_size.value,
        "calibrate": options.calibrate,
        "max_memory": _bytes(options.max_memory),
        "work": options.work,
        "seed": options.seed,
        "progress": tell,
    }
    if options.rounds is not None:
        settings["rounds"] = options.rounds
    if options.kind is Kind.person_hog:
        cell = _pair(options.pixels_per_cell, "--pixels-per-cell", int)
        return settings | {"pixels_per_cell": cell, "C": options.cost or 0.03, "padding": 16}
    return settings | {
        "decorrelate": options.kind is Kind.person_ldcf,
        "trees": options.trees,
        "copies": options.copies,
        "zoom": options.zoom,
    }


def _refuse_options_of_others(context: typer.Context, kind: Kind) -> None:
    """Refuse options that mean nothing to this kind of detector."""
    for name, option in (_OF_CHANNELS if kind is Kind.person_hog else _OF_HOG).items():
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise WrongUsageError(f"{option} is no option of {kind.value}")


def _trainer(kind: Kind) -> Callable[..., WindowDetector]:
    """Import what trains this kind of detector."""
    if kind is Kind.person_hog:
        from cvkit.detect.training.hog import train_hog

        return train_hog
    from cvkit.detect.training.channels import train_channels

    return train_channels


def _examples(options: TrainOptions) -> tuple[list[Example], list[Example]]:
    """Find the images with the object and those without."""
    from cvkit.io import walk

    positives, negatives = options.positives, options.negatives
    images, labels = options.images, options.labels
    by_crops, by_labels = (positives, negatives), (images, labels)
    if images is not None and labels is not None and by_crops == (None, None):
        return _labeled(images, labels, options.label)
    if positives is None or negatives is None or by_labels != (None, None):
        raise WrongUsageError("give --positives and --negatives, or --images and --labels")
    found: list[list[Any]] = []
    for name, folder in (("--positives", positives), ("--negatives", negatives)):
        paths = list(walk(folder))
        if not paths:
            raise WrongUsageError(f"{name}: no images in {folder}")
        found.append(paths)
    return found[0], found[1]


def _labeled(images: Path, labels: Path, label: str | None) -> tuple[list[Example], list[Example]]:
    """Find labeled images; boxes to be ignored are no objects, but keep negatives away."""
    from cvkit.detect.labels import boxes_of, read_labels, select_class
    from cvkit.detect.path_index import PathIndex
    from cvkit.detect.training.examples import Scene
    from cvkit.io import walk

    labeled = read_labels(labels, images=images)
    label = select_class(labeled, label, "--labels")
    if label is None:
        raise WrongUsageError(f"--labels: {labels} has no boxes")
    index = PathIndex(walk(images))
    with_object: list[Example] = []
    without: list[Example] = []
    for image in labeled:
        path = index.find(image.name)
        if path is None:
            raise WrongUsageError(f"--images: there is no {image.name} in {images}")
        objects, ignored = boxes_of(image, label), boxes_of(image, label, ignored=True)
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
