"""Minimal cost-complexity pruning (Breiman, Friedman, Olshen, Stone: CART, 1984, chapter 3)."""

from __future__ import annotations

import numpy as np

from cvkit.ml.tree._cpu import pruning as kernels


def _prune(nodes: np.ndarray, largest_alpha: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    is_leaf = nodes["left_child"] < 0
    weight = nodes["weighted_n_node_samples"]
    node_cost = weight * nodes["impurity"] / weight[0]
    alphas = np.empty(len(nodes))
    costs = np.empty(len(nodes))
    n_steps = kernels.prune(
        nodes["left_child"].copy(),
        nodes["right_child"].copy(),
        node_cost,
        largest_alpha,
        is_leaf,
        alphas,
        costs,
    )
    return is_leaf, alphas[:n_steps], costs[:n_steps]


def pruning_path(nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the alpha at which each branch falls, from 0 up, and the impurity of the tree that is left."""
    _, alphas, costs = _prune(nodes, np.inf)
    return alphas, costs


def prune_tree(nodes: np.ndarray, values: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes and values of the smallest tree that is best at complexity cost ``alpha`` a leaf."""
    is_leaf, _, _ = _prune(nodes, alpha)
    order = np.empty(len(nodes), np.int64)
    n_left = kernels.preorder(nodes["left_child"].copy(), nodes["right_child"].copy(), is_leaf, order)
    order = order[:n_left]
    new_index = np.zeros(len(nodes), np.int32)
    new_index[order] = np.arange(n_left)
    pruned = nodes[order]
    inner = ~is_leaf[order]
    pruned["left_child"][inner] = new_index[pruned["left_child"][inner]]
    pruned["right_child"][inner] = new_index[pruned["right_child"][inner]]
    pruned["left_child"][~inner] = -1
    pruned["right_child"][~inner] = -1
    pruned["feature"][~inner] = -2
    pruned["threshold"][~inner] = -2.0
    pruned["missing_go_to_left"][~inner] = False
    return pruned, values[order]
