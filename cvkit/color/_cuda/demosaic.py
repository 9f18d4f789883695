"""Demosaicing on CUDA: one thread for each pixel."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, reshaped

_RED, _GREEN, _BLUE = np.uint64(0), np.uint64(1), np.uint64(2)


@helper
def _mean_of_two(first, second):
    number = np.int32
    return number(number(number(first + second) + number(1)) >> number(1))


@helper
def _mean_of_four(first, second, third, fourth):
    number = np.int32
    total = number(number(first + second) + number(third + fourth))
    return number(number(total + number(2)) >> number(2))


@helper
def _inner(place, size):
    """Return the place itself, or the one next to it at either end."""
    number = np.uint32
    return min(max(place, number(1)), number(size - 2))


@cuda_kernel
def _demosaic(source, red_row, red_column, is_edge_aware, out):
    """``source`` is (image, y, x)."""
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    result, height, width = out[index, y, x], out.shape[1], out.shape[2]
    if height < 3 or width < 3:
        result[_RED], result[_GREEN], result[_BLUE] = 0, 0, 0
        return
    number, place, one = np.int32, np.uint32, np.uint32(1)
    row, column = _inner(y, height), _inner(x, width)
    before, after = place(column - one), place(column + one)
    image = source[index]
    above, here, below = image[place(row - one)], image[row], image[place(row + one)]
    left, middle, right = number(here[before]), number(here[column]), number(here[after])
    up, down = number(above[column]), number(below[column])
    is_red = (row & one) == place(red_row)
    across, along = _mean_of_two(left, right), _mean_of_two(up, down)
    own, green, other = across, middle, along
    if ((column & one) == place(red_column)) == is_red:
        upper, lower = (
            (number(above[before]), number(above[after])),
            (number(below[before]), number(below[after])),
        )
        own, other = middle, _mean_of_four(upper[0], upper[1], lower[0], lower[1])
        green = _mean_of_four(left, right, up, down)
        if is_edge_aware:
            green = along if abs(number(left - right)) > abs(number(up - down)) else across
    result[_RED] = own if is_red else other
    result[_GREEN] = green
    result[_BLUE] = other if is_red else own


def demosaic(source, red, number, is_edge_aware, out):
    """Interpolate a mosaic; ``red`` is the row and the column of its first red pixel, each 0 or 1.

    ``number`` is what the CPU sums in. Outermost pixels are those next to them; images of fewer than three
    rows or columns become black.
    """
    _demosaic[out.shape[:3]](reshaped(source, source.shape[:3]), *red, is_edge_aware, out)
