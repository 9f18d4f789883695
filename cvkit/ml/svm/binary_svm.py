"""A kernel SVM for two classes: the data in the form the solver takes, and the solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvkit._dispatch import contiguous
from cvkit.ml._samples import Samples, row_norms
from cvkit.ml.svm._math import PRECOMPUTED, RBF
from cvkit.ml.svm.kernel_functions import KernelFunction

# Small problems go on after their tolerance is reached, down to rounding error: it takes no time, and makes a
# sample's weight the same as repeating it.
_SMALL = 128
_EXTRA_STEPS = 20_000
_FLOAT32_ERROR = 1e-6


@dataclass(frozen=True)
class BinarySVM:
    """A kernel SVM for two classes, fitted."""

    coefficients: np.ndarray  # sign * alpha of each sample
    intercept: float
    steps: int
    converged: bool


@dataclass(frozen=True)
class Solver:
    """The kernel function and the settings of the solver."""

    kernel_function: KernelFunction
    tolerance: float
    max_steps: int
    cache_megabytes: float
    shrinking: bool


@dataclass(frozen=True)
class PairProblem:
    """Two classes to tell apart: samples (or their kernel matrix), targets +-1, bounds of alpha."""

    samples: np.ndarray
    signs: np.ndarray
    upper: np.ndarray
    solver: Solver

    @classmethod
    def of(
        cls,
        samples: np.ndarray,
        upper: np.ndarray,
        solver: Solver,
        positive: np.ndarray,
        negative: np.ndarray,
    ) -> PairProblem:
        """Take the rows ``positive`` and ``negative`` out of all samples."""
        signs = np.zeros(len(samples))
        signs[positive], signs[negative] = 1.0, -1.0
        return cls(samples, signs, upper, solver).subset(np.concatenate([positive, negative]))

    def subset(self, rows: np.ndarray) -> PairProblem:
        """Return the problem of some of the samples."""
        return PairProblem(self._between(rows, rows), self.signs[rows], self.upper[rows], self.solver)

    def _between(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return the samples ``rows``, or their kernel with ``others``."""
        is_matrix = self.solver.kernel_function.code == PRECOMPUTED
        return self.samples[np.ix_(rows, others)] if is_matrix else self.samples[rows]

    def held_out(self, training: np.ndarray, testing: np.ndarray) -> np.ndarray:
        """Fit the samples ``training`` and return the decisions of the samples ``testing``."""
        signs = np.unique(self.signs[training])
        if len(signs) < 2:  # nothing to tell apart: the sign itself, or none
            return np.full(len(testing), signs.sum())
        problem = self.subset(training)
        fitted = problem.fit()
        samples = self._between(testing, training)
        if self.solver.kernel_function.code == PRECOMPUTED:
            return samples @ fitted.coefficients + fitted.intercept
        decisions = self.solver.kernel_function.decisions(
            Samples(contiguous(samples), samples),
            problem.samples,
            fitted.coefficients[None, :],
            np.array([fitted.intercept]),
        )
        return decisions[:, 0]

    def _solver_samples(self) -> np.ndarray:
        """Return the samples the solver reads: float32 around their mean where that is exact enough.

        Distances, and so the RBF kernel, do not depend on the origin. Float32 halves the memory that each
        kernel row is computed from, which is what it waits for. The error of an exponent stays within
        ``_FLOAT32_ERROR`` of the largest one; a hundredth of the tolerance is left to it.
        """
        kernel_function = self.solver.kernel_function
        if kernel_function.code != RBF:
            return contiguous(self.samples)
        centered = self.samples - self.samples.mean(axis=0)
        if len(centered) <= _SMALL:
            return centered
        largest_exponent = kernel_function.gamma * row_norms(centered, np.float64).max()
        exact_enough = _FLOAT32_ERROR * largest_exponent <= 0.01 * self.solver.tolerance
        return centered.astype(np.float32) if exact_enough else centered

    def fit(self) -> BinarySVM:
        """Run the solver."""
        from cvkit.ml.svm import shrinking
        from cvkit.ml.svm._cpu import binary_svm

        solver = self.solver
        count = len(self.signs)
        samples = self._solver_samples()
        norms, diagonal = row_norms(samples, np.float64), solver.kernel_function.diagonal(self.samples)
        if not (np.isfinite(norms).all() and np.isfinite(diagonal).all()):
            raise ValueError("X holds such large values that its kernel overflows; scale the features")
        problem = binary_svm.Problem(
            samples, norms, *solver.kernel_function.parameters, self.signs, self.upper, diagonal
        )
        alpha, score = np.zeros(count), self.signs.copy()
        if count > _SMALL and solver.shrinking:
            steps, converged = shrinking.solve(
                problem, solver.cache_megabytes, solver.tolerance, solver.max_steps, alpha, score
            )
        else:
            cache = shrinking.row_cache(problem, solver.cache_megabytes)
            extra = _EXTRA_STEPS if count <= _SMALL else 0
            steps, _, _, converged = binary_svm.advance(
                problem, cache, solver.tolerance, solver.max_steps, extra, alpha, score
            )
        intercept = binary_svm.offset(problem, alpha, score)
        return BinarySVM(self.signs * alpha, intercept, steps, converged)
