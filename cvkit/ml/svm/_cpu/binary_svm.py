"""Sequential minimal optimization for binary kernel SVMs, with second-order working sets.

Notation: ``coefficient = sign * alpha`` is what a sample contributes to the decision function, and
``score_k = sign_k - sum_j coefficient_j K_jk`` is the distance of its decision, offset apart, from its
target. A step raises one coefficient and lowers another by the same amount; it helps where the score of the
first exceeds that of the second. At the optimum no sample that may rise scores above one that may fall.

Fan, Chen, Lin, "Working Set Selection Using Second Order Information for Training SVM", JMLR 6 (2005).
"""

from collections import namedtuple

import numpy as np

from cvkit._jit import helper, serial_kernel
from cvkit._simd.numbers import maximum
from cvkit.ml.svm._cpu.kernel_functions import apply_kernel_function
from cvkit.ml.svm._math import PRECOMPUTED

# The maximum of a block is a vector reduction; its position is looked for in the winning block alone.
_BLOCK = 256
_LEAST_CURVATURE = 1e-12
_LEAST_GAP = 1e-11

Problem = namedtuple("Problem", "samples norms kernel_function gamma coef0 degree signs upper diagonal")
"""Samples (n, d) or kernel matrix, squared norms, kernel function, targets +-1, bounds of alpha, K_kk."""

RowCache = namedtuple("RowCache", "rows slot_of owner last_used counters dots")
"""Float32 kernel rows with the book-keeping of which sample each holds and when it was last asked for.

``counters`` holds the number of requests and of slots in use; ``dots`` is scratch for one row.
"""


@helper
def _may_move(problem, alpha, k, rise, fall):
    """Update the masks of sample ``k``: 0 where its coefficient may rise (fall), -inf where it may not."""
    below, above = alpha[k] < problem.upper[k], alpha[k] > 0.0
    positive = problem.signs[k] > 0.0
    rise[k] = 0.0 if (below if positive else above) else -np.inf
    fall[k] = 0.0 if (above if positive else below) else -np.inf


@helper(reorder=True)
def _update_block(score, rise, first_row, second_row, first_change, second_change):
    """Apply a step to a block of scores; return the highest of those that may rise."""
    highest = -np.inf
    for k in range(score.shape[0]):
        score[k] -= first_row[k] * first_change + second_row[k] * second_change
        highest = maximum(score[k] + rise[k], highest)
    return highest


@helper
def _update_scores(score, rise, first_row, second_row, first_change, second_change):
    """Apply a step to all scores; return the sample with the highest score that may rise, and that score."""
    highest, winner = -np.inf, -1
    for start in range(0, score.shape[0], _BLOCK):
        block = slice(start, min(start + _BLOCK, score.shape[0]))
        found = _update_block(
            score[block], rise[block], first_row[block], second_row[block], first_change, second_change
        )
        if found > highest:
            highest, winner = found, start
    for k in range(max(winner, 0), min(winner + _BLOCK, score.shape[0])):
        if score[k] + rise[k] == highest:
            return k, highest
    return -1, highest


@helper(reorder=True)
def _partner_block(score, fall, diagonal, row, high_score, high_diagonal):
    """Return the largest decrease of the objective by a partner in a block, and the block's lowest score."""
    best, lowest = 0.0, -np.inf
    for k in range(score.shape[0]):
        negated = fall[k] - score[k]
        lowest = maximum(negated, lowest)
        gap = maximum(high_score + negated, 0.0)
        curvature = maximum(high_diagonal + diagonal[k] - 2.0 * row[k], _LEAST_CURVATURE)
        best = maximum(gap * gap / curvature, best)
    return best, -lowest


@helper
def _select_partner(score, fall, diagonal, row, high_score, high_diagonal):
    """Return the sample whose coefficient to lower, and the lowest score of those that may fall."""
    best, lowest, winner = 0.0, np.inf, -1
    for start in range(0, score.shape[0], _BLOCK):
        block = slice(start, min(start + _BLOCK, score.shape[0]))
        found, low = _partner_block(
            score[block], fall[block], diagonal[block], row[block], high_score, high_diagonal
        )
        lowest = min(lowest, low)
        if found > best:
            best, winner = found, start
    if winner < 0:
        return -1, lowest
    partner, best = -1, 0.0
    for k in range(winner, min(winner + _BLOCK, score.shape[0])):
        gap = high_score + fall[k] - score[k]
        if gap > 0.0:
            curvature = max(high_diagonal + diagonal[k] - 2.0 * row[k], _LEAST_CURVATURE)
            if gap * gap / curvature > best:
                best, partner = gap * gap / curvature, k
    return partner, lowest


@helper
def _claim_slot(cache):
    """Return a free slot, or that of the row asked for longest ago."""
    used = cache.counters[1]
    if used < cache.rows.shape[0]:
        cache.counters[1] += 1
        return used
    slot = 0
    for other in range(1, cache.rows.shape[0]):
        if cache.last_used[other] < cache.last_used[slot]:
            slot = other
    cache.slot_of[cache.owner[slot]] = -1
    return slot


@helper(allocates=True)
def _row(problem, cache, k):
    """Return the slot of the kernel row of sample ``k``, computing the row if it is missing."""
    cache.counters[0] += 1
    slot = cache.slot_of[k]
    if slot < 0:
        slot = _claim_slot(cache)
        cache.slot_of[k], cache.owner[slot] = slot, k
        dots = problem.samples[k]
        if problem.kernel_function != PRECOMPUTED:
            dots = cache.dots
            np.dot(problem.samples, problem.samples[k], dots)
        apply_kernel_function(
            dots,
            problem.norms[k],
            problem.norms,
            problem.kernel_function,
            problem.gamma,
            problem.coef0,
            problem.degree,
            cache.rows[slot],
        )
    cache.last_used[slot] = cache.counters[0]
    return slot


@helper
def _room(problem, alpha, k, direction):
    """How far the coefficient of sample ``k`` can move up (direction +1) or down (-1)."""
    return problem.upper[k] - alpha[k] if problem.signs[k] == direction else alpha[k]


@helper
def _move(problem, alpha, k, direction, length, room):
    """Move a coefficient; a bound is met exactly, so that the masks see it."""
    grows = problem.signs[k] == direction
    if length == room:
        alpha[k] = problem.upper[k] if grows else 0.0
    else:
        alpha[k] += length if grows else -length


@serial_kernel
def offset(problem, alpha, score):
    """Return the intercept: the mean score of the unbounded support vectors, or the middle of its range."""
    free, total = 0, 0.0
    highest, lowest = -np.inf, np.inf
    for k in range(score.shape[0]):
        if 0.0 < alpha[k] < problem.upper[k]:
            free += 1
            total += score[k]
        elif (alpha[k] == 0.0) == (problem.signs[k] > 0.0):
            highest = max(highest, score[k])
        else:
            lowest = min(lowest, score[k])
    return total / free if free > 0 else (highest + lowest) / 2.0


@serial_kernel(allocates=True)
def may_still_move(problem, alpha, score, high, low):
    """Return the samples that are free, or at a bound that they may leave for scores within ``low .. high``.

    Of the others, those that may only fall score above all that may rise, and those that may only rise below
    all that may fall.
    """
    keep = np.empty(score.shape[0], np.int64)
    count = 0
    for k in range(score.shape[0]):
        rises = alpha[k] < problem.upper[k] if problem.signs[k] > 0.0 else alpha[k] > 0.0
        falls = alpha[k] > 0.0 if problem.signs[k] > 0.0 else alpha[k] < problem.upper[k]
        if (rises or score[k] <= high) and (falls or score[k] >= low):
            keep[count] = k
            count += 1
    return keep[:count]


@serial_kernel(allocates=True)
def apply_changes(problem, cache, samples, changes, score):
    """Bring all scores up to date after the coefficients of some samples have changed."""
    for position in range(samples.shape[0]):
        change = changes[position]
        if change != 0.0:
            row = cache.rows[_row(problem, cache, samples[position])]
            for k in range(score.shape[0]):
                score[k] -= change * row[k]


@serial_kernel(allocates=True)
def advance(problem, cache, tolerance, max_steps, extra_steps, alpha, score):
    """Take steps that move ``alpha``, which starts as zeros with ``score`` as the signs, to the optimum.

    Parameters
    ----------
    problem : Problem
    cache : RowCache
    tolerance : float, largest accepted gap between scores at the end
    max_steps : int, or -1 for no limit
    extra_steps : int, most steps to take after the tolerance is reached, towards rounding error
    alpha, score : (n,) float64, updated

    Returns
    -------
    (int, float, float, bool)
        Steps taken, the highest score that may rise, the lowest that may fall, whether the tolerance was
        reached.
    """
    count = problem.signs.shape[0]
    rise, fall = np.empty(count), np.empty(count)
    for k in range(count):
        _may_move(problem, alpha, k, rise, fall)
    nothing = np.zeros(count, np.float32)
    high, high_score = _update_scores(score, rise, nothing, nothing, 0.0, 0.0)
    low_score = np.inf
    steps = 0
    while high >= 0:
        high_row = cache.rows[_row(problem, cache, high)]
        low, low_score = _select_partner(
            score, fall, problem.diagonal, high_row, high_score, problem.diagonal[high]
        )
        gap = high_score - low_score
        if low < 0 or gap < _LEAST_GAP or (gap < tolerance and extra_steps == 0):
            break
        if gap < tolerance:
            extra_steps -= 1
        elif steps == max_steps:
            return steps, high_score, low_score, False
        steps += 1
        low_row = cache.rows[_row(problem, cache, low)]
        curvature = max(
            problem.diagonal[high] + problem.diagonal[low] - 2.0 * high_row[low], _LEAST_CURVATURE
        )
        high_room = _room(problem, alpha, high, 1.0)
        low_room = _room(problem, alpha, low, -1.0)
        length = min((score[high] - score[low]) / curvature, high_room, low_room)
        _move(problem, alpha, high, 1.0, length, high_room)
        _move(problem, alpha, low, -1.0, length, low_room)
        _may_move(problem, alpha, high, rise, fall)
        _may_move(problem, alpha, low, rise, fall)
        high, high_score = _update_scores(score, rise, high_row, low_row, length, -length)
    return steps, high_score, low_score, True
