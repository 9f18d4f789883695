"""K-means on CUDA: one thread for each sample; distances are sums of squared differences, without BLAS.

No sum is left to atomics, so that results repeat: threads sum runs of samples in order, and others the runs.
"""

import math

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary

# Samples whose weighted distances one thread of k-means++ sums.
BLOCK = 1024
# Samples of the shortest run that one thread adds to cluster sums.
RUN = 256
# Most partial sums kept, in values.
PARTIAL_SUMS = 1 << 23


@helper
def _squared_distance(X, i, centers, center):
    # Starting from the first term keeps float32 samples in float32.
    gap = X[i, 0] - centers[center, 0]
    total = gap * gap
    for j in range(1, X.shape[1]):
        gap = X[i, j] - centers[center, j]
        total += gap * gap
    return total


@cuda_kernel(block=(128,))
def _nearest_centers(X, centers, labels):
    i = cuda.grid(1)
    if i >= X.shape[0]:
        return
    nearest, label = X.dtype.type(np.inf), 0
    for center in range(centers.shape[0]):
        distance = _squared_distance(X, i, centers, center)
        if distance < nearest:
            nearest, label = distance, center
    labels[i] = label


def nearest_centers(X, centers, center_norms, labels):
    """Write the index of the center nearest to each sample; the first of equally near ones."""
    _nearest_centers[X.shape[0]](X, centers, labels)


@cuda_kernel(block=(128,))
def _nearest_around(X, origin, centers, labels):
    i = cuda.grid(1)
    if i >= X.shape[0]:
        return
    nearest, label = np.inf, 0
    for center in range(centers.shape[0]):
        distance = 0.0
        for j in range(X.shape[1]):
            gap = X[i, j] - origin[j] - centers[center, j]
            distance += gap * gap
        if distance < nearest:
            nearest, label = distance, center
    labels[i] = label


def nearest_around(X, origin, centers, center_norms, labels):
    """Write the index of the center nearest to each sample; ``centers`` are relative to ``origin``."""
    _nearest_around[X.shape[0]](X, origin, centers, labels)


@cuda_kernel(block=(128,))
def _assign_bounded(
    X, norms, centers, center_norms, half_gaps, shifts, other_shifts, slack, upper, lower, labels
):
    """Assign one sample; a launch copies the arrays among its arguments, but does not look into tuples."""
    i = cuda.grid(1)
    if i >= X.shape[0]:
        return
    label = labels[i]
    high = upper[i] + shifts[label]
    low = lower[i] - other_shifts[label]
    barrier = max(half_gaps[label], low)
    if high >= barrier:
        rounding = slack * (norms[i] + center_norms[label])
        high = math.sqrt(_squared_distance(X, i, centers, label) + rounding)
    if high >= barrier:
        nearest, second = np.inf, np.inf
        for center in range(centers.shape[0]):
            distance = _squared_distance(X, i, centers, center)
            if distance < nearest:
                nearest, second, label = distance, nearest, center
            elif distance < second:
                second = distance
        rounding = slack * (norms[i] + center_norms[label])
        high = math.sqrt(nearest + rounding)
        low = math.sqrt(max(second - rounding, 0.0))
        labels[i] = label
    upper[i] = high
    lower[i] = low


def assign_bounded(X, norms, centers, slack, bounds, labels):
    """Move every sample to its nearest center, skipping those whose bounds show that it has not changed.

    Parameters are those of the CPU twin.
    """
    _assign_bounded[X.shape[0]](X, norms, *centers, slack, *bounds, labels)


@cuda_kernel(block=(32, 4))
def _sum_runs(X, weights, counted, labels, run, sums, totals, members, moved):
    """Sum one feature over a run of samples; the thread of the first feature counts too.

    Four of its arrays are partial results, which tuples would hide from the launch.
    """
    feature, part = cuda.grid(2)
    if part >= sums.shape[0] or feature >= X.shape[1]:
        return
    for cluster in range(sums.shape[1]):
        sums[part, cluster, feature] = 0.0
        if feature == 0:
            totals[part, cluster] = 0.0
            members[part, cluster] = 0
    changes = 0
    for i in range(part * run, min((part + 1) * run, X.shape[0])):
        source, target = counted[i], labels[i]
        if source == target:
            continue
        changes += 1
        weight = weights[i]
        one = 1 if weight > 0.0 else 0
        if source >= 0:
            sums[part, source, feature] -= X[i, feature] * weight
        sums[part, target, feature] += X[i, feature] * weight
        if feature == 0:
            if source >= 0:
                totals[part, source] -= weight
                members[part, source] -= one
            totals[part, target] += weight
            members[part, target] += one
    if feature == 0:
        moved[part] = changes


@cuda_kernel(block=(32, 4))
def _add_runs(partial_sums, partial_totals, partial_members, sums, totals, members):
    feature, cluster = cuda.grid(2)
    if cluster >= sums.shape[0] or feature >= sums.shape[1]:
        return
    for part in range(partial_sums.shape[0]):
        sums[cluster, feature] += partial_sums[part, cluster, feature]
        if feature == 0:
            totals[cluster] += partial_totals[part, cluster]
            members[cluster] += partial_members[part, cluster]


def move_members(X, weights, counted, labels, sums, totals, members):
    """Update the weighted sums of every cluster for the samples whose label is not the one counted so far.

    Return how many there were. ``members`` counts the samples of positive weight: a difference of rounded
    totals need not end at zero. A counted label of -1 is no cluster.
    """
    count, features = X.shape
    clusters = sums.shape[0]
    run = max(RUN, -(-count * clusters * features // PARTIAL_SUMS))
    parts = -(-count // run)
    partial_sums = temporary((parts, clusters, features), np.float64, X)
    partial_totals = temporary((parts, clusters), np.float64, X)
    partial_members = temporary((parts, clusters), np.int64, X)
    moved = temporary((parts,), np.int64, X)
    _sum_runs[parts, features](
        X, weights, counted, labels, run, partial_sums, partial_totals, partial_members, moved
    )
    _add_runs[clusters, features](partial_sums, partial_totals, partial_members, sums, totals, members)
    counted.copy_to_device(labels, stream=X.stream)
    return int(moved.copy_to_host().sum())


@cuda_kernel(block=(128,))
def _assigned_distances(X, centers, labels, out):
    i = cuda.grid(1)
    if i < X.shape[0]:
        out[i] = _squared_distance(X, i, centers, labels[i])


def assigned_distances(X, centers, labels, out):
    """Write the squared distance from each sample to the center of its label."""
    _assigned_distances[X.shape[0]](X, centers, labels, out)


@cuda_kernel
def _center_distances(X, offset, centers, out):
    center, i = cuda.grid(2)
    if i >= X.shape[0] or center >= centers.shape[0]:
        return
    total = 0.0
    for j in range(X.shape[1]):
        gap = X[i, j] - offset[j] - centers[center, j]
        total += gap * gap
    out[i, center] = math.sqrt(total)


def center_distances(X, offset, centers, center_norms, out):
    """Write the distance from each sample to each center; ``centers`` are relative to ``offset``."""
    _center_distances[X.shape[0], centers.shape[0]](X, offset, centers, out)


@cuda_kernel
def _cap_distances(X, candidates, closest, distances):
    i, candidate = cuda.grid(2)
    if i < X.shape[0] and candidate < candidates.shape[0]:
        distance = _squared_distance(X, i, candidates, candidate)
        distances[candidate, i] = min(distance, closest[i])


@cuda_kernel(block=(64, 1))
def _sum_blocks(distances, weights, potentials):
    block, candidate = cuda.grid(2)
    if block >= potentials.shape[1] or candidate >= potentials.shape[0]:
        return
    total = 0.0
    for i in range(block * BLOCK, min((block + 1) * BLOCK, weights.shape[0])):
        total += distances[candidate, i] * weights[i]
    potentials[candidate, block] = total


def try_candidates(X, norms, weights, candidates, candidate_norms, closest, distances, potentials):
    """Measure what k-means++ gains from each candidate for the next center.

    ``distances[c]`` are the squared distances to the nearest center if candidate ``c`` joins the centers, and
    ``potentials[c, block]`` their weighted sum over a block of samples.
    """
    _cap_distances[candidates.shape[0], X.shape[0]](X, candidates, closest, distances)
    _sum_blocks[potentials.shape](distances, weights, potentials)
