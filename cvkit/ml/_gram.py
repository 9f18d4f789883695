"""Products of centered samples with themselves, block by block: no copy of all samples is ever made."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from cvkit import _jit
from cvkit._blas import single_threaded

# Values of a block: with its product it stays in cache.
_BLOCK_VALUES = 1 << 17
# With more features BLAS divides one product among threads better than blocks are divided.
_MOST_SHARED_FEATURES = 256
_MOST_PARTS = 8


class Rows(NamedTuple):
    """Samples around a mean, each times the root of its weight.

    Parameters
    ----------
    X : (n_samples, n_features) float32 or float64, or a CSR matrix
    mean : (n_features,) float64
    roots : (n_samples,) float64, or None for ones
    """

    X: Any
    mean: np.ndarray
    roots: np.ndarray | None

    def block(self, rows: slice, memory: np.ndarray | None = None) -> np.ndarray:
        """Return some of them as float64, in memory of the caller or their own."""
        samples = self.X[rows].toarray() if sparse.issparse(self.X) else self.X[rows]
        out = None if memory is None else memory[: samples.shape[0]]
        block: np.ndarray = np.subtract(samples, self.mean, out=out, dtype=np.float64)
        if self.roots is not None:
            block *= self.roots[rows, np.newaxis]
        return block


def weighted_mean(values: Any, weights: np.ndarray | None) -> np.ndarray:
    """Mean over the first axis, summed in float64; values may be a CSR matrix."""
    if sparse.issparse(values):
        values = values.astype(np.float64)
        weights = np.ones(values.shape[0]) if weights is None else weights
    if weights is None and values.dtype == np.float64:
        weights = np.ones(values.shape[0])  # BLAS takes half the time of NumPy's sums
    if weights is None:
        return values.mean(axis=0, dtype=np.float64)
    return np.asarray(weights @ values / weights.sum())


def sum_blocks(
    count: int, features: int, product: Callable[[slice, np.ndarray], tuple[np.ndarray, ...]]
) -> list[np.ndarray]:
    """Add up what ``product`` makes of each block of rows, in an order that no number of threads changes.

    It is given which rows, and memory (n_rows, features) for a block.
    """
    size = max(64, _BLOCK_VALUES // max(1, features))
    shared = features <= _MOST_SHARED_FEATURES
    parts = min(_MOST_PARTS, -(-count // size)) if shared else 1

    def add_part(part: int) -> list[np.ndarray]:
        begin, end = part * count // parts, (part + 1) * count // parts
        sums: list[np.ndarray] = []
        memory = np.empty((min(size, end - begin), features))
        for start in range(begin, end, size):
            values = product(slice(start, min(start + size, end)), memory)
            if sums:
                for total, value in zip(sums, values, strict=True):
                    total += value
            else:
                sums = [np.array(value) for value in values]
        return sums

    if not shared:
        return add_part(0)
    # Threads of BLAS would wait for each other after every block.
    with single_threaded():
        threads = min(parts, _jit.get_num_threads())
        if threads == 1:
            found = [add_part(part) for part in range(parts)]
        else:
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(add_part, range(parts)))
    return [np.sum(values, axis=0) for values in zip(*found, strict=True)]


def gram(rows: Rows, targets: np.ndarray | None = None) -> list[np.ndarray]:
    """Return ``Z.T @ Z`` of the centered rows Z, and ``Z.T @ targets`` where there are some.

    Targets (n_samples, n_targets) are float64 and have their weights' roots already.
    """

    def product(where: slice, memory: np.ndarray) -> tuple[np.ndarray, ...]:
        block = rows.block(where, memory)
        own = (block.T @ block,)
        return own if targets is None else (*own, block.T @ targets[where])

    return sum_blocks(rows.X.shape[0], rows.X.shape[1], product)


def residual_products(rows: Rows, targets: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Return ``Z.T @ (targets - Z @ coefficients)`` of the centered rows Z."""

    def product(where: slice, memory: np.ndarray) -> tuple[np.ndarray, ...]:
        block = rows.block(where, memory)
        return (block.T @ (targets[where] - block @ coefficients),)

    return sum_blocks(rows.X.shape[0], rows.X.shape[1], product)[0]
