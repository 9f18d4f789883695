"""Cascades on the CPU: integral images of a level, and its windows, LANES neighboring ones at a time."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.counts import count_bits
from cvkit._simd.numbers import trailing_zeros
from cvkit._simd.sums import BLOCK, running_sums
from cvkit._tiles import parts_of, span
from cvkit.detect._cascade_math import pattern_total, stage_total
from cvkit.detect._cpu.lanes import (
    LANES,
    give_leaf,
    narrow_of_three,
    narrow_of_two,
    norms,
    passed,
    vote_of_three,
    vote_of_two,
)

# Rows of windows of one task.
STRIP = 8
# Fewer windows among LANES than these are looked at one by one.
FEW = 2


@helper
def _sum_row(row, above, out):
    """Add the sums of a row up to each value to those of the row above."""
    totals = (np.int32(0),)
    whole = row.shape[0] // BLOCK * BLOCK
    for start in range(0, whole, BLOCK):
        totals = running_sums(row, start, False, above, out, totals)
    total = totals[0]
    for x in range(whole, row.shape[0]):
        total = np.int32(total + np.int32(row[x]))
        out[x] = np.int32(above[x] + total)


@helper
def _square(row, out):
    for x in range(row.shape[0]):
        out[x] = np.uint16(np.uint16(row[x]) * np.uint16(row[x]))


@helper
def _sum_tilted(before, above, row, row_above, out):
    """Sum over the tilted squares whose lowest corners are below a row's pixels, from column 0 on.

    ``above`` and ``before`` are the same of one and two rows above.
    """
    last = out.shape[0] - 1
    out[0] = above[1]
    for x in range(1, last):
        inside = np.int32(row[x - 1]) + np.int32(row_above[x - 1])
        out[x] = np.int32(np.int32(above[x - 1] + above[x + 1]) + np.int32(inside - before[x]))
    out[last] = np.int32(above[last - 1] + np.int32(row[last - 1]) + np.int32(row_above[last - 1]))


@helper
def _spread(row, step, out):
    """Write a row of sums; for windows in every second column the even columns first, then the odd ones."""
    if step == 1:
        copy_row(row, out[: row.shape[0]])
        return
    half = out.shape[0] // 2
    even, odd = out[:half], out[half:]
    for x in range(row.shape[0] // 2):
        even[x] = row[2 * x]
        odd[x] = row[2 * x + 1]
    if row.shape[0] % 2 == 1:
        even[row.shape[0] // 2] = row[row.shape[0] - 1]


@helper(allocates=True)
def _integrate(image, plane, step, out):
    """Make one plane of sums: 0 of the pixels, 1 of their squares, 2 of the pixels of tilted squares."""
    height, width = image.shape
    sums = np.zeros((3, width + 1), np.int32)
    squares = np.empty(width if plane == 1 else 0, np.uint16)
    nothing = np.zeros(width, np.uint8)
    _spread(sums[0], step, out[0])
    for y in range(height):
        before, above, current = sums[(y + 1) % 3], sums[(y + 2) % 3], sums[y % 3]
        if plane == 0:
            _sum_row(image[y], above[1:], current[1:])
        elif plane == 1:
            _square(image[y], squares)
            _sum_row(squares, above[1:], current[1:])
        else:
            _sum_tilted(before, above, image[y], image[y - 1] if y > 0 else nothing, current)
        _spread(current, step, out[y + 1])


@cpu_kernel
def integrate(image, step, out):
    """Sum the pixels of a level above and before each, their squares, and those of tilted squares.

    ``out`` is (plane, row, column): as many planes as are wanted, each row as :func:`_spread` writes it.
    """
    for plane in prange(out.shape[0]):
        _integrate(image, plane, step, out[plane])


@helper(force_inline=True)
def _add_tree(sums, start, model, tree, factors, reachable, totals):
    """Add what one tree gives LANES windows."""
    root, end = model.trees[tree], model.trees[tree + 1]
    offsets, weights, thresholds = model.offsets, model.weights, model.thresholds
    if end == root + np.uintp(1):
        if weights[3 * root + 2] == np.float32(0):
            vote_of_two(sums, start, offsets, root, weights, factors, thresholds, model.choices, totals)
        else:
            vote_of_three(sums, start, offsets, root, weights, factors, thresholds, model.choices, totals)
        return
    reachable[:] = np.uint32(0xFFFFFFFF)
    for node in range(root, end):
        node = np.uintp(node)
        if weights[3 * node + 2] == np.float32(0):
            narrow_of_two(sums, start, offsets, node, weights, factors, thresholds, model.masks, reachable)
        else:
            narrow_of_three(sums, start, offsets, node, weights, factors, thresholds, model.masks, reachable)
    for leaf in range(end - root + np.uintp(1)):
        value = model.leaves[root + tree + np.uintp(leaf)]
        give_leaf(reachable, np.uint32(leaf), value, totals)


@helper(force_inline=True)
def _passed_stage(sums, start, model, stage, factors, reachable, totals):
    """Return the bits of the windows among LANES that a stage lets pass."""
    totals[:] = 0.0
    for tree in range(model.stages[stage], model.stages[stage + 1]):
        _add_tree(sums, start, model, np.uintp(tree), factors, reachable, totals)
    return passed(totals, model.limits[stage])


@helper
def _looked_at(rejected, is_skipped):
    """Return the bits of the windows that are looked at, and whether the first of the next ones is not.

    After a window that the first stage rejects, OpenCV skips one.
    """
    bits = np.uint32(0)
    for lane in range(LANES):
        bit = np.uint32(np.uint32(1) << np.uint32(lane))
        if is_skipped:
            is_skipped = False
        else:
            bits |= bit
            is_skipped = rejected & bit != 0
    return bits, is_skipped


@helper(force_inline=True)
def _scan_lanes(sums, start, model, textured, is_skipped, lanes, scores):
    """Return who among LANES windows passes all stages, and whether the first of the next ones is skipped.

    ``scores`` takes the totals of the last stage.
    """
    factors, reachable, totals = lanes
    last = model.stages.shape[0] - 2
    alive, stage = textured, 0
    while True:
        alive &= _passed_stage(sums, start, model, stage, factors, reachable, totals)
        copy_row(totals, scores)
        if stage == 0:
            looked_at, is_skipped = _looked_at(np.uint32(textured & ~alive), is_skipped)
            alive &= looked_at
        if stage == last or count_bits(alive) <= FEW:
            break
        stage += 1
    waiting = alive
    while waiting != 0:
        lane = trailing_zeros(np.uint64(waiting))
        waiting &= np.uint32(waiting - np.uint32(1))
        window = np.uintp(start + np.uintp(lane))
        for later in range(stage + 1, last + 1):
            scores[lane] = stage_total(sums, window, factors[lane], model, later)
            if scores[lane] < model.limits[later]:
                alive &= np.uint32(~(np.uint32(1) << np.uint32(lane)))
                break
    return alive, is_skipped


@helper
def _scan_row(sums, start, columns, model, lanes, scores, hits):
    """Look at a row of windows; return how many pass, whose columns and scores are appended to ``hits``."""
    hit_columns, hit_scores = hits
    count, is_skipped = 0, False
    for first in range(0, columns, LANES):
        window = np.uintp(start + np.uintp(first))
        textured = norms(sums, window, model.norm, model.area, lanes[0])
        if first + LANES > columns:
            textured &= np.uint32((np.uint32(1) << np.uint32(columns - first)) - np.uint32(1))
        if textured == 0:
            is_skipped = False
            continue
        alive, is_skipped = _scan_lanes(sums, window, model, textured, is_skipped, lanes, scores)
        while alive != 0:
            lane = trailing_zeros(np.uint64(alive))
            alive &= np.uint32(alive - np.uint32(1))
            hit_columns[count] = first + np.int64(lane)
            hit_scores[count] = scores[lane]
            count += 1
    return count


@cpu_kernel
def scan_haar(sums, model, step, columns, hit_columns, hit_scores, counts):
    """Find the windows of a level that pass all stages of a cascade of Haar-like features.

    ``sums`` are the planes of :func:`integrate` and LANES numbers more, flat; windows lie in every
    ``step``-th row and column. The columns and scores of those of each row that pass are written to the row's
    ``hit_columns`` and ``hit_scores``, and how many they are to ``counts``.
    """
    rows = counts.shape[0]
    for strip in prange(parts_of(rows, STRIP)):
        top, bottom = span(strip, STRIP, rows)
        lanes = (np.empty(LANES, np.float32), np.empty(LANES, np.uint32), np.empty(LANES, np.float64))
        scores = np.empty(LANES, np.float64)
        for row in range(top, bottom):
            start = np.uintp(row * step) * model.stride
            hits = (hit_columns[row], hit_scores[row])
            counts[row] = _scan_row(sums, start, columns, model, lanes, scores, hits)


@helper
def _scan_patterns(sums, start, columns, model, hit_columns, hit_scores):
    """Look at a row of windows, as ``_scan_row``."""
    count, column = 0, 0
    last = model.stages.shape[0] - 2
    while column < columns:
        window = np.uintp(start + np.uintp(column))
        total = 0.0
        stage = 0
        while stage <= last:
            total = pattern_total(sums, window, model, stage)
            if total < model.limits[stage]:
                break
            stage += 1
        if stage > last:
            hit_columns[count] = column
            hit_scores[count] = total
            count += 1
        # After a window that the first stage rejects, OpenCV skips one.
        column += 2 if stage == 0 else 1
    return count


@cpu_kernel
def scan_lbp(sums, model, step, columns, hit_columns, hit_scores, counts):
    """Find the windows of a level that pass all stages of a cascade of binary patterns, as ``scan_haar``."""
    rows = counts.shape[0]
    for strip in prange(parts_of(rows, STRIP)):
        top, bottom = span(strip, STRIP, rows)
        for row in range(top, bottom):
            start = np.uintp(row * step) * model.stride
            counts[row] = _scan_patterns(sums, start, columns, model, hit_columns[row], hit_scores[row])
