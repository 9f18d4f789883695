"""Results of the table of images as files, made by one processor to be compared with those of another."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import numpy as np
from numba.core import event

import aarch64_kernels
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.images import noise, scene
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure.difference import difference

# Smaller than a vector, with a remainder in each direction, and beyond a strip.
SHAPES = [(5, 6), (64, 97), (259, 33)]
# What else computes in these operations has an order of its own on each processor: LAPACK parts kernels into
# products, pocketfft and NumPy sum templates. They are held to the row's tolerance between CPU and CUDA.
OTHER_LIBRARIES = ("gabor_filter", "match_template")


def compute_here(folder: str, *labels: str) -> None:
    """Compute rows of the table; keep images and results, and their kernels in Numba's cache.

    Parameters
    ----------
    folder : str
        Gets ``images.npz`` and ``x86_64.npz``.
    *labels : str
        Which rows.
    """
    cases = _rows(labels)
    makers = {name: make for case in cases for name, make in _images(case)}
    np.savez(Path(folder, "images.npz"), **{name: make() for name, make in makers.items()})
    np.savez(Path(folder, "x86_64.npz"), **_results(cases, folder))


def record_kernels(folder: str, *labels: str) -> None:
    """Compute the same rows once more, and keep as ``recording.pickle`` which kernels Python calls for them.

    In a process that compiles nothing, what was loaded is what was called. Helpers that only kernels call
    are not there; some of them could not be compiled alone.
    """
    event.register("numba:compile", _NoCompilation())
    _results(_rows(labels), folder)
    Path(folder, "recording.pickle").write_bytes(pickle.dumps(aarch64_kernels.record()))


def compute_there(folder: str, *labels: str) -> None:
    """Compute the same rows of the same images as ``aarch64.npz``, by kernels that are compiled already."""
    event.register("numba:compile", _NoCompilation())
    np.savez(Path(folder, "aarch64.npz"), **_results(_rows(labels), folder))


def differences(folder: Path) -> Iterator[str]:
    """Name the results that are not the same bytes, each with how far it is off."""
    with np.load(folder / "x86_64.npz") as expected, np.load(folder / "aarch64.npz") as found:
        for name in sorted(expected.keys() | found.keys()):
            if name not in expected or name not in found:
                yield f"{name}: on one of them only"
                continue
            ours, theirs = _plain_nan(expected[name]), _plain_nan(found[name])
            if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
                yield f"{name}: {ours.dtype} {ours.shape} and {theirs.dtype} {theirs.shape}"
            elif ours.tobytes() != theirs.tobytes() and not _is_near(name, ours, theirs):
                apart = np.abs(ours.astype(np.float64) - theirs)
                yield f"{name}: {np.count_nonzero(apart)} of {apart.size} values, by up to {apart.max():.3g}"


def _is_near(name: str, ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Tell whether a result is one of other libraries, and within the tolerance of its row."""
    rows = (
        case for case in CASES if case.operation in OTHER_LIBRARIES and name.startswith(f"{case.label} of ")
    )
    return any(
        difference(ours, theirs, row.device_tolerance).exceeding <= row.device_tolerance.exceptions
        for row in rows
    )


def _plain_nan(values: np.ndarray) -> np.ndarray:
    """Give every NaN the same bits: a NaN that is computed has its sign bit set on x86, and not on ARM."""
    return (
        np.where(np.isnan(values), values.dtype.type(np.nan), values) if values.dtype.kind == "f" else values
    )


def _rows(labels: tuple[str, ...]) -> list[Case]:
    return [case for case in CASES if case.label in labels]


def _images(case: Case) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    """Name the images of a row, and say how they are made."""
    for height, width in SHAPES:
        if height >= case.minimum_shape[0] and width >= case.minimum_shape[1]:
            for make in (noise, scene):
                name = f"{make.__name__} {height}x{width}x{case.channels} {case.dtype}"
                yield name, partial(make, height, width, case.channels, case.dtype)


def _results(cases: list[Case], folder: str) -> dict[str, np.ndarray]:
    with np.load(Path(folder, "images.npz")) as images:
        return {
            f"{case.label} of {name}": case.ours(images[name]) for case in cases for name, _ in _images(case)
        }


class _NoCompilation(event.Listener):
    """End a process that would compile what has to be in its cache."""

    def on_start(self, event: event.Event) -> NoReturn:
        kernel = event.data["dispatcher"].py_func
        raise RuntimeError(f"no code is kept for {kernel.__module__}.{kernel.__qualname__}")

    def on_end(self, event: event.Event) -> None:
        """There is none."""
