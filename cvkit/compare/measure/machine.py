"""What a measurement depends on besides the code: the processor, the versions, the number of threads."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path

import cv2
from threadpoolctl import threadpool_limits

import cvkit

_PACKAGES = ("numpy", "numba", "scipy")

LEVELS: dict[str, dict[str, str]] = {
    "native": {},
    "x86-64-v3": {
        "NUMBA_CPU_NAME": "x86-64-v3",
        "NUMBA_CPU_FEATURES": "",
        "OPENCV_CPU_DISABLE": "AVX512-SKX",
        "OPENBLAS_CORETYPE": "Haswell",
    },
}
"""Processor levels of one machine: level -> the environment that holds cvkit and the references to it."""


def describe_machine() -> dict[str, str | int]:
    """Describe what all rows of one document share.

    Returns
    -------
    dict
        Processor, cores, system, and the versions of Python, cvkit and what runs its kernels.

    Examples
    --------
    >>> sorted(describe_machine())[:3]
    ['cores', 'cvkit', 'numba']
    """
    versions = {name: metadata.version(name) for name in _PACKAGES}
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cvkit": cvkit.__version__,
        **versions,
    }


def _processor() -> str:
    """Name the processor; Linux tells it only in /proc."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def opencv_major() -> int:
    """Return the major version of the OpenCV that is installed."""
    return int(cv2.__version__.partition(".")[0])


def processor_level() -> str:
    """Name the level of :data:`LEVELS` that this process is held to.

    Returns
    -------
    str

    Examples
    --------
    >>> processor_level() in LEVELS
    True
    """
    held = [name for name, settings in LEVELS.items() if settings.items() <= os.environ.items()]
    return held[-1]


@cache
def reference_version(against: str) -> str:
    """Name a reference with its version.

    Parameters
    ----------
    against : {"opencv", "scikit-image", "scikit-learn", "scipy", "pillow"}
        As rows of the tables say it.

    Returns
    -------
    str

    Examples
    --------
    >>> reference_version("opencv").partition(" ")[0]
    'OpenCV'
    """
    if against == "opencv":
        return f"OpenCV {cv2.__version__}"
    return f"{against} {metadata.version(against)}"


@contextmanager
def thread_count(count: int) -> Iterator[None]:
    """Give cvkit, OpenCV and what scikit-learn computes with ``count`` threads each for a while."""
    before = cvkit.get_num_threads(), cv2.getNumThreads()
    cvkit.set_num_threads(count)
    cv2.setNumThreads(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        cvkit.set_num_threads(before[0])
        cv2.setNumThreads(before[1])
