"""Sequential minimal optimization on the samples that may still move: LIBSVM's "shrinking".

Near the end of a long run most samples rest at a bound. They are set aside, a smaller problem is solved, and
the scores of all are brought up to date to see whether any has to come back.

Joachims, "Making large-scale SVM learning practical", Advances in Kernel Methods, 1999.
"""

from __future__ import annotations

import numpy as np

from cvkit.ml.svm._cpu import binary_svm
from cvkit.ml.svm._cpu.binary_svm import advance
from cvkit.ml.svm._math import PRECOMPUTED

# Steps for each sample before the first are set aside: an ordinary run ends before, and kernel rows, which
# the smaller problem computes anew, have been used often enough.
_PATIENCE = 10
_LEAST_STEPS = 1000
# A problem is made smaller only if that leaves at most this share of its samples.
_WORTHWHILE_SHARE = 0.8


def row_cache(problem: binary_svm.Problem, megabytes: float) -> binary_svm.RowCache:
    """Return an empty cache of kernel rows."""
    count = len(problem.signs)
    rows = int(min(count, max(2, megabytes * 2**20 // (4 * count))))
    return binary_svm.RowCache(
        rows=np.empty((rows, count), np.float32),
        slot_of=np.full(count, -1),
        owner=np.full(rows, -1),
        last_used=np.zeros(rows, np.int64),
        counters=np.zeros(2, np.int64),
        dots=np.empty(count, problem.samples.dtype),
    )


def solve(
    problem: binary_svm.Problem,
    megabytes: float,
    tolerance: float,
    max_steps: int,
    alpha: np.ndarray,
    score: np.ndarray,
) -> tuple[int, bool]:
    """Advance ``alpha`` and ``score`` until no gap of scores exceeds the tolerance.

    Parameters
    ----------
    problem : Problem
    megabytes : float, for kernel rows
    tolerance : float, largest accepted gap between scores at the end
    max_steps : int, or -1 for no limit
    alpha, score : (n,) float64, updated

    Returns
    -------
    (int, bool)
        Steps taken, and whether the tolerance was reached.
    """
    cache = row_cache(problem, megabytes)
    count = len(alpha)
    patience = max(_LEAST_STEPS, _PATIENCE * count)
    taken = 0
    while True:
        limit = patience if max_steps < 0 else min(patience, max_steps - taken)
        steps, high, low, converged = advance(problem, cache, tolerance, limit, 0, alpha, score)
        taken += steps
        if converged or taken == max_steps:
            return taken, converged
        active = binary_svm.may_still_move(problem, alpha, score, high, low)
        if len(active) > _WORTHWHILE_SHARE * count:
            continue
        left = max_steps if max_steps < 0 else max_steps - taken
        part_alpha, part_score = alpha[active], score[active]
        taken += solve(_part(problem, active), megabytes, tolerance, left, part_alpha, part_score)[0]
        changes = problem.signs[active] * (part_alpha - alpha[active])
        binary_svm.apply_changes(problem, cache, active, changes, score)
        alpha[active] = part_alpha


def _part(problem: binary_svm.Problem, active: np.ndarray) -> binary_svm.Problem:
    """Return the problem of some of the samples."""
    is_matrix = problem.kernel_function == PRECOMPUTED
    return problem._replace(
        samples=problem.samples[np.ix_(active, active)] if is_matrix else problem.samples[active],
        norms=problem.norms[active],
        signs=problem.signs[active],
        upper=problem.upper[active],
        diagonal=problem.diagonal[active],
    )
