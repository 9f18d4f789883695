"""Write the detections of many images, as they come, in formats that other tools read."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path, PurePath
from types import TracebackType
from typing import IO, Any

from cvkit import _validate
from cvkit._paths import atomic_path, fitting, inside, unused_path
from cvkit.detect.detections import Detections
from cvkit.typing import DetectionFormat


class ResultsWriter:
    """Takes the detections of one image after another; made by :func:`open_results`.

    A context manager. What was added is complete and in place when the block ends, also by an exception.
    """

    def __init__(self, folder: Path, classes: tuple[str, ...]) -> None:
        self._folder = folder
        self._classes = classes
        self._open = ExitStack()

    def __enter__(self) -> ResultsWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            self._finish()

    def add(self, path: str | os.PathLike[str], shape: tuple[int, ...], detections: Detections) -> None:
        """Add one image.

        Parameters
        ----------
        path : path
            The image, as the results shall name it.
        shape : tuple of int
            Its height and width in pixels, and perhaps its channels.
        detections : Detections
            May be empty.

        Examples
        --------
        >>> import tempfile
        >>> from cvkit.detect import Detections, open_results
        >>> with open_results(tempfile.mkdtemp(), format="csv") as results:
        ...     results.add("empty.jpg", (480, 640), Detections.empty())
        """
        if shape[0] < 1 or shape[1] < 1:
            raise ValueError(f"shape must be (height, width), both at least 1, got {shape!r}")
        if (detections.class_id < 0).any():
            raise ValueError(f"class_id must be at least 0, got {detections.class_id.min()}")
        self._add(path, (int(shape[0]), int(shape[1])), detections)

    def _add(self, path: str | os.PathLike[str], shape: tuple[int, int], detections: Detections) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        """Write what is still owed, before the files are closed."""

    def _open_file(self, name: str) -> IO[str]:
        """Open a file of the results folder that appears when it is complete."""
        temporary = self._open.enter_context(atomic_path(self._folder / name))
        return self._open.enter_context(_open_text(temporary))


def _open_text(path: Path) -> IO[str]:
    # File names that are not valid UTF-8 come from the system with surrogates and go back as they were.
    return path.open("w", encoding="utf-8", errors="surrogateescape", newline="")


class _CocoWriter(ResultsWriter):
    """``detections.json``: images, categories, and annotations that are COCO results with their score."""

    def __init__(self, folder: Path, classes: tuple[str, ...]) -> None:
        super().__init__(folder, classes)
        self._file = self._open_file("detections.json")
        # COCO keeps images and annotations in two lists; the second waits in a file, not in memory.
        waiting = tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder)  # noqa: SIM115
        self._annotations = self._open.enter_context(waiting)
        self._images = 0
        self._boxes = 0
        self._file.write('{"images": [')

    def _add(self, path: str | os.PathLike[str], shape: tuple[int, int], detections: Detections) -> None:
        height, width = shape
        self._images += 1
        image = {
            "id": self._images,
            "file_name": PurePath(path).as_posix(),
            "width": width,
            "height": height,
        }
        _write_item(self._file, image, is_first=self._images == 1)
        numbers = [None] * len(detections) if detections.track_id is None else detections.track_id.tolist()
        for (box, confidence, class_id), number in zip(detections, numbers, strict=True):
            left, top, right, bottom = (round(float(value), 2) for value in box)
            self._boxes += 1
            annotation: dict[str, Any] = {
                "id": self._boxes,
                "image_id": self._images,
                "category_id": class_id + 1,
                "bbox": [left, top, round(right - left, 2), round(bottom - top, 2)],
                "area": round((right - left) * (bottom - top), 2),
                "iscrowd": 0,
                "score": round(confidence, 6),
            }
            if number is not None:
                annotation["track_id"] = number
            _write_item(self._annotations, annotation, is_first=self._boxes == 1)

    def _finish(self) -> None:
        categories = [{"id": number, "name": name} for number, name in enumerate(self._classes, start=1)]
        self._file.write(f'\n],\n"categories": {json.dumps(categories)},\n"annotations": [')
        self._annotations.seek(0)
        shutil.copyfileobj(self._annotations, self._file)
        self._file.write("\n]}\n")


def _write_item(file: IO[str], item: dict[str, Any], *, is_first: bool) -> None:
    file.write(("\n" if is_first else ",\n") + json.dumps(item))


class _YoloWriter(ResultsWriter):
    """``labels/PATH.txt`` for each image: class, center, size, all as shares of the image, confidence.

    The names of the classes are the lines of ``classes.txt``.
    """

    def __init__(self, folder: Path, classes: tuple[str, ...]) -> None:
        super().__init__(folder, classes)
        self._open_file("classes.txt").writelines(f"{name}\n" for name in classes)

    def _add(self, path: str | os.PathLike[str], shape: tuple[int, int], detections: Detections) -> None:
        height, width = shape
        lines = []
        for (left, top, right, bottom), confidence, class_id in detections:
            center_x, center_y = (left + right) / 2 / width, (top + bottom) / 2 / height
            size_x, size_y = (right - left) / width, (bottom - top) / height
            lines.append(
                f"{class_id} {center_x:.6f} {center_y:.6f} {size_x:.6f} {size_y:.6f} {confidence:.6f}\n"
            )
        image = self._folder / "labels" / inside(path)
        target = fitting(image.with_suffix(".txt"))
        if target.exists():  # images whose names differ only in the ending: the next ones keep theirs
            target = unused_path(image.with_name(f"{image.name}.txt"))
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(target) as temporary, _open_text(temporary) as file:
            file.writelines(lines)


class _CsvWriter(ResultsWriter):
    """``detections.csv``: one line for each box."""

    def __init__(self, folder: Path, classes: tuple[str, ...]) -> None:
        super().__init__(folder, classes)
        self._rows = csv.writer(self._open_file("detections.csv"), lineterminator="\n")
        self._rows.writerow(["file", "left", "top", "right", "bottom", "confidence", "class"])

    def _add(self, path: str | os.PathLike[str], shape: tuple[int, int], detections: Detections) -> None:
        if (detections.class_id >= len(self._classes)).any():
            raise ValueError(
                f"class_id must be below {len(self._classes)}, the number of names, "
                f"got {detections.class_id.max()}"
            )
        name = PurePath(path).as_posix()
        for box, confidence, class_id in detections:
            edges = [f"{value:.2f}" for value in box]
            self._rows.writerow([name, *edges, f"{confidence:.6f}", self._classes[class_id]])


class TrackWriter:
    r"""``tracks/VIDEO.txt`` for each video whose objects have numbers, as the MOT challenge has them.

    A line has the frame, the object's number, left, top, width, height and confidence, and three times -1;
    frames and pixels are counted from 1. A context manager.

    Parameters
    ----------
    folder : path
        An existing folder to write to.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with TrackWriter(folder) as tracks:
    ...     tracks.add("street.mp4", 0, Detections([[10, 20, 50, 120]], [1.5], track_id=[7]))
    >>> (folder / "tracks" / "street.txt").read_text()
    '1,7,11.00,21.00,40.00,100.00,1.500000,-1,-1,-1\n'
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder) / TRACKS
        self._video = ""
        self._file: IO[str] | None = None
        self._open = ExitStack()

    def __enter__(self) -> TrackWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def add(self, video: str, frame: int, detections: Detections) -> None:
        """Add a frame; those of a video come one after another.

        Parameters
        ----------
        video : str
            Its name.
        frame : int
            The frame's number, from 0 on.
        detections : Detections
            With ``track_id``; may be empty.
        """
        if self._file is None or video != self._video:
            self._file = self._begin(video)
        numbers = [] if detections.track_id is None else detections.track_id.tolist()
        for (left, top, right, bottom), number, confidence in zip(
            detections.xyxy.tolist(), numbers, detections.confidence.tolist(), strict=True
        ):
            box = f"{left + 1:.2f},{top + 1:.2f},{right - left:.2f},{bottom - top:.2f}"
            self._file.write(f"{frame + 1},{number},{box},{confidence:.6f},-1,-1,-1\n")

    def _begin(self, video: str) -> IO[str]:
        self._open.close()  # the one before is complete
        self._video = video
        target = unused_path((self._folder / inside(video)).with_suffix(".txt"))
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._open.enter_context(atomic_path(target))
        return self._open.enter_context(_open_text(temporary))


_WRITERS: dict[str, type[ResultsWriter]] = {"coco": _CocoWriter, "yolo": _YoloWriter, "csv": _CsvWriter}

FORMATS = tuple(_WRITERS)
"""Names of the formats."""

TRACKS = "tracks"
"""Name of the folder with the numbers of objects."""

RESULTS = ("detections.json", "classes.txt", "labels", "detections.csv", TRACKS)
"""Files and folders that a writer of one format or another makes in its folder."""


def open_results(
    folder: str | os.PathLike[str],
    *,
    format: DetectionFormat = "coco",
    classes: tuple[str, ...] = ("person",),
) -> ResultsWriter:
    """Open a writer for the detections of many images.

    Parameters
    ----------
    folder : path
        An existing folder to write to.
    format : {"coco", "yolo", "csv"}
        ``detections.json`` with COCO results and the images they refer to; ``labels/PATH.txt`` for each
        image, its path kept below ``labels``, or ``labels/PATH.ENDING.txt`` where that is taken, and
        ``classes.txt``; or ``detections.csv``.
    classes : tuple of str
        Name of each class.

    Returns
    -------
    ResultsWriter
        A context manager with ``add(path, shape, detections)``. Memory does not grow with the number of
        images.

    Raises
    ------
    ValueError
        For an unknown format.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from cvkit.detect import Detections, open_results
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with open_results(folder) as results:
    ...     results.add("street.jpg", (480, 640), Detections([[10, 20, 50, 120]], [1.5]))
    >>> found = json.loads((folder / "detections.json").read_text())
    >>> found["annotations"][0]["bbox"]
    [10.0, 20.0, 40.0, 100.0]
    """
    writer = _validate.one_of(format, _WRITERS, "format")
    return writer(Path(folder), classes)
