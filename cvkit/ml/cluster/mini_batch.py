"""Mini-batch k-means: centers follow random batches of the samples.

D. Sculley, "Web-scale k-means clustering", WWW 2010, with scikit-learn's stopping rule, its reassignment of
starved centers and its order of random draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cvkit.ml._samples import row_norms
from cvkit.ml.cluster._cpu import lloyd as kernels

# Batches in a row without a better smoothed inertia after which the run ends.
PATIENCE = 10
# A center with less than this share of the largest center's weight has starved.
STARVED_SHARE = 0.01


@dataclass
class MiniBatchRun:
    """Centers, the number of batches they saw, and how often that is the whole data (rounded up)."""

    centers: np.ndarray
    steps: int
    iterations: int


def nearest(X: np.ndarray, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the label of each sample and its squared distance to that center."""
    labels = np.empty(len(X), np.int32)
    kernels.nearest_centers(X, centers, row_norms(centers), labels)
    return labels, distances(X, centers, labels)


def distances(X: np.ndarray, centers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the squared distance of each sample to the center of its label."""
    out = np.empty(len(X))
    kernels.assigned_distances(X, centers, labels, out)
    return out


def run(
    X: np.ndarray,
    weights: np.ndarray,
    origin: np.ndarray,
    centers: np.ndarray,
    *,
    batch_size: int,
    max_iterations: int,
    tolerance: float,
    random_state: np.random.RandomState,
) -> MiniBatchRun:
    """Draw batches in proportion to the weights and move the centers until their inertia stops improving.

    Centers are relative to ``origin``: near it, products and norms cancel less.
    """
    batch_size = min(batch_size, len(X))
    steps = max_iterations * len(X) // batch_size
    shares = weights / weights.sum()
    counts = np.zeros(len(centers))
    progress = _Progress(min(batch_size * 2.0 / (len(X) + 1), 1.0))
    since_reassignment = 0
    for step in range(1, steps + 1):
        since_reassignment += batch_size
        reassign = bool((counts == 0).any()) or since_reassignment >= 10 * len(centers)
        since_reassignment = 0 if reassign else since_reassignment
        batch = X[random_state.choice(len(X), batch_size, p=shares, replace=True)] - origin
        labels, squared = nearest(batch, centers)
        moved = _follow(batch, labels, centers, counts)
        if reassign:
            _reassign(batch, moved, counts, random_state)
        shift = float(np.sum((moved - centers) ** 2))
        centers = moved
        # The first batch measures the start, not progress.
        if step > 1 and progress.ends(float(squared.sum()) / batch_size, shift, tolerance):
            break
    return MiniBatchRun(centers, step, math.ceil(step * batch_size / len(X)))


def _follow(batch: np.ndarray, labels: np.ndarray, centers: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Move each center to the mean of all samples it ever had; ``counts`` is updated."""
    sums = centers * counts[:, None]
    arrived = np.zeros(len(centers))
    nobody = np.full(len(labels), -1, np.int32)
    kernels.move_members(
        batch, np.ones(len(batch)), nobody, labels, sums, arrived, np.zeros(len(centers), np.int64)
    )
    counts += arrived
    moved = centers.copy()
    fed = arrived > 0
    moved[fed] = sums[fed] * (1.0 / counts[fed])[:, None]
    return moved


def _reassign(
    batch: np.ndarray, centers: np.ndarray, counts: np.ndarray, random_state: np.random.RandomState
) -> None:
    """Put starved centers on random samples of the batch, at most half as many as it holds."""
    starved = counts < STARVED_SHARE * counts.max()
    limit = int(0.5 * len(batch))
    if starved.sum() > 0.5 * len(batch):
        starved[np.argsort(counts, kind="stable")[limit:]] = False
    if starved.any():
        centers[starved] = batch[random_state.choice(len(batch), replace=False, size=int(starved.sum()))]
        # Not zero, which would have them reassigned at once.
        counts[starved] = counts[~starved].min()


class _Progress:
    """Smoothed inertia of the batches and how long it has not improved."""

    def __init__(self, smoothing: float) -> None:
        self.smoothing = smoothing
        self.average: float | None = None
        self.least = math.inf
        self.stale = 0

    def ends(self, inertia: float, shift: float, tolerance: float) -> bool:
        """Take in a batch; tell whether to stop."""
        if self.average is None:
            self.average = inertia
        else:
            self.average += self.smoothing * (inertia - self.average)
        if tolerance > 0 and shift <= tolerance:
            return True
        if self.average < self.least:
            self.least, self.stale = self.average, 0
        else:
            self.stale += 1
        return self.stale >= PATIENCE
