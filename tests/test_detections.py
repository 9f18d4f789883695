"""Detections as a sequence, drawn, and written to files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from cvkit.detect import Detection, Detections, draw_detections, open_results


@pytest.fixture
def three() -> Detections:
    return Detections([[0, 0, 10, 20], [5, 5, 9, 9], [1.5, 2, 3, 4]], [0.5, 2.0, -1.0], [0, 1, 0])


def test_stores_what_kernels_and_writers_expect(three: Detections) -> None:
    assert (three.xyxy.dtype, three.confidence.dtype, three.class_id.dtype) == (
        np.float32,
        np.float32,
        np.int64,
    )
    assert (three.xyxy.shape, len(three)) == ((3, 4), 3)
    assert Detections([[0, 0, 1, 1]], [1]).class_id.tolist() == [0]
    assert Detections([], []).xyxy.shape == (0, 4)
    with pytest.raises(AttributeError):
        three.xyxy = three.xyxy  # type: ignore[misc]


def test_indexing(three: Detections) -> None:
    assert isinstance(three[1], Detection)
    assert three[-1].confidence == -1.0
    assert three[1:] == Detections(three.xyxy[1:], three.confidence[1:], three.class_id[1:])
    assert three[three.confidence > 0].confidence.tolist() == [0.5, 2.0]
    assert three[[2, 0]].confidence.tolist() == [-1.0, 0.5]
    assert three[np.argsort(-three.confidence)].confidence.tolist() == [2.0, 0.5, -1.0]
    assert three[[True, False, True]].class_id.tolist() == [0, 0]
    assert three[[]] == three[:0] == Detections.empty()
    with pytest.raises(IndexError):
        three[3]


def test_iteration_and_concatenation(three: Detections) -> None:
    boxes = [box.tolist() for box, confidence, class_id in three if class_id == 0 and confidence > -2]
    assert boxes == [[0, 0, 10, 20], [1.5, 2, 3, 4]]
    assert Detections.concatenate([three[:1], three[1:]]) == three
    assert Detections.concatenate([]) == Detections.empty()
    assert three != three[::-1]
    assert three != "three"


@pytest.mark.parametrize(
    ("xyxy", "confidence", "class_id", "message"),
    [
        ([[0, 0, 1]], [1], None, r"xyxy must have shape \(N, 4\), got \(1, 3\)"),
        ([0, 0, 1, 1], [1], None, "xyxy must have shape"),
        ([[0, 0, 1, 1]], [1, 2], None, "confidence must have one value for each of the 1 boxes"),
        ([[0, 0, 1, 1]], [1], [[0]], "class_id must have one value"),
        ([[0, 0, np.nan, 1]], [1], None, "xyxy must be finite"),
        ([[0, 0, 1, 1]], [np.inf], None, "confidence must be finite, got inf"),
        ([[0, 0, 1, 1e39]], [1], None, r"xyxy must be finite, got 1e\+39 as float32"),
    ],
)
def test_malformed_detections_are_named(
    xyxy: object, confidence: object, class_id: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Detections(xyxy, confidence, class_id)  # type: ignore[arg-type]


def test_drawing_marks_the_frame_and_nothing_else() -> None:
    image = np.full((100, 80, 3), 7, np.uint8)
    before = image.copy()
    drawn = draw_detections(
        image, Detections([[20, 30, 60, 90]], [1.0]), thickness=2, colors=[(9, 8, 6)], confidence=False
    )
    expected = before.copy()
    expected[30:90, 20:60] = (9, 8, 6)
    expected[32:88, 22:58] = 7
    np.testing.assert_array_equal(drawn, expected)
    np.testing.assert_array_equal(image, before)


def test_scores_are_legible() -> None:
    drawn = draw_detections(
        np.zeros((40, 60), np.uint8),
        Detections([[10, 20, 50, 38]], [-7.1]),
        thickness=1,
        colors=[(255,) * 3],
    )
    plate = drawn[6:20:2, 10:52:2, 0]  # a dot of the writing is two pixels wide
    text = ["".join("#" if dot == 0 else "." for dot in row) for row in plate[1:6]]
    assert text == [
        ".....###......#..###.",
        ".......#.....##..#.#.",
        ".###...#......#..#.#.",
        ".......#......#..#.#.",
        ".......#..#..###.###.",
    ]


def test_drawing_outside_and_on_gray() -> None:
    boxes = Detections(
        [[-50, -50, 500, 500], [200, 200, 300, 300], [-20, -20, -10, -10]], [123.4, 1, 1], [9, 1, 0]
    )
    for shape in [(1, 1), (30, 40), (5, 400)]:
        drawn = draw_detections(np.zeros(shape, np.uint8), boxes)
        assert drawn.shape == (*shape, 3)
    with pytest.raises(TypeError, match="image must have dtype uint8"):
        draw_detections(np.zeros((4, 4)), boxes)
    with pytest.raises(ValueError, match="thickness must be at least 1, got 0"):
        draw_detections(np.zeros((4, 4), np.uint8), boxes, thickness=0)


def test_coco(tmp_path: Path, three: Detections) -> None:
    with open_results(tmp_path, classes=("person", "dog")) as results:
        results.add("a\udce4/ü.jpg", (40, 50), three)
        results.add(Path("b.png"), (10, 20, 3), Detections.empty())
        assert not (tmp_path / "detections.json").exists()
    found = json.loads((tmp_path / "detections.json").read_text())
    assert found["images"] == [
        {"id": 1, "file_name": "a\udce4/ü.jpg", "width": 50, "height": 40},
        {"id": 2, "file_name": "b.png", "width": 20, "height": 10},
    ]
    assert found["categories"] == [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}]
    assert [result["id"] for result in found["annotations"]] == [1, 2, 3]
    result = found["annotations"][2]
    assert (result["image_id"], result["category_id"], result["score"]) == (1, 1, -1.0)
    assert (result["bbox"], result["area"], result["iscrowd"]) == ([1.5, 2.0, 1.5, 2.0], 3.0, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["detections.json"]


def test_coco_without_images_and_after_an_exception(tmp_path: Path, three: Detections) -> None:
    with open_results(tmp_path):
        pass
    assert json.loads((tmp_path / "detections.json").read_text())["images"] == []
    with pytest.raises(KeyboardInterrupt), open_results(tmp_path) as results:
        results.add("a.jpg", (40, 50), three[:1])
        raise KeyboardInterrupt
    assert len(json.loads((tmp_path / "detections.json").read_text())["annotations"]) == 1


def test_yolo(tmp_path: Path, three: Detections) -> None:
    with open_results(tmp_path, format="yolo") as results:
        results.add("../photos/a.jpg", (40, 50), three[:2])
        results.add("../photos/a.png", (40, 50), Detections.empty())
    assert (tmp_path / "labels/photos/a.txt").read_text().splitlines() == [
        "0 0.100000 0.250000 0.200000 0.500000 0.500000",
        "1 0.140000 0.175000 0.080000 0.100000 2.000000",
    ]
    assert (tmp_path / "labels/photos/a.png.txt").read_text() == ""


def test_csv(tmp_path: Path, three: Detections) -> None:
    with open_results(tmp_path, format="csv", classes=("person", "dog")) as results:
        results.add('odd,"name".jpg', (40, 50), three[1:])
    with (tmp_path / "detections.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "file": 'odd,"name".jpg',
        "left": "5.00",
        "top": "5.00",
        "right": "9.00",
        "bottom": "9.00",
        "confidence": "2.000000",
        "class": "dog",
    }
    assert len(rows) == 2


def test_wrong_results_arguments(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="format must be one of 'coco', 'yolo', 'csv', got 'xml'"):
        open_results(tmp_path, format="xml")
    with open_results(tmp_path) as results, pytest.raises(ValueError, match="shape must be"):
        results.add("a.jpg", (0, 5), Detections.empty())


@pytest.mark.parametrize(
    ("format", "class_id", "accepted"),
    [
        ("coco", -1, "at least 0"),
        ("yolo", -1, "at least 0"),
        ("csv", -1, "at least 0"),
        ("csv", 1, "below 1"),
    ],
)
def test_writers_refuse_classes_that_have_no_name(
    format: str, class_id: int, accepted: str, tmp_path: Path
) -> None:
    found = Detections([[0, 0, 1, 1]], [1], [class_id])
    message = f"class_id must be {accepted}.*, got {class_id}"
    with open_results(tmp_path, format=format) as results, pytest.raises(ValueError, match=message):
        results.add("a.jpg", (4, 4), found)
