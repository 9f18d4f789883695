"""Pyramids on CUDA: one thread for each value."""

from cvkit._border import REFLECT101, border_index
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.geometry._math import divided, doubled_index


@helper
def _weight_of_five(tap):
    """Return 1, 4, 6, 4, 1 for taps from -2 to 2."""
    return 6 if tap == 0 else (4 if abs(tap) == 1 else 1)


@cuda_kernel
def _down(source, sum_type, rounding, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = sum_type.dtype.type
    total = number(0)
    for down in range(-2, 3):
        row = border_index(2 * y + down, source.shape[1], REFLECT101)
        for right in range(-2, 3):
            column = border_index(2 * x + right, source.shape[2], REFLECT101)
            weight = number(_weight_of_five(down) * _weight_of_five(right))
            total += number(number(source[image, row, column, channel]) * weight)
    out[image, y, x, channel] = divided(number(total), rounding)


def down(source, sum_type, rounding, out):
    """Blur by 1 4 6 4 1 along both axes and keep every other pixel."""
    count, height, width, channels = out.shape
    _down[count, height, width * channels](source, sum_type, rounding, out)


@helper
def _weight_of_three(tap, is_between):
    """Return 1, 6, 1 for taps from -1 to 1 on a pixel, and 4, 4 for 0 and 1 between two."""
    if is_between:
        return 4
    return 6 if tap == 0 else 1


@cuda_kernel
def _up(source, sum_type, rounding, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = sum_type.dtype.type
    total = number(0)
    for down in range(y % 2 - 1, 2):
        row = doubled_index(y // 2 + down, source.shape[1])
        for right in range(x % 2 - 1, 2):
            column = doubled_index(x // 2 + right, source.shape[2])
            weight = number(_weight_of_three(down, y % 2) * _weight_of_three(right, x % 2))
            total += number(number(source[image, row, column, channel]) * weight)
    out[image, y, x, channel] = divided(number(total), rounding)


def up(source, sum_type, rounding, out):
    """Blur by 1 6 1 at the pixels and by 4 4 between them, along both axes."""
    count, height, width, channels = out.shape
    _up[count, height, width * channels](source, sum_type, rounding, out)
