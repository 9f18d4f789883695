"""``cvkit detect``: find people in images and videos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cvkit.cli.devices import Device, choose_device
from cvkit.cli.errors import WrongUsageError, wrong_usage
from cvkit.cli.options import DeviceOption, Every, Json, Quiet, Start, Stop, with_options
from cvkit.cli.outputs import check_output_folder, print_summary
from cvkit.cli.progress import Progress, open_progress, tell
from cvkit.detect import DEFAULT_MODEL

if TYPE_CHECKING:
    from cvkit.detect.runs.runner import Run
    from cvkit.detect.runs.settings import Settings


class Format(str, Enum):
    """How to write what was found."""

    coco = "coco"
    yolo = "yolo"
    csv = "csv"


class Confidence(str, Enum):
    """What the confidence of a detection is."""

    raw = "raw"
    probability = "probability"


@dataclass(kw_only=True)
class DetectOptions:
    """The options of ``cvkit detect``."""

    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="Images, videos, folders, glob patterns, text files with one path a line, the number of a "
            "camera, or the address of a stream (rtsp://, http://).",
        ),
    ]
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Folder to create; DIR-2, DIR-3... where it exists, but for --resume and --overwrite.",
        ),
    ] = Path("detections")
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on in DIR: skip what is done and has not changed. A video that is not done begins anew.",
        ),
    ] = False
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin anew in DIR and remove what an earlier run left there.")
    ] = False
    device: DeviceOption = Device.auto
    threshold: Annotated[
        float | None,
        typer.Option(metavar="T", help="Least confidence that counts. [default: the model's own]"),
    ] = None
    confidence: Annotated[
        Confidence,
        typer.Option(
            help="Whether T and the confidence written are the model's own scores or probabilities."
        ),
    ] = Confidence.raw
    model: Annotated[
        str,
        typer.Option(
            metavar="M",
            help="A model of cvkit, the .npz file that cvkit train wrote, an .xml or .yml file of OpenCV "
            "(a cascade, a HOGDescriptor, a linear SVM), or the name of a cascade that comes with OpenCV 4, "
            "such as haarcascade_frontalface_default.",
        ),
    ] = DEFAULT_MODEL
    scale: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            help="Step between sizes of people; nearer to 1 is finer. [default: the model's own]",
        ),
    ] = None
    stride: Annotated[
        int | None,
        typer.Option(metavar="N", help="Step between windows, in pixels. [default: the model's own]"),
    ] = None
    fast: Annotated[
        bool,
        typer.Option("--fast", help="Approximate most sizes: more than twice as fast, a little less sure."),
    ] = False
    upscale: Annotated[
        float | None,
        typer.Option(
            metavar="U",
            help="Enlarge images first, to find people that are smaller. [default: up to 2, by their size]",
        ),
    ] = None
    minimum_height: Annotated[
        float | None,
        typer.Option(metavar="H", help="Leave out people that are smaller, in pixels; higher is faster."),
    ] = None
    regions: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,W,H",
            help="Look only at this part of images, from the left and the top, in pixels; may be given "
            "several times. Or a .json file: a list of parts, or an object with lists by image or video.",
        ),
    ] = None
    save_images: Annotated[bool, typer.Option(help="Write images and videos with the boxes drawn in.")] = True
    format: Annotated[Format, typer.Option(help="How to write the boxes.")] = Format.coco
    max_pixels: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Refuse larger images, before they are decoded."),
    ] = None
    track: Annotated[
        bool,
        typer.Option("--track", help="Number the people of videos from frame to frame; DIR/tracks has them."),
    ] = False
    every: Every = 1
    start: Start = 0
    stop: Stop = None
    quiet: Quiet = False
    json_: Json = False


@with_options(DetectOptions)
def detect(options: DetectOptions) -> None:
    """Find people in images and videos; write boxes, annotated images and videos to a new folder.

    DIR/manifest.jsonl says what became of each source, and why, where it failed. Whenever the process ends,
    --resume goes on from there; what a camera saw cannot be gone on with.

    Exit code: 0 all went well, 1 some sources failed, 2 wrong usage, 130 interrupted; what was done is kept.
    """
    from cvkit.detect.runs.runner import Run

    on_gpu, device_name = choose_device(options.device)
    check_output_folder(options.output)
    with wrong_usage("resume", "overwrite", "model", "regions"):
        settings = _settings(options, on_gpu)
        run = Run(
            options.sources, options.output, settings, resume=options.resume, overwrite=options.overwrite
        )
    with ExitStack() as opened:
        with wrong_usage(prefix="cannot use the output folder: "):
            opened.enter_context(run)
        progress = open_progress(run.extent.images, run.extent.unit, quiet=options.quiet)
        progress.say(f"{run.extent}, device: {device_name}, confidence: {settings.confidence}")
        if run.left_out:
            progress.say(f"left out: {run.left_out}")
        ending = _Ending(progress, options.quiet)
        with ending.of("stopped"), progress:
            run.detect(progress)
        with ending.of("cannot write the results"):
            run.write_results()
    _report(run, ending)
    if options.json_:
        print_summary(run.summary)
    raise typer.Exit(ending.code or int(run.summary.failed > 0))


def _settings(options: DetectOptions, on_gpu: bool) -> Settings:
    """Give the library what the options say."""
    from cvkit.batch import Frames
    from cvkit.detect.runs.regions import as_regions
    from cvkit.detect.runs.settings import Settings

    if options.stop is not None and options.stop <= options.start:
        raise WrongUsageError(f"--stop must be after --start {options.start}, got {options.stop}")
    overrides = {
        "scale": options.scale,
        "stride": options.stride,
        "fast_pyramid": options.fast or None,
        "upscale": options.upscale,
        "min_height": options.minimum_height,
    }
    return Settings(
        model=options.model,
        threshold=options.threshold,
        confidence=options.confidence.value,
        overrides={name: value for name, value in overrides.items() if value is not None},
        regions=as_regions(options.regions or ()),
        frames=Frames(options.every, options.start, options.stop),
        track=options.track,
        max_pixels=options.max_pixels,
        format=options.format.value,
        save_images=options.save_images,
        on_gpu=on_gpu,
    )


class _Ending:
    """How a run ends: its exit code, and what must be heard also by who wants it quiet."""

    def __init__(self, progress: Progress, quiet: bool) -> None:
        self.code = 0
        self.progress = progress
        self._quiet = quiet

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Turn what stops a part of the work, such as a full disk, into the exit code and a line."""
        try:
            yield
        except KeyboardInterrupt:
            self.code = 130
        except OSError as error:
            self.code = 1
            self.insist(f"{what}: {error}")

    def insist(self, message: str) -> None:
        """Say something in any case."""
        if self._quiet:
            tell(f"cvkit: {message}")
        self.progress.say(message)


def _report(run: Run, ending: _Ending) -> None:
    """Say what was done and what failed."""
    from cvkit.detect.runs.sources import counts

    summary = run.summary
    say = ending.progress.say
    rate = run.images / max(summary.seconds, 1e-9)
    people = _found(summary.people, run.finder.classes)
    earlier = f", {_count(summary.unchanged, 'source')} done before" if summary.unchanged else ""
    say(f"{people} in {counts(run.totals.images)}, {rate:.1f}/s{earlier}, written to {run.folder}")
    if run.finder.zoom and run.finder.zoom.most > 1:
        say(f"images were enlarged {run.finder.zoom} times, to find what is smaller; --upscale 1 is faster")
    if summary.failed:
        ending.insist(f"{_count(summary.failed, 'source')} failed; the reasons are in {summary.manifest}")
    if ending.code:
        is_live = run.extent.kinds["camera"] or run.extent.kinds["stream"]
        ways = "" if is_live else f": --output {run.folder} --resume goes on"
        cause = "interrupted; " if ending.code == 130 else ""
        say(f"{cause}what was done is kept{ways}")


def _found(count: int, classes: tuple[str, ...]) -> str:
    """Write how many objects were found; of most, the plural is not known."""
    if classes == ("person",):
        return _count(count, "person", "people")
    return f"{_count(count, 'detection')} of {' and '.join(classes)}"


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
