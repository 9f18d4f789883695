"""Labels in the formats of others: what is written is read back, and what is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import cvkit
from cvkit.detect import Detections, open_results
from cvkit.detect.label_checks import NoAreaWarning
from cvkit.detect.labels import (
    LabeledBox,
    LabeledImage,
    pair,
    read_labels,
    select_class,
)
from cvkit.detect.path_index import PathIndex, match_paths

FOUND = Detections([[10, 5, 30, 45], [0, 0, 8, 16]], [0.75, 0.25], [0, 1])
CLASSES = ("person", "dog")


def written(folder: Path, format: str) -> Path:
    """Write FOUND for one of two images of 60x80 pixels."""
    (folder / "photos").mkdir()
    for name in ("photos/a.png", "photos/b.png"):
        cvkit.write_image(folder / name, np.zeros((60, 80), np.uint8))
    results = folder / format
    results.mkdir()
    with open_results(results, format=format, classes=CLASSES) as writer:
        writer.add("photos/a.png", (60, 80), FOUND)
        writer.add("photos/b.png", (60, 80), Detections.empty())
    return results


def check(image: LabeledImage, labels: tuple[str, ...] = CLASSES) -> None:
    np.testing.assert_allclose([box.xyxy for box in image.boxes], FOUND.xyxy, atol=1e-3)
    assert [box.confidence for box in image.boxes] == [0.75, 0.25]
    assert tuple(box.label for box in image.boxes) == labels


def test_coco_round_trip(tmp_path: Path) -> None:
    full, empty = read_labels(written(tmp_path, "coco"))
    check(full)
    assert (full.name, full.size) == ("photos/a.png", (60, 80))
    assert (empty.name, empty.boxes) == ("photos/b.png", ())


def test_a_list_of_coco_results_takes_its_images_from_the_labels(tmp_path: Path) -> None:
    labels = written(tmp_path, "coco") / "detections.json"
    results = tmp_path / "results.json"
    results.write_text(json.dumps(json.loads(labels.read_text())["annotations"]))
    check(read_labels(results, reference=labels)[0])
    with pytest.raises(ValueError, match=r"results\.json.*needs COCO labels"):
        read_labels(results)


def test_csv_round_trip(tmp_path: Path) -> None:
    (full,) = read_labels(written(tmp_path, "csv"))
    check(full)
    assert full.name == "photos/a.png"


def test_yolo_round_trip(tmp_path: Path) -> None:
    folder = written(tmp_path, "yolo")
    full, empty = read_labels(folder, images=tmp_path)
    check(full)
    assert (full.name, full.size, empty.boxes) == ("photos/a.png", (60, 80), ())
    (folder / "classes.txt").unlink()
    check(read_labels(folder, images=tmp_path)[0], ("0", "1"))
    with pytest.raises(ValueError, match="the folder of images is needed"):
        read_labels(folder)


def voc(path: Path, boxes: list[tuple[str, int, tuple[int, ...]]]) -> None:
    """Write a Pascal VOC file for an image of 60x80 pixels."""
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "filename").text = "a.png"
    size = ElementTree.SubElement(root, "size")
    ElementTree.SubElement(size, "width").text = "80"
    ElementTree.SubElement(size, "height").text = "60"
    for label, difficult, edges in boxes:
        item = ElementTree.SubElement(root, "object")
        ElementTree.SubElement(item, "name").text = label
        ElementTree.SubElement(item, "difficult").text = str(difficult)
        box = ElementTree.SubElement(item, "bndbox")
        for name, edge in zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True):
            ElementTree.SubElement(box, name).text = str(edge)
    ElementTree.ElementTree(root).write(path)


def test_pascal_voc_counts_pixels_from_one_and_difficult_objects_are_ignored(tmp_path: Path) -> None:
    voc(tmp_path / "a.xml", [("person", 0, (1, 1, 10, 20)), ("dog", 1, (5, 6, 7, 8))])
    expected = LabeledImage(
        "a.png",
        (LabeledBox((0, 0, 10, 20), "person"), LabeledBox((4, 5, 7, 8), "dog", is_ignored=True)),
        (60, 80),
    )
    assert read_labels(tmp_path) == [expected]
    assert read_labels(tmp_path / "a.xml") == [expected]


def test_crowds_of_coco_are_ignored(tmp_path: Path) -> None:
    content = json.loads((written(tmp_path, "coco") / "detections.json").read_text())
    content["annotations"][1]["iscrowd"] = 1
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(content))
    assert [box.is_ignored for box in read_labels(path)[0].boxes] == [False, True]


def test_boxes_outside_their_image_are_named(tmp_path: Path) -> None:
    voc(tmp_path / "a.xml", [("person", 0, (90, 1, 95, 20))])
    with pytest.raises(ValueError, match=r"box .* of a\.png lies outside the image"):
        read_labels(tmp_path)


def test_voc_boxes_without_area_are_left_out(tmp_path: Path) -> None:
    voc(tmp_path / "a.xml", [("person", 0, (9, 1, 8, 20)), ("person", 0, (1, 1, 10, 20))])
    with pytest.warns(NoAreaWarning, match=r"1 box without area is left out: box \(8, 0, 8, 20\) of a\.png"):
        (image,) = read_labels(tmp_path)
    assert image.boxes == (LabeledBox((0, 0, 10, 20), "person"),)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{", "a.json is damaged"),
        ("a.json", '{"images": []}', "'categories' is missing"),
        ("a.json", "3", "a.json is damaged"),
        ("a.csv", "file,left\nx,1\n", "'top' is missing"),
        ("a.xml", "<annotation><filename>", "a.xml is damaged"),
        ("a.xml", "<annotation/>", "<annotation> has no <filename>"),
        ("a.doc", "", "must be a .json, .csv or .xml file"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        read_labels(tmp_path / name)


@pytest.mark.parametrize("line", ["0 0.5 0.5 0.1", "person 0.5 0.5 0.1 0.1", "0 a b c d"])
def test_damaged_yolo_lines_are_named(tmp_path: Path, line: str) -> None:
    cvkit.write_image(tmp_path / "a.png", np.zeros((60, 80), np.uint8))
    (tmp_path / "a.txt").write_text(line)
    with pytest.raises(ValueError, match=r"a\.txt is damaged"):
        read_labels(tmp_path, images=tmp_path)


def test_missing_labels_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        read_labels(tmp_path / "nothing")
    with pytest.raises(ValueError, match="holds no labels"):
        read_labels(tmp_path)
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.1 0.1")
    with pytest.raises(ValueError, match=r"a\.txt: there is no image of that name"):
        read_labels(tmp_path, images=tmp_path)


def test_names_are_found_with_more_or_fewer_folders() -> None:
    index = PathIndex(["x/a.png", "y/a.png", "a.b.png"])
    assert index.find("home/x/a.jpg") == "x/a.png"
    assert index.find("a.b") == "a.b.png"
    with pytest.raises(ValueError, match=r"a\.png may be x/a\.png or y/a\.png"):
        index.find("a.png")
    with pytest.raises(ValueError, match="no image in common"):
        pair([LabeledImage("a", ())], [LabeledImage("b", ())], "DETECTIONS")


def test_the_class_is_the_only_one_or_named() -> None:
    boxes = (LabeledBox((0, 0, 1, 1), "dog"), LabeledBox((0, 0, 1, 1), "person"))
    both, one, none = (LabeledImage("a", some) for some in (boxes, boxes[:1], ()))
    assert select_class([one], None, "LABELS") == "dog"
    assert select_class([both], "person", "LABELS") == "person"
    assert select_class([none], None, "LABELS") is None
    with pytest.raises(ValueError, match="LABELS has the classes dog, person: choose one"):
        select_class([both], None, "LABELS")
    with pytest.raises(ValueError, match="no example of the class 'cat'; it has dog"):
        select_class([one], "cat", "LABELS")


def yolo(folder: Path, labels: dict[str, str], images: tuple[str, ...]) -> None:
    """Write YOLO labels and black images of 60x80 pixels beside each other."""
    for name in images:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cvkit.write_image(folder / name, np.zeros((60, 80), np.uint8))
    for name, lines in labels.items():
        (folder / name).write_text(lines)


def test_a_image_without_yolo_labels_is_one_without_objects(tmp_path: Path) -> None:
    yolo(tmp_path, {"a.txt": "0 0.5 0.5 0.5 0.5"}, ("a.png", "b.jpg", "more/c.png"))
    found = {image.name: len(image.boxes) for image in read_labels(tmp_path, images=tmp_path)}
    assert found == {"a.png": 1, "b.jpg": 0, "more/c.png": 0}


def test_yolo_results_of_images_that_differ_in_their_ending_are_told_apart(tmp_path: Path) -> None:
    names = ("a.jpg", "a.png", "a.bmp")
    yolo(tmp_path / "photos", {}, names)
    (tmp_path / "results").mkdir()
    with open_results(tmp_path / "results", format="yolo") as results:
        for number, name in enumerate(names):
            results.add(name, (60, 80), Detections([[0, 0, 8, 16]] * number, [0.5] * number))
    found = read_labels(tmp_path / "results", images=tmp_path / "photos")
    assert {image.name: len(image.boxes) for image in found} == {"a.jpg": 0, "a.png": 1, "a.bmp": 2}


def test_names_are_matched_one_to_one() -> None:
    assert match_paths(["x/a.jpg", "a.png", "b"], ["a.png", "x/a.jpg"]) == ["x/a.jpg", "a.png", None]
    # What was found in one image is not what was found in another one, which has no line of its own.
    assert match_paths(["a.jpg", "a.png"], ["a.png"]) == [None, "a.png"]
    with pytest.raises(ValueError, match=r"a\.jpg may be x/a\.jpg or y/a\.jpg: name the folders"):
        match_paths(["x/a.jpg", "y/a.jpg"], ["a.jpg"])


NO_AREA = {
    "a.json": json.dumps(
        {
            "images": [{"id": 1, "file_name": "a.png"}],
            "categories": [{"id": 1, "name": "person"}],
            "annotations": [
                {"image_id": 1, "category_id": 1, "bbox": box}
                for box in ([1, 2, 0, 4], [1, 2, 3, -4], [1, 2, float("nan"), 4], [1, 2, 3, 4])
            ],
        }
    ),
    "a.csv": "file,left,top,right,bottom,confidence,class\n"
    "a.png,1,2,1,6,1,person\na.png,1,2,4,-2,1,person\na.png,nan,2,4,6,1,person\na.png,1,2,4,6,1,person\n",
    "a.txt": "0 0.5 0.5 0 0.1\n0 0.5 0.5 -0.1 0.1\n0 inf 0.5 0.1 0.1\n"
    "0 0.03125 0.06666667 0.0375 0.06666667\n",
}


@pytest.mark.parametrize("name", NO_AREA)
def test_boxes_without_area_are_left_out_and_counted(tmp_path: Path, name: str) -> None:
    cvkit.write_image(tmp_path / "a.png", np.zeros((60, 80), np.uint8))
    (tmp_path / name).write_text(NO_AREA[name])
    path = tmp_path if name == "a.txt" else tmp_path / name
    with pytest.warns(
        NoAreaWarning, match=r"3 boxes without area are left out: box \(.*\) of a\.png"
    ) as told:
        (image,) = read_labels(path, images=tmp_path)
    assert told[0].message.count == 3  # type: ignore[union-attr]
    np.testing.assert_allclose([box.xyxy for box in image.boxes], [(1, 2, 4, 6)], atol=1e-4)


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    content = {"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "./a.png"}]}
    content |= {"categories": [], "annotations": []}
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"labels\.json: 2 images are named a\.png"):
        read_labels(path)
    content["images"][1] = {"id": 1, "file_name": "b.png"}
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"labels\.json.*two images have one id"):
        read_labels(path)
    for name in ("a.xml", "b.xml"):
        voc(tmp_path / name, [])
    with pytest.raises(ValueError, match=r"2 images are named a\.png"):
        read_labels(tmp_path)
