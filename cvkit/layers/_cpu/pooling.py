"""Pooling on the CPU: windows of a row of results are joined down the columns first, then along the row."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit.layers._math import is_more, taps_inside


@helper
def _fill(row, value):
    for x in range(row.shape[0]):
        row[x] = value


@helper
def _keep_larger(row, out):
    for x in range(out.shape[0]):
        value, most = row[x], out[x]
        out[x] = value if is_more(value, most) else most


@helper
def _keep_larger_apart(row, step, out):
    """Keep the larger of a result and a value of the row, which are ``step`` apart; a literal is a vector."""
    if step == 1:
        _keep_larger(row, out)
    elif step == 2:
        for x in range(out.shape[0]):
            value, most = row[2 * x], out[x]
            out[x] = value if is_more(value, most) else most
    else:
        for x in range(out.shape[0]):
            value, most = row[step * x], out[x]
            out[x] = value if is_more(value, most) else most


@helper
def _add(row, out):
    for x in range(out.shape[0]):
        out[x] += row[x]


@helper
def _add_apart(row, step, out):
    """Add values of the row that are ``step`` apart."""
    if step == 1:
        _add(row, out)
    elif step == 2:
        for x in range(out.shape[0]):
            out[x] += row[2 * x]
    else:
        for x in range(out.shape[0]):
            out[x] += row[step * x]


@helper
def _spread_apart(values, step, row):
    """Add values to those of the row that are ``step`` apart."""
    if step == 1:
        _add(values, row[: values.shape[0]])
    else:
        for x in range(values.shape[0]):
            row[step * x] += values[x]


@helper
def _length_of_row(window, width, results):
    """Return how long a row of a plane is with what its windows reach beyond it."""
    reach = (results - 1) * window.stride_x + (window.width - 1) * window.dilation_x + 1
    return max(reach, window.left + width)


@helper
def _max_of_plane(plane, window, row, out):
    """Pool a plane; what ``row`` has beside the columns of the plane is the least there is."""
    height, width = plane.shape
    inner = row[window.left : window.left + width]
    for y in range(out.shape[0]):
        first = y * window.stride_y - window.top
        begin, end = taps_inside(first, window.dilation_y, window.height, height)
        if begin < end:
            copy_row(plane[first + begin * window.dilation_y], inner)
        else:
            _fill(inner, -np.inf)
        for tap in range(begin + 1, end):
            _keep_larger(plane[first + tap * window.dilation_y], inner)
        _fill(out[y], -np.inf)
        for tap in range(window.width):
            _keep_larger_apart(row[tap * window.dilation_x :], window.stride_x, out[y])


@cpu_kernel
def max_pool(planes, window, out):
    """Write the largest value of each window.

    Parameters
    ----------
    planes, out : (N, H, W) arrays
        Planes and results.
    window : Window
        How windows lie.
    """
    for plane in prange(planes.shape[0]):
        length = _length_of_row(window, planes.shape[2], out.shape[2])
        row = np.full(length, -np.inf, planes.dtype)
        _max_of_plane(planes[plane], window, row, out[plane])


@helper
def _place_of_max(plane, window, y, x):
    """Return the place of the largest value of a window, the first of equal ones; -1 if all lie outside."""
    height, width = plane.shape
    first_y, first_x = y * window.stride_y - window.top, x * window.stride_x - window.left
    begin_y, end_y = taps_inside(first_y, window.dilation_y, window.height, height)
    begin_x, end_x = taps_inside(first_x, window.dilation_x, window.width, width)
    most_y, most_x = -1, -1
    most = plane.dtype.type(-np.inf)
    for tap_y in range(begin_y, end_y):
        row = plane[first_y + tap_y * window.dilation_y]
        for tap_x in range(begin_x, end_x):
            value = row[first_x + tap_x * window.dilation_x]
            if is_more(value, most) | (most_y < 0):
                most, most_y = value, first_y + tap_y * window.dilation_y
                most_x = first_x + tap_x * window.dilation_x
    return most_y, most_x


@helper
def _spread_to_max(gradient, plane, window, out):
    for y in range(out.shape[0]):
        _fill(out[y], 0)
    for y in range(gradient.shape[0]):
        for x in range(gradient.shape[1]):
            most_y, most_x = _place_of_max(plane, window, y, x)
            if most_y >= 0:
                out[most_y, most_x] += gradient[y, x]


@cpu_kernel
def max_pool_backward(gradient, planes, window, out):
    """Write what each value of the planes contributes: the gradients of windows whose largest it is."""
    for plane in prange(planes.shape[0]):
        _spread_to_max(gradient[plane], planes[plane], window, out[plane])


@helper
def _count_columns(window, width, counts_padding, counts):
    """Write how many columns the windows of a row of results divide by."""
    for x in range(counts.shape[0]):
        first = x * window.stride_x - window.left
        begin, end = taps_inside(first, window.dilation_x, window.width, width)
        counts[x] = window.width if counts_padding else end - begin


@helper
def _divide(row, rows, counts, out):
    for x in range(out.shape[0]):
        out[x] = row[x] / (rows * counts[x])


@helper
def _average_of_plane(plane, window, counts_padding, counts, row, out):
    """Pool a plane; what ``row`` has beside the columns of the plane is 0."""
    height, width = plane.shape
    inner = row[window.left : window.left + width]
    for y in range(out.shape[0]):
        first = y * window.stride_y - window.top
        begin, end = taps_inside(first, window.dilation_y, window.height, height)
        _fill(inner, 0)
        for tap in range(begin, end):
            _add(plane[first + tap * window.dilation_y], inner)
        _fill(out[y], 0)
        for tap in range(window.width):
            _add_apart(row[tap * window.dilation_x :], window.stride_x, out[y])
        rows = plane.dtype.type(window.height if counts_padding else end - begin)
        _divide(out[y], rows, counts, out[y])


@cpu_kernel
def average_pool(planes, window, counts_padding, out):
    """Write the mean of each window; ``counts_padding``: with the zeros beyond the plane."""
    for plane in prange(planes.shape[0]):
        row = np.zeros(_length_of_row(window, planes.shape[2], out.shape[2]), planes.dtype)
        counts = np.empty(out.shape[2], planes.dtype)
        _count_columns(window, planes.shape[2], counts_padding, counts)
        _average_of_plane(planes[plane], window, counts_padding, counts, row, out[plane])


@helper
def _spread_over_plane(gradient, window, counts_padding, counts, shares, row, out):
    height, width = out.shape
    for y in range(height):
        _fill(out[y], 0)
    inner = row[window.left : window.left + width]
    for y in range(gradient.shape[0]):
        first = y * window.stride_y - window.top
        begin, end = taps_inside(first, window.dilation_y, window.height, height)
        rows = row.dtype.type(window.height if counts_padding else end - begin)
        _divide(gradient[y], rows, counts, shares)
        _fill(row, 0)
        for tap in range(window.width):
            _spread_apart(shares, window.stride_x, row[tap * window.dilation_x :])
        for tap in range(begin, end):
            _add(inner, out[first + tap * window.dilation_y])


@cpu_kernel
def average_pool_backward(gradient, window, counts_padding, out):
    """Write what each value of the planes contributes: its share of the gradients of its windows."""
    for plane in prange(out.shape[0]):
        row = np.empty(_length_of_row(window, out.shape[2], gradient.shape[2]), out.dtype)
        counts = np.empty(gradient.shape[2], out.dtype)
        shares = np.empty(gradient.shape[2], out.dtype)
        _count_columns(window, out.shape[2], counts_padding, counts)
        _spread_over_plane(gradient[plane], window, counts_padding, counts, shares, row, out[plane])
