"""What a cascade says of one window, which both targets share: OpenCV's roundings, operation by operation."""

import numpy as np

from cvkit._jit import exact_helper, helper
from cvkit._simd.numbers import product


@exact_helper
def feature_value(sums, start, offsets, weights, factor, node):
    """Compute a Haar-like feature of one window, rounding as OpenCV does."""
    total = np.float32(0)
    for part in range(3):
        weight = weights[3 * node + part]
        if part < 2 or weight != np.float32(0):
            place = 12 * node + 4 * part
            area = np.int32(sums[start + offsets[place]] - sums[start + offsets[place + 1]])
            area = np.int32(area - sums[start + offsets[place + 2]])
            area = np.int32(area + sums[start + offsets[place + 3]])
            total = np.float32(total + product(weight, np.float32(area)))
    return np.float32(total * factor)


@helper(contract=False, force_inline=True)
def stage_total(sums, start, factor, model, stage):
    """Sum what the trees of a stage of Haar-like features give one window."""
    total = 0.0
    for tree in range(model.stages[stage], model.stages[stage + 1]):
        root = np.intp(model.trees[tree])
        node = 0
        while True:
            value = feature_value(sums, start, model.offsets, model.weights, factor, root + node)
            side = 0 if value < model.thresholds[root + node] else 1
            node = model.children[2 * (root + node) + side]
            if node <= 0:
                break
        total += np.float64(model.leaves[root + tree - node])
    return total


@helper
def _block(sums, start, offsets, corner):
    """Sum over one of the 3 x 3 blocks of a binary pattern, whose first corner has this number of 4 x 4."""
    upper = np.int32(sums[start + offsets[corner]] - sums[start + offsets[corner + 1]])
    lower = np.int32(sums[start + offsets[corner + 4]] - sums[start + offsets[corner + 5]])
    return np.int32(upper - lower)


@helper
def _code(sums, start, offsets, node):
    """Return the binary pattern of one window: which blocks about the middle are no darker."""
    first = 16 * node
    middle = _block(sums, start, offsets, first + 5)
    code = 0
    # Clockwise from the upper left one.
    for corner in (0, 1, 2, 6, 10, 9, 8, 4):
        code = 2 * code + (1 if _block(sums, start, offsets, first + corner) >= middle else 0)
    return code


@helper
def pattern_total(sums, start, model, stage):
    """Sum what the trees of a stage of binary patterns give one window."""
    total = 0.0
    for tree in range(model.stages[stage], model.stages[stage + 1]):
        root = np.intp(model.trees[tree])
        node = 0
        while True:
            code = _code(sums, start, model.offsets, root + node)
            word = model.subsets[8 * (root + node) + code // 32]
            side = 1 - ((word >> np.uint32(code % 32)) & np.uint32(1))
            node = model.children[2 * (root + node) + side]
            if node <= 0:
                break
        total += np.float64(model.leaves[root + tree - node])
    return total
