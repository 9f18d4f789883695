"""What is done with one file: read it, compute, write the result, say how it went."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import cvkit
from cvkit._dispatch import to_device, to_host
from cvkit._jit import thread_limit
from cvkit._paths import atomic_path
from cvkit._version import __version__
from cvkit.batch.measurements import write_measurements
from cvkit.batch.pipeline import Pipeline
from cvkit.batch.record.manifest import Entry
from cvkit.batch.settings import DEFAULTS, Settings
from cvkit.batch.video import transform_video
from cvkit.io import read_image, write_image
from cvkit.video import is_video


class Task(NamedTuple):
    """A file to work on; small, because these travel and pixels do not."""

    path: str
    root: str | None
    output: str


@dataclass
class Item:
    """A task on its way through the stages."""

    task: Task
    size: int = 0
    mtime_ns: int = 0
    image: Any = None
    found: list[dict[str, Any]] = field(default_factory=list)
    is_written: bool = False
    error: str | None = None
    seconds: float = field(default=0.0)


@dataclass(frozen=True)
class Work:
    """What a run does with every file; it travels to the processes that work.

    Attributes
    ----------
    pipeline : Pipeline
        What to compute.
    output : str
        The output folder, absolute.
    folder : str
        What the tasks' paths are relative to, absolute.
    settings : Settings
        How to read and write.
    kernel_threads : int
        Threads for each kernel. One is best where there are more files than threads, each with a file of its
        own.
    """

    pipeline: Pipeline
    output: str
    folder: str
    settings: Settings = DEFAULTS
    kernel_threads: int = 1

    def to_json(self) -> dict[str, Any]:
        """Give all that decides the results the form it has in the manifest."""
        return {**self.pipeline.to_json(), "settings": self.settings.to_json()}

    def read(self, task: Task) -> Item:
        """Read a file; the image, or the reason why there is none, is noted. Videos are read later."""
        start = time.perf_counter()
        item = Item(task)
        file = os.path.join(self.folder, task.path)
        try:
            # Before it is read: a file that changes meanwhile will be seen to have changed.
            status = os.stat(file)
            item.size, item.mtime_ns = status.st_size, status.st_mtime_ns
            if not is_video(file):
                item.image = read_image(
                    file,
                    self.settings.mode,
                    max_pixels=self.settings.max_pixels,
                    at_least=self.settings.at_least,
                )
        except Exception as error:  # whatever a file does to its reader is that file's failure only
            item.error = reason_of(error, file)
        item.seconds += time.perf_counter() - start
        return item

    def compute(self, item: Item, is_stopped: Callable[[], bool] = lambda: False) -> Item:
        """Replace the image by the result; write a video, unless the run is stopped meanwhile."""
        if item.error is not None:
            return item
        start = time.perf_counter()
        try:
            if is_video(item.task.path):
                item.error = self._transform(item.task, is_stopped)
                item.is_written = True
            else:
                item.image, item.found = self._result(item.image)
        except Exception as error:  # whatever an image does to an operation is that image's failure only
            item.error = reason_of(error, os.path.join(self.folder, item.task.path))
            item.image = None
        item.seconds += time.perf_counter() - start
        return item

    def _result(self, image: np.ndarray) -> tuple[Any, list[dict[str, Any]]]:
        """Compute what is to be written, and what was found on the way."""
        with thread_limit(self.kernel_threads):
            result, found = self.pipeline.run(to_device(image) if self.settings.on_gpu else image)
        if isinstance(result, tuple):
            arrays = map(to_host, result)
            return type(result)._make(arrays) if hasattr(result, "_make") else tuple(arrays), found
        return _converted(to_host(result), self.settings.convert), found

    def _transform(self, task: Task, is_stopped: Callable[[], bool]) -> str | None:
        """Work on a video, frame by frame; return why it ended before its time."""
        settings = self.settings

        def frame(image: np.ndarray) -> Any:
            if is_stopped():
                raise InterruptedError("interrupted")
            height, width = image.shape[:2]
            if settings.max_pixels is not None and height * width > settings.max_pixels:
                raise ValueError(f"{width} x {height} are more than {settings.max_pixels} pixels")
            return self._result(cvkit.rgb_to_gray(image) if settings.mode == "gray" else image)[0]

        target = Path(self.output, task.output)
        target.parent.mkdir(parents=True, exist_ok=True)
        source = os.path.join(self.folder, task.path)
        return transform_video(source, target, frame, **settings.frames._asdict())

    def write(self, item: Item) -> Entry:
        """Write the result and say how it went."""
        start = time.perf_counter()
        if item.error is None and not item.is_written:
            target = Path(self.output, item.task.output)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_result(target, item.image, self.settings.quality)
                item.is_written = True
            except Exception as error:  # whatever a result does to its writer is that file's failure only
                item.error = f"cannot write {item.task.output}: {reason_of(error)}"
        item.image = None
        item.seconds += time.perf_counter() - start
        return self._entry(item)

    def lost(self, task: Task, reason: str) -> Entry:
        """Say that a file could not be worked on."""
        return self._entry(Item(task, error=reason))

    def _entry(self, item: Item) -> Entry:
        failed = item.error is not None
        return Entry(
            path=to_posix(item.task.path),
            source_root=None if item.task.root is None else to_posix(item.task.root),
            size=item.size,
            mtime_ns=item.mtime_ns,
            operation=self.to_json(),
            version=__version__,
            status="failed" if failed else "done",
            output=item.task.output if item.is_written else None,
            error=item.error,
            milliseconds=round(item.seconds * 1000, 3),
            found=item.found,
        )

    def try_out(self, format: str = "keep") -> None:
        """Compute on a small image, so that wrong parameters show at once, and kernels are compiled.

        Raises
        ------
        ValueError or TypeError
            If the operation refuses color and gray images of 8 bits alike, or ``format`` the result.
        """
        color = np.zeros((256, 256, 3), np.uint8)
        attempts = {"rgb": [color], "gray": [color[..., 0]]}.get(self.settings.mode, [color, color[..., 0]])
        refused: Exception | None = None
        for image in attempts:
            try:
                result, _ = self._result(np.ascontiguousarray(image))
            except (TypeError, ValueError) as error:
                refused = refused or error
            else:
                _check_format(format, result)
                return
        if refused is not None:
            raise refused


def write_result(path: Path, result: Any, quality: int = 95) -> None:
    """Write a result so that the file is either complete or not there.

    Parameters
    ----------
    path : Path
        Its ending names the format: .npy, .npz, or one of images. Floats, and integers that may be
        negative, are float32 in TIFF.
    result : numpy.ndarray, or a tuple of the features and the image of :func:`cvkit.hog`, or a named tuple
        What an operation gave. The format .csv holds measurements of labels, as of :func:`cvkit.label`.
    quality : int
        Of JPEG and WebP.
    """
    suffix = path.suffix.lower()
    if suffix == ".npz":
        arrays = result if isinstance(result, tuple) else (result,)
        names = getattr(result, "_fields", ("features", "image"))
        with atomic_path(path) as temporary:
            np.savez(temporary, **dict(zip(names, arrays, strict=False)))
    elif suffix == ".csv":
        write_measurements(path, result)
    elif isinstance(result, tuple):
        raise ValueError("a result of two arrays needs the format npz")
    elif suffix == ".npy":
        with atomic_path(path) as temporary:
            np.save(temporary, result)
    else:
        is_deep = suffix in (".tif", ".tiff") and result.dtype not in (np.uint8, np.uint16)
        write_image(path, result.astype(np.float32) if is_deep else result, quality=quality)


def _check_format(format: str, result: Any) -> None:
    """Raise ``ValueError`` where a format cannot hold a result; for "keep", where PNG cannot."""
    suffix = "png" if format == "keep" else format
    with tempfile.TemporaryDirectory() as folder:
        try:
            write_result(Path(folder, f"result.{suffix}"), result)
        except (TypeError, ValueError) as error:
            ways = "format tiff or npz, or convert saturate or absolute"
            raise ValueError(f"format {format} cannot hold the results: {error}; use {ways}") from None


def to_posix(path: str) -> str:
    """Write a path with forward slashes."""
    return path.replace(os.sep, "/")


def _converted(result: np.ndarray, convert: str) -> np.ndarray:
    """Bring a result into 8 bits as images are shown: rounded, and saturated."""
    if convert == "none" or result.dtype in (np.uint8, np.uint16):
        return result
    values = np.abs(result.astype(np.float32)) if convert == "absolute" else result
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def reason_of(error: Exception, file: str = "") -> str:
    """Say what went wrong, without the file's name, which the entry has."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).removeprefix(f"{file}: ")
    if isinstance(error, OSError | TypeError | ValueError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
