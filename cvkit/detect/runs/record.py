"""What ``cvkit detect`` writes down as it goes, so that a kill loses nothing, and makes its results of.

In the output folder, ``manifest.jsonl`` has a line for each source that ended, like that of ``cvkit batch``,
and ``boxes.jsonl`` one for each picture and frame with what was found there. A source counts once its line is
in the manifest, which says where its boxes are; what a kill left behind the last of them is cut off.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from cvkit._paths import claim_folder, inside, remove_temporary, unused_path
from cvkit._version import __version__
from cvkit.batch.digests import Digests, digest, digest_of_state, position_in
from cvkit.batch.manifest import NAME, Entry, Manifest, every_entry, last_of_each
from cvkit.batch.work import to_posix
from cvkit.detect import Detections, open_results
from cvkit.detect.results import RESULTS
from cvkit.detect.runs.sources import Source, kind_of, name_of

BOXES = "boxes.jsonl"
"""Name of the file with the boxes as they were found."""

# Results are written here and then moved to where they belong, in place of those of earlier runs.
_UNFINISHED = ".results-"


@dataclass(frozen=True, slots=True)
class SourceEntry(Entry):
    """What became of a source: an entry of a batch, and what was found.

    Attributes
    ----------
    images : int
        The number of its pictures or frames that were looked at.
    boxes : tuple of int
        Where their lines begin and end in ``boxes.jsonl``, in bytes.
    """

    images: int
    boxes: tuple[int, int]


class Job(NamedTuple):
    """A source on its way.

    Attributes
    ----------
    source : Path or int
        What to work on.
    output : str
        The picture or video with the boxes drawn in, relative to the output folder.
    size, mtime_ns : int
        Of the file, before it is read: one that changes meanwhile will be seen to have changed.
    place : int
        Its place among all sources.
    """

    source: Source
    output: str
    size: int
    mtime_ns: int
    place: int


@dataclass
class Totals:
    """What the results hold: images of each kind, and people."""

    images: Counter[str] = field(default_factory=Counter)
    people: int = 0


class DetectionRecord:
    """The record in an output folder. A context manager; the folder is its own until the block ends.

    Parameters
    ----------
    folder : Path
        The output folder, which exists.
    operation : dict
        What decides which boxes are found in a picture, as the manifest has it.
    frames : dict
        Which frames of videos are taken.
    is_drawing : bool
        Whether pictures and videos with the boxes drawn in are wanted.
    overwrite : bool
        Begin anew, and remove what earlier runs left in the folder.

    Attributes
    ----------
    has_earlier : bool
        Whether there is anything that an earlier run ended.
    """

    def __init__(
        self,
        folder: Path,
        operation: dict[str, Any],
        frames: dict[str, Any],
        *,
        is_drawing: bool,
        overwrite: bool = False,
    ) -> None:
        self.folder = folder
        self.is_drawing = is_drawing
        self._operations = {"picture": operation, "frame": {**operation, "settings": frames}}
        self._outputs = Digests()
        self._regions = array("Q")  # where the boxes are of each source, in the order of the sources
        self._looked = 0
        with ExitStack() as opened:
            self._manifest = opened.enter_context(Manifest(folder))
            earlier, end = _read_manifest(folder)
            if overwrite:
                self._manifest.clear()
                _clear(folder)
                earlier, end = earlier[:0], 0
            _remove_unfinished(folder)
            # Unbuffered, as the manifest: what is written outlives the process.
            self._boxes = opened.enter_context((folder / BOXES).open("ab", buffering=0))
            if self._boxes.tell() < end:
                raise ValueError(
                    f"{folder / BOXES} has lost boxes that {NAME} refers to; --overwrite begins anew"
                )
            self._boxes.truncate(end)
            self._boxes.seek(end)
            self._opened = opened.pop_all()
        self._earlier = earlier
        self._earlier_keys = np.ascontiguousarray(earlier[:, 0])
        self._begin = end
        self.has_earlier = len(earlier) > 0

    def __enter__(self) -> DetectionRecord:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    @property
    def manifest(self) -> Path:
        """The file that says what became of each source."""
        return self.folder / NAME

    def plan(self, source: Source) -> Job:
        """Give a source its place in the results, and its output a name that depends on the sources only."""
        folder, suffix = ("images", ".jpg") if kind_of(source) == "picture" else ("videos", ".mp4")
        wanted = (folder / inside(name_of(source))).with_suffix(suffix)
        output = unused_path(wanted, lambda path: not self._outputs.add(digest(path)))
        size, mtime_ns = _state_of_file(source)
        place = len(self._regions) // 2
        self._regions.extend((0, 0))
        return Job(source, output.as_posix(), size, mtime_ns, place)

    def keep(self, job: Job) -> int | None:
        """Take over what an earlier run found, and say in how many images; else None, and nothing is left."""
        position = position_in(self._earlier_keys, digest(to_posix(name_of(job.source))))
        if position is not None:
            _, state, output, images, begin, end = map(int, self._earlier[position])
            is_drawn = output == digest(job.output) and os.path.exists(self.folder / job.output)
            if state == self._state(job) and (is_drawn or not self.is_drawing):
                self._regions[2 * job.place] = begin
                self._regions[2 * job.place + 1] = end
                return images
        with suppress(OSError):  # one that cannot be removed cannot be replaced, either: drawing will tell
            (self.folder / job.output).unlink(missing_ok=True)
        return None

    def note(self, job: Job, frame: int | None, shape: tuple[int, ...], found: Detections) -> None:
        """Write down what was found in a picture, or in a frame of a video."""
        name = name_of(job.source)
        image = {
            "name": name if frame is None else f"{name}/{frame:06d}",
            "kind": "picture" if frame is None else "frame",
            "shape": shape[:2],
            "xyxy": found.xyxy.tolist(),
            "confidence": found.confidence.tolist(),
            "class_id": found.class_id.tolist(),
        }
        line = json.dumps(image).encode("ascii") + b"\n"
        if self._boxes.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._boxes.name)
        self._looked += 1

    def end(self, job: Job, seconds: float, error: str | None) -> None:
        """Write down what became of a source; when this returns, a kill does not lose it."""
        end = self._boxes.tell()
        self._manifest.add(
            SourceEntry(
                path=to_posix(name_of(job.source)),
                source_root=None,
                size=job.size,
                mtime_ns=job.mtime_ns,
                operation=self._operation(job),
                version=__version__,
                status="done" if error is None else "failed",
                output=job.output if os.path.exists(self.folder / job.output) else None,
                error=error,
                milliseconds=round(seconds * 1000, 3),
                images=self._looked,
                boxes=(self._begin, end),
            )
        )
        self._regions[2 * job.place] = self._begin
        self._regions[2 * job.place + 1] = end
        self._begin, self._looked = end, 0

    def write_results(self, format: str) -> Totals:
        """Write the boxes of all sources in their order, in place of the results that are there."""
        totals = Totals()
        with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=self.folder) as name:
            finished = Path(name)
            with open_results(finished, format=format) as results:
                for image in self._images():
                    found = Detections(image["xyxy"], image["confidence"], image["class_id"])
                    results.add(image["name"], image["shape"], found)
                    totals.images[image["kind"]] += 1
                    totals.people += len(found)
            for result in RESULTS:
                _move(finished / result, self.folder / result)
        return totals

    def _images(self) -> Iterator[dict[str, Any]]:
        with (self.folder / BOXES).open("rb") as boxes:
            for place in range(0, len(self._regions), 2):
                position, end = self._regions[place : place + 2]
                boxes.seek(position)
                while position < end:
                    line = boxes.readline()
                    try:
                        yield json.loads(line)
                    except ValueError:  # the disk did not keep what it was given, as after a power cut
                        raise OSError(f"{boxes.name} is damaged; --overwrite begins anew") from None
                    position += len(line)

    def _operation(self, job: Job) -> dict[str, Any]:
        return self._operations["picture" if kind_of(job.source) == "picture" else "frame"]

    def _state(self, job: Job) -> int:
        return digest_of_state(job.size, job.mtime_ns, self._operation(job), __version__)


def open_record(
    output: Path,
    operation: dict[str, Any],
    frames: dict[str, Any],
    *,
    is_drawing: bool,
    resume: bool,
    overwrite: bool,
) -> DetectionRecord:
    """Make a new folder; or, to resume or overwrite, enter the one that an earlier run made.

    Raises
    ------
    OSError or ValueError
        Where that is not possible.
    """
    if not (resume or overwrite):
        return DetectionRecord(claim_folder(output), operation, frames, is_drawing=is_drawing)
    output.mkdir(parents=True, exist_ok=True)
    if any(output.iterdir()) and not (output / NAME).exists():
        raise FileExistsError(f"{output} is not empty and holds no {NAME} of cvkit detect")
    return DetectionRecord(output, operation, frames, is_drawing=is_drawing, overwrite=overwrite)


def _read_manifest(folder: Path) -> tuple[np.ndarray, int]:
    """Read what earlier runs did, in 48 bytes a source, and where the boxes end that they found."""
    rows = array("Q")
    path = folder / NAME
    with path.open("rb") as file:
        for _, entry in every_entry(file, path, SourceEntry):
            state = 0
            if entry.status == "done":
                state = digest_of_state(entry.size, entry.mtime_ns, entry.operation, entry.version)
            rows.extend((digest(entry.path), state, digest(entry.output), entry.images, *entry.boxes))
    table = np.array(rows, np.uint64).reshape(-1, 6)
    end = int(table[:, 5].max(initial=0))
    table = table[last_of_each(table[:, 0])]
    return table[np.argsort(table[:, 0])], end


def _state_of_file(source: Source) -> tuple[int, int]:
    if isinstance(source, int):
        return 0, 0
    try:
        status = os.stat(source)
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _clear(folder: Path) -> None:
    """Remove what earlier runs made; other files that somebody put there stay."""
    for name in (BOXES, *RESULTS, "images", "videos"):
        _remove(folder / name)


def _remove_unfinished(folder: Path) -> None:
    """Remove what a killed run left half written."""
    for path in folder.glob(f"{_UNFINISHED}*"):
        _remove(path)
    remove_temporary(folder)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _move(new: Path, old: Path) -> None:
    """Put ``new`` in the place of ``old``; where there is no new one, only take the old one away."""
    if old.is_dir():
        old.rename(new.with_name(f"earlier-{new.name}"))  # is removed with the folder
    if new.exists():
        os.replace(new, old)
    else:
        old.unlink(missing_ok=True)
