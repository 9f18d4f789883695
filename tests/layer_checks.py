"""What tests of layers share: one thread, dtypes, and gradients by finite differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from cvkit._jit import thread_limit

# Each is compiled for itself; the other one is left to sweeps.
DTYPES = [np.float32, pytest.param(np.float64, marks=pytest.mark.sweep)]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Let no kernel be compiled once more for threads; sweeps compare those."""
    with thread_limit(1):
        yield


def numeric_gradient(
    forward: Callable[[np.ndarray], np.ndarray], x: np.ndarray, gradient: np.ndarray, step: float = 1
) -> np.ndarray:
    """Differentiate ``(forward(x) * gradient).sum()`` by each value of ``x``; most layers are linear."""
    out = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        values: list[Any] = []
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * step
            values.append((forward(moved).astype(np.float64) * gradient).sum())
        out[place] = (values[0] - values[1]) / (2 * step)
    return out
