"""``cvkit train`` from the outside: crops, labeled images, memory, interruption, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit.cli import main
from cvkit.compare.cases.images import noise, scene
from cvkit.detect import box_iou, load
from cvkit.detect.training import hog
from cvkit.detect.training.examples import Scene
from cvkit.detect.training.samples import SampleStore
from cvkit.detect.training.windows import WindowCutter
from tests.test_training import ring

RING = ["--window", "32x32", "--object-size", "0.75"]
FAST = ["--shift", "0", "--rounds", "1", "--no-calibrate"]


@pytest.fixture(autouse=True)
def workplace(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter a folder with crops of rings, images without, and labeled images with one each."""
    folder = tmp_path_factory.mktemp("workplace")
    monkeypatch.chdir(folder)
    for name in ("rings", "others", "full"):
        Path(name).mkdir()
    for index in range(10):
        crop = noise(48, 48, seed=index) // 4
        crop[8:40, 8:40] = np.roll(ring(32), index % 3 - 1, axis=0)
        cvkit.write_image(f"rings/{index}.png", crop)
        cvkit.write_image(f"others/{index}.png", scene(64, 80, seed=index))
    Path("labels.json").write_text(json.dumps(labeled()))


PLACES = [(10, 20), (40, 70), (30, 40), (8, 60), (45, 8), (20, 20), (33, 77), (12, 12)]


def labeled() -> dict[str, Any]:
    """Draw rings of 48 pixels into images and label them, by the ring's outer edge of 36 pixels."""
    images, annotations = [], []
    for number, (top, left) in enumerate(PLACES):
        image = scene(100, 130, seed=number)
        image[top : top + 48, left : left + 48] = ring(48)
        cvkit.write_image(f"full/{number}.png", image)
        images.append({"id": number, "file_name": f"{number}.png", "height": 100, "width": 130})
        annotations.append({"image_id": number, "category_id": 5, "bbox": [left + 6, top + 6, 36, 36]})
    return {"images": images, "annotations": annotations, "categories": [{"id": 5, "name": "ring"}]}


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


CROPS = ["train", "person-hog", "--positives", "rings", "--negatives", "others", *RING]
LABELED = ["train", "person-hog", "--images", "full", "--labels", "labels.json", *RING]


def test_crops_give_a_calibrated_model(capsys: pytest.CaptureFixture[str]) -> None:
    choice = ["--C", "0.01", "--C", "0.1", "--shift", "0", "--rounds", "1"]
    assert main([*CROPS, *choice, "-o", "model.npz"]) == 0
    lines = said(capsys)
    assert "C 0.01: " in lines
    assert "C 0.1: " in lines
    assert "16 windows of the object, 80 others" in lines
    assert "20 windows of the object, 100 others" in lines
    assert "round 1: " in lines
    model = load("model.npz")
    assert (model.window, model.object_size, model.padding) == ((32, 32), (0.75, 0.75), 16)
    assert model.probability(model.confidence_of(0.9)) == pytest.approx(0.9)


def test_labeled_images_give_positives_and_negatives() -> None:
    assert main([*LABELED, "--shift", "1", "--no-calibrate", "-o", "model.npz"]) == 0
    image = scene(120, 160, seed=99)
    image[40:88, 60:108] = ring(48)
    found = load("model.npz", threshold=-1).detect(image)
    assert box_iou(found.xyxy[:1], [[66, 46, 102, 82]]).item() > 0.5


def test_windows_near_objects_are_no_negatives() -> None:
    boxes = ((16.0, 26.0, 52.0, 62.0),)
    cutter = WindowCutter({"window": (32, 32), "object_size": (0.75, 0.75)}, print)
    path = Path("full/0.png")
    everywhere = cutter.other_scores(np.zeros(cutter.size + 1), [path])
    elsewhere = cutter.other_scores(np.zeros(cutter.size + 1), [Scene(path, boxes)])
    assert 0 < len(everywhere) - len(elsewhere) < len(everywhere) / 2


def test_memory_beyond_the_limit_is_a_file_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert main([*CROPS, *FAST, "-o", "memory.npz"]) == 0
    monkeypatch.setattr("cvkit.detect.training.samples._FIRST_ROWS", 32)
    assert main([*CROPS, *FAST, "-o", "file.npz", "--max-memory", "50K"]) == 0
    np.testing.assert_array_equal(load("memory.npz").weights, load("file.npz").weights)


def test_samples_move_to_a_file_and_are_found_there_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvkit.detect.training.samples._FIRST_ROWS", 8)
    vectors = np.arange(300, dtype=np.float32).reshape(100, 3)
    for limit in (None, 0, 150, 600):
        samples = SampleStore(3, max_memory=limit)
        samples.extend(vectors)
        np.testing.assert_array_equal(samples.rows, vectors)
    kept = SampleStore(3, path=tmp_path / "samples")
    kept.extend(vectors[:50])
    kept.flush()
    again = SampleStore(3, path=tmp_path / "samples", count=40)
    again.extend(vectors[40:])
    np.testing.assert_array_equal(again.rows, vectors)


def test_an_interrupted_training_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*CROPS, *FAST, "-o", "whole.npz"]) == 0
    first_fit = hog._fit

    def interrupt(*arguments: Any) -> Any:
        monkeypatch.setattr(hog, "_fit", first_fit)
        raise KeyboardInterrupt

    monkeypatch.setattr(hog, "_fit", interrupt)
    resumed = [*CROPS, *FAST, "-o", "model.npz", "--work", "work"]
    assert main(resumed) == 130
    assert not Path("model.npz").exists()
    Path("work/mine.txt").write_text("not of the training")
    assert main([*resumed, "--seed", "1"]) == 2
    assert "holds another training" in said(capsys)
    assert main(resumed) == 0
    assert "windows of the object" not in said(capsys)  # they are taken from the folder
    np.testing.assert_array_equal(load("model.npz").weights, load("whole.npz").weights)
    assert [path.name for path in Path("work").iterdir()] == ["mine.txt"]


def test_crops_of_the_wrong_size_are_left_out_or_resized(capsys: pytest.CaptureFixture[str]) -> None:
    cvkit.write_image("rings/large.png", ring(65))
    Path("rings/broken.png").write_bytes(b"no image")
    assert main([*CROPS, *FAST, "-o", "model.npz"]) == 0
    lines = said(capsys)
    assert "left out: rings/large.png has 65x65 pixels, a crop has 32x32 to 64x64" in lines
    assert "left out: rings/broken.png: not an image" in lines
    assert "20 windows of the object" in lines
    assert main([*CROPS, *FAST, "-o", "model.npz", "--wrong-size", "resize"]) == 0
    lines = said(capsys)
    assert "resized: rings/large.png from 65x65 to the window's 32x32 pixels" in lines
    assert "22 windows of the object" in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*CROPS[:4]], "give --positives and --negatives, or --images and --labels"),
        ([*CROPS, "--labels", "labels.json"], "give --positives and --negatives, or"),
        ([*CROPS[:3], "empty", *CROPS[4:]], "--positives: no images in empty"),
        ([*CROPS[:3], "gone", *CROPS[4:]], "no such file or folder: gone"),
        ([*CROPS, "--window", "32xx"], "--window must be HEIGHTxWIDTH, got '32xx'"),
        ([*CROPS, "--window", "33x32"], "window must be whole cells"),
        ([*CROPS, "--C", "0"], "C must be greater than 0"),
        ([*CROPS, "--max-memory", "much"], "--max-memory must be a size"),
        ([*CROPS, "-o", "nowhere/model.npz"], "--output: there is no folder nowhere"),
        ([*CROPS, "--window", "512x512"], "positives must hold at least one image"),
        ([*LABELED, "--class", "cat"], "--labels has no example of the class 'cat'; it has ring"),
        ([*LABELED[:3], "others", *LABELED[4:], "--labels", "found.json"], "there is no 10.png in others"),
        ([*LABELED, "--labels", "outside.json"], "lies outside the image"),
        ([*LABELED, "--labels", "none.json"], "none.json has no boxes"),
    ],
)
def test_bad_input_is_named(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    content = labeled()
    Path("none.json").write_text(json.dumps({**content, "annotations": []}))
    content["annotations"][0]["bbox"] = [500, 0, 20, 20]
    Path("outside.json").write_text(json.dumps(content))
    content["annotations"][0]["bbox"] = [5, 0, 20, 20]
    content["images"][0]["file_name"] = "10.png"
    Path("found.json").write_text(json.dumps(content))
    extra = [] if "-o" in arguments else ["-o", "model.npz"]
    assert main([*arguments, *extra, "--no-calibrate"]) == 2
    last = said(capsys).splitlines()[-1]
    assert last.startswith("cvkit: ")
    assert message in last
    assert not Path("model.npz").exists()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("m.txt", "--output must end in .npz, got m.txt"),
        ("m.NPZ", "--output must end in .npz, got m.NPZ"),
        ("gone/m.npz", "--output: there is no folder gone"),
        ("folder.npz", "--output: folder.npz is a folder"),
        ("/proc/m.npz", "cannot use the output folder: "),
    ],
)
def test_an_output_that_nothing_could_read_is_refused_before_training(
    output: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("folder.npz").mkdir()
    monkeypatch.setattr("cvkit.io.walk", lambda *arguments: pytest.fail("too late"))
    assert main([*CROPS, "-o", output]) == 2
    assert capsys.readouterr().err.startswith(f"cvkit: {message}")
