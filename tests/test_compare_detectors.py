"""Detectors on labeled images: what is counted, what is shown, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit.cli import main
from cvkit.compare.measure.machine import opencv_major
from cvkit.compare.measure.miss_rates import compare_miss_rates, detectors, find_labeled
from cvkit.compare.present.drawings import det_figure
from cvkit.compare.present.tables import miss_rate_table
from cvkit.detect import Detections

PERSON, GROUP = (10.0, 20.0, 30.0, 60.0), (40.0, 0.0, 60.0, 60.0)


@pytest.fixture
def labeled(tmp_path: Path) -> tuple[Path, Path]:
    """Two images of one person each, told apart by their gray, and a truncated third one."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in (1, 2, 3):
        cvkit.write_image(folder / f"{number}.png", np.full((64, 64), 50 * number, np.uint8))
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:-20])
    content = {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 64, "height": 64} for n in (1, 2, 3)],
        "annotations": [
            {"image_id": n, "category_id": 1, "bbox": [10, 20, 20, 40], "iscrowd": 0} for n in (1, 2, 3)
        ]
        + [{"image_id": 1, "category_id": 1, "bbox": [40, 0, 20, 60], "iscrowd": 1}],
        "categories": [{"id": 1, "name": "person"}],
    }
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps(content))
    return folder, labels


def test_detectors_are_judged_on_the_images_that_can_be_read(labeled: tuple[Path, Path]) -> None:
    complaints: list[tuple[Path, OSError]] = []
    judged = {
        "sees": lambda image: Detections([PERSON, GROUP], [2.0, 1.0]),
        "half": lambda image: Detections([PERSON], [1.0]) if image[0, 0, 0] == 50 else Detections.empty(),
        "blind": lambda image: Detections.empty(),
    }
    rows = compare_miss_rates(
        find_labeled(*labeled), judged=judged, unreadable=lambda *complaint: complaints.append(complaint)
    )
    assert [(row["name"], row["images"], row["objects"]) for row in rows] == [
        ("sees", 2, 2),
        ("half", 2, 2),
        ("blind", 2, 2),
    ]
    assert len(complaints) == 1
    assert complaints[0][0].name == "3.png"
    assert "3.png" in str(complaints[0][1])
    # The group of the second image is not labeled as one, so that finding it there is wrong.
    assert rows[0]["false_positives"][-1] == 0.0
    assert rows[0]["average_precision"] == pytest.approx(1.0)
    assert rows[1]["log_average_miss_rate"] == pytest.approx(0.5)
    assert rows[2]["log_average_miss_rate"] == pytest.approx(1.0)
    table = miss_rate_table(rows)
    assert [line[:4] for line in table.rows][1] == ["half", "2", "2", "0.500"]
    assert det_figure(rows).count("<polyline") == 3


def test_opencv_and_the_shipped_models_are_judged() -> None:
    names = list(detectors())
    assert "cvkit person-hog" in names
    assert any("OpenCV" in name for name in names) == (opencv_major() < 5)


def test_labels_of_a_missing_image_are_refused(labeled: tuple[Path, Path]) -> None:
    folder, labels = labeled
    (folder / "2.png").unlink()
    with pytest.raises(ValueError, match=r"labels name 2\.png, which is not in"):
        find_labeled(folder, labels)


def test_the_command_judges_and_names_unreadable_images(
    labeled: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, labels = labeled
    options = ["--images", str(folder), "--labels", str(labels), "--output", str(tmp_path / "out")]
    assert main(["compare", "rgb_to_bgr", "--size", "8x8", *options]) == 1
    shown = capsys.readouterr()
    assert "Detectors on labeled images" in shown.out
    assert "3.png" in shown.out
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'class="det"' in page


def test_images_without_labels_are_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--images", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    assert "--images and --labels belong together" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
