"""Tables that are too large to be told by their content, on each GPU once."""

import importlib
from typing import Any

import numba
import numpy as np

__all__ = ["kept"]


def kept(table: np.ndarray) -> Any:
    """Return a table on the current GPU, where it stays; it is one that never changes and is never freed."""
    if numba.config.ENABLE_CUDASIM:
        return table
    return importlib.import_module("cvkit._cuda_arrays").kept(table)
