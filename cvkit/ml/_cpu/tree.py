"""Growing a decision tree depth first, with scikit-learn's random stream and order of nodes.

A tree that looks at every feature keeps, for each feature, its samples in order of value: sorted once, then
partitioned stably from node to node. A tree that draws a few features sorts those in each node, by the ranks
that the values have in the whole data.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvkit._jit import exact_helper
from cvkit.ml._cpu.tree_histogram import fill_histogram, fits_histogram, scan_histogram
from cvkit.ml._cpu.tree_math import (
    FEATURE_THRESHOLD,
    GAIN_RATIO,
    TOLERANCE,
    add_samples,
    gain_and_split_information,
    impurity,
    scan,
    score_tolerance,
)
from cvkit.ml._cpu.tree_sorting import copy, sort_keys

LEAF = -1
UNDEFINED = -2

NODE_DTYPE = np.dtype(
    [
        ("threshold", np.float64),
        ("impurity", np.float64),
        ("weighted_n_node_samples", np.float64),
        ("left_child", np.int32),
        ("right_child", np.int32),
        ("feature", np.int32),
        ("n_node_samples", np.int32),
        ("missing_go_to_left", np.bool_),
    ],
    align=True,
)

SPLIT_DTYPE = np.dtype(
    [
        ("score", np.float64),
        ("ratio", np.float64),
        ("threshold", np.float64),
        ("feature", np.int64),
        ("n_present_left", np.int64),
        ("n_missing", np.int64),
        ("missing_go_to_left", np.bool_),
    ],
    align=True,
)

OPEN_NODE_DTYPE = np.dtype(
    [
        ("impurity", np.float64),
        ("start", np.int64),
        ("end", np.int64),
        ("depth", np.int64),
        ("parent", np.int64),
        ("n_constant_features", np.int64),
        ("is_left", np.bool_),
    ],
    align=True,
)

_EPSILON = np.finfo(np.float64).eps


class Columns(NamedTuple):
    """The data, feature by feature; a missing value counts as infinity, and so comes last.

    Indices of samples are unsigned: Numba would look whether a signed one counts from the end.

    ``samples`` and ``values`` are in order of value and belong to the tree, which partitions them; they are
    used where ``presorted`` is true. ``ranks`` and ``distinct`` (the value of each rank) are read only.
    """

    presorted: bool
    samples: np.ndarray  # (n_features, n_in_tree) uint32
    values: np.ndarray  # (n_features, n_in_tree) float32
    ranks: np.ndarray  # (n_features, n_samples) uint32
    distinct: np.ndarray  # (n_features, n_samples) float32


class Work(NamedTuple):
    """Scratch memory of one tree; the first six arrays have a place for each of its samples."""

    samples: np.ndarray  # uint32; this and the next: one feature of a node, in order
    values: np.ndarray  # float32
    keys: np.ndarray  # uint64, KEY_PADDING longer; this and the next: rank and sample, while they are sorted
    other_keys: np.ndarray  # uint64
    right_samples: np.ndarray  # uint32; this and the next: what goes right, while a node is partitioned
    right_values: np.ndarray  # float32
    goes_left: np.ndarray  # (n_samples,) bool
    histogram: np.ndarray  # (2 ** DIGIT_BITS,) uint32
    class_histogram: np.ndarray  # (LARGEST_HISTOGRAM,) int64
    left_counts: np.ndarray  # (n_sums,) int64; this and the next: class weights on either side
    right_counts: np.ndarray  # (n_sums,) int64
    total: np.ndarray  # (n_sums,) float64; sums of the node
    left: np.ndarray  # (n_sums,) float64; sums of its left side
    features: np.ndarray  # (n_features,) int64; see find_splits
    constant_features: np.ndarray  # (n_features,) int64
    splits: np.ndarray  # (n_features,) SPLIT_DTYPE
    stack: np.ndarray  # (n_in_tree + 1,) OPEN_NODE_DTYPE; a node waits on each level
    random_state: np.ndarray  # (1,) uint32


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
def sort_in_node(ranks, distinct, least, most, node_samples, work):
    """Order the samples of a node by one feature: fill the first of ``work.samples`` and ``work.values``."""
    n = node_samples.shape[0]
    for i in range(n):
        sample = node_samples[i]
        work.keys[i] = (np.uint64(ranks[sample]) << np.uint64(32)) | np.uint64(sample)
    n_bits = 0
    while (most - least) >> n_bits:
        n_bits += 1
    is_in_other = sort_keys(work.keys, n, least, n_bits, work.other_keys, work.histogram)
    keys = work.other_keys if is_in_other else work.keys
    for i in range(n):
        work.samples[i] = np.uint32(keys[i] & np.uint64(0xFFFFFFFF))
        work.values[i] = distinct[keys[i] >> np.uint64(32)]


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
def record_split(split, feature, samples, values, target, limits, weight, work):
    """Find the best split of one feature and write it down; return whether there is one."""
    n = samples.shape[0]
    n_missing = count_missing(values)
    n_present = n - n_missing
    work.left[:] = 0.0
    score, n_left = scan(samples, values, target, limits, work.total, weight, work.left, 0.0, 0, n)
    missing_go_to_left = n_missing == 0 and n_left > n - n_left
    if n_missing > 0:
        # A second search, with the missing values on the left.
        work.left[:] = 0.0
        missing_weight = add_samples(samples[n_present:], target, work.left)
        second_score, second_n_left = scan(
            samples[:n_present], values[:n_present], target, limits,
            work.total, weight, work.left, missing_weight, n_missing, n,
        )  # fmt: skip
        if second_score > score:
            score, n_left = second_score, second_n_left
            missing_go_to_left = True
    if score == -np.inf:
        return False
    split.feature = feature
    split.score = score
    split.n_present_left = n_left
    split.n_missing = n_missing
    split.missing_go_to_left = missing_go_to_left
    split.threshold = middle_between(values[n_left - 1], values[n_left])
    if target.criterion == GAIN_RATIO:
        left_weight = weight_of(samples[:n_left], target)
        if n_missing > 0 and missing_go_to_left:
            left_weight += weight_of(samples[n_present:], target)
        gain, information = gain_and_split_information(score, left_weight, work.total, weight, target)
        split.score = gain
        split.ratio = gain / information
    return True


@exact_helper
def record_split_of_few_values(
    split, feature, ranks, values, least, n_values, node_samples, target, limits, weight, work
):
    """Find the best split of one feature, none missing, from a histogram; as ``record_split``."""
    n = node_samples.shape[0]
    fill_histogram(ranks, least, n_values, node_samples, target, work.total.shape[0], work.class_histogram)
    for k in range(work.total.shape[0]):
        work.left_counts[k] = 0
        work.right_counts[k] = np.int64(work.total[k])
    score, n_left, below, above = scan_histogram(
        work.class_histogram, values, n_values, limits, weight, n, work.left_counts, work.right_counts
    )
    if score == -np.inf:
        return False
    split.feature = feature
    split.score = score
    split.n_present_left = n_left
    split.n_missing = 0
    split.missing_go_to_left = n_left > n - n_left
    split.threshold = middle_between(values[below], values[above])
    return True


@exact_helper
def choose_split(splits, weight, target):
    """Return the index of the best split; among equal ones the first."""
    if target.criterion != GAIN_RATIO:
        tolerance = score_tolerance(weight, target)
        best = 0
        for i in range(1, splits.shape[0]):
            if splits[i].score > splits[best].score + tolerance:
                best = i
        return best
    # C4.5: the ratio favours lopsided splits, so only splits of at least average gain compete. The average of
    # equal gains may round to more than any of them.
    average = 0.0
    for i in range(splits.shape[0]):
        average += splits[i].score
    average /= splits.shape[0]
    best = -1
    for i in range(splits.shape[0]):
        if splits[i].score >= average - TOLERANCE and (best < 0 or splits[i].ratio > splits[best].ratio):
            best = i
    return best


@exact_helper
def find_splits(columns, node_samples, start, end, target, limits, weight, n_known, work):
    """Draw features and find the best split of each.

    ``work.features`` is a permutation: drawn constant features first, other features known to be constant up
    to ``n_known``, newly found constant ones, features that were not drawn, features that were. This
    bookkeeping is scikit-learn's, and the random stream depends on it. Returns the number of splits and of
    constant features.
    """
    features = work.features
    n_not_drawn = features.shape[0]
    n_visited = 0
    n_drawn_constants = 0
    n_found_constants = 0
    n_splits = 0
    # At least one feature that is not constant has to be drawn.
    while n_not_drawn > n_known + n_found_constants and (
        n_visited < limits.max_features or n_visited <= n_found_constants + n_drawn_constants
    ):
        n_visited += 1
        n_left_to_draw = np.uint32(n_not_drawn - n_found_constants - n_drawn_constants)
        drawn = n_drawn_constants + np.int64(np.uint32(next_random(work.random_state) % n_left_to_draw))
        if drawn < n_known:
            swap(features, n_drawn_constants, drawn)
            n_drawn_constants += 1
            continue
        drawn += n_found_constants
        feature = features[drawn]
        ranks = columns.ranks[feature]
        distinct = columns.distinct[feature]
        least, most = np.uint32(0), np.uint32(0)
        if columns.presorted:
            smallest = columns.values[feature, start]
            largest = columns.values[feature, end - 1]
        else:
            least, most = range_of_ranks(ranks, node_samples[start:end])
            smallest, largest = distinct[least], distinct[most]
        if largest <= np.float32(smallest + FEATURE_THRESHOLD):
            swap(features, drawn, n_known + n_found_constants)
            n_found_constants += 1
            continue
        n_not_drawn -= 1
        swap(features, n_not_drawn, drawn)
        split = work.splits[n_splits]
        n_values = np.int64(most - least) + 1
        if (
            not columns.presorted
            and largest < np.inf
            and fits_histogram(n_values, end - start, target, work.total.shape[0])
        ):
            found = record_split_of_few_values(
                split, feature, ranks, distinct[least:], least, n_values,
                node_samples[start:end], target, limits, weight, work,
            )  # fmt: skip
        else:
            if columns.presorted:
                samples = columns.samples[feature, start:end]
                values = columns.values[feature, start:end]
            else:
                sort_in_node(ranks, distinct, least, most, node_samples[start:end], work)
                samples = work.samples[: end - start]
                values = work.values[: end - start]
            found = record_split(split, feature, samples, values, target, limits, weight, work)
        n_splits += found
    return n_splits, n_known + n_found_constants


@exact_helper
def mark_sides(columns, node_samples, start, end, split, work):
    """Mark which samples of the node go left."""
    if columns.presorted:
        samples = columns.samples[split.feature]
        end_present = end - split.n_missing
        for i in range(start, end_present):
            work.goes_left[samples[i]] = i < start + split.n_present_left
        for i in range(end_present, end):
            work.goes_left[samples[i]] = split.missing_go_to_left
    else:
        ranks = columns.ranks[split.feature]
        distinct = columns.distinct[split.feature]
        for i in range(start, end):
            value = distinct[ranks[node_samples[i]]]
            if value == np.inf:
                work.goes_left[node_samples[i]] = split.missing_go_to_left
            else:
                work.goes_left[node_samples[i]] = value <= split.threshold


@exact_helper
def partition_samples(samples, goes_left, right_samples):
    """Move the samples that go left to the front, keep the order on both sides; return how many go left."""
    n_left = 0
    n_right = 0
    for i in range(samples.shape[0]):
        sample = samples[i]
        left = np.int64(goes_left[sample])
        samples[n_left] = sample
        right_samples[n_right] = sample
        n_left += left
        n_right += 1 - left
    copy(right_samples[:n_right], samples[n_left:])
    return n_left


@exact_helper
def partition_feature(samples, values, goes_left, right_samples, right_values):
    """Partition one feature's samples and values, as ``partition_samples``."""
    n_left = 0
    n_right = 0
    for i in range(samples.shape[0]):
        sample = samples[i]
        value = values[i]
        left = np.int64(goes_left[sample])
        samples[n_left] = sample
        values[n_left] = value
        right_samples[n_right] = sample
        right_values[n_right] = value
        n_left += left
        n_right += 1 - left
    for i in range(n_right):
        samples[n_left + i] = right_samples[i]
        values[n_left + i] = right_values[i]


@exact_helper
def partition_features(columns, features, start, end, work):
    """Partition a node in the order of each feature; none looks at constant features below it any more."""
    for feature in features:
        partition_feature(
            columns.samples[feature, start:end],
            columns.values[feature, start:end],
            work.goes_left,
            work.right_samples,
            work.right_values,
        )


@exact_helper
def stays_leaf(depth, n, weight, node_impurity, limits):
    """Tell whether a node is not worth a search for a split."""
    return (
        depth >= limits.max_depth
        or n < limits.min_samples_split
        or n < 2 * limits.min_samples_leaf
        or weight < 2 * limits.min_weight_leaf
        or node_impurity <= _EPSILON
    )


@exact_helper
def open_node(place, start, end, depth, parent, is_left, node_impurity, n_constant_features):
    """Write down a node that waits for its split."""
    place.start = start
    place.end = end
    place.depth = depth
    place.parent = parent
    place.is_left = is_left
    place.impurity = node_impurity
    place.n_constant_features = n_constant_features


@exact_helper
def write_leaf(node, n, weight, node_impurity):
    """Write down a node, as a leaf until a split is found for it."""
    node.impurity = node_impurity
    node.n_node_samples = n
    node.weighted_n_node_samples = weight
    node.left_child = LEAF
    node.right_child = LEAF
    node.feature = UNDEFINED
    node.threshold = UNDEFINED
    node.missing_go_to_left = False


@exact_helper
def write_value(sums, weight, value):
    """Write the value of a node: the share of each class, or the mean response."""
    for k in range(value.shape[0]):
        value[k] = sums[k] / weight


@exact_helper
def grow(columns, target, limits, node_samples, work, nodes, node_values):
    """Grow a tree and return its number of nodes.

    Parameters
    ----------
    columns, target, limits
        The data, what to predict, and when to stop.
    node_samples : (n_in_tree,) uint32
        The samples of the tree; reordered so that each node's samples lie together.
    work
        Scratch memory; ``random_state`` holds the seed.
    nodes, node_values : arrays
        The tree, written in preorder; as long as the tree can become.
    """
    stack = work.stack
    features = work.features
    for feature in range(features.shape[0]):
        features[feature] = feature
    open_node(stack[0], 0, node_samples.shape[0], 0, UNDEFINED, False, np.inf, 0)
    n_open = 1
    n_nodes = 0
    whole_weight = 0.0
    while n_open > 0:
        n_open -= 1
        start = stack[n_open].start
        end = stack[n_open].end
        depth = stack[n_open].depth
        parent = stack[n_open].parent
        is_left = stack[n_open].is_left
        node_impurity = stack[n_open].impurity
        n_known = stack[n_open].n_constant_features

        work.total[:] = 0.0
        weight = add_samples(node_samples[start:end], target, work.total)
        if parent == UNDEFINED:
            node_impurity = impurity(work.total, weight, target)
            whole_weight = weight

        node = n_nodes
        n_nodes += 1
        write_leaf(nodes[node], end - start, weight, node_impurity)
        write_value(work.total, weight, node_values[node])
        if parent != UNDEFINED:
            if is_left:
                nodes[parent].left_child = node
            else:
                nodes[parent].right_child = node

        if stays_leaf(depth, end - start, weight, node_impurity, limits):
            continue
        n_splits, n_constants = find_splits(
            columns, node_samples, start, end, target, limits, weight, n_known, work
        )
        # Siblings and their descendants rely on the order of the features known to be constant.
        copy(work.constant_features[:n_known], features)
        copy(features[n_known:n_constants], work.constant_features[n_known:])
        if n_splits == 0:
            continue

        split = work.splits[choose_split(work.splits[:n_splits], weight, target)]
        mark_sides(columns, node_samples, start, end, split, work)
        middle = start + partition_samples(node_samples[start:end], work.goes_left, work.right_samples)
        work.left[:] = 0.0
        left_weight = add_samples(node_samples[start:middle], target, work.left)
        left_impurity = impurity(work.left, left_weight, target)
        # Summed, not subtracted from the total: a pure side has to come out as exactly pure.
        work.total[:] = 0.0
        right_weight = add_samples(node_samples[middle:end], target, work.total)
        right_impurity = impurity(work.total, right_weight, target)
        improvement = (weight / whole_weight) * (
            node_impurity - right_weight / weight * right_impurity - left_weight / weight * left_impurity
        )
        if improvement + _EPSILON < limits.min_impurity_decrease:
            continue

        nodes[node].feature = split.feature
        nodes[node].threshold = split.threshold
        nodes[node].missing_go_to_left = split.missing_go_to_left
        both_leaves = stays_leaf(
            depth + 1, middle - start, left_weight, left_impurity, limits
        ) and stays_leaf(depth + 1, end - middle, right_weight, right_impurity, limits)
        if columns.presorted and not both_leaves:
            partition_features(columns, features[n_constants:], start, end, work)
        # The left child is on top: it comes next.
        open_node(stack[n_open], middle, end, depth + 1, node, False, right_impurity, n_constants)
        open_node(stack[n_open + 1], start, middle, depth + 1, node, True, left_impurity, n_constants)
        n_open += 2
    return n_nodes
