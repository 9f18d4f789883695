"""BLAS inside parallel kernels: one thread for each call, because the kernels bring their own."""

from __future__ import annotations

import functools
from typing import Any

import scipy.linalg.cython_blas  # noqa: F401  (loads the BLAS that Numba's np.dot calls)
import threadpoolctl


@functools.cache
def _controller() -> Any:
    return threadpoolctl.ThreadpoolController()


def single_threaded() -> Any:
    """Return a context in which BLAS does not start threads."""
    return _controller().limit(limits=1, user_api="blas")
