"""``cvkit evaluate`` from the outside, and average precision against pycocotools."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit.cli import main
from cvkit.detect import Detections, open_results
from cvkit.detect.results import FORMATS

PERSON = [10, 10, 20, 50]  # x, y, width, height


def coco(images: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """Make COCO labels: the annotations of each image."""
    annotations = [
        {"image_id": number, "category_id": 1, "iscrowd": 0, **item}
        for number, items in enumerate(images, start=1)
        for item in items
    ]
    for number, annotation in enumerate(annotations, start=1):
        annotation.update(id=number, area=annotation["bbox"][2] * annotation["bbox"][3])
    return {
        "images": [
            {"id": number, "file_name": f"{number}.jpg", "height": 400, "width": 400}
            for number in range(1, len(images) + 1)
        ],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}],
    }


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter a folder with labels and detections of two images: one right, one beside, one missed."""
    monkeypatch.chdir(tmp_path)
    labels = [[{"bbox": PERSON}], [{"bbox": PERSON}]]
    found = [[{"bbox": PERSON, "score": 0.9}, {"bbox": [200, 10, 20, 50], "score": 0.8}], []]
    Path("labels.json").write_text(json.dumps(coco(labels)))
    Path("found.json").write_text(json.dumps(coco(found)))


def curves(folder: str = "evaluation") -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(folder, "curves.json").read_text())
    return content


def test_figures_and_curves_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "found.json", "labels.json", "--windows", "1000"]) == 0
    said = capsys.readouterr().out.splitlines()
    # One of two people at no false positive, and no more at any rate.
    assert said[:5] == [
        "images                  2",
        "objects                 2",
        "detections              2",
        "log average miss rate   0.5000",
        "average precision       0.5000",
    ]
    result = curves()
    assert result["objects"] == 2
    by_image = result["curves"]["false positives per image"]
    assert by_image == {"rate": [0, 0.5], "miss_rate": [0.5, 0.5], "threshold": pytest.approx([0.9, 0.8])}
    assert result["curves"]["false positives per window"]["rate"] == [0, 0.001]
    assert result["curves"]["precision over recall"] == {"recall": [0.5, 0.5], "precision": [1, 0.5]}
    assert Path("evaluation/det.png").read_bytes().startswith(b"\x89PNG")


def test_regions_to_ignore_and_the_aspect() -> None:
    Path("regions.json").write_text(json.dumps(coco([[{"bbox": [190, 0, 50, 80]}], []])))
    assert main(["evaluate", "found.json", "labels.json", "--ignore", "regions.json", "--no-plot"]) == 0
    assert curves()["detections"] == 1
    assert not Path("evaluation/det.png").exists()
    # Three times as wide as the detection, the label is no longer matched.
    assert main(["evaluate", "found.json", "labels.json", "--aspect", "1.2", "--no-plot"]) == 0
    assert curves("evaluation-2")["average_precision"] == 0


def test_without_matplotlib_the_data_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["evaluate", "found.json", "labels.json"]) == 0
    assert "pip install 'cvkit-numba[plot]'" in capsys.readouterr().err
    assert curves()["images"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.json", "labels.json"], "no such file or folder: gone.json"),
        (["found.json", "labels.json", "--class", "cat"], "LABELS has no example of the class 'cat'"),
        (
            ["labels.json", "labels.json"],
            "DETECTIONS must have a confidence for each box, 1.jpg has one without",
        ),
        (["found.json", "labels.json", "--min-iou", "2"], "min_iou must be at most 1.0"),
        (["found.json", "labels.json", "--windows", "0"], "--windows must be at least 1"),
        (["found.json", "labels.json", "--aspect", "0"], "aspect must be greater than 0"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message in said
    assert not Path("evaluation").exists()


def random_images(seed: int) -> tuple[list[list[dict[str, Any]]], list[list[dict[str, Any]]]]:
    """Draw people, crowds, and detections near them and elsewhere."""
    generator = np.random.default_rng(seed)
    labels, found = [], []
    for _ in range(12):
        boxes = np.concatenate([generator.uniform(0, 300, (6, 2)), generator.uniform(30, 90, (6, 2))], axis=1)
        labels.append([{"bbox": box.tolist(), "iscrowd": int(i == 5)} for i, box in enumerate(boxes)])
        near = np.repeat(boxes, 2, axis=0) + generator.normal(0, 8, (12, 4))
        far = np.concatenate([generator.uniform(0, 300, (4, 2)), generator.uniform(20, 90, (4, 2))], axis=1)
        found.append(
            [
                {"bbox": box.tolist(), "score": float(generator.uniform())}
                for box in np.concatenate([near, far])
            ]
        )
    return labels, found


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_equals_that_of_pycocotools(seed: int) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    labels, found = (coco(images) for images in random_images(seed))
    Path("labels.json").write_text(json.dumps(labels))
    Path("found.json").write_text(json.dumps(found["annotations"]))  # a list of results
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO("labels.json")
        reference = COCOeval(truth, truth.loadRes("found.json"), "bbox")
        reference.params.iouThrs = np.array([0.5])
        reference.params.areaRng, reference.params.areaRngLbl = [[0, 1e10]], ["all"]
        reference.params.maxDets = [1000]
        reference.evaluate()
        reference.accumulate()
    expected = reference.eval["precision"].mean()
    assert 0.2 < expected < 0.9
    assert main(["evaluate", "found.json", "labels.json", "--no-plot"]) == 0
    assert curves()["average_precision_coco"] == pytest.approx(expected, abs=1e-12)
    assert curves()["average_precision"] == pytest.approx(expected, abs=0.02)


@pytest.fixture
def two_classes() -> list[Detections]:
    """Write labels of people and dogs in 400x300 pixels in three formats; return detections near them."""
    generator = np.random.default_rng(1)
    Path("photos").mkdir()
    Path("voc").mkdir()
    Path("yolo").mkdir()
    Path("yolo/classes.txt").write_text("person\ndog\n")
    content = coco([[] for _ in range(8)])
    content["categories"].append({"id": 2, "name": "dog"})
    found = []
    for image in content["images"]:
        stem = Path(image["file_name"]).stem
        image.update(width=400, height=300)
        cvkit.write_image(f"photos/{stem}.jpg", np.zeros((300, 400), np.uint8))
        corners, sizes = generator.integers(1, 180, (6, 2)), generator.integers(20, 100, (6, 2))
        boxes, classes = np.concatenate([corners, corners + sizes], axis=1), generator.integers(0, 2, 6)
        content["annotations"] += [
            {"image_id": image["id"], "category_id": int(number) + 1, "bbox": [*map(int, (*corner, *size))]}
            for corner, size, number in zip(corners, sizes, classes, strict=True)
        ]
        objects = "".join(
            f"<object><name>{('person', 'dog')[number]}</name><bndbox><xmin>{left + 1}</xmin>"
            f"<ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
            for (left, top, right, bottom), number in zip(boxes, classes, strict=True)
        )
        Path(f"voc/{stem}.xml").write_text(
            f"<annotation><filename>{stem}.jpg</filename>{objects}</annotation>"
        )
        shares = np.concatenate([corners + sizes / 2, sizes], axis=1) / [400, 300, 400, 300]
        lines = [f"{number} {x} {y} {w} {h}\n" for number, (x, y, w, h) in zip(classes, shares, strict=True)]
        Path(f"yolo/{stem}.txt").write_text("".join(lines))
        near = boxes + generator.normal(0, 9, boxes.shape)
        found.append(Detections(near, generator.uniform(size=6), classes))
    Path("labels.json").write_text(json.dumps(content))
    return found


def test_every_format_of_results_and_of_labels_evaluates_alike(two_classes: list[Detections]) -> None:
    for format in FORMATS:
        Path(f"found-{format}").mkdir()
        with open_results(f"found-{format}", format=format, classes=("person", "dog")) as results:
            for number, found in enumerate(two_classes, start=1):
                results.add(f"photos/{number}.jpg", (300, 400), found)
    cases = [(f"found-{format}", "labels.json") for format in FORMATS]
    cases += [("found-coco", "voc"), ("found-yolo", "yolo")]
    for number, (found, labels) in enumerate(cases):
        options = ["--images", "photos", "--class", "dog", "--no-plot", "--output", str(number)]
        assert main(["evaluate", found, labels, *options]) == 0
    first, *others = (curves(str(number)) for number in range(len(cases)))
    assert 0.3 < first["average_precision"] < 0.99
    for other in others:
        for name in ("images", "objects", "detections", "average_precision", "log_average_miss_rate"):
            assert other[name] == first[name], name
        for name, curve in first["curves"].items():
            for column, values in curve.items():
                assert other["curves"][name][column] == pytest.approx(values, abs=1e-6)


def test_a_image_without_yolo_labels_keeps_its_false_positives() -> None:
    for folder in ("photos", "labels"):
        Path(folder).mkdir()
    for number in (1, 2):
        cvkit.write_image(f"photos/{number}.jpg", np.zeros((400, 400), np.uint8))
    Path("labels/1.txt").write_text("0 0.05 0.0875 0.05 0.125")  # is PERSON
    found = [
        [{"bbox": PERSON, "score": 0.4}],
        [{"bbox": PERSON, "score": 0.9}, {"bbox": PERSON, "score": 0.8}],
    ]
    Path("found.json").write_text(json.dumps(coco(found)))
    assert main(["evaluate", "found.json", "labels", "--images", "photos", "--no-plot"]) == 0
    assert (curves()["images"], curves()["detections"]) == (2, 3)
    assert curves()["average_precision"] == pytest.approx(1 / 3)


def test_boxes_without_area_are_told_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    labels = [[{"bbox": PERSON}, {"bbox": [10, 10, 0, 50]}], [{"bbox": [10, 10, 20, -5]}]]
    Path("labels.json").write_text(json.dumps(coco(labels)))
    assert main(["evaluate", "found.json", "labels.json", "--no-plot"]) == 0
    said = capsys.readouterr()
    assert (
        said.err == "cvkit: labels.json: 2 boxes without area are left out: box (10, 10, 10, 60) of 1.jpg\n"
    )
    assert "boxes without area      2" in said.out
    assert (curves()["objects"], curves()["boxes_without_area"]) == (1, 2)


def test_an_output_that_cannot_be_made_is_found_out_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cvkit.detect.labels.read_labels", lambda *arguments, **options: pytest.fail("late"))
    assert main(["evaluate", "found.json", "labels.json", "-o", "labels.json/x"]) == 2
    assert capsys.readouterr().err.startswith("cvkit: cannot use the output folder: [Errno 20]")
