"""Groups of windows around the same object, as OpenCV makes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvkit.detect._cpu import grouping as grouping_kernels

# How much windows of a group may differ, as a share of their size.
_TOLERANCE = 0.2
# A group within another is left out if that has more windows than this, and than the group.
_FEW_WINDOWS = 3


class Groups(NamedTuple):
    """The groups that are kept.

    Parameters
    ----------
    xyxy : numpy.ndarray, (K, 4), int32
        The mean of each group's windows.
    counts : numpy.ndarray, (K,), int64
        How many windows each has.
    scores : numpy.ndarray, (K,)
        The highest score of each.
    """

    xyxy: np.ndarray
    counts: np.ndarray
    scores: np.ndarray


def group_windows(xyxy: np.ndarray, scores: np.ndarray, min_neighbors: int) -> Groups:
    """Put similar windows into groups, as ``cv2.groupRectangles`` with a tolerance of 0.2.

    Parameters
    ----------
    xyxy : numpy.ndarray, (N, 4), int32
        Left, top, right and bottom.
    scores : numpy.ndarray, (N,)
        One for each window.
    min_neighbors : int
        Groups of no more windows are left out; 0 leaves every window by itself.

    Returns
    -------
    Groups
        In the order of the first window of each.

    Examples
    --------
    >>> windows = np.array([[0, 0, 20, 20], [1, 1, 21, 21], [50, 0, 70, 20]], np.int32)
    >>> group_windows(windows, np.array([1.0, 2.0, 3.0]), 1)
    Groups(xyxy=array([[ 0,  0, 20, 20]], dtype=int32), counts=array([2]), scores=array([2.]))
    """
    if min_neighbors == 0 or len(xyxy) == 0:
        return Groups(xyxy, np.ones(len(xyxy), np.int64), scores)
    groups = np.empty(len(xyxy), np.int64)
    boxes = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)
    grouping_kernels.partition(np.ascontiguousarray(boxes, np.int32), _TOLERANCE, groups)
    counts = np.bincount(groups)
    sums = np.zeros((len(counts), 4), np.int32)
    np.add.at(sums, groups, boxes)
    means = np.rint(sums.astype(np.float32) * (np.float32(1) / counts.astype(np.float32))[:, np.newaxis])
    best = np.full(len(counts), -np.inf)
    np.maximum.at(best, groups, scores)
    means = means.astype(np.int32)
    kept = np.flatnonzero(counts > min_neighbors)
    kept = kept[~_is_inside(means[kept], counts[kept])]
    corners = np.concatenate([means[:, :2], means[:, :2] + means[:, 2:]], axis=1)
    return Groups(corners[kept], counts[kept], best[kept].astype(scores.dtype))


def _is_inside(boxes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Tell which groups (left, top, width, height) lie within one of more windows."""
    result = np.zeros(len(boxes), np.bool_)
    margin = np.rint(boxes[:, 2:] * _TOLERANCE).astype(np.int64)
    low, high = boxes[:, :2] - margin, boxes[:, :2] + boxes[:, 2:] + margin
    for group, (box, count) in enumerate(zip(boxes, counts, strict=True)):
        within = (box[:2] >= low).all(axis=1) & (box[:2] + box[2:] <= high).all(axis=1)
        within &= (counts > max(_FEW_WINDOWS, count)) | (count < _FEW_WINDOWS)
        within[group] = False
        result[group] = within.any()
    return result
