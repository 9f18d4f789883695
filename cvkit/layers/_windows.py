"""Windows that slide over planes: where they begin, how far they step, and how many fit."""

from __future__ import annotations

from typing import NamedTuple

from cvkit import _validate, _validate_layers
from cvkit._memoized import memoized
from cvkit.typing import Padding


class Window(NamedTuple):
    """What kernels are told of a window.

    Attributes
    ----------
    height, width : int
        How many rows and columns it takes.
    stride_y, stride_x : int
        How far it moves from one result to the next.
    dilation_y, dilation_x : int
        How far one of its rows or columns is from the next.
    top, left : int
        How far the first one begins before the plane.
    """

    height: int
    width: int
    stride_y: int
    stride_x: int
    dilation_y: int
    dilation_x: int
    top: int
    left: int

    @property
    def reach(self) -> tuple[int, int]:
        """How many rows and columns it covers, those between its values included."""
        return (self.height - 1) * self.dilation_y + 1, (self.width - 1) * self.dilation_x + 1


class Sliding(NamedTuple):
    """A window, and the (height, width) of what it gives."""

    window: Window
    shape: tuple[int, int]


@memoized
def sliding(
    shape: tuple[int, int],
    ksize: int | tuple[int, int],
    stride: int | tuple[int, int],
    padding: Padding | int | tuple[int, int],
    dilation: int | tuple[int, int],
) -> Sliding:
    """Check how a window slides over planes of ``shape``; derive where it begins, and how often it fits."""
    sizes = _validate.kernel_size(ksize, odd=False)
    strides = _validate.kernel_size(stride, "stride", odd=False)
    dilations = _validate.kernel_size(dilation, "dilation", odd=False)
    around = _validate_layers.padding(padding)
    reach = Window(*sizes, *strides, *dilations, 0, 0).reach
    (top, bottom), (left, right) = (
        _ends(around if isinstance(around, str) else around[axis], shape[axis], reach[axis], strides[axis])
        for axis in range(2)
    )
    padded = shape[0] + top + bottom, shape[1] + left + right
    _validate_layers.window_fits(reach, shape, padded)
    count = (padded[0] - reach[0]) // strides[0] + 1, (padded[1] - reach[1]) // strides[1] + 1
    return Sliding(Window(*sizes, *strides, *dilations, top, left), count)


def _ends(padding: str | int, size: int, reach: int, stride: int) -> tuple[int, int]:
    """Return how much is added before and after an axis."""
    if padding == "same":  # TensorFlow's: what is odd comes after
        added = max((-(-size // stride) - 1) * stride + reach - size, 0)
        return added // 2, added - added // 2
    if isinstance(padding, int):
        return padding, padding
    return (reach - 1, reach - 1) if padding == "full" else (0, 0)
