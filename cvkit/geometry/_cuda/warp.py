"""Warping on CUDA: one thread for each output pixel.

Most pixels come from the inside of the image, whose neighbors need no border; indices there have no sign.
Offsets have 64 bits here; ``offset_type`` counts on the CPU only.
"""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel
from cvkit.geometry._math import (
    bicubic_at,
    cubic_weights,
    floor_index,
    nearest_index,
    rounded,
    source_position,
    touches,
    value_at,
)


@helper
def _is_inside(x, y, image, before, after):
    """Tell whether pixels from ``before`` in front of (x, y) to ``after`` behind it are in the image."""
    number = type(x)
    return (
        x >= number(before)
        and x < number(image.shape[1] - after)
        and y >= number(before)
        and y < number(image.shape[0] - after)
    )


@helper
def _blend(upper_left, upper_right, lower_left, lower_right, weight_x, weight_y):
    real = type(weight_x)
    upper_left, lower_left = real(upper_left), real(lower_left)
    above = upper_left + weight_x * (real(upper_right) - upper_left)
    below = lower_left + weight_x * (real(lower_right) - lower_left)
    return above + weight_y * (below - above)


@helper
def _fill(pixel, values):
    for channel in range(np.uint64(pixel.shape[0])):
        pixel[channel] = values[channel]


@cuda_kernel
def _bilinear(source, positions, border, blend_type, is_integer, out):
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    real = blend_type.dtype.type
    image, pixel = source[index], out[index, y, x]
    source_x, source_y = source_position(positions, y, x)
    if _is_inside(source_x, source_y, image, 0, 1):
        left, top = np.uint32(source_x), np.uint32(source_y)
        number = type(source_x)
        weight_x, weight_y = real(source_x - number(left)), real(source_y - number(top))
        above, below = image[top], image[np.uint32(top + np.uint32(1))]
        right = np.uint32(left + np.uint32(1))
        for channel in range(np.uint64(pixel.shape[0])):
            value = _blend(
                above[left, channel],
                above[right, channel],
                below[left, channel],
                below[right, channel],
                weight_x,
                weight_y,
            )
            if is_integer:
                pixel[channel] = round(value)
            else:
                pixel[channel] = value
        return
    if not touches(source_x, source_y, image.shape[0], image.shape[1], 1, border.mode):
        _fill(pixel, border.pixel)
        return
    first_column, first_row = floor_index(source_x), floor_index(source_y)
    weight_x, weight_y = real(source_x - first_column), real(source_y - first_row)
    for channel in range(np.uint64(pixel.shape[0])):
        value = _blend(
            value_at(image, first_row, first_column, channel, border),
            value_at(image, first_row, first_column + 1, channel, border),
            value_at(image, first_row + 1, first_column, channel, border),
            value_at(image, first_row + 1, first_column + 1, channel, border),
            weight_x,
            weight_y,
        )
        if is_integer:
            pixel[channel] = round(value)
        else:
            pixel[channel] = value


@cuda_kernel
def _nearest(source, positions, border, out):
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    image, pixel = source[index], out[index, y, x]
    source_x, source_y = source_position(positions, y, x)
    if _is_inside(source_x, source_y, image, 0, 1):
        _fill(pixel, image[np.uint32(round(source_y)), np.uint32(round(source_x))])
    elif touches(source_x, source_y, image.shape[0], image.shape[1], 0.5, border.mode):
        row, column = nearest_index(source_y), nearest_index(source_x)
        for channel in range(np.uint64(pixel.shape[0])):
            pixel[channel] = value_at(image, row, column, channel, border)
    else:
        _fill(pixel, border.pixel)


@helper
def _bicubic_inside(image, top, left, channel, weight_x, weight_y):
    """Blend 4 x 4 pixels from (top, left) on as ``bicubic_at`` does."""
    value = 0.0
    for row in range(np.uint32(4)):
        line = image[np.uint32(top + row)]
        along = 0.0
        for column in range(np.uint32(4)):
            along += weight_x[column] * float(line[np.uint32(left + column), channel])
        value += weight_y[row] * along
    return value


@cuda_kernel
def _bicubic(source, positions, border, limits, out):
    x, y, index = pixel_of_thread()
    if index >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    image, pixel = source[index], out[index, y, x]
    source_x, source_y = source_position(positions, y, x)
    if not touches(source_x, source_y, image.shape[0], image.shape[1], 2, border.mode):
        _fill(pixel, border.pixel)
        return
    left, top = floor_index(source_x), floor_index(source_y)
    weight_x = cubic_weights(np.float64(source_x - left))
    weight_y = cubic_weights(np.float64(source_y - top))
    is_inside = _is_inside(source_x, source_y, image, 1, 2)
    for channel in range(np.uint64(pixel.shape[0])):
        if is_inside:
            value = _bicubic_inside(
                image, np.uint32(top - 1), np.uint32(left - 1), channel, weight_x, weight_y
            )
        else:
            value = bicubic_at(image, top, left, channel, weight_x, weight_y, border)
        pixel[channel] = rounded(value, limits)


def bilinear_gray(source, positions, border, offset_type, blend_type, is_integer, out):
    """Blend the 2 x 2 neighbors of each source position in gray images."""
    _bilinear[out.shape[:3]](source, positions, border, blend_type, is_integer, out)


def bilinear_color(source, positions, border, offset_type, blend_type, is_integer, out):
    """Blend the 2 x 2 neighbors of each source position in images of two to four channels."""
    _bilinear[out.shape[:3]](source, positions, border, blend_type, is_integer, out)


def nearest(source, positions, border, offset_type, out):
    """Copy the pixel nearest to each source position, of two equally near ones the one of even index."""
    _nearest[out.shape[:3]](source, positions, border, out)


def bicubic(source, positions, border, offset_type, blend_type, limits, out):
    """Blend the 4 x 4 neighbors of each source position with Keys' cubic."""
    _bicubic[out.shape[:3]](source, positions, border, limits, out)
