"""Demosaicing on CUDA: one thread for each pixel."""

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel


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
    return min(max(place, 1), size - 2)


@cuda_kernel
def _demosaic(source, red_row, red_column, is_edge_aware, out):
    x, y, image = cuda.grid(3)
    if image >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    height, width = out.shape[1], out.shape[2]
    if height < 3 or width < 3:
        for channel in range(3):
            out[image, y, x, channel] = 0
        return
    number = np.int32
    row, column = _inner(y, height), _inner(x, width)
    pixels = source[image]
    left, middle = number(pixels[row, column - 1, 0]), number(pixels[row, column, 0])
    right = number(pixels[row, column + 1, 0])
    up, down = number(pixels[row - 1, column, 0]), number(pixels[row + 1, column, 0])
    is_red = row % 2 == red_row
    across, along = _mean_of_two(left, right), _mean_of_two(up, down)
    own, green, other = across, middle, along
    if (column % 2 == red_column) == is_red:
        upper = number(pixels[row - 1, column - 1, 0]), number(pixels[row - 1, column + 1, 0])
        lower = number(pixels[row + 1, column - 1, 0]), number(pixels[row + 1, column + 1, 0])
        own, other = middle, _mean_of_four(upper[0], upper[1], lower[0], lower[1])
        green = _mean_of_four(left, right, up, down)
        if is_edge_aware:
            green = along if abs(number(left - right)) > abs(number(up - down)) else across
    out[image, y, x, 0] = own if is_red else other
    out[image, y, x, 1] = green
    out[image, y, x, 2] = other if is_red else own


def demosaic(source, red, number, is_edge_aware, out):
    """Interpolate a mosaic; ``red`` is the row and the column of its first red pixel, each 0 or 1.

    ``number`` is what the CPU sums in. Outermost pixels are those next to them; images of fewer than three
    rows or columns become black.
    """
    _demosaic[out.shape[:3]](source, *red, is_edge_aware, out)
