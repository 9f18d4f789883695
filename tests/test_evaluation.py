"""Matching, DET curves, miss rates and precision, on cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cvkit.detect import Detections, average_precision, det_curve, log_average_miss_rate
from cvkit.detect.evaluation import Evaluation, average_logarithm, evaluate, window_det_curve

PERSON = [0, 0, 10, 20]
OTHER = [100, 0, 110, 20]


def test_each_object_counts_its_surest_detection() -> None:
    found = Detections([[1, 0, 11, 20], PERSON, OTHER], [0.5, 0.9, 0.7])
    result = evaluate([found], [[PERSON, [300, 0, 310, 20]]])
    assert result.object_count == 2
    np.testing.assert_allclose(result.confidence, [0.9, 0.7, 0.5])
    assert result.is_right.tolist() == [True, False, False]


def test_a_detection_takes_the_free_object_it_overlaps_most() -> None:
    left, right = [0, 0, 10, 20], [4, 0, 14, 20]
    found = Detections([[3, 0, 13, 20], [2, 0, 12, 20]], [0.9, 0.8])
    assert evaluate([found], [[left, right]]).is_right.tolist() == [True, True]


def test_overlap_must_reach_the_minimum() -> None:
    half = Detections([[0, 0, 10, 10]], [1])  # intersection 100, union 200
    assert evaluate([half], [[PERSON]]).is_right.tolist() == [True]
    assert evaluate([half], [[PERSON]], min_iou=0.51).is_right.tolist() == [False]


def test_detections_in_ignored_regions_count_as_nothing() -> None:
    found = Detections([OTHER, [110, 0, 120, 20]], [2, 1])
    half_inside = evaluate([found], [[PERSON]], [[[105, 0, 115, 20]]])
    assert half_inside.is_right.tolist() == []
    just_less = evaluate([found], [[PERSON]], [[[105.1, 0, 114.9, 20]]])
    assert just_less.is_right.tolist() == [False, False]


def test_curve_miss_rate_and_precision_by_hand() -> None:
    result = Evaluation(np.array([4, 3, 2, 1], np.float32), np.array([True, False, True, False]), 4, 2)
    rates, misses, thresholds = det_curve(result)
    np.testing.assert_allclose(rates, [0, 0.5, 0.5, 1])
    np.testing.assert_allclose(misses, [0.75, 0.75, 0.5, 0.5])
    np.testing.assert_allclose(thresholds, [4, 3, 2, 1])
    # At 0.01 to 0.316 false positives an image 0.75 are missed (7 points), at 0.562 and 1 half of them.
    assert log_average_miss_rate(result) == pytest.approx(np.exp((7 * np.log(0.75) + 2 * np.log(0.5)) / 9))
    # Recall rises by a quarter at precision 1 and by a quarter at 2/3.
    assert average_precision(result) == pytest.approx(0.25 * 1 + 0.25 * 2 / 3)


def test_extremes() -> None:
    perfect = evaluate([Detections([PERSON], [1])], [[PERSON]])
    assert log_average_miss_rate(perfect) == pytest.approx(1e-6)
    assert average_precision(perfect) == 1
    nothing = evaluate([Detections.empty()], [[PERSON]])
    assert log_average_miss_rate(nothing) == 1
    assert average_precision(nothing) == 0
    # A first false positive already exceeds 0.01 an image: nothing is found at the lowest rates.
    late = Evaluation(np.array([2, 1], np.float32), np.array([False, True]), 1, 1)
    assert log_average_miss_rate(late) == pytest.approx(np.exp(np.log(1e-6) / 9))


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="one entry for each image, got 1, 2 and 2"):
        evaluate([Detections.empty()], [[PERSON], [PERSON]])
    with pytest.raises(ValueError, match=r"min_iou must be greater than 0\.0, got 0"):
        evaluate([], [], min_iou=0)


def test_windows_by_hand() -> None:
    # Of four others, three score at least 1, one at least 3; ties count as found, and as false.
    rates, misses, thresholds = window_det_curve([1, 3, 3, 5], [0, 1, 2, 3])
    assert thresholds.tolist() == [5, 3, 1]
    assert rates.tolist() == [0, 0.25, 0.75]
    assert misses.tolist() == [0.75, 0.25, 0]
    assert average_logarithm(rates, misses, [0.2, 0.3]) == pytest.approx(np.sqrt(0.75 * 0.25))
    with pytest.raises(ValueError, match="objects and others must have scores, got 0 and 1"):
        window_det_curve([], [1])
