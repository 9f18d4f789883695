"""K-means on the CPU: BLAS products of samples and centers, and Hamerly's bounds to need few of them.

G. Hamerly, "Making k-means even faster", SIAM International Conference on Data Mining, 2010.
"""

import numpy as np

from cvkit._jit import cpu_kernel, get_num_threads, helper, prange
from cvkit._rows import copy_row

# Samples that one thread takes at a time; the samples among them that need distances share BLAS calls.
BLOCK = 1024
# Samples of one BLAS call: their products with 100 centers stay in the L2 cache.
TILE = 256
# A squared distance that is this share of the two norms has lost three digits to their difference.
_CANCELED = 1e-3


@helper(inline=True)
def _squared_distance(a, b):
    """Sum squared differences along four chains, so that the adds need not wait for each other."""
    first = second = third = fourth = 0.0
    end_of_fours = a.shape[0] // 4 * 4
    for j in range(0, end_of_fours, 4):
        gap_first = a[j] - b[j]
        gap_second = a[j + 1] - b[j + 1]
        gap_third = a[j + 2] - b[j + 2]
        gap_fourth = a[j + 3] - b[j + 3]
        first += gap_first * gap_first
        second += gap_second * gap_second
        third += gap_third * gap_third
        fourth += gap_fourth * gap_fourth
    for j in range(end_of_fours, a.shape[0]):
        gap = a[j] - b[j]
        first += gap * gap
    return first + second + third + fourth


@helper
def _keep_nearest(products, center, center_norm, nearest, index):
    """Compare one center with every sample of a tile; ``nearest`` lacks the norm of the sample."""
    for q in range(products.shape[0]):
        # The sum, not ``2 * products[q]``: an integer factor would widen float32 lanes to float64.
        value = center_norm - (products[q] + products[q])
        closer = value < nearest[q]
        nearest[q] = value if closer else nearest[q]
        index[q] = center if closer else index[q]


@helper
def _keep_two_nearest(products, center, center_norm, nearest, second, index):
    """Compare one center with every sample of a tile, keeping the two smallest values."""
    for q in range(products.shape[0]):
        value = center_norm - (products[q] + products[q])
        best = nearest[q]
        closer = value < best
        runner_up = value if value < second[q] else second[q]
        second[q] = best if closer else runner_up
        nearest[q] = value if closer else best
        index[q] = center if closer else index[q]


@helper(inline=True)
def _settled(sample, norm, center, center_norm, barrier, slack, upper, i):
    """Tell whether the sample's own center is nearest for certain, tightening its upper bound if need be."""
    if upper[i] < barrier:
        return True
    rounding = slack * (norm + center_norm)
    upper[i] = np.sqrt(_squared_distance(sample, center) + rounding)
    return upper[i] < barrier


@helper(allocates=True)
def _assign_tile(tile, members, norms, centers, slack, bounds, labels):
    """Give the samples of a tile their nearest centers and fresh bounds."""
    count = members.shape[0]
    products = np.dot(centers.rows, tile.T)
    nearest = np.full(count, np.inf, tile.dtype)
    second = np.full(count, np.inf, tile.dtype)
    index = np.zeros(count, np.int64)
    for center in range(centers.rows.shape[0]):
        _keep_two_nearest(products[center], center, centers.norms[center], nearest, second, index)
    for q in range(count):
        i = members[q]
        rounding = slack * (norms[i] + centers.norms[index[q]])
        bounds.upper[i] = np.sqrt(max(norms[i] + nearest[q], 0.0) + rounding)
        bounds.lower[i] = np.sqrt(max(norms[i] + second[q] - rounding, 0.0))
        labels[i] = index[q]


@helper(allocates=True)
def _assign_block(X, norms, centers, slack, bounds, labels, start, stop):
    """Assign samples ``start`` to ``stop``; those that are not settled share tiles."""
    upper, lower = bounds.upper, bounds.lower
    tile = np.empty((TILE, X.shape[1]), X.dtype)
    members = np.empty(TILE, np.int64)
    filled = 0
    for i in range(start, stop):
        label = labels[i]
        upper[i] += centers.shifts[label]
        lower[i] -= centers.other_shifts[label]
        barrier = max(centers.half_gaps[label], lower[i])
        if _settled(X[i], norms[i], centers.rows[label], centers.norms[label], barrier, slack, upper, i):
            continue
        copy_row(X[i], tile[filled])
        members[filled] = i
        filled += 1
        if filled == TILE:
            _assign_tile(tile, members, norms, centers, slack, bounds, labels)
            filled = 0
    if filled > 0:
        _assign_tile(tile[:filled], members[:filled], norms, centers, slack, bounds, labels)


@cpu_kernel
def assign_bounded(X, norms, centers, slack, bounds, labels):
    """Move every sample to its nearest center, skipping those whose bounds show that it has not changed.

    Parameters
    ----------
    X : (n, d), the samples
    norms : (n,) float64, their squared norms
    centers : Centers
    slack : float, bounds the rounding of a product of two rows, relative to their squared norms
    bounds : Bounds, updated
    labels : (n,) int32, updated
    """
    for block in prange((X.shape[0] + BLOCK - 1) // BLOCK):
        start = block * BLOCK
        _assign_block(X, norms, centers, slack, bounds, labels, start, min(start + BLOCK, X.shape[0]))


@helper(inline=True)
def _add_weighted(row, weight, total):
    for j in range(row.shape[0]):
        total[j] += row[j] * weight


@cpu_kernel
def _move_members(X, weights, counted, labels, moved, sums, totals, members):
    clusters = sums.shape[0]
    for group in prange(moved.shape[0]):
        first = group * clusters // moved.shape[0]
        end = (group + 1) * clusters // moved.shape[0]
        for i in range(X.shape[0]):
            source, target = counted[i], labels[i]
            if source == target:
                continue
            sign = 1 if weights[i] > 0.0 else 0
            if first <= source < end:
                _add_weighted(X[i], -weights[i], sums[source])
                totals[source] -= weights[i]
                members[source] -= sign
            if first <= target < end:
                _add_weighted(X[i], weights[i], sums[target])
                totals[target] += weights[i]
                members[target] += sign
                moved[group] += 1


def move_members(X, weights, counted, labels, sums, totals, members):
    """Update the weighted sums of every cluster for the samples whose label is not the one counted so far.

    Return how many there were. Each thread owns a range of clusters and visits the samples in order, so that
    no sum depends on the number of threads. ``members`` counts the samples of positive weight: a difference
    of rounded totals need not end at zero. A counted label of -1 is no cluster.
    """
    moved = np.zeros(min(sums.shape[0], get_num_threads()), np.int64)
    _move_members(X, weights, counted, labels, moved, sums, totals, members)
    counted[:] = labels
    return int(moved.sum())


@helper(allocates=True)
def _nearest_in_tile(tile, centers, center_norms, labels):
    products = np.dot(centers, tile.T)
    nearest = np.full(tile.shape[0], np.inf, tile.dtype)
    for center in range(centers.shape[0]):
        _keep_nearest(products[center], center, center_norms[center], nearest, labels)


@cpu_kernel
def nearest_centers(X, centers, center_norms, labels):
    """Write the index of the center nearest to each sample; the first of equally near ones."""
    for block in prange((X.shape[0] + TILE - 1) // TILE):
        start = block * TILE
        stop = min(start + TILE, X.shape[0])
        labels[start:stop] = 0
        _nearest_in_tile(X[start:stop], centers, center_norms, labels[start:stop])


@cpu_kernel
def nearest_around(X, origin, centers, center_norms, labels):
    """Write the index of the center nearest to each sample; ``centers`` are relative to ``origin``."""
    for block in prange((X.shape[0] + TILE - 1) // TILE):
        start = block * TILE
        stop = min(start + TILE, X.shape[0])
        labels[start:stop] = 0
        _nearest_in_tile(X[start:stop] - origin, centers, center_norms, labels[start:stop])


@cpu_kernel
def assigned_distances(X, centers, labels, out):
    """Write the squared distance from each sample to the center of its label."""
    for i in prange(X.shape[0]):
        out[i] = _squared_distance(X[i], centers[labels[i]])


@helper(inline=True)
def _distances_from_products(products, norm, center_norms, out):
    for center in range(out.shape[0]):
        squared = norm + center_norms[center] - 2.0 * products[center]
        out[center] = np.sqrt(squared if squared > 0.0 else 0.0)


@helper
def _mend_canceled_distances(row, norm, centers, center_norms, out):
    """Sum squared differences where norms and product nearly canceled: near a center."""
    for center in range(out.shape[0]):
        if out[center] * out[center] < _CANCELED * (norm + center_norms[center]):
            out[center] = np.sqrt(_squared_distance(row, centers[center]))


@helper(allocates=True)
def _center_distances_of_tile(X, offset, centers, center_norms, out):
    tile = X - offset
    products = np.dot(tile, centers.T)
    for q in range(tile.shape[0]):
        norm = _squared_distance(X[q], offset)
        _distances_from_products(products[q], norm, center_norms, out[q])
        _mend_canceled_distances(tile[q], norm, centers, center_norms, out[q])


@cpu_kernel
def center_distances(X, offset, centers, center_norms, out):
    """Write the distance from each sample to each center; ``centers`` are relative to ``offset``.

    Near the origin, products and norms cancel less.
    """
    for block in prange((X.shape[0] + TILE - 1) // TILE):
        start = block * TILE
        stop = min(start + TILE, X.shape[0])
        _center_distances_of_tile(X[start:stop], offset, centers, center_norms, out[start:stop])


@helper
def _cap_distances(products, norms, candidate_norm, closest, out):
    """Write the squared distance to the candidate or to the nearest center so far, whichever is less."""
    for q in range(products.shape[0]):
        value = norms[q] + candidate_norm - 2.0 * products[q]
        value = value if value > 0.0 else 0.0
        out[q] = value if value < closest[q] else closest[q]


@cpu_kernel
def try_candidates(X, norms, weights, candidates, candidate_norms, closest, distances, potentials):
    """Measure what k-means++ gains from each candidate for the next center.

    ``distances[c]`` are the squared distances to the nearest center if candidate ``c`` joins the centers, and
    ``potentials[c, block]`` their weighted sum over a block of samples.
    """
    for block in prange(potentials.shape[1]):
        start = block * BLOCK
        stop = min(start + BLOCK, X.shape[0])
        products = np.dot(candidates, X[start:stop].T)
        for c in range(candidates.shape[0]):
            out = distances[c, start:stop]
            _cap_distances(products[c], norms[start:stop], candidate_norms[c], closest[start:stop], out)
            potentials[c, block] = np.dot(out, weights[start:stop])
