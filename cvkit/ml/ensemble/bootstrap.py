"""Which training samples each tree of a forest draws, and how often."""

from __future__ import annotations

import threading
import warnings
from numbers import Integral
from typing import Any

import numpy as np

from cvkit._dispatch import contiguous
from cvkit.ml._samples import Samples, are_counts, row_hashes

_generators = threading.local()


def seeded(seed: int) -> np.random.RandomState:
    """Return this thread's generator, seeded anew: to make another one takes fifty times as long."""
    if not hasattr(_generators, "of_thread"):
        _generators.of_thread = np.random.RandomState()
    _generators.of_thread.seed(seed)
    return _generators.of_thread


class Bootstrap:
    """Draws samples with replacement, from a seed for each tree, as scikit-learn does.

    Parameters
    ----------
    n_samples : int
        Number of samples.
    weights : (n_samples,) float64 array or None
        Samples are drawn in proportion to their weights; None draws each as often as any other.
    max_samples : int, float or None
        How many to draw: a number, a fraction of the weight of all, or as many as there are to draw from.
    copies : (n_copies,) int64 array, optional
        The samples to draw from, each repeated as often as it counts; each sample once by default.
    """

    def __init__(
        self, n_samples: int, weights: np.ndarray | None, max_samples: Any, copies: np.ndarray | None = None
    ) -> None:
        self.n_samples = n_samples
        self.copies = copies
        self.size: int = n_samples if copies is None else len(copies)
        if weights is not None and copies is not None:
            weights = weights[copies]
        self.shares: np.ndarray | None = None if weights is None else weights / weights.sum()
        weight = float(self.size if weights is None else weights.sum())
        self.n_draws: int = _number_of_draws(max_samples, self.size, weight)

    def draw(self, seed: int) -> np.ndarray:
        """Return the samples of one tree in the order in which they are drawn: (n_draws,) int64."""
        random = seeded(seed)
        if self.shares is None:
            drawn = random.randint(0, self.size, self.n_draws)
        else:
            drawn = random.choice(self.size, self.n_draws, p=self.shares)
        return drawn if self.copies is None else self.copies[drawn]

    def count(self, seed: int) -> np.ndarray:
        """Return how often one tree draws each sample: (n_samples,) float64."""
        return np.bincount(self.draw(seed), minlength=self.n_samples).astype(np.float64)


def copies_in_order(counts: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Repeat each sample as often as it counts, in an order that depends on the contents of the samples.

    Counted samples and copied ones, in whatever order they come, are then drawn alike.

    Parameters
    ----------
    counts : (n_samples,) float64 array
        Not negative.
    X, y : arrays of shape (n_samples, n_features), float32, and (n_samples,)
        The samples.

    Returns
    -------
    (n_copies,) int64 array

    Raises
    ------
    ValueError
        If a count is no whole number, or the counts are too many to be drawn from.
    """
    if not are_counts(counts):
        raise ValueError(
            "frequency_weights=True takes a sample_weight of whole numbers with a sum below 2**24, "
            f"got weights up to {counts.max():g} with a sum of {counts.sum():g}"
        )
    order = np.lexsort((y, row_hashes(Samples(contiguous(X), X))))
    return np.repeat(order, counts[order].astype(np.int64))


def _number_of_draws(max_samples: Any, size: int, weight: float) -> int:
    if max_samples is None:
        return size
    if isinstance(max_samples, Integral):
        return int(max_samples)
    n_draws = max(int(max_samples * weight), 1)
    if n_draws < max(10, size ** (1 / 3)):
        warnings.warn(
            f"max_samples={max_samples!r} of a total weight of {weight:g} makes bootstraps of only "
            f"{n_draws} samples; a whole number says directly how many to draw",
            stacklevel=4,
        )
    return n_draws
