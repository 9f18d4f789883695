"""Small cascades of random trees, and the files that OpenCV reads them from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cvkit.detect.cascade_files import Cascade, first_nodes


def random_cascade(
    kind: str, window: tuple[int, int], *, seed: int = 0, splits: int = 1, stages: int = 3, trees: int = 4
) -> Cascade:
    """Make a cascade whose every stage lets some windows pass; ``kind`` is "haar", "tilted" or "lbp"."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, splits + 1, stages * trees)
    sizes[0] = splits
    nodes = int(sizes.sum())
    is_lbp = kind == "lbp"
    features = [_patterns(rng, window) if is_lbp else _rectangles(rng, window, kind) for _ in range(nodes)]
    numbers = np.array([numbers for numbers, _ in features], float)
    children = np.concatenate([_children(size) for size in sizes])
    return Cascade(
        numbers[..., :4].astype(np.int32),
        numbers[:, : 0 if is_lbp else 3, 4].astype(np.float32),
        np.array([tilted for _, tilted in features]),
        rng.permutation(nodes).astype(np.int32),
        children.astype(np.int32),
        rng.normal(0, 0.02, nodes).astype(np.float32) * (not is_lbp),
        rng.integers(0, 1 << 32, (nodes, 8 if is_lbp else 0), dtype=np.uint32),
        rng.normal(0, 1, nodes + len(sizes)).astype(np.float32),
        sizes.astype(np.int32),
        np.full(stages, trees, np.int32),
        np.full(stages, -0.4 * trees**0.5, np.float32),
    )


def _children(size: int) -> list[list[int]]:
    """A chain of nodes; every second one goes on to the left."""
    chain = [[node + 1, -node] if node % 2 else [-node, node + 1] for node in range(size)]
    last = chain[-1]
    chain[-1] = [-size if child == size else child for child in last]
    return chain


def _patterns(rng: np.random.Generator, window: tuple[int, int]) -> tuple[list[list[float]], bool]:
    width, height = rng.integers(1, window[1] // 3 + 1), rng.integers(1, window[0] // 3 + 1)
    x, y = rng.integers(0, window[1] - 3 * width + 1), rng.integers(0, window[0] - 3 * height + 1)
    return [[x, y, width, height, 0]], False


def _rectangles(
    rng: np.random.Generator, window: tuple[int, int], kind: str
) -> tuple[list[list[float]], bool]:
    """Two or three rectangles beside each other, upright or tilted."""
    parts = int(rng.integers(2, 4))
    if kind == "tilted" and rng.random() < 0.7:
        size = int(rng.integers(1, min(window) // (parts + 1)))
        x = int(rng.integers(size, window[1] - parts * size + 1))
        y = int(rng.integers(0, window[0] - (parts + 1) * size + 1))
        rows = [[x, y, parts * size, size, -1.0], [x, y, size, size, parts], [0, 0, 0, 0, 0.0]]
        return rows, True
    width, height = int(rng.integers(1, window[1] // parts + 1)), int(rng.integers(1, window[0] + 1))
    x, y = int(rng.integers(0, window[1] - parts * width + 1)), int(rng.integers(0, window[0] - height + 1))
    whole = [x, y, parts * width, height, -1.0]
    if parts == 2:
        return [whole, [x + width, y, width, height, 2.0], [0, 0, 0, 0, 0.0]], False
    return [whole, [x, y, width, height, 1.5], [x + 2 * width, y, width, height, 1.5]], False


def write_cascade(path: Path, cascade: Cascade, window: tuple[int, int]) -> Path:
    """Write a cascade in the format of opencv_traincascade."""
    is_lbp = cascade.weights.size == 0
    lines = [
        '<?xml version="1.0"?><opencv_storage><cascade type_id="opencv-cascade-classifier">',
        f"<stageType>BOOST</stageType><featureType>{'LBP' if is_lbp else 'HAAR'}</featureType>",
        f"<height>{window[0]}</height><width>{window[1]}</width>",
        f"<stageParams><maxWeakCount>{max(cascade.stage_sizes)}</maxWeakCount></stageParams>",
        f"<featureParams><maxCatCount>{256 if is_lbp else 0}</maxCatCount></featureParams>",
        f"<stageNum>{len(cascade.stage_sizes)}</stageNum><stages>",
    ]
    firsts, tree = first_nodes(cascade), 0
    for size, threshold in zip(cascade.stage_sizes, cascade.stage_thresholds, strict=True):
        lines.append(
            f"<_><maxWeakCount>{size}</maxWeakCount><stageThreshold>{threshold:.17g}</stageThreshold>"
        )
        lines.append("<weakClassifiers>")
        for first, count in zip(
            firsts[tree : tree + size], cascade.tree_sizes[tree : tree + size], strict=True
        ):
            nodes = " ".join(_node(cascade, node) for node in range(first, first + count))
            leaves = " ".join(f"{leaf:.9g}" for leaf in cascade.leaves[first + tree :][: count + 1])
            lines.append(f"<_><internalNodes>{nodes}</internalNodes><leafValues>{leaves}</leafValues></_>")
            tree += 1
        lines.append("</weakClassifiers></_>")
    lines.append("</stages><features>")
    for feature in range(len(cascade.rectangles)):
        lines.append(f"<_>{_feature(cascade, feature)}</_>")
    lines.append("</features></cascade></opencv_storage>")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _node(cascade: Cascade, node: int) -> str:
    words = (
        cascade.subsets[node].view(np.int32) if cascade.subsets.size else [f"{cascade.threshold[node]:.9g}"]
    )
    return " ".join(map(str, [*cascade.children[node], cascade.feature[node], *words]))


def _feature(cascade: Cascade, feature: int) -> str:
    rectangles = cascade.rectangles[feature]
    if cascade.weights.size == 0:
        return f"<rect>{' '.join(map(str, rectangles[0]))}</rect>"
    rows = "".join(
        f"<_>{' '.join(map(str, rectangle))} {weight:.9g}</_>"
        for rectangle, weight in zip(rectangles, cascade.weights[feature], strict=True)
        if weight != 0
    )
    return f"<rects>{rows}</rects><tilted>{int(cascade.tilted[feature])}</tilted>"


def write_old_cascade(path: Path, cascade: Cascade, window: tuple[int, int]) -> Path:
    """Write a cascade in the format of OpenCV 1, where each node has its feature; leaves in their order."""
    lines = ['<?xml version="1.0"?><opencv_storage><cascade type_id="opencv-haar-classifier">']
    lines.append(f"<size>{window[1]} {window[0]}</size><stages>")
    firsts, tree = first_nodes(cascade), 0
    for size, threshold in zip(cascade.stage_sizes, cascade.stage_thresholds, strict=True):
        lines.append("<_><trees>")
        for first, count in zip(
            firsts[tree : tree + size], cascade.tree_sizes[tree : tree + size], strict=True
        ):
            lines.append("<_>")
            for node in range(first, first + count):
                sides = [_side(cascade, node, side, first + tree) for side in (0, 1)]
                lines.append(f"<_><feature>{_feature(cascade, cascade.feature[node])}</feature>")
                lines.append(f"<threshold>{cascade.threshold[node]:.9g}</threshold>{''.join(sides)}</_>")
            lines.append("</_>")
            tree += 1
        lines.append(f"</trees><stage_threshold>{threshold:.17g}</stage_threshold>")
        lines.append("<parent>-1</parent><next>-1</next></_>")
    lines.append("</stages></cascade></opencv_storage>")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _side(cascade: Cascade, node: int, side: int, first_leaf: int) -> str:
    name, child = ("left", "right")[side], int(cascade.children[node, side])
    if child > 0:
        return f"<{name}_node>{child}</{name}_node>"
    return f"<{name}_val>{cascade.leaves[first_leaf - child]:.9g}</{name}_val>"
