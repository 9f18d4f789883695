"""A CUDA driver that only writes down what it is asked for, so that the host side runs without a GPU."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

_SOURCE = Path(__file__).parent / "cuda_stub" / "libcuda.c"


class _Call(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_char),
        ("stream", ctypes.c_uint64),
        ("gpu", ctypes.c_int),
        ("grid", ctypes.c_uint32 * 3),
    )


class Call(NamedTuple):
    """What the driver was asked for.

    Attributes
    ----------
    kind : str
        "launch", "allocation", "to device", "to host", "on device" (copies) or "synchronization".
    stream : int
        Handle of the stream, 0 for the default one.
    gpu : int
        The number of the current GPU.
    grid : tuple of int
        Of a launch.
    """

    kind: str
    stream: int
    gpu: int
    grid: tuple[int, int, int]


_KINDS = {
    b"l": "launch",
    b"a": "allocation",
    b"h": "to device",
    b"d": "to host",
    b"c": "on device",
    b"s": "synchronization",
}


def take_calls() -> list[Call]:
    """Return what the driver was asked for since the last time; in a process that :func:`run` began."""
    library = ctypes.CDLL("libcuda.so.1")
    count = ctypes.c_int.in_dll(library, "call_count")
    every = (_Call * count.value).in_dll(library, "calls")
    calls = [Call(_KINDS[call.kind], call.stream, call.gpu, tuple(call.grid)) for call in every]
    count.value = 0
    return calls


def stubs(kind: Any, name: str) -> Any:
    """Return a variable of the driver, of a type of ctypes; in a process that :func:`run` began."""
    return kind.in_dll(ctypes.CDLL("libcuda.so.1"), name)


def build(folder: Path) -> None:
    """Build the driver into a folder, or skip the test where that cannot be."""
    compiler = shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs gcc on Linux")
    pytest.importorskip("numba_cuda", reason="the extra 'cuda' is not installed")
    command = [compiler, "-shared", "-fPIC", "-O1", "-w", "-o", str(folder / "libcuda.so.1"), str(_SOURCE)]
    subprocess.run([*command, "-ldl"], check=True)


def run(function: str, driver: Path, root: Path) -> None:
    """Run a function, ``module:name``, in a process whose CUDA driver is the one in ``driver``."""
    module, name = function.split(":")
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join([str(driver), os.environ.get("LD_LIBRARY_PATH", "")]),
        "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-W", "error", "-c", f"from {module} import {name}; {name}()"]
    finished = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr[-4000:]
