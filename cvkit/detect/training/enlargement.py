"""Make a larger data set of a small one: changed copies of its images, with their labels."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

import cvkit
from cvkit import _validate
from cvkit._paths import remove_temporary
from cvkit.augment import Transform
from cvkit.detect.detections import Detections
from cvkit.detect.draw import draw_detections
from cvkit.detect.label_files import FORMATS, write_labels
from cvkit.detect.labeled_images import LabeledBox, LabeledImage
from cvkit.detect.labels import pair
from cvkit.io import UnreadableImageError, walk

__all__ = ["Enlargement", "enlarge"]

_COPIES = "copies.jsonl"
# Of the contact sheet: images along x and y, and their side in pixels.
_COLUMNS, _ROWS, _SIDE = 6, 4, 160


@dataclass
class Enlargement:
    """What became of a data set.

    Parameters
    ----------
    labels : Path
        What to read the labels of the copies from.
    copies, made : int
        Copies that are there, and those that were made now; the others were there before.
    failed : dict
        Why images could not be read, by their names.
    """

    labels: Path
    copies: int = 0
    made: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def enlarge(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    transform: Transform,
    *,
    copies: int = 1,
    labeled: Sequence[LabeledImage] = (),
    kind: str = "coco",
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, failed: None,
) -> Enlargement:
    """Write changed copies of all images of a folder, with their labels and a contact sheet.

    A call that was interrupted goes on where it stopped, if all that decides on the copies is the same.

    Parameters
    ----------
    source : path
        Folder of the images.
    output : path
        Folder of the new data set: ``images``, labels, ``contact_sheet.jpg``, and ``copies.jsonl``, which
        says what has been made.
    transform : Transform
        What changes the copies.
    copies : int
        So many of each image.
    labeled : sequence of LabeledImage
        Boxes of the images; by default there are none.
    kind : {"coco", "voc", "yolo"}
        Format of the labels.
    seed : int
        Decides what is random; each copy depends on it, on its image's name and on its own number only.
    progress : callable
        Told after each image: 1, and how many of its copies failed.

    Returns
    -------
    Enlargement

    Raises
    ------
    ValueError
        If there are no images, two have names that differ in their endings only, or the output is of a call
        with other settings.

    Examples
    --------
    >>> import cvkit, numpy as np, pathlib, tempfile
    >>> from cvkit.augment import Rotate
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "few").mkdir()
    >>> cvkit.write_image(folder / "few" / "a.png", np.zeros((32, 48, 3), np.uint8))
    >>> enlarge(folder / "few", folder / "many", Rotate(10), copies=3).made
    3
    """
    source, output = Path(source), Path(output)
    copies = _validate.integer(copies, "copies", minimum=1)
    _validate.one_of(kind, tuple(FORMATS), "kind")
    paths = _named_paths(source)
    known = pair([LabeledImage(name, ()) for name in paths], labeled, "labels") if labeled else []
    boxes = {image.name: image.boxes for image in known}
    settings = {"transform": repr(transform), "copies": copies, "seed": seed, "kind": kind}
    (output / "images").mkdir(parents=True, exist_ok=True)
    remove_temporary(output)
    done = _begin(output / _COPIES, settings)
    result = Enlargement(output)
    copier = _Copier(transform, seed, output / "images")
    with (output / _COPIES).open("a", encoding="utf-8") as journal:
        for name, path in paths.items():
            wanted = [number for number in range(1, copies + 1) if _copy_name(name, number) not in done]
            try:
                for image in copier.copies(path, name, boxes.get(name, ()), wanted):
                    done[image.name] = image
                    _note(journal, image)
                    result.made += 1
            except UnreadableImageError as error:
                result.failed[name] = str(error)
            progress(1, int(name in result.failed))
    made = [done[name] for name in sorted(done)]
    result.copies, result.labels = len(made), write_labels(output, made, kind)
    cvkit.write_image(output / "contact_sheet.jpg", _contact_sheet(output / "images", made))
    return result


def _named_paths(source: Path) -> dict[str, Path]:
    """Find the images of a folder by their names in it."""
    paths = {path.relative_to(source).as_posix(): path for path in walk(source)}
    if not paths:
        raise ValueError(f"{source} must hold images, got none")
    by_stem: dict[PurePosixPath, str] = {}
    for name in paths:
        other = by_stem.setdefault(PurePosixPath(name).with_suffix(""), name)
        if other != name:
            raise ValueError(f"{source}: {other} and {name} must differ in more than their endings")
    return paths


def _copy_name(name: str, number: int) -> str:
    path = PurePosixPath(name)
    suffix = path.suffix.lower() if path.suffix.lower() in (".jpg", ".jpeg", ".png") else ".png"
    return str(path.with_name(f"{path.stem}-{number}{suffix}"))


@dataclass(frozen=True)
class _Copier:
    """Makes copies of images and writes them into a folder."""

    transform: Transform
    seed: int
    folder: Path

    def copies(
        self, path: Path, name: str, boxes: Sequence[LabeledBox], wanted: Sequence[int]
    ) -> Iterator[LabeledImage]:
        """Write copies of one image, by their numbers, and give their labels."""
        image = cvkit.read_image(path) if wanted else None
        numbered = [[*box.xyxy, number] for number, box in enumerate(boxes)]
        for copy in wanted:
            seed = self.seed, zlib.crc32(name.encode()), copy
            changed, kept = self.transform(image, numbered, seed=seed)
            target = self.folder / _copy_name(name, copy)
            target.parent.mkdir(parents=True, exist_ok=True)
            cvkit.write_image(target, changed)
            labels = (
                boxes[int(number)]._replace(xyxy=(left, top, right, bottom), confidence=None)
                for left, top, right, bottom, number in kept.tolist()
            )
            yield LabeledImage(_copy_name(name, copy), tuple(labels), changed.shape[:2])


def _begin(path: Path, settings: dict[str, Any]) -> dict[str, LabeledImage]:
    """Read what an earlier call has made with the same settings, or begin its journal."""
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
    if len(lines) < 2:  # not even the first line is whole
        path.write_text(json.dumps(settings) + "\n", encoding="utf-8")
        return {}
    if json.loads(lines[0]) != settings:
        raise ValueError(
            f"{path} is of another call, with {lines[0]}: take another folder, or the same settings"
        )
    # What follows the last line break was being written.
    path.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    done = [json.loads(line) for line in lines[1:-1]]
    return {name: LabeledImage(name, _boxes(rows), tuple(size)) for name, size, rows in done}


def _boxes(rows: list[list[Any]]) -> tuple[LabeledBox, ...]:
    return tuple(LabeledBox(tuple(corners), label, is_ignored) for corners, label, is_ignored in rows)


def _note(journal: IO[str], image: LabeledImage) -> None:
    rows = [[list(box.xyxy), box.label, box.is_ignored] for box in image.boxes]
    journal.write(json.dumps([image.name, image.size, rows]) + "\n")
    journal.flush()


def _contact_sheet(folder: Path, images: Sequence[LabeledImage]) -> np.ndarray:
    """Draw some of the copies, evenly chosen, with their boxes."""
    chosen = images[:: -(-len(images) // (_COLUMNS * _ROWS)) or 1][: _COLUMNS * _ROWS]
    sheet = np.full((-(-max(len(chosen), 1) // _COLUMNS) * _SIDE, _COLUMNS * _SIDE, 3), 255, np.uint8)
    for number, labeled in enumerate(chosen):
        image = cvkit.read_image(folder / labeled.name)
        corners = np.array([box.xyxy for box in labeled.boxes], np.float32).reshape(-1, 4)
        found = Detections(corners, np.ones(len(corners), np.float32))
        image = draw_detections(image, found, confidence=False)
        scale = (_SIDE - 4) / max(image.shape[:2])
        height, width = (max(round(side * scale), 1) for side in image.shape[:2])
        top, left = number // _COLUMNS * _SIDE + 2, number % _COLUMNS * _SIDE + 2
        sheet[top : top + height, left : left + width] = cvkit.resize(image, (height, width), antialias=True)
    return sheet
