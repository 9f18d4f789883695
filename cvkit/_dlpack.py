"""Arrays on a GPU that other libraries give by DLPack only: read where they are, freed after their last use.

The layout in memory is that of https://dmlc.github.io/dlpack/latest/c_api.html, the agreement about streams
that of https://data-apis.org/array-api/latest/API_specification/generated/array_api.array.__dlpack__.html.
"""

from __future__ import annotations

import collections
import ctypes
import sys
from typing import Any

import numba
import numpy as np

__all__ = ["ImportedArray", "is_on_gpu"]

_CUDA, _CUDA_MANAGED = 2, 13
# The stream that work without a stream runs on, for all threads of the process or for each thread.
_LEGACY_STREAM, _STREAM_OF_THREAD = 1, 2
_KINDS = {0: "i", 1: "u", 2: "f", 5: "c", 6: "b"}


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


_capsule_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def is_on_gpu(array: object) -> bool:
    """Tell whether an array has DLPack and lives on a CUDA device."""
    return hasattr(array, "__dlpack_device__") and array.__dlpack_device__()[0] in (_CUDA, _CUDA_MANAGED)


class ImportedArray:
    """The memory of an array that has DLPack, with the interface that Numba reads.

    Work on the default stream comes after what the array's library has begun. The memory stays until all work
    that was begun before this object died has ended: a library that runs on streams of its own would give it
    to others at once.
    """

    def __init__(self, array: Any, gpu: Any) -> None:
        _forget_finished()
        stream = _STREAM_OF_THREAD if numba.config.CUDA_PER_THREAD_DEFAULT_STREAM else _LEGACY_STREAM
        # Under its first name the capsule gives the memory back when it dies: who renames it has to do so.
        self._capsule = array.__dlpack__(stream=stream)
        self._gpu = gpu
        self.__cuda_array_interface__ = _interface(
            _Tensor.from_address(_capsule_pointer(self._capsule, b"dltensor"))
        )

    def __del__(self) -> None:
        if sys.is_finalizing() or not hasattr(self, "__cuda_array_interface__"):
            return
        from numba import cuda

        context = self._gpu.get_primary_context()
        context.push()
        end = cuda.event(timing=False)
        end.record()
        context.pop()
        _ending.append((end, self._capsule))


# Events, and what has to live until they have come.
_ending: collections.deque[tuple[Any, Any]] = collections.deque()


def _forget_finished() -> None:
    while _ending and _ending[0][0].query():
        _ending.popleft()


def _interface(tensor: _Tensor) -> dict[str, Any]:
    """Describe a tensor as ``__cuda_array_interface__`` does."""
    if tensor.code not in _KINDS or tensor.bits % 8 or tensor.lanes != 1:
        raise TypeError(
            f"an array on a GPU must have a dtype that NumPy has, got DLPack's code {tensor.code} "
            f"with {tensor.bits} bits and {tensor.lanes} lanes"
        )
    dtype = np.dtype(f"{_KINDS[tensor.code]}{tensor.bits // 8}")
    strides = None
    if tensor.strides:
        strides = tuple(step * dtype.itemsize for step in tensor.strides[: tensor.ndim])
    return {
        "shape": tuple(tensor.shape[: tensor.ndim]),
        "strides": strides,
        "typestr": dtype.str,
        "data": ((tensor.data or 0) + tensor.byte_offset, False),
        "version": 3,
    }
