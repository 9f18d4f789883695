"""Launches that repeat an earlier one with other arrays, past all that Numba looks up for each.

Importing this imports ``numba.cuda``.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any

import numpy as np
from numba.core import types
from numba.cuda.cudadrv import driver

from cvkit._cuda_arrays import DeviceArray

__all__ = ["Repeater", "kinds_of", "repeater_of"]

_NUMBERS = (int, float, bool, np.number, np.bool_)


def kinds_of(arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return what decides for which types a kernel is compiled, or None where only Numba can tell."""
    kinds: list[Any] = []
    for argument in arguments:
        if type(argument) is DeviceArray:
            kind: Any = argument.kind
        elif isinstance(argument, tuple):
            kind = type(argument), kinds_of(argument)
            if kind[1] is None:
                return None
        elif isinstance(argument, _NUMBERS):
            kind = type(argument)
        else:
            return None
        if kind is None:
            return None
        kinds.append(kind)
    return tuple(kinds)


class Repeater:
    """Launches a kernel that is compiled and loaded, for arguments of the kinds it was first launched with.

    Parameters
    ----------
    function : int
        The driver's handle of the kernel on one GPU.
    signature : tuple of numba types
        Of the arguments.
    """

    def __init__(self, function: int, signature: tuple[Any, ...]) -> None:
        self._function = driver.binding.CUfunction(function)
        self._arguments = struct.Struct("=" + "".join(map(_format, signature)))
        # Threads must not share the memory of arguments; what is in this list belongs to none.
        self._spare: list[tuple[Any, Any, int]] = []

    def __call__(self, grid: tuple[int, ...], block: tuple[int, ...], stream: int, arguments: Any) -> None:
        """Launch the kernel, grid and block each given along x, y and z."""
        parameters = self._spare.pop() if self._spare else self._memory_of_arguments()
        memory, _, pointers = parameters
        self._arguments.pack_into(memory, 0, *_slots(arguments))
        (error,) = driver.binding.cuLaunchKernel(self._function, *grid, *block, 0, stream, pointers, 0)
        self._spare.append(parameters)
        if error:
            raise driver.CudaAPIError(error, f"Call to cuLaunchKernel results in {error.name}")

    def _memory_of_arguments(self) -> tuple[Any, Any, int]:
        """Return memory for arguments, pointers to each of them, and the address of these."""
        memory = ctypes.create_string_buffer(self._arguments.size)
        first = ctypes.addressof(memory)
        places = range(first, first + self._arguments.size, _SLOT)
        pointers = (ctypes.c_void_p * len(places))(*places)
        return memory, pointers, ctypes.addressof(pointers)


# Each argument has this many bytes to itself, however few the kernel reads.
_SLOT = 8


def _format(kind: Any) -> str:
    if isinstance(kind, types.Array):
        return f"QQqqQ{2 * kind.ndim}q"
    if isinstance(kind, types.BaseTuple):  # type: ignore[attr-defined]
        return "".join(map(_format, kind))
    if isinstance(kind, types.Boolean):
        return "?7x"
    if isinstance(kind, types.Integer):
        return "q" if kind.signed else "Q"  # type: ignore[attr-defined]
    if kind == types.float64:
        return "d"
    if kind == types.float32:
        return "f4x"
    raise NotImplementedError(kind)


def _slots(arguments: tuple[Any, ...]) -> list[Any]:
    slots: list[Any] = []
    for argument in arguments:
        if type(argument) is DeviceArray:
            slots += argument.slots
        elif isinstance(argument, tuple):
            slots += _slots(argument)
        else:
            slots.append(argument)
    return slots


def repeater_of(dispatcher: Any, arguments: tuple[Any, ...]) -> Repeater | None:
    """Return what repeats the launch that Numba has just made on the current GPU, or None."""
    signature = tuple(map(dispatcher.typeof_pyval, arguments))
    kernel = dispatcher.overloads.get(signature)
    try:
        return Repeater(int(kernel._codelibrary.get_cufunc().handle), signature)
    except (
        AttributeError,
        NotImplementedError,
    ):  # another version of Numba, or a kind that is not above
        return None
