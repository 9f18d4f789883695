"""Numbers for objects that are seen in one frame of a video after another."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit.detect.detections import Detections
from cvkit.detect.motion import Motion
from cvkit.detect.suppression import box_iou

# Detections that are too unsure to begin a track have to lie nearer to where an object is expected.
_UNSURE_IOU = 0.5


class Tracker:
    """Number objects across the frames of a video, by where they are expected and what overlaps that.

    A Kalman filter of a constant velocity says where each object is next, and the assignment of most overlap
    in all brings detections and objects together: sure detections first, then unsure ones with the objects
    that are left (ByteTrack).

    Parameters
    ----------
    start_confidence : float, optional
        Least confidence of a detection that a track begins with; others only go on with one. By default any
        detection may begin one.
    min_iou : float
        Least intersection over union of a detection and where the object is expected.
    min_hits : int
        An object has a number once it has been seen in this many frames in a row, which wrong detections
        seldom are.
    patience : int
        An object that has not been seen in this many frames is given up; seen again, it is another.

    Raises
    ------
    TypeError, ValueError
        For settings out of range.

    References
    ----------
    Y. Zhang et al., "ByteTrack: multi-object tracking by associating every detection box", ECCV 2022.
    A. Bewley et al., "Simple online and realtime tracking", ICIP 2016.

    Examples
    --------
    >>> from cvkit.detect import Detections, Tracker
    >>> tracker = Tracker(min_hits=1)
    >>> for left in (0, 5, 10):
    ...     found = Detections([[100 - left, 0, 140 - left, 80], [left, 0, left + 40, 80]], [1.0, 2.0])
    ...     print(tracker.update(found).track_id)
    [1 2]
    [1 2]
    [1 2]
    """

    def __init__(
        self,
        *,
        start_confidence: float | None = None,
        min_iou: float = 0.3,
        min_hits: int = 3,
        patience: int = 30,
    ) -> None:
        self.start_confidence: float = (
            -np.inf if start_confidence is None else _validate.number(start_confidence, "start_confidence")
        )
        self.min_iou: float = _validate.number(min_iou, "min_iou", above=0.0, maximum=1.0)
        self.min_hits: int = _validate.integer(min_hits, "min_hits", minimum=1)
        self.patience: int = _validate.integer(patience, "patience", minimum=1)
        self._motion = Motion(np.empty((0, 4)))
        self._class_id = np.empty(0, np.int64)
        self._hits = np.empty(0, np.int64)
        self._misses = np.empty(0, np.int64)
        self._number = np.empty(0, np.int64)  # 0 for objects that have none yet
        self._count = 0

    def update(self, detections: Detections) -> Detections:
        """Take the detections of the next frame, and return those of numbered objects.

        Parameters
        ----------
        detections : Detections
            What was found in the frame, without duplicates.

        Returns
        -------
        Detections
            The detections of objects that have a number, in the order given, with ``track_id``: numbers from
            1 on, in the order in which objects have got them.

        Examples
        --------
        >>> from cvkit.detect import Detections, Tracker
        >>> tracker = Tracker(min_hits=2)
        >>> person = Detections([[0, 0, 40, 80]], [1.0])
        >>> [len(tracker.update(person)) for _ in range(3)]
        [0, 1, 1]
        """
        self._motion.advance()
        sure = detections.confidence >= self.start_confidence
        owner = np.full(len(detections), -1)
        self._assign(detections, np.flatnonzero(sure), np.arange(len(self._hits)), self.min_iou, owner)
        left = np.setdiff1d(np.flatnonzero(self._misses == 0), owner)
        self._assign(detections, np.flatnonzero(~sure), left, max(_UNSURE_IOU, self.min_iou), owner)
        self._take_over(detections, owner)
        new = np.flatnonzero(sure & (owner < 0))
        owner[new] = len(self._hits) + np.arange(len(new))
        self._begin(detections[new])
        self._give_numbers()
        numbers = np.where(owner >= 0, np.append(self._number, 0)[owner], 0)
        self._forget()
        kept = numbers > 0
        found = detections[kept]
        return Detections(found.xyxy, found.confidence, found.class_id, numbers[kept])

    def _assign(
        self, detections: Detections, found: np.ndarray, tracks: np.ndarray, min_iou: float, owner: np.ndarray
    ) -> None:
        """Bring some detections and some tracks together; write the track of each detection to ``owner``."""
        if not len(found) or not len(tracks):
            return
        from scipy.optimize import linear_sum_assignment

        overlap = box_iou(self._motion.boxes()[tracks], detections.xyxy[found])
        overlap[self._class_id[tracks][:, np.newaxis] != detections.class_id[found]] = 0
        overlap[overlap < min_iou] = 0  # what cannot be a pair must not cost another one
        rows, columns = linear_sum_assignment(overlap, maximize=True)
        is_pair = overlap[rows, columns] > 0
        owner[found[columns[is_pair]]] = tracks[rows[is_pair]]

    def _take_over(self, detections: Detections, owner: np.ndarray) -> None:
        seen = np.flatnonzero(owner >= 0)
        self._motion.correct(owner[seen], detections.xyxy[seen])
        is_seen = np.isin(np.arange(len(self._hits)), owner)
        self._hits = np.where(is_seen, self._hits + 1, 0)
        self._misses = np.where(is_seen, 0, self._misses + 1)

    def _begin(self, detections: Detections) -> None:
        self._motion.add(detections.xyxy)
        self._class_id = np.append(self._class_id, detections.class_id)
        self._hits = np.append(self._hits, np.ones(len(detections), np.int64))
        self._misses = np.append(self._misses, np.zeros(len(detections), np.int64))
        self._number = np.append(self._number, np.zeros(len(detections), np.int64))

    def _give_numbers(self) -> None:
        ready = np.flatnonzero((self._number == 0) & (self._hits >= self.min_hits))
        self._number[ready] = self._count + 1 + np.arange(len(ready))
        self._count += len(ready)

    def _forget(self) -> None:
        """Give up objects that are gone, and those without a number at the first miss."""
        kept = self._misses < np.where(self._number > 0, self.patience, 1)
        self._motion.keep(kept)
        for name in ("_class_id", "_hits", "_misses", "_number"):
            setattr(self, name, getattr(self, name)[kept])
