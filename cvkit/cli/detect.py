"""``cvkit detect``: find people in pictures and videos."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cvkit.cli.devices import Device, choose_device
from cvkit.cli.errors import WrongUsageError


class Format(str, Enum):
    """How to write what was found."""

    coco = "coco"
    yolo = "yolo"
    csv = "csv"


class Scores(str, Enum):
    """What scores are."""

    raw = "raw"
    probability = "probability"


def detect(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="Pictures, videos, folders, glob patterns, text files with one path a line, or the number "
            "of a camera.",
        ),
    ],
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder to create; DIR-2, DIR-3... where it exists.")
    ] = Path("detections"),
    device: Annotated[
        Device, typer.Option(help="auto takes a CUDA device where there is one.")
    ] = Device.auto,
    threshold: Annotated[
        float | None, typer.Option(metavar="T", help="Smallest score that counts. [default: the model's own]")
    ] = None,
    scores: Annotated[
        Scores, typer.Option(help="Whether T and the scores written are the model's own or probabilities.")
    ] = Scores.raw,
    model: Annotated[
        str, typer.Option(metavar="M", help="A model of cvkit, or the .npz file that cvkit train wrote.")
    ] = "person-acf",
    scale: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            help="Step between sizes of people; nearer to 1 is finer. [default: the model's own]",
        ),
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option(metavar="N", help="Step between windows, in pixels. [default: the model's own]"),
    ] = None,
    fast: Annotated[
        bool,
        typer.Option("--fast", help="Approximate most sizes: more than twice as fast, a little less sure."),
    ] = False,
    upscale: Annotated[
        float, typer.Option(metavar="U", help="Enlarge pictures first, to find people that are smaller.")
    ] = 1.0,
    save_images: Annotated[
        bool, typer.Option(help="Write pictures and videos with the boxes drawn in.")
    ] = True,
    format: Annotated[Format, typer.Option(help="How to write the boxes.")] = Format.coco,
    every: Annotated[int, typer.Option(metavar="N", min=1, help="Of videos, take one frame in N.")] = 1,
    start: Annotated[
        int, typer.Option(metavar="FRAME", min=0, help="Of videos, the first frame, counted from 0.")
    ] = 0,
    stop: Annotated[
        int | None, typer.Option(metavar="FRAME", help="Of videos, the frame to end before.")
    ] = None,
) -> None:
    """Find people in pictures and videos; write boxes, annotated pictures and videos to a new folder.

    Exit code: 0 all went well, 1 some sources failed, 2 wrong usage, 130 interrupted; what was done is kept.
    """
    from cvkit._paths import claim_folder
    from cvkit.cli.detect_sources import SourceDetector, Tally, find_sources, measure, outside
    from cvkit.cli.progress import open_progress
    from cvkit.detect import open_results
    from cvkit.video import read_frames

    if stop is not None and stop <= start:
        raise WrongUsageError(f"--stop must be after --start {start}, got {stop}")
    read = partial(read_frames, every=every, start=start, stop=stop)
    try:
        extent = measure(find_sources(sources), read)
    except OSError as error:
        raise WrongUsageError(str(error)) from None
    if not extent.kinds:
        raise WrongUsageError(f"no pictures or videos in {', '.join(sources)}")
    place, device_name = choose_device(device)
    options = {"scale": scale, "stride": stride, "fast_pyramid": fast or None}
    given = {name: value for name, value in options.items() if value is not None}
    find = _open_detector(model, scores, threshold, upscale=upscale, **given)
    try:
        folder = claim_folder(output)
    except OSError as error:
        raise WrongUsageError(f"cannot create the output folder: {error}") from None

    tally = Tally()
    code = 0
    progress = open_progress(extent.images, extent.unit)
    progress.say(f"{extent}, device: {device_name}, scores: {scores.value}")
    try:
        with open_results(folder, format=format.value) as results, progress:
            drawn = folder if save_images else None
            detection = SourceDetector(
                lambda image: find(place(image)), read, results, drawn, tally, progress
            )
            detection.in_all(outside(folder, find_sources(sources)))
    except KeyboardInterrupt:
        progress.say("interrupted; what was done is kept")
        code = 130
    except OSError as error:
        progress.say(f"stopped: {error}")
        code = 1
    tally.report(folder, progress)
    raise typer.Exit(code or (1 if tally.failed else 0))


def _open_detector(
    model: str, scores: Scores, threshold: float | None, **options: Any
) -> Callable[[Any], Any]:
    """Return what finds people in a picture, its scores being of the wanted kind."""
    from cvkit.detect import load, pretrained

    is_raw = scores is Scores.raw
    if is_raw and threshold is not None:
        options["threshold"] = threshold
    try:
        detector = load(model, **options) if model.endswith(".npz") else pretrained(model, **options)
        if is_raw:
            return detector.detect
        if threshold is not None:
            detector.threshold = detector.score_of(threshold)
        detector.probability(0.0)  # says at once where a model is not calibrated
    except (OSError, TypeError, ValueError) as error:
        raise WrongUsageError(str(error)) from None
    return lambda image: _with_probabilities(detector.detect(image), detector)


def _with_probabilities(found: Any, detector: Any) -> Any:
    from cvkit.detect import Detections

    return Detections(found.xyxy, detector.probability(found.confidence), found.class_id)
