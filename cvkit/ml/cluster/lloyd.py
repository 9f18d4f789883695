"""Lloyd's algorithm and k-means++ for samples on either device; the estimator is ``cluster.KMeans``."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType

import numpy as np

from cvkit._blas import single_threaded
from cvkit._dispatch import Array, to_host
from cvkit.ml._centering import mean_row
from cvkit.ml._samples import Samples, are_counts, row_hashes, row_norms
from cvkit.ml.cluster._cpu import lloyd as lloyd_kernels
from cvkit.ml.cluster._math import Bounds, Centers

# While more than this share of the samples changes cluster in a turn, centers move so far that bounds settle
# few samples, and keeping them costs more than it saves.
RESTLESS_SHARE = 0.01


@dataclass
class WeightedSamples:
    """Centered samples, their weights and norms, on one device."""

    samples: Samples
    host_weights: np.ndarray
    weights: Array = field(init=False)
    norms: Array = field(init=False)

    def __post_init__(self) -> None:
        self.weights = self.samples.on_same_device(self.host_weights)
        self.norms = self.empty((self.count,), np.float64)
        origin = np.zeros((1, self.X.shape[1]), self.samples.dtype)
        self.kernels.assigned_distances(self.X, origin, self.full((self.count,), 0, np.int32), self.norms)

    @property
    def X(self) -> Array:  # noqa: N802
        """The samples, (n, d)."""
        return self.samples.array

    @property
    def count(self) -> int:
        """Number of samples."""
        return int(self.X.shape[0])

    @property
    def kernels(self) -> ModuleType:
        """The twin for the device of the samples."""
        return self.samples.kernels(lloyd_kernels)

    def empty(self, shape: tuple[int, ...], dtype: type) -> Array:
        """Allocate an array on the samples' device."""
        return self.samples.empty(shape, dtype)

    def full(self, shape: tuple[int, ...], value: float, dtype: type) -> Array:
        """Allocate a constant array on the samples' device."""
        return self.samples.on_same_device(np.full(shape, value, dtype))

    def blocks(self) -> int:
        """Count the blocks for which kernels report partial results."""
        return -(-self.count // self.kernels.BLOCK)

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Copy some samples to the host."""
        if not self.samples.is_on_device:
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


def nearest_label(samples: Samples, centers: np.ndarray) -> Array:
    """Return the nearest center of each sample, both measured from the middle of the centers."""
    labels = samples.empty((samples.array.shape[0],), np.int32)
    origin = mean_row(centers)
    centers = centers - origin
    with single_threaded():
        samples.kernels(lloyd_kernels).nearest_around(
            samples.array, origin, centers, row_norms(centers), labels
        )
    return labels


def drawing_order(samples: Samples, weighted: WeightedSamples) -> np.ndarray | None:
    """Return an order that depends on the contents of the samples alone, where some stand for several.

    Whole-number weights mean copies: k-means on weighted samples equals k-means on copied ones, in whatever
    order these come. Without copies the result is None, and the draws are scikit-learn's. ``samples`` are the
    samples as they came: the mean that was subtracted since depends on the copies by its rounding.
    """
    weights = weighted.host_weights
    if not are_counts(weights):
        return None
    drawable = weights > 0
    may_repeat = len(np.unique(to_host(weighted.norms)[drawable])) < np.count_nonzero(drawable)
    if not may_repeat and weights.max() <= 1:
        return None
    hashes = row_hashes(samples)
    if weights.max() <= 1 and len(np.unique(hashes[drawable])) == np.count_nonzero(drawable):
        return None
    return np.argsort(hashes, kind="stable")


def plus_plus(
    weighted: WeightedSamples,
    n_clusters: int,
    random_state: np.random.RandomState,
    order: np.ndarray | None = None,
) -> np.ndarray:
    """Choose initial centers by greedy k-means++, drawing the same random numbers as scikit-learn.

    ``order`` is the one in which samples are laid out to be drawn.

    D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
    """
    trials = 2 + int(np.log(n_clusters))
    shares = weighted.host_weights / weighted.host_weights.sum()
    if order is None:
        first = random_state.choice(weighted.count, p=shares)
    else:
        first = order[random_state.choice(weighted.count, p=shares[order])]
    chosen = [first]
    closest = weighted.full((weighted.count,), np.inf, np.float64)
    # Two buffers in turn: ``closest`` is a row of the one that is not being written.
    buffers = [weighted.empty((trials, weighted.count), np.float64) for _ in range(2)]
    candidates = np.array([first])
    for turn in range(n_clusters):
        distances = buffers[turn % 2][: len(candidates)]
        potentials = _potentials(weighted, candidates, closest, distances)
        best = int(np.argmin(potentials.sum(axis=1)))
        closest, block_potentials = distances[best], potentials[best]
        if turn:
            chosen.append(int(candidates[best]))
        if turn + 1 < n_clusters:
            targets = random_state.uniform(size=trials) * block_potentials.sum()
            if order is None:
                candidates = _draw(weighted, targets, closest, block_potentials)
            else:
                candidates = _draw_in_order(weighted, targets, closest, order)
    return weighted.rows(np.array(chosen))


def _potentials(
    weighted: WeightedSamples, candidates: np.ndarray, closest: Array, distances: Array
) -> np.ndarray:
    rows = weighted.rows(candidates)
    potentials = weighted.empty((len(candidates), weighted.blocks()), np.float64)
    norms = row_norms(rows.astype(np.float64))
    weighted.kernels.try_candidates(
        weighted.X, weighted.norms, weighted.weights, rows, norms, closest, distances, potentials
    )
    return to_host(potentials)


def _draw(
    weighted: WeightedSamples, targets: np.ndarray, closest: Array, block_potentials: np.ndarray
) -> np.ndarray:
    """Find where the cumulative weighted distance passes each target: first the block, then the sample."""
    ends = np.cumsum(block_potentials)
    blocks = np.searchsorted(ends, targets).clip(max=len(ends) - 1)
    starts = np.concatenate(([0.0], ends))
    candidates = np.empty(len(targets), np.intp)
    for block in set(blocks.tolist()):
        start = block * weighted.kernels.BLOCK
        stop = min(start + weighted.kernels.BLOCK, weighted.count)
        inside = np.cumsum(weighted.host_weights[start:stop] * to_host(closest[start:stop]))
        here = blocks == block
        # Rounding may leave a target beyond the last sample.
        found = np.searchsorted(inside, targets[here] - starts[block]).clip(max=stop - start - 1)
        candidates[here] = start + found
    return candidates


def _draw_in_order(
    weighted: WeightedSamples, targets: np.ndarray, closest: Array, order: np.ndarray
) -> np.ndarray:
    """Find where the cumulative weighted distance passes each target, the samples laid out in an order."""
    ends = np.cumsum((weighted.host_weights * to_host(closest))[order])
    return order[np.searchsorted(ends, targets).clip(max=weighted.count - 1)]


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

    bounds: Bounds
    shifts: np.ndarray
    centers: np.ndarray
    assigned_centers: np.ndarray
    labels: Array
    sums: Array
    totals: Array
    members: Array
    counted: Array
    bounded: bool
    slack: float

    def __init__(self, weighted: WeightedSamples, centers: np.ndarray) -> None:
        self.weighted = weighted
        self.centers = self.assigned_centers = centers
        self.labels = weighted.full((weighted.count,), 0, np.int32)
        self.bounds = Bounds(
            upper=weighted.full((weighted.count,), np.inf, np.float64),
            lower=weighted.full((weighted.count,), -np.inf, np.float64),
        )
        self.shifts = np.zeros(len(centers))
        self.bounded = False
        # Bounds the rounding of a product of two rows, relative to their squared norms.
        self.slack = (centers.shape[1] + 8) * float(np.finfo(centers.dtype).eps)
        self._clear_sums()

    def run(self, max_iterations: int, tolerance: float) -> Clustering:
        """Alternate assignment and update until labels rest, or the centers nearly do."""
        iteration, ended = 0, False
        while not ended and iteration < max_iterations:
            iteration += 1
            self._assign()
            moved = self._update_centers()
            self.bounded |= moved < RESTLESS_SHARE * self.weighted.count
            near = float(np.sum(self.shifts**2)) <= tolerance
            ended = moved == 0 or near or iteration == max_iterations
            if ended:
                self._clear_sums()
                self._update_centers()
                self._assign()  # so that labels match the last centers
                if moved == 0:  # resting labels stay as they are, unless the updated sums had been far off
                    ended = self._update_centers() == 0
        inertia = self.weighted.inertia(self.centers, self.labels)
        return Clustering(self.centers, self.labels, inertia, iteration)

    def _clear_sums(self) -> None:
        """Empty the cluster sums, so that the next update counts every sample."""
        clusters, features = self.centers.shape
        self.sums = self.weighted.full((clusters, features), 0, np.float64)
        self.totals = self.weighted.full((clusters,), 0, np.float64)
        self.members = self.weighted.full((clusters,), 0, np.int64)
        self.counted = self.weighted.full((self.weighted.count,), -1, np.int32)

    def _assign(self) -> None:
        """Give every sample its nearest center."""
        weighted, rows = self.weighted, self.centers
        norms = row_norms(rows)
        if self.bounded:
            half_gaps = _half_gaps(rows, self.slack)
            centers = Centers(rows, norms, half_gaps, self.shifts, _largest_of_others(self.shifts))
            weighted.kernels.assign_bounded(
                weighted.X, weighted.norms, centers, self.slack, self.bounds, self.labels
            )
        else:
            weighted.kernels.nearest_centers(weighted.X, rows, norms, self.labels)
        self.assigned_centers = rows

    def _update_centers(self) -> int:
        """Put the centers at the means of their members; return how many samples had changed cluster.

        Shifts count from the centers last assigned to.
        """
        moved = self.weighted.kernels.move_members(
            self.weighted.X,
            self.weighted.weights,
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
        distances = self.weighted.distances(self.assigned_centers, self.labels)
        if distances.max() == 0:  # fewer distinct samples than clusters
            return
        empty = np.flatnonzero(totals == 0)
        farthest = np.argsort(-distances, kind="stable")[: len(empty)]
        labels = to_host(self.labels)[farthest]
        weights = self.weighted.host_weights[farthest]
        rows = self.weighted.rows(farthest)
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


def mean_variance(squared_norms: np.ndarray, samples: Samples) -> float:
    """Mean variance of the features, in units of which ``tol`` is given; for centered samples."""
    if not squared_norms.max() < np.finfo(samples.dtype).max / 8:  # room for the square of a difference
        raise ValueError("X holds such large values that their squares overflow; scale the features")
    return float(np.mean(squared_norms)) / samples.array.shape[1]
