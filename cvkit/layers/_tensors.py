"""Arrays of planes, ``(N, C, H, W)``, as the kernels of layers take them."""

from __future__ import annotations

from cvkit import _validate, _validate_layers
from cvkit._dispatch import Array, Operand, as_device_array, contiguous, reshaped
from cvkit._jit_cuda import on_device


def tensor(array: Array, name: str, axes: str = "(N, C, H, W)") -> Operand:
    """Check an array and view it as kernels take it: contiguous, where it lives."""
    if on_device(array):
        view = as_device_array(array)
        _validate_layers.tensor(view, name, axes)
        return Operand(view, array)
    host = _validate.host_array(array, name)
    _validate_layers.tensor(host, name, axes)
    return Operand(contiguous(host), array)


def beside(
    first: Operand, array: Array, name: str, axes: str = "(N, C, H, W)", *, first_name: str = "x"
) -> Array:
    """Check another array that a kernel takes together with the first one, and view it as kernels do."""
    other = tensor(array, name, axes)
    is_together = other.is_on_device == first.is_on_device
    _validate_layers.beside(other.array, name, first.array, first_name, is_together=is_together)
    return other.array


def planes(array: Array) -> Array:
    """View the planes of all items as one stack, (N * C, H, W)."""
    count, channels, height, width = array.shape
    return reshaped(array, (count * channels, height, width))


def rows(array: Array) -> Array:
    """View the planes of all items as rows, (N * C, H * W)."""
    count, channels, height, width = array.shape
    return reshaped(array, (count * channels, height * width))
