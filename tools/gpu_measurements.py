"""The CUDA twins on a real GPU: do they agree with the CPU's, and how near are they to the memory's speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from statistics import median
from typing import Any

import numpy as np

import cvkit
from cvkit._jit_cuda import cuda, gpu_name
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.images import scene
from cvkit.compare.measure.difference import difference
from cvkit.compare.measure.documents import Row
from cvkit.compare.present.tables import Table, image_kind

# Large enough for the time to be that of the memory, not of the launch.
_COPY_BYTES = 1 << 28
# Seconds that two CUDA events can tell apart.
_EVENT_RESOLUTION = 5e-7


def describe_gpu() -> dict[str, str]:
    """Name the GPU and what it can do."""
    major, minor = cuda.current_context().device.compute_capability
    return {"gpu": gpu_name(), "compute capability": f"{major}.{minor}"}


def stream_seconds(call: Callable[[], Any], *, calls: int = 10, rounds: int = 5) -> float:
    """Time a call by CUDA events on the default stream.

    Parameters
    ----------
    call : callable
        Launches kernels, and copies nothing from or to the host.
    calls : int
        Calls between two events; they are queued, so that the GPU need not wait for the host.
    rounds : int
        The result is the median over this many pairs of events.

    Returns
    -------
    float
        Seconds of one call: its kernels, and the gaps between them where launching takes longer than running.
    """
    call()
    start, end = cuda.event(), cuda.event()
    times = []
    for _ in range(rounds):
        start.record()
        for _ in range(calls):
            call()
        end.record()
        end.synchronize()
        times.append(max(start.elapsed_time(end) / 1e3, _EVENT_RESOLUTION) / calls)
    return median(times)


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
    return 2 * size / stream_seconds(lambda: target.copy_to_device(source))


def check_case(case: Case, shape: tuple[int, int], count: int, bandwidth: float) -> Row:
    """Compare a row's CUDA twin with its CPU twin, and time it.

    Parameters
    ----------
    case : Case
        A row of the table of images.
    shape : (int, int)
        Height and width of the images.
    count : int
        1 for a single image, more for a stack.
    bandwidth : float
        From :func:`copy_bandwidth`, in the same process.

    Returns
    -------
    dict
        Differences; times of kernels and transfers in seconds; ``least_bytes``, those of input and output;
        and ``of_bandwidth``, the time that moving these takes as a share of the kernels' time.
        A row that fails has an ``error`` instead.
    """
    row = {
        "section": "gpu",
        "operation": case.operation,
        "name": case.name,
        "label": case.label,
        "dtype": case.dtype,
        "channels": case.channels,
        "height": shape[0],
        "width": shape[1],
        "image": "single" if count == 1 else f"stack of {count}",
    }
    try:
        return {**row, **_checked(case, _images(case, shape, count), bandwidth)}
    except Exception as error:  # one broken kernel must not hide the others
        return {**row, "agrees": False, "error": f"{type(error).__name__}: {error}".partition("\n")[0]}


def _images(case: Case, shape: tuple[int, int], count: int) -> np.ndarray:
    images = [scene(*shape, case.channels, case.dtype, seed) for seed in range(count)]
    return images[0] if count == 1 else np.stack(images).reshape(count, *shape, case.channels)


def _checked(case: Case, image: np.ndarray, bandwidth: float) -> Row:
    expected = case.ours(image)
    on_device = cvkit.to_device(image)
    result = case.ours(on_device)
    found = difference(cvkit.to_host(result), expected, case.device_tolerance)
    kernels = stream_seconds(lambda: case.ours(on_device))
    least_bytes = image.nbytes + expected.nbytes
    return {
        **asdict(found),
        "agrees": found.exceeding <= case.device_tolerance.exceptions,
        "kernels": kernels,
        "upload": _host_seconds(lambda: cvkit.to_device(image)),
        "download": _host_seconds(lambda: cvkit.to_host(result)),
        "least_bytes": least_bytes,
        "of_bandwidth": least_bytes / bandwidth / kernels,
    }


def _host_seconds(transfer: Callable[[], Any]) -> float:
    """Time a transfer from the host's side, until it is complete."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        transfer()
        cuda.synchronize()
        times.append(time.perf_counter() - start)
    return median(times)


def gpu_table(rows: list[Row]) -> Table:
    """Lay out what :func:`check_case` found, one line for each row, size and stack.

    Parameters
    ----------
    rows : list of dict
        Rows of the section "gpu".

    Returns
    -------
    Table

    Examples
    --------
    >>> gpu_table([]).rows
    []
    """
    header = ["operation", "parameters", "images", "size", "agrees with the CPU"]
    header += ["largest difference", "kernels ms", "upload ms", "download ms", "MB to move", "of bandwidth"]
    lines = []
    for row in rows:
        words = [row["operation"], row["name"], f"{row['image']}, {image_kind(row)}"]
        words += [f"{row['height']}x{row['width']}", row.get("error") or ("yes" if row["agrees"] else "NO")]
        lines.append(words + _figures(row))
    return Table("CUDA twins: agreement, times, share of the copy bandwidth", header, lines, words=5)


def _figures(row: Row) -> list[str]:
    if "error" in row:
        return [""] * 6
    return [
        f"{row['largest']:.2g}",
        *(f"{row[name] * 1e3:.3f}" for name in ("kernels", "upload", "download")),
        f"{row['least_bytes'] / 1e6:.1f}",
        f"{row['of_bandwidth']:.0%}",
    ]
