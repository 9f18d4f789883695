"""Where an array lives, which twin serves it, and how a result goes back to the caller.

An operation reads::

    stack = ImageStack.of(image)
    kernels = stack.kernels(smoothing_kernels)  # the module of the CPU twin
    out = stack.empty()
    kernels.box(stack.array, ..., out)
    return stack.restore(out)
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from cvkit import _jit, _validate
from cvkit._jit import CpuKernel, on_device

Prepared = TypeVar("Prepared")
Array = Any
"""A NumPy array, or any array with ``__cuda_array_interface__``."""


def to_device(array: npt.ArrayLike) -> Array:
    """Copy an array to the current GPU, as a Numba device array.

    Parameters
    ----------
    array : array_like
        Anything NumPy can read. A device array is returned as it is.

    Returns
    -------
    device array
        Accepted by every cvkit function that has a CUDA twin.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> edges = cvkit.canny(cvkit.to_device(np.zeros((8, 8), np.uint8)), 50, 150)  # doctest: +SKIP
    """
    if on_device(array):
        return array
    return _jit.cuda.to_device(np.ascontiguousarray(_validate.host_array(array, "array")))


def to_host(array: Array) -> np.ndarray:
    """Copy an array to NumPy; a NumPy array is returned as it is.

    Parameters
    ----------
    array : array
        A NumPy array or an array on a GPU.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.to_host(np.arange(3))
    array([0, 1, 2])
    """
    if not on_device(array):
        return _validate.host_array(array, "array")
    return as_device_array(array).copy_to_host()


def as_device_array(array: Array) -> Array:
    """View a GPU array of any library as a contiguous Numba device array on the array's stream."""
    view = array if getattr(array, "__cuda_ndarray__", False) else _jit.cuda.as_cuda_array(array, sync=False)
    if view.is_c_contiguous():
        return view
    return _contiguous_on_device(view)


def _contiguous_on_device(view: Array) -> Array:
    """Copy a strided device array; Numba's own copy handles contiguous memory only."""
    from cvkit import _device

    out = device_empty(view.shape, view.dtype, view.stream)
    _device.copy_strided[view.size](view, out.ravel())
    return out


def device_empty(shape: tuple[int, ...], dtype: npt.DTypeLike, stream: Any = 0) -> Array:
    """Allocate an uninitialized array on the current GPU."""
    return _jit.cuda.device_array(shape, dtype, stream=stream)


def contiguous(array: np.ndarray) -> np.ndarray:
    """Give ``array`` the one layout kernels are compiled for: C order, aligned, writable.

    Numba compiles again for every other layout. A read-only array is not copied: kernels never write to their
    inputs, so a second view of the same memory serves.
    """
    if array.flags.carray:  # saves most calls what np.require costs
        return array
    array = np.require(array, requirements=["C", "A"])
    if array.flags.writeable:
        return array
    interface = dict(array.__array_interface__, data=(array.__array_interface__["data"][0], False))
    return np.asarray(_Memory(interface, array))


class _Memory:
    """The array interface of some memory, and the object that keeps it alive."""

    def __init__(self, interface: dict[str, Any], owner: np.ndarray) -> None:
        self.__array_interface__ = interface
        self.owner = owner


# Python's own search for a module that is loaded takes ten times longer.
@functools.cache
def _cuda_twin(cpu_kernels: ModuleType) -> ModuleType:
    """Import the module of the same name on the other shelf."""
    return importlib.import_module(cpu_kernels.__name__.replace("._cpu.", "._cuda."))


class _ArrayKey(NamedTuple):
    """The values of an array, as a dictionary's key; the array itself may change later."""

    data: bytes
    shape: tuple[int, ...]
    dtype: np.dtype


# A filter with more weights takes longer than preparing it, and 256 large arrays would fill the memory.
_MOST_VALUES = 4096


def _key(value: Any) -> Any:
    if type(value) is np.ndarray and value.dtype.kind in "biuf" and value.size <= _MOST_VALUES:
        return _ArrayKey(value.tobytes(), value.shape, value.dtype)
    return value


def _value(key: Any) -> Any:
    return np.frombuffer(key.data, key.dtype).reshape(key.shape) if type(key) is _ArrayKey else key


def memoized(prepare: Callable[..., Prepared]) -> Callable[..., Prepared]:
    """Cache what a function makes of the parameters of an operation, checks included.

    A small image takes less time than checking parameters and deriving weights. Parameters of another type
    are others, in a tuple, too, because a bool and a float equal an int that is accepted where they are not.
    Small arrays of numbers are the same if their bytes are. What else cannot be hashed is prepared each time.
    """

    @functools.lru_cache(maxsize=256, typed=True)
    def cached(types_in_tuples: tuple[type, ...], *keys: Any) -> Prepared:
        return prepare(*map(_value, keys))

    @functools.wraps(prepare)
    def recall(*parameters: Any) -> Prepared:
        types_in_tuples: tuple[type, ...] = ()
        keys = parameters
        types = [*map(type, parameters)]
        if tuple in types:
            tuples = (value for value in parameters if type(value) is tuple)
            types_in_tuples = tuple(type(part) for value in tuples for part in value)
        if np.ndarray in types:
            keys = tuple(map(_key, parameters))
        try:
            return cached(types_in_tuples, *keys)
        except TypeError:
            return prepare(*parameters)

    return recall


class Operand:
    """An array that kernels read, the device it lives on, and what goes back to the caller.

    Parameters
    ----------
    array : array
        Contiguous, as kernels take it.
    original : array
        What the caller gave; results are arrays of its kind.
    """

    # A frozen dataclass would take three times longer to make.
    __slots__ = ("array", "is_on_device", "original")

    def __init__(self, array: Array, original: Array) -> None:
        self.array = array
        self.original = original
        self.is_on_device = on_device(array)

    @property
    def dtype(self) -> np.dtype:
        """The array's dtype."""
        return self.array.dtype

    def kernels(self, cpu_kernels: ModuleType) -> ModuleType:
        """Return ``cpu_kernels``, a module, or its CUDA twin for an array on a GPU."""
        return _cuda_twin(cpu_kernels) if self.is_on_device else cpu_kernels

    def twin(self, kernel: CpuKernel) -> Callable[..., None]:
        """Return ``kernel``, or its CUDA twin for an array on a GPU: for plans that keep a kernel."""
        if not self.is_on_device:
            return kernel
        cuda_kernel: Callable[..., None] = getattr(
            _cuda_twin(sys.modules[kernel.__module__]), kernel.py_func.__name__
        )
        return cuda_kernel

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Allocate an output where the array lives."""
        if self.is_on_device:
            return device_empty(shape, dtype, self.array.stream)
        return np.empty(shape, dtype)

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Allocate zeros where the array lives."""
        if not self.is_on_device:
            return np.zeros(shape, dtype)
        out = device_empty(shape, dtype, self.array.stream)
        out.copy_to_device(np.zeros(shape, dtype), stream=self.array.stream)
        return out

    def give_back(self, out: Array) -> Array:
        """Return a device result as the library's array that the caller gave; NumPy arrays as they are."""
        if not self.is_on_device:
            return out
        library = type(self.original).__module__.partition(".")[0]
        if library == "torch":
            return sys.modules["torch"].as_tensor(out, device=self.original.device)
        if library == "cupy":
            return sys.modules["cupy"].asarray(out)
        return out


class ImageStack(Operand):
    """An image or a stack of images as kernels see it: ``(N, H, W, C)``, contiguous, on one device."""

    __slots__ = ("rank",)

    def __init__(self, array: Array, rank: int, original: Array) -> None:
        super().__init__(array, original)
        self.rank = rank

    @classmethod
    def of(
        cls,
        image: Array,
        *,
        dtypes: tuple[type, ...] = _validate.IMAGE_DTYPES,
        channels: tuple[int, ...] = (1, 2, 3, 4),
        name: str = "image",
    ) -> ImageStack:
        """Check ``image`` and view it as a stack."""
        # A torch tensor has torch's dtype; the view of its memory has NumPy's.
        is_on_device = on_device(image)
        array = as_device_array(image) if is_on_device else _validate.host_array(image, name)
        shape = _validate.image(array, dtypes=dtypes, channels=channels, name=name)
        if not is_on_device:
            array = contiguous(array)
        return cls(array.reshape(shape), len(array.shape), image)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, H, W, C)."""
        return tuple(self.array.shape)

    def empty(self, shape: tuple[int, ...] | None = None, dtype: npt.DTypeLike | None = None) -> Array:
        """Allocate an output where the stack lives; unless told, of its shape and dtype."""
        return super().empty(self.shape if shape is None else shape, self.dtype if dtype is None else dtype)

    def restore(self, out: Array) -> Array:
        """Give a stack back with the caller's rank, as the caller's kind of array."""
        if self.rank == 2:
            out = out.reshape(out.shape[1:3])
        elif self.rank == 3:
            out = out.reshape(out.shape[1:])
        return self.give_back(out)
