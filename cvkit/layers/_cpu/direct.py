"""Convolution without columns: several filters and a vector of results are summed up in registers.

Planes are padded, and where windows stride, taken apart into planes that they do not stride over. There a tap
is so many values behind the first one for every result, whatever its row: the rows of results that belong
together are one row, with a few between them that nobody needs.
"""

from typing import NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.taps import BYTES, sum_taps_1, sum_taps_1_wide, sum_taps_2, sum_taps_4, sum_taps_6
from cvkit._tiles import equal_span, parts_of, span
from cvkit.layers._cpu.columns import copy_apart, fill
from cvkit.layers._math import taps_inside

# Filters that are summed up together.
FILTERS = 6
# Bytes of the padded planes of a task, which stay in the second cache while filter after filter reads them.
BLOCK = 1 << 19
# Groups of a task, so that small planes are worth its start.
GROUPS = 8
# Vectors that the widest sums take.
WIDE = 4


class Place(NamedTuple):
    """Which results a row of sums stands for.

    Attributes
    ----------
    top, left, rows, width : int
        Their part of a plane.
    pitch : int
        How far one of their rows begins behind the one before.
    """

    top: int
    left: int
    rows: int
    width: int
    pitch: int


@helper
def _phases(taps, dilation, stride):
    """Return how many planes rows, or columns, are taken apart into: what no tap reads is left out."""
    a, b = stride, dilation
    while b > 0:
        a, b = b, a % b
    return min(taps, stride // a)


@helper
def _place_taps(window, phases, shape, offsets):
    """Write how far each tap of each channel is behind the first; ``shape`` is that of a padded plane."""
    height, width = shape
    taps = window.height * window.width
    for index in range(offsets.shape[0]):
        channel, tap_y, tap_x = index // taps, index % taps // window.width, index % window.width
        plane = (channel * phases[0] + tap_y % phases[0]) * phases[1] + tap_x % phases[1]
        row = plane * height + tap_y * window.dilation_y // window.stride_y
        offsets[index] = row * width + tap_x * window.dilation_x // window.stride_x


@helper
def _split_row(row, left, first, second):
    """Copy every other value of a row to one, and those between to the other, from ``left`` before it on.

    Taken apart together, they are vectors.
    """
    fill(first, 0)
    fill(second, 0)
    begin = (left + 1) // 2
    start = 2 * begin - left
    pairs = max(min((row.shape[0] - start) // 2, first.shape[0] - begin), 0)
    source, evens, odds = row[start:], first[begin : begin + pairs], second[begin : begin + pairs]
    for x in range(evens.shape[0]):
        evens[x] = source[2 * x]
        odds[x] = source[2 * x + 1]
    end = begin + pairs
    if start == 1 and begin <= second.shape[0]:
        second[begin - 1] = row[0]
    if end < first.shape[0] and 2 * end - left < row.shape[0]:
        first[end] = row[2 * end - left]


@helper
def _pad_row(row, window, phases, source, shape):
    """Copy a row to those of padded planes, of which the first begins the source."""
    height, width = shape
    if window.stride_x == 2 and phases[1] == 2:
        _split_row(row, window.left, source[:width], source[height * width : height * width + width])
    else:
        for phase_x in range(phases[1]):
            first = phase_x * window.dilation_x % window.stride_x - window.left
            inside = taps_inside(first, window.stride_x, width, row.shape[0])
            place = phase_x * height * width
            copy_apart(row, first, window.stride_x, inside, source[place : place + width])


@helper
def _pad(planes, window, phases, begin, shape, source):
    """Copy planes to padded ones, from the row on that results of row ``begin`` need first."""
    height, width = shape
    for channel in range(planes.shape[0]):
        for phase_y in range(phases[0]):
            plane = (channel * phases[0] + phase_y) * phases[1]
            for row in range(height):
                y = (begin + row) * window.stride_y + phase_y * window.dilation_y % window.stride_y
                y -= window.top
                if 0 <= y < planes.shape[1]:
                    _pad_row(
                        planes[channel, y], window, phases, source[(plane * height + row) * width :], shape
                    )
                else:
                    for phase_x in range(phases[1]):
                        place = ((plane + phase_x) * height + row) * width
                        fill(source[place : place + width], 0)


@helper
def sum_filters(together, source, offsets, weights, bias, number, places, out):
    """Sum the taps of one, two, four or six filters for a row of results.

    ``places`` are the length of the row, where it begins in ``out`` and how far that of the next filter is
    from there. The last vector overlaps the one before; of a row that is shorter, a whole vector is written.
    """
    length, position, pitch = places
    depth, lanes = offsets.shape[0], BYTES // source.itemsize
    start = 0
    if together == 1:
        while start + WIDE * lanes <= length:
            at = position + start
            sum_taps_1_wide(source, start, offsets, weights, bias, number, depth, out, at, pitch)
            start += WIDE * lanes
    while start < length:
        start = min(start, max(length - lanes, 0))
        at = position + start
        if together == 6:
            sum_taps_6(source, start, offsets, weights, bias, number, depth, out, at, pitch)
        elif together == 4:
            sum_taps_4(source, start, offsets, weights, bias, number, depth, out, at, pitch)
        elif together == 2:
            sum_taps_2(source, start, offsets, weights, bias, number, depth, out, at, pitch)
        else:
            sum_taps_1(source, start, offsets, weights, bias, number, depth, out, at, pitch)
        start += lanes


@helper
def _place_sums(sums, place, plane):
    """Write a row of sums to the rows of results that it stands for."""
    for y in range(place.rows):
        given = sums[y * place.pitch : y * place.pitch + place.width]
        copy_row(given, plane[place.top + y, place.left : place.left + place.width])


@helper
def _convolve_block(source, offsets, weights, bias, filters, place, sums, out):
    """Write the results, (filters, height, width), that belong to padded planes."""
    length = (place.rows - 1) * place.pitch + place.width
    row_of_sums = sums.shape[0] // FILTERS
    number, last = filters
    while number < last:
        rest = last - number
        together = 6 if rest >= 6 else 4 if rest >= 4 else 2 if rest >= 2 else 1
        sum_filters(together, source, offsets, weights, bias, number, (length, 0, row_of_sums), sums)
        for summed in range(together):
            row = sums[summed * row_of_sums : (summed + 1) * row_of_sums]
            _place_sums(row, place, out[number + summed])
        number += together


@cpu_kernel
def convolve(x, weights, bias, window, tasks, out):
    """Write the convolution of planes with filters.

    Parameters
    ----------
    x : (N, C, H, W) array
        Planes.
    weights : (K, C / groups, height, width) array
        Filters.
    bias : (K,) array
        What is added to the results of each.
    window : Window
        How they lie.
    tasks : int
        How many keep all threads busy.
    out : (N, K, H', W') array
        Results.
    """
    count, filters, height, width = out.shape
    channels = weights.shape[1]
    groups = x.shape[1] // channels
    of_group = filters // groups
    phases = (
        _phases(window.height, window.dilation_y, window.stride_y),
        _phases(window.width, window.dilation_x, window.stride_x),
    )
    beyond = (window.height - 1) * window.dilation_y // window.stride_y
    pitch = width + (window.width - 1) * window.dilation_x // window.stride_x
    planes = channels * phases[0] * phases[1]
    rows = min(max(BLOCK // (planes * pitch * x.itemsize) - beyond, 1), height)
    blocks = parts_of(height, rows)
    rows = parts_of(height, blocks)
    offsets = np.empty(channels * window.height * window.width, np.int64)
    _place_taps(window, phases, (rows + beyond, pitch), offsets)
    flat_weights = weights.reshape(weights.size)
    chunks = parts_of(groups, GROUPS)
    parts = min(parts_of(tasks, count * chunks * blocks), parts_of(of_group, 2 * FILTERS))
    for task in prange(count * chunks * blocks * parts):
        item, chunk = task // (chunks * blocks * parts), task // (blocks * parts) % chunks
        block, part = task // parts % blocks, task % parts
        begin, end = span(block, rows, height)
        first, last = equal_span(part, parts, of_group)
        lanes = WIDE * BYTES // x.itemsize
        source = np.empty(planes * (rows + beyond) * pitch + lanes, x.dtype)
        sums = np.empty(FILTERS * (rows * pitch + lanes), x.dtype)
        for group in range(chunk * GROUPS, min((chunk + 1) * GROUPS, groups)):
            of_planes = x[item, group * channels : (group + 1) * channels]
            _pad(of_planes, window, phases, begin, (rows + beyond, pitch), source)
            of_filters = group * of_group + first, group * of_group + last
            place = Place(begin, 0, end - begin, width, pitch)
            _convolve_block(source, offsets, flat_weights, bias, of_filters, place, sums, out[item])


@cpu_kernel
def convolve_pixels(x, weights, bias, tasks, out):
    """Write the convolution with filters of one pixel, which read the planes where they are.

    ``x`` is (N, C, H * W), ``weights`` (K, C / groups), ``bias`` (K,) and ``out`` (N, K, 1, H * W). A plane
    is a vector at least.
    """
    count, filters, _, pixels = out.shape
    channels = weights.shape[1]
    groups = x.shape[1] // channels
    of_group = filters // groups
    lanes = BYTES // x.itemsize
    size = max(BLOCK // 2 // (channels * x.itemsize) // lanes, 1) * lanes
    blocks = pixels // size if pixels >= size else 1
    offsets = np.arange(channels) * pixels
    flat_weights = weights.reshape(weights.size)
    parts = min(parts_of(tasks, count * groups * blocks), parts_of(of_group, 2 * FILTERS))
    for task in prange(count * groups * blocks * parts):
        item, group = task // (groups * blocks * parts), task // (blocks * parts) % groups
        block, part = task // parts % blocks, task % parts
        begin, end = equal_span(block, blocks, pixels)
        first, last = equal_span(part, parts, of_group)
        sums = np.empty(FILTERS * (end - begin), x.dtype)
        source = x[item, group * channels : (group + 1) * channels].reshape(channels * pixels)[begin:]
        of_filters = group * of_group + first, group * of_group + last
        place = Place(0, begin, 1, end - begin, 0)
        _convolve_block(source, offsets, flat_weights, bias, of_filters, place, sums, out[item])
