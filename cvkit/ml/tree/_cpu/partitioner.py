"""Partitioning the samples of a node by its split, in every order in which they are kept."""

from __future__ import annotations

import numpy as np

from cvkit._jit import exact_helper
from cvkit._rows import copy_row


@exact_helper
def mark_sides(columns, node_samples, start, end, split, work):
    """Mark which samples of the node go left."""
    if columns.presorted:
        samples = columns.samples[split["feature"]]
        end_present = end - split["n_missing"]
        for i in range(start, end_present):
            work.goes_left[samples[i]] = i < start + split["n_present_left"]
        for i in range(end_present, end):
            work.goes_left[samples[i]] = split["missing_go_to_left"]
    else:
        ranks = columns.ranks[split["feature"]]
        distinct = columns.distinct[split["feature"]]
        for i in range(start, end):
            value = distinct[ranks[node_samples[i]]]
            if value == np.inf:
                work.goes_left[node_samples[i]] = split["missing_go_to_left"]
            else:
                work.goes_left[node_samples[i]] = value <= split["threshold"]


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
    copy_row(right_samples, samples[n_left:])
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
    copy_row(right_samples, samples[n_left:])
    copy_row(right_values, values[n_left:])


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
