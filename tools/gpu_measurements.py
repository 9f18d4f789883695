"""The CUDA twins on a real GPU: do they agree with the CPU's, and how near are they to the memory's speed."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import cvkit
import gpu_references
from cvkit._jit_cuda import CUDA_KERNELS, cuda, cuda_kernel, gpu_name
from cvkit.compare.cases.case import EXACT, Case, Tolerance, image_size
from cvkit.compare.measure.difference import difference
from cvkit.compare.measure.documents import Row
from cvkit.compare.present.tables import Table
from gpu_references import KINDS, Reference

# Large enough for the time to be that of the memory, not of the launch, and for no cache to hold it.
_COPY_BYTES = 1 << 28
_MOST_COPIES = 64
# Seconds that two CUDA events can tell apart.
_EVENT_RESOLUTION = 5e-7
# What a call takes of the host at most: so long the GPU is kept busy before calls that are timed.
_SECONDS_OF_A_CALL = 3e-4
_TINY = 48, 64


def describe_gpu() -> dict[str, Any]:
    """Name the GPU, what it can do, and its clocks now, as far as the driver's own program tells."""
    major, minor = cuda.current_context().device.compute_capability
    fields = "driver_version,clocks.sm,clocks.max.sm,clocks.mem,temperature.gpu,power.draw"
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader", "--id=0"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        told = ""
    values = zip(fields.split(","), told.split(", "), strict=False) if told else ()
    return {"gpu": gpu_name(), "compute capability": f"{major}.{minor}", **dict(values)}


def check_case(case: Case, kind: str, references: dict[str, Reference]) -> Row:
    """Compare what a row's CUDA twin makes of some images with what the CPU's made of them elsewhere.

    Parameters
    ----------
    case : Case
        A row of the table of images.
    kind : str
        One of ``KINDS``.
    references : dict
        From :func:`gpu_references.read_references`.

    Returns
    -------
    dict
        Whether they agree, and the differences. A row that fails has an ``error`` instead.
    """
    row = _row(case, "gpu", kind)
    try:
        known = references.get(gpu_references.place(case, kind))
        if known is None:
            return {**row, "agrees": False, "error": "no reference: run tools/gpu_references.py"}
        image = gpu_references.images(case, *KINDS[kind])
        result = np.asarray(cvkit.to_host(case.ours(cvkit.to_device(image))))
        return {**row, **_compared(result, known, case.device_tolerance)}
    except Exception as error:  # one broken kernel must not hide the others
        return {**row, "agrees": False, "error": _told(error)}


def _row(case: Case, section: str, kind: str) -> Row:
    words = {"operation": case.operation, "name": case.name, "label": case.label}
    return {"section": section, **words, "dtype": case.dtype, "channels": case.channels, "image": kind}


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def _compared(result: np.ndarray, known: Reference, tolerance: Tolerance) -> Row:
    is_equal = gpu_references.digest(result) == known.digest
    if is_equal or tolerance == EXACT or known.values is None:
        return {"agrees": is_equal, "equal": float(is_equal)}
    found = difference(gpu_references.some_values(result), known.values, tolerance)
    # Of few values one may be one of the few that differ.
    accepted = max(tolerance.exceptions, 1 / known.values.size if tolerance.exceptions else 0)
    return {"agrees": found.exceeding <= accepted, **asdict(found)}


def _gray(image: np.ndarray) -> np.ndarray:
    red, green, blue = np.moveaxis(image.astype(np.uint32), -1, 0)
    return ((9798 * red + 19235 * green + 3735 * blue + (1 << 14)) >> 15).astype(np.uint8)


def _on_a_stream(image: np.ndarray) -> bool:
    array = cvkit.to_device(image).bind(cuda.stream())
    edges = [cvkit.canny(cvkit.gaussian_blur(cvkit.rgb_to_gray(one), 1.2), 50, 150) for one in (array, image)]
    return np.array_equal(cvkit.to_host(edges[0]), edges[1])


def _many_images(image: np.ndarray) -> bool:
    stack = np.broadcast_to(image[:8, :8], (70_000, 8, 8, 3)).copy()
    found = cvkit.to_host(cvkit.rgb_to_gray(cvkit.to_device(stack)))
    return np.array_equal(found[..., 0], _gray(stack))


def _many_rows(image: np.ndarray) -> bool:
    tall = np.resize(image, (600_000, 8, 3))
    found = cvkit.to_host(cvkit.resize(cvkit.to_device(tall), (300_000, 4), interpolation="nearest"))
    return np.array_equal(found, tall[::2, ::2])


def _of_library(name: str, image: np.ndarray) -> bool:
    if name not in sys.modules and not _is_installed(name):
        return True
    library = __import__(name)
    array = library.from_numpy(image).cuda() if name == "torch" else library.asarray(image)
    result = cvkit.rgb_to_gray(array)
    host = result.cpu().numpy() if name == "torch" else library.asnumpy(result)
    return type(result) is type(array) and np.array_equal(host, _gray(image))


def _is_installed(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


SPECIAL: dict[str, Callable[[np.ndarray], bool]] = {
    "median of one pixel": lambda image: np.array_equal(
        cvkit.to_host(cvkit.median_blur(cvkit.to_device(image), 1)), image
    ),
    "70,000 images": _many_images,
    "600,000 rows": _many_rows,
    "a stream": _on_a_stream,
    "torch": lambda image: _of_library("torch", image),
    "cupy": lambda image: _of_library("cupy", image),
}
"""What no row of the table shows: name, and what tells of an RGB image whether it is right."""


def check_special(name: str) -> Row:
    """Check one of ``SPECIAL``."""
    row = {"section": "gpu", "operation": name, "name": "", "label": name, "image": "special"}
    try:
        image = np.random.default_rng(0).integers(0, 256, (270, 481, 3), np.uint8)
        return {**row, "agrees": SPECIAL[name](image)}
    except Exception as error:
        return {**row, "agrees": False, "error": _told(error)}


@cuda_kernel(block=(1,))
def _wait(microseconds: Any) -> None:
    for _ in range(microseconds):
        cuda.nanosleep(1000)


def stream_seconds(call: Callable[[int], Any], *, calls: int = 20, rounds: int = 3) -> float:
    """Time calls by CUDA events on the default stream, without what they take of the host.

    Parameters
    ----------
    call : callable
        Launches kernels, and copies nothing from or to the host; told the number of the call.
    calls : int
        Calls between two events. The GPU waits until all of them are queued.
    rounds : int
        The result is the median over this many pairs of events.

    Returns
    -------
    float
        Seconds of one call.
    """
    call(0)
    start, end = cuda.event(), cuda.event()
    times = []
    for _ in range(rounds):
        with cuda.defer_cleanup():  # freeing memory waits for the GPU
            _wait[1](int(1e6 * _SECONDS_OF_A_CALL * calls))
            start.record()
            for number in range(calls):
                call(number)
            end.record()
            end.synchronize()
        times.append(max(start.elapsed_time(end) / 1e3, _EVENT_RESOLUTION) / calls)
    return median(times)


def host_seconds(call: Callable[[], Any], *, calls: int = 50, rounds: int = 5) -> float:
    """Return what a call takes of the host's processor at least."""
    call()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(calls):
            call()
        times.append((time.process_time() - start) / calls)
        cuda.synchronize()
    return min(times)


def copy_bandwidth(size: int = _COPY_BYTES) -> float:
    """Return bytes a second, read and written, of a copy within the GPU's memory.

    Parameters
    ----------
    size : int
        Bytes to copy.

    Returns
    -------
    float
    """
    source = cvkit.to_device(np.zeros(size, np.uint8))
    target = cuda.device_array_like(source)
    return 2 * size / stream_seconds(lambda number: target.copy_to_device(source))


class Timing(NamedTuple):
    """An operation to time: what its rows are called, and the call on an image or a stack."""

    name: str
    channels: int
    call: Callable[[Any], Any]


TIMINGS = [
    Timing("rgb_to_gray", 3, cvkit.rgb_to_gray),
    Timing("rgb_to_bgr", 3, cvkit.rgb_to_bgr),
    Timing("box_filter 5", 1, lambda image: cvkit.box_filter(image, 5)),
    Timing("gaussian_blur 5", 1, lambda image: cvkit.gaussian_blur(image, 1.2, ksize=5)),
    Timing("sobel", 1, lambda image: cvkit.sobel(image, 1, 0)),
    Timing("median_blur 3", 1, lambda image: cvkit.median_blur(image, 3)),
    Timing("median_blur 5", 1, lambda image: cvkit.median_blur(image, 5)),
    Timing("canny", 1, lambda image: cvkit.canny(image, 50, 150)),
    Timing("bilateral_filter 9", 1, lambda image: cvkit.bilateral_filter(image, 9, 75, 75)),
    Timing("warp_affine", 1, lambda image: cvkit.warp_affine(image, _turn(), image_size(image))),
    Timing(
        "resize 1/1.5",
        3,
        lambda image: cvkit.resize(image, tuple(2 * side // 3 for side in image_size(image))),
    ),
    Timing("pyramid_down", 3, cvkit.pyramid_down),
    Timing("pyramid_up", 3, cvkit.pyramid_up),
    Timing("hog", 3, cvkit.hog),
    Timing("channel_features", 3, cvkit.channel_features),
]


def _turn() -> np.ndarray:
    angle = math.radians(7)
    return np.array([[math.cos(angle), -math.sin(angle), 40.0], [math.sin(angle), math.cos(angle), -30.0]])


def time_case(timing: Timing, count: int, shape: tuple[int, int], bandwidth: float) -> Row:
    """Time an operation on images of bytes that are too many for the cache of the GPU.

    Parameters
    ----------
    timing : Timing
        What to time.
    count : int
        1 for single images, more for stacks of so many.
    shape : (int, int)
        Height and width of the images.
    bandwidth : float
        From :func:`copy_bandwidth`, in the same process.

    Returns
    -------
    dict
        Seconds of the kernels for each image; what a call takes of the host; ``least_bytes`` of input and
        output of an image; and ``of_bandwidth``, the time that moving these takes as a share.
    """
    image = "single" if count == 1 else f"stack of {count}"
    row = {"section": "gpu speed", "operation": timing.name, "name": "", "label": timing.name}
    row |= {"image": image, "height": shape[0], "width": shape[1], "channels": timing.channels}
    try:
        host = np.random.default_rng(0).integers(0, 256, (*shape, timing.channels), np.uint8)
        copies = min(_COPY_BYTES // (host.nbytes * count) + 2, _MOST_COPIES)
        stacks = [cvkit.to_device(np.broadcast_to(host, (count, *host.shape))) for _ in range(copies)]
        result = timing.call(stacks[0])
        least_bytes = host.nbytes + result.size * result.dtype.itemsize // count
        del result
        calls = max(20 // count, 2)
        kernels = stream_seconds(lambda number: timing.call(stacks[number % copies]), calls=calls) / count
        small = cvkit.to_device(np.zeros((*_TINY, timing.channels), np.uint8))
        seconds_of_host = host_seconds(lambda: timing.call(small))
    except Exception as error:
        return {**row, "error": _told(error)}
    figures = {"kernels": kernels, "host": seconds_of_host, "least_bytes": least_bytes}
    return {**row, **figures, "of_bandwidth": least_bytes / bandwidth / kernels}


def registers() -> dict[str, int]:
    """Return how many registers a thread of each kernel takes that has been launched."""
    taken: dict[str, int] = {}
    for kernel in CUDA_KERNELS:
        for count in kernel.registers():
            taken[kernel.__name__] = max(count, taken.get(kernel.__name__, 0))
    return taken


def exactness_table(rows: list[Row]) -> Table:
    """Lay out the rows of :func:`check_case` and :func:`check_special` that do not agree.

    Parameters
    ----------
    rows : list of dict
        Rows of the section "gpu".

    Returns
    -------
    Table

    Examples
    --------
    >>> exactness_table([]).rows
    []
    """
    lines = [
        [
            row["label"],
            row["image"],
            row.get("error") or f"largest difference {row.get('largest', 'unknown')}",
        ]
        for row in rows
        if not row["agrees"]
    ]
    return Table(
        "CUDA twins that disagree with the CPU's", ["row", "images", "what is wrong"], lines, words=3
    )


def speed_table(rows: list[Row]) -> Table:
    """Lay out what :func:`time_case` found.

    Parameters
    ----------
    rows : list of dict
        Rows of the section "gpu speed".

    Returns
    -------
    Table

    Examples
    --------
    >>> speed_table([]).rows
    []
    """
    header = [
        "operation",
        "images",
        "size",
        "kernels us an image",
        "host us a call",
        "MB to move",
        "of bandwidth",
    ]
    lines = []
    for row in rows:
        words = [row["operation"], row["image"], f"{row['height']}x{row['width']}x{row['channels']}"]
        if "error" in row:
            lines.append([*words, row["error"], "", "", ""])
            continue
        times = [f"{row[name] * 1e6:.1f}" for name in ("kernels", "host")]
        lines.append([*words, *times, f"{row['least_bytes'] / 1e6:.1f}", f"{row['of_bandwidth']:.1%}"])
    return Table("CUDA twins: times, and share of the copy bandwidth", header, lines, words=3)
