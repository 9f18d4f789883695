"""``cvkit detect``: find people in pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cvkit.cli.devices import Device, choose_device
from cvkit.cli.errors import WrongUsageError

if TYPE_CHECKING:
    from cvkit.cli.progress import Progress
    from cvkit.detect.results import ResultsWriter

# Failed pictures are named when they fail; the summary names this many of them again.
_FAILURES_IN_SUMMARY = 20


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
            metavar="SOURCE", help="Pictures, folders, glob patterns, or text files with one path a line."
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
    save_images: Annotated[bool, typer.Option(help="Write pictures with the boxes drawn in.")] = True,
    format: Annotated[Format, typer.Option(help="How to write the boxes.")] = Format.coco,
) -> None:
    """Find people in pictures; write boxes and annotated pictures to a new folder.

    Exit code: 0 all went well, 1 some pictures failed, 2 wrong usage, 130 interrupted; what was done is kept.
    """
    from cvkit._paths import claim_folder
    from cvkit.cli.progress import open_progress
    from cvkit.detect import open_results
    from cvkit.io import walk

    try:
        total = sum(1 for _ in walk(sources))
    except OSError as error:
        raise WrongUsageError(str(error)) from None
    if total == 0:
        raise WrongUsageError(f"no pictures in {', '.join(sources)}")
    place, device_name = choose_device(device)
    options = {"scale": scale, "stride": stride, "fast_pyramid": fast or None}
    given = {name: value for name, value in options.items() if value is not None}
    find = _open_detector(model, scores, threshold, upscale=upscale, **given)
    try:
        folder = claim_folder(output)
    except OSError as error:
        raise WrongUsageError(f"cannot create the output folder: {error}") from None

    tally = _Tally()
    code = 0
    progress = open_progress(total)
    progress.say(f"{_pictures(total)}, device: {device_name}, scores: {scores.value}")
    try:
        with open_results(folder, format=format.value) as results, progress:
            images = folder / "images" if save_images else None
            paths = _outside(folder, walk(sources))
            _detect_all(paths, lambda image: find(place(image)), results, images, tally, progress)
    except KeyboardInterrupt:
        progress.say("interrupted; what was done is kept")
        code = 130
    except OSError as error:
        progress.say(f"stopped: {error}")
        code = 1
    tally.report(folder, progress)
    raise typer.Exit(code or (1 if tally.failed else 0))


@dataclass
class _Tally:
    """What has been done so far."""

    pictures: int = 0
    people: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    start: float = field(default_factory=time.monotonic)

    def fail(self, path: Path) -> None:
        self.failed += 1
        if len(self.failures) < _FAILURES_IN_SUMMARY:
            self.failures.append(str(path))

    def report(self, folder: Path, progress: Progress) -> None:
        rate = self.pictures / max(time.monotonic() - self.start, 1e-9)
        found = "1 person" if self.people == 1 else f"{self.people} people"
        progress.say(f"{found} in {_pictures(self.pictures)}, {rate:.1f}/s, written to {folder}")
        if self.failed:
            progress.say(f"{_pictures(self.failed)} failed:")
            for name in self.failures:
                progress.say(f"  {name}")
        if self.failed > len(self.failures):
            progress.say(f"  and {self.failed - len(self.failures)} more")


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


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


def _outside(folder: Path, paths: Iterator[Path]) -> Iterator[Path]:
    """Leave out what this run itself writes, where its folder lies inside a source."""
    own = folder.resolve()
    return (path for path in paths if own not in path.resolve().parents)


def _detect_all(
    paths: Iterator[Path],
    find: Callable[[Any], Any],
    results: ResultsWriter,
    images: Path | None,
    tally: _Tally,
    progress: Progress,
) -> None:
    """Detect in one picture after another, while a thread reads the next ones."""
    from cvkit.io import read_ahead

    with closing(read_ahead(paths)) as pictures:
        for path, image in pictures:
            if isinstance(image, OSError):
                tally.fail(path)
                progress.say(f"cannot read {image}")
            else:
                found = find(image)
                results.add(path, image.shape, found)
                if images is not None:
                    _save_drawn(images, path, image, found)
                tally.pictures += 1
                tally.people += len(found)
            progress.advance()


def _save_drawn(images: Path, path: Path, image: Any, found: Any) -> None:
    from cvkit._paths import inside, unused_path
    from cvkit.detect import draw_detections
    from cvkit.io import write_image

    target = unused_path((images / inside(path)).with_suffix(".jpg"))
    target.parent.mkdir(parents=True, exist_ok=True)
    write_image(target, draw_detections(image, found))
