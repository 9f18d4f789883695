"""A GPU made of gcc: kernels are compiled to PTX as for a GPU, and the PTX runs on the CPU.

What Numba's simulator cannot show is shown here: the types and the rounding that compiled code has, blocks of
their real shape, memory that nobody has written to, and threads in any order. Not modeled are approximate
instructions, what the assembler may fuse after PTX, and warps in lockstep.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import types

import cvkit
from cvkit import _jit_cuda
from tests.fake_device import FakeDeviceArray, argument_type, fake, launches_replaced
from tests.ptx_parser import Module, parse
from tests.ptx_to_c import translate

HERE = Path(__file__).parent
IS_THERE = bool(
    sys.platform == "linux" and shutil.which("gcc") and importlib.util.find_spec("numba_cuda") is not None
)
needs_ptx_device = pytest.mark.skipif(not IS_THERE, reason="needs gcc on Linux and the extra 'cuda'")
unless_ptx_device = pytest.mark.skipif(IS_THERE, reason="compiled kernels run instead of the simulator")

CAPABILITY = (9, 0)
# Of CUDA: blocks along x, y and z; threads along them, and in a block.
LARGEST_GRID = ((1 << 31) - 1, (1 << 16) - 1, (1 << 16) - 1)
LARGEST_BLOCK = (1024, 1024, 64)
MOST_THREADS = 1024

ORDERS = {"forward": b"f", "backward": b"b", "random": b"r"}
_FLAGS = "-shared -fPIC -O1 -march=native -ffp-contract=off -fwrapv -fno-strict-aliasing -w"
# What PTX has and ptx_runtime.h has not.
_FLAGS += " -Werror=implicit-function-declaration"


class Launch(NamedTuple):
    """A launch that has run.

    Attributes
    ----------
    kernel : CudaKernel
        What ran.
    signature : tuple of numba.types.Type
        Types of its arguments.
    instructions, of_float64 : int
        Executed by all threads together.
    """

    kernel: _jit_cuda.CudaKernel
    signature: tuple[Any, ...]
    instructions: int
    of_float64: int


@contextmanager
def ptx_device(
    monkeypatch: pytest.MonkeyPatch, order: str = "forward", seed: int = 1
) -> Iterator[list[Launch]]:
    """Run launches made inside the block on the CPU, threads in one of ``ORDERS``, and list them."""
    launches: list[Launch] = []

    def run(kernel: _jit_cuda.CudaKernel, grid: Any, block: Any, *args: Any) -> None:
        launches.append(_run(kernel, grid, block, args, ORDERS[order], seed))

    with launches_replaced(monkeypatch, run, unwritten):
        yield launches


def unwritten(shape: Any, dtype: Any = float, stream: Any = 0) -> FakeDeviceArray:
    """Allocate memory of the device: what is not written shows."""
    array = np.empty(shape, dtype)
    array.reshape(-1).view(np.uint8)[...] = 0xA5
    return fake(array)


def _run(
    kernel: _jit_cuda.CudaKernel, grid: Any, block: Any, args: tuple[Any, ...], order: bytes, seed: int
) -> Launch:
    grid, block = ((*extent, 1, 1)[:3] for extent in (grid, block))
    check_extents(grid, block)
    signature = tuple(map(argument_type, args))
    library = _library(kernel, signature)
    copies = [_on_device(arg) for arg in args]
    slots = [slot for kind, arg in zip(signature, copies, strict=True) for slot in _slots(kind, arg)]
    executed = (ctypes.c_uint64 * 2).in_dll(library, "executed")
    executed[:] = 0, 0
    if 0 not in grid:
        library.launch(
            np.array(slots, np.uint64).ctypes.data_as(ctypes.c_char_p),
            (ctypes.c_uint32 * 3)(*grid),
            (ctypes.c_uint32 * 3)(*block),
            ctypes.c_char(order),
            ctypes.c_uint64(seed),
            "bar.sync" in ptx_of(kernel, signature),
        )
    return Launch(kernel, signature, *executed)


def _on_device(argument: Any) -> Any:
    """Copy a NumPy array, also in a tuple: a kernel that writes to it changes nothing on the host."""
    if isinstance(argument, tuple) and hasattr(argument, "_make"):
        return argument._make(map(_on_device, argument))
    return np.array(argument, order="C") if type(argument) is np.ndarray else argument


def check_extents(grid: tuple[int, ...], block: tuple[int, ...]) -> None:
    """Refuse what a GPU refuses."""
    legal = all(map(int.__le__, grid, LARGEST_GRID)) and all(map(int.__le__, block, LARGEST_BLOCK))
    if not legal or np.prod(block) > MOST_THREADS:
        raise ValueError(f"no GPU has a grid of {grid} blocks of {block} threads")


def _slots(kind: Any, value: Any) -> Iterator[int]:
    """Flatten an argument as numba-cuda does, into 64 bits a number."""
    if isinstance(kind, types.Array):
        yield from (0, 0, value.size, value.itemsize, value.ctypes.data)
        yield from (number & (1 << 64) - 1 for number in (*value.shape, *value.strides))
    elif isinstance(kind, types.BaseTuple):
        for part, element in zip(kind, value, strict=True):
            yield from _slots(part, element)
    elif kind == types.float64:
        yield int(np.float64(value).view(np.uint64))
    elif kind == types.float32:
        yield int(np.float32(value).view(np.uint32))
    elif isinstance(kind, types.Integer | types.Boolean):
        yield int(value) & (1 << 64) - 1
    else:
        raise NotImplementedError(f"an argument of type {kind}")


@functools.cache
def ptx_of(
    kernel: _jit_cuda.CudaKernel, signature: tuple[Any, ...], capability: tuple[int, int] = CAPABILITY
) -> str:
    """Compile a kernel to PTX, or find what an earlier process compiled of the same sources."""
    identity = (_digest_of_sources(), kernel.py_func.__module__, kernel.__name__, str(signature), capability)
    kept = _folder() / f"{kernel.__name__}-{_digest(repr(identity))}.ptx"
    if not kept.exists():
        # Numba asks the current GPU, of which there may be none, which capability to compile helpers for.
        dispatcher = importlib.import_module(f"{_jit_cuda.cuda.jit.__module__.rpartition('.')[0]}.dispatcher")
        with pytest.MonkeyPatch.context() as patch:
            gpu = SimpleNamespace(compute_capability=capability)
            patch.setattr(dispatcher, "get_current_device", lambda: gpu)
            ptx, _ = _jit_cuda.cuda.compile(
                kernel.py_func, signature, cc=capability, output="ptx", abi="numba", device=False
            )
        _keep(kept, ptx)
    return kept.read_text(encoding="utf-8")


@functools.cache
def module_of(kernel: _jit_cuda.CudaKernel, signature: tuple[Any, ...]) -> Module:
    """Return the PTX of a kernel, parsed."""
    return parse(ptx_of(kernel, signature))


@functools.cache
def _library(kernel: _jit_cuda.CudaKernel, signature: tuple[Any, ...]) -> ctypes.CDLL:
    source = translate(module_of(kernel, signature))
    runtime = HERE.joinpath("ptx_runtime.h").read_text(encoding="utf-8")
    kept = _folder() / f"{kernel.__name__}-{_digest(source + runtime + _FLAGS)}.so"
    if not kept.exists():
        _keep(kept.with_suffix(".c"), source)
        _build(kept.with_suffix(".c"), kept)
    return ctypes.CDLL(str(kept))


def _build(source: Path, library: Path) -> None:
    # Named last in one step: other processes may want the same library.
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        new = Path(folder) / library.name
        command = [
            "gcc",
            *_FLAGS.split(),
            "-I",
            str(HERE),
            "-shared",
            "-fPIC",
            "-o",
            str(new),
            str(source),
            "-lm",
        ]
        finished = subprocess.run(command, capture_output=True, text=True)
        if finished.returncode:
            errors = [line for line in finished.stderr.splitlines() if "error" in line]
            raise NotImplementedError(f"{source.name}: {errors[:5]}")
        new.replace(library)


def _keep(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as new:
        new.write(text)
    Path(new.name).replace(path)


@functools.cache
def _folder() -> Path:
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or tempfile.gettempdir()) / "cvkit-ptx"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@functools.cache
def _digest_of_sources() -> str:
    """Identify what PTX is made of: the kernels, the helpers that they call, and the compiler."""
    digest = hashlib.sha256()
    for path in sorted(Path(cvkit.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    for package in ("numba", "numba-cuda", "nvidia-nvvm"):
        try:
            digest.update(importlib.metadata.version(package).encode())
        except importlib.metadata.PackageNotFoundError:  # it came in another way
            continue
    return digest.hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
