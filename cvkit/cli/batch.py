"""``cvkit batch``: one operation over many images. Its commands are made from the table of operations."""

from __future__ import annotations

import difflib
import inspect
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cvkit.cli.devices import Device, choose_device
from cvkit.cli.errors import WrongUsageError, wrong_usage
from cvkit.cli.options import DeviceOption, Every, Json, Quiet, Start, Stop, declare, parameters_of
from cvkit.cli.outputs import print_summary
from cvkit.cli.progress import Progress, open_progress, tell

if TYPE_CHECKING:
    from cvkit.batch import Pipeline
    from cvkit.batch.executors.local import Executor
    from cvkit.batch.operations import Operation
    from cvkit.batch.parameters import Parameter
    from cvkit.batch.runner import Run

# Failed files are named when they fail, up to this many; the manifest has them all. So are thresholds found.
_NAMED = 20


class Mode(str, Enum):
    """How to read images."""

    keep = "keep"
    rgb = "rgb"
    gray = "gray"
    unchanged = "unchanged"


class Convert(str, Enum):
    """What becomes of results that are neither uint8 nor uint16."""

    none = "none"
    saturate = "saturate"
    absolute = "absolute"


@dataclass(kw_only=True)
class BatchOptions:
    """The arguments that every batch has."""

    sources: Annotated[
        list[str] | None,  # Typer would miss these where only one path is given, and that is OUTPUT
        typer.Argument(
            metavar="SOURCE...",
            help="Images, videos, folders, glob patterns, or text files with one path a line.",
        ),
    ] = None
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="A new or empty folder.")]
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in OUTPUT: skip what is done and has not changed.")
    ] = False
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin anew in OUTPUT and replace what is there.")
    ] = False
    mode: Annotated[
        Mode,
        typer.Option(
            help="How to read: keep is as the file holds it, turned upright; unchanged is not turned; "
            "rgb and gray have 8 bits."
        ),
    ] = Mode.keep
    format: Annotated[
        str | None,
        typer.Option(
            metavar="F",
            help="Format of the results: png, jpg, tiff, npy..., or keep. "
            "[default: tiff for derivatives, npz for hog, csv for label, else keep]",
        ),
    ] = None
    quality: Annotated[int, typer.Option(metavar="Q", help="Quality of JPEG and WebP, 1 to 100.")] = 95
    convert: Annotated[
        Convert,
        typer.Option(
            help="Bring derivatives into 8 bits: saturate them, or their absolute value; none keeps floats."
        ),
    ] = Convert.none
    max_pixels: Annotated[
        int | None, typer.Option(metavar="N", help="Refuse larger images, before they are decoded.")
    ] = None
    at_least: Annotated[
        str | None,
        typer.Option(
            metavar="HxW",
            help="Decode JPEGs at 1/2, 1/4 or 1/8 of their size, as long as they stay at least as large: "
            "several times faster, with other pixels. For thumbnails, give twice their size.",
        ),
    ] = None
    every: Every = 1
    start: Start = 0
    stop: Stop = None
    device: DeviceOption = Device.auto
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Work in N processes instead of in this one.")
    ] = None
    dask: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS]",
            help="Work on a Dask cluster: one started here, or the one whose scheduler is at ADDRESS.",
        ),
    ] = None
    quiet: Quiet = False
    json_: Json = False


class BatchCommand(TyperCommand):
    """A command with the option ``--dask``, whose address may be missing."""

    def parse_args(self, context: Any, arguments: list[str]) -> list[str]:
        """Give ``--dask`` a value where what follows is no address."""
        completed = []
        for position, word in enumerate(arguments):
            completed.append(word)
            following = "".join(arguments[position + 1 : position + 2])
            if word == "--dask" and not re.fullmatch(r"\w+://.+|[\w.-]+:\d+", following):
                completed.append("local")
        return super().parse_args(context, completed)


class _Operations(TyperGroup):
    """Makes a command for an operation when it is asked for: reading signatures loads the whole library."""

    def list_commands(self, context: Any) -> list[str]:
        from cvkit.batch import image_operations

        return [_dashed(name) for name in image_operations()]

    def get_command(self, context: Any, name: str) -> Any:
        from cvkit.batch import image_operations

        table = image_operations()
        operation = table.get(name.replace("-", "_"))
        if operation is not None:
            return _command_of(operation)
        close = difflib.get_close_matches(name, map(_dashed, table), n=1)
        hint = f"; did you mean {close[0]}?" if close else "; cvkit batch --help lists them"
        raise WrongUsageError(f"no operation {name!r}{hint}")


batch_app: typer.Typer = typer.Typer(cls=_Operations, add_completion=False, rich_markup_mode=None)


@batch_app.callback()
def _batch() -> None:
    """Run an operation on every image and video of folders, patterns or lists.

    Results keep the folders and names of the source, from where those of several differ. A file that fails
    is recorded with the reason, and the rest is done; OUTPUT/manifest.jsonl says what became of each.
    --resume goes on after an interruption.

    Exit code: 0 all went well, 1 some images failed, 2 wrong usage, 130 interrupted; what was done is kept.
    """


def _command_of(operation: Operation) -> Any:
    """Make the command of an operation: the common arguments, and an option for each parameter."""

    def run_operation(**given: Any) -> None:
        from cvkit.batch import Pipeline

        options = {name: given.pop(name) for name in operation.parameters}
        values = {name: value for name, value in options.items() if value is not None}
        with wrong_usage("resume", "overwrite"):
            values = {name: operation.parameters[name].read(value) for name, value in values.items()}
            chosen = Pipeline.of(operation.name, **values)
        run_batch(chosen, BatchOptions(**given))

    common = parameters_of(BatchOptions)
    own = [_option(parameter) for parameter in operation.parameters.values()]
    declare(run_operation, [*common[:2], *own, *common[2:]])
    run_operation.__doc__ = operation.summary
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(_dashed(operation.name), cls=BatchCommand)(run_operation)
    return typer.main.get_command(single)


def _option(parameter: Parameter) -> inspect.Parameter:
    """Make the option of an operation's parameter."""
    flag = f"--{_dashed(parameter.name)}"
    words = parameter.help
    if not parameter.is_required and parameter.default is not None:
        words = f"{words} [default: {_shown(parameter.default)}]"
    if parameter.is_flag:
        annotation: Any = Annotated[bool | None, typer.Option(f"{flag}/--no-{flag[2:]}", help=words)]
    elif parameter.is_required:
        annotation = Annotated[str, typer.Option(flag, metavar=parameter.metavar, help=words)]
    else:
        annotation = Annotated[str | None, typer.Option(flag, metavar=parameter.metavar, help=words)]
    default = inspect.Parameter.empty if parameter.is_required else None
    return inspect.Parameter(
        parameter.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def _shown(default: Any) -> str:
    return {True: "yes", False: "no"}[default] if isinstance(default, bool) else str(default)


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def run_batch(chosen: Pipeline, options: BatchOptions) -> None:
    """Run operations over sources, and end with an exit code."""
    from cvkit.batch import Frames
    from cvkit.batch.parameters import Parameter
    from cvkit.batch.runner import Run
    from cvkit.batch.settings import Settings

    if not options.sources:
        raise WrongUsageError("Missing argument 'OUTPUT'.")
    on_gpu, device_name = choose_device(options.device)
    at_least = Parameter("at_least", "tuple[int, int]", None, "")
    with ExitStack() as opened:
        with wrong_usage("resume", "overwrite"):
            executor, place = _executor(options.workers, options.dask, opened)
            settings = Settings(
                mode=options.mode.value,
                format=options.format,
                quality=options.quality,
                convert=options.convert.value,
                max_pixels=options.max_pixels,
                frames=Frames(options.every, options.start, options.stop),
                on_gpu=on_gpu,
                at_least=None if options.at_least is None else at_least.read(options.at_least),
            )
            batch = opened.enter_context(
                Run(
                    chosen,
                    options.sources,
                    options.output,
                    settings=settings,
                    resume=options.resume,
                    overwrite=options.overwrite,
                    executor=executor,
                )
            )
        progress = open_progress(batch.summary.total, quiet=options.quiet)
        progress.say(f"{_images(batch.summary.total)}, {place or f'device: {device_name}'}")
        if batch.left_out:
            progress.say(f"left out: {batch.left_out}")
        code = _follow(batch, progress)
    _report(batch, progress, options.quiet)
    if options.json_:
        print_summary(batch.summary)
    raise typer.Exit(code)


def _executor(workers: int | None, dask: str | None, opened: ExitStack) -> tuple[Executor | None, str]:
    """Choose where to work, and say it; None is this process."""
    from cvkit.batch import Cluster, Processes

    if dask is not None:
        cluster = opened.enter_context(Cluster(None if dask == "local" else dask, workers=workers))
        return cluster, f"Dask cluster, {cluster.slots} at a time"
    if workers is not None:
        return Processes(workers), f"{workers} processes"
    return None, ""


def _follow(batch: Run, progress: Progress) -> int:
    """Do the work and show how it goes; return the exit code."""
    summary = batch.summary
    shown = 0
    try:
        with _gentle_interrupt(batch.stop, progress), progress:
            for entry in batch.entries():
                failed = entry.status == "failed"
                if failed and summary.failed <= _NAMED:
                    progress.say(f"failed: {entry.path}: {entry.error}")
                if entry.found and summary.done <= _NAMED:
                    progress.say(f"{entry.path}: {', '.join(map(_found, entry.found))}")
                ended = summary.done + summary.failed + summary.unchanged
                progress.advance(ended - shown, failed=int(failed))
                shown = ended
    except KeyboardInterrupt:
        return 130
    except (OSError, RuntimeError) as error:  # the disk is full, or workers cannot work
        progress.say(f"stopped: {error}")
        return 1
    return 130 if summary.stopped else int(summary.failed > 0)


def _found(step: dict[str, Any]) -> str:
    """Say which parameters of a step were found in an image."""
    values = ", ".join(f"{name} {value}" for name, value in step["parameters"].items())
    return f"{_dashed(step['name'])} found {values}"


@contextmanager
def _gentle_interrupt(stop: threading.Event, progress: Progress) -> Iterator[None]:
    """Let the first Ctrl-C end what is begun, and the second one end at once."""

    def first(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop.set()
        progress.say("interrupted: ending the images that are begun; once more to end at once")

    before = signal.getsignal(signal.SIGINT)
    is_usual = before is signal.default_int_handler
    if is_usual:
        signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        if is_usual:
            signal.signal(signal.SIGINT, before)


def _report(batch: Run, progress: Progress, quiet: bool) -> None:
    summary = batch.summary
    rate = summary.done / max(summary.seconds, 1e-9)
    earlier = f", {summary.unchanged} were done before" if summary.unchanged else ""
    folder = summary.manifest.parent
    progress.say(f"{_images(summary.done)} done, {rate:.1f}/s{earlier}; written to {folder}")
    if summary.failed:
        failures = f"{_images(summary.failed)} failed; the reasons are in {summary.manifest}"
        if quiet:
            tell(f"cvkit: {failures}")
        progress.say(failures)
    if summary.stopped:
        progress.say("interrupted; what was done is kept: the same command with --resume goes on")


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"
