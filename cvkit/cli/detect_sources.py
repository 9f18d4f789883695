"""What ``cvkit detect`` works on, and what it does with each picture, video and camera."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cvkit.cli.progress import Progress
    from cvkit.detect import Detections
    from cvkit.detect.results import ResultsWriter
    from cvkit.video import FrameReader

# What failed is named when it fails; the summary names this many again.
_FAILURES_IN_SUMMARY = 20

Source = Path | int
"""A picture, a video, or the number of a camera."""


def find_sources(names: Sequence[str]) -> Iterator[Source]:
    """Find the pictures, videos and cameras that names stand for; cameras last, since they do not end."""
    from cvkit import io, video

    cameras = [video.camera_index(name) for name in names]
    files = [name for name, camera in zip(names, cameras, strict=True) if camera is None]
    yield from io.walk(files, suffixes=io.SUFFIXES | video.SUFFIXES)
    yield from (camera for camera in cameras if camera is not None)


def outside(folder: Path, sources: Iterable[Source]) -> Iterator[Source]:
    """Leave out what this run itself writes, where its folder lies inside a source."""
    own = folder.resolve()
    return (source for source in sources if isinstance(source, int) or own not in source.resolve().parents)


def _kind(source: Source) -> str:
    from cvkit.video import is_video

    if isinstance(source, int):
        return "camera"
    return "video" if is_video(source) else "picture"


@dataclass
class Extent:
    """How much there is to do: sources of each kind; pictures and frames, None where a camera has no end."""

    kinds: Counter[str]
    images: int | None

    def __str__(self) -> str:
        return _counts(self.kinds)

    @property
    def unit(self) -> str:
        """What the images are."""
        if self.kinds.keys() == {"picture"}:
            return "pictures"
        return "pictures and frames" if "picture" in self.kinds else "frames"


def _counts(kinds: dict[str, int]) -> str:
    """Write how many there are of each kind, such as "1 picture and 2 videos"."""
    parts = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.items() if count]
    return " and ".join(parts) or "0 pictures"


def measure(sources: Iterable[Source], read: Callable[[Source], FrameReader]) -> Extent:
    """Count sources and their images, as far as headers tell; OSError where there is no such camera."""
    extent = Extent(Counter(), 0)
    for source in sources:
        kind = _kind(source)
        extent.kinds[kind] += 1
        count = 1 if kind == "picture" else _count_frames(source, read)
        extent.images = None if extent.images is None or count is None else extent.images + count
    return extent


def _count_frames(source: Source, read: Callable[[Source], FrameReader]) -> int | None:
    try:
        with read(source) as frames:
            return frames.count
    except OSError:
        if isinstance(source, int):
            raise
        return 1  # a video that cannot be opened is one that fails


@dataclass
class Tally:
    """What has been done so far."""

    images: Counter[str] = field(default_factory=Counter)
    people: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    start: float = field(default_factory=time.monotonic)

    def add(self, kind: str, found: Detections) -> None:
        """Count a picture or frame and the people in it."""
        self.images[kind] += 1
        self.people += len(found)

    def fail(self, source: Source) -> None:
        """Count a source that could not be read, or not to its end."""
        self.failed += 1
        if len(self.failures) < _FAILURES_IN_SUMMARY:
            self.failures.append(_name(source))

    def report(self, folder: Path, progress: Progress) -> None:
        """Say what was done and what failed."""
        rate = self.images.total() / max(time.monotonic() - self.start, 1e-9)
        found = "1 person" if self.people == 1 else f"{self.people} people"
        progress.say(f"{found} in {_counts(self.images)}, {rate:.1f}/s, written to {folder}")
        if self.failed:
            progress.say(f"{self.failed} failed:")
            for name in self.failures:
                progress.say(f"  {name}")
        if self.failed > len(self.failures):
            progress.say(f"  and {self.failed - len(self.failures)} more")


def _name(source: Source) -> str:
    """Name a source in results and messages."""
    return f"camera-{source}" if isinstance(source, int) else str(source)


@dataclass
class SourceDetector:
    """Detects in one source after another.

    Parameters
    ----------
    find : callable
        Finds the people in an image.
    read : callable
        Opens a video or camera.
    results : ResultsWriter
        Takes the boxes.
    folder : pathlib.Path, optional
        Where pictures and videos with the boxes drawn in go, if anywhere.
    tally, progress
        What is told.
    """

    find: Callable[[Any], Detections]
    read: Callable[[Source], FrameReader]
    results: ResultsWriter
    folder: Path | None
    tally: Tally
    progress: Progress

    def in_all(self, sources: Iterator[Source]) -> None:
        """Detect in every source; what cannot be read is said and counted."""
        for kind, group in groupby(sources, key=_kind):
            if kind == "picture":
                self._in_pictures(group)
            else:
                for source in group:
                    self._in_frames(source)

    def _in_pictures(self, paths: Iterator[Any]) -> None:
        """Detect in one picture after another, while a thread reads the next ones."""
        from cvkit.io import read_ahead

        with closing(read_ahead(paths)) as pictures:
            for path, image in pictures:
                if isinstance(image, OSError):
                    self._fail(path, f"cannot read {image}")
                else:
                    found = self._in_image(path, image, "picture")
                    self._save_drawn(path, image, found)
                self.progress.advance()

    def _in_frames(self, source: Source) -> None:
        """Detect in the frames of a video or camera, which results name by the file and their number."""
        try:
            frames = self.read(source)
        except OSError as error:
            self._fail(source, f"cannot read {error}")
            self.progress.advance()
            return
        with frames, self._drawn_video(source, frames.rate) as draw:
            for number, image in frames:
                found = self._in_image(f"{_name(source)}/{number:06d}", image, "frame")
                draw(image, found)
                self.progress.advance()
        if frames.fault is not None:
            self._fail(source, f"{_name(source)}: {frames.fault}")

    def _in_image(self, name: Path | str, image: Any, kind: str) -> Detections:
        found = self.find(image)
        self.results.add(name, image.shape, found)
        self.tally.add(kind, found)
        return found

    def _fail(self, source: Source, message: str) -> None:
        self.tally.fail(source)
        self.progress.say(message)

    def _save_drawn(self, path: Path, image: Any, found: Detections) -> None:
        from cvkit.detect import draw_detections
        from cvkit.io import write_image

        if self.folder is not None:
            write_image(_target(self.folder / "images", path, ".jpg"), draw_detections(image, found))

    @contextmanager
    def _drawn_video(self, source: Source, rate: float) -> Iterator[Callable[[Any, Detections], None]]:
        """Open the annotated video, kept also when it is interrupted, and give what adds a frame to it."""
        from cvkit.detect import draw_detections
        from cvkit.video import open_video

        if self.folder is None:
            yield lambda image, found: None
            return
        target = _target(self.folder / "videos", _name(source), ".mp4")
        with open_video(target, rate, keep_partial=True) as video:
            yield lambda image, found: video.write(draw_detections(image, found))


def _target(folder: Path, source: str | Path, suffix: str) -> Path:
    """Name an output after its source and make its folder."""
    from cvkit._paths import inside, unused_path

    target = unused_path((folder / inside(source)).with_suffix(suffix))
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
