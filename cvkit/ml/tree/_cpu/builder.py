"""Building a decision tree, depth first or best first, with scikit-learn's random stream and order of nodes.

A tree that looks at many features keeps, for each feature, its samples in order of value: sorted once, then
partitioned stably from node to node. A tree that draws a few features sorts those in each node, by the ranks
that the values have in the whole data.
"""

from __future__ import annotations

from cvkit._jit import exact_helper, serial_kernel
from cvkit._rows import copy_row
from cvkit.ml.tree._cpu.criterion import SQUARED_ERROR, add_samples, impurity, needs_shift, shift_sums
from cvkit.ml.tree._cpu.frontier import add_to_frontier, take_from_frontier
from cvkit.ml.tree._cpu.partitioner import mark_sides, partition_features, partition_samples
from cvkit.ml.tree._cpu.records import LEAF, UNDEFINED, SampleSums
from cvkit.ml.tree._cpu.splitter import choose_split, find_splits


@exact_helper
def stays_leaf(depth, n, weight, node_impurity, limits):
    """Tell whether a node is not worth a search for a split."""
    return (
        depth >= limits.max_depth
        or n < limits.min_samples_split
        or n < 2 * limits.min_samples_leaf
        or weight < 2 * limits.min_weight_leaf
        or node_impurity <= limits.least_impurity
    )


@exact_helper
def write_stack_record(record, start, end, depth, parent, is_left, node_impurity, n_constant_features):
    """Write down, for the stack, a node that waits for its split."""
    record["start"] = start
    record["end"] = end
    record["depth"] = depth
    record["parent"] = parent
    record["is_left"] = is_left
    record["impurity"] = node_impurity
    record["n_constant_features"] = n_constant_features


@exact_helper
def write_leaf(node, n, weight, node_impurity):
    """Write down a node, as a leaf until a split is found for it."""
    node["impurity"] = node_impurity
    node["n_node_samples"] = n
    node["weighted_n_node_samples"] = weight
    node["left_child"] = LEAF
    node["right_child"] = LEAF
    node["feature"] = UNDEFINED
    node["threshold"] = UNDEFINED
    node["missing_go_to_left"] = False


@exact_helper
def write_value(sums, weight, value):
    """Write the value of a node: the share of each class, or the mean response."""
    for k in range(value.shape[0]):
        value[k] = sums[k] / weight


@exact_helper
def link_to_parent(nodes, node, parent, is_left):
    """Tell the parent of a node, if it has one, which child it got."""
    if parent == UNDEFINED:
        return
    if is_left:
        nodes[parent]["left_child"] = node
    else:
        nodes[parent]["right_child"] = node


@exact_helper
def partition_node(columns, target, limits, node_samples, record, tree_weight, work, branch):
    """Look for the best split of a node, partition its samples by it, and fill in ``branch``.

    ``work.total`` holds the sums of the node. ``branch["is_leaf"]`` turns false where the split is worth it.
    """
    start = record["start"]
    end = record["end"]
    weight = record["weight"]
    n_known_constants = record["n_constant_features"]
    if target.criterion == SQUARED_ERROR and needs_shift(work.total, weight, record["impurity"]):
        shift_sums(node_samples[start:end], target, work.total)
    node = SampleSums(work.total, weight, end - start)
    n_splits, n_constants = find_splits(columns, target, limits, node_samples, record, node, work)
    # Siblings and their descendants rely on the order of the features known to be constant.
    copy_row(work.constant_features, work.features[:n_known_constants])
    copy_row(work.features[n_known_constants:], work.constant_features[n_known_constants:n_constants])
    if n_splits == 0:
        return
    split = work.splits[choose_split(work.splits[:n_splits], weight, target)]
    mark_sides(columns, node_samples, start, end, split, work)
    middle = start + partition_samples(node_samples[start:end], work.goes_left, work.right_samples)
    work.left[:] = 0.0
    left_weight = add_samples(node_samples[start:middle], target, work.left)
    left_impurity = impurity(node_samples[start:middle], work.left, left_weight, target)
    # Summed, not subtracted from the total: a pure side has to come out as exactly pure.
    work.total[:] = 0.0
    right_weight = add_samples(node_samples[middle:end], target, work.total)
    right_impurity = impurity(node_samples[middle:end], work.total, right_weight, target)
    improvement = (weight / tree_weight) * (
        record["impurity"] - right_weight / weight * right_impurity - left_weight / weight * left_impurity
    )
    if improvement + limits.least_impurity < limits.min_impurity_decrease:
        return

    depth = record["depth"] + 1
    branch["is_leaf"] = False
    branch["improvement"] = improvement
    branch["feature"] = split["feature"]
    branch["threshold"] = split["threshold"]
    branch["missing_go_to_left"] = split["missing_go_to_left"]
    branch["start"] = start
    branch["middle"] = middle
    branch["end"] = end
    branch["depth"] = depth
    branch["left_impurity"] = left_impurity
    branch["right_impurity"] = right_impurity
    branch["n_constant_features"] = n_constants
    both_leaves = stays_leaf(depth, middle - start, left_weight, left_impurity, limits) and stays_leaf(
        depth, end - middle, right_weight, right_impurity, limits
    )
    if columns.presorted and not both_leaves:
        partition_features(columns, work.features[n_constants:], start, end, work)


@exact_helper
def split_node(nodes, node, branch, stack, n_stacked):
    """Make a node an inner one and put its children on the stack, the left one on top: it comes next."""
    nodes[node]["feature"] = branch["feature"]
    nodes[node]["threshold"] = branch["threshold"]
    nodes[node]["missing_go_to_left"] = branch["missing_go_to_left"]
    start, middle, end, depth = branch["start"], branch["middle"], branch["end"], branch["depth"]
    n_constants = branch["n_constant_features"]
    write_stack_record(
        stack[n_stacked], middle, end, depth, node, False, branch["right_impurity"], n_constants
    )
    write_stack_record(
        stack[n_stacked + 1], start, middle, depth, node, True, branch["left_impurity"], n_constants
    )
    return n_stacked + 2


@serial_kernel(contract=False)
def build(columns, target, limits, node_samples, work, nodes, node_values):
    """Grow a tree and return its number of nodes.

    Depth first, each node is split as soon as it is reached, and nodes come in preorder. Best first, where
    ``limits.max_leaf_nodes`` is not 0, every new node joins the frontier, and the most rewarding one of it is
    split as long as leaves are left.

    Parameters
    ----------
    columns, target, limits
        The data, what to predict, and when to stop.
    node_samples : (n_in_tree,) uint32
        The samples of the tree; reordered so that each node's samples lie together.
    work
        Scratch memory; ``random_state`` holds the seed.
    nodes, node_values : arrays
        The tree, written in the order in which nodes are reached; as long as the tree can become.
    """
    is_best_first = limits.max_leaf_nodes > 0
    for feature in range(work.features.shape[0]):
        work.features[feature] = feature
    work.total[:] = 0.0
    tree_weight = add_samples(node_samples, target, work.total)
    root_impurity = impurity(node_samples, work.total, tree_weight, target)
    write_stack_record(work.stack[0], 0, node_samples.shape[0], 0, UNDEFINED, False, root_impurity, 0)
    n_stacked = 1
    n_nodes = 0
    n_leaves = 1
    n_waiting = 0
    while n_stacked > 0:
        n_stacked -= 1
        record = work.stack[n_stacked]
        node = n_nodes
        n_nodes += 1
        n = record["end"] - record["start"]
        work.total[:] = 0.0
        weight = add_samples(node_samples[record["start"] : record["end"]], target, work.total)
        write_leaf(nodes[node], n, weight, record["impurity"])
        write_value(work.total, weight, node_values[node])
        link_to_parent(nodes, node, record["parent"], record["is_left"])

        branch = work.branches[node if is_best_first else 0]
        branch["is_leaf"] = True
        branch["improvement"] = 0.0
        if not stays_leaf(record["depth"], n, weight, record["impurity"], limits):
            record["weight"] = weight
            partition_node(columns, target, limits, node_samples, record, tree_weight, work, branch)
        n_to_split = 1
        if is_best_first:
            n_waiting = add_to_frontier(work.frontier, n_waiting, node, work.branches)
            n_to_split = n_waiting if n_stacked == 0 and n_leaves < limits.max_leaf_nodes else 0
            # What is constant is found anew in each node: children do not follow on their parents.
            branch["n_constant_features"] = 0
        for _ in range(n_to_split):
            if is_best_first:
                node = take_from_frontier(work.frontier, n_waiting, work.branches)
                n_waiting -= 1
                branch = work.branches[node]
            if not branch["is_leaf"]:
                n_stacked = split_node(nodes, node, branch, work.stack, n_stacked)
                n_leaves += 1
                break
    return n_nodes
