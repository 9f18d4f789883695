"""What growing a tree works on: records of nodes and splits, the data, the limits, and scratch memory.

Kernels name the fields of a record in brackets, which means the same to Numba and to NumPy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEAF = -1
UNDEFINED = -2

# All 48 bytes have a name: bytes between fields and after them are never written, but they are saved.
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
        ("unused", np.uint8, (7,)),
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

BRANCH_DTYPE = np.dtype(
    [
        ("improvement", np.float64),
        ("threshold", np.float64),
        ("left_impurity", np.float64),
        ("right_impurity", np.float64),
        ("feature", np.int64),
        ("start", np.int64),
        ("middle", np.int64),
        ("end", np.int64),
        ("depth", np.int64),
        ("n_constant_features", np.int64),
        ("missing_go_to_left", np.bool_),
        ("is_leaf", np.bool_),
    ],
    align=True,
)

STACK_DTYPE = np.dtype(
    [
        ("impurity", np.float64),
        ("weight", np.float64),
        ("start", np.int64),
        ("end", np.int64),
        ("depth", np.int64),
        ("parent", np.int64),
        ("n_constant_features", np.int64),
        ("is_left", np.bool_),
    ],
    align=True,
)


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


class Target(NamedTuple):
    """What the tree is to predict. Either ``classes`` or ``responses`` is used, as the criterion says."""

    criterion: int
    classes: np.ndarray  # (n,) uint32
    responses: np.ndarray  # (n,) float64; scaled so that their squares neither overflow nor vanish
    weights: np.ndarray  # (n,) float64
    counted: bool  # the weights are whole numbers
    entropy_table: np.ndarray  # x log2 x for x = 0, 1, ... sum of weights, where the weights are counted


class RunningSums(NamedTuple):
    """Sums over the samples up to each, in order of one feature; only regression fills them."""

    sums: np.ndarray  # (n_in_tree,) float64
    weights: np.ndarray  # (n_in_tree,) float64
    scores: np.ndarray  # (n_in_tree,) float64; of a split after each


class Limits(NamedTuple):
    """When a node stays a leaf, and how many features it looks at."""

    max_depth: int
    min_samples_split: int
    min_samples_leaf: int
    min_weight_leaf: float  # a share of the tree's weight, until a tree is grown
    min_impurity_decrease: float
    least_impurity: float  # a node that has no more is pure
    max_features: int
    max_leaf_nodes: int  # 0: as many as there are


class SampleSums(NamedTuple):
    """What a criterion knows of some samples: the sums that it describes, their weight, their number."""

    sums: np.ndarray  # (n_sums,) float64
    weight: float
    n_samples: int


class RankedFeature(NamedTuple):
    """One feature of a tree that is not presorted, and the ranks that its values have in a node."""

    feature: int
    ranks: np.ndarray  # (n_samples,) uint32
    distinct: np.ndarray  # (n_samples,) float32; the value of each rank
    least: np.uint32
    most: np.uint32


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
    running: RunningSums
    total: np.ndarray  # (n_sums,) float64; sums of the node
    left: np.ndarray  # (n_sums,) float64; sums of its left side
    features: np.ndarray  # (n_features,) int64; see find_splits
    constant_features: np.ndarray  # (n_features,) int64
    splits: np.ndarray  # (n_features,) SPLIT_DTYPE
    stack: np.ndarray  # (n_in_tree + 1,) STACK_DTYPE; a node waits on each level
    branches: np.ndarray  # (capacity or 1,) BRANCH_DTYPE; of each node in the frontier, or of the one at hand
    frontier: np.ndarray  # (capacity or 0,) int64
    random_state: np.ndarray  # (1,) uint32
