"""``cvkit detect``: find people in pictures and videos."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cvkit.cli.devices import Device, choose_device
from cvkit.cli.errors import WrongUsageError, wrong_usage
from cvkit.cli.options import DeviceOption, Every, Json, Quiet, Start, Stop
from cvkit.cli.outputs import check_output_folder


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
        Path,
        typer.Option(
            metavar="DIR",
            help="Folder to create; DIR-2, DIR-3... where it exists, but for --resume and --overwrite.",
        ),
    ] = Path("detections"),
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on in DIR: skip what is done and has not changed. A video that is not done begins anew.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin anew in DIR and remove what an earlier run left there.")
    ] = False,
    device: DeviceOption = Device.auto,
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
    max_pixels: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Refuse larger pictures, before they are decoded."),
    ] = None,
    every: Every = 1,
    start: Start = 0,
    stop: Stop = None,
    quiet: Quiet = False,
    json_: Json = False,
) -> None:
    """Find people in pictures and videos; write boxes, annotated pictures and videos to a new folder.

    DIR/manifest.jsonl says what became of each source, and why, where it failed. Whenever the process ends,
    --resume goes on from there; what a camera saw cannot be gone on with.

    Exit code: 0 all went well, 1 some sources failed, 2 wrong usage, 130 interrupted; what was done is kept.
    """
    from cvkit.batch.video import Frames
    from cvkit.cli.progress import open_progress
    from cvkit.detect.runs.outcome import Outcome
    from cvkit.detect.runs.record import open_record
    from cvkit.detect.runs.sources import find_sources, measure, outside
    from cvkit.detect.runs.work import SourceDetector
    from cvkit.io import LeftOut
    from cvkit.video import read_frames

    if stop is not None and stop <= start:
        raise WrongUsageError(f"--stop must be after --start {start}, got {stop}")
    if resume and overwrite:
        raise WrongUsageError("--resume and --overwrite exclude each other")
    frames = Frames(every, start, stop)._asdict()
    read = partial(read_frames, **frames)
    left_out = LeftOut()
    with wrong_usage():
        found = find_sources(sources, left_out)
        extent = measure(outside(output, found) if resume or overwrite else found, read)
    if not extent.kinds:
        but = f"; left out: {left_out}" if left_out else ""
        raise WrongUsageError(f"no pictures or videos in {', '.join(sources)}{but}")
    if resume and extent.kinds["camera"]:
        raise WrongUsageError("--resume cannot go on with a camera")
    check_output_folder(output)
    place, device_name = choose_device(device)
    options = {"scale": scale, "stride": stride, "fast_pyramid": fast or None}
    given = {name: value for name, value in options.items() if value is not None}
    find = _open_detector(model, scores, threshold, upscale=upscale, **given)
    decisive = {**_identity(model), "scores": scores.value, "upscale": upscale, **given}
    if threshold is not None:
        decisive["threshold"] = threshold
    try:
        record = open_record(
            output,
            {"name": "detect", "parameters": decisive},
            frames,
            is_drawing=save_images,
            resume=resume,
            overwrite=overwrite,
        )
    except (OSError, ValueError) as error:
        raise WrongUsageError(f"cannot use the output folder: {error}") from None

    with record:
        progress = open_progress(extent.images, extent.unit, quiet=quiet)
        progress.say(f"{extent}, device: {device_name}, scores: {scores.value}")
        if left_out:
            progress.say(f"left out: {left_out}")
        outcome = Outcome(extent, record, progress, quiet)
        detector = SourceDetector(
            lambda image: find(place(image)), read, record, max_pixels, outcome.tally, progress
        )
        outcome.follow(detector, outside(record.folder, find_sources(sources)))
        outcome.write_results(format.value)
    outcome.report()
    if json_:
        print(json.dumps(outcome.to_json()))
    raise typer.Exit(outcome.code)


def _identity(model: str) -> dict[str, Any]:
    """Tell a model from others; a file may be trained again under the same name."""
    if not model.endswith(".npz"):
        return {"model": model}
    return {"model": Path(model).name, "sha256": hashlib.sha256(Path(model).read_bytes()).hexdigest()}


def _open_detector(
    model: str, scores: Scores, threshold: float | None, **options: Any
) -> Callable[[Any], Any]:
    """Return what finds people in a picture, its scores being of the wanted kind."""
    from cvkit.detect import load, pretrained, pretrained_names

    is_file = model.endswith(".npz")
    if not is_file and model not in pretrained_names():
        known = ", ".join(pretrained_names())
        raise WrongUsageError(f"--model must be one of {known}, or a file that ends in .npz, got {model!r}")
    is_raw = scores is Scores.raw
    if is_raw and threshold is not None:
        options["threshold"] = threshold
    with wrong_usage():
        detector = load(model, **options) if is_file else pretrained(model, **options)
        if is_raw:
            return detector.detect
        if threshold is not None:
            detector.threshold = detector.score_of(threshold)
        detector.probability(0.0)  # says at once where a model is not calibrated
    return lambda image: _with_probabilities(detector.detect(image), detector)


def _with_probabilities(found: Any, detector: Any) -> Any:
    from cvkit.detect import Detections

    return Detections(found.xyxy, detector.probability(found.confidence), found.class_id)
