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
from cvkit._opencv import opencv
from cvkit._paths import check_writable, remove_temporary
from cvkit.batch.executors.local import Executor, Local, cut
from cvkit.batch.pipeline import Pipeline
from cvkit.batch.plan import Plan, Source, Sources
from cvkit.batch.record.earlier import EarlierRuns
from cvkit.batch.record.folder import open_folder
from cvkit.batch.record.manifest import NAME, Entry, read_manifest
from cvkit.batch.settings import DEFAULTS, Settings
from cvkit.batch.video import ALL_FRAMES, Frames
from cvkit.batch.work import Work
from cvkit.typing import Conversion, ReadMode


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
    :func:`run`, most of them in its settings.

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
        settings: Settings = DEFAULTS,
        resume: bool = False,
        overwrite: bool = False,
        executor: Executor | None = None,
    ) -> None:
        pipeline = _pipeline(operation, parameters)
        if resume and overwrite:
            raise ValueError("resume and overwrite exclude each other")
        opencv()  # without it, every file would fail
        self._folder = Path(output)
        given = [source] if isinstance(source, str | os.PathLike) else list(source)
        sources = Sources(given, self._folder, with_videos=settings.takes_videos(pipeline))
        total, left_out = sources.count()
        if total == 0:
            but = f"; left out: {left_out}" if left_out else ""
            names = ", ".join(str(path) for path in given)
            raise FileNotFoundError(f"no images or videos in {names}{but}")
        check_writable(self._folder)
        self._work = Work(
            pipeline=pipeline,
            output=os.path.abspath(output),
            folder=os.getcwd(),
            settings=settings,
            kernel_threads=max(1, cvkit.get_num_threads() // total),
        )
        self._executor = executor or Local()
        format = settings.format_for(pipeline)
        self._work.try_out(format)
        self.summary: Summary = Summary(total, self._folder / NAME)
        self.left_out = left_out
        self.stop: threading.Event = threading.Event()
        self._manifest = open_folder(self._folder, resume=resume, overwrite=overwrite)
        try:
            if overwrite:
                self._manifest.clear()
            remove_temporary(self._folder)
            earlier = EarlierRuns(read_manifest(self._folder))
        except BaseException:
            self._manifest.close()
            raise
        self._plan = Plan(sources, self._folder, self._work.to_json(), format, earlier)

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
    mode: ReadMode = "keep",
    format: str | None = None,
    quality: int = 95,
    convert: Conversion = "none",
    max_pixels: int | None = None,
    at_least: tuple[int, int] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    on_gpu: bool = False,
    frames: Frames = ALL_FRAMES,
    executor: Executor | None = None,
) -> Summary:
    """Run an operation on every image of a source; write the results to a folder.

    A file that cannot be read, or that the operation refuses, is recorded with the reason, and the run goes
    on. Results are written under another name and renamed, and each file's entry is in ``manifest.jsonl`` as
    soon as it ends: whenever the process is killed, ``resume=True`` goes on from there.

    Parameters
    ----------
    operation : str or Pipeline
        A name of :func:`cvkit.batch.image_operations`, or operations one after another.
    source : path or iterable of paths
        An image, a folder, a glob pattern or a text file with one path a line, as for :func:`cvkit.io.walk`.
        Results keep the path relative to the folder that the source is or lies in; of several sources, to the
        deepest folder that all of them are or lie in.
    output : path
        A new or empty folder, unless ``resume`` or ``overwrite`` is set.
    parameters : mapping, optional
        Of an operation given by its name.
    mode : {"keep", "rgb", "gray", "unchanged"}
        How to read images, as for :func:`cvkit.read_image`.
    format : str, optional
        Ending of the results' names, such as "png", "tiff" or "npy"; "keep" for the source's. By default what
        suits the operation: "tiff" for derivatives, "npz" for ``hog``, "csv" for ``label``, else "keep".
    quality : int
        JPEG and WebP quality, from 1 to 100.
    convert : {"none", "saturate", "absolute"}
        What becomes of results that are neither uint8 nor uint16: floats in TIFF, their values or their
        absolute values rounded and saturated to uint8.
    max_pixels : int, optional
        Larger images fail, before they are decoded where the head of the file tells.
    at_least : (int, int), optional
        Height and width to which JPEGs may be reduced while they are decoded, as for
        :func:`cvkit.read_image`: for thumbnails. Other files, and frames of videos, keep their size.
    resume : bool
        Go on in a folder: do what is not done, and what was done on a file that has changed since, with other
        parameters or by another version.
    overwrite : bool
        Begin anew in a folder that is not empty, and replace results.
    on_gpu : bool
        Compute on the current GPU.
    frames : Frames
        Which frames of videos to take; their results are videos. One that is cut off fails, and its result
        holds the frames before. Videos in folders count where results are images: not for ``hog``, and for
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
        If the source does not exist or holds no images.
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
        settings=Settings(mode, format, quality, convert, max_pixels, frames, on_gpu, at_least),
        resume=resume,
        overwrite=overwrite,
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
