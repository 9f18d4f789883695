"""Where an array lives, which twin serves it, and how a result goes back to the caller.

An operation reads::

    stack = ImageStack.of(image, out=out)
    kernels = stack.kernels(smoothing_kernels)  # the module of the CPU twin
    result = stack.output()
    kernels.box(stack.array, ..., result)
    return stack.restore(result)
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from cvkit import _dlpack, _jit_cuda, _validate
from cvkit._jit import CpuKernel
from cvkit._jit_cuda import device_empty, on_device, on_gpu_of

Array = Any
"""A NumPy array, or any array on a GPU with ``__cuda_array_interface__`` or DLPack."""


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
    host = np.ascontiguousarray(_validate.host_array(array, "array"))
    return reshaped(_jit_cuda.cuda.to_device(host), host.shape)


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
    view = as_device_array(array)
    with on_gpu_of(view):
        host: np.ndarray = view.copy_to_host()
        if view.stream:  # on it the copy is only begun
            view.stream.synchronize()
    return host


def as_device_array(array: Array) -> Array:
    """View a GPU array of any library as a contiguous Numba device array on the array's stream."""
    view = _device_view(array)
    if view.is_c_contiguous():
        return view
    if _is_contiguous_but_for_axes_of_one(view):  # what image[None] gives
        strides = np.empty(view.shape, view.dtype).strides
        return type(view)(view.shape, strides, view.dtype, view.stream, view.gpu_data)
    return _contiguous_on_device(view)


def _device_view(array: Array) -> Array:
    """View an array as Numba's; what runs on it is ordered after what its library has begun."""
    if getattr(array, "__cuda_ndarray__", False):
        return array
    if not hasattr(array, "__cuda_array_interface__"):
        gpu = _jit_cuda.cuda.gpus[array.__dlpack_device__()[1]]
        with gpu:
            return _jit_cuda.cuda.as_cuda_array(_dlpack.ImportedArray(array, gpu), sync=False)
    view = _jit_cuda.cuda.as_cuda_array(array, sync=False)
    if type(array).__module__.partition(".")[0] == "torch":
        # Its interface names no stream: what torch runs next for this thread is what counts.
        stream = sys.modules["torch"].cuda.current_stream(array.device).cuda_stream
        view.stream = _jit_cuda.cuda.external_stream(stream) if stream else 0
    return view


def _is_contiguous_but_for_axes_of_one(view: Array) -> bool:
    if 0 in view.shape:
        return False
    expected = view.dtype.itemsize
    for size, stride in zip(reversed(view.shape), reversed(view.strides), strict=True):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True


def reshaped(array: Array, shape: tuple[int, ...]) -> Array:
    """Give a contiguous array another shape."""
    return _jit_cuda.reshaped(array, shape) if on_device(array) else array.reshape(shape)


def flat(array: Array) -> Array:
    """View a contiguous array as one row of values, for kernels that need nothing of their place."""
    return reshaped(array, (array.size,))


def _contiguous_on_device(view: Array) -> Array:
    """Copy a strided device array; Numba's own copy handles contiguous memory only."""
    from cvkit import _device

    with on_gpu_of(view):
        out = device_empty(view.shape, view.dtype, view.stream)
        if len(view.shape) == 3:
            _device.copy_pixels[view.shape[:2]](view, out)
        else:
            _device.copy_strided[view.size](view, reshaped(out, (view.size,)))
    return out


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


class _OnGPUOf:
    """The kernels of a module, run on the GPU that an array lives on."""

    def __init__(self, kernels: ModuleType, array: Array) -> None:
        self._kernels = kernels
        self._array = array

    def __getattr__(self, name: str) -> Any:
        kernel = getattr(self._kernels, name)
        if not callable(kernel):  # a constant, such as the length of a block
            return kernel

        def run(*args: Any) -> Any:
            with on_gpu_of(self._array):
                return kernel(*args)

        return run


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

    def kernels(self, cpu_kernels: ModuleType) -> Any:
        """Return ``cpu_kernels``, a module, or its CUDA twin for an array on a GPU."""
        return _OnGPUOf(_cuda_twin(cpu_kernels), self.array) if self.is_on_device else cpu_kernels

    def twin(self, kernel: CpuKernel) -> Callable[..., None]:
        """Return ``kernel``, or its CUDA twin for an array on a GPU: for plans that keep a kernel."""
        if not self.is_on_device:
            return kernel
        cuda_kernel: Callable[..., None] = getattr(
            self.kernels(sys.modules[kernel.__module__]), kernel.py_func.__name__
        )
        return cuda_kernel

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Allocate an output where the array lives."""
        if not self.is_on_device:
            return np.empty(shape, dtype)
        with on_gpu_of(self.array):
            return device_empty(shape, dtype, self.array.stream)

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Allocate zeros where the array lives."""
        if not self.is_on_device:
            return np.zeros(shape, dtype)
        out = Operand.empty(self, shape, dtype)
        with on_gpu_of(self.array):
            out.copy_to_device(np.zeros(shape, dtype), stream=self.array.stream)
        return out

    def copy_to(self, out: Array) -> None:
        """Copy the array into another of its shape and dtype on its device."""
        if not self.is_on_device:
            np.copyto(out, self.array)
            return
        with on_gpu_of(self.array):
            out.copy_to_device(self.array, stream=self.array.stream)

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
    """An image or a stack of images as kernels see it: ``(N, H, W, C)``, contiguous, on one device.

    Parameters
    ----------
    array : array
        As kernels take it.
    rank : int
        The number of axes of the caller's image, and of a result that is an image.
    original : array
        What the caller gave.
    out : array, optional
        What the caller gave for the result to be written to.
    """

    __slots__ = ("_result_shape", "out", "rank")

    def __init__(self, array: Array, rank: int, original: Array, out: Array | None = None) -> None:
        super().__init__(array, original)
        self.rank = rank
        self.out = out

    @classmethod
    def of(
        cls,
        image: Array,
        *,
        dtypes: tuple[type, ...] = _validate.IMAGE_DTYPES,
        channels: tuple[int, ...] | None = (1, 2, 3, 4),
        name: str = "image",
        out: Array | None = None,
    ) -> ImageStack:
        """Check ``image`` and view it as a stack; None accepts any number of channels."""
        # A torch tensor has torch's dtype; the view of its memory has NumPy's.
        is_on_device = on_device(image)
        array = as_device_array(image) if is_on_device else _validate.host_array(image, name)
        shape = _validate.image(array, dtypes=dtypes, channels=channels, name=name)
        if not is_on_device:
            array = contiguous(array)
        return cls(reshaped(array, shape), len(array.shape), image, out)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, H, W, C)."""
        return tuple(self.array.shape)

    def empty(self, shape: tuple[int, ...] | None = None, dtype: npt.DTypeLike | None = None) -> Array:
        """Allocate an output where the stack lives; unless told, of its shape and dtype."""
        return super().empty(self.shape if shape is None else shape, self.dtype if dtype is None else dtype)

    def output(
        self,
        shape: tuple[int, ...] | None = None,
        dtype: npt.DTypeLike | None = None,
        *,
        has_channels: bool = True,
        is_gray: bool = False,
        others: Iterable[Array] = (),
    ) -> Array:
        """Return the memory for the result: the caller's ``out``, once it is checked, or new.

        Parameters
        ----------
        shape : tuple of int, optional
            Of the result, images along the first axis; by default the shape of the stack.
        dtype : dtype, optional
            By default that of the stack.
        has_channels : bool
            Whether the last axis are the channels of the image, which a gray one does not show in its shape.
        is_gray : bool
            Whether the result has one channel, however many the image has.
        others : iterable of arrays
            What the kernel reads besides the stack.

        Raises
        ------
        TypeError, ValueError
            If ``out`` is no place for this result.
        """
        shape = self.shape if shape is None else shape
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        hides_channels = has_channels and (is_gray or self.rank == 2)
        self._result_shape = shape if self.rank == 4 else shape[1:-1] if hides_channels else shape[1:]
        if self.out is None:
            return self.empty(shape, dtype)
        if on_device(self.out) != self.is_on_device:
            raise ValueError("out must live where the image lives, got one NumPy and one device array")
        if _dlpack.is_on_gpu(self.out) and not hasattr(self.out, "__cuda_array_interface__"):
            raise TypeError("out must have __cuda_array_interface__: by DLPack nobody waits for the result")
        memory = _device_view(self.out) if self.is_on_device else self.out
        _validate.output(memory, self._result_shape, dtype, self.is_on_device)
        if any(_may_share_memory(memory, array) for array in (self.array, *others)):
            raise ValueError("out must not share memory with what the result is computed from")
        return reshaped(memory, shape)

    def restore(self, out: Array) -> Array:
        """Give what :meth:`output` returned back with the caller's rank, as the caller's kind of array."""
        if self.out is not None:
            return self.out
        return self.give_back(reshaped(out, self._result_shape))


def _may_share_memory(one: Array, other: Array) -> bool:
    """Tell whether the extents of two contiguous arrays in one memory overlap."""
    (begin, end), (other_begin, other_end) = map(_extent, (one, other))
    return begin < other_end and other_begin < end


def _extent(array: Array) -> tuple[int, int]:
    # Arrays of the simulator have NumPy's interface.
    interface = getattr(array, "__cuda_array_interface__", None) or array.__array_interface__
    begin: int = interface["data"][0]
    return begin, begin + array.nbytes
