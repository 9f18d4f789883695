"""Write labeled boxes as COCO, Pascal VOC and YOLO have them, which :mod:`cvkit.detect.labels` reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

from cvkit._paths import atomic_path
from cvkit.detect.labeled_images import LabeledBox, LabeledImage

__all__ = ["FORMATS", "write_labels"]


def write_labels(folder: Path, images: Sequence[LabeledImage], kind: str) -> Path:
    """Write the labels of a data set whose images lie in the folder's ``images``.

    Parameters
    ----------
    folder : Path
        Of the data set.
    images : sequence of LabeledImage
        Names relative to ``folder/images``, and sizes.
    kind : {"coco", "voc", "yolo"}
        ``labels.json``; ``annotations``, an XML file an image; or ``data.yaml`` with ``labels``, a text file
        an image. YOLO has no boxes that are ignored: they are left out there.

    Returns
    -------
    Path
        What to read the labels from.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from cvkit.detect.labels import read_labels
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> labeled = LabeledImage("a.png", (LabeledBox((1, 2, 5, 9), "cat"),), (20, 30))
    >>> read_labels(write_labels(folder, [labeled], "coco"))[0].boxes[0].label
    'cat'
    """
    return FORMATS[kind](folder, images)


def _write_coco(folder: Path, images: Sequence[LabeledImage]) -> Path:
    labels = _names(images)
    content: dict[str, list[dict[str, Any]]] = {
        "images": [],
        "annotations": [],
        "categories": [{"id": number, "name": name} for number, name in enumerate(labels, start=1)],
    }
    for number, image in enumerate(images, start=1):
        height, width = _size(image)
        content["images"].append({"id": number, "file_name": image.name, "height": height, "width": width})
        for box in image.boxes:
            left, top, right, bottom = box.xyxy
            annotation = {
                "id": len(content["annotations"]) + 1,
                "image_id": number,
                "category_id": labels.index(box.label) + 1,
                "bbox": [left, top, right - left, bottom - top],
                "area": (right - left) * (bottom - top),
                "iscrowd": int(box.is_ignored),
            }
            content["annotations"].append(annotation)
    path = folder / "labels.json"
    _write(path, json.dumps(content))
    return path


def _write_voc(folder: Path, images: Sequence[LabeledImage]) -> Path:
    annotations = folder / "annotations"
    for image in images:
        height, width = _size(image)
        root = ElementTree.Element("annotation")
        ElementTree.SubElement(root, "filename").text = image.name
        size = ElementTree.SubElement(root, "size")
        for name, value in (("width", width), ("height", height)):
            ElementTree.SubElement(size, name).text = str(value)
        for box in image.boxes:
            root.append(_voc_object(box))
        _write(annotations / _beside(image, ".xml"), ElementTree.tostring(root, encoding="unicode"))
    annotations.mkdir(parents=True, exist_ok=True)
    return annotations


def _voc_object(box: LabeledBox) -> ElementTree.Element:
    item = ElementTree.Element("object")
    ElementTree.SubElement(item, "name").text = box.label
    ElementTree.SubElement(item, "difficult").text = str(int(box.is_ignored))
    corners = ElementTree.SubElement(item, "bndbox")
    # Pixels are counted from 1 there, and the last one is inside.
    left, top, right, bottom = box.xyxy
    for name, value in (("xmin", left + 1), ("ymin", top + 1), ("xmax", right), ("ymax", bottom)):
        ElementTree.SubElement(corners, name).text = f"{value:.6g}"
    return item


def _write_yolo(folder: Path, images: Sequence[LabeledImage]) -> Path:
    names = _names(images)
    for image in images:
        height, width = _size(image)
        lines = []
        for box in image.boxes:
            if not box.is_ignored:
                left, top, right, bottom = box.xyxy
                center = (left + right) / 2 / width, (top + bottom) / 2 / height
                shares = *center, (right - left) / width, (bottom - top) / height
                lines.append(" ".join([str(names.index(box.label)), *(f"{share:.8g}" for share in shares)]))
        _write(folder / "labels" / _beside(image, ".txt"), "".join(f"{line}\n" for line in lines))
    words = [json.dumps(name, ensure_ascii=False) for name in names]
    quoted = "".join(f"  {number}: {word}\n" for number, word in enumerate(words))
    path = folder / "data.yaml"
    _write(path, f"path: .\ntrain: images\nval: images\nnames:\n{quoted}")
    return path


FORMATS: dict[str, Callable[[Path, Sequence[LabeledImage]], Path]] = {
    "coco": _write_coco,
    "voc": _write_voc,
    "yolo": _write_yolo,
}


def _names(images: Sequence[LabeledImage]) -> list[str]:
    return sorted({box.label for image in images for box in image.boxes})


def _size(image: LabeledImage) -> tuple[int, int]:
    if image.size is None:
        raise ValueError(f"images must have sizes, got none of {image.name}")
    return image.size


def _beside(image: LabeledImage, suffix: str) -> PurePosixPath:
    return PurePosixPath(image.name).with_suffix(suffix)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
