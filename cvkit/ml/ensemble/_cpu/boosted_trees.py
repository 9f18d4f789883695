"""Boosted trees over features quantized to bytes: histograms of weights, their best splits, and walks.

A tree of depth d is a heap: 2^d - 1 nodes, the children of node j being 2j + 1 and 2j + 2, above 2^d leaves.
A sample goes left where its value is below the node's threshold.
"""

from __future__ import annotations

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span

BINS = 256
ERROR, GINI, EXPONENTIAL = range(3)

# Features whose splits one thread finds with the same buffers.
_FEATURES_TOGETHER = 8
# Samples that one thread walks down at a time.
_BLOCK = 4096


@helper
def add_weights(row, samples, cells, weights, histogram, second_histogram):
    """Add each sample's weight to the cell of its node and class, at its value.

    Neighbors in a histogram's list often share a cell, and an addition would wait for the one before; with
    two histograms by turns it waits half as long.
    """
    for i in range(samples.shape[0] // 2):
        first, second = np.uint64(2 * i), np.uint64(2 * i + 1)
        histogram[cells[first] + row[samples[first]]] += weights[first]
        second_histogram[cells[second] + row[samples[second]]] += weights[second]
    if samples.shape[0] % 2:
        last = np.uint64(samples.shape[0] - 1)
        histogram[cells[last] + row[samples[last]]] += weights[last]
    for cell in range(histogram.shape[0]):
        histogram[cell] += second_histogram[cell]


@helper
def cumulative_sums(histogram, sums):
    """Write the sums of all cells before each one."""
    total = 0.0
    for value in range(BINS):
        sums[value] = total
        total += histogram[value]
    return total


@helper
def gini_losses(negative, positive, all_negative, all_positive, losses):
    """Weighted Gini index of both sides of each threshold, halved."""
    for value in range(BINS):
        left_negative, left_positive = negative[value], positive[value]
        right_negative, right_positive = all_negative - left_negative, all_positive - left_positive
        # An empty side has no impurity; the least number keeps 0 / 0 away.
        left = left_negative * left_positive / max(left_negative + left_positive, 1e-300)
        right = right_negative * right_positive / max(right_negative + right_positive, 1e-300)
        losses[value] = left + right


@helper
def exponential_losses(negative, positive, all_negative, all_positive, losses):
    """Exponential loss of both sides of each threshold, halved, when each leaf gives its half log odds."""
    for value in range(BINS):
        left = negative[value] * positive[value]
        right = (all_negative - negative[value]) * (all_positive - positive[value])
        losses[value] = np.sqrt(max(left, 0.0)) + np.sqrt(max(right, 0.0))


@helper
def error_losses(negative, positive, all_negative, all_positive, losses):
    """Misclassified weight on both sides of each threshold."""
    for value in range(BINS):
        left = min(negative[value], positive[value])
        right = min(all_negative - negative[value], all_positive - positive[value])
        losses[value] = left + right


@helper
def least_loss(losses):
    """Find the first least loss."""
    best = 0
    for value in range(1, BINS):
        if losses[value] < losses[best]:
            best = value
    return best


@helper
def middle_of_gap(negative, positive, threshold):
    """Move a threshold to the middle of the values that no sample has; 0 means no split."""
    if threshold == 0:
        return 0
    end = threshold
    while end < BINS - 1 and negative[end] + positive[end] == 0.0:
        end += 1
    return (threshold + end + 1) // 2 if end < BINS - 1 else threshold


@cpu_kernel
def find_splits(features, chosen, samples, cells, weights, criterion, losses, thresholds):
    """Find the best threshold of some features for each node of a level.

    Parameters are the quantized features, (features, samples) uint8, and which of them to try; the samples
    that count, and of each the cell where the histogram of its node and class begins, and its weight. Written
    are the loss and the threshold of each feature's best split, (features, nodes).
    """
    n_chosen, n_nodes = losses.shape
    for block in prange(parts_of(n_chosen, _FEATURES_TOGETHER)):
        histogram = np.empty(2 * n_nodes * BINS)
        second_histogram = np.empty(2 * n_nodes * BINS)
        negative, positive, scores = np.empty(BINS), np.empty(BINS), np.empty(BINS)
        first, last = span(block, _FEATURES_TOGETHER, n_chosen)
        for place in range(first, last):
            histogram[:] = 0.0
            second_histogram[:] = 0.0
            add_weights(features[chosen[place]], samples, cells, weights, histogram, second_histogram)
            for node in range(n_nodes):
                middle = (2 * node + 1) * BINS
                of_negative = histogram[middle - BINS : middle]
                of_positive = histogram[middle : middle + BINS]
                all_negative = cumulative_sums(of_negative, negative)
                all_positive = cumulative_sums(of_positive, positive)
                if criterion == GINI:
                    gini_losses(negative, positive, all_negative, all_positive, scores)
                elif criterion == EXPONENTIAL:
                    exponential_losses(negative, positive, all_negative, all_positive, scores)
                else:
                    error_losses(negative, positive, all_negative, all_positive, scores)
                best = least_loss(scores)
                losses[place, node] = scores[best]
                thresholds[place, node] = middle_of_gap(of_negative, of_positive, best)


@cpu_kernel
def walk_level(features, feature, threshold, nodes):
    """Send every sample from its node of one level, counted from 0, to a node of the next."""
    n = nodes.shape[0]
    for block in prange(parts_of(n, _BLOCK)):
        first, last = span(block, _BLOCK, n)
        for sample in range(first, last):
            node = nodes[sample]
            nodes[sample] = 2 * node + (features[feature[node], sample] >= threshold[node])


@cpu_kernel
def sum_leaves(rows, feature, threshold, leaf, sums):
    """Add up the leaves that each row reaches; a row goes left where its value is at most the threshold."""
    n_trees, n_inner = feature.shape
    n = rows.shape[0]
    for block in prange(parts_of(n, _BLOCK)):
        first, last = span(block, _BLOCK, n)
        for i in range(first, last):
            total = 0.0
            for tree in range(n_trees):
                node = 0
                while node < n_inner:
                    node = 2 * node + (1 if rows[i, feature[tree, node]] <= threshold[tree, node] else 2)
                total += leaf[tree, node - n_inner]
            sums[i] = total
