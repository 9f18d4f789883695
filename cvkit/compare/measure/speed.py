"""Time rows of the tables beside their references, and what the first call in a process costs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import cvkit
from cvkit._jit_cuda import cuda
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.detectors import DetectorCase
from cvkit.compare.cases.images import scene
from cvkit.compare.measure.documents import Row
from cvkit.compare.measure.machine import processor_level, reference_version, thread_count
from cvkit.compare.measure.timing import alternate, copying_seconds

# The bars of the table of images hold for this size and for one thread on each side.
BAR_SHAPE = (1080, 1920)

_FIT = "from cvkit import ml; X, y = image.astype(float), image[:, 0] > 127; ml.{}.fit(X, y)"

FIRST_CALLS: dict[str, tuple[str, str, float | None]] = {
    "gaussian_blur": ("sigma 1.2", "cvkit.gaussian_blur(image, 1.2)", None),
    "canny": ("", "cvkit.canny(image, 50, 150)", None),
    "sobel": ("", "cvkit.sobel(image, 1, 0)", None),
    "median_blur": ("ksize 5", "cvkit.median_blur(image, 5)", None),
    "bilateral_filter": ("ksize 5", "cvkit.bilateral_filter(image, 5, 30, 3)", None),
    "resize": ("half", "cvkit.resize(image, (64, 32))", None),
    "warp_affine": (
        "",
        "cvkit.warp_affine(image, np.eye(2, 3) * 0.9, (128, 64))",
        None,
    ),
    "hog": ("", "cvkit.hog(image)", 0.8),
    "detect": ("person-acf", "cvkit.detect.pretrained('person-acf').detect(np.dstack([image] * 3))", None),
    "KMeans": ("5 clusters", _FIT.format("KMeans(5, random_state=0)"), None),
    "KNeighborsClassifier": ("predict", _FIT.format("KNeighborsClassifier()") + ".predict(X)", None),
    "DecisionTreeClassifier": ("", _FIT.format("DecisionTreeClassifier()"), None),
    "RandomForestClassifier": ("10 trees", _FIT.format("RandomForestClassifier(10)"), None),
    "SVC": ("predict", _FIT.format("SVC()") + ".predict(X)", None),
}
"""What a process does first with a gray image, 128 x 64: operation -> (name, call, accepted seconds)."""


def time_case(
    case: Case, image: np.ndarray, threads: int, *, on_cuda: bool = False, seconds: float = 8.0
) -> Row:
    """Time one row of the table of images.

    Parameters
    ----------
    case : Case
        The row.
    image : numpy.ndarray
        Of the row's dtype and channels.
    threads : int
        Threads of each side.
    on_cuda : bool
        Whether cvkit works on a GPU; the image is brought there beforehand.
    seconds : float
        About how long the timing takes.

    Returns
    -------
    dict
        Times in seconds; ``first`` is the first call in this process, which compiles or loads the kernels;
        ``copies`` says how many times the image is copied, on one thread, in the time of a call.

    Examples
    --------
    >>> from cvkit.compare.cases.table import CASES
    >>> row = time_case(CASES[0], scene(20, 30, channels=3), threads=1)
    >>> row["section"], row["label"], row["bar"]
    ('speed', 'rgb_to_gray[]-uint8x3', None)
    """
    ours = _on_target(case.ours, image, on_cuda)
    at_bar = image.shape[:2] == BAR_SHAPE and threads == 1
    timing = _timing(ours, lambda: case.reference(image), threads, seconds)
    return {
        "section": "speed",
        "operation": case.operation,
        "name": case.name,
        "label": case.label,
        "dtype": case.dtype,
        "channels": case.channels,
        **_sizes(image, threads),
        "reference_version": reference_version(case.against),
        "device": "cuda" if on_cuda else "cpu",
        **timing,
        "copies": timing["ours"] / copying_seconds(image),
        "bar": case.bar if at_bar and not on_cuda else None,
    }


def time_detector(
    case: DetectorCase,
    image: np.ndarray,
    threads: int,
    *,
    on_cuda: bool = False,
    seconds: float = 8.0,
) -> Row:
    """Time detection on both sides, from the image to grouped boxes.

    Parameters
    ----------
    case : DetectorCase
        The row.
    image : numpy.ndarray, (H, W, 3), uint8
        An image with people, RGB.
    threads : int
        Threads of each side.
    on_cuda : bool
        Whether cvkit works on a GPU; the image is brought there beforehand.
    seconds : float
        About how long the timing takes.

    Returns
    -------
    dict
        As of :func:`time_case`.

    Examples
    --------
    >>> row = time_detector(DetectorCase(130, 70, 1, bar=1.0), scene(60, 40, channels=3), threads=1)
    >>> row["height"], row["width"], row["bar"]
    (130, 70, 1.0)
    """
    image = case.adapted(image)
    ours, reference = _on_target(case.detector().detect, image, on_cuda), case.reference()
    return {
        "section": "detector",
        "operation": case.operation,
        "name": case.name,
        "label": case.label,
        "dtype": "uint8",
        "channels": case.channels,
        **_sizes(image, threads),
        "reference_version": reference_version("opencv"),
        "device": "cuda" if on_cuda else "cpu",
        **_timing(ours, lambda: reference.detect(image), threads, seconds),
        "bar": case.bar if threads == 1 and not on_cuda else None,
    }


def _sizes(image: np.ndarray, threads: int) -> Row:
    return {"height": image.shape[0], "width": image.shape[1], "threads": threads, "level": processor_level()}


def _on_target(function: Callable[[Any], Any], image: np.ndarray, on_cuda: bool) -> Callable[[], Any]:
    """Return the call to time; on a GPU it waits for the result."""
    if not on_cuda:
        return lambda: function(image)
    on_device = cvkit.to_device(image)

    def call() -> None:
        function(on_device)
        cuda.synchronize()

    return call


def _timing(ours: Callable[[], Any], reference: Callable[[], Any], threads: int, seconds: float) -> Row:
    with thread_count(threads):
        start = time.perf_counter()
        ours()
        first = time.perf_counter() - start
        return {**asdict(alternate(ours, reference, seconds=seconds)), "first": first}


def image_for(case: Case, shape: tuple[int, int]) -> np.ndarray:
    """Make the image on which a row is measured."""
    return scene(*shape, channels=case.channels, dtype=case.dtype)


_FIRST_CALL_PROGRAM = """
import time
import numpy as np
import cvkit
image = np.random.default_rng(0).integers(0, 256, (128, 64), np.uint8)
start = time.perf_counter()
{call}
print(time.perf_counter() - start)
"""


def first_call_label(operation: str) -> str:
    """Return the label of an operation's first call."""
    return f"{operation}[first call]"


def time_first_call(operation: str, processes: int = 3) -> Row:
    """Time the first call in a fresh process: imports, and kernels compiled or from the disk cache.

    Parameters
    ----------
    operation : str
        A key of :data:`FIRST_CALLS`.
    processes : int
        Number of processes that find the disk cache filled.

    Returns
    -------
    dict
        In seconds: ``ours`` the median time with a filled disk cache, ``first`` with an empty one.
    """
    name, call, bar = FIRST_CALLS[operation]
    command = [sys.executable, "-c", _FIRST_CALL_PROGRAM.format(call=call)]
    package = Path(cvkit.__file__).parents[1]
    with tempfile.TemporaryDirectory() as cache:
        search = os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONPATH": search}
        first, *later = [
            float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
            for _ in range(1 + processes)
        ]
    return {
        "section": "first call",
        "operation": operation,
        "name": name,
        "label": first_call_label(operation),
        "level": processor_level(),
        "ours": median(later),
        "first": first,
        "bar": bar,
    }
