"""Numba's CUDA target, configured in one place: kernels, their launches, and where arrays live.

``numba.cuda`` is imported when it is first used: that takes as long as all the rest, and who has no GPU does
not need it. ``cuda_kernel`` declares a kernel; ``kernel[shape](...)`` launches a thread for each element of
``shape``.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import os
import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from cvkit import _cuda_cache, _dlpack

__all__ = [
    "CUDA_KERNELS",
    "CudaKernel",
    "as_words",
    "cuda_kernel",
    "device_empty",
    "gpu_name",
    "has_cuda",
    "launch_shape",
    "on_device",
    "on_gpu_of",
    "reshaped",
    "temporary",
]


def __getattr__(name: str) -> Any:
    if name != "cuda":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from numba import cuda

    return cuda


def on_device(array: object) -> bool:
    """Tell whether ``array`` lives on a GPU (or, in Numba's CUDA simulator, pretends to)."""
    if type(array) is np.ndarray:  # attributes that are missing take ten times longer
        return False
    return (
        getattr(array, "__cuda_ndarray__", False)
        or hasattr(array, "__cuda_array_interface__")
        or _dlpack.is_on_gpu(array)
    )


def on_gpu_of(array: Any) -> contextlib.AbstractContextManager[Any]:
    """Make the GPU that a device array lives on the current one for a while."""
    if numba.config.ENABLE_CUDASIM:
        return _NOTHING
    arrays = _arrays()
    gpu = arrays.gpu_of(array)
    if gpu == arrays.current_gpu():
        return _NOTHING
    from numba import cuda

    manager: contextlib.AbstractContextManager[Any] = cuda.gpus[gpu]
    return manager


_NOTHING = contextlib.nullcontext()


# Python's own search for a module that is loaded takes ten times longer than what these do.
@functools.cache
def _arrays() -> ModuleType:
    return importlib.import_module("cvkit._cuda_arrays")


@functools.cache
def _launches() -> ModuleType:
    return importlib.import_module("cvkit._cuda_launch")


def device_empty(shape: tuple[int, ...], dtype: npt.DTypeLike, stream: Any = 0) -> Any:
    """Allocate an uninitialized array on the current GPU."""
    if numba.config.ENABLE_CUDASIM:
        from numba import cuda

        return cuda.device_array(shape, dtype, stream=stream)
    return _arrays().allocate(shape, dtype, stream)


def temporary(shape: tuple[int, ...], dtype: npt.DTypeLike, like: Any) -> Any:
    """Allocate an array that kernels use between each other, on the current GPU and the stream of ``like``.

    What is left of it after its last use serves the next call. Results must not lie in it.
    """
    if numba.config.ENABLE_CUDASIM:
        return device_empty(shape, dtype, like.stream)
    return _arrays().temporary(shape, dtype, like.stream)


def reshaped(array: Any, shape: tuple[int, ...]) -> Any:
    """Give a contiguous device array another shape; it stays on its stream, which Numba forgets."""
    if hasattr(array, "gpu_data"):
        arrays = _arrays()
        gpu = arrays.gpu_of(array)
        return arrays.DeviceArray.of(tuple(shape), array.dtype, array.stream, array.gpu_data, gpu)
    view = array.reshape(shape)
    view.stream = array.stream
    return view


def as_words(array: Any) -> Any:
    """View the whole words of four bytes of a flat device array of bytes, or None if it is not of bytes.

    None, too, if the memory does not start with a word.
    """
    interface = getattr(array, "__cuda_array_interface__", None) or array.__array_interface__
    if array.dtype.itemsize != 1 or interface["data"][0] % 4:
        return None
    count, word = array.size // 4, np.dtype(np.uint32)
    if hasattr(array, "gpu_data"):
        return _arrays().DeviceArray.of((count,), word, array.stream, array.gpu_data, array.gpu)
    words = array[: 4 * count].view(word)
    words.stream = array.stream
    return words


# What the driver's library is called; elsewhere Numba is asked.
_DRIVERS = {"linux": ("libcuda.so.1", "libcuda.so"), "win32": ("nvcuda.dll",)}


def has_cuda() -> bool:
    """Tell whether there is a GPU that kernels can run on."""
    is_asked_for = {"NUMBA_CUDA_DRIVER", "NUMBA_ENABLE_CUDASIM"} & os.environ.keys()
    if not is_asked_for and "numba.cuda" not in sys.modules and not _finds_driver():
        return False
    from numba import cuda

    return bool(cuda.is_available())


def _finds_driver() -> bool:
    """Look for the library of the driver, which takes a fraction of what importing ``numba.cuda`` does."""
    if sys.platform not in _DRIVERS:
        return True
    folders = ("", "/usr/lib/", "/usr/lib64/") if sys.platform == "linux" else ("",)
    for folder in folders:
        for name in _DRIVERS[sys.platform]:
            with contextlib.suppress(OSError):
                ctypes.CDLL(folder + name)
                return True
    return False


def gpu_name() -> str:
    """Name the GPU that kernels run on now."""
    from numba import cuda

    # Of the simulators, Numba's own knows a device by its context only, and none has a name for it.
    name = getattr(cuda.current_context().device, "name", "CUDA simulator")
    return name.decode() if isinstance(name, bytes) else str(name)


CUDA_KERNELS: list[CudaKernel] = []
"""Every CUDA kernel that has been defined; the PTX test checks that it saw each of them."""


class CudaKernel:
    """A CUDA kernel with its block shape; ``kernel[shape](*args)`` covers ``shape`` with threads.

    The last axis of ``shape`` runs along x, the one before along y, the first of three along z. The launch
    is asynchronous on the stream of the first device array among the arguments; NumPy arguments (weights,
    tables), also those in a named tuple, are copied to the device.
    """

    def __init__(self, function: Callable[..., Any], block: tuple[int, ...], is_block_fixed: bool) -> None:
        self.__name__, self.__doc__ = function.__name__, function.__doc__
        self.py_func = function
        self.block = block
        self.is_block_fixed = is_block_fixed
        # By GPU and kinds of arguments; None where every launch has to be Numba's.
        self._repeaters: dict[tuple[Any, ...], Any] = {}
        CUDA_KERNELS.append(self)

    @functools.cached_property
    def _compiled(self) -> Any:
        from numba import cuda

        return _cuda_cache.keep_compiled(cuda.jit(self.py_func))

    def __getitem__(self, shape: int | tuple[int, ...]) -> Callable[..., None]:
        extent = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
        block = self.block[: len(extent)]
        grid, block = _launch_shape(extent[::-1], block, self.is_block_fixed)
        return functools.partial(self._launch, grid, block)

    def _launch(self, grid: tuple[int, ...], block: tuple[int, ...], *args: Any) -> None:
        if 0 in grid:
            return
        stream = next((arg.stream for arg in args if getattr(arg, "stream", 0)), 0)
        args = tuple([_on_device(arg, stream) for arg in args])
        handle = int(stream) if stream else 0
        if numba.config.ENABLE_CUDASIM:
            self._configure(grid, block, handle)(*args)
            return
        kinds = _launches().kinds_of(args)
        place = _arrays().current_gpu(), kinds
        repeat = self._repeaters.get(place)
        if repeat is not None:
            repeat(grid, block, handle, args)
            return
        self._configure(grid, block, handle)(*args)
        if kinds is not None and place not in self._repeaters:
            self._repeaters[place] = _launches().repeater_of(self._compiled, args)

    def registers(self) -> list[int]:
        """Return how many registers a thread takes, for each types of arguments launched so far."""
        compiled = self.__dict__.get("_compiled")
        return list(compiled.get_regs_per_thread().values()) if compiled is not None else []

    def _configure(self, grid: tuple[int, ...], block: tuple[int, ...], stream: int) -> Any:
        from numba import cuda

        with warnings.catch_warnings():
            # Small images leave most of a GPU idle, and nothing can be done about it.
            warnings.filterwarnings("ignore", "Grid size")
            return self._compiled[grid, block, cuda.external_stream(stream) if stream else 0]


# Of CUDA: blocks of a grid along x, y and z, and threads of a block along z.
_LARGEST_GRID = ((1 << 31) - 1, (1 << 16) - 1, (1 << 16) - 1)
_DEEPEST_BLOCK = 64


def launch_shape(
    extent: tuple[int, ...], block: tuple[int, ...], *, is_block_fixed: bool = False
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return grid and block that cover ``extent``, (x, y, z) threads; few blocks fit along y and z.

    A block that is not fixed becomes as long along these axes as it takes, and shorter along x: slower, but
    stacks of many images and matrices of many samples are covered as small ones are.
    """
    lengths = list(block)
    for axis, size in enumerate(extent[1:], start=1):
        while -(-size // lengths[axis]) > _LARGEST_GRID[axis] and not is_block_fixed:
            shorter = next((other for other in range(axis) if lengths[other] > 1), None)
            if shorter is None or (axis == 2 and lengths[axis] == _DEEPEST_BLOCK):
                break
            lengths[shorter] //= 2
            lengths[axis] *= 2
    grid = tuple(-(-size // length) for size, length in zip(extent, lengths, strict=True))
    if any(count > most for count, most in zip(grid, _LARGEST_GRID, strict=False)):
        raise ValueError(
            f"image must be covered by one launch on the GPU, got {extent[::-1]} threads; split it"
        )
    return grid, tuple(lengths)


@functools.lru_cache(maxsize=256)
def _launch_shape(
    extent: tuple[int, ...], block: tuple[int, ...], is_block_fixed: bool
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return grid and block along x, y and z."""
    grid, block = launch_shape(extent, block, is_block_fixed=is_block_fixed)
    return (*grid, 1, 1)[:3], (*block, 1, 1)[:3]


def _on_device(argument: Any, stream: Any) -> Any:
    """Copy a NumPy array to the device; of a named tuple, each of its arrays."""
    if type(argument) is np.ndarray:
        if argument.nbytes > _LARGEST_KEPT_TABLE:
            from numba import cuda

            return cuda.to_device(np.ascontiguousarray(argument), stream)
        context = None if numba.config.ENABLE_CUDASIM else _arrays().current_context()
        return _table_on_device(id(context), argument.tobytes(), argument.shape, argument.dtype)
    if isinstance(argument, tuple) and hasattr(argument, "_make"):
        return argument._make([_on_device(field, stream) for field in argument])
    return argument


# Weights and tables of an operation are the same from call to call, and a copy takes longer than a launch.
_LARGEST_KEPT_TABLE = 1 << 16


@functools.lru_cache(maxsize=256)
def _table_on_device(context: int, data: bytes, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """Copy a table to the current device, to be read on any stream: the copy has ended on return."""
    from numba import cuda

    table = cuda.to_device(np.frombuffer(data, dtype).reshape(shape))
    cuda.synchronize()
    return reshaped(table, shape)


def cuda_kernel(
    function: Callable[..., Any] | None = None,
    *,
    block: tuple[int, ...] = (32, 8, 1),
    is_block_fixed: bool = False,
) -> Any:
    """Declare a CUDA kernel, compiled at its first launch.

    Parameters
    ----------
    function : callable
        What to compile; without it, a decorator is returned.
    block : tuple of int
        The shape of a block, (x, y, z).
    is_block_fixed : bool
        Whether the kernel knows that shape; else large grids may get blocks of another.
    """
    if function is None:
        return functools.partial(cuda_kernel, block=block, is_block_fixed=is_block_fixed)
    return CudaKernel(function, block, is_block_fixed)
