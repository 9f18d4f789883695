"""Weakest-link pruning: which branches go, in which order."""

from __future__ import annotations

import numpy as np

from cvkit._jit import helper, serial_kernel


@helper
def weakest_link(node_cost, branch_cost, n_leaves, can_be_pruned):
    """Find the branch that saves least per leaf, and what it saves; the first of equal ones."""
    least = np.inf
    weakest = 0
    for node in range(node_cost.shape[0]):
        if can_be_pruned[node]:
            alpha = (node_cost[node] - branch_cost[node]) / (n_leaves[node] - 1)
            if alpha < least:
                least = alpha
                weakest = node
    return weakest, least


@helper
def prune_branch(top, children_left, children_right, can_be_pruned, stack):
    """Note that nothing is left to prune in a node and below it."""
    stack[0] = top
    n_open = 1
    while n_open > 0:
        n_open -= 1
        node = stack[n_open]
        if can_be_pruned[node]:
            can_be_pruned[node] = False
            stack[n_open] = children_right[node]
            stack[n_open + 1] = children_left[node]
            n_open += 2


@serial_kernel(allocates=True)
def prune(children_left, children_right, node_cost, largest_alpha, is_leaf, alphas, costs):
    """Prune the weakest branch, again and again, while it saves at most ``largest_alpha`` a leaf.

    ``is_leaf`` marks the leaves of the tree and afterwards those of the pruned tree, and may mark nodes below
    them. ``alphas`` and ``costs`` receive the alpha of each step and the cost of the tree after it; returns
    the number of steps.
    """
    n_nodes = node_cost.shape[0]
    parent = np.full(n_nodes, -1)
    stack = np.empty(n_nodes + 1, np.int64)
    n_leaves = np.zeros(n_nodes, np.int64)
    branch_cost = np.zeros(n_nodes)
    can_be_pruned = np.zeros(n_nodes, np.bool_)
    for node in range(n_nodes):
        if children_left[node] >= 0:
            parent[children_left[node]] = node
            parent[children_right[node]] = node
            can_be_pruned[node] = True
    for leaf in range(n_nodes):
        if is_leaf[leaf]:
            node = leaf
            while node >= 0:
                branch_cost[node] += node_cost[leaf]
                n_leaves[node] += 1
                node = parent[node]
    alphas[0] = 0.0
    costs[0] = branch_cost[0]
    n_steps = 1
    while can_be_pruned[0]:
        weakest, alpha = weakest_link(node_cost, branch_cost, n_leaves, can_be_pruned)
        if alpha > largest_alpha:
            break
        prune_branch(weakest, children_left, children_right, can_be_pruned, stack)
        is_leaf[weakest] = True
        fewer = n_leaves[weakest] - 1
        increase = node_cost[weakest] - branch_cost[weakest]
        node = weakest
        while node >= 0:
            n_leaves[node] -= fewer
            branch_cost[node] += increase
            node = parent[node]
        alphas[n_steps] = alpha
        costs[n_steps] = branch_cost[0]
        n_steps += 1
    return n_steps


@serial_kernel(allocates=True)
def preorder(children_left, children_right, is_leaf, order):
    """List the nodes that are left in preorder, down to the leaves of the pruned tree; return how many."""
    stack = np.empty(is_leaf.shape[0] + 1, np.int64)
    stack[0] = 0
    n_open = 1
    n_left = 0
    while n_open > 0:
        n_open -= 1
        node = stack[n_open]
        order[n_left] = node
        n_left += 1
        if not is_leaf[node]:
            stack[n_open] = children_right[node]
            stack[n_open + 1] = children_left[node]
            n_open += 2
    return n_left
