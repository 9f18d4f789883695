"""Minima and maxima over structuring elements on CUDA: one thread for each value."""

from cvkit._border import border_index
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.morphology._math import stronger


@cuda_kernel
def _extreme_along(source, rectangle, outside, extreme, held):
    place, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or place >= width * channels:
        return
    x, channel = divmod(place, channels)
    found = extreme.weakest
    for offset in range(-rectangle.anchor_x, rectangle.width - rectangle.anchor_x):
        column = border_index(x + offset, width, outside.border)
        value = outside.value
        if column >= 0:
            value = source[image, y, column, channel]
        found = stronger(value, found, extreme.is_maximum)
    held[image, y, x, channel] = found


@cuda_kernel
def _extreme_down(held, rectangle, outside, extreme, out):
    place, y, image = cuda.grid(3)
    count, height, width, channels = held.shape
    if image >= count or y >= height or place >= width * channels:
        return
    x, channel = divmod(place, channels)
    found = extreme.weakest
    for offset in range(-rectangle.anchor_y, rectangle.height - rectangle.anchor_y):
        row = border_index(y + offset, height, outside.border)
        value = outside.value if row < 0 else held[image, row, x, channel]
        found = stronger(value, found, extreme.is_maximum)
    out[image, y, x, channel] = found


def extreme_of_rectangles(source, rectangle, outside, extreme, out):
    """Write the minimum, or the maximum, over a rectangle around each value: along the rows, then down."""
    count, height, width, channels = source.shape
    threads = (count, height, width * channels)
    held = temporary(source.shape, source.dtype, source)
    _extreme_along[threads](source, rectangle, outside, extreme, held)
    _extreme_down[threads](held, rectangle, outside, extreme, out)


@cuda_kernel
def _extreme_of_runs(source, runs, outside, extreme, out):
    place, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or place >= width * channels:
        return
    x, channel = divmod(place, channels)
    found = extreme.weakest
    for run in range(runs.rows.shape[0]):
        row = border_index(y + runs.rows[run], height, outside.border)
        for offset in range(runs.first[run], runs.second[run] + (1 << runs.level[run])):
            column = border_index(x + offset, width, outside.border)
            value = outside.value
            if row >= 0 and column >= 0:
                value = source[image, row, column, channel]
                found = stronger(value, found, extreme.is_maximum)
    out[image, y, x, channel] = found


def extreme_of_runs(source, runs, outside, extreme, out):
    """Write the minimum, or the maximum, over an element of any form around each value."""
    count, height, width, channels = source.shape
    _extreme_of_runs[count, height, width * channels](source, runs, outside, extreme, out)
