"""The best split of a feature of few values: from the class weights at each value, without sorting samples.

Whole-number weights add up exactly in any order, so that the split is the one that sorted samples lead to.
"""

from __future__ import annotations

import numpy as np

from cvkit._jit import exact_helper
from cvkit.ml.tree._cpu.criterion import FEATURE_THRESHOLD, GINI

# A cell of the histogram counts the samples of one class at one value in its upper half, and adds up their
# weights in its lower half.
_SAMPLE = np.int64(1 << 32)
_WEIGHT = np.int64((1 << 32) - 1)
LARGEST_HISTOGRAM = 4096
# A histogram takes one pass over the samples and one over its cells: sorting costs more than so many cells.
_CELLS_PER_SAMPLE = 8


@exact_helper
def fits_histogram(n_values, n_samples, target, n_classes):
    """Tell whether a node's samples are best gathered in a histogram of the values of a feature."""
    n_cells = n_values * n_classes
    return (
        target.criterion == GINI
        and target.counted
        and n_cells <= LARGEST_HISTOGRAM
        and n_cells <= _CELLS_PER_SAMPLE * n_samples
    )


@exact_helper
def fill_histogram(ranked, n_values, node_samples, target, n_classes, histogram):
    """Count samples and weights by value, from the least of the node on, and class."""
    for cell in range(n_values * n_classes):
        histogram[cell] = 0
    for sample in node_samples:
        value = np.uint64(ranked.ranks[sample] - ranked.least)
        cell = value * np.uint64(n_classes) + np.uint64(target.classes[sample])
        histogram[cell] += _SAMPLE + np.int64(target.weights[sample])


@exact_helper
def sum_cells(cells):
    """Add up the cells of one value."""
    total = np.int64(0)
    for cell in cells:
        total += cell
    return total


@exact_helper
def move_left(cells, left, right):
    """Move the samples of one value to the left; return how much the sums of squared weights grow."""
    left_growth = np.int64(0)
    right_growth = np.int64(0)
    for k in range(cells.shape[0]):
        weight = cells[k] & _WEIGHT
        left_growth += weight * (2 * left[k] + weight)
        right_growth += weight * (weight - 2 * right[k])
        left[k] += weight
        right[k] -= weight
    return left_growth, right_growth


@exact_helper
def scan_histogram(histogram, values, n_values, limits, node, left, right):
    """Find the split of least Gini index; the score is that of ``criterion.scan_gini``.

    ``left`` and ``right`` are the class weights on either side, none and all of them at first. Returns the
    score, how many samples go left, and between which of the values the threshold lies.
    """
    n_classes = left.shape[0]
    left_squares = np.int64(0)
    right_squares = np.int64(0)
    for k in range(n_classes):
        right_squares += right[k] * right[k]
    left_weight = np.int64(0)
    n_left = np.int64(0)
    last = 0
    best_score = -np.inf
    best_n_left, best_below, best_above = np.int64(0), 0, 0
    for i in range(n_values):
        cells = histogram[i * n_classes : (i + 1) * n_classes]
        here = sum_cells(cells)
        if here == 0:
            continue
        enough = n_left >= limits.min_samples_leaf and node.n_samples - n_left >= limits.min_samples_leaf
        if n_left > 0 and enough and values[i] > np.float32(values[last] + FEATURE_THRESHOLD):
            left_total = np.float64(left_weight)
            right_total = node.weight - left_total
            if min(left_total, right_total) >= limits.min_weight_leaf:
                left_gini = 1.0 - np.float64(left_squares) / (left_total * left_total)
                right_gini = 1.0 - np.float64(right_squares) / (right_total * right_total)
                score = -right_total * right_gini - left_total * left_gini
                if score > best_score:
                    best_score = score
                    best_n_left, best_below, best_above = n_left, last, i
        left_growth, right_growth = move_left(cells, left, right)
        left_squares += left_growth
        right_squares += right_growth
        left_weight += here & _WEIGHT
        n_left += here >> 32
        last = i
    return best_score, best_n_left, best_below, best_above
