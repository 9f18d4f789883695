"""A device without a GPU: arrays that claim to live on one, and launches that only record types."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numba import types
from numba.np import numpy_support

from cvkit import _dispatch, _jit_cuda


class FakeDeviceArray(np.ndarray):
    """Host memory that looks like a Numba device array."""

    __cuda_ndarray__ = True
    stream = 0

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return dict(self.__array_interface__, version=3)

    def is_c_contiguous(self) -> bool:
        return bool(self.flags.c_contiguous)

    def copy_to_host(self, ary: np.ndarray | None = None, stream: Any = 0) -> np.ndarray:
        if ary is None:
            return np.array(self)
        ary[...] = self
        return ary

    def copy_to_device(self, source: np.ndarray, stream: Any = 0) -> None:
        self[...] = np.asarray(source)

    @property
    def numba_type(self) -> types.Array:
        layout = "C" if self.flags.c_contiguous else "A"
        return types.Array(numpy_support.from_dtype(self.dtype), self.ndim, layout)


def fake(array: np.ndarray) -> FakeDeviceArray:
    """View a host array as one on the fake device."""
    return np.ascontiguousarray(array).view(FakeDeviceArray)


def argument_type(argument: Any) -> Any:
    """The Numba type a launch would pass for an argument."""
    if isinstance(argument, np.ndarray):
        return fake(argument).numba_type if not isinstance(argument, FakeDeviceArray) else argument.numba_type
    from numba import typeof

    if isinstance(argument, tuple) and hasattr(argument, "_make"):
        return types.NamedTuple(tuple(map(argument_type, argument)), type(argument))
    return typeof(argument)


@contextmanager
def launches_replaced(
    monkeypatch: pytest.MonkeyPatch, launch: Callable[..., None], allocate: Callable[..., FakeDeviceArray]
) -> Iterator[None]:
    """Let a function stand for the launch of a kernel, and another for the allocation of device memory."""
    from cvkit import _cuda_arrays  # needs the extra 'cuda'

    with monkeypatch.context() as patch:
        patch.setattr(_jit_cuda.CudaKernel, "_launch", launch)
        patch.setattr(_dispatch, "on_gpu_of", lambda array: nullcontext())
        patch.setattr(_dispatch, "device_empty", allocate)
        patch.setattr(_jit_cuda.cuda, "to_device", lambda array, stream=0: fake(np.array(array)))
        patch.setattr(_jit_cuda.cuda, "device_array", allocate)
        patch.setattr(_cuda_arrays, "temporary", allocate)
        patch.setattr(_cuda_arrays, "kept", fake)
        yield


def zeros(shape: Any, dtype: Any = float, stream: Any = 0) -> FakeDeviceArray:
    """Allocate memory of the device."""
    return fake(np.zeros(shape, dtype))


@contextmanager
def recorded_launches(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[set[tuple[_jit_cuda.CudaKernel, tuple[Any, ...]]]]:
    """Collect (kernel, argument types) of every launch made inside the block; nothing is executed."""
    launches: set[tuple[_jit_cuda.CudaKernel, tuple[Any, ...]]] = set()

    def record(kernel: _jit_cuda.CudaKernel, grid: Any, threads: Any, *args: Any) -> None:
        launches.add((kernel, tuple(map(argument_type, args))))

    with launches_replaced(monkeypatch, record, zeros):
        yield launches


def assert_compile(
    monkeypatch: pytest.MonkeyPatch, launches: Iterable[tuple[_jit_cuda.CudaKernel, tuple[Any, ...]]]
) -> None:
    """Compile recorded launches to PTX for the oldest and a current GPU."""
    # Numba asks the current GPU, of which there may be none, which capability to compile helpers for.
    dispatcher = importlib.import_module(f"{_jit_cuda.cuda.jit.__module__.rpartition('.')[0]}.dispatcher")
    oldest = SimpleNamespace(compute_capability=(7, 5))
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: oldest)
    for kernel, signature in sorted(launches, key=str):
        for capability in [(7, 5), (9, 0)]:
            ptx, _ = _jit_cuda.cuda.compile(
                kernel.py_func, signature, cc=capability, output="ptx", abi="numba", device=False
            )
            assert ".entry" in ptx, kernel.__name__
