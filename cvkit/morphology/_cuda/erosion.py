"""Minima over structuring elements on CUDA: one thread for each value."""

from cvkit._border import border_index
from cvkit._jit_cuda import cuda, cuda_kernel


@cuda_kernel
def _least_along(source, rectangle, outside, counting, held):
    place, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or place >= width * channels:
        return
    x, channel = divmod(place, channels)
    number = held.dtype.type
    least = outside.greatest
    for offset in range(-rectangle.anchor_x, rectangle.width - rectangle.anchor_x):
        column = border_index(x + offset, width, outside.border)
        value = outside.value
        if column >= 0:
            value = source[image, y, column, channel]
            value = number(counting.top - value) if counting.is_down else value
        least = value if value < least else least
    held[image, y, x, channel] = least


@cuda_kernel
def _least_down(held, rectangle, outside, counting, out):
    place, y, image = cuda.grid(3)
    count, height, width, channels = held.shape
    if image >= count or y >= height or place >= width * channels:
        return
    x, channel = divmod(place, channels)
    number = out.dtype.type
    least = outside.greatest
    for offset in range(-rectangle.anchor_y, rectangle.height - rectangle.anchor_y):
        row = border_index(y + offset, height, outside.border)
        value = outside.value if row < 0 else held[image, row, x, channel]
        least = value if value < least else least
    out[image, y, x, channel] = number(counting.top - least) if counting.is_down else least


def least_of_rectangles(source, rectangle, outside, counting, out):
    """Write the minimum, or the maximum, over a rectangle around each value: along the rows, then down."""
    count, height, width, channels = source.shape
    threads = (count, height, width * channels)
    held = cuda.device_array(source.shape, source.dtype, stream=source.stream)
    _least_along[threads](source, rectangle, outside, counting, held)
    _least_down[threads](held, rectangle, outside, counting, out)


@cuda_kernel
def _least_of_runs(source, runs, outside, counting, out):
    place, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or place >= width * channels:
        return
    x, channel = divmod(place, channels)
    number = out.dtype.type
    least = outside.greatest
    for run in range(runs.rows.shape[0]):
        row = border_index(y + runs.rows[run], height, outside.border)
        for offset in range(runs.first[run], runs.second[run] + (1 << runs.level[run])):
            column = border_index(x + offset, width, outside.border)
            value = outside.value
            if row >= 0 and column >= 0:
                value = source[image, row, column, channel]
                value = number(counting.top - value) if counting.is_down else value
            least = value if value < least else least
    out[image, y, x, channel] = number(counting.top - least) if counting.is_down else least


def least_of_runs(source, runs, outside, counting, out):
    """Write the minimum, or the maximum, over an element of any form around each value."""
    count, height, width, channels = source.shape
    _least_of_runs[count, height, width * channels](source, runs, outside, counting, out)
