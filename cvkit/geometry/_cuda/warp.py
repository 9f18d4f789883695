"""Warping on CUDA: one thread for each output pixel.

Offsets have 64 bits here; ``offset_type`` counts on the CPU only.
"""

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel
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


@cuda_kernel
def _bilinear(source, positions, border, blend_type, is_integer, out):
    x, y, index = cuda.grid(3)
    count, height, width, channels = out.shape
    if index >= count or y >= height or x >= width:
        return
    real = blend_type.dtype.type
    image = source[index]
    source_x, source_y = source_position(positions, y, x)
    if not touches(source_x, source_y, image.shape[0], image.shape[1], 1, border.mode):
        for channel in range(channels):
            out[index, y, x, channel] = border.pixel[channel]
        return
    left, top = floor_index(source_x), floor_index(source_y)
    weight_x, weight_y = real(source_x - left), real(source_y - top)
    for channel in range(channels):
        upper_left = real(value_at(image, top, left, channel, border))
        upper_right = real(value_at(image, top, left + 1, channel, border))
        lower_left = real(value_at(image, top + 1, left, channel, border))
        lower_right = real(value_at(image, top + 1, left + 1, channel, border))
        above = upper_left + weight_x * (upper_right - upper_left)
        below = lower_left + weight_x * (lower_right - lower_left)
        value = above + weight_y * (below - above)
        out[index, y, x, channel] = round(value) if is_integer else value


@cuda_kernel
def _nearest(source, positions, border, out):
    x, y, index = cuda.grid(3)
    count, height, width, channels = out.shape
    if index >= count or y >= height or x >= width:
        return
    image = source[index]
    source_x, source_y = source_position(positions, y, x)
    if touches(source_x, source_y, image.shape[0], image.shape[1], 0.5, border.mode):
        row, column = nearest_index(source_y), nearest_index(source_x)
        for channel in range(channels):
            out[index, y, x, channel] = value_at(image, row, column, channel, border)
    else:
        for channel in range(channels):
            out[index, y, x, channel] = border.pixel[channel]


@cuda_kernel
def _bicubic(source, positions, border, is_integer, largest, out):
    x, y, index = cuda.grid(3)
    count, height, width, channels = out.shape
    if index >= count or y >= height or x >= width:
        return
    image = source[index]
    source_x, source_y = source_position(positions, y, x)
    if not touches(source_x, source_y, image.shape[0], image.shape[1], 2, border.mode):
        for channel in range(channels):
            out[index, y, x, channel] = border.pixel[channel]
        return
    left, top = floor_index(source_x), floor_index(source_y)
    weight_x = cubic_weights(np.float64(source_x - left))
    weight_y = cubic_weights(np.float64(source_y - top))
    for channel in range(channels):
        value = bicubic_at(image, top, left, channel, weight_x, weight_y, border)
        out[index, y, x, channel] = rounded(value, is_integer, largest)


def bilinear_gray(source, positions, border, offset_type, blend_type, is_integer, out):
    """Blend the 2 x 2 neighbors of each source position in gray images."""
    _bilinear[out.shape[:3]](source, positions, border, blend_type, is_integer, out)


def bilinear_color(source, positions, border, offset_type, blend_type, is_integer, out):
    """Blend the 2 x 2 neighbors of each source position in images of two to four channels."""
    _bilinear[out.shape[:3]](source, positions, border, blend_type, is_integer, out)


def nearest(source, positions, border, offset_type, out):
    """Copy the pixel nearest to each source position, of two equally near ones the one of even index."""
    _nearest[out.shape[:3]](source, positions, border, out)


def bicubic(source, positions, border, offset_type, blend_type, is_integer, largest, out):
    """Blend the 4 x 4 neighbors of each source position with Keys' cubic."""
    _bicubic[out.shape[:3]](source, positions, border, is_integer, largest, out)
