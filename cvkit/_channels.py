"""Images of more channels than a kernel takes, some of them at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cvkit._dispatch import Array, ImageStack

# What kernels that move whole pixels take at most.
_LARGEST_GROUP = 4


def in_groups(stack: ImageStack, out: Array) -> Iterator[tuple[slice, Array, Array]]:
    """Give groups of channels, each with the stack's values and with what takes the result's.

    CUDA kernels take any number of channels: there is one group.
    """
    count = stack.shape[3]
    if count <= _LARGEST_GROUP or stack.is_on_device or not stack.array.size:
        yield slice(0, count), stack.array, out
        return
    for first in range(0, count, _LARGEST_GROUP):
        channels = slice(first, min(first + _LARGEST_GROUP, count))
        group = slice(0, channels.stop - first)
        source, part = (np.empty((*array.shape[:3], group.stop), array.dtype) for array in (stack.array, out))
        _pixels(source, group)[...] = _pixels(stack.array, channels)
        yield channels, source, part
        _pixels(out, channels)[...] = _pixels(part, group)


def _pixels(array: np.ndarray, channels: slice) -> np.ndarray:
    """View some channels of a contiguous stack as one item a pixel, which NumPy copies ten times faster."""
    size = array.itemsize
    pixel = np.dtype((np.void, (channels.stop - channels.start) * size))
    return np.ndarray(array.shape[:3], pixel, array.data, channels.start * size, array.strides[:3])
