"""Which training samples each tree of a forest draws, and how often."""

from __future__ import annotations

import threading
import warnings
from numbers import Integral
from typing import Any

import numpy as np

from cvkit._dispatch import Batch, contiguous
from cvkit.ml._samples import are_counts, row_hashes

_generators = threading.local()


def seeded(seed: int) -> np.random.RandomState:
    """Return this thread's generator, seeded anew: to make another one takes fifty times as long."""
    if not hasattr(_generators, "of_thread"):
        _generators.of_thread = np.random.RandomState()
    _generators.of_thread.seed(seed)
    return _generators.of_thread


class Bootstrap:
    """Draws samples with replacement, from a seed for each tree.

    Without weights, and with fractional ones, the draws are scikit-learn's. Whole-number weights mean copies:
    a forest on weighted samples equals the forest on copied ones, in whatever order these come. Therefore
    both draw from the copies in an order that depends on the samples alone.

    Parameters
    ----------
    weights : (n_samples,) float64 array
        Sample weights.
    max_samples : int, float or None
        How many to draw: a number, a fraction of the samples' weight, or as many as there are samples.
    X, y : arrays of shape (n_samples, n_features), float32, and (n_samples,)
        The samples.
    """

    def __init__(self, weights: np.ndarray, max_samples: Any, X: np.ndarray, y: np.ndarray) -> None:
        self.n_samples = len(weights)
        self.copies = None
        self.shares = None
        size: float = self.n_samples
        if are_counts(weights):
            order, has_copies = _canonical_order(X, y)
            if has_copies or (weights != 1).any():
                self.copies = np.repeat(order, weights[order].astype(np.int64))
                size = len(self.copies)
        else:
            self.shares = weights / weights.sum()
        self.n_draws = _number_of_draws(max_samples, size, self.n_samples, weights)

    def draw(self, seed: int) -> np.ndarray:
        """Return how often each sample is drawn: (n_samples,) float64."""
        random = seeded(seed)
        if self.copies is not None:
            drawn = self.copies[random.randint(0, len(self.copies), self.n_draws)]
        elif self.shares is not None:
            drawn = random.choice(self.n_samples, self.n_draws, p=self.shares)
        else:
            drawn = random.randint(0, self.n_samples, self.n_draws)
        return np.bincount(drawn, minlength=self.n_samples).astype(np.float64)


def _canonical_order(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, bool]:
    """Order samples by their contents, and tell whether any two are the same."""
    hashes = row_hashes(Batch(contiguous(X), 2, X))
    order = np.lexsort((y, hashes))
    same = (hashes[order[1:]] == hashes[order[:-1]]) & (y[order[1:]] == y[order[:-1]])
    return order, bool(same.any())


def _number_of_draws(max_samples: Any, size: float, n_samples: int, weights: np.ndarray) -> int:
    if max_samples is None:
        return int(size)
    if isinstance(max_samples, Integral):
        return int(max_samples)
    n_draws = max(int(max_samples * weights.sum()), 1)
    if n_draws < max(10, n_samples ** (1 / 3)):
        warnings.warn(
            f"max_samples={max_samples!r} of a total weight of {weights.sum():g} makes bootstraps of only "
            f"{n_draws} samples; a whole number says directly how many to draw",
            stacklevel=4,
        )
    return n_draws
