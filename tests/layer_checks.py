"""What tests of layers share: gradients by finite differences, and torch where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def numeric_gradient(forward: Callable[[np.ndarray], np.ndarray], x: np.ndarray, gradient: Any) -> np.ndarray:
    """Differentiate ``(forward(x) * gradient).sum()`` by each value of ``x``."""
    step, out = 1e-4, np.empty_like(x)
    for place in np.ndindex(x.shape):
        values = []
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * step
            values.append((forward(moved) * gradient).sum())
        out[place] = (values[0] - values[1]) / (2 * step)
    return out
