"""Decision trees as text and as a drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cvkit.ml.tree.decision_tree import DecisionTreeClassifier, DecisionTreeRegressor
from cvkit.ml.tree.structure import Tree

DecisionTree = DecisionTreeClassifier | DecisionTreeRegressor


def _feature_names(estimator: DecisionTree, names: Sequence[str] | None) -> list[str]:
    n_features = estimator.tree_.n_features
    if names is None:
        names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return [f"feature_{i}" for i in range(n_features)]
    if len(names) != n_features:
        raise ValueError(
            f"feature_names must have {n_features} names, one for each feature, got {len(names)}"
        )
    return [str(name) for name in names]


def _prediction(estimator: DecisionTree, node: int, decimals: int) -> str:
    value = estimator.node_values_[node]
    if isinstance(estimator, DecisionTreeClassifier):
        return f"class: {estimator.classes_[value.argmax()]}"
    return f"value: [{value[0]:.{decimals}f}]"


def export_text(
    estimator: DecisionTree,
    *,
    feature_names: Sequence[str] | None = None,
    max_depth: int = 10,
    spacing: int = 3,
    decimals: int = 2,
) -> str:
    """Write a tree as indented rules, in the format of ``sklearn.tree.export_text``.

    Parameters
    ----------
    estimator : DecisionTreeClassifier or DecisionTreeRegressor
        A fitted tree.
    feature_names : sequence of str, optional
        Names of the features; by default those of the data frame it was fitted to, else ``feature_0``, ...
    max_depth : int
        Branches below are cut.
    spacing : int
        Width of an indentation.
    decimals : int
        Digits after the point.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the number of names is not the number of features.

    Examples
    --------
    >>> from cvkit.ml import DecisionTreeClassifier, export_text
    >>> tree = DecisionTreeClassifier().fit([[1.0], [2.0], [3.0]], ["low", "low", "high"])
    >>> print(export_text(tree, feature_names=["height"]))
    |--- height <= 2.50
    |   |--- class: low
    |--- height >  2.50
    |   |--- class: high
    <BLANKLINE>
    """
    tree = estimator.tree_
    names = _feature_names(estimator, feature_names)

    def lines(node: int, depth: int) -> Iterator[str]:
        indent = ("|" + " " * spacing) * depth + "|" + "-" * spacing
        if tree.children_left[node] < 0:
            yield f"{indent} {_prediction(estimator, node, decimals)}\n"
        elif depth > max_depth:
            yield f"{indent} truncated branch of depth {_depth_below(tree, node)}\n"
        else:
            name = names[tree.feature[node]]
            threshold = f"{tree.threshold[node]:.{decimals}f}"
            yield f"{indent} {name} <= {threshold}\n"
            yield from lines(tree.children_left[node], depth + 1)
            yield f"{indent} {name} >  {threshold}\n"
            yield from lines(tree.children_right[node], depth + 1)

    return "".join(lines(0, 0))


def _depth_below(tree: Tree, node: int) -> int:
    """Count the levels of the branch that starts at an inner node, itself among them."""
    end = node
    while tree.children_right[end] >= 0:  # the last node of a branch in preorder
        end = tree.children_right[end]
    return int(tree.depths[node : end + 1].max() - tree.depths[node]) + 1


def _positions(tree: Tree) -> np.ndarray:
    """Place leaves side by side and each parent above the middle of its children: (n_nodes, 2)."""
    x = np.empty(tree.node_count)
    leaves = tree.children_left < 0
    x[leaves] = np.arange(np.count_nonzero(leaves))
    for node in np.flatnonzero(~leaves)[::-1]:  # preorder backwards: children come first
        x[node] = (x[tree.children_left[node]] + x[tree.children_right[node]]) / 2
    return np.column_stack([x, -tree.depths])


def plot_tree(
    estimator: DecisionTree,
    *,
    feature_names: Sequence[str] | None = None,
    decimals: int = 2,
    fontsize: float = 8,
    ax: Any = None,
) -> Any:
    """Draw a tree; needs matplotlib (``pip install cvkit-numba[plot]``).

    Parameters
    ----------
    estimator : DecisionTreeClassifier or DecisionTreeRegressor
        A fitted tree.
    feature_names : sequence of str, optional
        Names of the features, as for ``export_text``.
    decimals : int
        Digits after the point.
    fontsize : float
        Size of the text in points.
    ax : matplotlib.axes.Axes, optional
        Where to draw; the current axes by default.

    Returns
    -------
    matplotlib.axes.Axes
        With one text for each node, in the order of the nodes.

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from cvkit.ml import DecisionTreeClassifier, plot_tree
    >>> tree = DecisionTreeClassifier().fit([[1.0], [2.0], [3.0]], ["low", "low", "high"])
    >>> axes = plot_tree(tree)  # doctest: +SKIP
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("plot_tree needs matplotlib: pip install cvkit-numba[plot]") from error

    tree = estimator.tree_
    names = _feature_names(estimator, feature_names)
    positions = _positions(tree)
    ax = pyplot.gca() if ax is None else ax
    ax.set_axis_off()
    for node in range(tree.node_count):
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                ax.plot(*positions[[node, child]].T, color="gray", linewidth=0.8, zorder=1)
        label = f"{_prediction(estimator, node, decimals)}\nn = {tree.n_node_samples[node]}"
        if tree.children_left[node] >= 0:
            label = f"{names[tree.feature[node]]} <= {tree.threshold[node]:.{decimals}f}\n{label}"
        box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "gray"}
        ax.text(*positions[node], label, ha="center", va="center", fontsize=fontsize, bbox=box, zorder=2)
    return ax
