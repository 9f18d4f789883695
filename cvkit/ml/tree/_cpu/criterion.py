"""Split criteria: the impurity of a node, and the best split of one feature whose values are in order.

The sums that describe a set of samples are one short vector. For classification it holds the weight of each
class; for regression the weighted sum of the responses and of their squares, and the number by which each
response is lessened first: 0, but for samples whose responses are nearly the same.
"""

from __future__ import annotations

import math

import numpy as np

from cvkit._jit import exact_helper

GINI, ENTROPY, GAIN_RATIO, SQUARED_ERROR = range(4)
# Places in the sums of regression.
SUM, SQUARES, SHIFT = range(3)

# Neighboring values closer than this count as equal, as in scikit-learn.
FEATURE_THRESHOLD = np.float32(1e-7)

# Scores of equally good splits, reached by different additions, differ in their last bits. A later split has
# to be better by more than that, so that among equal splits the first one wins.
TOLERANCE = 1e-9

# A variance that is a smaller share of the squared mean has lost half of its digits, and is summed again from
# responses that are shifted. Others are summed as scikit-learn does, so that splits and ties are the same.
_SHARE_OF_SQUARED_MEAN = 2.0**-26


@exact_helper
def score_tolerance(weight, target):
    """Return by how much a score has to be better; sums of counts, and of their squares, are exact."""
    if target.criterion == SQUARED_ERROR or (target.criterion == GINI and target.counted):
        return 0.0
    return TOLERANCE * weight


@exact_helper
def x_log2_x(x, target):
    """Return x log2 x, from the table where x is a count."""
    if target.counted:
        return target.entropy_table[np.int64(x)]
    return x * math.log2(x) if x > 0.0 else 0.0


@exact_helper
def add_samples(samples, target, sums):
    """Add samples to ``sums`` and return their weight."""
    weight = 0.0
    if target.criterion == SQUARED_ERROR:
        for sample in samples:
            w = target.weights[sample]
            response = target.responses[sample] - sums[SHIFT]
            weighted = w * response
            sums[SUM] += weighted
            sums[SQUARES] += weighted * response
            weight += w
    else:
        for sample in samples:
            w = target.weights[sample]
            sums[target.classes[sample]] += w
            weight += w
    return weight


@exact_helper
def clear_sums(total, target, sums):
    """Make room for the sums of a part of the samples that ``total`` describes."""
    sums[:] = 0.0
    if target.criterion == SQUARED_ERROR:
        sums[SHIFT] = total[SHIFT]


@exact_helper
def variance(sums, weight):
    """Return the variance of responses from their sums."""
    mean = sums[SUM] / weight
    return sums[SQUARES] / weight - mean * mean


@exact_helper
def needs_shift(sums, weight, node_variance):
    """Tell whether responses vary so little, for their mean, that sums of their squares cannot show it."""
    mean = sums[SUM] / weight
    return node_variance < _SHARE_OF_SQUARED_MEAN * (mean * mean)


@exact_helper
def shift_sums(samples, target, sums):
    """Add samples up anew, less the response of the first: differences of near numbers are exact."""
    first = target.responses[samples[0]]
    sums[:] = 0.0
    sums[SHIFT] = first
    add_samples(samples, target, sums)


@exact_helper
def impurity(samples, sums, weight, target):
    """Return the Gini index, the entropy in bits, or the variance, for which ``sums`` may be shifted."""
    if target.criterion == GINI:
        squares = 0.0
        for class_weight in sums:
            squares += class_weight * class_weight
        return 1.0 - squares / (weight * weight)
    if target.criterion == SQUARED_ERROR:
        node_variance = variance(sums, weight)
        if needs_shift(sums, weight, node_variance):
            shift_sums(samples, target, sums)
            node_variance = variance(sums, weight)
        return node_variance
    entropy = 0.0
    for class_weight in sums:
        if class_weight > 0.0:
            share = class_weight / weight
            entropy -= share * (math.log(share) / math.log(2.0))
    return entropy


@exact_helper
def is_step(values, position):
    """Tell whether a threshold fits between ``position`` and the value after it."""
    return values[position + 1] > np.float32(values[position] + FEATURE_THRESHOLD)


@exact_helper
def scan_gini(samples, values, target, limits, node, left):
    """Find the split of least Gini index; see ``scan``.

    The sums of squared class weights are kept up to date instead of summed again for each split: they are
    whole numbers, and exact, where the weights are. The score is scikit-learn's proxy, operation by
    operation: an algebraically equal one would round differently and break ties differently.
    """
    left_squares = 0.0
    right_squares = 0.0
    total, class_weights = node.sums, left.sums
    for k in range(total.shape[0]):
        left_squares += class_weights[k] * class_weights[k]
        right_squares += (total[k] - class_weights[k]) * (total[k] - class_weights[k])
    left_weight = left.weight
    tolerance = score_tolerance(node.weight, target)
    best_score = -np.inf
    best_position = 0
    first = limits.min_samples_leaf - left.n_samples - 1
    last = min(samples.shape[0] - 1, node.n_samples - left.n_samples - limits.min_samples_leaf)
    for position in range(last):
        sample = samples[position]
        k = target.classes[sample]
        w = target.weights[sample]
        left_before = class_weights[k]
        left_squares += w * (2.0 * left_before + w)
        right_squares -= w * (2.0 * (total[k] - left_before) - w)
        class_weights[k] = left_before + w
        left_weight += w
        if position >= first and is_step(values, position):
            right_weight = node.weight - left_weight
            if min(left_weight, right_weight) >= limits.min_weight_leaf:
                left_gini = 1.0 - left_squares / (left_weight * left_weight)
                right_gini = 1.0 - right_squares / (right_weight * right_weight)
                score = -right_weight * right_gini - left_weight * left_gini
                if score > best_score + tolerance:
                    best_score = score
                    best_position = position + 1
    return best_score, best_position


@exact_helper
def scan_entropy(samples, values, target, limits, node, left):
    """Find the split of least entropy; see ``scan``. The score is minus the entropy, times the weight."""
    left_sum = 0.0
    right_sum = 0.0
    total, class_weights = node.sums, left.sums
    for k in range(total.shape[0]):
        left_sum += x_log2_x(class_weights[k], target)
        right_sum += x_log2_x(total[k] - class_weights[k], target)
    left_weight = left.weight
    tolerance = score_tolerance(node.weight, target)
    best_score = -np.inf
    best_position = 0
    first = limits.min_samples_leaf - left.n_samples - 1
    last = min(samples.shape[0] - 1, node.n_samples - left.n_samples - limits.min_samples_leaf)
    for position in range(last):
        sample = samples[position]
        k = target.classes[sample]
        w = target.weights[sample]
        left_before = class_weights[k]
        right_before = total[k] - left_before
        left_sum += x_log2_x(left_before + w, target) - x_log2_x(left_before, target)
        right_sum += x_log2_x(right_before - w, target) - x_log2_x(right_before, target)
        class_weights[k] = left_before + w
        left_weight += w
        if position >= first and is_step(values, position):
            right_weight = node.weight - left_weight
            if min(left_weight, right_weight) >= limits.min_weight_leaf:
                score = left_sum - x_log2_x(left_weight, target) + right_sum - x_log2_x(right_weight, target)
                if score > best_score + tolerance:
                    best_score = score
                    best_position = position + 1
    return best_score, best_position


@exact_helper
def accumulate_left(samples, target, left, sums, weights):
    """Write the sum and the weight of the left side after each of the samples has crossed to it."""
    shift, left_sum, left_weight = left.sums[SHIFT], left.sums[SUM], left.weight
    for position in range(samples.shape[0]):
        sample = samples[position]
        w = target.weights[sample]
        left_sum += w * (target.responses[sample] - shift)
        left_weight += w
        sums[position] = left_sum
        weights[position] = left_weight


@exact_helper
def score_means(sums, weights, node, min_weight_leaf, scores):
    """Write how well the means of the two sides explain the responses, for a split after each sample."""
    total, weight = node.sums[SUM], node.weight
    for position in range(sums.shape[0]):
        left_sum, left_weight = sums[position], weights[position]
        right_sum, right_weight = total - left_sum, weight - left_weight
        score = left_sum * left_sum / left_weight + right_sum * right_sum / right_weight
        heavy = (left_weight >= min_weight_leaf) & (right_weight >= min_weight_leaf)
        scores[position] = score if heavy else -np.inf


@exact_helper
def scan_squared_error(samples, values, target, limits, node, left, running):
    """Find the split of least squared error; see ``scan``.

    The two divisions that a score takes are done for several positions at a time, whether or not the values
    differ there.
    """
    first = max(limits.min_samples_leaf - left.n_samples - 1, 0)
    last = min(samples.shape[0] - 1, node.n_samples - left.n_samples - limits.min_samples_leaf)
    if last <= first:
        return -np.inf, 0
    sums, weights, scores = running.sums[:last], running.weights[:last], running.scores[:last]
    accumulate_left(samples[:last], target, left, sums, weights)
    score_means(sums, weights, node, limits.min_weight_leaf, scores)
    best_score = -np.inf
    best_position = 0
    for position in range(first, last):
        if scores[position] > best_score and is_step(values, position):
            best_score = scores[position]
            best_position = position + 1
    return best_score, best_position


@exact_helper
def scan(samples, values, target, limits, node, left, running):
    """Find the best split of one feature.

    ``samples`` in order of their ``values`` cross from the right to the left one by one. ``node`` describes
    all samples of the node; ``left`` those that are on the left already (the ones with a missing value, or
    none), and its sums are used up; ``running`` is scratch memory. Returns the score (the larger the better)
    and how many of ``samples`` go left.
    """
    if target.criterion == GINI:
        return scan_gini(samples, values, target, limits, node, left)
    if target.criterion == SQUARED_ERROR:
        return scan_squared_error(samples, values, target, limits, node, left, running)
    return scan_entropy(samples, values, target, limits, node, left)


@exact_helper
def gain_and_split_information(score, left_weight, node, target):
    """Return C4.5's information gain of a split and the entropy of the sizes of its sides, in bits."""
    of_node = x_log2_x(node.weight, target)
    of_classes = 0.0
    for class_weight in node.sums:
        of_classes += x_log2_x(class_weight, target)
    of_sides = x_log2_x(left_weight, target) + x_log2_x(node.weight - left_weight, target)
    return (score + of_node - of_classes) / node.weight, (of_node - of_sides) / node.weight
