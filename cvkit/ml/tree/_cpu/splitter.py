"""Which features a node is split by, and where: drawing features, the best split of each, and the choice."""

from __future__ import annotations

import numpy as np

from cvkit._jit import exact_helper
from cvkit.ml.tree._cpu.criterion import (
    FEATURE_THRESHOLD,
    GAIN_RATIO,
    TOLERANCE,
    add_samples,
    clear_sums,
    gain_and_split_information,
    scan,
    score_tolerance,
)
from cvkit.ml.tree._cpu.histogram import fill_histogram, fits_histogram, scan_histogram
from cvkit.ml.tree._cpu.records import RankedFeature, SampleSums
from cvkit.ml.tree._cpu.sorting import sort_keys


@exact_helper
def next_random(state):
    """Advance scikit-learn's 32-bit xorshift generator and return 31 bits."""
    bits = state[0]
    if bits == np.uint32(0):
        bits = np.uint32(1)
    bits = np.uint32(bits ^ np.uint32(bits << np.uint32(13)))
    bits = np.uint32(bits ^ np.uint32(bits >> np.uint32(17)))
    bits = np.uint32(bits ^ np.uint32(bits << np.uint32(5)))
    state[0] = bits
    return np.uint32(bits & np.uint32(0x7FFFFFFF))


@exact_helper
def swap(array, i, j):
    """Exchange two elements."""
    array[i], array[j] = array[j], array[i]


@exact_helper
def range_of_ranks(ranks, node_samples):
    """Return the least and the largest rank in a node."""
    least = np.uint32(0xFFFFFFFF)
    most = np.uint32(0)
    for sample in node_samples:
        rank = ranks[sample]
        least = min(least, rank)
        most = max(most, rank)
    return least, most


@exact_helper
def sort_in_node(ranked, node_samples, work):
    """Order the samples of a node by one feature: fill the first of ``work.samples`` and ``work.values``."""
    n = node_samples.shape[0]
    least, most = ranked.least, ranked.most
    for i in range(n):
        sample = node_samples[i]
        work.keys[i] = (np.uint64(ranked.ranks[sample]) << np.uint64(32)) | np.uint64(sample)
    n_bits = 0
    while (most - least) >> n_bits:
        n_bits += 1
    is_in_other = sort_keys(work.keys, n, least, n_bits, work.other_keys, work.histogram)
    keys = work.other_keys if is_in_other else work.keys
    for i in range(n):
        work.samples[i] = np.uint32(keys[i] & np.uint64(0xFFFFFFFF))
        work.values[i] = ranked.distinct[keys[i] >> np.uint64(32)]


@exact_helper
def count_missing(values):
    """Count the infinities at the end of sorted values."""
    n_missing = 0
    while n_missing < values.shape[0] and values[values.shape[0] - 1 - n_missing] == np.inf:
        n_missing += 1
    return n_missing


@exact_helper
def weight_of(samples, target):
    """Add up the weights of samples."""
    weight = 0.0
    for sample in samples:
        weight += target.weights[sample]
    return weight


@exact_helper
def middle_between(below, above):
    """Return the mean of two values: halves are added, not a sum halved, so that none overflows."""
    return np.float64(below) / 2.0 + np.float64(above) / 2.0


@exact_helper
def record_split(split, feature, samples, values, target, limits, node, work):
    """Find the best split of one feature and write it down; return whether there is one."""
    n = samples.shape[0]
    n_missing = count_missing(values)
    n_present = n - n_missing
    score, n_left = -np.inf, 0
    missing_go_to_left = False
    # Where values are missing, a second search has them on the left.
    for n_missing_left in range(0, n_missing + 1, max(n_missing, 1)):
        clear_sums(node.sums, target, work.left)
        n_crossing = n - n_missing_left
        missing_weight = add_samples(samples[n_crossing:], target, work.left)
        left = SampleSums(work.left, missing_weight, n_missing_left)
        found_score, found_n_left = scan(
            samples[:n_crossing], values[:n_crossing], target, limits, node, left, work.running
        )
        if found_score > score:
            score, n_left = found_score, found_n_left
            missing_go_to_left = n_missing_left > 0
    if score == -np.inf:
        return False
    if n_missing == 0:
        missing_go_to_left = n_left > n - n_left
    split["feature"] = feature
    split["score"] = score
    split["n_present_left"] = n_left
    split["n_missing"] = n_missing
    split["missing_go_to_left"] = missing_go_to_left
    split["threshold"] = middle_between(values[n_left - 1], values[n_left])
    if target.criterion == GAIN_RATIO:
        left_weight = weight_of(samples[:n_left], target)
        if n_missing > 0 and missing_go_to_left:
            left_weight += weight_of(samples[n_present:], target)
        gain, information = gain_and_split_information(score, left_weight, node, target)
        split["score"] = gain
        split["ratio"] = gain / information
    return True


@exact_helper
def record_split_of_few_values(split, ranked, node_samples, target, limits, node, work):
    """Find the best split of one feature, none missing, from a histogram; as ``record_split``."""
    n = node_samples.shape[0]
    n_values = np.int64(ranked.most - ranked.least) + 1
    values = ranked.distinct[ranked.least :]
    fill_histogram(ranked, n_values, node_samples, target, node.sums.shape[0], work.class_histogram)
    for k in range(node.sums.shape[0]):
        work.left_counts[k] = 0
        work.right_counts[k] = np.int64(node.sums[k])
    score, n_left, below, above = scan_histogram(
        work.class_histogram, values, n_values, limits, node, work.left_counts, work.right_counts
    )
    if score == -np.inf:
        return False
    split["feature"] = ranked.feature
    split["score"] = score
    split["n_present_left"] = n_left
    split["n_missing"] = 0
    split["missing_go_to_left"] = n_left > n - n_left
    split["threshold"] = middle_between(values[below], values[above])
    return True


@exact_helper
def choose_split(splits, weight, target):
    """Return the index of the best split; among equal ones the first."""
    if target.criterion != GAIN_RATIO:
        tolerance = score_tolerance(weight, target)
        best = 0
        for i in range(1, splits.shape[0]):
            if splits[i]["score"] > splits[best]["score"] + tolerance:
                best = i
        return best
    # C4.5: the ratio favors lopsided splits, so only splits of at least average gain compete. The average of
    # equal gains may round to more than any of them, and weights near the end of the range have no gain.
    average = 0.0
    for i in range(splits.shape[0]):
        average += splits[i]["score"]
    average /= splits.shape[0]
    best = -1
    for i in range(splits.shape[0]):
        if splits[i]["score"] >= average - TOLERANCE and (
            best < 0 or splits[i]["ratio"] > splits[best]["ratio"]
        ):
            best = i
    return max(best, 0)


@exact_helper
def find_splits(columns, target, limits, node_samples, record, node, work):
    """Draw features and find the best split of each; ``record`` tells where the node's samples lie.

    ``work.features`` is a permutation: drawn constant features first, other features known to be constant up
    to ``n_known_constants``, newly found constant ones, features that were not drawn, features that were.
    This bookkeeping is scikit-learn's, and the random stream depends on it. Returns the number of splits and
    of constant features.
    """
    start, end, n_known_constants = record["start"], record["end"], record["n_constant_features"]
    features = work.features
    n_not_drawn = features.shape[0]
    n_visited = 0
    n_drawn_constants = 0
    n_found_constants = 0
    n_splits = 0
    # At least one feature that is not constant has to be drawn.
    while n_not_drawn > n_known_constants + n_found_constants and (
        n_visited < limits.max_features or n_visited <= n_found_constants + n_drawn_constants
    ):
        n_visited += 1
        n_left_to_draw = np.uint32(n_not_drawn - n_found_constants - n_drawn_constants)
        drawn = n_drawn_constants + np.int64(np.uint32(next_random(work.random_state) % n_left_to_draw))
        if drawn < n_known_constants:
            swap(features, n_drawn_constants, drawn)
            n_drawn_constants += 1
            continue
        drawn += n_found_constants
        feature = features[drawn]
        least, most = np.uint32(0), np.uint32(0)
        if columns.presorted:
            smallest = columns.values[feature, start]
            largest = columns.values[feature, end - 1]
        else:
            least, most = range_of_ranks(columns.ranks[feature], node_samples[start:end])
            smallest, largest = columns.distinct[feature, least], columns.distinct[feature, most]
        if largest <= np.float32(smallest + FEATURE_THRESHOLD):
            swap(features, drawn, n_known_constants + n_found_constants)
            n_found_constants += 1
            continue
        n_not_drawn -= 1
        swap(features, n_not_drawn, drawn)
        split = work.splits[n_splits]
        ranked = RankedFeature(feature, columns.ranks[feature], columns.distinct[feature], least, most)
        if (
            not columns.presorted
            and largest < np.inf
            and fits_histogram(np.int64(most - least) + 1, end - start, target, node.sums.shape[0])
        ):
            found = record_split_of_few_values(
                split, ranked, node_samples[start:end], target, limits, node, work
            )
        else:
            if columns.presorted:
                samples = columns.samples[feature, start:end]
                values = columns.values[feature, start:end]
            else:
                sort_in_node(ranked, node_samples[start:end], work)
                samples = work.samples[: end - start]
                values = work.values[: end - start]
            found = record_split(split, feature, samples, values, target, limits, node, work)
        n_splits += found
    return n_splits, n_known_constants + n_found_constants
