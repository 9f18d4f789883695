"""Where ``cvkit detect`` looks, for which heights, how far it enlarges, and what it calls what it finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit._jit_cuda import cuda
from cvkit.cli import main
from cvkit.compare.cases.images import scene
from cvkit.detect import CascadeDetector, Detections, HOGDetector, load
from cvkit.detect.class_names import class_of_file
from cvkit.detect.runs.finder import choose_upscale
from cvkit.detect.runs.regions import Regions, as_regions
from tests.cascades import random_cascade
from tests.test_cli_detect import OneBox, one_line, use_detector

PART = (10.0, 20.0, 30.0, 15.0)


class Corner(OneBox):
    """A detector that finds what fills the part of an image it looks at."""

    smallest_object = 100.0

    def detect(self, image: np.ndarray) -> Detections:
        height, width = image.shape[:2]
        self.seen = self.upscale, (height, width)
        return Detections([(0, 0, width, height)], [1.0])

    def suppress(self, boxes: np.ndarray, confidence: np.ndarray) -> np.ndarray:
        return np.sort(np.unique(boxes, axis=0, return_index=True)[1])


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter an empty folder with two images, and use a detector that costs nothing."""
    monkeypatch.chdir(tmp_path)
    use_detector(monkeypatch, Corner)
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    Path("photos").mkdir()
    cvkit.write_image("photos/a.png", scene(50, 60, 3))
    cvkit.write_image("photos/b.png", scene(50, 60, 3))


def found() -> list[tuple[int, list[float]]]:
    content = json.loads(Path("detections/detections.json").read_text())
    return [(item["image_id"], item["bbox"]) for item in content["annotations"]]


@pytest.mark.parametrize("given", ["10,20,30,15", PART, [PART], [[10, 20, 30, 15]], ["10,20, 30,15"]])
def test_forms_of_a_region(given: object) -> None:
    assert as_regions(given) == Regions((PART,))


def test_regions_from_files() -> None:
    Path("list.json").write_text("[[10, 20, 30, 15]]")
    Path("one.json").write_text("[10, 20, 30, 15]")
    Path("named.json").write_text('{"photos/a.png": [[10, 20, 30, 15], [0, 0, 5, 5]], "b": [10, 20, 30, 15]}')
    assert as_regions("list.json") == as_regions(Path("one.json")) == Regions((PART,))
    named = as_regions(["named.json", "1,2,3,4"])
    assert named.of("there/photos/a.png") == (PART, (0.0, 0.0, 5.0, 5.0))
    assert named.of("photos/b.png") == (PART,)
    assert named.of("c.png") == ((1.0, 2.0, 3.0, 4.0),)


@pytest.mark.parametrize(
    "given",
    [
        "1,2,3",
        "1,2,0,4",
        "1,2,3,-4",
        "a,b,c,d",
        "1,2,3,nan",
        [[1, 2, 3]],
        [1, 2, 3],
        7,
        None,
        [["1,2,3,4"], 7],
    ],
)
def test_what_is_no_region_is_shown(given: object) -> None:
    with pytest.raises(ValueError, match="regions must be x,y,width,height"):
        as_regions(given)


def test_only_the_regions_are_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    Path("regions.json").write_text('{"b.png": [[40, 30, 100, 100]]}')
    parts = ["--regions", "10,20,30,15", "--regions", "0,0,5,5", "--regions", "10,20,30,15"]
    assert main(["detect", "photos", *parts, "--regions", "regions.json"]) == 0
    assert found() == [(1, [10, 20, 30, 15]), (1, [0, 0, 5, 5]), (2, [40, 30, 20, 20])]
    assert "images were enlarged 2 times" in capsys.readouterr().err
    for unchanged in (0, 2):
        assert main(["detect", "photos", "--output", "detections", "--resume", *parts, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["unchanged"] == unchanged
    assert found()[2:] == [(2, [10, 20, 30, 15]), (2, [0, 0, 5, 5])]


def test_regions_outside_of_an_image_and_damaged_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "photos/a.png", "--regions", "60,0,10,10"]) == 1
    outside = "the region 60,0,10,10 lies outside the image of 60 x 50 pixels"
    assert f"failed: photos/a.png: {outside}" in capsys.readouterr().err
    Path("bad.json").write_text("{")
    for given, message in [
        ("1,2,3", "cvkit: --regions must be x,y,width,height"),
        ("bad.json", "cvkit: bad.json holds no regions: "),
        ("gone.json", "cvkit: [Errno 2] No such file or directory: 'gone.json'"),
    ]:
        assert main(["detect", "photos", "--regions", given]) == 2
        assert one_line(capsys.readouterr().err).startswith(message)


def test_the_library_takes_regions_too() -> None:
    cvkit.detect.run("photos", "detections", regions=PART)
    assert found() == [(1, [10, 20, 30, 15]), (2, [10, 20, 30, 15])]


@pytest.mark.parametrize(
    ("size", "smallest", "min_height", "upscale"),
    [
        ((640, 480), 102.4, 0, 2.0),
        ((1000, 1000), 102.4, 0, 2.0),
        ((1000, 2000), 102.4, 0, 1.414),
        ((2000, 2000), 102.4, 0, 1.0),
        ((9000, 9000), 102.4, 0, 1.0),
        ((640, 480), 64, 0, 1.28),
        ((640, 480), 24, 0, 1.0),
        ((640, 480), 102.4, 80, 1.28),
        ((640, 480), 102.4, 200, 1.0),
    ],
)
def test_the_upscale_follows_from_the_size(
    size: tuple[int, int], smallest: float, min_height: float, upscale: float
) -> None:
    assert choose_upscale(size, smallest, min_height) == upscale


def test_an_upscale_that_is_given_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = []

    class Noting(Corner):
        def __init__(self, name: str, **options: object) -> None:
            super().__init__(name, **options)
            self.upscale = options.get("upscale", "not chosen")
            made.append(self)

    use_detector(monkeypatch, Noting)
    assert main(["detect", "photos", "--upscale", "1.5"]) == 0
    assert "enlarged" not in capsys.readouterr().err
    assert main(["detect", "photos", "--regions", "0,0,20,30"]) == 0
    assert [detector.seen for detector in made] == [(1.5, (50, 60)), (2.0, (30, 20))]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("haarcascade_frontalface_alt_tree.xml", "face"),
        ("haarcascade_profileface.xml", "face"),
        ("haarcascade_frontalcatface_extended.xml", "cat face"),
        ("haarcascade_eye_tree_eyeglasses.xml", "eye"),
        ("haarcascade_lefteye_2splits.xml", "left eye"),
        ("haarcascade_license_plate_rus_16stages.xml", "license plate"),
        ("haarcascade_russian_plate_number.xml", "license plate"),
        ("haarcascade_fullbody.xml", "person"),
        ("haarcascade_upperbody.xml", "upper body"),
        ("haarcascade_smile.xml", "smile"),
        ("lbpcascade_animeface.xml", "face"),
        ("haarcascade_other.xml", "haarcascade_other"),
        ("my.face.v2.xml", "my"),
        (".xml", ".xml"),
    ],
)
def test_models_of_opencv_name_their_objects(name: str, label: str) -> None:
    assert class_of_file(name) == label


def test_results_name_the_class_of_the_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Cars(Corner):
        class_name = "car"

    use_detector(monkeypatch, Cars)
    assert main(["detect", "photos"]) == 0
    assert "2 detections of car in 2 images" in capsys.readouterr().err
    content = json.loads(Path("detections/detections.json").read_text())
    assert content["categories"] == [{"id": 1, "name": "car"}]


def test_a_saved_detector_keeps_its_class() -> None:
    HOGDetector(np.zeros(3781), class_name="car").save("car.npz")
    assert load("car.npz").class_name == "car"
    assert load("car.npz", class_name="van").class_name == "van"
    for name, error in [("", ValueError), ("two\nlines", ValueError), (3, TypeError)]:
        with pytest.raises(error, match="class_name must be"):
            HOGDetector(np.zeros(3781), class_name=name)  # type: ignore[arg-type]


def test_the_least_height_of_a_cascade_is_that_of_its_windows() -> None:
    cascade = random_cascade("haar", (20, 20))
    sizes = {
        least: CascadeDetector(cascade, (20, 20), scale=1.5, min_height=least)._scales((200, 200))
        for least in (0.0, 44.0, 500.0)
    }
    assert sizes[44.0] == sizes[0.0][2:]
    assert sizes[500.0] == []
