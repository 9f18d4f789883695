"""Training a detector on generated images, and the script that does it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise, scene
from cvkit.detect import HOGDetector, box_iou, load
from cvkit.detect.training.hog import train_hog

SETTINGS = {"window": (32, 32), "object_size": (0.75, 0.75), "scale": 1.2}


def ring(size: int) -> np.ndarray:
    """Draw a bright ring that fills three quarters of a square image, over noise."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    radius = np.hypot(y, x) / size
    image = noise(size, size) // 4
    image[(radius > 0.25) & (radius < 0.375)] += 150
    return image


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a folder with crops of rings and images without any."""
    folder = tmp_path_factory.mktemp("images")
    (folder / "rings").mkdir()
    (folder / "others").mkdir()
    for index in range(12):
        crop = noise(48, 48, seed=index) // 4
        crop[8:40, 8:40] = np.roll(ring(32), index % 3 - 1, axis=0)
        cvkit.write_image(folder / "rings" / f"{index}.png", crop)
        cvkit.write_image(folder / "others" / f"{index}.png", scene(96, 120, seed=index))
    return folder


def train(folder: Path, **options: object) -> HOGDetector:
    rings, others = sorted((folder / "rings").iterdir()), sorted((folder / "others").iterdir())
    return train_hog(rings, others, **SETTINGS, **options)  # type: ignore[arg-type]


def test_a_trained_detector_finds_its_object(images: Path) -> None:
    lines: list[str] = []
    detector = train(images, shift=1, progress=lines.append)
    assert lines[0] == "120 windows of the object, 120 others"
    image = scene(120, 160, seed=99)
    image[40:88, 60:108] = ring(48)
    found = detector.detect(image)
    assert len(found) >= 1
    assert box_iou(found.xyxy[:1], [[66, 46, 102, 82]]).item() > 0.5


def test_the_same_seed_gives_the_same_model_at_any_thread_count(images: Path) -> None:
    threads = cvkit.get_num_threads()
    try:
        cvkit.set_num_threads(1)
        first = train(images, rounds=1, shift=0)
        cvkit.set_num_threads(threads)
        second = train(images, rounds=1, shift=0)
    finally:
        cvkit.set_num_threads(threads)
    np.testing.assert_array_equal(first.weights, second.weights)


def test_unreadable_and_small_images_are_named_and_left_out(images: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes((images / "rings" / "0.png").read_bytes()[:100])
    small = tmp_path / "small.png"
    cvkit.write_image(small, ring(20))
    lines: list[str] = []
    rings = [broken, small, *sorted((images / "rings").iterdir())]
    others = sorted((images / "others").iterdir())
    train_hog(rings, others, rounds=0, shift=0, progress=lines.append, **SETTINGS)  # type: ignore[arg-type]
    assert "broken.png" in lines[0]
    assert "small.png" in lines[1]
    assert lines[2] == "24 windows of the object, 120 others"


def test_no_images_are_named(images: Path) -> None:
    others = sorted((images / "others").iterdir())
    with pytest.raises(ValueError, match="positives must hold at least one image"):
        train_hog([], others, **SETTINGS)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="negatives must hold at least one image"):
        train_hog(sorted((images / "rings").iterdir()), [], **SETTINGS)  # type: ignore[arg-type]


def test_the_command_writes_a_model(images: Path, tmp_path: Path, root: Path) -> None:
    model = tmp_path / "model.npz"
    people, empty = tmp_path / "people", tmp_path / "empty"
    people.mkdir()
    empty.mkdir()
    for index in range(4):
        cvkit.write_image(people / f"{index}.png", scene(160, 96, seed=index))
        cvkit.write_image(empty / f"{index}.png", scene(150, 90, seed=10 + index))
    folders = ["--positives", people, "--negatives", empty]
    options = ["--output", model, "--rounds", "1", "--no-calibrate"]
    run = subprocess.run(
        [sys.executable, "-m", "cvkit", "train", "person-hog", *folders, *options],
        capture_output=True,
        text=True,
        cwd=root,
    )
    assert run.returncode == 0, run.stderr
    assert load(model).window == (128, 64)
