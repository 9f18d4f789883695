"""Data sets that a ``data.yaml`` describes, polygons, and COCO's average precision of several classes."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit.cli import main
from cvkit.detect import Detections, coco_average_precision, open_results
from cvkit.detect.labels import read_labels
from cvkit.detect.yolo_labels import parse_data_yaml

CLASSES = ("person", "dog", "cat")
SIZE = (300, 400)


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter a folder with a data set of two images for validation and one for training."""
    monkeypatch.chdir(tmp_path)
    for name, lines in {
        "val/a": "0 0.5 0.5 0.25 0.5\n2 0.1 0.2 0.3 0.2 0.3 0.8\n",
        "val/more/b": None,
        "train/c": "1 0.5 0.5 0.5 0.5 0.75\n",
    }.items():
        image, labels = (Path("data", folder, name) for folder in ("images", "labels"))
        for path in (image, labels):
            path.parent.mkdir(parents=True, exist_ok=True)
        cvkit.write_image(image.with_suffix(".png"), np.zeros(SIZE, np.uint8))
        if lines is not None:
            labels.with_suffix(".txt").write_text(lines)
    describe("val: images/val\ntrain: images/train\nnames: [person, dog, cat]\n")


def describe(text: str, name: str = "data/data.yaml") -> str:
    Path(name).write_text(text)
    return name


def found_in(images: list[Any]) -> dict[str, list[tuple[str, list[int]]]]:
    return {
        image.name: [(box.label, [round(side) for side in box.xyxy]) for box in image.boxes]
        for image in images
    }


VALIDATION = {
    "images/val/a.png": [("person", [150, 75, 250, 225]), ("cat", [40, 60, 120, 240])],
    "images/val/more/b.png": [],
}


@pytest.mark.parametrize(
    "text",
    [
        "val: images/val\nnames: ['person', \"dog\", cat]",
        "# a data set\npath: .  # here\ntrain:\nval:\n  - images/val/more\n  - images/val/a.png\n"
        "names:\n  0: person\n  1: dog\n  2: cat\nnc: 3\n",
        "path: gone/elsewhere\nval: images/val\nnames:\n- person\n- dog\n- cat\ndownload: https://x.org/y.zip\n",
        "---\nval: [images/val]\nnames: {0: person, 1: dog,\n  2: cat}\n",
        "val: images/val\nnames: ['person',\n  'dog', 'cat' ]\n",
        "val: list.txt\nnames: [person, dog, cat]\n",
    ],
)
def test_forms_of_a_description(text: str) -> None:
    Path("data/list.txt").write_text("images/val/a.png\nimages/val/more/b.png\n")
    assert found_in(read_labels(describe(text))) == VALIDATION


def test_other_images_of_a_data_set() -> None:
    (image,) = read_labels("data/data.yaml", images="data/images/train")
    assert (image.name, image.size) == ("c.png", SIZE)
    assert [(box.label, box.xyxy, box.confidence) for box in image.boxes] == [
        ("dog", (100, 75, 300, 225), 0.75)
    ]
    (image,) = read_labels(describe("train: images/train\n"))
    assert [box.label for box in image.boxes] == ["1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names: [person]", "must name images as one of val, test, train"),
        ("val: images/gone", "there is no .*images/gone"),
        ("val: images/val\nnames: [person", "a bracket is not closed"),
        (
            "val: images/val\nnames: [person, dog]",
            r"a\.txt is damaged or of another format: class 2 has no name",
        ),
        ("val: images/val\nnames: {a: person}", "damaged or of another format"),
        ("just words", "a line must be a key and a value, got 'just words'"),
        ("  0: person", "'  0: person' belongs to nothing"),
        ("val: images/val\n- images/train", "a line must be a key and a value"),
    ],
)
def test_what_is_wrong_with_a_description_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_labels(describe(text))


def test_what_a_description_may_hold_beside() -> None:
    text = "names: ['a, b', \"c: d\"]\nnested:\n  key: value\nempty:\nurl: http://x.org/#top\n"
    assert parse_data_yaml(text) == {
        "names": ["a, b", "c: d"],
        "nested": {"key": "value"},
        "empty": "",
        "url": "http://x.org/#top",
    }


def test_polygons_of_coco() -> None:
    polygons = {"image_id": 1, "category_id": 1, "segmentation": [[1, 2, 9, 2, 5, 8], [0, 4, 3, 12, 3, 4]]}
    content = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "dog"}],
        "annotations": [polygons],
    }
    Path("labels.json").write_text(json.dumps(content))
    assert found_in(read_labels("labels.json")) == {"a.png": [("dog", [0, 2, 9, 12])]}


def labeled_and_found(seed: int) -> tuple[dict[str, Any], list[Detections]]:
    """Draw labels of three classes with crowds in COCO's format, and detections near them."""
    generator = np.random.default_rng(seed)
    annotations: list[dict[str, Any]] = []
    found = []
    images = [
        {"id": number, "file_name": f"images/{number}.jpg", "height": 300, "width": 400}
        for number in range(1, 9)
    ]
    for image in images:
        boxes = generator.integers([0, 0, 20, 20], [200, 200, 220, 220], (7, 4))
        boxes[:, 2:] = boxes[:, :2] + boxes[:, 2:] // 2
        classes = generator.integers(0, 3, 7)
        annotations += [
            {
                "id": len(annotations) + place + 1,
                "image_id": image["id"],
                "category_id": int(number) + 1,
                "bbox": [int(left), int(top), int(right - left), int(bottom - top)],
                "area": int((right - left) * (bottom - top)),
                "iscrowd": int(place == 6),
            }
            for place, ((left, top, right, bottom), number) in enumerate(zip(boxes, classes, strict=True))
        ]
        near = np.repeat(boxes, 20, axis=0) + generator.integers(-4, 5, (140, 4))
        far = generator.integers([0, 0, 160, 160], [150, 150, 300, 300], (10, 4))
        scores = generator.integers(0, 40, 150) / 64  # many are equal
        found.append(
            Detections(
                np.concatenate([near, far]), scores, [*np.repeat(classes, 20), *generator.integers(0, 3, 10)]
            )
        )
    categories = [{"id": number, "name": name} for number, name in enumerate(CLASSES, start=1)]
    return {"images": images, "annotations": annotations, "categories": categories}, found


@pytest.mark.parametrize("seed", range(3))
def test_mean_average_precision_equals_that_of_pycocotools(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    labels, found = labeled_and_found(seed)
    Path("labels.json").write_text(json.dumps(labels))
    Path("found").mkdir()
    with open_results("found", classes=CLASSES) as results:
        for image, of_image in zip(labels["images"], found, strict=True):
            results.add(image["file_name"], SIZE, of_image)
    Path("found.json").write_text(
        json.dumps(json.loads(Path("found/detections.json").read_text())["annotations"])
    )
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO("labels.json")
        reference = COCOeval(truth, truth.loadRes("found.json"), "bbox")
        reference.evaluate()
        reference.accumulate()
        reference.summarize()
    assert main(["evaluate", "found", "labels.json"]) == 0
    content = json.loads(Path("evaluation/curves.json").read_text())
    names = ("mean_average_precision", "mean_average_precision_50", "mean_average_precision_75")
    assert [content[name] for name in names] == pytest.approx(reference.stats[:3].tolist(), abs=1e-12)
    assert 0.1 < reference.stats[0] < 0.9
    # precision is (overlap, recall, class, area, detections)
    of_classes = reference.eval["precision"][:, :, :, 0, -1].mean(axis=(0, 1))
    assert [content["classes"][name][names[0]] for name in CLASSES] == pytest.approx(
        of_classes.tolist(), abs=1e-12
    )
    said = capsys.readouterr().out
    assert f"  person                {of_classes[0]:.4f}" in said
    assert not Path("evaluation/det.png").exists()
    assert main(["evaluate", "found", "labels.json", "--class", "dog", "--no-plot"]) == 0
    single = json.loads(Path("evaluation-2/curves.json").read_text())
    assert single["mean_average_precision"] == pytest.approx(of_classes[1], abs=1e-12)


def test_a_data_set_of_yolo_is_judged() -> None:
    Path("found").mkdir()
    with open_results("found", format="yolo", classes=CLASSES) as results:
        results.add("data/images/val/a.png", SIZE, Detections([[150, 75, 250, 225]], [0.5], [0]))
        results.add("data/images/val/more/b.png", SIZE, Detections([[0, 0, 9, 9]], [0.9], [1]))
    assert main(["evaluate", "found", "data/data.yaml", "--images", "data/images/val"]) == 0
    content = json.loads(Path("evaluation/curves.json").read_text())
    assert (content["images"], content["objects"]) == (2, 2)
    assert {name: values["mean_average_precision"] for name, values in content["classes"].items()} == {
        "person": 1.0,
        "cat": 0.0,
    }


def test_classes_without_objects_have_no_precision() -> None:
    assert np.isnan(coco_average_precision([Detections.empty()], [[]])).all()
    assert coco_average_precision([Detections.empty()], [[[0, 0, 4, 4]]]).max() == 0
    crowd = coco_average_precision(
        [Detections([[0, 0, 4, 4], [9, 9, 12, 12]], [2, 1])], [[[9, 9, 12, 12]]], [[[0, 0, 8, 8]]]
    )
    assert crowd.min() == 1
    with pytest.raises(ValueError, match="must have one entry for each image, got 0, 1 and 1"):
        coco_average_precision([], [[]])
