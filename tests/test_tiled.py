"""Detection in tiles: the same objects as in one piece, in bounded pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvkit.cli import main
from cvkit.detect import CascadeDetector, Detections, HOGDetector, box_iou, detect_in_tiles
from cvkit.detect.tiled import _tiles
from tests.cascades import random_cascade

DISCS = [
    (30, 40, 12),
    (130, 30, 12),
    (105, 98, 14),
    (60, 150, 25),
    (110, 190, 40),
    (200, 60, 50),
    (197, 195, 12),
]


class Discs(HOGDetector):
    """Finds squares of one gray level each, from 20 pixels on, as a detector would."""

    def __init__(self) -> None:
        super().__init__(np.zeros(36 * 4 + 1), window=(24, 24), object_size=(20 / 24, 20 / 24))
        self.shapes: list[tuple[int, ...]] = []

    def detect(self, image: np.ndarray, *, region: tuple[float, ...] | None = None) -> Detections:
        assert region is not None
        left, top, right, bottom = (int(side) for side in region)
        part = image[top:bottom, left:right]
        part = part if part.ndim == 2 else part[..., 0]
        self.shapes.append(part.shape)
        boxes = []
        for level in np.unique(part[part > 0]):
            rows, columns = np.nonzero(part == level)
            box = [columns.min() + left, rows.min() + top, columns.max() + 1 + left, rows.max() + 1 + top]
            if box[3] - box[1] >= max(19, self.min_height) and len(rows) > 0.8 * (box[3] - box[1]) ** 2:
                boxes.append(box)
        return Detections(np.reshape(boxes, (-1, 4)), np.ones(len(boxes)))


def squares() -> tuple[np.ndarray, np.ndarray]:
    image = np.zeros((256, 250), np.uint8)
    for number, (x, y, half) in enumerate(DISCS):
        image[y - half : y + half, x - half : x + half] = 255 - number * 3
    return image, np.array([[x - half, y - half, x + half, y + half] for x, y, half in DISCS], float)


def best_overlaps(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return box_iou(expected, found).max(axis=1)


def test_every_object_is_found_once_whatever_tile_it_lies_in() -> None:
    image, expected = squares()
    detector = Discs()
    found = detect_in_tiles(detector, image, tile=64)
    assert len(found) == len(DISCS)
    assert best_overlaps(found.xyxy, expected).min() > 0.8
    margin = 3 * 24 / 2
    assert max(max(shape) for shape in detector.shapes) <= 64 + 2 * margin + 1


def test_the_least_height_skips_the_finest_tiles() -> None:
    image, expected = squares()
    detector = Discs()
    detector.min_height = 70.0
    found = detect_in_tiles(detector, image, tile=64)
    assert len(found) == 2
    assert best_overlaps(found.xyxy, expected[4:6]).min() > 0.8
    every = Discs()
    detect_in_tiles(every, image, tile=64)
    assert len(detector.shapes) < len(every.shapes)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (64, 64), (65, 63), (200, 130)])
def test_tiles_cover_each_pixel_once(shape: tuple[int, int]) -> None:
    seen = np.zeros(shape, int)
    for (left, top, right, bottom), part in _tiles(shape, 64, 10):
        seen[top:bottom, left:right] += 1
        assert max(bottom - top, right - left) <= 64
        assert part == (
            max(left - 10, 0),
            max(top - 10, 0),
            min(right + 10, shape[1]),
            min(bottom + 10, shape[0]),
        )
    assert (seen == 1).all()
    assert len(detect_in_tiles(Discs(), np.zeros(shape, np.uint8), tile=20)) == 0


def test_a_cascade_for_a_smaller_image_has_smaller_sizes() -> None:
    detector = CascadeDetector(
        random_cascade("haar", (20, 20)), (20, 20), min_size=(40, 60), max_size=(80, 90), min_height=30
    )
    smaller = detector.at_scale(2.0)
    assert (smaller.min_size, smaller.max_size, smaller.min_height) == ((20, 30), (40, 45), 15)
    assert detector.min_size == (40, 60)


def test_a_tile_must_have_pixels() -> None:
    with pytest.raises(ValueError, match="tile must be at least 1, got 0"):
        detect_in_tiles(Discs(), np.zeros((9, 9), np.uint8), tile=0)


def test_the_command_takes_tiles_for_large_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import cvkit.detect

    detector = Discs()
    monkeypatch.setattr("cvkit.detect.runs.finder._MOST_PIXELS_IN_ONE", 10_000)
    monkeypatch.setitem(vars(cvkit.detect), "pretrained", lambda name, **options: detector)
    monkeypatch.chdir(tmp_path)
    cvkit.write_image("large.png", squares()[0])
    assert main(["detect", "large.png", "--device", "cpu", "--upscale", "1", "--regions", "0,0,250,250"]) == 0
    assert f"{len(DISCS)} people in 1 image" in capsys.readouterr().err
