"""Compare learners with scikit-learn's: agreement of models, times of fit and predict, memory of fit."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.measure.documents import Row
from cvkit.compare.measure.machine import processor_level, reference_version, thread_count
from cvkit.compare.measure.timing import alternate


def compare_learner(case: LearnerCase, threads: int, *, small: bool = False, seconds: float = 8.0) -> Row:
    """Fit a learner and scikit-learn's on the same data, compare the models, and time both in turns.

    Parameters
    ----------
    case : LearnerCase
        A row of the table of learners.
    threads : int
        Threads of each side.
    small : bool
        Whether to take the small data of the test suite.
    seconds : float
        About how long each of the two timings takes.

    Returns
    -------
    dict
        ``differences`` by name, ``fit`` and ``predict`` as :class:`~cvkit.compare.measure.timing.Timing`, and
        by how many bytes the process grew in each fit. ``first`` is the first fit in this process, which
        compiles or loads the kernels, in seconds.
    """
    X, y = case.small() if small and case.small else case.data()
    with thread_count(threads):
        start = time.perf_counter()
        ours = case.ours().fit(X, y)
        first = time.perf_counter() - start
        theirs = case.theirs().fit(X, y)
        differences = case.agree(ours, theirs, X, y)
        fit = alternate(lambda: case.ours().fit(X, y), lambda: case.theirs().fit(X, y), seconds=seconds)
        predict = alternate(
            lambda: getattr(ours, case.predict)(X), lambda: getattr(theirs, case.predict)(X), seconds=seconds
        )
        return {
            "section": "learner",
            "operation": case.learner,
            "name": case.name,
            "label": case.label,
            "first": first,
            "samples": X.shape[0],
            "features": X.shape[1],
            "threads": threads,
            "level": processor_level(),
            "reference_version": reference_version("scikit-learn"),
            "differences": differences,
            "tolerances": case.tolerances,
            "agrees": all(differences[name] <= limit for name, limit in case.tolerances.items()),
            "fit": {**asdict(fit), "bar": case.fit_bar if threads == 1 and not small else None},
            "predict": {**asdict(predict), "bar": case.predict_bar if threads == 1 and not small else None},
            "fit_bytes": extra_memory(lambda: case.ours().fit(X, y)),
            "reference_fit_bytes": extra_memory(lambda: case.theirs().fit(X, y)),
        }


def extra_memory(call: Callable[[], Any]) -> int | None:
    """Return by how many bytes the process grew at the peak of a call; None where the system does not tell.

    Parameters
    ----------
    call : callable
        Called once, without arguments.

    Returns
    -------
    int or None

    Examples
    --------
    >>> import numpy as np
    >>> (extra_memory(lambda: np.ones(4_000_000)) or 32_000_000) > 20_000_000
    True
    """
    reset = Path("/proc/self/clear_refs")
    if sys.platform != "linux" or not reset.exists():
        return None
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # freed memory that the allocator holds would hide what the call takes
    try:
        reset.write_text("5")
    except OSError:  # containers may forbid it
        return None
    before = _status_bytes("VmRSS")
    call()
    return max(0, _status_bytes("VmHWM") - before)


def _status_bytes(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/self/status has no line {name}")
