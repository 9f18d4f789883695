"""Local binary patterns on CUDA: one thread for each pixel."""

import math

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, reshaped
from cvkit._simd.numbers import product
from cvkit.features._texture_math import (
    NRI_UNIFORM,
    ROR,
    UNIFORM,
    VAR,
    between,
    directed_number,
    rotated,
    uniform_number,
    variance,
)


@helper
def _pixel(image, y, x):
    """Return a pixel, 0 beyond the image."""
    row, column = np.uint32(y), np.uint32(x)
    inside = row < np.uint32(image.shape[0]) and column < np.uint32(image.shape[1])
    return np.float64(image[row, column]) if inside else np.float64(0)


@helper
def _sample(image, y, x, step_y, step_x):
    """Return what lies a step from a pixel."""
    row, column = np.float64(y) + step_y, np.float64(x) + step_x
    above, left = math.floor(row), math.floor(column)
    top, begin = np.int32(above), np.int32(left)
    bottom = np.int32(top + 1) if row != above else top
    pixels = (
        _pixel(image, top, begin),
        _pixel(image, top, np.int32(begin + 1)),
        _pixel(image, bottom, begin),
        _pixel(image, bottom, np.int32(begin + 1)),
    )
    return between(pixels, column - left, row - above)


@helper
def _smallest_rotation(bits, points):
    smallest = bits
    for _ in range(np.uint32(1), np.uint32(points)):
        bits = rotated(bits, points)
        smallest = min(smallest, bits)
    return smallest


@helper
def _number_of(bits, points, method):
    if method == ROR:
        return np.float64(_smallest_rotation(bits, points))
    if method == UNIFORM:
        return np.float64(uniform_number(bits, points))
    if method == NRI_UNIFORM:
        return np.float64(directed_number(bits, points))
    return np.float64(bits)


@cuda_kernel
def _describe(images, circle, method, out):
    x, y, index = pixel_of_thread()
    if index >= images.shape[0] or y >= images.shape[1] or x >= images.shape[2]:
        return
    image, points = images[index], circle.rows.shape[0]
    center = np.float64(image[y, x])
    total, squares, bits = np.float64(0), np.float64(0), np.uint32(0)
    for point in range(np.uint32(points)):
        value = _sample(image, np.int32(y), np.int32(x), circle.rows[point], circle.columns[point])
        if method == VAR:
            total += value
            squares += product(value, value)
        elif value - center >= 0:
            bits = np.uint32(bits | np.uint32(np.uint32(1) << np.uint32(point)))
    if method == VAR:
        out[index, y, x] = variance(total, squares, np.float64(points))
    else:
        out[index, y, x] = _number_of(bits, points, method)


def describe_patterns(source, circle, method, out):
    """Describe each pixel of gray images by those on a circle around it."""
    shape = source.shape[:3]
    _describe[shape](reshaped(source, shape), circle, method, reshaped(out, shape))
