"""How good the numbers of objects are: the identity measures and the CLEAR measures of tracking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit.detect.detections import Detections
from cvkit.detect.suppression import box_iou


class TrackAccuracy(NamedTuple):
    """What became of the objects of a video.

    Parameters
    ----------
    idf1 : float
        F measure of the frames in which an object has the one number that fits it best over the whole video.
    mota : float
        1 less misses, false detections and switches, as a share of the objects in all frames.
    misses, false_positives : int
        Objects that were not found, and detections of none, in all frames.
    switches : int
        How often an object has got another number than before.
    objects : int
        Objects in all frames.
    """

    idf1: float
    mota: float
    misses: int
    false_positives: int
    switches: int
    objects: int


def track_accuracy(
    found: Sequence[Detections],
    truths: Sequence[Detections],
    ignored: Sequence[npt.ArrayLike] | None = None,
    *,
    min_iou: float = 0.5,
) -> TrackAccuracy:
    """Compare the numbers of objects in the frames of a video to labeled ones.

    Parameters
    ----------
    found, truths : sequence of Detections
        One for each frame, with ``track_id``.
    ignored : sequence of array_like, (K, 4), optional
        Boxes of each frame that count neither as objects nor as background; a detection that lies on one and
        on no object is left out.
    min_iou : float
        Least intersection over union of a match.

    Returns
    -------
    TrackAccuracy

    Raises
    ------
    ValueError
        If the sequences differ in length, or boxes have no numbers.

    References
    ----------
    K. Bernardin and R. Stiefelhagen, "Evaluating multiple object tracking performance: the CLEAR MOT
    metrics", EURASIP JIVP 2008.
    E. Ristani et al., "Performance measures and a data set for multi-target, multi-camera tracking", ECCV
    Workshops 2016.

    Examples
    --------
    >>> one, other = (Detections([[0, 0, 10, 20]], [1], track_id=[number]) for number in (1, 2))
    >>> track_accuracy([one, one, other], [one, one, one])
    TrackAccuracy(idf1=0.666..., mota=0.666..., misses=0, false_positives=0, switches=1, objects=3)
    """
    min_iou = _validate.number(min_iou, "min_iou", above=0.0, maximum=1.0)
    ignored = [np.empty((0, 4))] * len(truths) if ignored is None else ignored
    if not len(found) == len(truths) == len(ignored):
        raise ValueError(
            f"found, truths and ignored must have one entry for each frame, "
            f"got {len(found)}, {len(truths)} and {len(ignored)}"
        )
    last: dict[int, int] = {}  # the number that each object had last
    misses = false_positives = switches = 0
    together: dict[tuple[int, int], int] = {}  # frames in which an object and a number lie together
    lengths: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for detections, objects, boxes in zip(found, truths, ignored, strict=True):
        detections = _without_ignored(detections, objects, np.asarray(boxes, float).reshape(-1, 4), min_iou)
        names, numbers = _numbers(objects, "truths"), _numbers(detections, "found")
        overlap = box_iou(objects.xyxy, detections.xyxy)
        for row, column in zip(*np.nonzero(overlap >= min_iou), strict=True):
            pair = names[row], numbers[column]
            together[pair] = together.get(pair, 0) + 1
        for counts, present in zip(lengths, (names, numbers), strict=True):
            for one in present:
                counts[one] = counts.get(one, 0) + 1
        rows, columns = _matched(overlap, names, numbers, last, min_iou)
        misses += len(names) - len(rows)
        false_positives += len(numbers) - len(rows)
        for row, column in zip(rows, columns, strict=True):
            switches += last.get(names[row], numbers[column]) != numbers[column]
            last[names[row]] = numbers[column]
    total, total_found = (sum(counts.values()) for counts in lengths)
    right = _best_identities(together, *map(list, lengths))
    return TrackAccuracy(
        2 * right / max(1, total + total_found),
        1 - (misses + false_positives + switches) / max(1, total),
        misses,
        false_positives,
        switches,
        total,
    )


def _numbers(detections: Detections, name: str) -> list[int]:
    if detections.track_id is None:
        if len(detections):
            raise ValueError(f"{name} must have a track_id for each box")
        return []
    return detections.track_id.tolist()


def _without_ignored(
    detections: Detections, objects: Detections, boxes: np.ndarray, min_iou: float
) -> Detections:
    """Leave out the detections that fit a box to ignore better than any object."""
    if not len(boxes) or not len(detections):
        return detections
    overlap = box_iou(np.concatenate([objects.xyxy, boxes]), detections.xyxy)
    rows, columns = _assigned(overlap, min_iou)
    kept = np.ones(len(detections), bool)
    kept[columns[rows >= len(objects)]] = False
    return detections[kept]


def _assigned(overlap: np.ndarray, min_iou: float) -> tuple[np.ndarray, np.ndarray]:
    """Match as many rows and columns as possible, and of those ways take that of the most overlap."""
    from scipy.optimize import linear_sum_assignment

    gain = np.where(overlap >= min_iou, 1000 + overlap, 0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    is_pair = gain[rows, columns] > 0
    return rows[is_pair], columns[is_pair]


def _matched(
    overlap: np.ndarray, names: list[int], numbers: list[int], last: dict[int, int], min_iou: float
) -> tuple[np.ndarray, np.ndarray]:
    """Match objects to the numbers that they had last, where these are still there, then the others."""
    free = overlap.copy()
    kept = []
    for row, name in enumerate(names):
        column = numbers.index(last[name]) if last.get(name) in numbers else -1
        if column >= 0 and free[row, column] >= min_iou:
            kept.append((row, column))
            free[row, :] = free[:, column] = -1
    rows, columns = _assigned(free, min_iou)
    pairs = np.array(kept, np.int64).reshape(-1, 2)
    return np.append(pairs[:, 0], rows), np.append(pairs[:, 1], columns)


def _best_identities(together: dict[tuple[int, int], int], names: list[int], numbers: list[int]) -> int:
    """Count the frames in which objects have the numbers that fit them best, no number for two."""
    from scipy.optimize import linear_sum_assignment

    frames = np.zeros((len(names), len(numbers)), np.int64)
    rows, columns = ({one: place for place, one in enumerate(present)} for present in (names, numbers))
    for (name, number), count in together.items():
        frames[rows[name], columns[number]] = count
    return int(frames[linear_sum_assignment(frames, maximize=True)].sum())
