"""What ``cvkit detect`` does with each image, video and camera."""

from __future__ import annotations

import errno
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvkit import io, video
from cvkit.batch.work import reason_of
from cvkit.detect import Detections, Tracker
from cvkit.detect.runs.finder import Finder
from cvkit.detect.runs.progress import Progress
from cvkit.detect.runs.record import DetectionRecord, Job
from cvkit.detect.runs.sources import Source, kind_of, name_of

if TYPE_CHECKING:
    from cvkit.detect.runs.runner import Summary

# Sources that fail are named when they fail, up to this many; the manifest has them all.
_FAILURES_NAMED = 20


# What keeps not only one result from being written: the disk is full, broken or read-only.
_NO_WAY_ON = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})


class _ImageError(Exception):
    """There can be no detections in an image, and thus not in its source."""


@dataclass
class SourceDetector:
    """Detects in one source after another.

    Parameters
    ----------
    finder : Finder
        Finds the objects in an image.
    read : callable
        Opens a video or camera.
    record : DetectionRecord
        Takes the boxes, and knows what earlier runs did.
    is_tracking : bool
        Whether to number the objects of videos.
    max_pixels : int or None
        Larger images and frames are refused.
    summary : Summary
        Counts the sources.
    progress : Progress
        Is told.
    images : int
        Counts the images and frames that were looked at.
    """

    finder: Finder
    read: Callable[[Source], video.FrameReader]
    record: DetectionRecord
    is_tracking: bool
    max_pixels: int | None
    summary: Summary
    progress: Progress
    images: int = 0

    def in_all(self, sources: Iterable[Source]) -> None:
        """Detect in every source that no earlier run was done with; those that fail are said and counted."""
        jobs = self._jobs(sources)
        try:
            for kind, group in groupby(jobs, key=lambda job: kind_of(job.source)):
                if kind == "image":
                    self._in_images(group)
                else:
                    for job in group:
                        self._attempt(self._in_frames, job)
        except (KeyboardInterrupt, OSError):
            if self.record.has_earlier:
                deque(jobs, maxlen=0)  # what earlier runs did is kept, although this one did not come to it
            raise

    def _jobs(self, sources: Iterable[Source]) -> Iterator[Job]:
        """Give what is to be done."""
        for job in map(self.record.plan, sources):
            images = self.record.keep(job)
            if images is None:
                yield job
            else:
                self.summary.unchanged += 1
                self.progress.advance(images)

    def _in_images(self, jobs: Iterator[Job]) -> None:
        """Detect in one image after another, while a thread reads the next ones."""
        begun: deque[Job] = deque()

        def paths() -> Iterator[Any]:
            for job in jobs:
                begun.append(job)
                yield job.source

        with closing(io.read_ahead(paths(), max_pixels=self.max_pixels)) as images:
            for _, image in images:
                job = begun.popleft()
                self._attempt(self._in_one_image, job, image)
                self.progress.advance()

    def _in_one_image(self, job: Job, image: Any) -> str | None:
        """Detect in an image file; return why that was not possible."""
        if isinstance(image, OSError):
            return reason_of(image, name_of(job.source))
        found = self._in_image(job, None, image)
        if self.record.is_drawing:
            io.write_image(self._target(job), self.finder.draw(image, found))
        return None

    def _in_frames(self, job: Job) -> str | None:
        """Detect in the frames of a video or camera; return why it ended before its time."""
        try:
            frames = self.read(job.source)
        except Exception as error:
            self.progress.advance()
            return reason_of(error, name_of(job.source))
        start = time.monotonic()
        tracker = Tracker(start_confidence=self.finder.start_confidence) if self.is_tracking else None
        try:
            with frames, self._drawn_video(job, frames.rate) as draw:
                for number, image in frames:
                    draw(image, self._in_image(job, number, image, tracker))
                    self.progress.advance()
        except KeyboardInterrupt:
            self.record.end(job, time.monotonic() - start, "interrupted")
            raise
        return frames.fault

    def _in_image(
        self, job: Job, frame: int | None, image: Any, tracker: Tracker | None = None
    ) -> Detections:
        height, width = image.shape[:2]
        if self.max_pixels is not None and height * width > self.max_pixels:
            raise _ImageError(f"{width} x {height} are more than {self.max_pixels} pixels")
        try:
            found = self.finder.find(image, name_of(job.source))
        except Exception as error:  # whatever an image does to the detector is its source's failure only
            raise _ImageError(reason_of(error)) from error
        if tracker is not None:
            found = tracker.update(found)
        self.record.note(job, frame, image.shape, found)
        self.images += 1
        return found

    def _attempt(self, function: Callable[..., str | None], job: Job, *arguments: Any) -> None:
        """Work on a source and write down how it ended; what goes wrong is its failure only."""
        start = time.monotonic()
        try:
            error = function(job, *arguments)
        except _ImageError as fault:
            error = str(fault)
        except Exception as fault:
            if isinstance(fault, OSError) and fault.errno in _NO_WAY_ON:
                raise
            error = reason_of(fault, name_of(job.source))
        self._end(job, error, time.monotonic() - start)

    def _end(self, job: Job, error: str | None, seconds: float) -> None:
        self.record.end(job, seconds, error)
        if error is None:
            self.summary.done += 1
            return
        self.summary.failed += 1
        self.progress.advance(0, failed=1)
        if self.summary.failed <= _FAILURES_NAMED:
            self.progress.say(f"failed: {name_of(job.source)}: {error}")

    @contextmanager
    def _drawn_video(self, job: Job, rate: float) -> Iterator[Callable[[Any, Detections], None]]:
        """Open the annotated video, kept also when it is interrupted, and give what adds a frame to it."""
        if not self.record.is_drawing:
            yield lambda image, found: None
            return
        with video.open_video(self._target(job), rate, keep_partial=True) as drawn:
            yield lambda image, found: drawn.write(self.finder.draw(image, found))

    def _target(self, job: Job) -> Path:
        """Return where to draw, and make its folder."""
        target = self.record.folder / job.output
        target.parent.mkdir(parents=True, exist_ok=True)
        return target
