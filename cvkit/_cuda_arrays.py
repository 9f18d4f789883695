"""Device arrays that take little of the host's time: arrays of Numba's that know what kernels ask for.

Importing this imports ``numba.cuda``. NVIDIA's bindings, which come with the extra ``cuda``, are looked up
when they are used.
"""

from __future__ import annotations

import collections
import functools
import math
import threading
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import cuda
from numba.cuda.cudadrv import devices, driver
from numba.cuda.cudadrv.devicearray import DeviceNDArray

__all__ = ["DeviceArray", "allocate", "current_context", "current_gpu", "gpu_of", "kept", "temporary"]


class _OnceAsked:
    """An attribute that is derived when it is first asked for; ``functools.cached_property`` takes a lock."""

    def __init__(self, derive: Any) -> None:
        self._derive = derive
        self.__doc__ = derive.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, array: Any, owner: type) -> Any:
        value = array.__dict__[self._name] = self._derive(array)
        return value


class DeviceArray(DeviceNDArray):
    """A contiguous device array of Numba's, whose attributes are derived when they are first asked for.

    Numba spends longer on deriving them than a driver on a launch.

    Attributes
    ----------
    gpu : int
        Number of the GPU that the memory is on.
    kind : tuple
        Equal for arrays that kernels are compiled for alike.
    """

    gpu: int
    kind: tuple[Any, ...] | None = None  # None: Numba made this array, which may have gaps

    @classmethod
    def of(cls, shape: tuple[int, ...], dtype: np.dtype, stream: Any, memory: Any, gpu: int) -> DeviceArray:
        """View memory as an array in C order."""
        array = cls.__new__(cls)
        array.shape = shape
        array.dtype = dtype
        array.stream = stream
        array.gpu_data = memory
        array.gpu = gpu
        array.ndim = len(shape)
        array.size = math.prod(shape)
        array.alloc_size = array.size * dtype.itemsize
        array.kind = dtype, array.ndim
        return array

    @_OnceAsked
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next along each axis."""
        steps, step = [], self.dtype.itemsize
        for size in reversed(self.shape):
            steps.append(step)
            step *= size
        return tuple(reversed(steps))

    @_OnceAsked
    def _dummy(self) -> Any:  # what methods of Numba's arrays look at
        return DeviceNDArray(self.shape, self.strides, self.dtype, self.stream, self.gpu_data)._dummy

    @_OnceAsked
    def slots(self) -> tuple[int, ...]:
        """What a kernel is passed, in Numba's order."""
        pointer = int(self.gpu_data.device_pointer)
        return (0, 0, self.size, self.dtype.itemsize, pointer, *self.shape, *self.strides)

    def is_c_contiguous(self) -> bool:
        """Tell whether the elements lie in C order without gaps."""
        return self.kind is not None or super().is_c_contiguous()


def current_gpu() -> int:
    """Return the number of the current GPU, -1 where there is none."""
    error, gpu = driver.binding.cuCtxGetDevice()
    return -1 if error else int(gpu)


def current_context() -> Any:
    """Return Numba's context of the current GPU; Numba looks for it in the driver, and locks meanwhile."""
    gpu = current_gpu()
    return devices.get_context() if gpu < 0 else devices.gpus[gpu].get_primary_context()


def kept(table: np.ndarray) -> Any:
    """Return a table on the current GPU, copied there when it is first asked for; any stream may read it."""
    context = current_context()
    place = id(context), id(table)
    if place not in _tables:
        copied = cuda.to_device(table)
        cuda.synchronize()
        array = DeviceArray.of(table.shape, table.dtype, 0, copied.gpu_data, current_gpu())
        # Whose identity is a key, has to stay.
        _tables[place] = array, context, table
    return _tables[place][0]


_tables: dict[tuple[int, int], tuple[Any, ...]] = {}


def gpu_of(array: Any) -> int:
    """Return the number of the GPU that an array is on."""
    if isinstance(array, DeviceArray) and array.kind is not None:
        return array.gpu
    if len(devices.gpus) == 1:
        return 0
    pointer = array.__cuda_array_interface__["data"][0]
    if not pointer:  # an empty array
        return max(current_gpu(), 0)
    attribute = driver.binding.CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL
    return int(driver.driver.cuPointerGetAttribute(attribute, driver.binding.CUdeviceptr(pointer)))


def allocate(shape: tuple[int, ...], dtype: npt.DTypeLike, stream: Any) -> DeviceNDArray:
    """Allocate an array on the current GPU for a caller to keep: by the allocator that Numba uses."""
    return _array(shape, dtype, stream, _allocate)


def temporary(shape: tuple[int, ...], dtype: npt.DTypeLike, stream: Any) -> DeviceNDArray:
    """Allocate an array on the current GPU for work on one stream, whose memory serves again after it."""
    return _array(shape, dtype, stream, functools.partial(_pool.lend, int(stream) if stream else 0))


def _array(shape: tuple[int, ...], dtype: npt.DTypeLike, stream: Any, allocate: Any) -> DeviceNDArray:
    shape, dtype = tuple(map(int, shape)), np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if size == 0:
        return numba.cuda.device_array(shape, dtype, stream=stream)
    context = current_context()
    return DeviceArray.of(shape, dtype, stream, allocate(context, size), context.device.id)


def _allocate(context: Any, size: int) -> Any:
    try:
        return context.memalloc(size)
    except driver.CudaAPIError as error:
        if error.code != driver.binding.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
            raise
    _pool.clear()
    return context.memalloc(size)


class _Lent:
    """Memory of the pool, which returns to it when the last array that uses it is gone."""

    __slots__ = ("_memory", "_place", "device_pointer")

    def __init__(self, memory: Any, pointer: int, place: tuple[Any, ...]) -> None:
        self._memory, self.device_pointer, self._place = memory, pointer, place

    def __getattr__(self, name: str) -> Any:
        return getattr(self._memory, name)

    def __del__(self) -> None:
        if _pool is not None:  # the interpreter is not about to end
            _pool.take_back(self._memory, self.device_pointer, self._place)


class _Pool:
    """Memory of temporaries, kept for the next ones on the same stream of the same GPU.

    What is lent again there comes after what the last borrower has begun, so that nobody waits. An allocator
    that knows no streams, or one that gives memory to other streams at once, would be waited for or be wrong.
    """

    # Of the memory of a GPU that is kept while nobody uses it.
    _largest_share = 1 / 4

    def __init__(self) -> None:
        self._free: dict[tuple[Any, ...], list[Any]] = collections.defaultdict(list)
        self._kept = 0
        self._lock = threading.RLock()

    def lend(self, stream: int, context: Any, size: int) -> _Lent:
        """Lend memory of at least a size."""
        size = _rounded(size)
        # Stream 0 may be another one in every thread.
        thread = threading.get_ident() if numba.config.CUDA_PER_THREAD_DEFAULT_STREAM else 0
        place = size, stream, thread, context.device.id
        with self._lock:
            free = self._free.get(place)
            if free:
                self._kept -= size
                memory, pointer = free.pop()
                return _Lent(memory, pointer, place)
        memory = _allocate(context, size)
        return _Lent(memory, int(memory.device_pointer), place)

    def take_back(self, memory: Any, pointer: int, place: tuple[Any, ...]) -> None:
        """Keep memory for the next borrower."""
        with self._lock:
            self._free[place].append((memory, pointer))
            self._kept += place[0]
        if self._kept > self._largest_share * _total_memory(place[-1]):
            self.clear()

    def clear(self) -> None:
        """Give all that nobody uses back to the allocator, once the work that used it has ended."""
        with self._lock:
            free, self._free, self._kept = self._free, collections.defaultdict(list), 0
        for gpu in {place[-1] for place in free}:
            context = devices.gpus[gpu].get_primary_context()
            context.push()
            context.synchronize()
            context.pop()


@functools.cache
def _total_memory(gpu: int) -> int:
    return int(driver.driver.cuDeviceTotalMem(gpu))


def _rounded(size: int) -> int:
    """Round a size up to one of eight between powers of two, so that arrays of similar sizes share memory."""
    step = max(1 << max(size.bit_length() - 4, 0), 512)
    return -(-size // step) * step


_pool = _Pool()
