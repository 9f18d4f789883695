"""``cvkit evaluate``: compare detections to labels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cvkit.cli.errors import wrong_usage
from cvkit.cli.options import with_options
from cvkit.cli.outputs import check_output_folder
from cvkit.cli.progress import tell, told_warnings

if TYPE_CHECKING:
    import numpy as np

    from cvkit.detect.evaluation import Evaluation
    from cvkit.detect.labeled_images import LabeledImage

_PER_IMAGE = "false positives per image"
_PER_WINDOW = "false positives per window"


@dataclass(kw_only=True)
class EvaluateOptions:
    """The options of ``cvkit evaluate``."""

    detections: Annotated[
        Path, typer.Argument(help="What cvkit detect wrote (its folder or file), or COCO results.")
    ]
    labels: Annotated[
        Path,
        typer.Argument(
            help="COCO .json, Pascal VOC .xml or a folder of them, a folder of YOLO .txt, or its data.yaml."
        ),
    ]
    ignore: Annotated[
        Path | None, typer.Option(help="Labels of regions in which detections do not count, of any class.")
    ] = None
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images; for YOLO, whose boxes are shares of them.")
    ] = None
    label: Annotated[
        str | None, typer.Option("--class", help="The class to judge. [default: all, without curves]")
    ] = None
    min_iou: Annotated[float, typer.Option(help="Least overlap of a match: intersection over union.")] = 0.5
    aspect: Annotated[
        float | None,
        typer.Option(
            help="Make labeled boxes this wide for a height of 1, about their centers; people: 0.41."
        ),
    ] = None
    windows: Annotated[
        int | None,
        typer.Option(help="Windows the detector scored in all images; adds false positives per window."),
    ] = None
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder to create; DIR-2... where it exists."),
    ] = Path("evaluation")
    plot: Annotated[bool, typer.Option(help="Draw the curves as det.png (extra 'plot').")] = True


@with_options(EvaluateOptions)
def evaluate(options: EvaluateOptions) -> None:
    """Compare detections to labels: miss rates, precision, and their curves as curves.json and det.png.

    Of several classes, only COCO's average precision is given, for each and in all.

    Exit code: 0 all went well, 2 wrong usage.
    """
    from cvkit._paths import atomic_path, claim_folder
    from cvkit.detect.judgment import judge
    from cvkit.detect.label_checks import NoAreaWarning

    check_output_folder(options.output)
    with wrong_usage():
        with told_warnings() as warned:
            found, truths, regions = _read(options)
        result = judge(
            found,
            truths,
            regions,
            label=options.label,
            min_iou=options.min_iou,
            aspect=options.aspect,
        )
        curves = {} if result.result is None else _curves(result.result, options.windows)
        folder = claim_folder(options.output)
    without_area = sum(warning.count for warning in warned if isinstance(warning, NoAreaWarning))
    summary = {**result.summary, "boxes_without_area": without_area}
    columns = {name: {key: value.tolist() for key, value in curve.items()} for name, curve in curves.items()}
    content = {**summary, "min_iou": options.min_iou, "classes": result.classes, "curves": columns}
    with atomic_path(folder / "curves.json") as temporary:
        temporary.write_text(json.dumps(content, indent=1))
    if options.plot and curves:
        _draw(folder / "det.png", curves)
    for name, value in summary.items():
        _print(name.replace("_", " "), value)
    if result.result is None:
        for label, precisions in result.classes.items():
            _print(f"  {label}", precisions["mean_average_precision"])
    print(f"written to {folder}")


def _print(name: str, value: float | None) -> None:
    shown = f"{value:.4f}" if isinstance(value, float) else value
    print(f"{name:23} {'no objects' if shown is None else shown}")


def _read(
    options: EvaluateOptions,
) -> tuple[list[LabeledImage], list[LabeledImage], list[LabeledImage]]:
    """Read the detections, the labels, and the regions in which detections do not count."""
    from cvkit.detect.labels import read_labels

    images = options.images
    truths = read_labels(options.labels, images=images)
    found = read_labels(options.detections, images=images, reference=options.labels)
    regions = [] if options.ignore is None else read_labels(options.ignore, images=images)
    return found, truths, regions


def _curves(result: Evaluation, windows: int | None) -> dict[str, dict[str, np.ndarray]]:
    """Compute the curves as data: name of the curve -> name of the column -> values."""
    from cvkit import _validate
    from cvkit.detect.evaluation import det_curve, precision_recall

    rates, misses, thresholds = det_curve(result)
    precision, recall = precision_recall(result)
    curves = {_PER_IMAGE: {"rate": rates, "miss_rate": misses, "threshold": thresholds}}
    if windows is not None:
        windows = _validate.integer(windows, "--windows", minimum=1)
        per_window = rates * result.image_count / windows
        curves[_PER_WINDOW] = {"rate": per_window, "miss_rate": misses, "threshold": thresholds}
    curves["precision over recall"] = {"recall": recall, "precision": precision}
    return curves


def _draw(path: Path, curves: dict[str, dict[str, np.ndarray]]) -> None:
    from cvkit.detect.plot import plot_det

    rates = (_PER_IMAGE, _PER_WINDOW)
    panels = [
        (name, {"": (curves[name]["rate"], curves[name]["miss_rate"])}) for name in rates if name in curves
    ]
    try:
        plot_det(panels, path)
    except ImportError:
        tell("the curves are not drawn: matplotlib is missing (pip install 'cvkit-numba[plot]')")
