"""Thresholds and probabilities from held-out scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvkit.detect import Detections, HOGDetector, load, pretrained
from cvkit.detect.training import calibration
from cvkit.detect.training.calibration import calibrate_detector, false_scores
from cvkit.detect.training.examples import FOLDS, Scene, choose_held_out, hold_out, source_image


class Fixed(HOGDetector):
    """A detector that finds the same in every image."""

    def detect(self, image: np.ndarray, **options: object) -> Detections:
        return Detections([[0, 0, 10, 20], [50, 0, 60, 20]], [0.5, -0.5])


def test_the_threshold_lets_through_one_false_positive_in_ten_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = np.random.default_rng(0)
    objects = generator.normal(1, 0.5, 200).astype(np.float32)
    false = generator.normal(-0.5, 0.4, 300).astype(np.float32)
    of_images = iter(np.array_split(false, 100))
    monkeypatch.setattr(calibration, "false_scores", lambda *arguments: next(of_images))
    images = ((number, Path("a"), np.zeros((1, 1), np.uint8)) for number in range(100))
    found = calibrate_detector(HOGDetector(np.zeros(3781)), objects, images, print)
    detector = HOGDetector(np.zeros(3781), **found)
    low, middle, high = detector.probability([-1, detector.confidence_of(0.5), 2])
    assert low < 0.05
    assert middle == pytest.approx(0.5)
    assert high > 0.95
    assert (false >= found["threshold"]).sum() == 10


def test_cascades_give_no_scores_below_their_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "false_scores", lambda *arguments: np.empty(0, np.float32))
    objects = np.append(np.linspace(5, 40, 50), [-np.inf, -np.inf]).astype(np.float32)
    lines: list[str] = []
    images = [(number, Path("a"), np.zeros((1, 1), np.uint8)) for number in range(50)]
    found = calibrate_detector(HOGDetector(np.zeros(3781)), objects, images, lines.append)
    assert found["threshold"] == -1.0
    assert lines[0].endswith("where 3.8% of the held-out objects are missed")
    low, high = HOGDetector(np.zeros(3781), **found).probability([-1, 40])
    assert low < 0.1 < 0.9 < high


def test_detections_of_labeled_objects_are_not_false() -> None:
    detector, image = Fixed(np.zeros(3781)), np.zeros((128, 64), np.uint8)
    assert false_scores(detector, Path("a"), image).tolist() == [0.5, -0.5]
    assert false_scores(detector, Scene(Path("a"), ((1, 0, 11, 20),)), image).tolist() == [-0.5]


def test_nothing_to_calibrate_by_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "false_scores", lambda *arguments: np.ones(50, np.float32))
    image = (0, Path("a"), np.zeros((1, 1), np.uint8))
    with pytest.raises(ValueError, match="score no higher than other windows"):
        calibrate_detector(HOGDetector(np.zeros(3781)), -np.ones(50), [image], print)


def test_crops_of_one_photograph_stay_together() -> None:
    crops = [Path(f"crop{number}{letter}.png") for number in range(10) for letter in "ace"]
    assert source_image(crops[0]) == source_image(crops[1]) != source_image(crops[3])
    held = choose_held_out(crops, [Path(f"other{number}.png") for number in range(10)])
    rest, apart = hold_out(crops, held)
    assert (len(rest), len(apart)) == (24, 6)
    assert not {source_image(crop) for crop in rest} & {source_image(crop) for crop in apart}
    folds = [hold_out(crops, choose_held_out(crops, [], fold=fold))[1] for fold in range(FOLDS)]
    assert sorted(crop for fold in folds for crop in fold) == sorted(crops)
    # In labeled images a source_image gives both.
    scenes = [Scene(Path(f"{number}.png"), ()) for number in range(10)]
    held = choose_held_out(scenes, scenes)
    assert len(held) == 2
    assert len(hold_out(scenes, held)[1]) == 2


def test_calibration_is_checked_and_saved(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="calibration must have a slope below 0"):
        HOGDetector(np.zeros(3781), calibration=(1, 0))
    plain = HOGDetector(np.zeros(3781))
    with pytest.raises(ValueError, match="the model has no calibration"):
        plain.probability([0.0])
    calibrated = HOGDetector(np.zeros(3781), calibration=(-2, 0.5))
    with pytest.raises(ValueError, match="probability must be between 0 and 1, got 1"):
        calibrated.confidence_of(1)
    calibrated.save(tmp_path / "model.npz")
    assert load(tmp_path / "model.npz").calibration == (-2, 0.5)


def test_the_shipped_model_is_calibrated() -> None:
    detector = pretrained("person-hog")
    assert 0.3 < detector.probability(detector.threshold) < 0.7
    assert (np.diff(detector.probability([-1, 0, 1, 2])) > 0.01).all()
