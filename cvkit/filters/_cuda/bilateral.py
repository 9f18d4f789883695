"""Bilateral filter on CUDA: one thread for each output value."""

import math

import numpy as np

from cvkit._border import border_index
from cvkit._jit import cuda, cuda_kernel

# OpenCV's resolution of the weights of float images.
BINS_PER_CHANNEL = 4096


@cuda_kernel
def _start_ranges(ranges):
    image = cuda.grid(1)
    if image < ranges.shape[0]:
        ranges[image, 0] = math.inf
        ranges[image, 1] = -math.inf


@cuda_kernel
def _measure_ranges(source, ranges):
    """Find the smallest and the largest value of each image; every thread looks through one row first."""
    y, image = cuda.grid(2)
    if image >= source.shape[0] or y >= source.shape[1]:
        return
    smallest = largest = source[image, y, 0, 0]
    for x in range(source.shape[2]):
        for channel in range(source.shape[3]):
            smallest = min(smallest, source[image, y, x, channel])
            largest = max(largest, source[image, y, x, channel])
    cuda.atomic.min(ranges, (image, 0), smallest)
    cuda.atomic.max(ranges, (image, 1), largest)


@cuda_kernel
def _fill_tables(ranges, channels, coefficient, scales, tables):
    """Tabulate each image's weights over its range; a constant image keeps its values by weights of 0."""
    place, image = cuda.grid(2)
    if image >= tables.shape[0] or place >= tables.shape[1]:
        return
    span = (ranges[image, 1] - ranges[image, 0]) * channels
    bins = BINS_PER_CHANNEL * channels
    distance = place * (np.float64(span) / bins)
    tables[image, place] = math.exp(distance * distance * coefficient) if span > 0 else 0
    if place == 0:
        scales[image] = bins / span if span > 0 else 0


@cuda_kernel
def _bilateral(source, tables, scales, whole, offsets_y, offsets_x, space, border, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    table = tables[image if not whole else 0]
    scale = scales[image if not whole else 0]
    weight_sum = space.dtype.type(1)
    value_sum = space.dtype.type(source[image, y, x, channel])
    for neighbour in range(2 * offsets_y.shape[0]):
        pair, opposite = divmod(neighbour, 2)
        sign = 1 - 2 * opposite
        row = border_index(y + sign * offsets_y[pair], height, border)
        column = border_index(x + sign * offsets_x[pair], width, border)
        inside = row >= 0 and column >= 0
        distance = space.dtype.type(0)
        value = space.dtype.type(0)
        for other in range(channels):
            there = space.dtype.type(source[image, row, column, other]) if inside else space.dtype.type(0)
            distance += abs(there - space.dtype.type(source[image, y, x, other]))
            if other == channel:
                value = there
        place = distance * scale
        index = min(int(place), table.shape[0] - 2)
        share = place - space.dtype.type(index)
        weight = (table[index] + share * (table[index + 1] - table[index])) * space[pair]
        weight_sum += weight
        value_sum += value * weight
    mean = value_sum / weight_sum
    out[image, y, x, channel] = round(mean) if whole else mean


def bilateral(source, sigma_color, offsets_y, offsets_x, space, border, out):
    """Filter images; the weights of whole numbers come from a table of all differences there can be."""
    count, height, width, channels = source.shape
    stream = source.stream
    whole = source.dtype.kind == "u"
    dtype = np.float64 if source.dtype == np.float64 else np.float32
    coefficient = -0.5 / sigma_color**2
    if whole:
        # One entry more than differences: the interpolation, whose share is 0 here, looks at the next.
        steps = np.arange(np.iinfo(source.dtype).max * channels + 2, dtype=np.float64)
        tables = cuda.to_device(np.exp(steps[None] ** 2 * coefficient).astype(dtype), stream)
        scales = cuda.to_device(np.ones(1, dtype), stream)
    else:
        ranges = cuda.device_array((count, 2), dtype, stream=stream)
        scales = cuda.device_array(count, dtype, stream=stream)
        tables = cuda.device_array((count, BINS_PER_CHANNEL * channels + 2), dtype, stream=stream)
        _start_ranges[count](ranges)
        _measure_ranges[count, height](source, ranges)
        _fill_tables[tables.shape](ranges, channels, coefficient, scales, tables)
    _bilateral[count, height, width * channels](
        source, tables, scales, whole, offsets_y, offsets_x, space.astype(dtype), border, out
    )
