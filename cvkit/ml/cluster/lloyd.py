"""Lloyd's algorithm and k-means++ for samples on either device; the estimator is ``cluster.KMeans``."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType

import numpy as np

from cvkit._dispatch import Array, to_host
from cvkit.ml._samples import Samples, are_counts, beside, row_hashes, row_norms
from cvkit.ml.cluster._cpu import lloyd as lloyd_kernels

# While more than this share of the samples changes cluster in a turn, centers move so far that bounds settle
# few samples, and keeping them costs more than it saves.
RESTLESS_SHARE = 0.01


@dataclass
class WeightedSamples:
    """Centered samples, their weights and norms, beside each other on one device."""

    batch: Samples
    host_weights: np.ndarray
    weights: Array = field(init=False)
    norms: Array = field(init=False)

    def __post_init__(self) -> None:
        self.weights = beside(self.batch, self.host_weights)
        self.norms = self.empty((self.count,), np.float64)
        origin = np.zeros((1, self.X.shape[1]), self.batch.dtype)
        self.kernels.assigned_distances(self.X, origin, self.full((self.count,), 0, np.int32), self.norms)

    @property
    def X(self) -> Array:  # noqa: N802
        """The samples, (n, d)."""
        return self.batch.array

    @property
    def count(self) -> int:
        """Number of samples."""
        return int(self.X.shape[0])

    @property
    def kernels(self) -> ModuleType:
        """The twin for the device of the samples."""
        return self.batch.kernels(lloyd_kernels)

    def empty(self, shape: tuple[int, ...], dtype: type) -> Array:
        """Allocate an array beside the samples."""
        return self.batch.empty(shape, dtype)

    def full(self, shape: tuple[int, ...], value: float, dtype: type) -> Array:
        """Allocate a constant array beside the samples."""
        return beside(self.batch, np.full(shape, value, dtype))

    def blocks(self) -> int:
        """Count the blocks for which kernels report partial results."""
        return -(-self.count // self.kernels.BLOCK)

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Copy some samples to the host."""
        if not self.batch.is_on_device:
            return self.X[indices]
        return np.stack([to_host(self.X[int(index)]) for index in indices])

    def inertia(self, centers: np.ndarray, labels: Array) -> float:
        """Weighted sum of the squared distances to the assigned centers."""
        return float(np.sum(self.distances(centers, labels) * self.host_weights))

    def distances(self, centers: np.ndarray, labels: Array) -> np.ndarray:
        """Squared distances to the assigned centers, on the host."""
        out = self.empty((self.count,), np.float64)
        self.kernels.assigned_distances(self.X, centers, labels, out)
        return to_host(out)


def drawing_order(batch: Samples, samples: WeightedSamples) -> np.ndarray | None:
    """Return an order that depends on the contents of the samples alone, where some stand for several.

    Whole-number weights mean copies: k-means on weighted samples equals k-means on copied ones, in whatever
    order these come. Without copies the result is None, and the draws are scikit-learn's. ``batch`` holds the
    samples as they came: the mean that was subtracted since depends on the copies by its rounding.
    """
    weights = samples.host_weights
    if not are_counts(weights):
        return None
    drawable = weights > 0
    may_repeat = len(np.unique(to_host(samples.norms)[drawable])) < np.count_nonzero(drawable)
    if not may_repeat and weights.max() <= 1:
        return None
    hashes = row_hashes(batch)
    if weights.max() <= 1 and len(np.unique(hashes[drawable])) == np.count_nonzero(drawable):
        return None
    return np.argsort(hashes, kind="stable")


def plus_plus(
    samples: WeightedSamples,
    n_clusters: int,
    random_state: np.random.RandomState,
    order: np.ndarray | None = None,
) -> np.ndarray:
    """Choose initial centers by greedy k-means++, drawing the same random numbers as scikit-learn.

    ``order`` is the one in which samples are laid out to be drawn.

    D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
    """
    trials = 2 + int(np.log(n_clusters))
    shares = samples.host_weights / samples.host_weights.sum()
    if order is None:
        first = random_state.choice(samples.count, p=shares)
    else:
        first = order[random_state.choice(samples.count, p=shares[order])]
    chosen = [first]
    closest = samples.full((samples.count,), np.inf, np.float64)
    # Two buffers in turn: ``closest`` is a row of the one that is not being written.
    buffers = [samples.empty((trials, samples.count), np.float64) for _ in range(2)]
    candidates = np.array([first])
    for turn in range(n_clusters):
        distances = buffers[turn % 2][: len(candidates)]
        potentials = _potentials(samples, candidates, closest, distances)
        best = int(np.argmin(potentials.sum(axis=1)))
        closest, block_potentials = distances[best], potentials[best]
        if turn:
            chosen.append(int(candidates[best]))
        if turn + 1 < n_clusters:
            targets = random_state.uniform(size=trials) * block_potentials.sum()
            if order is None:
                candidates = _draw(samples, targets, closest, block_potentials)
            else:
                candidates = _draw_in_order(samples, targets, closest, order)
    return samples.rows(np.array(chosen))


def _potentials(
    samples: WeightedSamples, candidates: np.ndarray, closest: Array, distances: Array
) -> np.ndarray:
    rows = samples.rows(candidates)
    potentials = samples.empty((len(candidates), samples.blocks()), np.float64)
    norms = row_norms(rows.astype(np.float64))
    samples.kernels.try_candidates(
        samples.X, samples.norms, samples.weights, rows, norms, closest, distances, potentials
    )
    return to_host(potentials)


def _draw(
    samples: WeightedSamples, targets: np.ndarray, closest: Array, block_potentials: np.ndarray
) -> np.ndarray:
    """Find where the cumulative weighted distance passes each target: first the block, then the sample."""
    ends = np.cumsum(block_potentials)
    blocks = np.searchsorted(ends, targets).clip(max=len(ends) - 1)
    starts = np.concatenate(([0.0], ends))
    candidates = np.empty(len(targets), np.intp)
    for block in set(blocks.tolist()):
        start = block * samples.kernels.BLOCK
        stop = min(start + samples.kernels.BLOCK, samples.count)
        inside = np.cumsum(samples.host_weights[start:stop] * to_host(closest[start:stop]))
        here = blocks == block
        # Rounding may leave a target beyond the last sample.
        found = np.searchsorted(inside, targets[here] - starts[block]).clip(max=stop - start - 1)
        candidates[here] = start + found
    return candidates


def _draw_in_order(
    samples: WeightedSamples, targets: np.ndarray, closest: Array, order: np.ndarray
) -> np.ndarray:
    """Find where the cumulative weighted distance passes each target, the samples laid out in an order."""
    ends = np.cumsum((samples.host_weights * to_host(closest))[order])
    return order[np.searchsorted(ends, targets).clip(max=samples.count - 1)]


@dataclass
class Clustering:
    """What one run of Lloyd's algorithm found; ``labels`` live where the samples do."""

    centers: np.ndarray
    labels: Array
    inertia: float
    iterations: int


class Lloyd:
    """One run of Lloyd's algorithm: labels, bounds and cluster sums that follow the moving centers.

    Sums are updated for the samples that changed cluster, and summed afresh before the run ends: the centers
    returned carry no rounding from the updates.
    """

    def __init__(self, samples: WeightedSamples, centers: np.ndarray) -> None:
        self.samples = samples
        self.centers = self.assigned_centers = centers
        self.labels = samples.full((samples.count,), 0, np.int32)
        self.upper = samples.full((samples.count,), np.inf, np.float64)
        self.lower = samples.full((samples.count,), -np.inf, np.float64)
        self.shifts = np.zeros(len(centers))
        self.bounded = False
        # Bounds the rounding of a product of two rows, relative to their squared norms.
        self.slack = (centers.shape[1] + 8) * float(np.finfo(centers.dtype).eps)
        self._forget_members()

    def run(self, max_iterations: int, tolerance: float) -> Clustering:
        """Alternate assignment and update until labels rest, or the centers nearly do."""
        iteration, ended = 0, False
        while not ended and iteration < max_iterations:
            iteration += 1
            self._assign()
            moved = self._update_centers()
            self.bounded |= moved < RESTLESS_SHARE * self.samples.count
            near = float(np.sum(self.shifts**2)) <= tolerance
            ended = moved == 0 or near or iteration == max_iterations
            if ended:
                self._forget_members()
                self._update_centers()
                self._assign()  # so that labels match the last centers
                if moved == 0:  # resting labels stay as they are, unless the updated sums had been far off
                    ended = self._update_centers() == 0
        inertia = self.samples.inertia(self.centers, self.labels)
        return Clustering(self.centers, self.labels, inertia, iteration)

    def _forget_members(self) -> None:
        """Empty the cluster sums, so that the next update counts every sample."""
        clusters, features = self.centers.shape
        self.sums = self.samples.full((clusters, features), 0, np.float64)
        self.totals = self.samples.full((clusters,), 0, np.float64)
        self.members = self.samples.full((clusters,), 0, np.int64)
        self.counted = self.samples.full((self.samples.count,), -1, np.int32)

    def _assign(self) -> None:
        """Give every sample its nearest center."""
        kernels, samples, centers = self.samples.kernels, self.samples, self.centers
        norms = row_norms(centers)
        if self.bounded:
            kernels.assign_bounded(
                samples.X,
                samples.norms,
                centers,
                norms,
                _half_gaps(centers, self.slack),
                self.shifts,
                _largest_of_others(self.shifts),
                self.slack,
                self.upper,
                self.lower,
                self.labels,
            )
        else:
            kernels.nearest_centers(samples.X, centers, norms, self.labels)
        self.assigned_centers = centers

    def _update_centers(self) -> int:
        """Put the centers at the means of their members; return how many samples had changed cluster.

        Shifts count from the centers last assigned to.
        """
        moved = self.samples.kernels.move_members(
            self.samples.X,
            self.samples.weights,
            self.counted,
            self.labels,
            self.sums,
            self.totals,
            self.members,
        )
        members = to_host(self.members)
        totals = np.where(members > 0, to_host(self.totals), 0.0)
        sums = np.where(members[:, None] > 0, to_host(self.sums), 0.0)
        if not members.all():
            self._relocate(sums, totals)
        means = sums * (1.0 / np.where(totals > 0, totals, 1.0))[:, None]
        means[totals <= 0] = means[np.argmax(totals)]
        self.centers = means.astype(self.centers.dtype)
        self.shifts = np.sqrt(row_norms((self.centers - self.assigned_centers).astype(np.float64)))
        return int(moved)

    def _relocate(self, sums: np.ndarray, totals: np.ndarray) -> None:
        """Give each empty cluster one of the samples farthest from their centers, as scikit-learn does."""
        distances = self.samples.distances(self.assigned_centers, self.labels)
        if distances.max() == 0:  # fewer distinct samples than clusters
            return
        empty = np.flatnonzero(totals == 0)
        farthest = np.argpartition(distances, -len(empty))[: -len(empty) - 1 : -1]
        labels = to_host(self.labels)[farthest]
        weights = self.samples.host_weights[farthest]
        rows = self.samples.rows(farthest)
        for target, source, row, weight in zip(empty, labels, rows, weights, strict=True):
            sums[source] -= row * weight
            sums[target] = row * weight
            totals[target] = weight
            totals[source] -= weight


def _half_gaps(centers: np.ndarray, slack: float) -> np.ndarray:
    """Half the distance from each center to the nearest other one, rounded down."""
    if len(centers) == 1:
        return np.full(1, np.inf)
    centers = centers.astype(np.float64)
    norms = row_norms(centers)
    squared = norms[:, None] + norms - 2.0 * (centers @ centers.T)
    np.fill_diagonal(squared, np.inf)
    rounding = slack * 2.0 * norms.max()
    return 0.5 * np.sqrt(np.maximum(squared.min(axis=1) - rounding, 0.0))


def _largest_of_others(shifts: np.ndarray) -> np.ndarray:
    """Return for each center how far the fastest of the other centers moved."""
    if len(shifts) == 1:
        return np.zeros(1)
    fastest = int(np.argmax(shifts))
    others = np.full(len(shifts), shifts[fastest])
    others[fastest] = np.delete(shifts, fastest).max()
    return others
