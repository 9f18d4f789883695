"""Warping on CUDA: one thread for each output pixel.

Offsets have 64 bits here; ``offset_type`` counts on the CPU only.
"""

import numpy as np

from cvkit._jit import cuda, cuda_kernel
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
def _bilinear(source, kind, steps, starts, map_x, map_y, border, border_value, blend_type, whole, out):
    x, y, index = cuda.grid(3)
    count, height, width, channels = out.shape
    if index >= count or y >= height or x >= width:
        return
    real = blend_type.dtype.type
    image = source[index]
    source_x, source_y = source_position(kind, steps, starts, map_x, map_y, y, x)
    if not touches(source_x, source_y, image.shape[0], image.shape[1], 1, border):
        for channel in range(channels):
            out[index, y, x, channel] = border_value[channel]
        return
    left, top = floor_index(source_x), floor_index(source_y)
    weight_x, weight_y = real(source_x - left), real(source_y - top)
    for channel in range(channels):
        upper_left = real(value_at(image, top, left, channel, border, border_value))
        upper_right = real(value_at(image, top, left + 1, channel, border, border_value))
        lower_left = real(value_at(image, top + 1, left, channel, border, border_value))
        lower_right = real(value_at(image, top + 1, left + 1, channel, border, border_value))
        above = upper_left + weight_x * (upper_right - upper_left)
        below = lower_left + weight_x * (lower_right - lower_left)
        value = above + weight_y * (below - above)
        out[index, y, x, channel] = round(value) if whole else value


@cuda_kernel
def _nearest(source, kind, steps, starts, map_x, map_y, border, border_value, out):
    x, y, index = cuda.grid(3)
    count, height, width, channels = out.shape
    if index >= count or y >= height or x >= width:
        return
    image = source[index]
    source_x, source_y = source_position(kind, steps, starts, map_x, map_y, y, x)
    if touches(source_x, source_y, image.shape[0], image.shape[1], 0.5, border):
        row, column = nearest_index(source_y), nearest_index(source_x)
        for channel in range(channels):
            out[index, y, x, channel] = value_at(image, row, column, channel, border, border_value)
    else:
        for channel in range(channels):
            out[index, y, x, channel] = border_value[channel]


@cuda_kernel
def _bicubic(source, kind, steps, starts, map_x, map_y, border, border_value, whole, largest, out):
    x, y, index = cuda.grid(3)
    count, height, width, channels = out.shape
    if index >= count or y >= height or x >= width:
        return
    image = source[index]
    source_x, source_y = source_position(kind, steps, starts, map_x, map_y, y, x)
    if not touches(source_x, source_y, image.shape[0], image.shape[1], 2, border):
        for channel in range(channels):
            out[index, y, x, channel] = border_value[channel]
        return
    left, top = floor_index(source_x), floor_index(source_y)
    weight_x = cubic_weights(np.float64(source_x - left))
    weight_y = cubic_weights(np.float64(source_y - top))
    for channel in range(channels):
        value = bicubic_at(image, top, left, channel, weight_x, weight_y, border, border_value)
        out[index, y, x, channel] = rounded(value, whole, largest)


def bilinear(
    source, kind, steps, starts, map_x, map_y, border, border_value, offset_type, blend_type, whole, out
):
    """Blend the 2 x 2 neighbors of each source position."""
    _bilinear[out.shape[:3]](
        source, kind, steps, starts, map_x, map_y, border, border_value, blend_type, whole, out
    )


def nearest(source, kind, steps, starts, map_x, map_y, border, border_value, offset_type, out):
    """Copy the pixel nearest to each source position, of two equally near ones the one of even index."""
    _nearest[out.shape[:3]](source, kind, steps, starts, map_x, map_y, border, border_value, out)


def bicubic(
    source,
    kind,
    steps,
    starts,
    map_x,
    map_y,
    border,
    border_value,
    offset_type,
    blend_type,
    whole,
    largest,
    out,
):
    """Blend the 4 x 4 neighbors of each source position with Keys' cubic."""
    _bicubic[out.shape[:3]](
        source, kind, steps, starts, map_x, map_y, border, border_value, whole, largest, out
    )
