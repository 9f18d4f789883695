"""Corners on CUDA: derivatives, then sums of their products, one thread for each pixel."""

import numpy as np

from cvkit._border import border_index
from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, reshaped, temporary
from cvkit._simd.numbers import multiply_add, product
from cvkit.features._corner_math import HARRIS, harris_measure, smaller_eigenvalue

# As on the CPU: the columns in which a sum is rounded once.
_LANES = np.uint32(32)


@helper
def _place(index, size, border):
    """Return which of ``size`` rows or columns stands in for one, or ``size`` for the constant border."""
    place, size = np.uint32(index), np.uint32(size)
    if place < size:
        return place
    inside = border_index(index, np.int32(size), border)
    return size if inside < 0 else np.uint32(inside)


@helper
def _value(row, column, border):
    """Return a value of a row as float32, 0 beyond a constant border."""
    place = _place(column, row.shape[0], border)
    return np.float32(row[place]) if place < np.uint32(row.shape[0]) else np.float32(0)


@helper
def _difference(row, x, weights, border):
    """Differentiate along a row."""
    total = np.float32(0)
    for distance in range(np.uint32(1), np.uint32(weights.shape[0])):
        step = np.int32(distance)
        change = np.float32(_value(row, np.int32(x + step), border) - _value(row, np.int32(x - step), border))
        total = multiply_add(change, weights[distance], total)
    return total


@helper
def _smooth(row, x, weights, is_fused, border):
    """Smooth along a row, from the left to the right of the kernel."""
    radius = np.int32(weights.shape[0] - 1)
    total = np.float32(0)
    for tap in range(-radius, np.int32(radius + 1)):
        value, weight = _value(row, np.int32(x + tap), border), weights[np.uint32(abs(tap))]
        apart = np.float32(total + product(value, weight))
        total = multiply_add(value, weight, total) if is_fused else apart
    return total


@cuda_kernel
def _filter_rows(images, derivatives, border, difference, smooth):
    """Differentiate and smooth along the rows."""
    x, y, index = pixel_of_thread()
    if index >= images.shape[0] or y >= images.shape[1] or x >= images.shape[2]:
        return
    row, column = images[index, y], np.int32(x)
    is_fused = x < np.uint32(np.uint32(images.shape[2]) // _LANES * _LANES)
    difference[index, y, x] = _difference(row, column, derivatives.difference, border)
    smooth[index, y, x] = _smooth(row, column, derivatives.smoothing, is_fused, border)


@helper
def _of_row(image, y, x, border):
    """Return the value in column ``x`` of row ``y``, which may lie beyond the image."""
    row = _place(y, image.shape[0], border)
    return image[row, x] if row != np.uint32(image.shape[0]) else np.float32(0)


@cuda_kernel
def _filter_columns(difference, smooth, derivatives, border, dx, dy):
    """Smooth differences, and differentiate what is smooth, down the columns."""
    x, y, index = pixel_of_thread()
    if index >= dx.shape[0] or y >= dx.shape[1] or x >= dx.shape[2]:
        return
    differences, smoothed, row = difference[index], smooth[index], np.int32(y)
    along = product(differences[y, x], derivatives.smoothing[np.uint32(0)])
    across = np.float32(0)
    for distance in range(np.uint32(1), np.uint32(derivatives.difference.shape[0])):
        above, below = np.int32(row - np.int32(distance)), np.int32(row + np.int32(distance))
        both = _of_row(differences, above, x, border) + _of_row(differences, below, x, border)
        along = multiply_add(np.float32(both), derivatives.smoothing[distance], along)
        change = _of_row(smoothed, below, x, border) - _of_row(smoothed, above, x, border)
        across = multiply_add(np.float32(change), derivatives.difference[distance], across)
    dx[index, y, x], dy[index, y, x] = along, across


@cuda_kernel
def _measure(dx, dy, corner, border, out):
    """Sum products in float64, in which the sums of those of bytes are exact."""
    x, y, index = pixel_of_thread()
    count, height, width = out.shape
    if index >= count or y >= height or x >= width:
        return
    xx, xy, yy = np.float64(0), np.float64(0), np.float64(0)
    top = np.int32(np.int32(y) - np.int32(corner.size // 2))
    left = np.int32(np.int32(x) - np.int32(corner.size // 2))
    for row_offset in range(np.int32(corner.size)):
        row = _place(np.int32(top + row_offset), height, border)
        if row == np.uint32(height):
            continue
        dx_row, dy_row = dx[index, row], dy[index, row]
        for column_offset in range(np.int32(corner.size)):
            column = _place(np.int32(left + column_offset), width, border)
            if column != np.uint32(width):
                along, across = dx_row[column], dy_row[column]
                xx += np.float64(product(along, along))
                xy += np.float64(product(along, across))
                yy += np.float64(product(across, across))
    if corner.measure == HARRIS:
        out[index, y, x] = harris_measure(np.float32(xx), np.float32(xy), np.float32(yy), corner.k)
    else:
        out[index, y, x] = smaller_eigenvalue(np.float32(xx), np.float32(xy), np.float32(yy))


def measure_corners(source, derivatives, corner, border, out):
    """Measure how much of a corner each pixel of gray images is."""
    shape = source.shape[:3]
    rows = [temporary(shape, np.float32, source) for _ in range(2)]
    slopes = [temporary(shape, np.float32, source) for _ in range(2)]
    _filter_rows[shape](reshaped(source, shape), derivatives, border, *rows)
    _filter_columns[shape](*rows, derivatives, border, *slopes)
    _measure[shape](*slopes, corner, border, reshaped(out, shape))
