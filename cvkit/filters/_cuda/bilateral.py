"""Bilateral filter on CUDA: one thread for each output value."""

import numpy as np

from cvkit._border import border_index
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit._simd.numbers import nearest
from cvkit.filters._bilateral_math import power_of_two


@cuda_kernel
def _bilateral(source, scale, rounded, offsets_y, offsets_x, space, border, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    real = space.dtype.type
    least = np.float32(-126)
    weight_sum = real(1)
    value_sum = real(source[image, y, x, channel])
    differs = False
    for neighbor in range(2 * offsets_y.shape[0]):
        pair, opposite = divmod(neighbor, 2)
        sign = 2 * opposite - 1  # summed in the order of the CPU twin
        row = border_index(y + sign * offsets_y[pair], height, border)
        column = border_index(x + sign * offsets_x[pair], width, border)
        inside = row >= 0 and column >= 0
        distance = real(0)
        value = real(0)
        for other in range(channels):
            there = real(source[image, row, column, other]) if inside else real(0)
            distance += abs(there - real(source[image, y, x, other]))
            if other == channel:
                value = there
        differs |= distance > 0
        exponent = max(distance * distance * scale, least)
        weight = power_of_two(exponent) * space[pair]
        weight_sum += weight
        value_sum += value * weight
    # What is constant stays so to the last bit.
    mean = value_sum / weight_sum if differs else real(source[image, y, x, channel])
    out[image, y, x, channel] = real(nearest(mean)) if rounded else mean


def bilateral(source, scale, rounded, offsets_y, offsets_x, space, border, out):
    """Filter images; ``scale`` is the exponent of 2 of the weight of a difference of 1 in color."""
    count, height, width, channels = source.shape
    _bilateral[count, height, width * channels](
        source, scale, rounded, offsets_y, offsets_x, space, border, out
    )
