"""Kernel functions and their parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvkit.ml._samples import Samples, row_norms
from cvkit.ml.linear._cpu import decision as linear_kernels
from cvkit.ml.linear.decision import result_dtype
from cvkit.ml.svm._cpu import kernel_functions as kernels
from cvkit.ml.svm._math import PRECOMPUTED, RBF


@dataclass(frozen=True)
class KernelFunction:
    """A kernel function and its parameters."""

    code: int
    gamma: float = 0.0
    coef0: float = 0.0
    degree: int = 0

    @property
    def parameters(self) -> tuple[int, float, float, int]:
        """The arguments that kernels in ``_cpu`` and ``_cuda`` take."""
        return self.code, self.gamma, self.coef0, self.degree

    def diagonal(self, samples: np.ndarray) -> np.ndarray:
        """Return the kernel of each sample with itself."""
        if self.code == PRECOMPUTED:
            return np.diag(samples).copy()
        if self.code == RBF:
            return np.ones(len(samples))
        norms = row_norms(samples, np.float64)
        out = np.empty(len(samples))
        kernels.apply_kernel_function(norms, 0.0, np.zeros(len(samples)), *self.parameters, out)
        return out

    def decisions(
        self, samples: Samples, support: np.ndarray, coefficients: np.ndarray, intercepts: np.ndarray
    ) -> np.ndarray:
        """Return ``K(X, support) @ coefficients.T + intercepts`` where X lives, block by block."""
        count, dtype = samples.array.shape[0], result_dtype(samples)
        columns, coefficients, intercepts = (
            samples.on_same_device(array.astype(dtype, copy=False))
            for array in (support.T, coefficients, intercepts)
        )
        out = samples.empty((count, coefficients.shape[0]), dtype)
        height = min(count, max(64, 2**19 // max(1, support.shape[0])))
        values = samples.empty((height, support.shape[0]), dtype)
        kernel_matrix = samples.kernels(kernels).kernel_matrix
        linear_decision = samples.kernels(linear_kernels).linear_decision
        for start in range(0, count, height):
            rows = slice(start, min(start + height, count))
            block = values[: rows.stop - rows.start]
            kernel_matrix(samples.array[rows], columns, *self.parameters, block)
            linear_decision(block, coefficients, intercepts, out[rows])
        return out


def resolve_gamma(gamma: str | float, samples: np.ndarray, weights: np.ndarray) -> float:
    """Return the number that "auto" and "scale" stand for; see ``SVC``."""
    if gamma == "auto":
        return 1.0 / samples.shape[1]
    if gamma == "scale":
        variance = _variance(samples, weights)
        return 1.0 / (samples.shape[1] * variance) if variance != 0 else 1.0
    return float(gamma)


def _variance(samples: np.ndarray, weights: np.ndarray) -> float:
    """Variance of all values, each sample counted by its weight."""
    if np.all(weights == weights[0]):
        return float(samples.var())
    mean = np.average(samples.mean(axis=1), weights=weights)
    return float(np.average(((samples - mean) ** 2).mean(axis=1), weights=weights))
