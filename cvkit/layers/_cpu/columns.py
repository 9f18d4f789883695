"""Convolution by products of matrices: the values of windows are copied to columns, a block at a time.

K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document processing",
International Workshop on Frontiers in Handwriting Recognition, 2006.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._tiles import equal_span, parts_of, span
from cvkit.layers._math import taps_inside

# Bytes of a block of columns, which is in the cache when it is multiplied.
BLOCK = 1 << 20
# Filters that share a block where there are few blocks.
FILTERS = 128
# So many tasks keep all threads busy; more copy the same columns again.
TASKS = 8


@helper
def fill(row, value):
    """Fill a row."""
    for x in range(row.shape[0]):
        row[x] = value


@helper
def copy_apart(row, first, step, inside, target):
    """Copy values of a row that are ``step`` apart; ``inside`` says which of the target's lie in the row."""
    begin, end = inside
    fill(target[:begin], 0)
    fill(target[end:], 0)
    if begin < end:
        source, part = row[first + begin * step :], target[begin:end]
        if step == 1:
            copy_row(source, part)
        elif step == 2:
            for x in range(part.shape[0]):
                part[x] = source[2 * x]
        else:
            for x in range(part.shape[0]):
                part[x] = source[step * x]


@helper
def add_apart(values, first, step, row):
    """Add values to those of a row that are ``step`` apart; what lies outside of it is left out."""
    begin, end = taps_inside(first, step, values.shape[0], row.shape[0])
    if begin < end:
        inside, given = row[first + begin * step :], values[begin:end]
        if step == 1:
            for x in range(given.shape[0]):
                inside[x] += given[x]
        else:
            for x in range(given.shape[0]):
                inside[step * x] += given[x]


@helper
def fill_columns(x, channels, window, shape, begin, columns):
    """Copy what windows hold: a row for each channel and tap, a column for each result from row ``begin`` on.

    ``channels`` are the first one and the one after the last; rows of results of all items follow each other.
    """
    first_channel, end_channel = channels
    height = x.shape[2]
    rows, width = shape
    count = columns.shape[1] // width
    taps = window.height * window.width
    for channel in range(first_channel, end_channel):
        for tap in range(taps):
            tap_y, tap_x = tap // window.width, tap % window.width
            target = columns[(channel - first_channel) * taps + tap]
            first = tap_x * window.dilation_x - window.left
            inside = taps_inside(first, window.stride_x, width, x.shape[3])
            for row in range(count):
                item, y = (begin + row) // rows, (begin + row) % rows
                source = y * window.stride_y + tap_y * window.dilation_y - window.top
                part = target[row * width : (row + 1) * width]
                if 0 <= source < height:
                    copy_apart(x[item, channel, source], first, window.stride_x, inside, part)
                else:
                    fill(part, 0)


@helper
def _add_columns(columns, window, shape, planes):
    """Add what belongs to taps of windows to the values of planes, one for each channel of the columns."""
    rows, width = shape
    height = planes.shape[1]
    for channel in range(planes.shape[0]):
        for tap_y in range(window.height):
            for tap_x in range(window.width):
                source = columns[(channel * window.height + tap_y) * window.width + tap_x]
                first = tap_x * window.dilation_x - window.left
                for row in range(rows):
                    y = row * window.stride_y + tap_y * window.dilation_y - window.top
                    if 0 <= y < height:
                        part = source[row * width : (row + 1) * width]
                        add_apart(part, first, window.stride_x, planes[channel, y])


@helper
def _add_number(number, row):
    for x in range(row.shape[0]):
        row[x] += number


@helper
def _place_products(products, bias, first, begin, out):
    """Write products to the rows of results from ``begin`` on, from filter ``first`` on, with their bias."""
    rows, width = out.shape[2], out.shape[3]
    for row in range(products.shape[1] // width):
        item, y = (begin + row) // rows, (begin + row) % rows
        for number in range(products.shape[0]):
            given, target = products[number, row * width : (row + 1) * width], out[item, first + number, y]
            for x in range(width):
                target[x] = given[x] + bias[first + number]


@cpu_kernel
def convolve(x, weights, bias, window, out):
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
    out : (N, K, H', W') array
        Results.
    """
    count, filters, height, width = out.shape
    channels = weights.shape[1]
    depth, groups = channels * window.height * window.width, x.shape[1] // channels
    of_group = filters // groups
    flat_weights = weights.reshape(filters, depth)
    rows = max(BLOCK // (depth * width * x.itemsize), 1)
    blocks = parts_of(count * height, rows)
    parts = min(parts_of(TASKS, groups * blocks), parts_of(of_group, FILTERS))
    for task in prange(groups * blocks * parts):
        group, block, part = task // (blocks * parts), task // parts % blocks, task % parts
        begin, end = span(block, rows, count * height)
        first, last = equal_span(part, parts, of_group)
        first, last = group * of_group + first, group * of_group + last
        columns = np.empty((depth, (end - begin) * width), x.dtype)
        of_planes = group * channels, (group + 1) * channels
        fill_columns(x, of_planes, window, (height, width), begin, columns)
        products = np.dot(flat_weights[first:last], columns)
        _place_products(products, bias, first, begin, out)


@cpu_kernel
def convolve_pixels(x, weights, bias, out):
    """Write the convolution with filters of one pixel, whose columns are the planes themselves.

    ``x`` is (N, groups, C / groups, H * W), ``weights`` (groups, K / groups, C / groups), ``bias``
    (groups, K / groups) and ``out`` (N, groups, K / groups, H * W).
    """
    count, groups, filters, _ = out.shape
    parts = min(parts_of(TASKS, count * groups), parts_of(filters, FILTERS // 4))
    for task in prange(count * groups * parts):
        item, group, part = task // (groups * parts), task // parts % groups, task % parts
        first, last = equal_span(part, parts, filters)
        target = out[item, group, first:last]
        np.dot(weights[group, first:last], x[item, group], target)
        for number in range(last - first):
            _add_number(bias[group, first + number], target[number])


@helper
def _parts_of_channels(channels, bytes_of_channel, tasks):
    """Return into how many parts to divide channels: by the size of their columns, and for many tasks."""
    by_size = parts_of(channels, max(BLOCK // bytes_of_channel, 1))
    return max(by_size, min(parts_of(TASKS, tasks), parts_of(channels, FILTERS // 4)))


@cpu_kernel
def spread(gradient, transposed, bias, window, shape, out):
    """Write what each value of planes is weighed with, summed over the results of a convolution.

    Parameters
    ----------
    gradient : (N, groups, K / groups, H' * W') array
        What the results are weighed with.
    transposed : (groups, C / groups * height * width, K / groups) array
        The filters, a column for each.
    bias : (C,) array
        What is added to each plane.
    window : Window
        How they lie.
    shape : tuple of int
        (H', W').
    out : (N, C, H, W) array
        Planes.
    """
    count, groups = gradient.shape[:2]
    taps = window.height * window.width
    channels = transposed.shape[1] // taps
    parts = _parts_of_channels(channels, taps * shape[0] * shape[1] * gradient.itemsize, count * groups)
    for task in prange(count * groups * parts):
        item, group, part = task // (groups * parts), task // parts % groups, task % parts
        first, last = equal_span(part, parts, channels)
        columns = np.dot(transposed[group, first * taps : last * taps], gradient[item, group])
        planes = out[item, group * channels + first : group * channels + last]
        for channel in range(last - first):
            for y in range(planes.shape[1]):
                fill(planes[channel, y], bias[group * channels + first + channel])
        _add_columns(columns, window, shape, planes)


@cpu_kernel
def gradient_of_weights(gradient, x, window, shape, out):
    """Write what each weight of filters contributes to the results of a convolution of ``x``.

    Parameters
    ----------
    gradient : (N, groups, K / groups, H' * W') array
        What the results are weighed with.
    x : (N, C, H, W) array
        Planes.
    window : Window
        How filters lie.
    shape : tuple of int
        (H', W').
    out : (groups, K / groups, C / groups * height * width) array
        Of the shape of the filters.
    """
    count, groups, filters, results = gradient.shape
    taps = window.height * window.width
    channels = out.shape[2] // taps
    parts = _parts_of_channels(channels, taps * results * x.itemsize, groups)
    for task in prange(groups * parts):
        group, part = task // parts, task % parts
        first, last = equal_span(part, parts, channels)
        of_planes = group * channels + first, group * channels + last
        columns = np.empty(((last - first) * taps, results), x.dtype)
        products = np.empty((filters, (last - first) * taps), x.dtype)
        for item in range(count):
            fill_columns(x, of_planes, window, shape, item * shape[0], columns)
            np.dot(gradient[item, group], columns.T, products)
            for number in range(filters):
                target = out[group, number, first * taps : last * taps]
                if item == 0:
                    copy_row(products[number], target)
                else:
                    add_apart(products[number], 0, 1, target)
