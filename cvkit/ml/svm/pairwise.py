"""One binary SVM for each pair of classes, stored as LIBSVM does, and the classes that they decide for."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from cvkit._dispatch import Array
from cvkit.ml._samples import Samples
from cvkit.ml.svm._cpu import pairwise as kernels
from cvkit.ml.svm.binary_svm import BinarySVM


class SupportVectors(NamedTuple):
    """The samples with a multiplier that is not zero, by class."""

    indices: np.ndarray  # (n_support,) int32
    counts: np.ndarray  # (n_classes,) int32
    multipliers: (
        np.ndarray
    )  # (n_classes - 1, n_support): in a column, those against each other class in order


def gather_support(groups: list[np.ndarray], fitted: list[BinarySVM]) -> SupportVectors:
    """Gather the multipliers of the pairs (0, 1), (0, 2) ... (1, 2) ... of classes.

    Parameters
    ----------
    groups : list of (n,) ndarray
        Indices of the samples of each class.
    fitted : list of BinarySVM
        The SVM of each pair; the samples of its first class come first.
    """
    multipliers = [np.zeros((len(groups) - 1, len(group))) for group in groups]
    for (first, second), svm in zip(combinations(range(len(groups)), 2), fitted, strict=True):
        cut = len(groups[first])
        multipliers[first][second - 1] = svm.coefficients[:cut]
        multipliers[second][first] = svm.coefficients[cut:]
    used = [np.any(rows != 0, axis=0) for rows in multipliers]
    indices = np.concatenate([group[mask] for group, mask in zip(groups, used, strict=True)])
    return SupportVectors(
        indices.astype(np.int32),
        np.array([np.count_nonzero(mask) for mask in used], np.int32),
        np.hstack([rows[:, mask] for rows, mask in zip(multipliers, used, strict=True)]),
    )


def pair_coefficients(multipliers: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the multipliers as one row for each pair of classes, (n_pairs, n_support)."""
    if len(counts) == 2:
        return multipliers
    pairs = list(combinations(range(len(counts)), 2))
    ends = np.concatenate([[0], np.cumsum(counts)])
    rows = np.zeros((len(pairs), multipliers.shape[1]))
    for row, (first, second) in zip(rows, pairs, strict=True):
        of_first = slice(ends[first], ends[first + 1])
        of_second = slice(ends[second], ends[second + 1])
        row[of_first] = multipliers[second - 1, of_first]
        row[of_second] = multipliers[first, of_second]
    return rows


def one_vs_rest(samples: Samples, pairs: Array, class_count: int) -> Array:
    """Turn decisions of pairs of classes into one value for each class."""
    out = samples.empty((pairs.shape[0], class_count), pairs.dtype)
    samples.kernels(kernels).one_vs_rest(pairs, out)
    return out


def vote(samples: Samples, pairs: Array, class_count: int) -> Array:
    """Return the index of the class that wins most pairs, the first of equals."""
    out = samples.empty((pairs.shape[0],), np.intp)
    samples.kernels(kernels).vote(pairs, class_count, out)
    return out
