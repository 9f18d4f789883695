"""Read labeled boxes and detections in the formats of COCO, Pascal VOC, YOLO and ``cvkit detect``."""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from cvkit.detect.detections import Detections
from cvkit.detect.label_checks import checked
from cvkit.detect.labeled_images import LabeledBox, LabeledImage, Size
from cvkit.detect.path_index import match_paths
from cvkit.detect.yolo_labels import read_data_yaml, read_yolo


def read_labels(
    path: str | os.PathLike[str],
    *,
    images: str | os.PathLike[str] | None = None,
    reference: str | os.PathLike[str] | None = None,
) -> list[LabeledImage]:
    """Read the boxes of many images; the format follows from what ``path`` is.

    Parameters
    ----------
    path : path
        COCO: a ``.json`` file, of labels or of results. Pascal VOC: an ``.xml`` file or a folder of them.
        YOLO: a folder of ``.txt`` files, with the classes' names in ``classes.txt`` if there is one, or a
        ``data.yaml`` that names folders of images and the classes, the labels lying in ``labels`` where the
        images lie in ``images``. Of polygons the boxes around them are taken. What ``cvkit detect``
        wrote: its folder, or the ``.json`` or ``.csv`` file in it.
    images : path, optional
        Folder of the images; needed for a folder of YOLO, whose boxes are shares of the image. An image
        without a file of labels is one without objects there. Of a ``data.yaml``, the images to take instead
        of those it has for validation.
    reference : path, optional
        COCO labels with the images and classes that a list of COCO results refers to.

    Returns
    -------
    list of LabeledImage

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError
        If the format is none of these, a file is damaged, two images have one name, or a box lies outside
        its image.

    Warns
    -----
    NoAreaWarning
        If boxes are left out because they have no area; NaN is none.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "labels.json"
    >>> image = {"id": 7, "file_name": "street.jpg", "height": 480, "width": 640}
    >>> box = {"image_id": 7, "category_id": 1, "bbox": [10, 20, 40, 100]}
    >>> person = {"id": 1, "name": "person"}
    >>> _ = path.write_text(json.dumps({"images": [image], "annotations": [box], "categories": [person]}))
    >>> read_labels(path)[0].boxes[0].xyxy
    (10.0, 20.0, 50.0, 120.0)
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no such file or folder: {path}")
    if path.is_dir():
        labeled = _read_folder(path, images, reference)
    elif path.suffix in (".yaml", ".yml"):
        labeled = list(read_data_yaml(path, None if images is None else Path(images)))
    elif path.suffix == ".json":
        labeled = _named(path, lambda: _read_coco(path, reference))
    elif path.suffix == ".csv":
        labeled = _named(path, lambda: _read_csv(path))
    elif path.suffix == ".xml":
        labeled = [_read_voc(path)]
    else:
        raise ValueError(f"{path} must be a .json, .csv or .xml file, a .yaml of YOLO or a folder of labels")
    return checked(labeled, path)


def _read_folder(
    folder: Path, images: str | os.PathLike[str] | None, reference: str | os.PathLike[str] | None
) -> list[LabeledImage]:
    """Read what ``cvkit detect`` wrote, Pascal VOC or YOLO, whichever the folder holds."""
    for name in ("detections.json", "detections.csv"):
        if (folder / name).exists():
            return read_labels(folder / name, images=images, reference=reference)
    voc = sorted(folder.rglob("*.xml"))
    if voc:
        return [_read_voc(path) for path in voc]
    yolo = sorted(path for path in folder.rglob("*.txt") if path.name != "classes.txt")
    if not yolo:
        raise ValueError(f"{folder} holds no labels: no detections.json or .csv, no .xml and no .txt files")
    if images is None:
        raise ValueError(f"{folder} holds YOLO labels, shares of the images: the folder of images is needed")
    return list(read_yolo(folder, yolo, Path(images)))


def _named(path: Path, read: Callable[[], Any]) -> Any:
    """Run a reader and name the file in whatever it finds wrong."""
    try:
        return read()
    except KeyError as error:
        raise ValueError(f"{path} is damaged or of another format: {error} is missing or unknown") from error
    except (ValueError, TypeError, AttributeError, IndexError, ElementTree.ParseError) as error:
        raise ValueError(f"{path} is damaged or of another format: {error}") from error


def _read_coco(path: Path, reference: str | os.PathLike[str] | None) -> list[LabeledImage]:
    content = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
    header = content
    if isinstance(content, list):  # results: annotations alone
        if reference is None or Path(reference).suffix != ".json":
            raise ValueError("a list of COCO results needs COCO labels that name its images")
        header = json.loads(Path(reference).read_text(encoding="utf-8", errors="surrogateescape"))
        content = {"annotations": content}
    names = {category["id"]: category["name"] for category in header["categories"]}
    boxes: dict[Any, list[LabeledBox]] = {image["id"]: [] for image in header["images"]}
    if len(boxes) < len(header["images"]):
        raise ValueError("two images have one id")
    for annotation in content["annotations"]:
        box = LabeledBox(
            _coco_box(annotation),
            names[annotation["category_id"]],
            bool(annotation.get("iscrowd") or annotation.get("ignore")),
            annotation.get("score"),
        )
        boxes[annotation["image_id"]].append(box)
    return [
        LabeledImage(image["file_name"], tuple(boxes[image["id"]]), _coco_size(image))
        for image in header["images"]
    ]


def _coco_box(annotation: dict[str, Any]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of an annotation that has a box, or polygons alone."""
    if "bbox" not in annotation and isinstance(annotation.get("segmentation"), list):
        points = [float(number) for polygon in annotation["segmentation"] for number in polygon]
        return min(points[::2]), min(points[1::2]), max(points[::2]), max(points[1::2])
    left, top, width, height = map(float, annotation["bbox"])
    return left, top, left + width, top + height


def _coco_size(image: dict[str, Any]) -> Size | None:
    return (int(image["height"]), int(image["width"])) if "height" in image and "width" in image else None


def _read_csv(path: Path) -> list[LabeledImage]:
    boxes = defaultdict(list)
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        for row in csv.DictReader(file):
            left, top, right, bottom = (float(row[name]) for name in ("left", "top", "right", "bottom"))
            box = LabeledBox((left, top, right, bottom), row["class"], confidence=float(row["confidence"]))
            boxes[row["file"]].append(box)
    return [LabeledImage(name, tuple(of_image)) for name, of_image in boxes.items()]


def _read_voc(path: Path) -> LabeledImage:
    def read() -> LabeledImage:
        root = ElementTree.parse(path).getroot()
        size = root.find("size")
        return LabeledImage(
            _text(root, "filename"),
            tuple(_voc_box(item) for item in root.iter("object")),
            None if size is None else (int(_text(size, "height")), int(_text(size, "width"))),
        )

    return _named(path, read)


def _voc_box(item: ElementTree.Element) -> LabeledBox:
    # Pixels are counted from 1, and the last one belongs to the box.
    left, top, right, bottom = (
        float(_text(item, f"bndbox/{edge}")) for edge in ("xmin", "ymin", "xmax", "ymax")
    )
    return LabeledBox(
        (left - 1, top - 1, right, bottom),
        _text(item, "name"),
        item.findtext("difficult", "0").strip() == "1",
    )


def _text(element: ElementTree.Element, path: str) -> str:
    text = element.findtext(path)
    if text is None:
        raise ValueError(f"<{element.tag}> has no <{path}>")
    return text.strip()


def select_class(images: Sequence[LabeledImage], label: str | None, name: str) -> str | None:
    """Choose the one class to work on: the given one, or the only one.

    Parameters
    ----------
    images : sequence of LabeledImage
        Whose boxes to look at.
    label : str, optional
        The wanted class.
    name : str
        What to call the images' file in messages.

    Returns
    -------
    str or None
        None where there are no boxes at all.

    Raises
    ------
    ValueError
        If there are several classes and none is wanted, or the wanted one has no box.
    """
    labels = sorted({box.label for image in images for box in image.boxes})
    if label is None and len(labels) > 1:
        raise ValueError(f"{name} has the classes {', '.join(labels)}: choose one")
    if label is None:
        return labels[0] if labels else None
    if label not in labels:
        raise ValueError(
            f"{name} has no example of the class {label!r}; it has {', '.join(labels) or 'none'}"
        )
    return label


def pair(images: Sequence[LabeledImage], others: Sequence[LabeledImage], name: str) -> list[LabeledImage]:
    """Find for each image the one of the same name among others; none belongs to two.

    Parameters
    ----------
    images : sequence of LabeledImage
        What to find the others for.
    others : sequence of LabeledImage
        Their names may have more or fewer folders in front; what fits no image is left out.
    name : str
        What to call the others' file in messages.

    Returns
    -------
    list of LabeledImage
        One for each image, without boxes where there is none among the others.

    Raises
    ------
    ValueError
        If none fits, or one may be several.
    """
    by_name = {image.name: image for image in others}
    found = match_paths([image.name for image in images], by_name)
    if others and not any(found):
        raise ValueError(f"{name} and the labels have no image in common, such as {others[0].name}")
    return [
        LabeledImage(image.name, ()) if other is None else by_name[other]
        for image, other in zip(images, found, strict=True)
    ]


def boxes_of(image: LabeledImage, label: str | None, *, ignored: bool = False) -> np.ndarray:
    """Return the boxes of one class that are objects, or those that are ignored, as (N, 4) float64."""
    rows = [box.xyxy for box in image.boxes if box.label == label and box.is_ignored == ignored]
    return np.array(rows, np.float64).reshape(-1, 4)


def all_boxes(image: LabeledImage) -> np.ndarray:
    """Return all boxes as (N, 4) float64."""
    return np.array([box.xyxy for box in image.boxes], np.float64).reshape(-1, 4)


def detections_of(image: LabeledImage, label: str | None) -> Detections:
    """Return the boxes of one class with their confidence; ValueError where a box has none."""
    boxes = [box for box in image.boxes if box.label == label]
    for box in boxes:
        if box.confidence is None:
            raise ValueError(f"DETECTIONS must have a confidence for each box, {image.name} has one without")
    xyxy = np.array([box.xyxy for box in boxes], np.float32)
    return Detections(xyxy, np.array([box.confidence for box in boxes], np.float32))
