"""Run one operation over many files: what ``cvkit batch`` and ``cvkit pipeline`` do."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import cvkit
from cvkit import _validate
from cvkit._paths import check_writable, remove_temporary
from cvkit.batch import manifest
from cvkit.batch.executors import Executor, Local, cut
from cvkit.batch.manifest import Entry, Manifest
from cvkit.batch.pipeline import Pipeline
from cvkit.batch.plan import Plan, Record, Source, Sources
from cvkit.batch.video import ALL_FRAMES, Frames
from cvkit.batch.work import ARRAY_FORMATS, CONVERSIONS, Work
from cvkit.io import SUFFIXES

MODES = ("keep", "rgb", "gray", "unchanged")
FORMATS = ("keep", *ARRAY_FORMATS, *sorted(suffix[1:] for suffix in SUFFIXES))


@dataclass
class Summary:
    """How a run went.

    Attributes
    ----------
    total : int
        Files found.
    done, failed : int
        Files worked on, with and without success.
    unchanged : int
        Files that an earlier run had done.
    seconds : float
        Time the work took.
    stopped : bool
        Whether the run was told to stop before its end.
    manifest : Path
        The file that holds every file's entry, with the reason where it failed.
    """

    total: int
    manifest: Path
    done: int = 0
    failed: int = 0
    unchanged: int = 0
    seconds: float = 0.0
    stopped: bool = False


class Run:
    """A run that is ready to begin: everything the caller may have got wrong is checked.

    A context manager; the output folder is its own until the block ends. The arguments are those of
    :func:`run`.

    Attributes
    ----------
    summary : Summary
        How it went so far.
    left_out : LeftOut
        What the sources hold beside files that count.
    stop : threading.Event
        Once it is set, no further file is begun, and those that are come to their end.
    """

    def __init__(
        self,
        operation: str | Pipeline,
        source: Source | Iterable[Source],
        output: str | os.PathLike[str],
        *,
        parameters: Mapping[str, Any] | None = None,
        mode: str = "keep",
        format: str | None = None,
        quality: int = 95,
        convert: str = "none",
        max_pixels: int | None = None,
        resume: bool = False,
        overwrite: bool = False,
        on_gpu: bool = False,
        frames: Frames = ALL_FRAMES,
        executor: Executor | None = None,
    ) -> None:
        pipeline = _pipeline(operation, parameters)
        _validate.one_of(mode, MODES, "mode")
        _validate.one_of(convert, CONVERSIONS, "convert")
        format = _format(format, pipeline, convert)
        if max_pixels is not None:
            _validate.integer(max_pixels, "max_pixels", minimum=1)
        frames.check()
        if resume and overwrite:
            raise ValueError("resume and overwrite exclude each other")
        self._folder = Path(output)
        given = [source] if isinstance(source, str | os.PathLike) else list(source)
        with_videos = format not in ARRAY_FORMATS and _suits(pipeline, convert) == "keep"
        sources = Sources(given, self._folder, with_videos=with_videos)
        total, left_out = sources.count()
        if total == 0:
            but = f"; left out: {left_out}" if left_out else ""
            names = ", ".join(str(path) for path in given)
            raise FileNotFoundError(f"no pictures or videos in {names}{but}")
        check_writable(self._folder)
        self._work = Work(
            pipeline=pipeline,
            output=os.path.abspath(output),
            folder=os.getcwd(),
            mode=mode,
            quality=_validate.integer(quality, "quality", minimum=1, maximum=100),
            convert=convert,
            max_pixels=max_pixels,
            on_gpu=on_gpu,
            frames=frames,
            kernel_threads=max(1, cvkit.get_num_threads() // total),
        )
        self._executor = executor or Local()
        self._work.try_out(format)
        self.summary = Summary(total, self._folder / manifest.NAME)
        self.left_out = left_out
        self.stop = threading.Event()
        self._manifest = _open_folder(self._folder, resume, overwrite)
        try:
            record = Record.of(self._folder) if resume else Record()
        except BaseException:
            self._manifest.close()
            raise
        self._plan = Plan(sources, self._folder, self._work.to_json(), format, record)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._manifest.close()

    def entries(self) -> Generator[Entry, None, None]:
        """Do the work; give each file's entry once it is in the manifest."""
        start = time.monotonic()
        summary = self.summary
        shards = cut(self._plan.tasks(), summary.total, self._executor.slots)
        entries = self._executor.run(shards, self._work, self.stop)
        try:
            for entry in entries:
                self._manifest.add(entry)
                summary.done += entry.status == "done"
                summary.failed += entry.status == "failed"
                summary.unchanged = self._plan.unchanged
                summary.seconds = time.monotonic() - start
                yield entry
        finally:
            entries.close()
            if not isinstance(self._executor, Local):
                remove_temporary(self._folder)  # what workers that died left
            summary.unchanged = self._plan.unchanged
            summary.seconds = time.monotonic() - start
            summary.stopped = self.stop.is_set()


def run(
    operation: str | Pipeline,
    source: Source | Iterable[Source],
    output: str | os.PathLike[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    mode: str = "keep",
    format: str | None = None,
    quality: int = 95,
    convert: str = "none",
    max_pixels: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    on_gpu: bool = False,
    frames: Frames = ALL_FRAMES,
    executor: Executor | None = None,
) -> Summary:
    """Run an operation on every picture of a source; write the results to a folder.

    A file that cannot be read, or that the operation refuses, is recorded with the reason, and the run goes
    on. Results are written under another name and renamed, and each file's entry is in ``manifest.jsonl`` as
    soon as it ends: whenever the process is killed, ``resume=True`` goes on from there.

    Parameters
    ----------
    operation : str or Pipeline
        A name of :func:`cvkit.batch.image_operations`, or operations one after another.
    source : path or iterable of paths
        A picture, a folder, a glob pattern or a text file with one path a line, as for :func:`cvkit.io.walk`.
        Results keep the path relative to the folder that the source is or lies in; of several sources, to the
        deepest folder that all of them are or lie in.
    output : path
        A new or empty folder, unless ``resume`` or ``overwrite`` is set.
    parameters : mapping, optional
        Of an operation given by its name.
    mode : {"keep", "rgb", "gray", "unchanged"}
        How to read pictures, as for :func:`cvkit.read_image`.
    format : str, optional
        Ending of the results' names, such as "png", "tiff" or "npy"; "keep" for the source's. By default what
        suits the operation: "tiff" for derivatives, "npz" for ``hog``, else "keep".
    quality : int
        JPEG and WebP quality, from 1 to 100.
    convert : {"none", "saturate", "absolute"}
        What becomes of results that are neither uint8 nor uint16: floats in TIFF, their values or their
        absolute values rounded and saturated to uint8.
    max_pixels : int, optional
        Larger pictures fail, before they are decoded where the head of the file tells.
    resume : bool
        Go on in a folder: do what is not done, and what was done on a file that has changed since, with other
        parameters or by another version.
    overwrite : bool
        Begin anew in a folder that is not empty, and replace results.
    on_gpu : bool
        Compute on the current GPU.
    frames : Frames
        Which frames of videos to take; their results are videos. One that is cut off fails, and its result
        holds the frames before. Videos in folders count where results are pictures: not for ``hog``, and for
        derivatives only if converted.
    executor : Local, Processes or Cluster, optional
        Where to work; by default in this process.

    Returns
    -------
    Summary
        How many files were done, failed, or had been done before.

    Raises
    ------
    TypeError or ValueError
        For an unknown operation or a wrong argument, before anything is written.
    FileNotFoundError
        If the source does not exist or holds no pictures.
    FileExistsError
        If the folder is not empty.
    OSError
        If another run is writing to the folder, or it cannot be written to.

    Examples
    --------
    >>> import cvkit, numpy as np, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "photos").mkdir()
    >>> cvkit.write_image(folder / "photos" / "a.png", np.zeros((40, 60, 3), np.uint8))
    >>> summary = cvkit.batch.run("gray", folder / "photos", folder / "out")
    >>> summary.done, summary.failed
    (1, 0)
    >>> cvkit.read_image(folder / "out" / "a.png", "keep").shape
    (40, 60)
    """
    with Run(
        operation,
        source,
        output,
        parameters=parameters,
        mode=mode,
        format=format,
        quality=quality,
        convert=convert,
        max_pixels=max_pixels,
        resume=resume,
        overwrite=overwrite,
        on_gpu=on_gpu,
        frames=frames,
        executor=executor,
    ) as batch:
        for _ in batch.entries():
            pass
    return batch.summary


def _pipeline(operation: str | Pipeline, parameters: Mapping[str, Any] | None) -> Pipeline:
    if isinstance(operation, str):
        return Pipeline.of(operation, **(parameters or {}))
    if parameters:
        raise ValueError("parameters must be part of the pipeline where operation is one")
    return operation


def _format(format: str | None, pipeline: Pipeline, convert: str) -> str:
    """Choose the format of the results: the caller's, else what suits the operation."""
    if format is not None:
        return str(_validate.one_of(format.lower().lstrip("."), FORMATS, "format"))
    return _suits(pipeline, convert)


def _suits(pipeline: Pipeline, convert: str) -> str:
    """Return the format that suits an operation; "keep" where its results are pictures of 8 bits."""
    becomes_picture = convert != "none" and pipeline.format == "tiff"
    return "keep" if becomes_picture else pipeline.format


def _open_folder(folder: Path, resume: bool, overwrite: bool) -> Manifest:
    """Make the output folder, or enter the one there is, and lock it."""
    folder.mkdir(parents=True, exist_ok=True)
    has_manifest = (folder / manifest.NAME).exists()
    is_empty = not any(folder.iterdir())
    if resume and not is_empty and not has_manifest:
        raise FileExistsError(f"{folder} is not empty and holds no {manifest.NAME}: nothing to resume")
    if not (resume or overwrite or is_empty):
        ways = "resume to go on, overwrite to begin anew" if has_manifest else "overwrite to write into it"
        raise FileExistsError(f"{folder} is not empty: use {ways}")
    opened = Manifest(folder)
    if is_empty and (folder / manifest.NAME).stat().st_size > 0:
        opened.close()
        raise FileExistsError(f"{folder} is not empty: another run has just written to it")
    if overwrite:
        opened.clear()
    if not is_empty:
        remove_temporary(folder)
    return opened
