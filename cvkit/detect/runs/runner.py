"""Detect in many sources: what ``cvkit detect`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from cvkit._opencv import opencv
from cvkit._paths import check_writable
from cvkit.batch import runner
from cvkit.batch.record.manifest import NAME
from cvkit.batch.video import ALL_FRAMES, Frames
from cvkit.detect import DEFAULT_MODEL
from cvkit.detect.runs.finder import Finder
from cvkit.detect.runs.progress import Progress, Silence
from cvkit.detect.runs.record import DetectionRecord, Totals, open_record
from cvkit.detect.runs.regions import as_regions
from cvkit.detect.runs.settings import Settings
from cvkit.detect.runs.sources import Extent, find_sources, measure, outside
from cvkit.detect.runs.work import SourceDetector
from cvkit.io import LeftOut
from cvkit.typing import ConfidenceKind, DetectionFormat
from cvkit.video import read_frames

Given = str | int | os.PathLike[str]


@dataclass
class Summary(runner.Summary):
    """How a run went.

    Attributes
    ----------
    total : int
        Sources found.
    done, failed : int
        Sources worked on, with and without success.
    unchanged : int
        Sources that an earlier run was done with.
    images : int
        Images and frames in the results.
    people : int
        Boxes in the results.
    seconds : float
        Time the work took.
    stopped : bool
        Whether the run ended before its time.
    manifest : Path
        The file that holds every source's entry, with the reason where it failed.
    """

    images: int = 0
    people: int = 0


class Run:
    """A run that is ready to begin: what the caller may have got wrong is checked, but for the output folder.

    A context manager: the output folder is its own while the block lasts. The arguments are those of
    :func:`run`, most of them in its settings.

    Attributes
    ----------
    extent : Extent
        How much there is to do.
    left_out : LeftOut
        What the sources hold beside files that count.
    summary : Summary
        How it went so far.
    totals : Totals
        What the results hold.
    images : int
        The number of images and frames that this run looked at.
    finder : Finder
        What finds objects in them.
    """

    def __init__(
        self,
        sources: Given | Iterable[Given],
        output: str | os.PathLike[str],
        settings: Settings,
        *,
        resume: bool = False,
        overwrite: bool = False,
    ) -> None:
        if resume and overwrite:
            raise ValueError("resume and overwrite exclude each other")
        opencv()  # without it, every source would fail
        self._given = [sources] if isinstance(sources, str | int | os.PathLike) else list(sources)
        self._output = Path(output)
        self._settings = settings
        self._resume, self._overwrite = resume, overwrite
        self._read = partial(read_frames, **settings.frames._asdict())
        self.left_out: LeftOut = LeftOut()
        found = find_sources(self._given, self.left_out)
        self.extent: Extent = measure(
            outside(self._output, found) if resume or overwrite else found, self._read
        )
        if not self.extent.kinds:
            but = f"; left out: {self.left_out}" if self.left_out else ""
            raise FileNotFoundError(f"no images or videos in {', '.join(map(str, self._given))}{but}")
        for kind in ("camera", "stream"):
            if resume and self.extent.kinds[kind]:
                raise ValueError(f"resume cannot go on with a {kind}")
        check_writable(self._output)
        self.finder: Finder = settings.open_finder()
        self._operation = settings.to_json()
        self.summary: Summary = Summary(self.extent.kinds.total(), self._output / NAME)
        self.totals: Totals = Totals()
        self.images: int = 0

    def __enter__(self) -> Run:
        self._record: DetectionRecord = open_record(
            self._output,
            self._operation,
            self._settings.frames_to_json(),
            is_drawing=self._settings.save_images,
            resume=self._resume,
            overwrite=self._overwrite,
        )
        self.summary.manifest = self._record.manifest
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._record.close()

    @property
    def folder(self) -> Path:
        """The output folder: another than was asked for where that exists."""
        return self._record.folder

    def detect(self, progress: Progress) -> None:
        """Detect in all sources; OSError where nothing can be written any more, such as on a full disk."""
        start = time.monotonic()
        detector = SourceDetector(
            self.finder,
            self._read,
            self._record,
            self._settings.track,
            self._settings.max_pixels,
            self.summary,
            progress,
        )
        self.summary.stopped = True
        try:
            detector.in_all(outside(self.folder, find_sources(self._given)))
            self.summary.stopped = False
        finally:
            self.images = detector.images
            self.summary.seconds = time.monotonic() - start

    def write_results(self) -> None:
        """Write the boxes of all sources, in their order, as far as :meth:`detect` came."""
        is_stopped, self.summary.stopped = self.summary.stopped, True
        self.totals = self._record.write_results(self._settings.format, self.finder.classes)
        self.summary.stopped = is_stopped
        self.summary.images = self.totals.images.total()
        self.summary.people = self.totals.people


def run(
    sources: Given | Iterable[Given],
    output: str | os.PathLike[str],
    *,
    model: str = DEFAULT_MODEL,
    threshold: float | None = None,
    confidence: ConfidenceKind = "raw",
    overrides: Mapping[str, Any] | None = None,
    regions: Any = None,
    frames: Frames = ALL_FRAMES,
    track: bool = False,
    max_pixels: int | None = None,
    format: DetectionFormat = "coco",
    save_images: bool = True,
    resume: bool = False,
    overwrite: bool = False,
    on_gpu: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Find people in images, videos and cameras; write boxes, annotated images and videos to a folder.

    A source that cannot be read is recorded with the reason, and the run goes on. Each source's entry is in
    ``manifest.jsonl`` as soon as it ends: whenever the process is killed, ``resume=True`` goes on from there.
    An interrupt, or a disk that is full, is raised after the results of what was done are written.

    Parameters
    ----------
    sources : path or int, or iterable of these
        Images, videos, folders, glob patterns, text files with one path a line, as for
        :func:`cvkit.io.walk`, numbers of cameras, or addresses of streams (``rtsp://``, ``http://``).
    output : path
        Folder to create; where it exists, a new one is made beside it, as ``output-2``, unless ``resume`` or
        ``overwrite`` is set.
    model : str
        A name of :func:`cvkit.detect.pretrained_names`, an ``.npz`` file that ``save`` wrote, an ``.xml`` or
        ``.yml`` file of OpenCV that :func:`cvkit.detect.load` reads, or the name of one of its cascades
        (``haarcascade_...``).
    threshold : float, optional
        Least confidence of a detection; by default the model's own.
    confidence : {"raw", "probability"}
        Whether the threshold and the confidence written are the model's own scores or probabilities.
    overrides : mapping, optional
        Settings of the detector to use instead of the model's, as for :func:`cvkit.detect.load`. Without
        ``upscale`` among them, images of less than four million pixels are enlarged, up to twice, so that
        people from 50 pixels on are found in those of up to a million.
    regions : optional
        Parts of the images to look at, by default all of it: (left, top, width, height), or the name of a
        JSON file, several of these, or a mapping that has them for each image or video by its name. A file
        holds a list, or an object like that mapping.
    frames : Frames
        Which frames of videos and cameras to take.
    track : bool
        Number the objects of videos and cameras from frame to frame, by a :class:`cvkit.detect.Tracker`.
        Boxes without a number are left out.
        ``tracks/VIDEO.txt`` has the numbers, too, as in the MOT challenge.
    max_pixels : int, optional
        Larger images and frames fail, images before they are decoded.
    format : {"coco", "yolo", "csv"}
        How to write the boxes, as for :func:`cvkit.detect.open_results`.
    save_images : bool
        Write images and videos with the boxes drawn in.
    resume : bool
        Go on in a folder: do what is not done, and what was done on a source that has changed since, with
        another model or by another version. A video that is not done begins anew.
    overwrite : bool
        Begin anew in a folder, and remove what an earlier run left there.
    on_gpu : bool
        Compute on the current GPU.
    progress : Progress, optional
        An object whose ``advance(count, failed)`` is called as images are done and ``say(message)`` where
        there is something to tell; by default nothing is told.

    Returns
    -------
    Summary
        How many sources were done, failed, or had been done before, and what the results hold.

    Raises
    ------
    TypeError or ValueError
        For a wrong argument, before anything is written.
    FileNotFoundError
        If a source does not exist, or there are no images or videos.
    FileExistsError
        If the folder to go on in is not one of detections.
    OSError
        If another run is writing to the folder, or it cannot be written to.

    Examples
    --------
    >>> import cvkit, numpy as np, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "photos").mkdir()
    >>> cvkit.write_image(folder / "photos" / "a.png", np.zeros((160, 120, 3), np.uint8))
    >>> summary = cvkit.detect.run(folder / "photos", folder / "found")
    >>> summary.done, summary.images, summary.people
    (1, 1, 0)
    >>> sorted(path.name for path in (folder / "found").iterdir())
    ['boxes.jsonl', 'detections.json', 'images', 'manifest.jsonl']
    >>> cvkit.detect.run(folder / "photos", folder / "found", resume=True).unchanged
    1
    """
    settings = Settings(
        model=model,
        threshold=threshold,
        confidence=confidence,
        overrides=overrides or {},
        regions=as_regions(() if regions is None else regions),
        frames=frames,
        track=track,
        max_pixels=max_pixels,
        format=format,
        save_images=save_images,
        on_gpu=on_gpu,
    )
    with Run(sources, output, settings, resume=resume, overwrite=overwrite) as prepared:
        try:
            prepared.detect(progress or Silence())
        finally:
            prepared.write_results()
    return prepared.summary
