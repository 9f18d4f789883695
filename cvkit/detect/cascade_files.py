"""OpenCV's cascades: their XML files, and what a detector needs of them as arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

Element = ElementTree.Element

# OpenCV compares with thresholds that are lower by this, in float32.
_TOLERANCE = np.float32(1e-5)
_MOST_RECTANGLES = 3
# Which leaves a tree can still end in is a word of so many bits.
_MOST_LEAVES = 32
_CODES = 256
_CODE_WORDS = _CODES // 32


class Cascade(NamedTuple):
    """Stages of boosted trees over Haar-like features or over local binary patterns (LBP).

    Parameters
    ----------
    rectangles : numpy.ndarray, (F, 3, 4) or for LBP (F, 1, 4), int32
        Left, top, width and height of each feature's rectangles in the window; for LBP those of the upper
        left one of 3 x 3 blocks.
    weights : numpy.ndarray, (F, 3) or for LBP (F, 0), float32
        What the sums over the rectangles are multiplied by.
    tilted : numpy.ndarray, (F,), bool
        Whether the rectangles stand on a corner.
    feature : numpy.ndarray, (N,), int32
        The feature of each node, of all trees one after another.
    children : numpy.ndarray, (N, 2), int32
        Where each node leads to, left and right: another node of its tree, or 0 and below, its leaf.
    threshold : numpy.ndarray, (N,), float32
        A Haar-like feature below it leads to the left.
    subsets : numpy.ndarray, (N, 8) or for Haar (N, 0), uint32
        Bits of the LBP codes that lead to the left.
    leaves : numpy.ndarray, (N + T,), float32
        What the trees give, each a leaf more than it has nodes.
    tree_sizes : numpy.ndarray, (T,), int32
        Number of nodes of each tree.
    stage_sizes : numpy.ndarray, (S,), int32
        Number of trees of each stage.
    stage_thresholds : numpy.ndarray, (S,), float32
        Least sum of the trees of a stage that lets a window pass.
    """

    rectangles: np.ndarray
    weights: np.ndarray
    tilted: np.ndarray
    feature: np.ndarray
    children: np.ndarray
    threshold: np.ndarray
    subsets: np.ndarray
    leaves: np.ndarray
    tree_sizes: np.ndarray
    stage_sizes: np.ndarray
    stage_thresholds: np.ndarray


class _Tree(NamedTuple):
    """Features, children, thresholds and subsets of a tree's nodes, and its leaves."""

    feature: list[int]
    children: list[list[int]]
    threshold: list[float]
    subsets: list[list[int]]
    leaves: list[float]


def read_cascade(path: str | os.PathLike[str]) -> tuple[Cascade, tuple[int, int]]:
    """Read a cascade that OpenCV's tools trained, in the format of today or that of OpenCV 1.

    Parameters
    ----------
    path : path
        An XML file.

    Returns
    -------
    cascade : Cascade
    window : (int, int)
        Height and width.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no cascade, damaged, or of a kind that is not read.

    Examples
    --------
    >>> read_cascade(__file__)
    Traceback (most recent call last):
    ...
    ValueError: ...cascade_files.py is not a cascade of OpenCV or is damaged: ...
    """
    with open(path, "rb") as file:
        try:
            root = ElementTree.parse(file).getroot()
            if root.tag != "opencv_storage" or len(root) == 0:
                raise ValueError("it is no storage of OpenCV")
            return _old_cascade(root[0]) if root[0].find("size") is not None else _new_cascade(root[0])
        except (ElementTree.ParseError, ValueError, OverflowError, IndexError) as error:
            raise ValueError(
                f"{os.fspath(path)} is not a cascade of OpenCV or is damaged: {error}"
            ) from error


def checked_cascade(cascade: Cascade, window: tuple[int, int]) -> Cascade:
    """Check that the arrays fit each other and that no feature leaves the window.

    Parameters
    ----------
    cascade : Cascade
        Of any source.
    window : (int, int)
        Height and width.

    Returns
    -------
    Cascade
        Contiguous arrays of the dtypes that kernels take.

    Raises
    ------
    ValueError
        If something does not fit.

    Examples
    --------
    >>> empty = Cascade(*(np.zeros(0) for _ in Cascade._fields))
    >>> checked_cascade(empty, (20, 20))
    Traceback (most recent call last):
    ...
    ValueError: cascade must have stages of trees of nodes, got 0 of 0 of 0
    """
    dtypes: dict[str, type] = dict.fromkeys(Cascade._fields, np.int32)
    dtypes.update(dict.fromkeys(("weights", "threshold", "leaves", "stage_thresholds"), np.float32))
    dtypes.update(tilted=np.bool_, subsets=np.uint32)
    arrays: dict[str, np.ndarray] = {
        name: np.ascontiguousarray(getattr(cascade, name), dtype) for name, dtype in dtypes.items()
    }
    cascade = Cascade(**arrays)
    nodes, trees, stages = (len(a) for a in (cascade.feature, cascade.tree_sizes, cascade.stage_sizes))
    if 0 in (nodes, trees, stages):
        raise ValueError(f"cascade must have stages of trees of nodes, got {stages} of {trees} of {nodes}")
    features, is_lbp = len(cascade.rectangles), cascade.weights.size == 0
    shapes = {
        "rectangles": (features, 1 if is_lbp else _MOST_RECTANGLES, 4),
        "weights": (features, 0 if is_lbp else _MOST_RECTANGLES),
        "tilted": (features,),
        "children": (nodes, 2),
        "threshold": (nodes,),
        "subsets": (nodes, _CODE_WORDS if is_lbp else 0),
        "leaves": (nodes + trees,),
        "stage_thresholds": (stages,),
    }
    for name, shape in shapes.items():
        if getattr(cascade, name).shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {getattr(cascade, name).shape}")
    for name in ("weights", "threshold", "leaves", "stage_thresholds"):
        if not np.isfinite(getattr(cascade, name)).all():
            raise ValueError(f"{name} must be finite")
    _check_tree_sizes(cascade)
    if cascade.feature.min() < 0 or cascade.feature.max() >= features:
        raise ValueError(f"nodes must use features 0 to {features - 1}")
    _check_children(cascade)
    _check_rectangles(cascade, window)
    return cascade


def _check_tree_sizes(cascade: Cascade) -> None:
    if cascade.tree_sizes.min() < 1 or cascade.tree_sizes.sum() != len(cascade.feature):
        raise ValueError("tree_sizes must be at least 1 and the nodes together")
    if cascade.tree_sizes.max() >= _MOST_LEAVES:
        raise ValueError(f"trees must have at most {_MOST_LEAVES} leaves, got {cascade.tree_sizes.max() + 1}")
    if cascade.stage_sizes.min() < 1 or cascade.stage_sizes.sum() != len(cascade.tree_sizes):
        raise ValueError("stage_sizes must be at least 1 and the trees together")


def _check_children(cascade: Cascade) -> None:
    """Check that every tree is one: nodes lead to later ones, each is led to once, and so is each leaf."""
    for first, size in zip(first_nodes(cascade), cascade.tree_sizes, strict=True):
        children = cascade.children[first : first + size]
        is_forward = (children <= 0) | (children > np.arange(size)[:, np.newaxis])
        if not is_forward.all() or sorted(children.ravel()) != [*range(-int(size), 1), *range(1, size)]:
            raise ValueError("nodes must lead each to two others that come later, or to leaves, once to each")


def _check_rectangles(cascade: Cascade, window: tuple[int, int]) -> None:
    left, top, width, height = np.moveaxis(cascade.rectangles.astype(np.int64), 2, 0)
    if cascade.weights.size == 0:
        width, height = 3 * width, 3 * height
    right, bottom = left + width, top + height
    tilted = cascade.tilted[:, np.newaxis]
    lowest = np.where(tilted, top + width + height, bottom)
    leftmost = np.where(tilted, left - height, left)
    is_inside = (leftmost >= 0) & (top >= 0) & (width >= 0) & (height >= 0)
    is_inside &= (right <= window[1]) & (lowest <= window[0])
    if not is_inside.all():
        worst = int(np.flatnonzero(~is_inside.all(axis=1))[0])
        raise ValueError(f"feature {worst} must lie in the window of {window[1]} x {window[0]}")


def first_nodes(cascade: Cascade) -> np.ndarray:
    """Return the number of each tree's first node.

    Parameters
    ----------
    cascade : Cascade
        One that was checked.

    Returns
    -------
    numpy.ndarray, (T,), int64

    Examples
    --------
    >>> sizes = np.array([1, 3, 2])
    >>> first_nodes(Cascade(*([None] * 8), sizes, None, None))
    array([0, 1, 4])
    """
    return np.cumsum(cascade.tree_sizes, dtype=np.int64) - cascade.tree_sizes


def _new_cascade(root: Element) -> tuple[Cascade, tuple[int, int]]:
    """Read the format of ``opencv_traincascade``."""
    kind = _text(root, "featureType")
    if _text(root, "stageType") != "BOOST" or kind not in ("HAAR", "LBP"):
        raise ValueError(f"only boosted HAAR and LBP features are read, it has {kind!r}")
    codes = int(_text(_child(root, "featureParams"), "maxCatCount"))
    if codes != (_CODES if kind == "LBP" else 0):
        raise ValueError(f"features of kind {kind} cannot have {codes} categories")
    stages = [
        (
            float(_text(stage, "stageThreshold")),
            [_new_tree(tree, codes) for tree in _child(stage, "weakClassifiers")],
        )
        for stage in _child(root, "stages")
    ]
    features = [_new_feature(feature, kind) for feature in _child(root, "features")]
    window = int(_text(root, "height")), int(_text(root, "width"))
    return _cascade(stages, features, kind == "LBP"), window


def _new_tree(element: Element, codes: int) -> _Tree:
    numbers = _text(element, "internalNodes").split()
    words = codes // 32
    step = 3 + (words or 1)
    if len(numbers) % step:
        raise ValueError(f"nodes must be {step} numbers each, got {len(numbers)} together")
    nodes = [numbers[start : start + step] for start in range(0, len(numbers), step)]
    return _Tree(
        [int(node[2]) for node in nodes],
        [[int(node[0]), int(node[1])] for node in nodes],
        [0.0 if words else float(node[3]) for node in nodes],
        [[int(word) & 0xFFFFFFFF for word in node[3:]] if words else [] for node in nodes],
        [float(leaf) for leaf in _text(element, "leafValues").split()],
    )


_Feature = tuple[list[list[float]], bool]


def _new_feature(element: Element, kind: str) -> _Feature:
    if kind == "LBP":
        return [[float(number) for number in _text(element, "rect").split()]], False
    return _haar_feature(element)


def _haar_feature(element: Element) -> _Feature:
    rectangles = [[float(number) for number in _own_text(r).split()] for r in _child(element, "rects")]
    tilted = element.find("tilted")
    return rectangles, tilted is not None and int(_own_text(tilted)) != 0


def _old_cascade(root: Element) -> tuple[Cascade, tuple[int, int]]:
    """Read the format of OpenCV 1: each node has a feature of its own."""
    width, height = map(int, _text(root, "size").split())
    features: list[_Feature] = []
    stages = []
    for stage in _child(root, "stages"):
        trees = []
        for tree in _child(stage, "trees"):
            nodes = [*tree]
            trees.append(_old_tree(nodes, len(features)))
            features += [_haar_feature(_child(node, "feature")) for node in nodes]
        stages.append((float(_text(stage, "stage_threshold")), trees))
    return _cascade(stages, features, False), (height, width)


def _old_tree(nodes: list[Element], first_feature: int) -> _Tree:
    leaves: list[float] = []

    def child(node: Element, side: str) -> int:
        value = node.find(f"{side}_val")
        if value is None:
            return int(_text(node, f"{side}_node"))
        leaves.append(float(_own_text(value)))
        return 1 - len(leaves)

    children = [[child(node, side) for side in ("left", "right")] for node in nodes]
    thresholds = [float(_text(node, "threshold")) for node in nodes]
    feature = [*range(first_feature, first_feature + len(nodes))]
    return _Tree(feature, children, thresholds, [[] for _ in nodes], leaves)


def _cascade(stages: list[tuple[float, list[_Tree]]], features: list[_Feature], is_lbp: bool) -> Cascade:
    """Put the stages and features into arrays."""
    trees = [tree for _, stage in stages for tree in stage]
    children = _joined([tree.children for tree in trees], (-1, 2), np.int32)
    if max((len(tree.feature) for tree in trees), default=0) == 1:
        children[:] = 0, -1  # OpenCV takes a stump's first leaf for the left one, whatever it says
    numbers = np.zeros((len(features), 1 if is_lbp else _MOST_RECTANGLES, 5))
    for feature, (rectangles, _) in enumerate(features):
        if not 1 <= len(rectangles) <= numbers.shape[1]:
            raise ValueError(f"features must have 1 to {numbers.shape[1]} rectangles, got {len(rectangles)}")
        for row, rectangle in enumerate(rectangles):
            numbers[feature, row, : 4 if is_lbp else 5] = rectangle
    return Cascade(
        numbers[..., :4].astype(np.int32),
        numbers[:, : 0 if is_lbp else _MOST_RECTANGLES, 4].astype(np.float32),
        np.array([tilted for _, tilted in features], np.bool_),
        _joined([tree.feature for tree in trees], (-1,), np.int32),
        children,
        _joined([tree.threshold for tree in trees], (-1,), np.float32),
        _joined([tree.subsets for tree in trees], (len(children), -1), np.uint32),
        _joined([tree.leaves for tree in trees], (-1,), np.float32),
        np.array([len(tree.feature) for tree in trees], np.int32),
        np.array([len(stage) for _, stage in stages], np.int32),
        np.array([threshold for threshold, _ in stages], np.float32) - _TOLERANCE,
    )


def _joined(parts: Sequence[Sequence[object]], shape: tuple[int, ...], dtype: type) -> np.ndarray:
    joined: np.ndarray = np.array([item for part in parts for item in part], dtype)
    return joined.reshape(shape) if joined.size else joined.reshape([max(0, size) for size in shape])


def _child(element: Element, name: str) -> Element:
    child = element.find(name)
    if child is None:
        raise ValueError(f"<{element.tag}> lacks <{name}>")
    return child


def _text(element: Element, name: str) -> str:
    return _own_text(_child(element, name))


def _own_text(element: Element) -> str:
    return (element.text or "").strip()


def keep_masks(cascade: Cascade) -> Iterator[tuple[int, int]]:
    """Yield for each node which leaves of its tree can still be reached when it leads left, and right.

    Parameters
    ----------
    cascade : Cascade
        One that was checked.

    Yields
    ------
    (int, int)
        Bit k stands for leaf k. All masks of a tree together leave one bit.

    Examples
    --------
    >>> tree = np.array([[1, 0], [-1, -2]])
    >>> [*keep_masks(Cascade(*([None] * 4), tree, *([None] * 3), np.array([2]), None, None))]
    [(6, 1), (3, 5)]
    """
    for first, size in zip(first_nodes(cascade), cascade.tree_sizes, strict=True):
        children = cascade.children[first : first + size]
        reached = [0] * int(size)

        def leaves(child: int, reached: list[int] = reached) -> int:
            return reached[child] if child > 0 else 1 << -child

        for node in range(int(size) - 1, -1, -1):
            reached[node] = leaves(int(children[node, 0])) | leaves(int(children[node, 1]))
        everything = (1 << (int(size) + 1)) - 1
        for left, right in children:
            yield everything & ~leaves(int(right)), everything & ~leaves(int(left))
