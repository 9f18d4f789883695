"""Pyramids on CUDA: one thread for each pixel of the smaller image."""

import numpy as np

from cvkit._border import REFLECT101, border_index
from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, reshaped
from cvkit.geometry._math import divided, doubled_index


@helper
def _mirrored(index, size):
    return np.uint64(border_index(np.int32(index), np.int32(size), REFLECT101))


@helper
def _add_row_of_five(total, row, places, weight):
    """Add five weighted values, the first first: sums of floats depend on the order."""
    number = type(total)
    total += number(number(row[places[0]]) * number(weight))
    total += number(number(row[places[1]]) * number(number(4) * number(weight)))
    total += number(number(row[places[2]]) * number(number(6) * number(weight)))
    total += number(number(row[places[3]]) * number(number(4) * number(weight)))
    return number(total + number(number(row[places[4]]) * number(weight)))


@cuda_kernel
def _down(rows, sum_type, rounding, out):
    """Rows are flat: places that change with the channel leave no address for the compiler to keep."""
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    image, pixel = rows[index], out[index, y, x]
    channels = np.uint64(pixel.shape[0])
    height, width = image.shape[0], np.uint64(image.shape[1]) // channels
    middle, center = np.int32(y << np.uint32(1)), np.int32(x << np.uint32(1))
    columns = (
        _mirrored(center - 2, width) * channels,
        _mirrored(center - 1, width) * channels,
        np.uint64(center) * channels,
        _mirrored(center + 1, width) * channels,
        _mirrored(center + 2, width) * channels,
    )
    first, second = image[_mirrored(middle - 2, height)], image[_mirrored(middle - 1, height)]
    third = image[np.uint64(middle)]
    fourth, fifth = image[_mirrored(middle + 1, height)], image[_mirrored(middle + 2, height)]
    number = sum_type.dtype.type
    for channel in range(channels):
        places = (
            columns[0] + channel,
            columns[1] + channel,
            columns[2] + channel,
            columns[3] + channel,
            columns[4] + channel,
        )
        total = _add_row_of_five(number(0), first, places, 1)
        total = _add_row_of_five(total, second, places, 4)
        total = _add_row_of_five(total, third, places, 6)
        total = _add_row_of_five(total, fourth, places, 4)
        total = _add_row_of_five(total, fifth, places, 1)
        pixel[channel] = divided(total, rounding)


def down(source, sum_type, rounding, out):
    """Blur by 1 4 6 4 1 along both axes and keep every other pixel."""
    count, height, width, channels = source.shape
    rows = reshaped(source, (count, height, width * channels))
    _down[out.shape[:3]](rows, sum_type, rounding, out)


@helper
def _add_on_pixel(total, before, here, after, weight):
    """Add values weighted by 1, 6 and 1, the first first: sums of floats depend on the order."""
    number = type(total)
    total = number(total + number(before * number(weight)))
    total = number(total + number(here * number(number(6) * number(weight))))
    return number(total + number(after * number(weight)))


@helper
def _add_between(total, here, after, weight):
    number = type(total)
    total = number(total + number(here * number(number(4) * number(weight))))
    return number(total + number(after * number(number(4) * number(weight))))


@cuda_kernel
def _up(source, sum_type, rounding, out):
    """Make four pixels of one and its neighbors."""
    x, y, index = pixel_of_thread()
    if index >= source.shape[0] or y >= source.shape[1] or x >= source.shape[2]:
        return
    image, number, one = source[index], sum_type.dtype.type, np.uint32(1)
    left = np.uint32(doubled_index(np.int32(np.int32(x) - 1), np.int32(image.shape[1])))
    right = np.uint32(doubled_index(np.int32(np.int32(x) + 1), np.int32(image.shape[1])))
    above = image[np.uint32(doubled_index(np.int32(np.int32(y) - 1), np.int32(image.shape[0])))]
    here = image[y]
    below = image[np.uint32(doubled_index(np.int32(np.int32(y) + 1), np.int32(image.shape[0])))]
    first_row = np.uint32(y << one)
    column = np.uint32(x << one)
    upper, lower = out[index, first_row], out[index, np.uint32(first_row | one)]
    for channel in range(np.uint64(image.shape[2])):
        a, b, c = number(above[left, channel]), number(above[x, channel]), number(above[right, channel])
        d, e, f = number(here[left, channel]), number(here[x, channel]), number(here[right, channel])
        g, h, i = number(below[left, channel]), number(below[x, channel]), number(below[right, channel])
        total = _add_on_pixel(_add_on_pixel(_add_on_pixel(number(0), a, b, c, 1), d, e, f, 6), g, h, i, 1)
        upper[column, channel] = divided(total, rounding)
        total = _add_between(_add_between(_add_between(number(0), b, c, 1), e, f, 6), h, i, 1)
        upper[np.uint32(column | one), channel] = divided(total, rounding)
        total = _add_on_pixel(_add_on_pixel(number(0), d, e, f, 4), g, h, i, 4)
        lower[column, channel] = divided(total, rounding)
        total = _add_between(_add_between(number(0), e, f, 4), h, i, 4)
        lower[np.uint32(column | one), channel] = divided(total, rounding)


def up(source, sum_type, rounding, out):
    """Blur by 1 6 1 at the pixels and by 4 4 between them, along both axes."""
    _up[source.shape[:3]](source, sum_type, rounding, out)
