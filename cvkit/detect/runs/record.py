"""What ``cvkit detect`` writes down as it goes, so that a kill loses nothing, and makes its results of.

In the output folder, ``manifest.jsonl`` has a line for each source that ended, like that of ``cvkit batch``,
and ``boxes.jsonl`` one for each image and frame with what was found there. A source counts once its line is
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
from typing import Any, NamedTuple

from cvkit._paths import claim_folder, inside, remove_temporary, unused_path
from cvkit._version import __version__
from cvkit.batch.record.digests import Digests, digest, digest_of_state
from cvkit.batch.record.earlier import EarlierRuns
from cvkit.batch.record.folder import is_foreign, open_folder
from cvkit.batch.record.manifest import NAME, Entry, read_entries
from cvkit.batch.work import to_posix
from cvkit.detect import Detections, open_results
from cvkit.detect.results import RESULTS, TrackWriter
from cvkit.detect.runs.sources import Source, kind_of, name_of
from cvkit.typing import DetectionFormat

BOXES = "boxes.jsonl"
"""Name of the file with the boxes as they were found."""

# Results are written here and then moved to where they belong, in place of those of earlier runs.
_UNFINISHED = ".results-"

# Which of the numbers kept of an earlier source says where its boxes end.
_END = 2


@dataclass(frozen=True, slots=True)
class SourceEntry(Entry):
    """What became of a source: an entry of a batch, and what was found.

    Attributes
    ----------
    images : int
        The number of its images or frames that were looked at.
    boxes : tuple of int
        Where their lines begin and end in ``boxes.jsonl``, in bytes.
    """

    images: int
    boxes: tuple[int, int]


class Job(NamedTuple):
    """A source on its way.

    Attributes
    ----------
    source : Path, int or str
        What to work on.
    output : str
        The image or video with the boxes drawn in, relative to the output folder.
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
    """The record in an output folder, which is its own until it is closed; made by :func:`open_record`.

    Parameters
    ----------
    folder : Path
        The output folder.
    operation : dict
        What decides which boxes are found in an image, as the manifest has it.
    frames : dict
        Which frames of videos are taken.
    is_drawing : bool
        Whether images and videos with the boxes drawn in are wanted.
    resume : bool
        Go on with what earlier runs did.
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
        resume: bool = False,
        overwrite: bool = False,
    ) -> None:
        self.folder = folder
        self.is_drawing = is_drawing
        self._operations = {"image": operation, "frame": {**operation, "settings": frames}}
        self._outputs = Digests()
        self._regions = array("Q")  # where the boxes are of each source, in the order of the sources
        self._looked = 0
        with ExitStack() as opened:
            self._manifest = opened.enter_context(open_folder(folder, resume=resume, overwrite=overwrite))
            # Read also where it is overwritten: what is not of a detection is refused.
            self._earlier = _read_earlier(folder)
            if overwrite:
                self._manifest.clear()
                _clear(folder)
                self._earlier = _read_earlier(folder)
            end = int(self._earlier.numbers(_END).max(initial=0)) if len(self._earlier) else 0
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
        self._begin = end
        self.has_earlier: bool = len(self._earlier) > 0

    def close(self) -> None:
        """Let other runs have the folder."""
        self._opened.close()

    @property
    def manifest(self) -> Path:
        """The file that says what became of each source."""
        return self.folder / NAME

    def plan(self, source: Source) -> Job:
        """Give a source its place in the results, and its output a name that depends on the sources only."""
        folder, suffix = ("images", ".jpg") if kind_of(source) == "image" else ("videos", ".mp4")
        wanted = (folder / inside(name_of(source))).with_suffix(suffix)
        output = unused_path(wanted, lambda path: not self._outputs.add(digest(path)))
        size, mtime_ns = _state_of_file(source)
        place = len(self._regions) // 2
        self._regions.extend((0, 0))
        return Job(source, output.as_posix(), size, mtime_ns, place)

    def keep(self, job: Job) -> int | None:
        """Take over what an earlier run found, and say in how many images; else None, and nothing is left."""
        earlier = self._earlier.find(digest(to_posix(name_of(job.source))))
        if earlier is not None:
            images, begin, end = earlier.numbers
            is_drawn = earlier.output == digest(job.output) and os.path.exists(self.folder / job.output)
            if earlier.state == self._state(job) and (is_drawn or not self.is_drawing):
                self._regions[2 * job.place] = begin
                self._regions[2 * job.place + 1] = end
                return images
        with suppress(OSError):  # one that cannot be removed cannot be replaced, either: drawing will tell
            (self.folder / job.output).unlink(missing_ok=True)
        return None

    def note(self, job: Job, frame: int | None, shape: tuple[int, ...], found: Detections) -> None:
        """Write down what was found in an image, or in a frame of a video."""
        name = name_of(job.source)
        image = {
            "name": name if frame is None else f"{name}/{frame:06d}",
            "kind": "image" if frame is None else "frame",
            "shape": shape[:2],
            "xyxy": found.xyxy.tolist(),
            "confidence": found.confidence.tolist(),
            "class_id": found.class_id.tolist(),
            "track_id": None if found.track_id is None else found.track_id.tolist(),
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

    def write_results(self, format: DetectionFormat, classes: tuple[str, ...]) -> Totals:
        """Write the boxes of all sources in their order, in place of the results that are there."""
        totals = Totals()
        with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=self.folder) as name:
            finished = Path(name)
            with (
                open_results(finished, format=format, classes=classes) as results,
                TrackWriter(finished) as tracks,
            ):
                for image in self._images():
                    columns = (image["xyxy"], image["confidence"], image["class_id"])
                    found = Detections(*columns, image.get("track_id"))
                    results.add(image["name"], image["shape"], found)
                    if found.track_id is not None:
                        video, _, frame = image["name"].rpartition("/")
                        tracks.add(video, int(frame), found)
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
        return self._operations["image" if kind_of(job.source) == "image" else "frame"]

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
        output = claim_folder(output)
    elif is_foreign(output):
        raise FileExistsError(f"{output} is not empty and holds no {NAME} of cvkit detect")
    return DetectionRecord(
        output, operation, frames, is_drawing=is_drawing, resume=resume, overwrite=overwrite
    )


def _read_earlier(folder: Path) -> EarlierRuns:
    """Read what earlier runs did: also in how many images, and where their boxes begin and end."""
    return EarlierRuns(read_entries(folder, SourceEntry), digest, lambda entry: (entry.images, *entry.boxes))


def _state_of_file(source: Source) -> tuple[int, int]:
    if not isinstance(source, Path):
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
