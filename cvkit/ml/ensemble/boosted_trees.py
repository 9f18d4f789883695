"""Boosting of shallow trees over quantized features: the engine of the classifier and of the detectors.

Freund and Schapire 1997 (discrete), Schapire and Singer 1999 (real), Friedman, Hastie and Tibshirani 2000
(gentle, and leaving out the samples of least weight).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from cvkit.ml.ensemble._cpu import boosted_trees as kernels

CRITERIA = {"error": kernels.ERROR, "gini": kernels.GINI, "exponential": kernels.EXPONENTIAL}

# Keeps the logarithm of the odds of a leaf finite that only one class reaches; half its share of all weight.
_SMOOTHING = 1e-4
# Beyond this margin a sample weighs nothing that counts, or all.
_LARGEST_MARGIN = 300.0
# Discrete boosting lets no share of the weight become less, as in scikit-learn.
_LEAST_WEIGHT = np.finfo(float).eps


@dataclass(frozen=True)
class BoostedTrees:
    """Trees of one depth d as heaps, and how well each one did.

    Parameters
    ----------
    feature : (trees, 2^d - 1) int32
        The feature that each node looks at; the children of node j are 2j + 1 and 2j + 2.
    threshold : (trees, 2^d - 1) uint8
        A sample goes left where its value is below; 0 sends all to the right.
    leaf : (trees, 2^d) float64
        What each leaf adds to the score.
    gain : (trees, 2^d - 1) float64
        By how much each node lessens the Gini index, as a share of all weight.
    error : (trees,) float64
        Share of the weight that each tree by itself misclassifies.
    """

    feature: np.ndarray
    threshold: np.ndarray
    leaf: np.ndarray
    gain: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class BoostingParameters:
    """How trees are grown and weighted.

    Parameters
    ----------
    depth : int
        Comparisons from the root of a tree to a leaf.
    kind : {"discrete", "real", "gentle"}
        What a leaf adds to the score: the class of its majority, times the weight of the tree; half the
        logarithm of the odds; or the difference of the classes' shares.
    criterion : {"gini", "error", "exponential"}
        What a split lessens.
    max_features : int, optional
        Features drawn for each level of each tree; all of them by default.
    learning_rate : float
        Factor of every leaf.
    trimming : float
        Share of all weight that the lightest samples may have together for splits to be found without them.
    seed : int
        Decides the draws.
    """

    depth: int = 1
    kind: str = "discrete"
    criterion: str = "gini"
    max_features: int | None = None
    learning_rate: float = 1.0
    trimming: float = 0.0
    seed: int = 0


def boost(
    features: np.ndarray,
    is_positive: np.ndarray,
    weights: np.ndarray,
    n_trees: int,
    parameters: BoostingParameters,
) -> BoostedTrees:
    """Boost trees; every tree weights the samples by how the trees before it did.

    Parameters
    ----------
    features : (features, samples) uint8
        Quantized, C-contiguous; read in place.
    is_positive : (samples,) bool
        The class.
    weights : (samples,) float64
        Not negative, with a positive sum.
    n_trees : int
        The largest number of trees. Discrete boosting that draws no features ends after a tree that makes no
        error, and before one that does no better than chance: the next would be the same again. Boosting of
        any kind ends, with a warning, after a tree that lets the weights run away.
    parameters : BoostingParameters
        How to grow them.

    Returns
    -------
    BoostedTrees
        The same at any number of threads.
    """
    generator = np.random.default_rng(parameters.seed)
    signs = np.where(is_positive, 1.0, -1.0)
    margins = np.zeros(len(signs))
    trees: list[tuple[np.ndarray, ...]] = []
    repeats = parameters.kind == "discrete" and parameters.max_features is None
    current = weights / weights.sum()
    for _ in range(n_trees):
        feature, threshold, reached = _grow(features, is_positive, current, parameters, generator)
        shares = _class_shares(reached, is_positive, current, parameters.depth)
        error = float(shares.min(axis=1).sum())
        leaf = parameters.learning_rate * _leaf_values(shares, error, parameters.kind)
        if repeats and trees and not leaf.any():
            break
        trees.append((feature, threshold, leaf, _gains(shares), np.array(error)))
        if repeats and (error <= 0.0 or not leaf.any()):
            break
        step = signs * leaf[reached]
        margins += step
        current = (
            _reweight(current, step)
            if parameters.kind == "discrete"
            else _weights_of_margins(weights, margins)
        )
        if not current.any():
            warnings.warn(
                f"The weights of the samples run away after {len(trees)} trees, and boosting ends there: "
                f"learning_rate={parameters.learning_rate:g} is too large",
                stacklevel=3,
            )
            break
    return BoostedTrees(*(np.array(column) for column in zip(*trees, strict=True)))


def _reweight(current: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Return the weights after a step of the margins in discrete boosting; zeros if they overflow."""
    with np.errstate(over="ignore"):
        grown = np.exp(np.log(current) + 2.0 * np.maximum(-step, 0.0))
        total = grown.sum()
    if not np.isfinite(total):
        return np.zeros_like(grown)
    kept = np.maximum(grown / total, _LEAST_WEIGHT)
    return kept / kept.sum()


def _weights_of_margins(weights: np.ndarray, margins: np.ndarray) -> np.ndarray:
    """Return the weights that belong to margins; zeros if they run away.

    Their sum is the exponential loss, which trees lessen unless the learning rate is too large.
    """
    current = weights * np.exp(-np.clip(margins, -_LARGEST_MARGIN, _LARGEST_MARGIN))
    total = current.sum()
    if total * _LEAST_WEIGHT > weights.sum():
        return np.zeros_like(weights)
    return current / total


def _grow(
    features: np.ndarray,
    is_positive: np.ndarray,
    weights: np.ndarray,
    parameters: BoostingParameters,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Grow one tree; return its nodes' features and thresholds, and the leaf that each sample reaches."""
    kept = _heaviest(weights, parameters.trimming)
    kept_weights, kept_classes = weights[kept], is_positive[kept].astype(np.uint32)
    nodes = np.zeros(len(weights), np.uint32)
    feature = np.empty(2**parameters.depth - 1, np.int32)
    threshold = np.empty(2**parameters.depth - 1, np.uint8)
    for level in range(parameters.depth):
        chosen = np.arange(len(features))
        if parameters.max_features is not None:
            chosen = np.sort(generator.choice(len(features), parameters.max_features, replace=False))
        n_nodes = 2**level
        losses, thresholds = np.empty((len(chosen), n_nodes)), np.empty((len(chosen), n_nodes), np.uint8)
        cells = (2 * nodes[kept] + kept_classes) * np.uint32(kernels.BINS)
        criterion = CRITERIA[parameters.criterion]
        kernels.find_splits(features, chosen, kept, cells, kept_weights, criterion, losses, thresholds)
        best = losses.argmin(axis=0)
        at_level = slice(n_nodes - 1, 2 * n_nodes - 1)
        feature[at_level] = chosen[best]
        threshold[at_level] = thresholds[best, np.arange(n_nodes)]
        kernels.walk_level(features, feature[at_level], threshold[at_level], nodes)
    return feature, threshold, nodes


def _heaviest(weights: np.ndarray, trimming: float) -> np.ndarray:
    """Return the samples but for the lightest, which have at most the share ``trimming`` of all weight."""
    if trimming == 0.0:
        return np.flatnonzero(weights).astype(np.uint32)
    ascending = np.sort(weights)
    lightest = np.searchsorted(np.cumsum(ascending), trimming * weights.sum(), side="right")
    return np.flatnonzero(weights >= ascending[lightest]).astype(np.uint32)


def _class_shares(
    reached: np.ndarray, is_positive: np.ndarray, weights: np.ndarray, depth: int
) -> np.ndarray:
    """Weight of the negatives and of the positives in each leaf, (leaves, 2)."""
    cells = 2 * reached.astype(np.intp) + is_positive
    return np.bincount(cells, weights, minlength=2 ** (depth + 1)).reshape(-1, 2)


def _leaf_values(shares: np.ndarray, error: float, kind: str) -> np.ndarray:
    """Return what each leaf adds to the score."""
    negative, positive = shares.T
    if kind == "discrete":
        # A tree without errors gets the weight that scikit-learn gives it.
        tree_weight = 0.5 * np.log((1.0 - error) / error) if error > 0.0 else 0.5
        return max(tree_weight, 0.0) * np.where(positive > negative, 1.0, -1.0)
    if kind == "real":
        smoothing = _SMOOTHING / len(shares)
        return 0.5 * np.log((positive + smoothing) / (negative + smoothing))
    return (positive - negative) / np.maximum(positive + negative, np.finfo(float).tiny)


def _gains(shares: np.ndarray) -> np.ndarray:
    """By how much each node lessens the Gini index."""
    gains: list[np.ndarray] = []
    while len(shares) > 1:
        parents = shares.reshape(-1, 2, 2).sum(axis=1)
        gains.insert(0, _gini(parents) - _gini(shares).reshape(-1, 2).sum(axis=1))
        shares = parents
    return np.maximum(np.concatenate(gains), 0.0)


def _gini(shares: np.ndarray) -> np.ndarray:
    """Gini index of nodes, times their weights."""
    return 2.0 * shares.prod(axis=1) / np.maximum(shares.sum(axis=1), np.finfo(float).tiny)
