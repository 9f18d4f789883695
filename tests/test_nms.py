"""Overlaps and suppression against naive versions that share no code with them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvkit.detect import Detections, box_iou, nms, soft_nms
from cvkit.detect.evaluation import evaluate


def naive_overlap(first: np.ndarray, second: np.ndarray, kind: str = "iou") -> float:
    """Count of one box against one box, in Python floats."""
    left, top = max(first[0], second[0]), max(first[1], second[1])
    right, bottom = min(first[2], second[2]), min(first[3], second[3])
    shared = float(right - left) * float(bottom - top) if right > left and bottom > top else 0.0
    areas = [float(box[2] - box[0]) * float(box[3] - box[1]) for box in (first, second)]
    divisor = min(areas) if kind == "smaller" else sum(areas) - shared
    return shared / divisor if divisor > 0 else 0.0


def naive_nms(
    boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, threshold: float, kind: str
) -> list[int]:
    rest = sorted(range(len(boxes)), key=lambda index: (-scores[index], index))
    kept = []
    while rest:
        best = rest.pop(0)
        kept.append(best)
        rest = [
            other
            for other in rest
            if classes[other] != classes[best] or naive_overlap(boxes[best], boxes[other], kind) <= threshold
        ]
    return kept


def naive_soft_nms(
    boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, method: str, minimum: float
) -> dict[int, float]:
    scores = [float(score) for score in scores]
    rest = set(range(len(boxes)))
    while rest:
        best = max(rest, key=lambda index: (scores[index], -index))
        rest.remove(best)
        for other in rest:
            iou = naive_overlap(boxes[best], boxes[other]) if classes[other] == classes[best] else 0.0
            if method == "gaussian":
                scores[other] *= math.exp(-iou * iou / 0.5)
            elif iou > 0.3:
                scores[other] *= 1 - iou
    return {index: score for index, score in enumerate(scores) if score >= minimum}


@st.composite
def scored_boxes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Few coordinates and scores, so that equal boxes, touching boxes, empty boxes and ties are common."""
    corner, size = st.integers(0, 12), st.integers(0, 8)
    rows = draw(
        st.lists(st.tuples(corner, corner, size, size, st.integers(0, 4), st.integers(0, 1)), max_size=12)
    )
    table = np.array(rows, np.float64).reshape(-1, 6)
    boxes = np.c_[table[:, :2], table[:, :2] + table[:, 2:4]]
    return boxes, table[:, 4] / 4, table[:, 5].astype(int)


@settings(max_examples=60, deadline=None)
@given(scored_boxes(), scored_boxes(), st.sampled_from(["iou", "smaller"]))
def test_box_iou_is_the_naive_one(first: tuple, second: tuple, kind: str) -> None:
    expected = [[naive_overlap(one, other, kind) for other in second[0]] for one in first[0]]
    found = box_iou(first[0], second[0], overlap=kind)
    assert found.shape == (len(first[0]), len(second[0]))
    np.testing.assert_allclose(found, np.reshape(expected, found.shape), rtol=1e-12)


@settings(max_examples=150, deadline=None)
@given(scored_boxes(), st.sampled_from([0.0, 0.3, 0.5, 0.65, 1.0]), st.sampled_from(["iou", "smaller"]))
def test_nms_is_the_naive_one(table: tuple, threshold: float, kind: str) -> None:
    boxes, scores, classes = table
    found = nms(boxes, scores, class_id=classes, threshold=threshold, overlap=kind)
    assert found.tolist() == naive_nms(boxes, scores, classes, threshold, kind)


def test_nms_of_many_random_boxes_is_the_naive_one() -> None:
    generator = np.random.default_rng(0)
    corners = generator.uniform(0, 500, (600, 2))
    boxes = np.c_[corners, corners + generator.uniform(5, 90, (600, 2))].astype(np.float32)
    scores, classes = generator.normal(size=600).astype(np.float32), generator.integers(-2, 2, 600)
    for kind in ("iou", "smaller"):
        found = nms(boxes, scores, class_id=classes, threshold=0.4, overlap=kind)
        assert found.tolist() == naive_nms(boxes, scores, classes, 0.4, kind)
        assert 0 < len(found) < 600


@settings(max_examples=150, deadline=None)
@given(scored_boxes(), st.sampled_from(["gaussian", "linear"]), st.sampled_from([0.0, 0.1]))
def test_soft_nms_is_the_naive_one(table: tuple, method: str, minimum: float) -> None:
    boxes, scores, classes = table
    indices, lowered = soft_nms(
        boxes, scores, class_id=classes, method=method, threshold=0.3, min_confidence=minimum
    )
    expected = naive_soft_nms(boxes, scores, classes, method, minimum)
    assert set(indices.tolist()) == set(expected)
    np.testing.assert_allclose(lowered, [expected[index] for index in indices], rtol=1e-12)
    assert (np.diff(lowered) <= 0).all()


def test_nothing_in_nothing_out() -> None:
    assert nms([], []).tolist() == []
    assert nms(np.empty((0, 4), np.float32), np.empty(0)).dtype == np.int64
    indices, lowered = soft_nms([], [])
    assert len(indices) == len(lowered) == 0
    assert box_iou([], [[0, 0, 1, 1]]).shape == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([[0, 0, 1, 1]], [1, 2]), {}, r"confidence must have shape 1, got \(2,\)"),
        (([[0, 0, 1]], [1]), {}, "xyxy must have shape any x 4"),
        (([[2, 0, 1, 1]], [1]), {}, "xyxy must have left <= right"),
        (([[0, 0, np.inf, 1]], [1]), {}, "xyxy must be finite"),
        (([[0, 0, 1, 1]], [np.nan]), {}, "confidence must be finite"),
        (([[0, 0, 1, 1]], [1]), {"class_id": [1, 2]}, "class_id must have shape 1"),
        (
            ([[0, 0, 1, 1]], [1]),
            {"class_id": [1 << 63]},
            "class_id must fit into int64, got 9223372036854775808",
        ),
        (([[0, 0, 1, 1e200]], [1]), {}, r"xyxy must lie within 1e\+150 of 0"),
        (([[0, 0, 1, 1]], [1]), {"threshold": 1.5}, "threshold must be from 0.0 to 1.0, got 1.5"),
        (([[0, 0, 1, 1]], [1]), {"overlap": "dice"}, "overlap must be one of 'iou', 'smaller'"),
    ],
)
def test_malformed_arguments_are_named(arguments: tuple, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nms(*arguments, **options)


def test_classes_next_to_each_other_are_apart_however_large() -> None:
    boxes, scores = [[0, 0, 1, 1]] * 3, [0.9, 0.8, 0.7]
    for classes in ([2**53, 2**53 + 1, 2**53], np.array([-(2**63), -(2**63) + 1, -(2**63)])):
        assert nms(boxes, scores, class_id=classes).tolist() == [0, 1]
        indices, lowered = soft_nms(boxes, scores, class_id=classes)
        assert indices.tolist() == [0, 1, 2]
        np.testing.assert_allclose(lowered, [0.9, 0.8, 0.7 * math.exp(-2)])
    assert nms(boxes, scores, class_id=np.uint8([0, 255, 255])).tolist() == [0, 1]


@pytest.mark.parametrize("classes", [[0.5], [1.0], np.float32([3]), [True], ["1"], [1j], np.ma.array([1])])
def test_classes_are_integers(classes: object) -> None:
    for suppress in (nms, soft_nms):
        with pytest.raises(TypeError, match="class_id must"):
            suppress([[0, 0, 1, 1]], [1], class_id=classes)  # type: ignore[operator]
    with pytest.raises(TypeError, match="class_id must"):
        Detections([[0, 0, 1, 1]], [1], classes)  # type: ignore[arg-type]


def test_masks_of_boxes_and_scores_are_not_lost() -> None:
    boxes, scores = np.ma.array([[0.0, 0, 1, 1]], mask=True), np.ma.array([1.0], mask=True)
    for make in (nms, soft_nms, Detections):
        with pytest.raises(TypeError, match="xyxy must not be a masked array"):
            make(boxes, [1])  # type: ignore[operator]
        with pytest.raises(TypeError, match="confidence must not be a masked array"):
            make([[0, 0, 1, 1]], scores)  # type: ignore[operator]
    with pytest.raises(TypeError, match="second must not be a masked array"):
        box_iou([[0, 0, 1, 1]], boxes)
    with pytest.raises(TypeError, match="truths must not be a masked array"):
        evaluate([Detections.empty()], [boxes])


def test_soft_nms_refuses_scores_it_cannot_decay() -> None:
    with pytest.raises(ValueError, match="confidence must not be negative, got -1"):
        soft_nms([[0, 0, 1, 1]], [-1])
    with pytest.raises(ValueError, match="sigma must be greater than 0"):
        soft_nms([[0, 0, 1, 1]], [1], sigma=0)
