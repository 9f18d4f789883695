"""Larger data sets of small ones: copies with labels that other readers read, and calls that go on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit.augment import Crop, Mirror
from cvkit.cli import main
from cvkit.compare.cases.images import scene
from cvkit.detect.label_files import write_labels
from cvkit.detect.labeled_images import LabeledBox, LabeledImage
from cvkit.detect.labels import read_labels
from cvkit.detect.training.enlargement import enlarge

BOXES = (
    LabeledBox((2.0, 3.0, 20.0, 30.0), "person"),
    LabeledBox((40.0, 8.0, 60.0, 40.0), 'car "x"'),
    LabeledBox((1.0, 40.0, 9.0, 47.0), "person", is_ignored=True),
)
LABELED = [LabeledImage("a.png", BOXES, (48, 64)), LabeledImage("more/b.jpg", BOXES[:1], (48, 64))]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for image in LABELED:
        (folder / image.name).parent.mkdir(parents=True, exist_ok=True)
        cvkit.write_image(folder / image.name, scene(48, 64, channels=3))
    return folder


@pytest.mark.parametrize("kind", ["coco", "voc", "yolo"])
def test_written_labels_are_read_again(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "images"
    for image in LABELED:
        (folder / image.name).parent.mkdir(parents=True, exist_ok=True)
        cvkit.write_image(folder / image.name, np.zeros((48, 64), np.uint8))
    written = write_labels(tmp_path, LABELED, kind)
    images = folder if kind == "yolo" else None
    for found, expected in zip(read_labels(written, images=images), LABELED, strict=True):
        assert found.name == expected.name
        boxes = [box for box in expected.boxes if kind != "yolo" or not box.is_ignored]
        assert [box[1:3] for box in found.boxes] == [box[1:3] for box in boxes]
        np.testing.assert_allclose(
            np.array([box.xyxy for box in found.boxes]), np.array([box.xyxy for box in boxes]), atol=1e-4
        )


def test_copies_have_the_boxes_of_their_transform(tmp_path: Path, source: Path) -> None:
    mirror = Mirror(probability=1)
    result = enlarge(source, tmp_path / "many", mirror, copies=2, labeled=LABELED)
    assert (result.copies, result.made, result.failed) == (4, 4, {})
    found = {image.name: image for image in read_labels(result.labels)}
    assert sorted(found) == ["a-1.png", "a-2.png", "more/b-1.jpg", "more/b-2.jpg"]
    assert found["a-1.png"].boxes[1] == LabeledBox((4.0, 8.0, 24.0, 40.0), 'car "x"')
    assert [box.is_ignored for box in found["a-2.png"].boxes] == [False, False, True]
    copy = cvkit.read_image(tmp_path / "many" / "images" / "a-1.png")
    np.testing.assert_array_equal(copy, cvkit.read_image(source / "a.png")[:, ::-1])
    assert cvkit.read_image(tmp_path / "many" / "contact_sheet.jpg").shape == (160, 960, 3)


def test_an_interrupted_call_goes_on(tmp_path: Path, source: Path) -> None:
    crop, output = Crop((30, 40)), tmp_path / "many"
    whole = enlarge(source, tmp_path / "whole", crop, copies=3, labeled=LABELED)
    assert enlarge(source, output, crop, copies=3, labeled=LABELED).made == 6
    journal = output / "copies.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:3]) + lines[3][:9])  # killed in the middle of a line
    again = enlarge(source, output, crop, copies=3, labeled=LABELED)
    assert (again.copies, again.made) == (6, 4)
    assert again.labels.read_text() == whole.labels.read_text()
    assert enlarge(source, output, crop, copies=3, labeled=LABELED).made == 0
    with pytest.raises(ValueError, match="is of another call"):
        enlarge(source, output, crop, copies=3, labeled=LABELED, seed=1)


def test_images_of_one_name_are_refused(tmp_path: Path, source: Path) -> None:
    cvkit.write_image(source / "a.jpg", np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="must differ in more than their endings"):
        enlarge(source, tmp_path / "many", Mirror())


def test_the_command_survives_a_broken_image(
    tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "broken.png").write_bytes((source / "a.png").read_bytes()[:100])
    labels = write_labels(tmp_path, LABELED, "coco")
    output = tmp_path / "many"
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('steps = [{transform = "Mirror", probability = 1}]')
    arguments = ["augment", str(source), str(output), "--labels", str(labels), "--format", "yolo", "--quiet"]
    assert main([*arguments, "--recipe", str(recipe), "--copies", "2"]) == 1
    written = capsys.readouterr()
    assert "broken.png" in written.err
    assert written.out.startswith("4 copies in")
    assert (output / "labels" / "a-1.txt").read_text().startswith("1 0.828125 0.34375 0.28125 0.5625\n")
    assert len(json.loads((output / "copies.jsonl").read_text().splitlines()[0])) == 4
    recipe.write_text("steps = 1")
    assert main([*arguments, "--recipe", str(recipe)]) == 2
    assert "a recipe has one key" in capsys.readouterr().err
    assert main(["augment", str(tmp_path / "nowhere"), str(output)]) == 2
