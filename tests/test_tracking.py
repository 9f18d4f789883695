"""Numbers of objects across the frames of a video: the tracker, its measures, ``cvkit detect --track``."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit._jit_cuda import cuda
from cvkit.cli import main
from cvkit.detect import Detections, Tracker, draw_detections, track_accuracy
from cvkit.detect.motion import Motion
from cvkit.detect.results import TrackWriter
from cvkit.video import open_video, read_frames
from tests.test_cli_detect import OneBox, files, use_detector


def person(left: float, top: float = 0.0, height: float = 80.0) -> list[float]:
    return [left, top, left + height / 2, top + height]


def frame(*boxes: list[float], confidence: object = None, class_id: object = None) -> Detections:
    scores = [1.0] * len(boxes) if confidence is None else confidence
    return Detections(np.reshape(boxes, (-1, 4)), scores, class_id)  # type: ignore[arg-type]


def numbers(tracker: Tracker, *frames: Detections) -> list[list[int]]:
    return [tracker.update(found).track_id.tolist() for found in frames]  # type: ignore[union-attr]


def full_kalman(boxes: np.ndarray) -> np.ndarray:
    """Filter boxes of one object as papers write it, with matrices of eight rows; return the predictions."""
    transition = np.eye(8) + np.eye(8, k=4)
    measure = np.eye(4, 8)
    corner = boxes[0]
    size = corner[2:] - corner[:2]
    state = np.concatenate([(corner[:2] + corner[2:]) / 2, size, np.zeros(4)])
    covariance = np.diag([(size[1] / 10) ** 2] * 4 + [(size[1] / 16) ** 2] * 4)
    predicted = []
    for box in boxes[1:]:
        noise = np.diag([(state[3] / 20) ** 2] * 4 + [(state[3] / 160) ** 2] * 4)
        state = transition @ state
        covariance = transition @ covariance @ transition.T + noise
        predicted.append([*(state[:2] - state[2:4] / 2), *(state[:2] + state[2:4] / 2)])
        seen = np.concatenate([(box[:2] + box[2:]) / 2, box[2:] - box[:2]])
        total = measure @ covariance @ measure.T + np.diag([(seen[3] / 20) ** 2] * 4)
        gain = covariance @ measure.T @ np.linalg.inv(total)
        state = state + gain @ (seen - measure @ state)
        covariance = (np.eye(8) - gain @ measure) @ covariance
    return np.array(predicted)


def test_four_small_filters_are_one_large_one() -> None:
    steps = np.random.default_rng(0).normal([3, 1, 3, 1], 2, (12, 4))
    boxes = np.cumsum(steps, axis=0) + np.array([0, 0, 40, 90])
    motion = Motion(boxes[:1])
    for box, expected in zip(boxes[1:], full_kalman(boxes), strict=True):
        motion.advance()
        np.testing.assert_allclose(motion.boxes()[0], expected, rtol=1e-9)
        motion.correct(np.array([0]), box[np.newaxis])


def test_objects_keep_their_numbers_whatever_their_order() -> None:
    tracker = Tracker(min_hits=1)
    for step, order in enumerate(permutations(range(3))):
        boxes = [person(100 * index + 4 * step) for index in order]
        assert numbers(tracker, frame(*boxes)) == [[index + 1 for index in order]]


def test_two_who_cross_keep_their_numbers() -> None:
    tracker = Tracker(min_hits=1)
    for step in range(30):
        found = frame(person(5 * step, 0), person(150 - 5 * step, 30))
        assert numbers(tracker, found) == [[1, 2]], step


def test_a_number_comes_with_the_third_sight_in_a_row() -> None:
    here, none = frame(person(0)), frame()
    assert numbers(Tracker(), here, here, none, here, here, here, here) == [[], [], [], [], [], [1], [1]]


def test_an_object_is_found_again_where_it_goes_and_forgotten_after_a_while() -> None:
    walk = [frame(person(6 * step)) for step in range(40)]
    hidden = [frame()] * 9
    tracker = Tracker(min_hits=1, patience=10)
    assert numbers(tracker, *walk[:20], *hidden, walk[29])[-1] == [1]
    assert numbers(tracker, *hidden, frame(), walk[39])[-1] == [2]


def test_unsure_detections_go_on_with_a_track_but_begin_none() -> None:
    sure, unsure = frame(person(0), confidence=[5.0]), frame(person(0), confidence=[1.0])
    tracker = Tracker(start_confidence=3.0, min_hits=1)
    assert numbers(tracker, unsure, sure, unsure, frame(), unsure) == [[], [1], [1], [], []]
    apart = frame(person(25), confidence=[1.0])  # an overlap that would do for a sure one
    assert numbers(Tracker(start_confidence=3.0, min_hits=1), sure, apart) == [[1], []]


def test_objects_of_different_classes_are_different() -> None:
    tracker = Tracker(min_hits=1)
    assert numbers(tracker, frame(person(0), class_id=[0]), frame(person(0), class_id=[1])) == [[1], [2]]


def test_boxes_without_area_and_frames_without_boxes() -> None:
    assert numbers(Tracker(min_hits=1), frame([5, 5, 5, 5]), frame([5, 5, 5, 5]), frame()) == [[1], [2], []]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_iou": 0}, "min_iou must be greater than 0"),
        ({"min_iou": 1.5}, "min_iou must be"),
        ({"min_hits": 0}, "min_hits must be at least 1, got 0"),
        ({"patience": 0}, "patience must be at least 1, got 0"),
        ({"start_confidence": float("nan")}, "start_confidence must be finite"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Tracker(**settings)  # type: ignore[arg-type]


def test_detections_carry_the_numbers() -> None:
    found = Detections([person(0), person(50)], [1.0, 2.0], track_id=[7, 9])
    assert found[[1]].track_id.tolist() == [9]  # type: ignore[union-attr]
    assert found[[]].track_id.tolist() == []  # type: ignore[union-attr]
    assert found != Detections(found.xyxy, found.confidence)
    joined = Detections.concatenate([found, Detections.empty(), found])
    assert joined.track_id.tolist() == [7, 9, 7, 9]  # type: ignore[union-attr]
    assert Detections.concatenate([found, frame(person(0))]).track_id is None
    with pytest.raises(ValueError, match="track_id must have one value for each of the 2 boxes"):
        Detections(found.xyxy, found.confidence, track_id=[1])


def test_objects_are_drawn_in_colors_of_their_own() -> None:
    black = np.zeros((90, 120, 3), np.uint8)
    one, two = (
        draw_detections(black, Detections([[60, 40, 100, 85]], [0.5], track_id=[number]), confidence=False)
        for number in (1, 2)
    )
    assert (one[84, 80] != two[84, 80]).any()
    assert (one[30:40] != two[30:40]).any()
    percent = draw_detections(black, Detections([[60, 40, 100, 85]], [0.5]), percent=True)
    assert (percent != draw_detections(black, Detections([[60, 40, 100, 85]], [0.5]))).any()


def test_measures_of_a_small_video() -> None:
    """Two objects in four frames: one is found twice, under two numbers, and the other one always."""
    both = Detections([person(0), person(200)], [1, 1], track_id=[1, 2])
    found = [
        Detections([person(2), person(200)], [1, 1], track_id=[5, 6]),
        Detections([person(200), person(500)], [1, 1], track_id=[6, 8]),
        Detections([person(0), person(200)], [1, 1], track_id=[7, 6]),
        Detections([person(200)], [1], track_id=[6]),
    ]
    accuracy = track_accuracy(found, [both] * 4)
    assert accuracy[2:] == (2, 1, 1, 8)
    assert accuracy.mota == 1 - 4 / 8
    assert accuracy.idf1 == pytest.approx(2 * 5 / (8 + 7))
    without = track_accuracy(found, [both] * 4, [[], [person(505)], [], []])
    assert without.false_positives == 0
    assert without.idf1 == pytest.approx(2 * 5 / (8 + 6))


def test_a_match_lasts_while_it_fits() -> None:
    """Another number that fits better does not take over, as long as the first one fits."""
    truth = Detections([person(0)], [1], track_id=[1])
    first = Detections([person(0)], [1], track_id=[5])
    both = Detections([person(8), person(0)], [1, 1], track_id=[5, 6])
    assert track_accuracy([first, both], [truth] * 2).switches == 0


def test_measures_need_numbers_and_as_many_frames() -> None:
    with pytest.raises(ValueError, match="found must have a track_id for each box"):
        track_accuracy([frame(person(0))], [Detections([person(0)], [1], track_id=[1])])
    with pytest.raises(ValueError, match="must have one entry for each frame, got 1, 0 and 0"):
        track_accuracy([frame()], [])
    assert track_accuracy([frame()], [frame()])[:2] == (0.0, 1.0)


def test_a_file_for_each_video(tmp_path: Path) -> None:
    found = Detections([person(0)], [1], track_id=[3])
    with TrackWriter(tmp_path) as tracks:
        tracks.add("a/b.mp4", 0, found)
        tracks.add("a/b.mp4", 4, found)
        tracks.add("a/b.avi", 2, found[[]])
    assert (tmp_path / "tracks/a/b.txt").read_text().splitlines() == [
        f"{number},3,1.00,1.00,40.00,80.00,1.000000,-1,-1,-1" for number in (1, 5)
    ]
    assert (tmp_path / "tracks/a/b-2.txt").read_text() == ""


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    use_detector(monkeypatch, OneBox)
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    with open_video("clip.mp4", 6) as video:
        for number in range(6):
            video.write(np.full((48, 64), 10 * number, np.uint8))
    cvkit.write_image("photo.png", np.zeros((30, 40, 3), np.uint8))


@pytest.mark.usefixtures("workplace")
def test_the_command_numbers_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "clip.mp4", "photo.png", "--track", "--start", "1"]) == 0
    assert "4 people in 5 frames and 1 image" in capsys.readouterr().err
    assert "tracks/clip.txt" in files("detections")
    lines = Path("detections/tracks/clip.txt").read_text().splitlines()
    assert lines == [f"{number},1,2.00,3.00,62.00,44.00,1.250000,-1,-1,-1" for number in (4, 5, 6)]
    content = json.loads(Path("detections/detections.json").read_text())
    assert [item.get("track_id") for item in content["annotations"]] == [1, 1, 1, None]
    with read_frames("detections/videos/clip.mp4") as frames:
        assert frames.count == 5
    tracked = ["detect", "clip.mp4", "--start", "1", "--output", "detections", "--json", "--resume"]
    for track, unchanged in [(["--track"], 1), ([], 0), ([], 1)]:
        assert main([*tracked, *track]) == 0
        assert json.loads(capsys.readouterr().out)["unchanged"] == unchanged
    assert not Path("detections/tracks").exists()


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize(("threshold", "tracked"), [(-0.2, 4), (-0.1, 0)])
def test_a_calibrated_model_begins_with_what_it_is_surer_of(
    threshold: float, tracked: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The box of the detector has a score of 1.25, and e to that power is 3.5."""

    class Calibrated(OneBox):
        calibration = (-1.0, 0.0)

        def probability(self, confidence: object) -> np.ndarray:
            return 1 / (1 + np.exp(-np.asarray(confidence)))

        def confidence_of(self, probability: float) -> float:
            return float(np.log(probability / (1 - probability)))

    monkeypatch.setattr(Calibrated, "threshold", threshold, raising=False)
    use_detector(monkeypatch, Calibrated)
    for kind in ("raw", "probability"):
        assert main(["detect", "clip.mp4", "--track", "--confidence", kind]) == 0
        assert f"{tracked} people in 6 frames" in capsys.readouterr().err
    assert main(["detect", "clip.mp4"]) == 0
    assert "6 people in 6 frames" in capsys.readouterr().err
